#!/usr/bin/env python3
"""powerloss.py - what the ledger's disk may hold after the power went, and what is left of it.

  powerloss.py --bin BUILD --preload FILE [--points N] [--restarts N] [--seed N] [--without GUARD]

A daemon takes requests while preload.c writes down every write, truncation and sync of ledger.db
and its log, and every answer. Then, at many points of that record, images are made of what a disk
could hold there: everything that was synced, and of the rest nothing, all, some, or some sectors
of 512 bytes. Of each image is asked: is the database whole, and does it hold every record that
was acknowledged up to that point, each once? With some of them the daemon itself is started: all
records are sent again, and every counter must equal the oracle's. Exit code 1 when not.
"""
import argparse
import os
import random
import shutil
import sqlite3
import struct
import sys
import tempfile
import time

import senders
import truth
from site_processes import PlainDaemon, RedisServer

STEP = struct.Struct("=cc6xQQ")
NAMES = {b"\1": "ledger.db", b"\2": "ledger.db-wal"}
SECTOR = 512
PER_REQUEST = 20
WAYS = ("nothing", "all", "some", "torn")


def start(options, folder, redis_port, trace=None):
    config = os.path.join(folder, "c.conf")
    with open(config, "w", encoding="utf-8") as f:
        f.write("""\
state_dir = "%s/state"
fold_interval = "100ms"
analytics_interval = "1s"
http { listen = "127.0.0.1:0" }
redis { url = "redis://127.0.0.1:%d" }
limits { disk_ballast = "0" disk_reserve = "0" }
input "hooks" { type = "http" path = "/v1/ingest/hooks" format = "ndjson" }
""" % (folder, redis_port))
    environment = {}
    if trace:
        environment = {"LD_PRELOAD": options.preload, "CHAOS_TRACE": trace,
                       "CALLSWELL_WITHOUT": options.without or ""}
    daemon = PlainDaemon([os.path.join(options.bin, "callswelld"), "-c", config],
                         os.path.join(folder, "daemon.log"), environment)
    if not daemon.wait_until_ready(60):
        raise RuntimeError("not ready: " + daemon.said()[-500:])
    return daemon


def post_all(daemon, bodies):
    """Answers the sums of what was said."""
    sums = {"accepted": 0, "duplicates": 0}
    for body in bodies:
        answer = daemon.post(body, 60)
        for key in sums:
            sums[key] += answer[key]
    return sums


class File:
    """One file as the program sees it, and as the disk may."""

    def __init__(self):
        self.disk, self.since = bytearray(), []

    @staticmethod
    def apply(data, step):
        what, at, payload = step
        if what == b"t":
            del data[at:]
            data.extend(bytes(at - len(data)))
            return
        if len(data) < at + len(payload):
            data.extend(bytes(at + len(payload) - len(data)))
        data[at:at + len(payload)] = payload

    def sync(self):
        for step in self.since:
            self.apply(self.disk, step)
        self.since = []

    def image(self, way, rng):
        data = bytearray(self.disk)
        if way == "nothing":
            return data
        for what, at, payload in self.since:
            if way == "torn" and what == b"w":
                for i in range(0, len(payload), SECTOR):
                    if rng.random() < 0.5:
                        self.apply(data, (what, at + i, payload[i:i + SECTOR]))
            elif way == "all" or rng.random() < 0.5:
                self.apply(data, (what, at, payload))
        return data


class Replay:
    """Goes through the record step by step."""

    def __init__(self, path):
        with open(path, "rb") as f:
            self.trace = f.read()
        self.at = self.steps = self.answers = 0
        self.files = {}

    def count(self):
        """Steps in all."""
        at = n = 0
        while at < len(self.trace):
            at += STEP.size + STEP.unpack_from(self.trace, at)[3]
            n += 1
        return n

    def go_to(self, step):
        while self.steps < step:
            what, name, at, n = STEP.unpack_from(self.trace, self.at)
            self.at += STEP.size
            payload = self.trace[self.at:self.at + n]
            self.at += n
            self.steps += 1
            if what == b"a":
                self.answers += 1
                continue
            f = self.files.setdefault(name, File())
            if what == b"s":
                f.sync()
            elif what == b"u":
                self.files[name] = File()
            else:
                f.since.append((what, at, payload))

    def write_image(self, folder, way, rng):
        shutil.rmtree(folder, ignore_errors=True)
        os.makedirs(folder)
        for name, f in self.files.items():
            data = f.image(way, rng)
            if data:
                with open(os.path.join(folder, NAMES[name]), "wb") as out:
                    out.write(data)


def examine(path, acknowledged, sent):
    """None, or what is wrong with the database."""
    if not os.path.exists(path):
        return None if acknowledged == 0 else "no ledger, %d acknowledged" % acknowledged
    db = sqlite3.connect(path)
    try:
        tables = db.execute("SELECT count(*) FROM sqlite_master WHERE name = 'meta'").fetchone()
        if tables[0] == 0:
            return None if acknowledged == 0 else "empty, %d acknowledged" % acknowledged
        said = db.execute("PRAGMA integrity_check").fetchone()[0]
        if said != "ok":
            return "integrity_check: " + said
        accepted, last, folded = db.execute(
            "SELECT accepted, last_batch, folded_batch FROM meta").fetchone()
        prints = db.execute("SELECT coalesce(sum(length(fingerprints)), 0) / 8 FROM seen") \
            .fetchone()[0]
        low, high, n = db.execute("SELECT min(seq), max(seq), count(*) FROM batch").fetchone()
    except sqlite3.DatabaseError as e:
        return "damaged: %s" % e
    finally:
        db.close()
    if not acknowledged <= accepted <= sent:
        return "%d records in it, %d acknowledged, %d sent" % (accepted, acknowledged, sent)
    if prints != accepted:
        return "%d records in it, %d fingerprints" % (accepted, prints)
    if n != last - folded or (n and (low, high) != (folded + 1, last)):
        return "batches %s to %s in the log, folded %d, last %d" % (low, high, folded, last)
    return None


def restart(options, folder, bodies, acknowledged):
    """The daemon on an image: None, or what is wrong."""
    redis = RedisServer(os.path.join(folder, "redis"), "nothing")
    try:
        if not redis.wait_until_up():
            return "Redis did not start"
        daemon = start(options, folder, redis.port)
        try:
            sums = post_all(daemon, bodies)
            if sums["duplicates"] < acknowledged:
                return "%d acknowledged, %d of them known" % (acknowledged, sums["duplicates"])
            return wait_for_truth(redis, bodies, os.path.join(folder, "state", "ledger.db"))
        finally:
            daemon.end()
    except (OSError, RuntimeError) as e:
        return str(e)
    finally:
        redis.close()


def wait_for_truth(redis, bodies, ledger):
    expected = truth.Truth.from_lines("".join(b.decode() for b in bodies).splitlines())
    end = time.monotonic() + 60
    while True:
        d = truth.Differences()
        lossy = truth.compare_redis(d, expected, redis.connect())
        truth.compare_ledger(d, expected, ledger, lossy)
        if not d.count:
            return None
        if time.monotonic() > end:
            return "%d differences: %s" % (d.count, "; ".join(d.texts[:3]))
        time.sleep(0.1)


def record(options, folder, bodies):
    trace = os.path.join(folder, "trace")
    daemon = start(options, folder, 1, trace)  # no Redis: it has no part in this
    post_all(daemon, bodies)
    daemon.end()
    return trace


def run(options, folder):
    rng = random.Random("power %s" % options.seed)
    base = senders.first_day()
    bodies = ["".join(senders.record("p", n, base) for n in range(i, i + PER_REQUEST)).encode()
              for i in range(0, options.requests * PER_REQUEST, PER_REQUEST)]
    replay = Replay(record(options, folder, bodies))
    count = replay.count()
    points = sorted(rng.sample(range(1, count + 1), min(options.points, count)))
    restarts = set(rng.sample(points, min(options.restarts, len(points))))
    image, images, wrong = os.path.join(folder, "image"), 0, 0
    for point in points:
        replay.go_to(point)
        acknowledged = replay.answers * PER_REQUEST
        for way in WAYS:
            replay.write_image(os.path.join(image, "state"), way, rng)
            images += 1
            # SQLite recovers in place: the daemon gets an image that nobody has opened.
            bad = restart(options, image, bodies, acknowledged) \
                if point in restarts and way in ("nothing", "torn") else \
                examine(os.path.join(image, "state", "ledger.db"), acknowledged,
                        options.requests * PER_REQUEST)
            if bad:
                wrong += 1
                if wrong <= 5:
                    print("step %d of %d, %s of what was not synced: %s" %
                          (point, count, way, bad))
    print("%d images at %d of %d steps, %d of them with the daemon started: %d wrong" %
          (images, len(points), count, 2 * len(restarts), wrong))
    if wrong:
        print("again: powerloss.py --seed %s --points %d" % (options.seed, options.points))
    return 1 if wrong else 0


def main():
    p = argparse.ArgumentParser(description=__doc__,
                                formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--bin", required=True)
    p.add_argument("--preload", required=True)
    p.add_argument("--points", type=int, default=250)
    p.add_argument("--restarts", type=int, default=5)
    p.add_argument("--requests", type=int, default=300)
    p.add_argument("--seed", default="1")
    p.add_argument("--without", metavar="GUARD")
    options = p.parse_args()
    options.bin = os.path.abspath(options.bin)
    folder = tempfile.mkdtemp(prefix="callswell-power-")
    try:
        return run(options, folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
