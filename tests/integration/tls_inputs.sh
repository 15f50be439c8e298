#!/bin/sh
# TCP and RELP through TLS, with real senders: OpenSSL's client, rsyslog's omfwd and omrelp, one that is cut off in the
# middle of a record, one that speaks plainly, one without the certificate that is asked for.
. "$(dirname "$0")/lib.sh"
authority() { # NAME: makes NAME.pem and NAME.key, which may issue others
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj "/CN=$1" \
        -keyout "$1.key" -out "$1.pem" 2>/dev/null
}
certificate() { # NAME AUTHORITY: makes NAME.pem and NAME.key for localhost
    openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj "/CN=$1" \
        -addext "subjectAltName=DNS:localhost,IP:127.0.0.1" -keyout "$1.key" -out "$1.csr" 2>/dev/null &&
        openssl x509 -req -in "$1.csr" -CA "$2.pem" -CAkey "$2.key" -CAcreateserial -copy_extensions copy \
            -days 2 -out "$1.pem" 2>/dev/null
}
configure() { # PORT-OF-LINES CERTIFICATE
    cat >c.conf <<EOF
state_dir = "$dir/state"
http { listen = "127.0.0.1:0" }
input "lines"  { type = "tcp"  listen = "127.0.0.1:$1" format = "ndjson" certificate = "$dir/$2.pem" key = "$dir/$2.key" }
input "known"  { type = "tcp"  listen = "127.0.0.1:0" format = "ndjson"
                 certificate = "$dir/server.pem" key = "$dir/server.key" client_ca = "$dir/senders.pem" }
input "relay"  { type = "relp" listen = "127.0.0.1:0" format = "ndjson" certificate = "$dir/server.pem" key = "$dir/server.key" }
EOF
}
day=$(days_ago 1)
many() { # CUSTOMER N
    awk -v c="$1" -v n="$2" -v day="$day" 'BEGIN {
        for (i = 1; i <= n; i++)
            printf "{\"id\":\"%s-%d\",\"customer\":\"%s\",\"start\":\"%sT10:00:00Z\",\"duration\":60}\n", c, i, c, day
    }'
}
count_is() { # CUSTOMER LEGS
    [ "$(redis-cli -s state/redis.sock hget "$(cs redis-key --config c.conf --day "$day" "$1" | sed -n 2p)" \
        "$(echo "$day" | cut -c9-10)@1" | cut -d: -f1)" = "$2" ]
}
port() { sed -n "s/.*event=ready.* $1=\([0-9]*\).*/\1/p" daemon.log | tail -n 1; }
client() { # PORT [OPTION...]: what is read goes through; the end of it ends the connection in order
    client_port=$1
    shift
    openssl s_client -connect "127.0.0.1:$client_port" -CAfile ours.pem -verify_return_error -quiet -no_ign_eof "$@" 2>client.err
}
problem_of() { # INPUT WORDS: status tells them of this input
    curl -sS "http://$address/v1/status" | python3 -c 'import json, sys
print([f["problem"] for f in json.load(sys.stdin)["feeds"] if f["input"] == sys.argv[1]])' "$1" | grep -qi "$2"
}
shows() { # NAME: of the certificate that newcomers see
    echo | openssl s_client -connect "127.0.0.1:$lines" 2>/dev/null | openssl x509 -noout -subject | grep -q "$1"
}
authority ours && authority senders && certificate server ours && certificate other ours && certificate pbx senders

configure 0 server
sed 's/server\.key/missing.key/' c.conf >wrong.conf
check "a key that is missing is noticed by a test" sh -c "! '$bin/callswelld' -t -c wrong.conf 2>wrong.err"
check "and said with the place" grep -q 'wrong.conf:[0-9]*: input "lines": certificate: .*missing.key' wrong.err
printf 'input "x" { type = "tcp" listen = "127.0.0.1:0" format = "ndjson" key = "k.pem" }\n' >wrong.conf
check "a key needs a certificate" sh -c "! '$bin/callswelld' -t -c wrong.conf 2>wrong.err; grep -q 'option certificate' wrong.err"

check "start" start c.conf
lines=$(port lines) known=$(port known) relay=$(port relay)
configure "$lines" server # from now on the same place
check "status says who speaks TLS" says "127.0.0.1:$lines (TLS)"
many lines 40000 | client "$lines"
check "lines through TLS" wait_for 30 count_is lines 40000
many old 10 | client "$lines" -tls1_1 -cipher ALL:@SECLEVEL=0
many tls12 10 | client "$lines" -tls1_2
check "TLS 1.2 is spoken" wait_for 20 count_is tls12 10

many plain 10 | python3 -c 'import socket, sys
s = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
s.sendall(sys.stdin.buffer.read())
s.settimeout(20)
try: s.recv(1000)
except OSError: pass' "$lines"
check "who speaks plainly is told of" wait_for 20 problem_of lines 'no TLS'

python3 - "$lines" "$day" <<'EOF'
# Half a record behind a whole one, then the connection is gone without TLS' own end.
import os, socket, ssl, sys
context = ssl.create_default_context(cafile="ours.pem")
s = context.wrap_socket(socket.create_connection(("127.0.0.1", int(sys.argv[1]))), server_hostname="localhost")
s.sendall(b'{"id":"cut-1","customer":"cut","start":"%sT10:00:00Z","duration":60}\n{"id":"cut-2","custo' %
          sys.argv[2].encode())
os.close(s.detach())
EOF
check "half a record is no record" wait_for 20 problem_of lines 'unexpected eof\|reset'

many known 100 | client "$known" -cert pbx.pem -key pbx.key
check "who shows the right certificate is heard" wait_for 20 count_is known 100
many stranger 100 | client "$known"
check "who shows none is not" wait_for 20 problem_of known 'no TLS.*certificate'
many stranger 100 | client "$known" -cert other.pem -key other.key
check "nor who shows another's" wait_for 20 problem_of known 'verify\|unknown ca'

mkfifo open.fifo
client "$lines" <open.fifo >/dev/null &
sender=$!
exec 9>open.fifo
many before 5 >&9
check "a connection that stays open" wait_for 20 count_is before 5
configure "$lines" other
kill -HUP "$daemon"
check "newcomers see another certificate after a reload" wait_for 20 shows other
many after 5 >&9
check "who was there goes on" wait_for 20 count_is after 5
cp c.conf good.conf
sed 's/other\.pem/client.err/' good.conf >c.conf
kill -HUP "$daemon"
check "a reload with one that is none is refused" wait_for 20 grep -q 'event=reload_refused.*certificate\|reload.*client.err' daemon.log
check "and changes nothing" shows other
mv good.conf c.conf
exec 9>&-
wait $sender

if ls /usr/lib/*/rsyslog/omrelp.so /usr/lib/*/rsyslog/lmnsd_ossl.so >/dev/null 2>&1; then
    cat >rsyslog.conf <<EOF
global(workDirectory="$dir" defaultNetstreamDriver="ossl" defaultNetstreamDriverCAFile="$dir/ours.pem")
module(load="imfile")
module(load="omrelp" tls.tlslib="openssl")
input(type="imfile" File="$dir/forwarded.in" Tag="x" ruleset="forward")
input(type="imfile" File="$dir/relayed.in" Tag="x" ruleset="relay")
template(name="raw" type="string" string="%msg%\n")
ruleset(name="forward") { action(type="omfwd" target="127.0.0.1" port="$lines" protocol="tcp" template="raw"
    TCP_Framing="octet-counted" StreamDriver="ossl" StreamDriverMode="1" StreamDriverAuthMode="x509/name"
    StreamDriverPermittedPeers="localhost") }
ruleset(name="relay") { action(type="omrelp" target="127.0.0.1" port="$relay" template="raw" tls="on"
    tls.caCert="$dir/ours.pem" tls.myCert="$dir/pbx.pem" tls.myPrivKey="$dir/pbx.key" tls.authMode="certvalid"
    action.resumeRetryCount="-1" action.resumeInterval="1") }
EOF
    many forwarded 20000 >forwarded.in
    many relayed 20000 >relayed.in
    rsyslogd -n -f rsyslog.conf -i "$dir/rsyslog.pid" >rsyslog.out 2>&1 &
    rsyslog=$!
    check "rsyslog forwards by counted frames (RFC 5425)" wait_for 60 count_is forwarded 20000
    check "rsyslog relays by RELP" wait_for 60 count_is relayed 20000
    kill -TERM $rsyslog
    wait $rsyslog 2>/dev/null
else
    skip "rsyslog-relp or rsyslog-openssl is not installed"
fi
check "nobody else was counted" count_is stranger ""
check "nor who spoke plainly" count_is plain ""
check "nor who spoke an old TLS" count_is old ""
check "of one cut off in the middle, what was whole" count_is cut 1
check "verify" cs verify --config c.conf
check "stop" stop
finish
