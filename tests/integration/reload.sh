#!/bin/sh
# SIGHUP: inputs, formats, rules and limits change while records arrive; none is lost or counted
# twice, connections of inputs that stay the same stay open, and a wrong file changes nothing.
. "$(dirname "$0")/lib.sh"
day=$(date -u -d '-1 day' +%Y-%m-%d)
write_conf() { # FEATURE-PATTERN ODD-FORMAT [MORE...]
    cat >c.conf <<EOF
state_dir = "$dir/state"
http  { listen = "127.0.0.1:0" }
feature "recording" { match = '$1' }
format "odd" { type = "csv" columns = { $2 } }
input "hooks" { type = "http" path = "/v1/ingest/hooks" format = "ndjson" }
input "lines" { type = "tcp" listen = "127.0.0.1:0" format = "ndjson" }
input "files" { type = "tail" path = "$dir/in.csv" format = "odd" }
EOF
    shift 2
    printf '%s\n' "$@" >>c.conf
}
said() { [ "$(grep -c "$1" daemon.log || true)" -ge "$2" ]; }
reload() { # WORD: what the log is to say of it
    mark=$(grep -c "event=$1" daemon.log || true)
    kill -HUP "$daemon"
    wait_for 20 said "event=$1" $((mark + 1))
}
hash() { redis-cli -s state/redis.sock hget "$(cs redis-key --config c.conf --day "$day" "$1" | sed -n 2p)" "$2"; }
legs() { hash "$1" "$(echo "$day" | cut -c9-10)@1" | cut -d: -f1; }
is() { [ "$(legs "$1")" = "$2" ]; }
used() { # CUSTOMER FEATURE COUNT
    [ "$(hash "$1" "$(echo "$day" | cut -c9-10).x.$2@1" | cut -d: -f1)" = "$3" ]
}
ndjson() { # FROM TO CUSTOMER
    seq "$1" "$2" | sed "s/.*/{\"id\":\"$3-&\",\"customer\":\"$3\",\"start\":\"${day}T10:00:00Z\",\"duration\":60,\"features\":\"rec\"}/"
}
port_of() { sed -n "s/.*\(event=ready.* $1=\|event=input_started input=$1 port=\)\([0-9]*\).*/\2/p" daemon.log | tail -n 1; }
write_conf rec "customer, start, duration"
seq 1 500 | sed "s/.*/FILE,${day}T09:00:00Z,&/" >in.csv
check "start" start c.conf

# A connection that is open through all of it, and a sender that posts all the time.
mkfifo pipe
cat >hold.py <<'EOF'
"""Sends what comes in on standard input to a port, and says when the other side hung up."""
import socket, sys
s = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
for line in sys.stdin.buffer:
    s.sendall(line)
s.shutdown(socket.SHUT_WR)
print("closed early" if s.recv(1) else "kept")
EOF
python3 hold.py "$(port_of lines)" <pipe >held &
holder=$!
exec 3>pipe
ndjson 1 100 HELD >&3
cat >pour.py <<'EOF'
"""Posts numbered records until the file `enough` is there; how many were answered with 200."""
import http.client, os, sys
c, day, n = http.client.HTTPConnection(sys.argv[1]), sys.argv[2], 0
while not os.path.exists("enough"):
    c.request("POST", "/v1/ingest/hooks", '{"id":"h%d","customer":"POUR","start":"%sT10:00:00Z","duration":60}\n' % (n, day))
    r = c.getresponse()
    r.read()
    if r.status != 200:
        sys.exit("%d after %d" % (r.status, n))
    n += 1
print(n)
EOF
python3 pour.py "$address" "$day" >poured 2>&1 &
pourer=$!
check "the file so far" wait_for 20 is FILE 500
check "the connection so far" wait_for 20 is HELD 100

# Rules and limits.
write_conf 'nothing' "customer, start, duration"
check "another feature pattern" reload reloaded
ndjson 101 110 HELD >&3
check "counts from now on as it says" wait_for 20 used HELD rec 10
check "what was counted stays" used HELD recording 100

# Formats: the file goes on where it was, read in another way.
soon=$(date -u -d '+20 min' +%Y-%m-%dT%H:%M:%SZ)
printf '{"id":"soon","customer":"SOON","start":"%s","duration":1}\n' "$soon" >soon
check "too far ahead" contains "$(curl -sS --data-binary @soon "http://$address/v1/ingest/hooks")" '"quarantined":1'
write_conf rec "start, customer, duration" 'limits { max_future = "1h" }'
check "another format, another limit" reload reloaded
check "not any more" contains "$(curl -sS --data-binary @soon "http://$address/v1/ingest/hooks")" '"accepted":1'
seq 1 50 | sed "s/.*/${day}T09:00:00Z,FILE,&/" >>in.csv
check "the new lines as the new format has them" wait_for 20 is FILE 550
write_conf rec "start, customer, duration"
check "back" reload reloaded
seq 51 100 | sed "s/.*/${day}T09:00:00Z,FILE,&/" >>in.csv
check "the file goes on" wait_for 20 is FILE 600

# An input with a connection: another section, another address, fewer connections.
sed -i 's/^input "lines".*/input "lines" { type = "tcp" listen = "127.0.0.1:0" format = "ndjson" source = "held" }/' c.conf
check "another source" reload reloaded
ndjson 111 120 HELD >&3
check "the connection goes on" wait_for 20 is HELD 120
ndjson 1 110 HELD >&3
check "with the new source's ids" wait_for 20 is HELD 230
sed -i 's/^input "lines".*/input "lines" { type = "tcp" listen = "127.0.0.2:0" format = "ndjson" }/' c.conf
echo 'limits { max_connections = 1 max_per_address = 3 }' >>c.conf
check "another address, other limits" reload reloaded
check "no restart is needed for these" sh -c "! grep -q reload_partial daemon.log"
ndjson 231 240 HELD >&3
check "the connection goes on, too" wait_for 20 is HELD 240
write_conf rec "start, customer, duration"
check "and back" reload reloaded

# An input that goes while a session of it is slow to hang up.
write_conf rec "start, customer, duration" \
    'input "relay" { type = "relp" listen = "127.0.0.1:0" format = "ndjson" }'
check "a relp input" reload reloaded
mkfifo hangup
cat >session.py <<'EOF'
"""Opens a RELP session and says so; hangs up when it is told to, not when it is asked."""
import socket, sys
s = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
s.sendall(b"1 open 31 relp_version=0\ncommands=syslog\n\n")
s.recv(1000)
print("open", flush=True)
while s.recv(1000):
    pass
print("asked", flush=True)
open("hangup").read()
EOF
python3 session.py "$(port_of relay)" >session &
session=$!
check "a session" wait_for 20 grep -q open session
write_conf rec "start, customer, duration"
check "the relp input is removed" reload reloaded
check "its session is asked to end" wait_for 20 grep -q asked session
echo now >hangup
wait $session
check "and does" wait_for 20 grep -q 'event=input_stopped input=relay' daemon.log
check "the reload did not wait for it" awk '/event=reloaded/ {reloaded = FNR}
    /event=input_stopped input=relay/ {gone = FNR} END {exit gone < reloaded}' daemon.log

# Inputs that come and go.
write_conf rec "start, customer, duration" \
    'input "more" { type = "http" path = "/v1/ingest/more" format = "ndjson" }' \
    'input "third" { type = "tcp" listen = "127.0.0.1:0" format = "ndjson" }'
check "two more inputs" reload reloaded
ndjson 1 10 MORE >more
check "the http one answers" contains "$(curl -sS --data-binary @more "http://$address/v1/ingest/more")" '"accepted":10'
third=$(port_of third)
check "the tcp one listens" python3 -c "
import socket
s = socket.create_connection(('127.0.0.1', $third))
s.sendall(open('more', 'rb').read().replace(b'MORE', b'THIRD'))
s.close()"
check "and counts" wait_for 20 is THIRD 10
write_conf rec "start, customer, duration" \
    'input "more" { type = "http" path = "/v1/ingest/more" format = "ndjson" }' \
    "input \"fourth\" { type = \"tcp\" listen = \"127.0.0.1:$third\" format = \"ndjson\" }"
check "another name for it" reload reloaded
check "on the same address" python3 -c "
import socket
s = socket.create_connection(('127.0.0.1', $third))
s.sendall(open('more', 'rb').read().replace(b'MORE', b'FOURTH'))
s.close()"
check "counts too" wait_for 20 is FOURTH 10
write_conf rec "start, customer, duration"
check "without them" reload reloaded
check "the http one is gone" contains \
    "$(curl -sS -o /dev/null -w '%{http_code}' --data-binary @more "http://$address/v1/ingest/more")" 404
check "nobody listens there" sh -c "! python3 -c \"
import socket
socket.create_connection(('127.0.0.1', $third))\" 2>/dev/null"

# What cannot be done changes nothing.
cp c.conf good.conf
taken=${address#*:}
write_conf other "customer, start, duration" "input \"clash\" { type = \"tcp\" listen = \"127.0.0.1:$taken\" format = \"ndjson\" }"
check "an address that is taken" reload reload_refused
check "is named" sh -c "grep event=reload_refused daemon.log | tail -n 1 | grep -q '$taken'"
ndjson 241 250 HELD >&3
check "the rules stay" wait_for 20 used HELD recording 240
seq 101 110 | sed "s/.*/${day}T09:00:00Z,FILE,&/" >>in.csv
check "the formats stay" wait_for 20 is FILE 610
cp good.conf c.conf
sed -i "s/^input \"lines\".*/input \"clash\" { type = \"tcp\" listen = \"127.0.0.1:$taken\" format = \"ndjson\" }/" c.conf
check "an address that is taken, in another's place" reload reload_refused
ndjson 251 260 HELD >&3
check "whose connection goes on" wait_for 20 is HELD 260
check "and who listens again" sh -c "grep 'event=tcp_listening input=lines' daemon.log | tail -n 1 | grep -q 127.0.0.1"
cp good.conf c.conf
sed -i "s:^input \"files\".*:input \"files\" { type = \"tcp\" listen = \"127.0.0.1\:$taken\" format = \"ndjson\" }:" c.conf
check "an input that cannot be what it should" reload reload_refused
seq 111 120 | sed "s/.*/${day}T09:00:00Z,FILE,&/" >>in.csv
check "stays what it was" wait_for 20 is FILE 620
printf 'segment "x" { where = "no_such_column > 1" }\n' >>c.conf
check "a wrong segment" reload reload_refused
cp good.conf c.conf
sed -i "s:/state\":/other\":" c.conf
check "an option for a restart is named" reload reload_partial
check "and waits for one" test ! -e other
cp good.conf c.conf
check "and back" reload reloaded

# A storm of signals, the file broken, cut off inside a text, gone or good at every one; each is put
# in place whole, because half a good file can be a good one, too.
storm=0
while [ $storm -lt 120 ]; do
    case $((storm % 4)) in
    0) { cat good.conf; echo 'workers = "many"'; } >new.conf && mv new.conf c.conf ;;
    1) head -c 20 good.conf >new.conf && mv new.conf c.conf ;;
    2) rm -f c.conf ;;
    3) cp good.conf new.conf && mv new.conf c.conf ;;
    esac
    kill -HUP "$daemon" || break
    storm=$((storm + 1))
done
check "a storm of signals, most with a broken file, is lived through" reload reloaded
check "with the rules as they were" sh -c "cmp good.conf c.conf && kill -0 $daemon"

touch enough
wait $pourer
exec 3>&-
wait $holder
check "no request was refused meanwhile" test "$(cat poured)" -gt 10
check "each counts once" wait_for 20 is POUR "$(cat poured)"
check "the connection was kept" equals "$(cat held)" kept
check "all of it counts" wait_for 20 is HELD 260
check "verify" cs verify --config c.conf
check "stop" stop
finish
