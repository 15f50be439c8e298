#!/bin/sh
# A server that sends records to whoever connects (3CX's passive socket), lost and found again; and TLS to a
# telephone system: who is trusted, under which name.
. "$(dirname "$0")/lib.sh"
certificate() { # NAME HOST: makes NAME.pem with a key inside, for HOST
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj "/CN=$1" \
        -addext "subjectAltName=$2" -keyout "$1.key" -out "$1.crt" 2>/dev/null && cat "$1.crt" "$1.key" >"$1.pem"
}
certificate pbx DNS:localhost && certificate other DNS:localhost && certificate elsewhere DNS:elsewhere.invalid
serve() { # NAME COMMAND...: reads NAME.in, writes NAME.out
    name=$1
    shift
    mkfifo "$name.in"
    python3 -B "$@" <"$name.in" >"$name.out" &
}
serve cx "$project/tests/tools/line_server.py"
exec 3>cx.in
serve ami "$project/tests/tools/conference_server.py" ami s3cret pbx.pem
exec 4>ami.in
serve else "$project/tests/tools/conference_server.py" ami s3cret elsewhere.pem
exec 5>else.in
for name in cx ami else; do
    check "$name server" wait_for 20 [ -s $name.out ]
done
tls() { # NAME CA
    echo "input \"$1\" { type = \"ami\" address = \"localhost:$(head -n 1 "$1.out")\" user = \"u\" secret = \"s3cret\"
        format = \"asterisk-ami\" reconnect = \"100ms\" source = \"$1\" tls = \"yes\" ca = \"$dir/$2\" }"
}
configure() { # CA of ami
    cat >c.conf <<CONF
state_dir = "$dir/state"
http  { listen = "127.0.0.1:0" }
input "cx" { type = "dial" address = "127.0.0.1:$(head -n 1 cx.out)" format = "3cx" reconnect = "100ms" }
$(tls ami "$1")
$(tls else elsewhere.crt)
CONF
}
has() { cs status --config c.conf --json | tr -d ' \n' | grep -q "$1"; }
configure pbx.crt
check "start" start c.conf
check "connected, with TLS where it is asked for" wait_for 20 has 'connectedsince.*connectedsince'
check "a certificate for another name is not accepted" wait_for 20 has 'notaccepted:hostnamemismatch'
check "status says that it is at most once" contains "$(cs status --config c.conf)" "at most once"
grep '^Call 61250[4567],' "$project/tests/data/formats/3cx/cdr.log" >records
cat records >&3
check "four records of 3CX are counted" wait_for 20 has '"accepted":4,'
echo drop >&3
echo "GET / HTTP/1.1" >&3
sed 's/^Call 612504,/Call 712504,/' records | head -n 1 >&3
check "after a lost connection what comes then is, too" wait_for 20 has '"accepted":5,'
check "what is no record is kept" wait_for 20 has '"quarantined":1,'
echo join 77 1 1001 >&4
check "events come through TLS" wait_for 20 has '"open_legs":1,'
echo leave 77 1 >&4
check "in both directions" wait_for 20 has '"open_legs":0,'
configure other.crt
kill -HUP "$daemon"
check "who is not trusted any more is left" wait_for 20 has 'notaccepted:self-signedcertificate'
configure pbx.crt
kill -HUP "$daemon"
check "and connected to when he is again" wait_for 20 has 'connectedsince.*connectedsince'
configure nothing.crt
kill -HUP "$daemon"
check "a file that is not there changes nothing" wait_for 10 grep -q 'certificate: .*nothing.crt' daemon.log
check "and the connection goes on" has 'connectedsince.*connectedsince'
echo 'input "x" { type = "ami" address = "h:1" user = "u" secret = "s" format = "asterisk-ami" ca = "x" }' >wrong.conf
check "ca without tls is a mistake" contains "$(cs validate --config wrong.conf 2>&1)" "expected the option tls"
check "stop" stop
exec 3>&- 4>&- 5>&-
wait
finish
