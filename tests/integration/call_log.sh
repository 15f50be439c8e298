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

# The last whole week of October, forecast from January and October as far as it goes.
awk -F, 'NR == 1 || substr($1, 1, 10) < "1999-10-24"' "$calls" >before.csv
sed 's|/bank"|/october"|' bank.conf >october.conf
check "three weeks of October" cs import --config october.conf --format anonbank before.csv
week() {
    python3 - "$calls" <<'EOF'
import collections, csv, datetime, sqlite3, sys

def half_hours(first, last):
    seen = collections.Counter()
    for r in csv.DictReader(open(sys.argv[1])):
        day = r["t"][:10]
        if r["outcome"] != "PHANTOM" and first <= day < last:
            t = datetime.datetime.fromisoformat(r["t"])
            seen[r["type"], t.replace(minute=t.minute // 30 * 30, second=0)] += 1
    return seen

came, week_before = half_hours("1999-10-24", "1999-10-31"), half_hours("1999-10-17", "1999-10-24")
rows = sqlite3.connect("october/crm.db").execute(
    "SELECT service, start, forecast, low95, high95, required, required_expected, model FROM staffing")
said = {}
for service, start, *rest in rows:
    utc = datetime.datetime.fromisoformat(start.rstrip("Z"))
    said[service, utc + datetime.timedelta(hours=2)] = rest  # winter time began on the 3rd of September
total = {s: sum(n for (t, _), n in came.items() if t == s) for s in ("PS", "NE", "NW")}
for service, most in (("PS", 0.34), ("NE", 0.6), ("NW", 0.6)):
    week = [k for k in said if k[0] == service and datetime.datetime(1999, 10, 24) <= k[1] < datetime.datetime(1999, 10, 31)]
    assert len(week) > 320, len(week)
    off = sum(abs(said[k][0] - came[k]) for k in week) / total[service]
    naive = sum(abs(week_before[k[0], k[1] - datetime.timedelta(7)] - came[k]) for k in week) / total[service]
    inside = sum(said[k][1] <= came[k] <= said[k][2] for k in week) / len(week)
    print(f"{service}: off by {off:.3f}, the week before by {naive:.3f}, {inside:.2f} inside of 95 %")
    assert off < naive and off < most and inside > 0.85, service
    assert all(v[3] <= v[4] for v in (said[k] for k in week))
    assert "Erlang A" in said[week[0]][5], said[week[0]]
EOF
}
check "its forecast is nearer than the week before, and inside its intervals" week
check "its staffing report" cs report staffing --config october.conf

# A roster that has people enough in one service and too few in another, and too few specialists.
sed 's|/bank"|/desk"|' bank.conf >desk.conf
cat >>desk.conf <<EOF
service "PS" { rate = 40 skills = { "french=20%" } }
service "NW" { rate = 50 can_serve = { "PS", "NE" } }
service "NE" { rate = 50 }
EOF
check "all of it" cs import --config desk.conf --format anonbank "$calls"
{
    echo service,start,minutes,scheduled
    for day in 01 02 03 04 07; do
        for row in PS,9 PS/french,2 NW,6 NE,3; do
            echo "${row%,*},1999-11-${day}T08:00,720,${row#*,}"
        done
    done
} >roster.csv
check "roster" cs roster import roster.csv --config desk.conf
check "start" start desk.conf
planned() { [ "$(sql desk/crm.db 'SELECT count(*) FROM staffing_move')" -gt 0 ]; }
check "planned" wait_for 60 planned
check "stop" stop
COLUMNS=80 cs report staffing --config desk.conf >desk.out
check "specialists who are missing have windows of their own" \
    grep -Eq '^Tue  2 Nov [0-9:-]+ +PS/french +[1-9] short +[0-9.]+ +[0-9]+$' desk.out
fits() { # what it says of the roster, at most 80 columns
    awk '{ gsub(/[^ -~]/, "x") } length($0) > 80 { print; wide = 1 } END { exit wide }' desk.out; }
check "lines fit the terminal" fits
closes() {
    python3 - <<'EOF'
import re, sqlite3
db = sqlite3.connect("desk/crm.db")
now, = db.execute("SELECT max(as_of) FROM staffing").fetchone()
closed = sum(p * m for p, m in db.execute("SELECT people, minutes FROM staffing_move")) / 60
short = sum(-g * m for g, m in db.execute("SELECT gap, minutes FROM staffing WHERE gap < 0 AND"
                                          " start >= ?", (now,))) / 60
told = re.search(r"close ([0-9.]+) of the ([0-9.]+) hours", open("desk.out").read())
print(closed, short, told and told.groups())
assert 0 < closed <= short
assert abs(float(told[1]) - closed) < 0.06 and abs(float(told[2]) - short) < 0.06
EOF
}
check "how much of it moves close is told" closes
finish
