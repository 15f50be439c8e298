#!/bin/sh
# The position in a file that was read years ago and is gone is forgotten, and the file counts nothing twice
# when it turns up again all the same. Those of files that are there, or were read lately, stay.
. "$(dirname "$0")/lib.sh"
cat >c.conf <<EOF
state_dir = "$dir/state"
http { listen = "" }
redis { url = "managed" }
analytics_interval = "100ms"
fold_interval = "100ms"
input "logs" { type = "tail" path = "$dir/logs/*.log" format = "ndjson" }
EOF
old=$(days_ago 1000) new=$(days_ago 1)
# line CUSTOMER DAY
line() { printf '{"customer":"%s","start":"%sT10:00:00Z","duration":60}\n' "$1" "$2"; }
# legs WANT: of all customers, as "CUSTOMER LEGS".
legs() { equals "$(sql state/crm.db "SELECT group_concat(customer || ' ' || n) FROM (SELECT customer, sum(legs) n
    FROM customer_day GROUP BY 1 ORDER BY 1)")" "$1"; }
places() { equals "$(sql state/ledger.db "SELECT count(*) FROM checkpoint")" "$1"; }
has_floor() { [ "$(sql state/ledger.db "SELECT floor FROM meta")" -gt 0 ]; }
refused() { equals "$(sql state/ledger.db "SELECT count(*) FROM quarantine")" "$1"; }

mkdir logs
line GONE "$old" >logs/gone.log
line QUIET "$old" >logs/quiet.log
check "start, years ago" start c.conf
check "both files are read" wait_for 20 legs "GONE 1,QUIET 1"
check "stop" stop
years=86400000000000
check "the years pass" python3 "$project/tests/tools/damage.py" set state/ledger.db \
    "UPDATE audit SET created = created - $years, checksum = checksum_of_numbers(seq, batches, records, accepted,
    duplicates, quarantined, ignored, late, expired, created - $years)"
mv logs/gone.log .
line NEW "$new" >logs/new.log
check "start" start c.conf
check "a new file is read" wait_for 20 legs "GONE 1,NEW 1,QUIET 1"
check "the old days leave the ledger" wait_for 20 has_floor
check "stop, and a new file is away, too" stop
mv logs/new.log .
check "all positions are there" places 3
check "start again" start c.conf
check "one is forgotten" wait_for 20 places 2
check "the log says so" grep -q "event=checkpoints_forgotten files=1" daemon.log
mv gone.log new.log logs/
check "what was forgotten is read again and set aside" wait_for 20 refused 1
check "stop at the end" stop
check "nothing is counted twice" legs "GONE 1,NEW 1,QUIET 1"
check "verify" cs verify --config c.conf
finish
