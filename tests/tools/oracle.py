#!/usr/bin/env python3
"""oracle.py - recomputes from usage records, by its own means, what callswell must count.

  oracle.py FILE...                                   the totals as JSON
  oracle.py --truth-compare A.json B.json             two such files: equal?
                                                      (--estimated: B's distinct counts are)
  oracle.py --check-redis SOCKET [--node N] FILE...   every counter in Redis
  oracle.py --check-store CRM.DB FILE...              customer_day and service_interval

Redis is expected to hold what retention leaves: the defaults, or --retention quarter=90,day=0
(days, 0 is for ever), or --keep-all (a daemon with clock = "data").

Files are CSV with a header or NDJSON (by their first byte), plain or .gz. --now SECONDS sets
the clock that records may not be ahead of. Exit code 1 with the first differences listed.
"""
import argparse
import json
import sys

import oracle_check
from oracle_rules import Totals


def read_retention(text, keep_all):
    usual = oracle_check.RETENTION
    retention = dict.fromkeys(usual, 0) if keep_all else dict(usual)
    for part in text.split(",") if text else ():
        name, days = part.split("=")
        if name not in retention:
            raise SystemExit("oracle.py: no retention called " + name)
        retention[name] = int(days)
    return retention


def main():
    p = argparse.ArgumentParser(description=__doc__,
                                formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--truth-compare", nargs=2, metavar="JSON")
    p.add_argument("--estimated", action="store_true")
    p.add_argument("--check-redis", metavar="SOCKET")
    p.add_argument("--check-store", metavar="CRM.DB")
    p.add_argument("--node", default="1")
    p.add_argument("--now", type=int)
    p.add_argument("--keep-all", action="store_true")
    p.add_argument("--retention", default="", metavar="NAME=DAYS,...")
    p.add_argument("files", nargs="*", metavar="FILE")
    a = p.parse_args()
    if a.truth_compare:
        return oracle_check.compare_truths(*a.truth_compare, a.estimated)
    if not a.files:
        p.error("no files")
    totals = Totals(a.now)
    for path in a.files:
        totals.read_file(path)
    print("records %d, accepted %d, duplicates %d, quarantined %d" %
          (totals.records, totals.accepted, totals.duplicates, totals.quarantined),
          file=sys.stderr)
    failed = 0
    if a.check_redis:
        failed |= oracle_check.check_redis(totals, a.check_redis, a.node,
                                           read_retention(a.retention, a.keep_all))
    if a.check_store:
        failed |= oracle_check.check_store(totals, a.check_store)
    if not a.check_redis and not a.check_store:
        json.dump(totals.as_json(), sys.stdout, ensure_ascii=False, separators=(",", ":"))
        print()
    return failed


if __name__ == "__main__":
    sys.exit(main())
