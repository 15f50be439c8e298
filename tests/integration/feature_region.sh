#!/bin/sh
# Features of a region: whose attempts came mostly from there, what they used, and how far the answer is the
# region's; on the command line and over HTTP, against the oracle's reading of the same records.
. "$(dirname "$0")/lib.sh"
cat >c.conf <<EOF
state_dir = "$dir/state"
clock = "data"
http { listen = "127.0.0.1:0" }
segment "often" { where = "legs_90d > 150" }
EOF
cs generate --records 40000 --days 60 --until 2026-05-01 --customers 250 --seed 11 --format csv --out usage.csv \
    2>/dev/null
# Half of its attempts is not more than half; one more is. Failed attempts count, and those from nowhere.
cat >edge.csv <<EOF
id,customer,start,duration,outcome,features,region,participant
e1,EVEN,2026-04-10T10:00:00Z,60,ok,rare,atlantis,p1
e2,EVEN,2026-04-11T10:00:00Z,60,ok,rare,,p2
e3,MOST,2026-04-10T10:00:00Z,60,failed,rare,atlantis,p3
e4,MOST,2026-04-11T10:00:00Z,60,ok,rare,atlantis,p4
e5,MOST,2026-04-12T10:00:00Z,60,ok,rare,us-east,p4
e6,ELSE,2026-04-12T10:00:00Z,60,ok,rare,us-east,p5
EOF
for f in usage edge; do check "import $f" cs import --config c.conf --format csv $f.csv; done
check "start" start c.conf

cat >judge.py <<'EOF'
import datetime, json, os, sqlite3, subprocess, sys, urllib.error, urllib.parse, urllib.request
from collections import defaultdict
sys.path.insert(0, os.environ["TOOLS"])
from oracle_rules import Totals

def day(text):
    return (datetime.date.fromisoformat(text) - datetime.date(1970, 1, 1)).days

class Regions(Totals):
    def __init__(self):
        super().__init__()
        self.came = defaultdict(lambda: defaultdict(int))   # (customer, day): attempts by region
        self.who = defaultdict(set)                         # (customer, feature, day): people
    def add_leg(self, r):
        super().add_leg(r)
        self.came[r.fields["customer"], r.start // 86400][r.fields.get("region")] += 1
    def add_features(self, r):
        super().add_features(r)
        for f in r.features:
            if r.fields.get("participant"):
                self.who[r.fields["customer"], f, r.start // 86400].add(r.fields["participant"])

truth = Regions()
truth.read_file("usage.csv")
truth.read_file("edge.csv")

def expected(region, first, end, among):
    first, end = day(first), day(end)
    by = defaultdict(lambda: defaultdict(int))
    for (c, d), came in truth.came.items():
        if first <= d < end and (among is None or c in among):
            for r, n in came.items():
                by[c][r] += n
    members = {c for c, came in by.items() if 2 * came[region] > sum(came.values())}
    whole = sum(sum(c.values()) for c in by.values())
    out = {"here": sum(by[c][region] for c in members), "all": sum(sum(by[c].values()) for c in members),
           "from_there": sum(c[region] for c in by.values()), "whole": whole,
           "known": whole - sum(c[None] for c in by.values()), "features": {}, "by": by}
    for (c, d), used in truth.used.items():
        if c in members and first <= d < end:
            for f, (ok, failed) in used.items():
                row = out["features"].setdefault(f, [0, 0, set(), set(), set(), set()])
                row[0] += ok
                row[1] += failed
                row[2].add(c)
                if ok:
                    row[3].add(c)
                if failed:
                    row[4].add(c)
                row[5] |= truth.who[c, f, d]
    return out

def near(a, b, what):
    assert abs(a - b) < 1e-9, (what, a, b)

def judge(rows, head, want, what):
    got = {r["feature"]: r for r in rows}
    assert set(got) == set(want["features"]), (what, set(got) ^ set(want["features"]))
    for f, (ok, failed, who, had, wanted, people) in want["features"].items():
        r = got[f]
        assert [r["uses"], r["failed"], r["customers"], r["customers_wanting"], r["customers_denied"]] == \
            [ok, failed, len(who), len(wanted), len(wanted - had)], (what, f, r, ok, failed)
        assert r["people_low"] * 0.98 <= len(people) <= r["people_high"] * 1.02, (what, f, r, len(people))
    near(head["region_here"], want["here"] / want["all"], what)
    near(head["region_covered"], want["here"] / want["from_there"], what)
    near(head["region_known"], want["known"] / want["whole"], what)

def cli(*args):
    return json.loads(subprocess.run([os.environ["CS"], "report", "features", "--config", "c.conf", "--json", *args],
                                     check=True, capture_output=True, text=True).stdout)

def http(path, **query):
    return json.load(urllib.request.urlopen(f"http://{os.environ['ADDRESS']}/v1/{path}?{urllib.parse.urlencode(query)}"))

db = sqlite3.connect("file:state/crm.db?mode=ro", uri=True)
often = {c for (c,) in db.execute("SELECT customer FROM segment_member WHERE segment = 'often'")}
assert 10 < len(often) < 200, len(often)
seen = refused = 0
for first, end in (("2026-03-02", "2026-05-02"), ("2026-04-08", "2026-04-20")):
    for segment, among in ((None, None), ("often", often)):
        more = {"segment": segment} if segment else {}
        for region in ("us-east", "eu-central", "atlantis"):
            want = expected(region, first, end, among)
            if not want["from_there"]:
                try:
                    http("feature_use", region=region, **{"from": first, "to": end}, **more)
                    raise SystemExit("a region without anybody is answered")
                except urllib.error.HTTPError as e:
                    assert e.code == 400 and "us-east" in e.read().decode()
                    refused += 1
                continue
            options = [f"--{k}={v}" for k, v in more.items()]
            rows = cli(f"--region={region}", f"--from={first}", f"--to={end}", *options)
            judge(rows, rows[0], want, ("cli", region, first, segment))
            answer = http("feature_use", region=region, **{"from": first, "to": end}, **more)
            assert answer["rule"].startswith("customers more than half")
            judge(answer["rows"], answer, want, ("http", region, first, segment))
            seen += 1
        listed = http("regions", **{"from": first, "to": end}, **more)
        want = expected(None, first, end, among)
        assert listed["attempts"] == want["whole"]
        for r in listed["rows"]:
            name = r["region"]
            assert r["attempts"] == sum(c[name] for c in want["by"].values()), r
            assert r["customers"] == sum(c[name] > 0 for c in want["by"].values()), r
            assert r["customers_mostly"] == sum(2 * c[name] > sum(c.values()) for c in want["by"].values()), r
            near(r["share"], r["attempts"] / want["whole"], r)
        assert {r["region"] for r in listed["rows"]} == {n for c in want["by"].values() for n in c if c[n]}
assert (seen, refused) == (10, 2), (seen, refused)
only = http("feature_use", region="atlantis")
assert only["customers"] == 1 and [(r["feature"], r["uses"], r["failed"]) for r in only["rows"]] == [("rare", 2, 1)], only
EOF
judge() { TOOLS=$project/tests/tools CS=$bin/callswell ADDRESS=$address python3 judge.py; }
check "members, uses, people and shares are the oracle's" judge
cs report features --config c.conf --region us-east >people
check "for people: by which rule" contains "$(tr '\n' ' ' <people)" \
    "Region us-east: customers more than half of whose attempts in the period came from there."
check "in 80 columns" [ "$(wc -L <people)" -le 80 ]
curl -sS "http://$address/v1/feature_use?region=us-east&format=csv" >rows.csv
cs report features --config c.conf --region us-east --csv >same.csv
check "rows over HTTP" [ "$(wc -l <rows.csv)" -gt 5 ]
check "HTTP and the command line write the same CSV" cmp rows.csv same.csv
code() { curl -sS -o body -w '%{http_code}' "http://$address/v1/$1"; }
check "a region that nobody came from" equals "$(code 'feature_use?region=nowhere')" 400
check "a segment that there is not" equals "$(code 'feature_use?segment=nobody')" 400
check "no such parameter" equals "$(code 'regions?region=us-east')" 400
check "days in the wrong order" equals "$(code 'regions?from=2026-05-01&to=2026-04-01')" 400
check "it ends in order" stop

# Who is limited to an owner's customers hears of these alone, whatever is asked.
printf 'id,name,owner\nMOST,Most,ann\nEVEN,Even,ann\nELSE,Else,bob\n' >customers.csv
check "owners" cs customer import --config c.conf customers.csv
ann=$(cs token add --config c.conf --role read --owner ann ann | tail -n 1)
check "start with tokens" start c.conf
told() { curl -sS -H "Authorization: Bearer $ann" "http://$address/v1/$1" | python3 -c "
import json, sys
a = json.load(sys.stdin)
print([(r.get('region'), r.get('attempts'), r.get('feature'), r.get('uses'), r.get('failed')) for r in a['rows']])"; }
check "regions of hers" equals "$(told regions)" \
    "[('atlantis', 3, None, None, None), (None, 1, None, None, None), ('us-east', 1, None, None, None)]"
check "features of hers" equals "$(told feature_use)" "[(None, None, 'rare', 4, 1)]"
check "and of a region" equals "$(told 'feature_use?region=atlantis')" "[('atlantis', None, 'rare', 2, 1)]"
check "it ends in order, too" stop
finish
