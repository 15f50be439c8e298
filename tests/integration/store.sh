#!/bin/sh
# What reaches the CRM store through the whole pipeline, and what leaves it again.
. "$(dirname "$0")/lib.sh"
cat >c.conf <<EOF
state_dir = "$dir/state"
http  { listen = "127.0.0.1:0" }
input "hooks" { type = "http" path = "/v1/ingest/hooks" format = "ndjson" }
EOF
check "start" start c.conf
query() { # SQL: rows as python prints them, read as any other program would
    python3 - "$1" <<'EOF'
import sqlite3, sys
db = sqlite3.connect("file:state/crm.db?mode=ro", uri=True)
print("\n".join("|".join("" if v is None else str(v) for v in r) for r in db.execute(sys.argv[1])))
EOF
}
at() { date -u -d "$1" +%Y-%m-%dT%H:%M:%SZ; }
hour=$(at '-1 hour')
cat >records.ndjson <<EOF
{"kind":"inquiry","id":"i1","customer":"acme","start":"$hour","service":"sales","reason":"price"}
{"kind":"response","id":"i2","customer":"acme","start":"$hour","agent":"sue"}
{"kind":"visit","id":"v1","customer":"acme","start":"$hour","agent":"sue","reason":"fair"}
{"kind":"order","id":"o1","customer":"acme","start":"$hour","product":"seat","quantity":3,"amount":29.5,"currency":"EUR"}
{"kind":"return","id":"o2","customer":"acme","start":"$hour","product":"seat","quantity":1}
{"kind":"booking","id":"b1","customer":"globex","start":"$hour","resource":"room 5","state":"held"}
{"kind":"leg","id":"l1","customer":"acme","start":"$hour","duration":60,"participant":"ann"}
{"kind":"leg","id":"l2","customer":"acme","start":"soon"}
not json
EOF
cs import --config c.conf --format ndjson records.ndjson >/dev/null
check "activities" equals "$(query 'SELECT kind, id, customer, service, agent, reason FROM activity
    ORDER BY id')" "inquiry|i1|acme|sales||price
response|i2|acme||sue|
visit|v1|acme||sue|fair"
check "orders" equals "$(query 'SELECT kind, id, product, quantity, amount, currency FROM orders
    ORDER BY id')" "order|o1|seat|3.0|29.5|EUR
return|o2|seat|1.0||"
check "bookings" equals "$(query 'SELECT id, customer, start, resource, state FROM booking')" \
    "b1|globex|$hour|room 5|held"
check "the record as it was" equals \
    "$(query "SELECT json_extract(record, '\$.product') FROM orders WHERE id = 'o1'")" seat
check "usage beside them" equals "$(query 'SELECT customer, legs FROM customer_day')" "acme|1"
check "quarantine" equals "$(query 'SELECT count(*), min(input) FROM quarantine')" "2|import"
check "counted by reason" equals \
    "$(query 'SELECT sum(records), count(*) FROM quarantine_count')" "2|2"
check "feeds" equals "$(query "SELECT records, accepted, quarantined FROM feed_health
    WHERE input = 'import'")" "9|7|2"
fed() { [ "$(query "SELECT type, exact, accepted FROM feed_health WHERE input = 'hooks'")" = "http|1|1" ]; }
printf '{"id":"h1","customer":"acme","start":"%s","duration":5}\n' "$hour" |
    curl -sS --data-binary @- "http://$address/v1/ingest/hooks" >http.out
# An import returns when all that came before it is analysed.
settle() { printf '{"id":"s%s","customer":"tick","start":"%s"}\n' "$1" "$hour" |
    cs import --config c.conf --format ndjson - >/dev/null; }
settle 1
check "a configured input's health" fed
check "the same records again add nothing" equals "$(cs import --config c.conf --format ndjson \
    records.ndjson >/dev/null; query 'SELECT (SELECT count(*) FROM activity),
    (SELECT count(*) FROM orders), (SELECT count(*) FROM booking)')" "3|2|1"
cs quarantine drop all --config c.conf >/dev/null
settle 2
check "what was dropped vanishes" equals "$(query 'SELECT (SELECT count(*) FROM quarantine),
    (SELECT count(*) FROM quarantine_count)')" "0|0"
check "verify" cs verify --config c.conf
check "stop" stop
finish
