#!/bin/sh
# A change that large conferences made is found by `callswell why`, and sizes add up to the whole.
. "$(dirname "$0")/lib.sh"
cat >c.conf <<EOC
state_dir = "$dir/state"
clock = "data"
format "legs" {
    type        = "ndjson"
    conferences = yes
}
EOC
# Two customers: webinars of 40 grew at one, at the other all sizes alike; conferences begin at any
# hour, so some go on past midnight. What each class of size has by day, as a leg's own day tells,
# is written beside the records.
python3 - <<'EOP'
import json, random
from datetime import datetime, timedelta, timezone
random.seed(20261122)
first = datetime(2026, 10, 19, tzinfo=timezone.utc)
legs, truth, n = [], {}, 0
def size_class(people):
    return next(name for most, name in ((2, "1-2"), (5, "3-5"), (10, "6-10"), (25, "11-25"),
                                        (10**9, "26+")) if people <= most)
def conference(customer, day, people):
    global n
    n += 1
    begin = first + timedelta(days=day, seconds=random.randrange(86400))
    for p in range(people):
        start = begin + timedelta(seconds=random.randrange(600) if p else 0)
        legs.append((start, {"customer": customer, "conference": "c%d" % n, "participant": "p%d" % p,
                             "id": "%d.%d" % (n, p), "start": start.isoformat(),
                             "duration": 1800 + random.randrange(600)}))
        key = customer, str(start.date()), size_class(people)
        truth[key] = truth.get(key, 0) + 1
for day in range(35):
    late = day >= 28
    for customer, times in (("webinars", 1), ("alike", 2 if late else 1)):
        for _ in range(times * 30):
            conference(customer, day, random.choice((2, 2, 3, 4, 4, 7, 9, 12)))
        for _ in range(times * random.choice((0, 1, 1, 2))):
            conference(customer, day, random.randrange(30, 50))
    for _ in range(3 if late else 0):
        conference("webinars", day, random.randrange(36, 44))
    legs.append((first + timedelta(days=day, hours=12),
                 {"customer": "webinars", "id": "r%d" % day, "outcome": "rejected",
                  "start": (first + timedelta(days=day, hours=12)).isoformat(), "duration": 0}))
    legs.append((first + timedelta(days=day, hours=13),
                 {"customer": "plain", "id": "t%d" % day,
                  "start": (first + timedelta(days=day, hours=13)).isoformat(), "duration": 60}))
end = first + timedelta(days=35, hours=2) # the weeks before are over
legs.append((end, {"customer": "plain", "id": "end", "start": end.isoformat(), "duration": 60}))
legs.sort(key=lambda leg: leg[0])
with open("legs.ndjson", "w") as f:
    for _, leg in legs:
        f.write(json.dumps(leg) + "\n")
json.dump([[*key, count] for key, count in truth.items()], open("truth.json", "w"))
EOP
check "import" cs import --config c.conf --format legs legs.ndjson
why() { cs why "$@" --from 2026-11-16 --to 2026-11-22 --against 2026-10-19..2026-11-15 --config c.conf; }
for what in webinars alike plain --all; do
    why $what --json >"why.$what.json" 2>why.err || cat why.err
    why $what >"why.$what.txt"
done
check "parts are what conferences' sizes were, day by day" python3 - <<'EOP'
import json
truth = {}
for customer, day, size, legs in json.load(open("truth.json")):
    for who in (customer, "--all"):
        usual = truth.setdefault((who, size), [0, 0])
        if "2026-11-16" <= day < "2026-11-23":
            usual[1] += legs
        elif day < "2026-11-16":
            usual[0] += legs / 4
bad = 0
for who in ("webinars", "alike", "--all"):
    a = json.load(open("why.%s.json" % who))
    size = [d for d in a["dimensions"] if d["name"] == "conference size"]
    parts = {p["name"]: p for p in size[0]["parts"]}
    for k in ("usual", "now"):
        bad += abs(sum(p[k] for p in parts.values()) - a[k]) > 1e-6
    slack = 0
    for name, p in parts.items():
        if name in ("not known", "not let in"):
            continue
        want = truth.pop((who, name))
        for k, w in (("usual", want[0]), ("now", want[1])):
            if abs(p[k] - w) > 0.01 * a[k]:  # of conferences over the borders of the weeks
                print(who, name, k, p[k], "instead of", w)
                bad += 1
    if who != "alike":
        bad += parts["not let in"]["now"] != 7
bad += len(truth)
raise SystemExit(bad != 0)
EOP
check "no part is below nothing on any day, and each day adds up" python3 - "$bin/callswell" <<'EOP'
import json, subprocess, sys
for day in range(16, 23):
    a = json.loads(subprocess.run(
        [sys.argv[1], "why", "alike", "--from", "2026-11-%d" % day, "--to", "2026-11-%d" % day,
         "--against", "2026-10-19..2026-11-15", "--config", "c.conf", "--json"], check=True,
        capture_output=True).stdout)
    parts = next(d["parts"] for d in a["dimensions"] if d["name"] == "conference size")
    assert all(p[k] >= 0 for p in parts for k in ("usual", "now")), (day, parts)
    assert sum(p["now"] for p in parts) == a["now"], day
EOP
cause() {
    python3 -c 'import json, sys
print([(d["name"], [p["name"] for p in d["parts"]][:1]) for d in json.load(open(sys.argv[1]))["dimensions"]
       if d["is_cause"]])' "$1"
}
check "large conferences are the reason" equals "$(cause why.webinars.json)" "[('conference size', ['26+'])]"
check "... in words" contains "$(cat why.webinars.txt)" "is conference size 26+."
check "where all sizes grew none is the reason" equals "$(cause why.alike.json)" "[]"
check "calls without a conference have no sizes" equals "$(grep -c size why.plain.txt)" 0
check "all lines fit a terminal" equals "$(cat why.*.txt | awk 'length($0) > 80')" ""
finish
