#!/usr/bin/env python3
"""bench.py - every goal of speed and size, measured: `make bench`, `make bench-quick`.

  bench.py [--bin BUILD] [--quick] [--rounds N] [--records N] [--days N] [--customers N] [ROW...]

ROW is the beginning of a row's name (csv, ndjson, http ...); without one, all rows, or with
--quick those that take under two minutes together. Data is generated once a day.

Why it is done this way. Machines that are shared swing two- to threefold within minutes, so:
- What counts is CPU time, and where it can be, the ratio to another program that ran on the same
  data in the same minutes.
- Each case is pinned to one core, with the Redis that callswell starts, and DuckDB alike; only
  "both cores" are free. Threads that move between cores cost up to a third more CPU time, and do
  so by chance. What sends or asks runs on another core and is not counted.
- Every file is read once unmeasured: first passes over it are slower. Then all cases run in five
  rounds, each beginning with another case, so that none always comes first.
- The yardstick (yardstick.c) is the job's inner loop and nothing else: what this processor could
  do with this data in these minutes.
- The figure is the best of the rounds, because noise only ever adds; the median stands beside
  it and says how much there was.

Written: build/bench/result.json with every round, build/bench/result.txt with the table.
"""
import argparse
import json
import os
import platform
import sys
import time

import cases_import
import cases_network
import cases_peers
import cases_whole
from measure import PROJECT, Results, Site, Skipped
from rows import ROWS

ROUNDS = 5
CASES = {**cases_import.CASES, **cases_network.CASES, **cases_peers.CASES, **cases_whole.CASES}


def read_options():
    p = argparse.ArgumentParser()
    p.add_argument("--bin", default=os.path.join(PROJECT, "build"))
    p.add_argument("--quick", action="store_true")
    p.add_argument("--rounds", type=int, default=ROUNDS)
    p.add_argument("--records", type=int, default=2000000)
    p.add_argument("--days", type=int, default=30)
    p.add_argument("--customers", type=int, default=20000)
    p.add_argument("rows", nargs="*", metavar="ROW")
    return p.parse_args()


def chosen(options):
    rows = [r for r in ROWS if r.quick or not options.quick]
    if options.rows:
        unknown = [w for w in options.rows if not any(r.key.startswith(w) for r in ROWS)]
        if unknown:
            sys.exit("bench: no row begins with %s; there are: %s" % (
                ", ".join(unknown), " ".join(r.key for r in ROWS)))
        rows = [r for r in ROWS if any(r.key.startswith(w) for w in options.rows)]
    return rows


def run_case(site, results, case, keep):
    if case in results.skipped:
        return
    try:
        figures = CASES[case].run(site)
    except Skipped as why:
        results.skipped[case] = str(why)
        print("%s: skipped: %s" % (case, why), flush=True)
        return
    if keep:
        results.add(case, figures)


def run_all(site, cases, rounds):
    results = Results()
    for case in (c for c in cases if CASES[c].warm):
        print("%s, unmeasured ..." % case, flush=True)
        run_case(site, results, case, False)
    rotated = [c for c in cases if not CASES[c].last]
    for n in range(rounds if rotated else 0):
        at = n % len(rotated)
        print("round %d of %d ..." % (n + 1, rounds), flush=True)
        for case in rotated[at:] + rotated[:at]:
            if CASES[case].rounds is None or n < CASES[case].rounds:
                run_case(site, results, case, True)
    for case in cases:
        if CASES[case].last:
            print("%s ..." % case, flush=True)
            run_case(site, results, case, True)
    return results


def number(x):
    return "-" if x is None else "%.0f" % x if x >= 1000 else "%.3g" % x


def judged(rows, results):
    """What is printed and written of each row."""
    out = []
    for row in rows:
        why = next((results.skipped[c] for c in row.cases if c in results.skipped), None)
        best = None if why else row.value(results.best)
        out.append({"row": row.key, "title": row.title, "unit": row.unit, "goal": row.goal,
                    "floor": row.floor, "less_is_better": row.less, "best": best,
                    "median": None if why else row.value(results.median),
                    "reached": "skipped" if why else row.judge(best), "skipped": why})
    return out


def goal_table(judgements):
    line = "%-37s %-8s %6s %6s %6s %6s %5s"
    yield line % ("best and median of the rounds", "unit", "goal", "floor", "best", "median", "meets")
    for j in judgements:
        yield line % (j["title"][:37], j["unit"], number(j["goal"]), number(j["floor"]),
                      number(j["best"]), number(j["median"]),
                      "" if j["skipped"] else j["reached"])
        if j["skipped"]:
            yield "    skipped: %s" % j["skipped"][:66]


def case_table(results):
    line = "%-16s %9s %11s %8s %9s %9s %11s"
    yield line % ("best round of", "M/CPU-s", "with Redis", "wall s", "peak MB", "x DuckDB",
                  "x yardstick")
    for case, rounds in results.rounds.items():
        if not all("records" in r and "cpu_seconds" in r for r in rounds):
            continue
        own, everything = results.best(case, "cpu_seconds"), results.best(case, "all_cpu")
        records = rounds[0]["records"]
        ratios = ["%.2f" % (results.best(other, "cpu_seconds") / everything)
                  if other in results.rounds and case.startswith("csv") else "-"
                  for other in ("duckdb", "yardstick")]
        yield line % (case, "%.2f" % (records / own / 1e6), "%.2f" % (records / everything / 1e6),
                      "%.2f" % results.best(case, "seconds"),
                      "%.0f" % (results.best(case, "peak_kilobytes") / 1024), *ratios)


SAME_RECORDS = (("csv-counted", "csv-kept", "csv-both", "ndjson-counted", "ndjson-kept",
                 "yardstick"), ("tcp", "http-batches"))


def differences(results):
    """Who worked on the same records must have counted the same; answers what did not."""
    out = []
    for cases in SAME_RECORDS:
        counts = {}
        for case in cases:
            for r in results.rounds.get(case, ()):
                counts.setdefault(tuple(r[k] for k in ("records", "accepted", "duplicates",
                                                       "quarantined")), set()).add(case)
        if len(counts) > 1:
            out += ["%s: %d records, %d accepted, %d duplicates, %d refused" % (
                (", ".join(sorted(cases)),) + count) for count, cases in sorted(counts.items())]
    return out


def write_down(site, options, judgements, results, seconds):
    size = dict(zip(("records", "days", "customers"), site.size))
    with open(os.path.join(site.work, "result.json"), "w", encoding="utf-8") as f:
        json.dump({"made": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), "data": size,
                   "machine": {"cores": len(site.both), "kernel": platform.release(),
                               "load": os.getloadavg()},
                   "rounds": options.rounds, "seconds": round(seconds), "rows": judgements,
                   "cases": results.rounds, "skipped": results.skipped}, f, indent=1)
        f.write("\n")
    text = "\n".join([*goal_table(judgements), "", *case_table(results), ""])
    with open(os.path.join(site.work, "result.txt"), "w", encoding="utf-8") as f:
        f.write(text)
    print("\n" + text)
    print("written: build/bench/result.json, build/bench/result.txt")


def main():
    options = read_options()
    begun = time.monotonic()
    site = Site(options.bin, options.records, options.days, options.customers)
    rows = chosen(options)
    cases = [c for c in CASES if any(c in r.cases for r in rows)]
    results = run_all(site, cases, options.rounds)
    write_down(site, options, judged(rows, results), results, time.monotonic() - begun)
    wrong = differences(results)
    if wrong:
        sys.exit("bench: not the same work, so no comparison:\n  " + "\n  ".join(wrong))


if __name__ == "__main__":
    main()
