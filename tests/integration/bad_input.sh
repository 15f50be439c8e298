#!/bin/sh
# What is no usage, or none yet: noise of scanners, files half written, other types and encodings,
# columns that move. Nothing of it stops anything, and nothing is lost without a word.
. "$(dirname "$0")/lib.sh"
mkdir spool
cat >c.conf <<EOF
state_dir = "$dir/state"
fold_interval = "50ms"
analytics_interval = "50ms"
http { listen = "127.0.0.1:0" }
input "line" { type = "tcp" listen = "127.0.0.1:0" framing = "auto" format = "ndjson" }
input "spool" { type = "tail" path = "$dir/spool/*" format = "report" }
input "post" { type = "http" format = "csv" }
format "report" { type = "xml" records = "report/call" }
format "moving" { type = "csv" header = yes map = {"customer=Account", "start=Begin", "duration=Secs"} }
format "listed" { type = "csv" columns = {"customer", "start", "duration"} }
EOF
reasons() { cs quarantine list --config c.conf --reasons --csv; }
stands() { [ "$(cs quarantine list --config c.conf --csv --limit 0 | sed 1d | grep -c .)" -ge "$1" ]; }
has_reason() { reasons | grep -q "$1"; }
check "start" start c.conf

# --- noise on an open port ---
port=$(sed -n 's/.*event=ready.* line=\([0-9]*\).*/\1/p' daemon.log | tail -n 1)
noise() { # what a file holds, sent to the port; whoever is there hangs up or not
    python3 -c 'import socket, sys
s = socket.create_connection(("127.0.0.1", int(sys.argv[1])), 5)
s.sendall(open(sys.argv[2], "rb").read()); s.shutdown(socket.SHUT_WR); s.settimeout(10)
try:
    while s.recv(4096): pass
except (ConnectionError, socket.timeout): pass' "$port" "$1"
}
printf '\026\003\001\002\000\001\000\001\374\003\003%s\n\000\000' "$(head -c 200 /dev/zero | tr '\0' 'r')" >hello
printf 'GET /.env HTTP/1.1\r\nHost: x\r\nUser-Agent: scanner\r\n\r\n' >request
check "a TLS hello" noise hello
check "an HTTP request" noise request
check "stand in quarantine" wait_for 30 has_reason "json: expected an object"
check "all of it" wait_for 30 stands 2
check "the daemon goes on" kill -0 "$daemon"

# --- files half written ---
whole='<report><call customer="ACME" start="2026-03-01T09:00:00Z" duration="60" id="'
printf '%s1"/></report>\n' "$whole" >spool/one.xml
printf '%s2"/><call' "$whole" >spool/_two.xml
printf '%s3"/><call' "$whole" >spool/temp-three.xml
printf '%s4"/><call' "$whole" >spool/four.xml.part
legs() { [ "$(sql state/crm.db 'SELECT coalesce(sum(legs), 0) FROM customer_day WHERE customer = "ACME"')" = "$1" ]; }
check "a whole one counts" wait_for 30 legs 1
printf ' customer="ACME" start="2026-03-01T10:00:00Z" duration="60"/></report>\n' >>spool/_two.xml
mv spool/_two.xml spool/two.xml
check "another when it has its name" wait_for 30 legs 3
check "none before" sh -c "! '$bin/callswell' quarantine list --config c.conf --csv --input spool | grep xml"
check "stop" stop
check "imports leave them out" contains "$(cs import --config c.conf --format report spool/temp-three.xml \
    spool/four.xml.part 2>&1)" "temp-three.xml is left out"
mv spool/temp-three.xml cut.xml
check "one without its end" contains "$(cs import --config c.conf --format report cut.xml 2>&1)" "1 quarantined"
check "is refused with the reason" has_reason 'xml: '
check "it counted nothing" legs 3

# --- bodies over HTTP ---
check "start again" start c.conf
post() { # TYPE BODY: the status
    printf '%b' "$2" | curl -sS -o answer -w '%{http_code}' -H "content-type: $1" --data-binary @- \
        "http://$address/v1/ingest/post"
}
head='customer,start,duration\n' row='ACME,2026-03-02T09:00:00Z,60\n'
check "another content type" equals "$(post application/pdf "$head$row")" 415
check "the right one" equals "$(post text/csv "$head$row")" 200
check "a byte order mark" equals "$(post text/csv "\\0357\\0273\\0277$head$row")" 200
check "is no part of the first name" contains "$(cat answer)" '"accepted":1'
check "a line end in quotes" equals "$(post text/csv "$head\"A\\nB\",2026-03-02T09:00:00Z,60\\n$row")" 200
check "is one record, whose name may not have it" contains "$(cat answer)" '"quarantined":1'
check "a header of something else" equals "$(post text/csv 'a,b\n1,2\n' | cut -c1)" 4
check "stop again" stop

# --- columns ---
read_as() { # FORMAT TEXT RESULT
    printf '%b' "$2" >columns.csv
    contains "$(cs import --config c.conf --format "$1" columns.csv 2>&1)" "$3"
}
check "unknown columns are passed over" read_as moving \
    'New,Account,Secs,Begin,More\nx,ACME,60,2026-03-03T09:00:00Z,y\n' "1 accepted"
check "columns that move are found" read_as moving 'Begin,Secs,Account\n2026-03-04T09:00:00Z,60,ACME\n' "1 accepted"
check "a row with more cells than columns" read_as moving \
    'Account,Begin,Secs\nACME,2026-03-05T09:00:00Z,60,7\n' "1 quarantined"
check "is refused by their number" has_reason 'columns: 4, header has 3'
check "in listed columns that moved" read_as listed '2026-03-06T09:00:00Z,ACME,60\n' "1 quarantined"
check "a time is missed where it was" has_reason 'start: not a time'
finish
