#!/bin/sh
# Every figure that can stand in the evidence of a stage, a segment or a signal has a name on the page.
. "$(dirname "$0")/lib.sh"
cat >c.conf <<CONF
state_dir = "$dir/state"
timezone  = "Europe/Berlin"
clock     = "data"
segment "regular" { where = "legs_30d > 3 AND office_share > 0.2 AND days_since_last < 20" }
CONF
cs generate --seed 2 --records 40000 --days 120 --until now --customers 200 --format csv --out records.csv
check "records with evidence" cs import --config c.conf --format csv records.csv
check "each name of a figure has words" python3 "$project/tests/tools/evidence_keys.py" "$project" state/crm.db
# A check that finds nothing is only worth something if it would.
mkdir -p broken/daemon/store/analyst broken/daemon/web
cp "$project"/daemon/store/analyst/*.c broken/daemon/store/analyst/
cp "$project"/daemon/web/*-evidence.js broken/daemon/web/
sed -i "/'evidence.usual_days'/d" broken/daemon/web/zh-CN-evidence.js
sed -i 's/"distance_to_former"/"distance_to_another"/' broken/daemon/store/analyst/pass_usage.c
python3 "$project/tests/tools/evidence_keys.py" broken state/crm.db >found
check "a name that is missing is found" contains "$(cat found)" "zh-CN-evidence.js: usual_days has no name"
check "so is a figure that is new" contains "$(cat found)" "en-evidence.js: distance_to_another has no name"
check "and a word that nothing needs" contains "$(cat found)" "nothing writes distance_to_former"
finish
