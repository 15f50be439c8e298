"""truth.py - what must have been counted of what was sent, and every place where it must stand.

The rules are tests/tools/oracle_rules.py; compared are all keys of all families in Redis, the
ledger's own book-keeping and its quarantine, and the CRM store. Records by plain TCP may be
missing, and are compared apart: each at most once.
"""
import collections
import os
import re
import sqlite3
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tools"))
import oracle_check  # noqa: E402
from oracle_rules import Refused, Totals, json_fields  # noqa: E402

COUNTER = re.compile(r"cs:\{\d+\}:(q|d|u|c|f|fu|fc|s|l):")
AT_MOST_ONCE = re.compile(r"cs:\{\d+\}:(q|d):TCP\d+:")
NODE = "1"


class Differences(oracle_check.Differences):
    def __init__(self):
        super().__init__()
        self.texts = []

    def say(self, text):
        self.count += 1
        if len(self.texts) < oracle_check.SHOWN:
            self.texts.append(text)


class Truth:
    """Of these senders, when they owe nothing any more."""

    def __init__(self, http, files, entries=(), given_up=()):
        """given_up: of the entries of the stream, those that stand in quarantine for it."""
        self.totals = Totals()
        self.refused = collections.Counter()
        for s in http:
            if hasattr(s, "settle"):  # it knows what counts in the end
                s.settle(self)
                continue
            for q in s.requests:
                if q.acknowledged and not q.abandoned:
                    for line in s.text(q).decode().splitlines():
                        self.add(line)
        for s in files:
            for line in s.lines:
                self.add(line.rstrip("\n"))
        left = collections.Counter(given_up)
        for line in entries:
            if left[line]:
                left[line] -= 1
                self.totals.records += 1
                self.refuse(line)
            else:
                self.add(line)

    def add(self, line):
        """As if it had come once."""
        self.totals.records += 1
        try:
            self.totals.add(json_fields(line))
        except (Refused, ValueError):
            self.refuse(line)

    def refuse(self, line):
        self.totals.quarantined += 1
        self.refused[line] += 1

    @staticmethod
    def from_lines(lines):
        truth = Truth((), ())
        for line in lines:
            truth.add(line.rstrip("\n"))
        return truth


def given_up(path):
    """Entries that were delivered too often, for every time the daemon was killed with them."""
    db = sqlite3.connect("file:%s?mode=ro" % path, uri=True)
    try:
        return collections.Counter(bytes(r[0]).decode() for r in db.execute(
            "SELECT head FROM quarantine WHERE reason LIKE 'stream: delivered%'"))
    finally:
        db.close()


def compare_redis(d, truth, redis):
    """Answers how many TCP records are in it."""
    expected = oracle_check.ExpectedKeys(truth.totals, NODE)
    uncertain = expected.drop_expired(oracle_check.RETENTION, time.time())
    present = {k for k in redis.keys() if COUNTER.match(k)}
    lossy = {k for k in present if AT_MOST_ONCE.match(k)}
    # A version without counters says nothing; it stays where the ledger lost a key's last field.
    odd = sorted(present - lossy - expected.hashes.keys() - expected.sketches.keys())
    for key, answer in zip(odd, redis.ask_all([("TYPE", k) for k in odd])):
        if answer == "hash" and redis.ask("HKEYS", key) == [b"@" + NODE.encode()]:
            present.discard(key)
    present -= lossy
    wanted = expected.hashes.keys() | expected.sketches.keys()
    for key in sorted(wanted - present - uncertain):
        d.say("redis %s: missing" % key)
    for key in sorted(present - wanted):
        d.say("redis %s: nobody expects it" % key)
    hashes = sorted(expected.hashes.keys() & present)
    for key, answer in zip(hashes, redis.ask_all([("HGETALL", k) for k in hashes])):
        oracle_check.check_hash(d, key, expected.hashes[key], answer, NODE)
    sketches = sorted(expected.sketches.keys() & present)
    for key, n in zip(sketches, redis.ask_all([("PFCOUNT", k) for k in sketches])):
        d.compared += 1
        if not oracle_check.near(expected.sketches[key], n):
            d.say("redis %s: %d distinct expected, %d estimated" %
                  (key, expected.sketches[key], n))
    return count_lossy(d, redis, sorted(lossy))


def count_lossy(d, redis, keys):
    legs = {"q": 0, "d": 0}
    for key, answer in zip(keys, redis.ask_all([("HGETALL", k) for k in keys])):
        family = key.split(":")[2]
        for field, value in zip(answer[::2], answer[1::2]):
            if field == b"@" + NODE.encode():
                continue
            n = int(value.split(b":")[0])
            legs[family] += n
            d.compared += 1
            if family == "q" and value != b"1:1:0":
                d.say("redis %s %s: %s of one record sent once" % (key, field, value))
    if legs["q"] != legs["d"]:
        d.say("redis: %d TCP records by quarter hour, %d by day" % (legs["q"], legs["d"]))
    return legs["q"]


def compare_ledger(d, truth, path, lossy):
    """Its own book-keeping, and what it set aside."""
    db = sqlite3.connect("file:%s?mode=ro" % path, uri=True)
    try:
        meta = db.execute("SELECT records, accepted, duplicates, quarantined, ignored,"
                          " last_batch, folded_batch FROM meta").fetchone()
        rows = collections.Counter(bytes(r[0]).rstrip(b"\r\n").decode("utf-8", "replace")
                                   for r in db.execute("SELECT head FROM quarantine"))
        audit = db.execute("SELECT coalesce(sum(records), 0), coalesce(sum(accepted), 0)"
                           " FROM audit").fetchone()
    finally:
        db.close()
    d.same("ledger: accepted", truth.totals.accepted + lossy, meta[1])
    d.same("ledger: records = accepted + duplicates + quarantined + ignored",
           meta[0], sum(meta[1:5]))
    d.same("ledger: audit", meta[:2], audit)
    d.tables("ledger: quarantine", dict(truth.refused), dict(rows))
    return meta


def check_pages(d, path):
    db = sqlite3.connect(path)
    try:
        d.same("ledger: integrity_check", "ok", db.execute("PRAGMA integrity_check").fetchone()[0])
    finally:
        db.close()


def compare_store(d, truth, path):
    db = sqlite3.connect("file:%s?mode=ro" % path, uri=True)
    try:
        want = {}
        for (customer, day), quarters in truth.totals.quarters.items():
            t = oracle_check.day_text(day)
            want[customer, "%s-%s-%s" % (t[:4], t[4:6], t[6:])] = tuple(
                sum(v[i] for v in quarters.values()) for i in range(3))
        got = {(r[0], r[1]): tuple(r[2:]) for r in db.execute(
            "SELECT customer, day, legs, seconds, failed FROM customer_day"
            " WHERE customer NOT LIKE 'TCP%'")}
        for key in [k for k, v in got.items() if not any(v) and k not in want]:
            del got[key]  # a day with features only
        d.tables("store customer_day", want, got)
        oracle_check.check_services(d, truth.totals, db)
    finally:
        db.close()
