"""A file that is written to each quarter hour of the same six hours of five weeks, and then no more.

silence.py USAGE LATER STORE: writes one record a quarter hour to USAGE and puts the clock of the daemon,
which reads the file LATER (later.c), on by a quarter hour once the store shows that it came. In the middle
of the last morning nothing more is written, and only the clock goes on, until the store tells of a
silence: says after how many quarter hours.
"""
import json
import os
import sqlite3
import sys
import time

usage, later, store = sys.argv[1:4]
WEEKS, QUARTERS, MOST = 5, 24, 16
deadline = time.time() + 300


def ask(sql):
    try:
        db = sqlite3.connect(f"file:{store}?mode=ro", uri=True, timeout=10)
        try:
            return db.execute(sql).fetchone()[0]
        finally:
            db.close()
    except (sqlite3.OperationalError, TypeError):
        return None


def until(what):
    while not what():
        if time.time() > deadline:
            sys.exit("nothing came of it")
        time.sleep(0.005)  # a pause between looks


def put_clock(by):
    with open(later + ".new", "w") as f:
        f.write(str(by))
    os.rename(later + ".new", later)


def utc(at):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(at))


def write(by):
    at = int(time.time()) + by
    with open(usage, "a") as f:
        f.write(json.dumps({"id": f"r{by}", "customer": "ACME", "start": at, "duration": 60}) + "\n")
    until(lambda: (ask("SELECT max(last_record) FROM feed_health WHERE input = 'bridge'") or "") >= utc(at))


by = 0
for week in range(WEEKS):
    for quarter in range(QUARTERS if week < WEEKS - 1 else QUARTERS // 2):
        by = week * 7 * 86400 + quarter * 900
        put_clock(by)
        write(by)
for silent in range(1, MOST):
    put_clock(by + silent * 900)
    until(lambda: (ask("SELECT max(as_of) FROM feed_health") or "") >= utc(time.time() + by + silent * 900 - 60))
    if ask("SELECT count(*) FROM signal WHERE kind = 'feed_silent' AND state = 'open'"):
        print(silent)
        break
