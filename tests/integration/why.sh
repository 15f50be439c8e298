#!/bin/sh
# What was planted in generated records is found by `callswell why`, end to end.
. "$(dirname "$0")/lib.sh"
cat >c.conf <<EOC
state_dir = "$dir/state"
clock = "data"
timezone = "Europe/Berlin"
http { listen = "127.0.0.1:0" }
EOC
cs generate --records 300000 --days 60 --customers 400 --until 2026-11-22 --seed 3 --out r.csv \
    --truth truth.json
check "import" cs import --config c.conf --format csv r.csv
check "causes that are still going on are found, and no other" python3 - "$bin/callswell" <<'EOP'
import json, subprocess, sys
truth = json.load(open("truth.json"))
def why(*args):
    return json.loads(subprocess.run([sys.argv[1], "why", "--config", "c.conf", "--json", *args],
                                     check=True, capture_output=True).stdout)
bad = 0
for surge in truth["surges"]:
    if surge["to"] < "2026-11-20":
        continue
    a = why(surge["customer"])
    causes = [(d["name"], d["parts"][0]["name"]) for d in a["dimensions"] if d["is_cause"]]
    print(surge["customer"], surge["dimension"], surge["element"], a["usual"], a["now"], causes)
    bad += a["inside_interval"]
    if surge["dimension"] == "volume":
        bad += causes != []
    else:
        bad += causes[:1] != [(surge["dimension"], surge["element"])]
    for d in a["dimensions"]:
        if d["name"] == "feature":
            continue
        for key in ("usual", "now"):
            if abs(sum(p[key] for p in d["parts"]) - a[key]) > 1e-6:
                print(d["name"], "does not add up to", key, a[key])
                bad += 1
    for chain in a["minutes"]["factors"]:
        moved = a["minutes"]["now"] - a["minutes"]["usual"]
        bad += abs(sum(f["effect_minutes"] for f in chain) - moved) > 1e-6 * abs(moved)
everybody = why("--all", "--from", "2026-11-08", "--to", "2026-11-21", "--against",
                "2026-10-11..2026-11-07")
moved = sum(v["change"] for v in everybody["customers"].values())
bad += abs(moved - everybody["change"]) > 1e-6
bad += len([d for d in everybody["dimensions"] if d["name"] == "region"]) != 1
sys.exit(bad != 0)
EOP
check "signals say what made them" python3 - <<'EOP'
import json, sqlite3, sys
truth = {s["customer"]: s for s in json.load(open("truth.json"))["surges"]
         if s["dimension"] in ("feature", "region")}
db = sqlite3.connect("file:state/crm.db?mode=ro", uri=True)
seen = 0
for customer, reason, evidence in db.execute(
        "SELECT subject, reason, evidence FROM signal WHERE kind = 'surge'"):
    s = truth.get(customer)
    if s is None or s["to"] < "2026-11-20":
        continue
    print(customer, reason)
    cause = json.loads(evidence)["causes"][0]
    seen += ((cause["dimension"], cause["part"]) == (s["dimension"], s["element"])
             and "is %s %s" % (s["dimension"], s["element"]) in reason)
sys.exit(seen == 0)
EOP
check "pairs with an outcome add up to their parts" python3 - "$bin/callswell" <<'EOP'
import collections, json, subprocess, sys
seen = set()
for name in ("--all", "operator", "C00149"):
    a = json.loads(subprocess.run([sys.argv[1], "why", name, "--config", "c.conf", "--json", "--from", "2026-11-08",
                                   "--to", "2026-11-21"], check=True, capture_output=True).stdout)
    told = {(d["name"], p["name"]): (p["usual"], p["now"]) for d in a["dimensions"] for p in d["parts"]}
    sums = collections.defaultdict(lambda: [0, 0])
    for p in a["pairs"]:
        of = [k for k in p if (k, p[k]) in told]
        (one, first), (other, second) = ((k, p[k]) for k in of)
        if other == "outcome" and one != "customer":
            for key, with_ in (((one, first), other), ((other, second), one)):
                sums[key, with_][0] += p["usual"]
                sums[key, with_][1] += p["now"]
    for (key, with_), (usual, now) in sums.items():
        seen.add((key[0], with_))
        assert abs(told[key][0] - usual) < 1e-6 and told[key][1] == now, (name, key, with_, told[key], usual, now)
print(seen)
assert {("hours", "outcome"), ("outcome", "hours"), ("region", "outcome"), ("people", "outcome")} <= seen
EOP
check "which pairs are unknown is said" contains "$(cs why C00149 --config c.conf --from 2026-10-20 \
    --to 2026-11-20)" "Features are not counted by region"
fits() { # every line at most 80 columns
    awk '{ gsub(/[^ -~]/, "x") } length($0) > 80 { print; wide = 1 } END { exit wide }' "$1"; }
for what in --all operator recording C00149; do
    cs why $what --config c.conf --from 2026-10-20 --to 2026-11-20 --against \
        2026-09-28..2026-10-19 >words.out 2>words.err || cat words.err
    check "words about $what fit the terminal" fits words.out
    check "... and say what days are" grep -q "Days are UTC" words.out
done
nothing=$(cs why C00149 --config c.conf --from 2026-10-20 --to 2026-10-24)
check "where there is nothing to explain" contains "$nothing" "there is nothing to explain."
check "... nothing is said of what cannot be" equals "$(printf '%s\n' "$nothing" | tail -n 1 | grep -c explain)" 1
check "... to programs neither" contains \
    "$(cs why C00149 --config c.conf --from 2026-10-20 --to 2026-10-24 --json)" '"notes":[]'
check "no cause is over 100 % of anything" python3 - "$bin/callswell" <<'EOP'
import re, sqlite3, subprocess, sys
db = sqlite3.connect("file:state/crm.db?mode=ro", uri=True)
said = [r for r, in db.execute("SELECT reason FROM signal WHERE kind IN ('surge', 'decline')")]
whys = subprocess.run([sys.argv[1], "why", "--config", "c.conf", "--all", "--from", "2026-11-08",
                       "--to", "2026-11-21"], check=True, capture_output=True, text=True).stdout
said += [line for line in whys.splitlines() if re.match(r" *\d\. ", line)]
causes = [s for s in said if "of the change" in s or "of it" in s]
print(causes)
over = [s for s in causes for p in re.findall(r"(\d+) % of the change|, (\d+) %\)", s)
        if int(p[0] or p[1]) > 99]
sys.exit(not causes or over != [])
EOP
check "a history that only begins says so" contains "$(cs report segments --config c.conf)" \
    "Nobody yet: what is known of this begins 2026-11-2"
check "members of groups and stages are told, as many as are counted" python3 - "$bin/callswell" <<'EOP'
import csv, io, subprocess, sys
def report(*args):
    return subprocess.run([sys.argv[1], "report", *args, "--config", "c.conf"], check=True,
                          capture_output=True, text=True).stdout
bad, seen = 0, set()
for s in csv.DictReader(io.StringIO(report("segments", "--csv"))):
    told = report("segments", "--segment", s["segment"], "--limit", "1000").splitlines()
    members = len(told) - 1 - [i for i, line in enumerate(told) if line.startswith("customer ")][0]
    bad += members != int(s["customers"])
    seen.add(s["segment"].split(":")[0])
sys.exit(bad or not {"rfm", "stage", "usage"} <= seen)
EOP
check "a customer's favourite feature is told" equals "$(cs customer show C00149 --config c.conf |
    sed -n 's/^feature *\([^,]*\), [0-9]* % of uses of features in 90 days$/\1/p')" \
    "$(sql state/crm.db "SELECT dominant_feature FROM customer_profile WHERE customer = 'C00149'")"
check "a name that nobody has" equals "$(cs why nobody --config c.conf 2>&1)" \
    'callswell: nothing is counted of "nobody" in these days: no customer, service or feature of that name'
check "days that overlap" contains "$(cs why C00149 --config c.conf --from 2026-11-01 --to 2026-11-10 \
    --against 2026-11-05..2026-11-20 2>&1)" overlap
check "no day" contains "$(cs why C00149 --config c.conf --from yesterday 2>&1)" 'not a day such as'
check "nothing asked" contains "$(cs why --config c.conf 2>&1)" "usage: callswell why"
check "a daemon" start c.conf
ask() { curl -sS "http://$address/v1/why$1"; }
check "over HTTP the same" equals "$(ask '?name=C00149')" "$(cs why C00149 --config c.conf --json)"
check "of all customers, too" contains "$(ask '?from=2026-11-08&to=2026-11-14')" \
    '"kind":"all"'
ask '?from=2026-11-08&to=2026-11-14&limit=3' >some.json
ask '?from=2026-11-08&to=2026-11-14' >usual.json
cs why --all --from 2026-11-08 --to 2026-11-14 --config c.conf --json >all.json
check "of many parts those that say most" python3 -c '
import json
few, usual, whole = (json.load(open(n + ".json")) for n in ("some", "usual", "all"))
assert max(len(d["parts"]) for d in whole["dimensions"]) > 100
for most, cut in ((3, few), (100, usual)):
    for d, w in zip(cut["dimensions"], whole["dimensions"], strict=True):
        assert d["parts"] == w["parts"][:most] and d["parts_in_all"] == len(w["parts"]), d["name"]
    assert cut["pairs"] == whole["pairs"][:most] and cut["pairs_in_all"] == len(whole["pairs"])
assert all(few[k] == whole[k] for k in whole if k not in ("dimensions", "pairs"))'
check "HTTP: a limit that is none" contains "$(ask '?limit=0')" 'expected a number from 1 to 1000'
check "HTTP: a day that is none" contains "$(ask '?from=soon')" 'not a day such as'
check "HTTP: nobody" contains "$(ask '?name=nobody')" 'nothing is counted of'
check "stop" stop
check "counters are what they are" cs verify --config c.conf
check "no part reaches Redis" equals "$(strings -n 3 state/redis/appendonlydir/* |
    grep -c '[.]x[.]%01')" 0
finish
