#!/usr/bin/env python3
"""oracle_calls.py - the same for the call log of a bank: services only.

  oracle_calls.py FILE                                        sums per service
  oracle_calls.py [--check-redis SOCKET] [--check-store CRM.DB] [--node N] FILE

Columns t,cust,priority,type,vru_time,q_time,outcome,ser_time,agent; t is local time of
Asia/Jerusalem. The type is the service, q_time the wait, ser_time the handling time. HANG is
abandoned, whatever service time it shows; PHANTOM is left out.
"""
import argparse
import csv
import sqlite3
import sys
from datetime import datetime
from zoneinfo import ZoneInfo

import oracle_check
from oracle_rules import Totals

ZONE = ZoneInfo("Asia/Jerusalem")


def read_calls(totals, path):
    with open(path, encoding="utf-8", newline="") as f:
        for row in csv.DictReader(f):
            totals.records += 1
            if row["outcome"] == "PHANTOM":
                totals.ignored += 1
                continue
            # A time that occurs twice is its first occurrence (fold 0).
            at = datetime.fromisoformat(row["t"]).replace(tzinfo=ZONE)
            totals.add_contact(row["type"].strip(), int(at.timestamp()), row["outcome"] == "AGENT",
                               int(row["ser_time"]), int(row["q_time"]))
            totals.accepted += 1


def check_redis(totals, path, node):
    redis = oracle_check.Redis(path)
    d = oracle_check.Differences()
    expected = oracle_check.ExpectedKeys(totals, node)
    present = {k for k in redis.keys() if "}:s:" in k}
    for key in sorted(expected.hashes.keys() ^ present):
        d.say("%s: %s" % (key, "key nobody expects" if key in present else "no such key in Redis"))
    keys = sorted(expected.hashes.keys() & present)
    for key, answer in zip(keys, redis.ask_all([("HGETALL", k) for k in keys])):
        oracle_check.check_hash(d, key, expected.hashes[key], answer, node)
    return d.end("redis")


def check_store(totals, path):
    d = oracle_check.Differences()
    db = sqlite3.connect("file:%s?mode=ro" % path, uri=True)
    oracle_check.check_services(d, totals, db)
    db.close()
    return d.end("store")


def print_sums(totals):
    print("records %d, accepted %d, ignored %d" % (totals.records, totals.accepted, totals.ignored))
    print("service offered handled abandoned handle_seconds wait_seconds")
    sums = {}
    for (service, _), quarters in totals.services.items():
        for v in quarters.values():
            old = sums.get(service, [0] * 5)
            sums[service] = [a + b for a, b in zip(old, v)]
    for service in sorted(sums):
        print(service, *sums[service])


def main():
    p = argparse.ArgumentParser(description=__doc__,
                                formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--check-redis", metavar="SOCKET")
    p.add_argument("--check-store", metavar="CRM.DB")
    p.add_argument("--node", default="1")
    p.add_argument("file", metavar="FILE")
    a = p.parse_args()
    totals = Totals()
    read_calls(totals, a.file)
    failed = 0
    if a.check_redis:
        failed |= check_redis(totals, a.check_redis, a.node)
    if a.check_store:
        failed |= check_store(totals, a.check_store)
    if not a.check_redis and not a.check_store:
        print_sums(totals)
    return failed


if __name__ == "__main__":
    sys.exit(main())
