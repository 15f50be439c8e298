#!/usr/bin/env python3
"""bench.py - every goal of speed and size, measured: `make bench`, `make bench-quick`.

  bench.py [--bin BUILD] [--against BUILD] [--quick] [--rounds N] [--records N] [--days N]
           [--customers N] [ROW...]

ROW is the beginning of a row's name (csv, ndjson, http ...); without one, all rows, or with
--quick those that take under two minutes together. --against runs another build's programs in
the same rounds, for a change that has to show what it is worth. Data is generated once a day.

Why it is done this way. Machines that are shared swing two- to threefold within minutes, so:
- What counts is CPU time, and where it can be, the ratio to another program that ran on the same
  data in the same minutes.
- Each case is pinned to one core, with the Redis that callswell starts, and DuckDB alike; only
  "both cores" are free. A thread that moves finds cold caches at the other core, and does so by
  chance. What sends or asks runs on that one and is not counted.
- Every file is read once unmeasured: first passes over it are slower. Then all cases run in five
  rounds, each beginning with another case, so that none always comes first.
- The yardstick (yardstick.c) is the job's inner loop and nothing else: what this processor could
  do with this data in these minutes.
- The figure is the best of the rounds, because noise only ever adds; the median stands beside
  it and says how much there was.

Written: build/bench/result.json with every round, build/bench/result.txt with the table.
"""
import argparse
import os
import sys
import time

import cases_import
import cases_network
import cases_peers
import cases_whole
from measure import PROJECT, Failed, Results, Site, Skipped
from report import differences, judged, write_down
from rows import ROWS

ROUNDS = 5
CASES = {**cases_import.CASES, **cases_network.CASES, **cases_peers.CASES, **cases_whole.CASES}


def read_options():
    p = argparse.ArgumentParser()
    p.add_argument("--bin", default=os.path.join(PROJECT, "build"))
    p.add_argument("--against", metavar="BUILD")
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
    if case in results.missing:
        return
    try:
        figures = CASES[case].run(site)
    except Exception as why:  # whatever it is, the other cases' minutes are not lost
        if isinstance(why, (Skipped, Failed)):
            results.missing[case] = "%s: %s" % (type(why).__name__.lower(),
                                                " ".join(str(why).split()))
        else:
            results.missing[case] = "failed: %r" % why
        results.failed |= not isinstance(why, Skipped)
        print("%s %s" % (case, results.missing[case]), flush=True)
        return
    if keep:
        results.add(case, figures)


def run_round(site, cases, results, other, other_first):
    """Each case; where there is another build to hold it against, right before or after it."""
    for case in cases:
        if other and CASES[case].own and other_first:
            run_case(other[0], other[1], case, True)
        run_case(site, results, case, True)
        if other and CASES[case].own and not other_first:
            run_case(other[0], other[1], case, True)


def run_all(site, cases, rounds, other):
    results = Results()
    for case in (c for c in cases if CASES[c].warm):
        print("%s, unmeasured ..." % case, flush=True)
        run_case(site, results, case, False)
    rotated = [c for c in cases if not CASES[c].last]
    for n in range(rounds if rotated else 0):
        at = n % len(rotated)
        print("round %d of %d ..." % (n + 1, rounds), flush=True)
        run_round(site, [c for c in rotated[at:] + rotated[:at]
                         if CASES[c].rounds is None or n < CASES[c].rounds],
                  results, other, n % 2)
    for case in cases:
        if CASES[case].last:
            print("%s ..." % case, flush=True)
            run_round(site, [case], results, other, False)
    return results


def main():
    options = read_options()
    begun = time.monotonic()
    rows = chosen(options)
    site, *more = (Site(b, options.records, options.days, options.customers)
                   for b in (options.bin, options.against) if b)
    other = (more[0], Results()) if more else None
    cases = [c for c in CASES if any(c in r.cases for r in rows)]
    results = run_all(site, cases, options.rounds, other)
    write_down(site, judged(rows, results), results, other and other[1],
               {"rounds": options.rounds, "seconds": round(time.monotonic() - begun)})
    wrong = differences(results)
    if wrong:
        print("bench: not the same work, so no comparison:", *wrong, sep="\n  ", file=sys.stderr)
    sys.exit(1 if wrong or results.failed or (other and other[1].failed) else 0)


if __name__ == "__main__":
    main()
