#!/bin/sh
# The RADIUS accounting server, talked to by FreeRADIUS' own client.
. "$(dirname "$0")/lib.sh"
if ! command -v radclient >/dev/null 2>&1; then
    skip "radclient is not installed"
    finish
fi
cat >c.conf <<EOF
state_dir = "$dir/state"
http  { listen = "127.0.0.1:0" }
input "gateways" { type = "radius" listen = "127.0.0.1:0" format = "radius" secret = "testing123" }
EOF
check "start" start c.conf
port() { sed -n "s/.*event=ready.* gateways=\([0-9]*\).*/\1/p" daemon.log | tail -n 1; }
now=$(date +%s)
# request STATUS SESSION AGO MORE: what radclient is told to send.
request() {
    echo "Acct-Status-Type=$1,Acct-Session-Id=\"$2\",NAS-IP-Address=192.0.2.7,User-Name=acme,Event-Timestamp=$((now - $3))${4:+,$4}"
}
client() { radclient -r "${2:-3}" -t 3 -x "127.0.0.1:$(port)" acct "${1:-testing123}" 2>&1; } # SECRET TRIES
answered() { contains "$(client)" "Received Accounting-Response"; }
counts() { # "accepted":2
    counts_json=$(cs status --config c.conf --json | tr -d ' ') && contains "$counts_json" "$1"
}
start_session() {
    request Start s1 600 'Calling-Station-Id=+49301,Cisco-AVPair="tenant=acme",h323-conf-id="h323-conf-id=1 2 3 4"'
}
send() { "$@" >request.txt; answered <request.txt; }
check "a start is answered" send start_session
check "and counted" counts '"accepted":1,'
check "a repetition is answered" send start_session
check "and not counted" counts '"accepted":1,"duplicates":1,'
check "an update is answered" send request Interim-Update s1 300
check "and left out" counts '"why":"interimupdate","records":1'
check "another secret is not answered" contains "$(request Start s2 200 | client wrong 1)" "No reply"
check "and said" wait_for 10 counts "thesecretisanother"
check "a stop is answered" send request Stop s1 60 Acct-Session-Time=540
check "and counted" counts '"accepted":2,'
check "another session" send request Start s3 50
check "a start of the server is answered" send request Accounting-On none 10
check "its session ends" counts '"accepted":4,'
check "none is open" wait_for 10 counts ",0sessionsopen"
check "nothing was refused" contains "$(cs status --config c.conf)" "+ 0 quarantined"
kill_hard
check "start after a crash" start c.conf
check "a repetition is answered by another process" send start_session
check "and not counted by it" counts '"accepted":0,"duplicates":1,'
check "stop" stop
finish
