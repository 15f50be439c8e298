#!/bin/sh
# The command line: tables fit 80 columns, --json and --csv are what they say, mistakes are named.
. "$(dirname "$0")/lib.sh"
cat >c.conf <<EOF
state_dir = "$dir/state"
timezone = "Europe/Berlin"
http { listen = "" }
service "operator" { service_level = 0.8 }
segment "power" { where = "legs_30d > 100" }
segment 'quoted, "x"' { where = "legs_30d > 1000" }
EOF
export CALLSWELL_CONFIG="$dir/c.conf"
cs generate --records 20000 --days 60 --until now --customers 100 --seed 4 --format csv --out u.csv 2>/dev/null
check "import as JSON" python3 -c 'import json, sys
n = json.loads(sys.argv[1])
assert n["records"] == 20000 == n["accepted"] + n["duplicates"] + n["quarantined"], n' \
    "$(cs import --format csv u.csv --json 2>/dev/null)"
# One that nobody could overlook: 3 legs a day for four weeks, then 40.
python3 - >surge.csv <<'EOF'
import datetime
today = datetime.datetime.now(datetime.timezone.utc).replace(hour=0, minute=0, second=0)
print("id,customer,start,duration")
for ago in range(40, 0, -1):
    for n in range(40 if ago <= 7 else 3):
        print(f"{ago}-{n},Rising,{today - datetime.timedelta(days=ago, minutes=-n):%Y-%m-%dT%H:%M:%SZ},60")
EOF
check "a surge" cs import --format csv surge.csv
cat >valid.py <<'EOF'
import csv, json, subprocess, sys
"""Runs one command plain, with --json and with --csv, and looks at what comes."""
def run(*more):
    r = subprocess.run(sys.argv[1:] + list(more), stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert r.returncode == 0, (more, r.returncode, r.stderr)
    assert not r.stderr, (more, r.stderr)
    return r.stdout.decode("utf-8")
plain = run()
assert plain and max(map(len, plain.splitlines())) <= 80, plain
value = json.loads(run("--json"))
rows = list(csv.reader(run("--csv").splitlines(), strict=True))
assert rows and all(len(r) == len(rows[0]) for r in rows), rows[:3]
if isinstance(value, list):
    assert len(value) == len(rows) - 1, (len(value), len(rows))
    if value:
        assert list(value[0]) == rows[0], (list(value[0]), rows[0])
EOF
python3 - >calendar.csv <<'EOF'
import datetime
print("date,s00,s01")
for d in range(91):
    print(f"{datetime.date(2026, 3, 2) + datetime.timedelta(d)},{10 + d % 7},{'' if d % 7 == 6 else 5 + d % 3}")
EOF
for words in "report staffing" "report staffing --service operator" "report features" \
    "report segments" "report segments --segment power" "report customers" "report signals" \
    "report stages" "report usage_groups" "report customer_growth" "report models" \
    "report segments --from 2026-01-01" "customer list" "customer show C00001" "quarantine list" "quarantine list --reasons" \
    "formats" "redis-key C00001" "erlang --calls 100 --aht 180" \
    "erlang --calls 9 --aht 60.5 --patience 90 --phi 0.1 --blocking 0.01 --agents 1" "backtest calendar.csv" "backtest --cycle-days 7 --first-origin 4 calendar.csv" "signal list --state all" \
    "what-if staffing --volume +20% --aht 4m --customer C00001=+50%"; do
    # shellcheck disable=SC2086
    check "$words" python3 valid.py "$bin/callswell" $words
done
# Rows with many columns stand below each other; long texts go on in the next line and lose nothing.
cs report stage_history --limit 40 >blocks
check "long texts in 80 columns" sh -c "! grep -E '^.{81}' blocks"
cs report stage_history --limit 40 --json >rows.json
check "and whole" python3 -c '
import json, re
text = re.sub(r"\s+", "", open("blocks").read())
rows = json.load(open("rows.json"))
assert len(rows) == 40 and any(len(r["back"]) > 70 for r in rows), rows[:2]
for r in rows:
    for key in ("rule", "back", "evidence"):
        assert r[key] is None or re.sub(r"\s+", "", r[key]) in text, (key, r)'
# What would move a customer on is as of now: one says the same of it here as over HTTP.
python3 -c '
import sqlite3
db = sqlite3.connect("state/crm.db")
(who,) = db.execute("SELECT customer FROM customer_outlook WHERE stage = ? LIMIT 1", ("repeat",)).fetchone()
db.execute("UPDATE customer_outlook SET stage_back = ? WHERE customer = ?",
           ("no use until 2031-05-06 makes it dormant", who))
db.commit()
open("moved", "w").write(who)'
cs customer show "$(cat moved)" >shown
check "what makes it dormant is as of now" contains "$(tr -s ' \n' ' ' <shown)" \
    "no use until 2031-05-06 makes it dormant"
check "for programs, too" contains "$(cs customer show "$(cat moved)" --json)" "no use until 2031-05-06"
check "and in the list of customers" contains "$(cs report customers --search "$(cat moved)" --json)" \
    '"stage_back":"no use until 2031-05-06 makes it dormant"'
check "an option by its own name" contains "$(cs report signals --search x 2>&1)" "takes --search with"

for words in status verify; do
    check "$words --json" sh -c "'$bin/callswell' $words --json | python3 -m json.tool"
    check "$words in 80 columns" sh -c "'$bin/callswell' $words >out && ! grep -E '^.{81}' out"
done

fails() { # CODE WANT WORDS...: on stderr, and nothing on stdout
    fails_code=$1 fails_want=$2
    shift 2
    "$bin/callswell" "$@" >out 2>err
    equals $? "$fails_code" && equals "$(cat out)" "" && contains "$(cat err)" "$fails_want"
}
check "no command" fails 64 "usage: callswell [--config FILE] COMMAND"
check "a command that is none" fails 64 'no command "fly"' fly
check "a slip in a command" fails 64 'did you mean "report"?' repotr
check "in an option" fails 64 "did you mean --format?" import --fromat csv u.csv
check "in an option with its value" fails 64 "did you mean --format?" import --fromat=csv u.csv
check "in a report" fails 64 'did you mean "features"?' report feature
check "in a format" fails 78 'did you mean "asterisk-cdr"?' import --format asterik-cdr u.csv
check "in a format that is shown" fails 1 'did you mean "asterisk-cdr"?' formats show asterik-cdr
check "a value for what takes none" fails 64 "--dry-run takes no value" import --dry-run=1 --format csv u.csv
check "help for a command" equals "$(cs help report)" "$(cs report --help)"
check "help for none" fails 64 'no command "fly"' help fly
echo 'http { lisen = "" }' >slip.conf
check "the configuration before the command" fails 78 'slip.conf:1: no such option' --config slip.conf status
check "and with an equals sign" fails 78 'did you mean "listen"?' --config=slip.conf status
check "what stands behind the command holds" cs --config slip.conf validate --config c.conf
check "no configuration named" fails 64 "usage: callswell [--config FILE]" --config
check "an option that is none" fails 64 "--temper" erlang --calls 1 --aht 1 --temper 9
check "a share that is none" fails 64 "--occupancy lies" erlang --calls 1 --aht 1 --occupancy 1.2
check "an option without its value" fails 64 "--format needs a value" import u.csv --format
check "no number" fails 64 '"many" is not a number' report customers --limit many
printf 'date,s00\n2026-03-02,1\n2026-03-01,2\n' >unordered.csv
check "days out of order" fails 1 "unordered.csv: line 3: days are not in order" backtest unordered.csv
check "too few weeks" fails 1 "too few" backtest --first-origin 60 calendar.csv
same() { # what nobody changed is what the analyst wrote
    cs what-if staffing --json | python3 -c 'import json, sqlite3, sys
want = sqlite3.connect("state/crm.db").execute(
    "SELECT service, sum(scheduled * minutes) / 60.0, max(required) FROM staffing GROUP BY 1 ORDER BY 1").fetchall()
got = [(s["service"], s["scheduled_hours"], s["peak_agents"]) for s in json.load(sys.stdin) if s["scenario"] == "then"]
assert got == want and want, (got, want)'
}
check "what-if without a change is the week as it is" same
check "a change that is none" fails 64 "such as +20%" what-if staffing --volume lots
check "a customer without legs" fails 1 "no legs" what-if staffing --customer nobody=+5%
signal=$(cs signal list --csv | sed -n '2s/,.*//p')
check "a signal is acknowledged" contains "$(cs signal ack "$signal" --note 'I call them')" "is acknowledged"
check "says by whom" contains "$(cs signal show "$signal" --json)" '"note":"I call them"'
check "a signal is closed" contains "$(cs signal close "$signal")" "is closed"
check "once" fails 1 "is closed" signal ack "$signal"
check "no longer listed" equals "$(cs signal list --csv | grep -c "$signal")" 0
check "a signal that is none" fails 1 "there is no signal 0123" signal show 0123
check "a state that is none" fails 64 "usage" signal list --state odd
check "a report that is none" fails 64 "no report \"weather\"" report weather
check "all reports are listed" contains "$(cs report)" "signals_rest"
check "a format that is none" fails 78 'morse' import --format morse u.csv
check "no format" fails 64 "--format" import u.csv
check "a file that is not there" fails 1 "nowhere.csv" import --format csv nowhere.csv
check "a folder in place of a file" fails 1 "$dir/state" import --format csv "$dir/state"
printf 'Account;Begin\nA;2024-03-10T10:00:00Z\n' >other.csv
check "columns of another format" fails 1 "header: no column is known; expected columns such as customer" \
    import --format csv other.csv
printf 'customer,when\nA,2024-03-10T10:00:00Z\n' >when.csv
check "no column for the start" fails 1 "header: no column says when" import --format csv when.csv
check "an id that is none" fails 64 "usage" quarantine show x
check "nothing of this id" fails 1 "999999" quarantine show 999999
check "a customer's stage, what would move it, and its history" \
    python3 -c 'import json, sys
c = json.loads(sys.argv[1])
assert c["stage"] and c["stage_back"] and c["stage_evidence"]["last_use"], c
assert {h["dimension"] for h in c["history"]} >= {"stage", "rfm"}, c["history"]
assert all(h["rule"] and h["back"] for h in c["history"]), c["history"]' "$(cs customer show C00001 --json)"
check "a customer that is none" fails 1 "nobody" customer show nobody
check "a day that is none" fails 64 "usage" redis-key --day 2024-02-30 A
check "a configuration that is not there" fails 78 "nowhere.conf" status --config nowhere.conf
printf 'state_dir = "%s/other"\n' "$dir" >other.conf
check "status without a daemon and without a ledger" fails 69 "$dir/other" status --config other.conf
check "quarantine without a ledger" fails 69 "$dir/other" quarantine list --config other.conf
cat >left.conf <<EOF
state_dir = "$dir/left"
http { listen = "" }
format "some" { type = "csv" header = yes kind = { "leg=leg", "test=ignore", "lab=ignore" } }
EOF
printf 'customer,start,kind\nA,%s,leg\nA,%s,test\n' 1710064800 1710064801 >one.csv
printf 'customer,start,kind\nA,%s,lab\nA,%s,test\n' 1710064802 1710064803 >two.csv
left_out() { # counted here or by the daemon, of all files together, as a person and a program see it
    cs import --config left.conf --format some "$@" >said && cs import --config left.conf --format some --json "$@" >said.json &&
        grep -q "^  ignored 2: kind: test is left out by the format$" said &&
        grep -q "^  ignored 1: kind: lab is left out by the format$" said && ! grep -q "ignored [0-9]*: .*leg" said
}
check "why records of an import were left out" left_out --dry-run one.csv two.csv
check "is in its JSON" python3 -c 'import json
assert {r["why"]: r["records"] for r in json.load(open("said.json"))["left_out"]} == {
    "kind: test is left out by the format": 2, "kind: lab is left out by the format": 1}, open("said.json").read()'
check "start" start left.conf
cs import --config left.conf --format some one.csv two.csv >said
check "a daemon says it of the import" grep -q "^  ignored 2: kind: test is left out by the format$" said
check "not of those before" sh -c "! '$bin/callswell' import --config left.conf --format some one.csv | grep 'left out'"
check "stop" stop
check "a report without a store" fails 69 "$dir/other" report customers --config other.conf
finish
