#!/bin/sh
# Who are they: a real call log as use of the bank by its customers, each figure that callswell has of
# each of them against plain Python. The log knows January and October: the months between must not
# pass for months in which nobody called.
. "$(dirname "$0")/lib.sh"
calls=$project/../shared/data/anonbank_calls_1999_jan_oct_pseudonymised.csv
if [ ! -r "$calls" ]; then
    skip "the real call log does not lie beside the project"
    finish
fi
awk -F, 'NR == 1 || $2 != 0' "$calls" >known.csv
awk -F, 'NR == 1 || substr($1, 1, 10) < "1999-10-04"' known.csv >before.csv

# site NAME CSV: imports, and stays up until the customers are told of.
site() {
    cat >"$1.conf" <<EOF
state_dir = "$dir/$1"
timezone = "Asia/Jerusalem"
clock = "data"
http { listen = "" }
retention { quarter = "0" day = "0" people = "0" feature_people = "0" service = "0" load = "0" }
format "bankuse" {
    type = "csv"
    header = yes
    time_format = "auto"
    timezone = "Asia/Jerusalem"
    map = { "start=t", "customer=cust", "features=type", "duration=ser_time" }
    null = { "agent=0" }
    defaults = { "kind=leg" }
    outcome = { "AGENT=ok", "HANG=abandoned", "PHANTOM=ignore" }
}
EOF
    check "$1: import" cs import --config "$1.conf" --format bankuse "$2"
    check "$1: start" start "$1.conf"
    check "$1: told of" wait_for 60 told "$1"
}
told() {
    [ "$(python3 -c "import sqlite3; print(sqlite3.connect('$1/crm.db').execute(
        \"SELECT count(*) FROM stage_history WHERE dimension = 'rfm'\").fetchone()[0] > 0)")" = True ]
}
oracle() { python3 "$project/tests/tools/oracle_who.py" "$@"; }

site all known.csv
check "every figure of every customer is the log's" oracle known.csv all/crm.db
check "segments" contains "$(cs report segments --config all.conf)" "rfm:champion"
check "one customer" contains "$(cs customer show 2372 --config all.conf)" "stage      repeat"
check "stop" stop
site early before.csv
check "what was expected of October came" oracle before.csv early/crm.db known.csv
check "stop" stop
finish
