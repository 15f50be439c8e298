#!/bin/sh
# The limits of the configuration are those of the daemon: each is set low here and met from both sides.
. "$(dirname "$0")/lib.sh"
cat >c.conf <<EOF
state_dir = "$dir/state"
http { listen = "127.0.0.1:0" }
limits { max_record = "1KiB" max_name = 20 max_body = "4KiB" max_unpacked = "8KiB" max_records = 10
         max_request_line = 512 max_header = "1KiB" max_header_lines = 12 max_requests = 3
         max_customers = 5 max_features = 2 }
input "hooks" { type = "http" path = "/v1/ingest/hooks" format = "ndjson" }
EOF
day=$(days_ago 1)
many() { head -c "$2" /dev/zero | tr '\0' "$1"; }
record() { # ID CUSTOMER [MORE]
    echo "{\"id\":\"$1\",\"customer\":\"$2\",\"start\":\"${day}T10:00:00Z\",\"duration\":60${3:-}}"
}
url() { echo "http://$address/v1/ingest/hooks${1:-}"; }
post() { curl -sS --data-binary @- "$@" "$(url)" | tr -d ' '; }
code() { curl -sS -o /dev/null -w '%{http_code}' --data-binary @- "$@"; }
reason() { cs quarantine list --config c.conf --json | grep -o '"reason":"[^"]*"' | head -n 1; }
check "start" start c.conf

check "max_record: below" contains "$(record 1 A ",\"x\":\"$(many x 900)\"" | post)" '"accepted":1'
large=$(record 2 A ",\"x\":\"$(many x 1000)\"")
check "max_record: above" contains "$(echo "$large" | post)" '"quarantined":1'
check "max_record: said" contains "$(reason)" 'longer than 1024 bytes'
check "max_record: kept is what was sent, and no byte more" equals \
    "$(sql state/ledger.db 'SELECT length(head) || CHAR(32) || length FROM quarantine')" "${#large} ${#large}"
check "max_name: below" contains "$(record 3 "$(many x 20)" | post)" '"accepted":1'
check "max_name: above" contains "$(record 4 "$(many x 21)" | post)" '"quarantined":1'
check "max_name: said" contains "$(reason)" 'customer: longer than 20 bytes'
lines() { seq "$1" | while read -r n; do record "m$n" A; done; }
check "max_records: below" equals "$(lines 10 | code "$(url)")" 200
check "max_records: above" equals "$(lines 11 | code "$(url)")" 413
padding() { record "b$1" A ",\"x\":\"$(many x 850)\""; }
check "max_body: below" equals "$(for n in 1 2 3 4; do padding $n; done | code "$(url)")" 200
check "max_body: above" equals "$(for n in 1 2 3 4 5 6; do padding $n; done | code "$(url)")" 413
packed() { gzip -9 | code -H 'Content-Encoding: gzip' "$(url)"; }
check "max_unpacked: below" equals "$(for n in 1 2 3 4 5 6 7 8; do padding $n; done | packed)" 200
check "max_unpacked: above" equals "$(for n in 1 2 3 4 5 6 7 8 9 10; do padding $n; done | packed)" 413
check "max_request_line: below" equals "$(curl -sS -o /dev/null -w '%{http_code}' "http://$address/healthz?$(many x 400)")" 200
check "max_request_line: above" equals "$(curl -sS -o /dev/null -w '%{http_code}' "http://$address/healthz?$(many x 600)")" 414
get() { curl -sS -o /dev/null -w '%{http_code}' "$@" "http://$address/healthz"; }
check "max_header: below" equals "$(get -H "x: $(many x 700)")" 200
check "max_header: above" equals "$(get -H "x: $(many x 1100)")" 431
headers() { seq "$1" | sed 's/.*/x&: 1/' >headers; get -H @headers; }
check "max_header_lines: below" equals "$(headers 8)" 200
check "max_header_lines: above" equals "$(headers 13)" 431
healthz="http://$address/healthz"
opened() { curl -sS -o /dev/null -o /dev/null -o /dev/null -o /dev/null -w '%{num_connects} ' "$@"; }
check "max_requests: below" equals "$(opened "$healthz" "$healthz" "$healthz")" "1 0 0 "
check "max_requests: above" equals "$(opened "$healthz" "$healthz" "$healthz" "$healthz")" "1 0 0 1 "
known() { # customers A and $(many x 20) are
    for n in B C D; do record "c$n" $n; done | post
}
check "max_customers: below" contains "$(known)" '"accepted":3'
check "max_customers: above" contains "$(record 8 E | post)" '"quarantined":1'
check "max_customers: said" contains "$(reason)" 'there are 5 already'
check "max_customers: those that are known count" contains "$(record 9 B | post)" '"accepted":1'
check "max_features: below" contains "$(record 10 A ',"features":["f1","f2"]' | post)" '"accepted":1'
check "max_features: above" contains "$(record 11 A ',"features":["f3"]' | post)" '"quarantined":1'
check "stop" stop
finish
