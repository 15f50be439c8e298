"""oracle_who.py - who the customers of a call log are, reckoned again from the log itself.

usage: oracle_who.py LOG STORE [LATER]

Every row of customer_profile is compared with what plain Python makes of the log (columns t, cust,
type, outcome, ser_time; times of Asia/Jerusalem): days and sums of use, what was used most, shares of
the hours, persona, fifths and their segment, expectations and silence by the model of the store, the
stage. The model itself is held against the likelihood: steps aside make it worse.

LATER is a log that goes on: its next four weeks against what was expected of all.
"""
import collections, csv, datetime, json, math, sqlite3, sys, zoneinfo

HOLE = 28  # days on end
ZONE = zoneinfo.ZoneInfo("Asia/Jerusalem")
RULES = [((4, 5), (4, 5), "champion"), ((3, 5), (4, 5), "loyal"), ((4, 5), (3, 3), "promising"),
         ((4, 5), (1, 5), "recent_low"), ((3, 3), (1, 5), "steady_low"), ((2, 2), (4, 5), "at_risk"),
         ((1, 1), (4, 5), "cant_lose"), ((2, 2), (1, 5), "cooling"), ((1, 5), (1, 5), "dormant")]


def read(path):
    rows = []
    for r in csv.DictReader(open(path)):
        if r["outcome"] == "PHANTOM" or r["cust"] == "0":
            continue
        local = datetime.datetime.fromisoformat(r["t"]).replace(tzinfo=ZONE)
        utc = local.astimezone(datetime.timezone.utc)
        rows.append((r["cust"], utc, local, r["type"], r["outcome"] == "AGENT", int(r["ser_time"])))
    return rows


def fifths(values, reverse=False):
    """1 + floor(5 * (less + equal / 2) / n): equal values get equal scores."""
    n, less, score = len(values), 0, {}
    for v, equal in sorted(collections.Counter(values).items(), reverse=reverse):
        score[v] = min(5, 1 + 5 * (2 * less + equal) // (2 * n))
        less += equal
    return score


# --- BG/NBD (Fader, Hardie, Lee 2005) ---

def log_beta(a, b):
    return math.lgamma(a) + math.lgamma(b) - math.lgamma(a + b)


def likelihood(m, customers):
    r, alpha, a, b = m
    total = 0
    for (x, t_x, age), n in customers.items():
        a3 = -(r + x) * math.log(alpha + age)
        tail = a3
        if x:
            a4 = math.log(a) - math.log(b + x - 1) - (r + x) * math.log(alpha + t_x)
            tail = max(a3, a4) + math.log1p(math.exp(-abs(a3 - a4)))
        total += n * (math.lgamma(r + x) - math.lgamma(r) + r * math.log(alpha)
                      + log_beta(a, b + x) - log_beta(a, b) + tail)
    return total


def expected(m, x, t_x, age, t):
    r, alpha, a, b = m
    z, term, sum_, k = t / (alpha + age + t), 1.0, 1.0, 0
    while abs(term) > 1e-15 * sum_:
        term *= (r + x + k) * (b + x + k) / (a + b + x - 1 + k) / (k + 1) * z
        sum_, k = sum_ + term, k + 1
    alive = 1 / (1 + (x > 0) * a / (b + x - 1) * ((alpha + age) / (alpha + t_x)) ** (r + x))
    return (a + b + x - 1) / (a - 1) * (1 - ((alpha + age) / (alpha + age + t)) ** (r + x) * sum_) * alive


def near(a, b, off):
    return (a is None) == (b is None) and (a is None or abs(a - b) <= off * max(abs(b), 1e-9))


def main():
    rows, db = read(sys.argv[1]), sqlite3.connect(sys.argv[2])
    db.row_factory = sqlite3.Row
    said = {r["customer"]: dict(r) for r in db.execute("SELECT * FROM customer_profile")}
    today = max(utc for _, utc, *_ in rows).date().toordinal()
    input_days = sorted({utc.date().toordinal() for _, utc, *_ in rows})
    counted = set(range(input_days[0], today + 1))  # weeks on end without input are no time
    for a, b in zip(input_days, input_days[1:]):
        if b - a > HOLE:
            counted -= set(range(a + 1, b))
    heard, time = [0] * (today + 2), [0] * (today + 2)  # days with input, and that count, up to each
    for d in range(input_days[0], today + 1):
        heard[d] = heard[d - 1] + (d in input_days)
        time[d] = time[d - 1] + (d in counted)
    legs = collections.defaultdict(list)
    for cust, *rest in rows:
        legs[cust].append(rest)
    assert set(said) == set(legs), (len(said), len(legs))

    bad = collections.Counter()

    def check(cust, what, got, want, off=0):
        if not (near(got, want, off) if isinstance(want, float) else got == want):
            bad[what] += 1
            if bad[what] <= 3:
                print(f"customer {cust}: {what} is {got}, by the log {want}")

    facts = {}
    for cust, calls in legs.items():
        good = [c for c in calls if c[3]]
        days = sorted({c[0].date().toordinal() for c in good})
        facts[cust] = good, days
        p = said[cust]
        if not days:
            check(cust, "stage", p["stage"], "intent")
            check(cust, "rfm_segment", p["rfm_segment"], None)
            continue
        for span in (30, 90):
            since = today - span
            check(cust, f"active_days_{span}d", p[f"active_days_{span}d"], sum(d > since for d in days))
            used = [c for c in good if c[0].date().toordinal() > since]
            check(cust, f"legs_{span}d", p[f"legs_{span}d"], len(used))
            check(cust, f"seconds_{span}d", p[f"seconds_{span}d"], sum(c[4] for c in used))
        check(cust, "last_day", p["last_day"], datetime.date.fromordinal(days[-1]).isoformat())
        check(cust, "days_since_last", p["days_since_last"], today - days[-1])
        kinds = collections.Counter(c[2] for c in used)
        if kinds:
            best = min(kinds, key=lambda k: (-kinds[k], k))
            check(cust, "dominant_feature", p["dominant_feature"], best)
            check(cust, "dominant_feature_share", p["dominant_feature_share"], kinds[best] / len(used), 1e-9)
        persona = None
        if len(used) >= 30:
            share = lambda f: sum(f(c[1]) for c in used) / len(used)
            office = share(lambda t: t.weekday() < 5 and 8 <= t.hour < 18)
            evening, night = share(lambda t: 18 <= t.hour < 23), share(lambda t: t.hour >= 23 or t.hour < 6)
            rest = share(lambda t: t.weekday() >= 5)
            persona = ("office" if office >= 0.6 else "evening" if evening >= 0.4 else "night"
                       if night >= 0.25 else "weekend" if rest >= 0.45 else "mixed")
            check(cust, "office_share", p["office_share"], office, 1e-9)
            check(cust, "evening_share", p["evening_share"], evening, 1e-9)
        check(cust, "persona", p["persona"], persona)

    use = {c: f for c, f in facts.items() if f[1]}
    recency = {c: today - d[-1] for c, (_, d) in use.items()}
    often = {c: sum(x > today - 90 for x in d) for c, (_, d) in use.items()}
    worth = {c: sum(g[4] for g in good if g[0].date().toordinal() > today - 90) for c, (good, d) in use.items()}
    r, f, m = (fifths(list(v.values()), back) for v, back in ((recency, True), (often, False), (worth, False)))
    for c in use:
        s = r[recency[c]], f[often[c]], m[worth[c]]
        check(c, "rfm", (said[c]["rfm_r"], said[c]["rfm_f"], said[c]["rfm_m"]), s)
        check(c, "rfm_segment", said[c]["rfm_segment"],
              next(n for a, b, n in RULES if a[0] <= s[0] <= a[1] and b[0] <= s[1] <= b[1]))

    kept = json.loads(db.execute("SELECT parameters FROM model WHERE name = 'activity'").fetchone()[0])
    model = [kept[k] for k in ("r", "alpha_weeks", "a", "b")]
    habits = collections.Counter()
    for c, (_, days) in use.items():
        t_x = time[days[-1]] - time[days[0]]
        age = t_x + (time[today - 1] - time[days[-1]] + 1 if days[-1] < today else 0)
        since = heard[today - 1] - heard[days[-1]] if days[-1] < today else 0
        habit = (len(days) - 1, t_x / 7, age / 7)
        habits[habit] += 1
        check(c, "expected_days_4w", said[c]["expected_days_4w"], expected(model, *habit, 4.0), 1e-6)
        check(c, "expected_days_13w", said[c]["expected_days_13w"], expected(model, *habit, 13.0), 1e-6)
        silence = ((model[1] + habit[1]) / (model[1] + habit[1] + since / 7)) ** (model[0] + habit[0])
        check(c, "silence_p", said[c]["silence_p"], silence, 1e-6)
        late = datetime.date.fromordinal(today).isoformat() >= said[c]["due_by"]
        check(c, "stage", said[c]["stage"], "dormant" if late else "first" if len(days) == 1 else "repeat")

    best = likelihood(model, habits)
    print(f"{len(use)} customers of {len(said)}; r, alpha, a, b {model}: {best:.1f}")
    for i in range(4):
        for by in (0.7, 1.4):
            aside = [v * (by if i == k else 1) for k, v in enumerate(model)]
            assert likelihood(aside, habits) < best, (aside, best)
    if len(sys.argv) > 3:
        ahead = {(c, u.date()) for c, u, _, _, good, _ in read(sys.argv[3])
                 if good and c in use and today < u.date().toordinal() <= today + 28}
        hoped = sum(said[c]["expected_days_4w"] for c in use)
        print(f"expected {hoped:.0f} active days in four weeks, came {len(ahead)}")
        assert 0.67 < hoped / len(ahead) < 1.5
    print(dict(bad) or "every figure agrees")
    sys.exit(bool(bad))


main()
