#!/bin/sh
# The customer list: by what records are known, what changes from when on, and merging.
. "$(dirname "$0")/lib.sh"
cat >c.conf <<EOF
state_dir = "$dir/state"
clock = "data"
http { listen = "127.0.0.1:0" }
input "hooks" { type = "http" path = "/v1/ingest/hooks" format = "ndjson" }
EOF
leg() { # CUSTOMER PARTICIPANT: a minute on 10 March 2024
    printf '{"customer":"%s","participant":"%s","start":"2024-03-10T10:00:00Z","duration":60}\n' "$1" "$2"
}
expect() { python3 "$project/tests/tools/expect.py" state/redis.sock; }
cat >customers.csv <<'EOF'
id,name,aliases,numbers,domains,owner,timezone
acme,"Acme, Inc.",ACME CORP;old-acme,+49 30 1234,acme.example,eve,Europe/Berlin
berlin,Berlin branch,,+49 30 12345,berlin.acme.example,eve,Europe/Berlin
zeta,"Zeta ""Z"" GmbH",,,zeta.example,bob,
EOF
check "import" contains "$(cs customer import customers.csv --config c.conf)" "3 customers: 3 new, 0 changed"
check "the same again changes nothing" contains \
    "$(cs customer import customers.csv --config c.conf)" "0 new, 0 changed"
{
    leg acme x1             # by id
    leg "Acme Corp" x2      # by alias, whatever the case
    leg "+49 (30) 1234-99" x3 # by number
    leg "tel:+49301234599" x4 # the longest prefix holds
    leg "ann@acme.example" x5 # by domain
    leg "sip:bob@berlin.acme.example:5060" x6
    leg "bob@sales.zeta.example" x7 # a part of a known domain
    leg stranger x8
    leg "@nobody" x9
    leg "" "+49 30 12345 7" # no customer: by the participant
    leg "" "cyd@zeta.example"
} >usage.ndjson
check "usage" contains "$(cs import --config c.conf --format ndjson usage.ndjson)" "11 accepted"
check "start" start c.conf
check "matched" expect <<'EOF'
q acme 20240310 40=4:240:0
u acme 20240310 4
q berlin 20240310 40=3:180:0
u berlin 20240310 3
q zeta 20240310 40=2:120:0
q stranger 20240310 40=1:60:0
q @nobody 20240310 40=1:60:0
EOF

# An alias added while the daemon runs holds from then on; merging moves what was.
printf 'id,aliases\nacme,ACME CORP;old-acme;stranger\n' >more.csv
check "an alias is added" contains "$(cs customer import more.csv --config c.conf)" "0 new, 1 changed"
check "a record by the new alias" contains "$(leg stranger x10 |
    curl -sS --data-binary @- "http://$address/v1/ingest/hooks")" '"accepted":1'
after() {
    printf 'q acme 20240310 40=5:300:0\nq stranger 20240310 40=1:60:0\n' | expect
}
check "holds from then on, not before" wait_for 20 after
check "merge" cs customer merge stranger acme --config c.conf
merged() {
    printf 'q acme 20240310 40=6:360:0\nd acme 202403 10=6:360:0\nu acme 20240310 6\n' | expect
}
check "merge moves history" wait_for 20 merged
none_left() {
    printf 'q stranger 20240310 40=0:0:0\n' | expect || printf 'q stranger 20240310\n' | expect
}
check "and leaves none behind" wait_for 20 none_left
check "verify" cs verify --config c.conf
day_of() { # CUSTOMER: legs and people of the day in the store
    python3 -c '
import sqlite3, sys
for row in sqlite3.connect("file:state/crm.db?mode=ro", uri=True).execute(
        "select legs, seconds, participants from customer_day where customer = ?", sys.argv[1:]):
    print(*row)' "$1"
}
store_merged() { [ "$(day_of acme)" = "6 360 6" ] && case $(day_of stranger) in "" | "0 0 0") ;; *) false ;; esac; }
check "the store, too" wait_for 40 store_merged
check "a later record of the merged one" contains "$(leg stranger x11 |
    curl -sS --data-binary @- "http://$address/v1/ingest/hooks")" '"accepted":1'
later() { printf 'q acme 20240310 40=7:420:0\n' | expect; }
check "counts for the one it became" wait_for 20 later
kill_hard
check "start after kill -9" start c.conf
check "still so" wait_for 20 later
check "totals add up" cs verify --config c.conf

cs customer show acme --config c.conf >shown
check "show" contains "$(cat shown)" "Acme, Inc."
check "show tells the owner" contains "$(cat shown)" "eve"
check "show tells the aliases" contains "$(cat shown)" "stranger"
check "show of nobody fails" sh -c "'$bin/callswell' customer show nobody --config c.conf >out 2>&1; test \$? = 1"
check "list as JSON" python3 -c 'import json, sys
rows = {r["id"]: r for r in json.loads(sys.argv[1])}
assert rows["zeta"]["name"] == "Zeta \"Z\" GmbH", rows
assert rows["acme"]["owner"] == "eve", rows' "$(cs customer list --config c.conf --json)"
check "list as CSV" python3 -c 'import csv, sys
rows = {r["id"]: r for r in csv.DictReader(sys.argv[1].splitlines())}
assert rows["acme"]["name"] == "Acme, Inc.", rows' "$(cs customer list --config c.conf --csv)"
check "list by a part of the name" contains "$(cs customer list gmbh --config c.conf)" "zeta"
check "the list fits 80 columns" sh -c "'$bin/callswell' customer list --config c.conf >list && ! grep -E '^.{81}' list"

# Mistakes change nothing and name the line.
refused() { # CSV WANT
    printf '%b' "$1" >bad.csv
    cs customer import bad.csv --config c.conf >out 2>&1 && return 1
    contains "$(cat out)" "$2" && contains "$(cat out)" "nothing was changed"
}
check "no id" refused 'name\nx\n' 'id'
check "an open quote" refused 'id,name\nq,"open\n' 'line 2'
check "a zone that is none" refused 'id,timezone\nq,Mars/Olympus\n' 'line 2'
check "one alias for two customers" refused 'id,aliases\nq,old-acme\n' 'old-acme'
check "merge into oneself" sh -c "! '$bin/callswell' customer merge acme acme --config c.conf"
check "merge of somebody unknown" sh -c "'$bin/callswell' customer merge nobody acme --config c.conf; test \$? = 1"
check "stop" stop
finish
