#!/bin/sh
# tail through both kinds of rotation, tcp with both framings, udp: real senders.
. "$(dirname "$0")/lib.sh"
mkdir logs
cat >c.conf <<EOF
state_dir = "$dir/state"
http  { listen = "127.0.0.1:0" }
input "files" { type = "tail" path = "$dir/logs/*.ndjson" format = "ndjson" }
input "cdr"   { type = "tail" path = "$dir/logs/Master.csv" format = "asterisk-cdr" timezone = "Asia/Shanghai" }
input "lines" { type = "tcp" listen = "127.0.0.1:0" framing = "auto" format = "ndjson" }
input "grams" { type = "udp" listen = "127.0.0.1:0" format = "ndjson" }
EOF
day=$(date -u -d '-1 day' +%Y-%m-%d)
record() { printf '{"id":"%s","customer":"%s","start":"%sT10:00:00Z","duration":60}\n' "$1" "$2" "$day"; }
many() { # FROM TO CUSTOMER
    i=$1
    while [ "$i" -le "$2" ]; do record "$3-$i" "$3"; i=$((i + 1)); done
}
many 1 200 before >logs/a.ndjson
check "start" start c.conf
count_is() { # CUSTOMER LEGS
    [ "$(redis-cli -s state/redis.sock hget "$(cs redis-key --config c.conf --day "$day" "$1" | sed -n 2p)" \
        "$(echo "$day" | cut -c9-10)@1" | cut -d: -f1)" = "$2" ]
}
check "what was there is read" wait_for 20 count_is before 200
many 1 300 rename >>logs/a.ndjson
mv logs/a.ndjson logs/a.ndjson.1
many 301 400 rename >>logs/a.ndjson.1
many 401 500 rename >logs/a.ndjson
check "rename: every line once" wait_for 20 count_is rename 500
many 1 100 copied >>logs/a.ndjson
check "before copytruncate" wait_for 20 count_is copied 100
cp logs/a.ndjson logs/a.ndjson.2 && : >logs/a.ndjson
many 101 200 copied >>logs/a.ndjson
check "copytruncate: every line once" wait_for 20 count_is copied 200
many 1 10 globbed >logs/b.ndjson
check "a new file of the pattern" wait_for 20 count_is globbed 10
printf '"acme","200","9000","default","""Ann"" <200>","SIP/200-1","","ConfBridge","77,default","%s 18:00:00","%s 18:00:00","%s 18:01:40",100,100,"ANSWERED","DOCUMENTATION","1270167992.0",""\n' \
    "$day" "$day" "$day" >logs/Master.csv
check "Asterisk's own file" wait_for 20 count_is acme 1

port() { sed -n "s/.*event=ready.* $1=\([0-9]*\).*/\1/p" daemon.log | tail -n 1; }
send() { # PROTOCOL PORT < bytes
    python3 -c '
import socket, sys
kind = socket.SOCK_STREAM if sys.argv[1] == "tcp" else socket.SOCK_DGRAM
s = socket.socket(socket.AF_INET, kind)
s.connect(("127.0.0.1", int(sys.argv[2])))
data = sys.stdin.buffer.read()
if sys.argv[1] == "tcp":
    s.sendall(data)
else:
    for line in data.splitlines():
        s.send(line)
' "$1" "$2"
}
many 1 50 tcp-lines | send tcp "$(port lines)"
check "tcp lines" wait_for 20 count_is tcp-lines 50
for i in 1 2 3; do
    r=$(record "octets-$i" octets)
    printf '%d %s' "${#r}" "$r"
done | send tcp "$(port lines)"
check "tcp octet counting" wait_for 20 count_is octets 3
many 1 20 udp | send udp "$(port grams)"
check "udp" wait_for 20 count_is udp 20
if command -v rsyslogd >/dev/null 2>&1; then
    cat >rsyslog.conf <<EOF
global(workDirectory="$dir")
module(load="imfile")
input(type="imfile" File="$dir/relay.in" Tag="x" ruleset="out")
template(name="raw" type="string" string="%msg%\n")
ruleset(name="out") { action(type="omfwd" target="127.0.0.1" port="$(port lines)" protocol="tcp"
    TCP_Framing="octet-counted" template="raw") }
EOF
    many 1 40 rsyslog >relay.in
    rsyslogd -n -f rsyslog.conf -i "$dir/rsyslog.pid" >rsyslog.out 2>&1 &
    rsyslog=$!
    check "rsyslog with octet counting" wait_for 30 count_is rsyslog 40
    kill -TERM $rsyslog
    wait $rsyslog 2>/dev/null
else
    skip "rsyslogd is not installed"
fi
check "nothing was refused" contains "$(cs status --config c.conf)" "+ 0 quarantined"
check "at most once is said" contains "$(cs status --config c.conf)" "at most once"
stop
check "start again" start c.conf
many 11 15 globbed >>logs/b.ndjson
check "goes on where it was" wait_for 20 count_is globbed 15
check "nothing twice" count_is rename 500
check "verify" cs verify --config c.conf
check "stop" stop
finish
