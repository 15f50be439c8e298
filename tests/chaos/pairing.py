#!/usr/bin/env python3
"""pairing.py - joins and leaves, shuffled, repeated and lost, to a daemon that is killed.

  pairing.py --bin BUILD [--runs N] [--seed N]

A run: conferences whose truth is known become events; some are never sent, some twice, all in
another order. They are posted until each was answered, to a daemon that is killed at any moment
(where the build has named places, at those), and the last of them are imported. Then the store must
say of every customer how many legs there were, and how long: a stay of which anything was sent is
one leg, and what is not known of it is what the manual says. Exit code 1 when it does not.
"""
import argparse
import json
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time

from chaos import fault_places
from site_processes import PAUSE, PlainDaemon, RedisServer

DAY = 86400
CUSTOMERS = ["acme", "Ä & Söhne", "x y/z"]
CONFIG = """
state_dir = "%(folder)s/state"
http { listen = "127.0.0.1:0" }
redis { url = "redis://127.0.0.1:%(port)d" }
fold_interval = "200ms"
pairing { limit = "3d" wait = "1d" grace = "1d" }
input "hooks" { type = "http" format = "ndjson" }
"""


class Truth:
    """Conferences of one morning: events to be sent, and what has to come of them."""

    def __init__(self, rng, lost):
        self.rng, self.lost = rng, lost
        self.base = int(time.time()) // DAY * DAY - 10 * DAY + 8 * 3600
        self.events, self.legs, self.unknown = [], {}, 0
        for n in range(30):
            self.conference(n)

    def kept(self):
        return self.rng.random() >= self.lost

    def event(self, kind, conference, at, **more):
        e = {"kind": kind, "conference": conference, "start": at, **more}
        if self.rng.random() < 0.5:
            e["id"] = "%s/%s/%s/%d" % (conference, kind, more.get("leg") or more.get("participant"),
                                       at)
        self.events.append(e)
        return e

    def conference(self, n):
        name, customer = "c%d" % n, self.rng.choice(CUSTOMERS)
        begun = self.base + self.rng.randrange(7200)
        ended = begun + 4000
        first = len(self.events)
        start_sent, end_sent = self.rng.random() < 0.5, self.rng.random() < 0.7
        if start_sent:
            self.event("conference_start", name, begun, customer=customer)
        if end_sent:
            self.event("conference_end", name, ended)
        stays = [self.stay(name, customer, begun, i) for i in range(self.rng.randrange(1, 9))]
        sent = self.events[first:]
        last = max((e["start"] for e in sent), default=0)
        known = any("customer" in e for e in sent)
        for join, leave, duration in stays:
            if join is None and leave is None:
                continue
            if not known:
                self.unknown += 1
                continue
            if leave is None:
                leave = ended if end_sent else last
            elif join is None:
                join = leave - duration if duration is not None else begun if start_sent else leave
            legs, seconds = self.legs.get(customer, (0, 0))
            self.legs[customer] = (legs + 1, seconds + leave - join)

    def stay(self, name, customer, begun, i):
        who = {"participant": "p%d" % i} if i % 3 == 0 else \
            {"participant": "p%d" % (i % 2), "leg": "l%d" % i}
        join = begun + self.rng.randrange(3000)
        leave = join + self.rng.randrange(1000)
        duration = leave - join if self.rng.random() < 0.3 else None
        joined, left = self.kept(), self.kept()
        if joined:
            self.event("join", name, join, customer=customer, **who)
        if left and duration is not None:
            self.event("leave", name, leave, duration=duration, **who)
        elif left:
            self.event("leave", name, leave, **who)
        return join if joined else None, leave if left else None, duration

    def shuffled(self):
        """Bodies: every event once, many twice."""
        lines = [json.dumps(e) + "\n" for e in self.events]
        lines += self.rng.sample(lines, len(lines) // 4)
        self.rng.shuffle(lines)
        bodies = []
        while lines:
            n = self.rng.randrange(1, 12)
            bodies.append("".join(lines[:n]).encode())
            lines = lines[n:]
        return bodies


class Run:
    def __init__(self, options, seed):
        self.options, self.rng = options, random.Random("pairing %d" % seed)
        self.folder = tempfile.mkdtemp(prefix="callswell-pairing-")
        self.redis = RedisServer(os.path.join(self.folder, "redis"), "nothing")
        self.redis.wait_until_up()
        self.config = os.path.join(self.folder, "c.conf")
        with open(self.config, "w", encoding="utf-8") as f:
            f.write(CONFIG % {"folder": self.folder, "port": self.redis.port})
        self.truth = Truth(self.rng, self.rng.choice((0, 0.15)))
        self.places = fault_places()
        self.daemon, self.kills = None, 0

    def start(self):
        fault = {"CALLSWELL_FAULT": "%s:%d" % (self.rng.choice(self.places),
                                               self.rng.randrange(1, 12))} \
            if self.rng.random() < 0.7 else {}
        self.daemon = PlainDaemon([os.path.join(self.options.bin, "callswelld"), "-c", self.config],
                                  os.path.join(self.folder, "daemon.log"), fault)
        if not self.daemon.wait_until_ready(60) and self.daemon.gone(0) != -signal.SIGKILL:
            raise RuntimeError("the daemon does not start: " + self.daemon.said()[-500:])

    def post(self, body):
        """Until the answer is yes."""
        while True:
            if not self.daemon or self.daemon.gone(0) is not None:
                self.kills += self.daemon is not None
                self.start()
                continue
            timer = None
            if self.rng.random() < 0.1:
                timer = threading.Timer(self.rng.random() * 0.02, self.daemon.process.kill)
                timer.start()
            try:
                self.daemon.post(body, 20)
                return
            except OSError:
                time.sleep(PAUSE)
            finally:
                if timer:
                    timer.join()

    def deliver(self):
        bodies = self.truth.shuffled()
        later = bodies[len(bodies) * 4 // 5:]
        for body in bodies[:len(bodies) * 4 // 5]:
            self.post(body)
        self.daemon.end()
        path = os.path.join(self.folder, "rest.ndjson")
        with open(path, "wb") as f:
            f.write(b"".join(later) or bodies[0])
        subprocess.run([os.path.join(self.options.bin, "callswell"), "import", "--config",
                        self.config, "--format", "ndjson", path], check=True,
                       stdout=subprocess.DEVNULL)

    def problems(self):
        def ask(file, sql):
            db = sqlite3.connect("file:%s/state/%s?mode=ro" % (self.folder, file), uri=True)
            return db.execute(sql).fetchall()

        rows = ask("crm.db", "SELECT customer, sum(legs), sum(seconds) FROM customer_day GROUP BY 1")
        found = {c: (legs, seconds) for c, legs, seconds in rows}
        for c in sorted(set(found) | set(self.truth.legs)):
            if found.get(c) != self.truth.legs.get(c):
                yield "%s: (legs, seconds) are %s, not %s" % (c, found.get(c),
                                                             self.truth.legs.get(c))
        refused = ask("ledger.db", "SELECT count(*) FROM quarantine")[0][0]
        if refused != self.truth.unknown:
            yield "%d legs without a customer, not %d" % (refused, self.truth.unknown)
        still = ask("ledger.db", "SELECT count(*) FROM open_leg WHERE instr(key, char(31) || 'L')"
                                 " AND hex(\"values\") LIKE '0200%'")[0][0]
        if still:
            yield "%d joins are still open" % still

    def close(self, keep):
        if self.daemon:
            self.daemon.end()
        self.redis.kill()
        if keep:
            print("folder kept: " + self.folder)
        else:
            shutil.rmtree(self.folder)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--bin", required=True)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    failed = kills = events = 0
    for seed in range(options.seed, options.seed + options.runs):
        run, wrong = Run(options, seed), ["cut off"]
        try:
            run.deliver()
            wrong = list(run.problems())
        finally:
            run.close(bool(wrong))
        for text in wrong:
            print("seed %d: %s" % (seed, text))
        failed += bool(wrong)
        kills += run.kills
        events += len(run.truth.events)
    print("%d runs, %d failed; %d events, %d kills" % (options.runs, failed, events, kills))
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
