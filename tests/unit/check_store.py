"""check_store.py STORE RECORDS NOW - adds the records up again and compares with the store.

Independent of the program under test: standard library only, its own calendar and arithmetic.
Counters must be equal to the last digit, distinct counts within three standard errors of a
HyperLogLog of 2^14 registers (and exact to one below a hundred).
"""
import collections
import csv
import datetime
import json
import sqlite3
import sys
import zoneinfo

db = sqlite3.connect("file:%s?mode=ro" % sys.argv[1], uri=True)
now = int(sys.argv[3])
today = now // 86400
berlin = zoneinfo.ZoneInfo("Europe/Berlin")
errors = []


def iso_day(d):
    return (datetime.date(1970, 1, 1) + datetime.timedelta(days=d)).isoformat()


def iso_time(t):
    return datetime.datetime.fromtimestamp(t, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def same(what, got, want):
    if got != want and len(errors) < 20:
        errors.append("%s: %r in the store, %r from the records" % (what, got, want))


def near(what, got, want):
    if abs(got - want) > max(1, 3 * 0.0081 * want):
        errors.append("%s: about %r in the store, %r from the records" % (what, got, want))


days = collections.defaultdict(lambda: [0, 0, 0, set(), set()])
legs = []
intervals = collections.defaultdict(lambda: [0] * 5)
features = collections.defaultdict(lambda: [0, 0, set(), set()])
for kind, name, start, a, b, c, feature, ok in csv.reader(open(sys.argv[2])):
    start, ok = int(start), int(ok)
    if kind == "contact":
        row = intervals[name, iso_time(start // 900 * 900)]
        row[0] += 1
        row[1] += ok
        row[2] += 1 - ok
        row[3] += int(b) if ok else 0
        row[4] += int(a)
        continue
    day = start // 86400
    legs.append((name, start, int(a), b, c, feature, ok))
    days[name, day][0 if ok else 2] += 1
    if ok:
        days[name, day][3].add(b)
        days[name, day][4].add(c)
        end = start + int(a)
        for d in range(day, end // 86400 + 1):
            part = min(end, (d + 1) * 86400) - max(start, d * 86400)
            if part > 0:
                days[name, d][1] += part
    if feature and today - day < 90:
        f = features[feature]
        f[0 if ok else 1] += 1
        f[2].add(b)
        f[3].add(name)

# customer_day
stored = {}
for name, day, *values in db.execute("SELECT customer, day, legs, seconds, failed, participants,"
                                     " conferences FROM customer_day"):
    stored[name, day] = values
same("customer days", len(stored), len(days))
for (name, day), row in days.items():
    got = stored.get((name, iso_day(day)), [0] * 5)
    same("%s %s" % (name, iso_day(day)), got[:3], row[:3])
    near("people of %s %s" % (name, iso_day(day)), got[3], len(row[3]))
    near("conferences of %s %s" % (name, iso_day(day)), got[4], len(row[4]))

# service_interval
got = {(s, t): list(v) for s, t, *v in db.execute("SELECT * FROM service_interval")}
same("service intervals", got, dict(intervals))

# feature_demand
for name, people, customers, uses, failed in db.execute(
        "SELECT feature, people, customers, uses, failed FROM feature_demand"):
    f = features.pop(name)
    same("uses of " + name, (uses, failed), (f[0], f[1]))
    near("people of " + name, people, len(f[2]))
    near("customers of " + name, customers, len(f[3]))
same("features", dict(features), {})

# customer_profile
db.row_factory = sqlite3.Row
profiles = {p["customer"]: p for p in db.execute("SELECT * FROM customer_profile")
            if p["legs_30d"] is not None}
names = {leg[0] for leg in legs}
same("profiles", set(profiles) - {"caller"}, names)
rfm = {}
for name in names:
    p = profiles[name]
    for window in (1, 7, 28, 30, 90):
        total = [0, 0, 0]
        for (who, day), row in days.items():
            if who == name and 0 <= today - day < window:
                total = [x + y for x, y in zip(total, row)]
        same("%s in %d days" % (name, window),
             [p["%s_%dd" % (k, window)] for k in ("legs", "seconds", "failed")], total)
    mine = [x for x in legs if x[0] == name]
    ok = [x for x in mine if x[6]]
    recent = [x for x in ok if today - x[1] // 86400 < 30]
    near("people of " + name, p["participants_30d"], len({x[3] for x in recent}))
    same("features of " + name, p["features_30d"], len({x[5] for x in recent if x[5]}))
    same("last day of " + name, p["last_day"], iso_day(max(x[1] for x in ok) // 86400))
    same("first day of " + name, p["first_day"], iso_day(min(x[1] for x in ok) // 86400))
    same("first seen of " + name, p["first_seen"], iso_time(min(x[1] for x in mine) // 900 * 900))
    quarter = [x for x in ok if today - x[1] // 86400 < 90]
    same("active days of " + name, p["active_days_90d"], len({x[1] // 86400 for x in quarter}))
    if len(quarter) >= 30:
        local = [datetime.datetime.fromtimestamp(x[1] // 900 * 900, berlin) for x in quarter]
        office = sum(t.weekday() < 5 and 8 <= t.hour < 18 for t in local)
        night = sum(t.hour >= 23 or t.hour < 6 for t in local)
        same("office share of " + name, round(p["office_share"], 12), round(office / len(local), 12))
        same("night share of " + name, round(p["night_share"], 12), round(night / len(local), 12))
    rfm[name] = (-(today - max(x[1] for x in ok) // 86400), p["active_days_90d"], p["seconds_90d"])

# RFM: fifths by mid-rank
RULES = ((lambda r, f: r >= 4 and f >= 4, "champion"), (lambda r, f: r >= 3 and f >= 4, "loyal"),
         (lambda r, f: r >= 4 and f == 3, "promising"), (lambda r, f: r >= 4, "recent_low"),
         (lambda r, f: r == 3, "steady_low"), (lambda r, f: r == 2 and f >= 4, "at_risk"),
         (lambda r, f: r == 1 and f >= 4, "cant_lose"), (lambda r, f: r == 2, "cooling"),
         (lambda r, f: True, "dormant"))
members = {}
for name, value in rfm.items():
    score = []
    for k in range(3):
        less = sum(v[k] < value[k] for v in rfm.values())
        equal = sum(v[k] == value[k] for v in rfm.values())
        score.append(min(5, 1 + int(5 * (less + equal / 2) / len(rfm))))
    p = profiles[name]
    same("scores of " + name, [p["rfm_r"], p["rfm_f"], p["rfm_m"]], score)
    members[name] = next(n for rule, n in RULES if rule(score[0], score[1]))
got = {r[1]: r[0][4:] for r in db.execute("SELECT segment, customer FROM segment_member"
                                          " WHERE segment GLOB 'rfm:*'")}
same("RFM segments", got, members)
last = {}
for row in db.execute("SELECT * FROM stage_history WHERE dimension = 'rfm' ORDER BY id"):
    same("history of " + row["customer"], row["from_stage"], last.get(row["customer"]))
    last[row["customer"]] = row["to_stage"]
same("end of the history", last, members)

# the configured segment, with the columns it looked at as evidence
want = {n for n, p in profiles.items() if p["legs_30d"] > 40 and p["features_30d"] >= 3}
got = {r["customer"]: json.loads(r["evidence"]) for r in
       db.execute("SELECT * FROM segment_member WHERE segment = 'busy'")}
same("segment busy", set(got), want)
for name, evidence in got.items():
    same("evidence of " + name, sorted(evidence), ["features_30d", "legs_30d"])
if not want or len(want) == len(profiles):
    errors.append("the segment divides nobody: this test shows nothing")

for e in errors:
    print(e, file=sys.stderr)
sys.exit(1 if errors else 0)
