#!/bin/sh
# From a signal back to the numbers, the rule, the files and the ranges; what the ranges say is compared with
# the files themselves.
. "$(dirname "$0")/lib.sh"
cat >c.conf <<EOF
state_dir = "$dir/state"
clock = "data"
http { listen = "" }
EOF
# Five weeks of fifty customers; ACME has 40 legs a day and in the last week 4, of which two come without ids.
python3 - <<'EOF'
import datetime
day0 = datetime.date(2024, 3, 4)
files = {name: open(name, "w") for name in ("past.csv", "week.csv", "other.csv", "bare.csv")}
for f in files.values():
    f.write("id,customer,start,duration,participant\n")
def leg(f, day, who, n, ident=True):
    at = f"{day0 + datetime.timedelta(day)}T{8 + n % 10:02}:{n * 7 % 60:02}:00Z"
    files[f].write(f"{f'{who}-{day}-{n}' if ident else ''},{who},{at},60,p{n % 9}\n")
for day in range(35):
    recent = day >= 28
    for n in range(4 if recent else 40):
        bare = recent and n < 2
        leg("bare.csv" if bare else "week.csv" if recent else "past.csv", day, "ACME", n, not bare)
    for c in range(50):
        for n in range(20):
            leg("other.csv" if recent else "past.csv", day, f"c{c:02}", n)
leg("other.csv", 35, "c00", 0) # the day after: what was before is over
EOF
import_all() {
    for f in past week other bare; do
        cs import --config c.conf --format csv "$f.csv" || return 1
    done
}
check "four files" import_all
id=$(cs signal list --config c.conf --kind decline --subject ACME --csv | sed -n '2s/,.*//p')
check "the decline is a signal" [ -n "$id" ]
cs signal explain "$id" --config c.conf >people
cs signal explain "$id" --config c.conf --json >explained.json
check "in 80 columns" [ "$(wc -L <people)" -le 80 ]
check "rule, with version and thresholds" grep -q "^Rule decline/" people
check "thresholds have their units" grep -q -- "- events in both windows at least 10 legs" people
cat >judge.py <<'EOF'
import json, os
e = json.load(open("explained.json"))
assert e["signal"]["subject"] == "ACME" and e["signal"]["kind"] == "decline", e["signal"]
days = [d for d in e["days"] if d["in_window"]]
assert [d["legs"] for d in days] == [4] * 7, days
assert sum(d["legs"] for d in e["days"] if not d["in_window"]) == 28 * 40
ranges = {os.path.basename(r["stream"]): r for r in e["ranges"]}
# past.csv has nothing of the window, other.csv nothing of ACME: both are known not to matter.
assert set(ranges) == {"week.csv", "bare.csv"}, ranges
week, bare = ranges["week.csv"], ranges["bare.csv"]
assert week["subject_known"] and week["subject_records"] == 14, week
assert week["to"] == os.path.getsize("week.csv"), week
assert week["from"] <= len("id,customer,start,duration,participant\n")
assert not bare["subject_known"] and "subject_records" not in bare, bare
assert bare["accepted"] == 14 and bare["to"] == os.path.getsize("bare.csv"), bare
assert e["subject_records_known"] == 14
assert e["rule"]["is_current"] and e["rule"]["thresholds"]
assert [i["input"] for i in e["inputs"]] == ["import"]
EOF
check "numbers and ranges are those of the files" python3 judge.py
check "people see the file and its bytes" grep -q "bytes [0-9]* to $(wc -c <week.csv), batch" people
check "and how many were ACME's" grep -q "14 of these batches' were ACME's, in the window" people
check "and where that is not known" grep -q "whose they were is not kept" people
# The same customer by joins and leaves: what they came by is known, and what others came by is left out.
cat >p.conf <<EOF
state_dir = "$dir/paired"
clock = "data"
http { listen = "" }
EOF
python3 - <<'EOF'
import csv, json
for name in ("past", "week"):
    with open(f"{name}.ndjson", "w") as out:
        for n, r in enumerate(csv.DictReader(open(f"{name}.csv"))):
            if r["customer"] not in ("ACME", "c00", "c01"):
                continue
            base = {"conference": f"k{name}{n}", "customer": r["customer"], "participant": r["participant"]}
            end = r["start"].replace(":00Z", ":50Z")
            out.write(json.dumps({"kind": "join", "start": r["start"], **base}) + "\n")
            out.write(json.dumps({"kind": "leave", "start": end, **base}) + "\n")
EOF
paired() {
    for f in past week; do
        cs import --config p.conf --format ndjson "$f.ndjson" || return 1
    done
    cs import --config p.conf --format csv other.csv
}
check "joins and leaves instead" paired
id=$(cs signal list --config p.conf --kind decline --subject ACME --csv | sed -n '2s/,.*//p')
check "the decline is a signal again" [ -n "$id" ]
cs signal explain "$id" --config p.conf --json >paired.json
check "it leads to the file of the joins, which stands among the inputs" python3 -c '
import json, os, sqlite3, sys
e = json.load(open("paired.json"))
files = {os.path.basename(r["stream"]) for r in e["ranges"]}
assert "week.ndjson" in files and "other.csv" not in files, files
ways = sqlite3.connect("paired/crm.db").execute("SELECT input FROM way WHERE name = ?", ("ACME",)).fetchall()
assert ways == [("import",)], ways'
check "an unknown id" sh -c "! '$bin/callswell' signal explain ffff --config c.conf"
check "what is complete is not held" equals "$(cs signal list --config c.conf --state held --csv | wc -l)" 1
finish
