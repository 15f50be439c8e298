#!/bin/sh
# The real call-centre log: offered, handled, abandoned, wait and handle seconds per service and
# interval, against an oracle in another language.
. "$(dirname "$0")/lib.sh"
calls=$project/../shared/data/anonbank_calls_1999_jan_oct_pseudonymised.csv
if [ ! -r "$calls" ]; then
    skip "the real call log does not lie beside the project"
    finish
fi
cat >bank.conf <<EOF
state_dir = "$dir/bank"
timezone = "Asia/Jerusalem"
clock = "data"
http { listen = "" }
retention { quarter = "0" day = "0" people = "0" feature_people = "0" service = "0" load = "0" }
EOF
cs import --config bank.conf --format anonbank "$calls" >import.out 2>&1
check "66,222 contacts, 387 phantoms left out" contains "$(cat import.out)" \
    "imported 66222 records"
check "phantoms are ignored and counted" contains "$(cat import.out)" "387 ignored"
check "verify" cs verify --config bank.conf
check "start" start bank.conf
check "every counter equals the oracle" python3 "$project/tests/tools/oracle_calls.py" \
    --check-redis bank/redis.sock --check-store bank/crm.db "$calls"
check "stop" stop

# Patience of private customers' callers, from the last quarter of a year before the last day: seconds
# that anybody waited, by how many gave up.
patience() {
    awk -F, 'NR > 1 && $4 == "PS" && $7 != "PHANTOM" { day = substr($1, 1, 10)
        if (day >= "1999-08-01" && day < "1999-10-31") { waited += $6; left += $7 == "HANG" } }
        END { printf "%.0f", waited / left }' "$calls"
}
model() {
    python3 -c "import sqlite3; print(*sqlite3.connect('bank/crm.db').execute(
        \"SELECT DISTINCT model FROM staffing WHERE service = 'PS'\").fetchone())"
}
check "people are planned by the patience that callers showed" contains "$(model)" \
    "Erlang A with patience $(patience) s"
check "staffing report" cs report staffing --config bank.conf
finish
