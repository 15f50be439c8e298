#!/bin/sh
# Whatever is refused stands in quarantine with its reason, its bytes and its place, and comes
# back once the cause is mended.
. "$(dirname "$0")/lib.sh"
cat >c.conf <<EOF
state_dir = "$dir/state"
clock = "data"
http { listen = "127.0.0.1:0" }
format "acme" { type = "csv"  header = yes  time_format = "%Y/%m/%d %H:%M"
                map = { "customer=Account", "start=Begin", "duration=Secs" } }
input "acme" { type = "http"  path = "/v1/ingest/acme"  format = "acme" }
EOF
s='"start":"2024-03-10T10:00:00Z"'
soon=$(($(date +%s) + 3600))
: >bad.ndjson
: >want
bad() { # REASON FORMAT [ARGUMENT...]: one more record, written by printf
    bad_reason=$1
    shift
    printf '%s,%s\n' "$(wc -c <bad.ndjson)" "$bad_reason" >>want
    # shellcheck disable=SC2059
    printf "$@" >>bad.ndjson
    echo >>bad.ndjson
}
repeat() { head -c "$2" /dev/zero | tr '\0' "$1"; }
good() { printf '{"customer":"good",%s}\n' "$s" >>bad.ndjson; }

good
bad "json: expected an object" 'not json'
bad "json: expected an object" '[{"customer":"a",%s}]' "$s"
bad "json: expected a comma or }" '{"customer":"a"'
bad "json: cut off" '{"customer":"a'
bad "json: expected a key in quotes" '{"customer":"a",%s,}' "$s"
bad "json: text after the object" '{"customer":"a",%s}{"customer":"a",%s}' "$s" "$s"
bad "json: expected a value" '{"customer":"a","start":NaN}'
bad "json: nested deeper than 32" '{"customer":"a",%s,"x":%s' "$s" "$(repeat '[' 30000)"
bad "json: not UTF-8" '{"customer":"\377",%s}' "$s"
bad "json: not UTF-8" '{"customer":"\300\200",%s}' "$s"
bad "json: not UTF-8" '{"customer":"\355\240\200",%s}' "$s"
bad "json: half of a surrogate pair" '{"customer":"\\ud800",%s}' "$s"
bad "json: NUL in a text" '{"customer":"a\\u0000b",%s}' "$s"
bad "json: control character in a text" '{"customer":"a\000b",%s}' "$s"
bad "json: expected an object" '\000\000\000'
bad "customer: missing" '{%s}' "$s"
bad "customer: missing" '{"customer":" ",%s}' "$s"
bad "customer: longer than 128 bytes" '{"customer":"%s",%s}' "$(repeat x 129)" "$s"
bad "customer: holds a control character" '{"customer":"a\\nb",%s}' "$s"
bad "features: longer than 128 bytes" '{"customer":"a",%s,"features":["%s"]}' "$s" "$(repeat x 129)"
bad "start: missing" '{"customer":"a","end":1714521600}'
bad "start: missing" '{"customer":"a","duration":60}'
bad "start: not a time" '{"customer":"a","start":"yesterday"}'
bad "start: not a time" '{"customer":"a","start":"2024-02-30T10:00:00Z"}'
bad "start: not a time" '{"customer":"a","start":-1}'
bad "start: not a time" '{"customer":"a","start":1e999}'
bad "start: not a time" '{"customer":"a","start":%s}' "$(repeat 9 500)"
bad "start: in the future" '{"customer":"a","start":%s}' "$soon"
bad "end: in the future" '{"customer":"a",%s,"end":%s}' "$s" "$soon"
bad "end: before start" '{"customer":"a",%s,"end":"2024-03-10T09:59:59Z"}' "$s"
bad "duration: longer than 2678400 seconds" '{"customer":"a",%s,"duration":2678401}' "$s"
bad "duration: longer than 2678400 seconds" '{"customer":"a",%s,"end":"2024-04-11T10:00:00Z"}' "$s"
bad "duration: longer than 2678400 seconds" '{"customer":"a",%s,"duration":%s}' "$s" "$(repeat 9 300)"
bad "duration: negative" '{"customer":"a",%s,"duration":-1}' "$s"
bad "duration: not a number of seconds" '{"customer":"a",%s,"duration":"long"}' "$s"
bad "outcome: not a known word" '{"customer":"a",%s,"outcome":"great"}' "$s"
bad "kind: not a known word" '{"customer":"a",%s,"kind":"dance"}' "$s"
bad "service: missing in a contact" '{"customer":"a",%s,"kind":"contact"}' "$s"
bad "features: missing in a feature record" '{"customer":"a",%s,"kind":"feature"}' "$s"
bad "record: longer than 65536 bytes" '{"customer":"a",%s,"x":"%s"}' "$s" "$(repeat y 65536)"
bad "record: longer than 65536 bytes" '%s' "$(repeat z 300000)"
printf '\n  \n\r\n' >>bad.ndjson # blank lines are no records
good
count=$(wc -l <want)
cs import --config c.conf --format ndjson bad.ndjson >import.out 2>&1
check "two good records among $count bad ones" contains "$(cat import.out)" \
    "2 accepted, 0 duplicates, $count quarantined"
check "the way on is shown" contains "$(cat import.out)" "callswell quarantine list"
listed() {
    cs quarantine list --config c.conf --limit 0 --csv | python3 -c '
import csv, sys
for row in reversed(list(csv.DictReader(sys.stdin))):
    print("%s,%s" % (row["offset"], row["reason"]))'
}
listed >got
check "every reason and place" cmp want got
check "reasons are counted" contains "$(cs quarantine list --config c.conf --reasons --csv)" \
    "5,start: not a time"
check "and add up to all" equals "$count" "$(cs quarantine list --config c.conf --reasons --json |
    python3 -c 'import json, sys; print(sum(r["records"] for r in json.load(sys.stdin)))')"
check "the list fits 80 columns" sh -c \
    "'$bin/callswell' quarantine list --config c.conf >list && ! grep -E '^.{81}' list"
cs quarantine show 1 --config c.conf >shown
check "bytes" contains "$(cat shown)" "not json"
check "place" contains "$(cat shown)" "bad.ndjson, byte 51"
check "bytes that are no text are told apart" contains "$(cs quarantine show 15 --config c.conf)" '\x00\x00\x00'
check "the same file again changes nothing" contains \
    "$(cs import --config c.conf --format ndjson bad.ndjson 2>&1)" "imported 0 records"
listed >got
check "nor the quarantine" cmp want got
check "drop" contains "$(cs quarantine drop all --config c.conf)" "dropped $count"

# A format whose times are written wrong refuses everything; mended, it takes everything.
check "start" start c.conf
printf 'Account,Begin,Secs\r\nA,2024-03-10 10:00,60\r\nB,2024-03-10 11:00,120\r\n' >acme.csv
post() { curl -sS --data-binary @acme.csv "http://$address/v1/ingest/acme"; }
check "refused" contains "$(post)" '"quarantined":2'
check "replay with the cause still there" contains "$(cs quarantine replay all --config c.conf)" \
    "2 refused again"
check "still there" contains "$(cs quarantine list --config c.conf)" "2  start: not a time"
check "stop" stop
sed 's:%Y/%m/%d:%Y-%m-%d:' c.conf >new.conf && mv new.conf c.conf
check "start with the mended format" start c.conf
check "the header was kept with the record" contains "$(cs quarantine show "$((count + 1))" \
    --config c.conf)" "Account,Begin,Secs"
check "replay of one" contains "$(cs quarantine replay "$((count + 1))" --config c.conf)" \
    "1 accepted, 0 duplicates, 0 ignored, 0 refused"
check "replay of the rest" contains "$(cs quarantine replay all --config c.conf)" \
    "1 accepted, 0 duplicates, 0 ignored, 0 refused"
check "nothing is left" contains "$(cs quarantine list --config c.conf)" "nothing is in quarantine"
seen() {
    printf 'q A 20240310 40=1:60:0\nq B 20240310 44=1:120:0\nq good 20240310 40=2:0:0\n' |
        python3 "$project/tests/tools/expect.py" state/redis.sock
}
check "counted once" wait_for 20 seen
check "verify" cs verify --config c.conf
check "stop at the end" stop
finish
