"""A file that is written to each quarter hour of the same six hours of five weeks, and then no more.

silence.py USAGE LATER STORE ADDRESS: writes one record a quarter hour to USAGE and puts the clock of the
daemon at ADDRESS, which reads the file LATER (later.c), on by a quarter hour once it was counted; at the end
of each week the store has to show it, too. In the middle of the last morning nothing more is written, and only
the clock goes on, until the store tells of a silence: says after how many quarter hours.
"""
import json
import os
import sqlite3
import sys
import time
import urllib.request

usage, later, store, address = sys.argv[1:5]
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


def accepted():
    with urllib.request.urlopen(f"http://{address}/metrics") as answer:
        for line in answer.read().decode().splitlines():
            if line.startswith("callswell_accepted_total "):
                return int(float(line.split()[1]))
    return 0


def write(by, number):
    with open(usage, "a") as f:
        record = {"id": f"r{by}", "customer": "ACME", "start": int(time.time()) + by, "duration": 60}
        f.write(json.dumps(record) + "\n")
    until(lambda: accepted() >= number)


by = written = 0
for week in range(WEEKS):
    for quarter in range(QUARTERS if week < WEEKS - 1 else QUARTERS // 2):
        by = week * 7 * 86400 + quarter * 900
        put_clock(by)
        written += 1
        write(by, written)
    until(lambda: ask("SELECT max(records) FROM feed_health WHERE input = 'bridge'") == written)
for silent in range(1, MOST):
    put_clock(by + silent * 900)
    until(lambda: (ask("SELECT max(as_of) FROM feed_health") or "") >= utc(time.time() + by + silent * 900 - 60))
    if ask("SELECT count(*) FROM signal WHERE kind = 'feed_silent' AND state = 'open'"):
        print(silent)
        break
