#!/usr/bin/env python3
"""sweep.py - one short run, killed or hindered at every place that it passes.

  sweep.py --bin BUILD [--preload FILE] points               every fault_point of the sources, first
                                                             and second time
  sweep.py --bin BUILD [--sample N] [--seed N] calls         every system call: killed at it, or
                                                             failing with every error that it can have

A run: the daemon starts, takes requests and lines of a file, folds, writes Redis and the store.
What was not answered is sent again to a daemon that nobody hinders; then every counter must equal
the oracle's. Exit code 1 when one does not, or when the daemon crashes. Faults of system calls are
strace's; it counts calls by name and thread.
"""
import argparse
import collections
import glob
import json
import os
import random
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time

import senders
import truth
from chaos import fault_places
from site_processes import PAUSE, PlainDaemon, RedisServer

HERE = os.path.dirname(os.path.abspath(__file__))
TESTS = os.path.dirname(HERE)
PER_REQUEST = 20
CALLS = {  # the ways in which a call may fail, once and from then on
    "openat": ("EMFILE", "ENOSPC", "EIO"),
    "read": ("EIO", "EINTR", "ECONNRESET"),
    "readv": ("EIO", "EINTR", "ECONNRESET", "EAGAIN"),
    "pread64": ("EIO", "EINTR"),
    "write": ("EIO", "ENOSPC", "EPIPE", "EAGAIN", "EINTR"),
    "writev": ("EPIPE", "ECONNRESET", "EAGAIN", "EINTR"),
    "pwrite64": ("EIO", "ENOSPC", "EINTR"),
    "ftruncate": ("EIO", "ENOSPC"),
    "fallocate": ("ENOSPC", "EIO"),
    "fsync": ("EIO", "ENOSPC"),
    "fdatasync": ("EIO", "ENOSPC"),
    "fcntl": ("EAGAIN", "EINTR", "ENOLCK"),
    "newfstatat": ("EIO", "ENOMEM"),
    "lseek": ("EIO",),
    "unlink": ("EIO", "ENOSPC"),
    "rename": ("EIO", "ENOSPC"),
    "socket": ("EMFILE", "ENOMEM"),
    "connect": ("ECONNREFUSED", "EINTR"),
    "accept4": ("EMFILE", "ECONNABORTED", "EAGAIN"),
    "sendto": ("EPIPE", "ECONNRESET", "EAGAIN"),
    "recvfrom": ("ECONNRESET", "EAGAIN", "EINTR"),
    "epoll_wait": ("EINTR",),
    "poll": ("EINTR",),
    "ppoll": ("EINTR",),
    "mmap": ("ENOMEM",),
    "clone3": ("EAGAIN",),
    "inotify_add_watch": ("ENOSPC",),
    "flock": ("EINTR",),
    "getrandom": (),
    "munmap": (),
    "close": (),
    "futex": (),
}
PATIENCE = 2.0  # seconds for an answer of a daemon that is hindered


class Run:
    """One folder, one Redis, one oracle; any number of daemons after one another."""

    def __init__(self, options):
        self.options = options
        self.folder = tempfile.mkdtemp(prefix="callswell-sweep-")
        self.redis = RedisServer(os.path.join(self.folder, "redis"), "everysec")
        self.redis.wait_until_up()
        self.base = senders.first_day()
        self.config = os.path.join(self.folder, "c.conf")
        self.lines, self.number = [], 0
        self.first_versions = {}  # places in lines, of records that can come with a higher one
        self.corrected = 0
        self.unanswered = collections.deque()
        self.tail = open(os.path.join(self.folder, "t.ndjson"), "ab", buffering=0)
        with open(self.config, "w", encoding="utf-8") as f:
            f.write("""\
state_dir = "%s/state"
workers = 1
fold_interval = "50ms"
analytics_interval = "100ms"
http { listen = "127.0.0.1:0" }
redis { url = "redis://127.0.0.1:%d" }
limits { disk_ballast = "64KiB" disk_reserve = "0" }
input "hooks" { type = "http" path = "/v1/ingest/hooks" format = "ndjson" }
input "follow" { type = "tail" path = "%s/t.ndjson" format = "ndjson" }
""" % (self.folder, self.redis.port, self.folder))

    def daemon(self, before=(), **environment):
        return PlainDaemon(list(before) + [os.path.join(self.options.bin, "callswelld"), "-c",
                                           self.config],
                           os.path.join(self.folder, "daemon.log"), environment)

    def some(self, with_id):
        text = [senders.record("s", n, self.base, with_id)
                for n in range(self.number, self.number + PER_REQUEST)]
        self.number += PER_REQUEST
        again = self.corrections() if with_id else []
        for line in text if with_id else ():
            if "duration" in line:
                self.first_versions[json.loads(line)["id"]] = len(self.lines) + text.index(line)
        self.lines += text
        return "".join(text + again).encode()

    def corrections(self):
        """Of records that were sent before, other lengths: these count."""
        again = []
        for which in list(self.first_versions)[::3][:4]:
            place = self.first_versions.pop(which)
            r = json.loads(self.lines[place])
            r.update(version=2, duration=r["duration"] + 100)
            self.lines[place] = json.dumps(r) + "\n"
            again.append(self.lines[place])
        self.corrected += len(again)
        return again

    def work(self, daemon, requests):
        """Until all is answered, or the daemon is gone or takes nothing."""
        for i in range(requests):
            self.unanswered.append(self.some(True))
            if i % 8 == 1:
                self.tail.write(self.some(False))
            if not self.send(daemon, PATIENCE):
                return

    def send(self, daemon, seconds):
        while self.unanswered:
            try:
                daemon.post(self.unanswered[0], seconds)
            except OSError:
                return False
            self.unanswered.popleft()
        return True

    def finish(self):
        """A daemon that nobody hinders. None, or what is wrong in the end."""
        daemon = self.daemon()
        try:
            if not daemon.wait_until_ready(60):
                return "does not start any more: " + daemon.said()[-300:]
            if not self.send(daemon, 60):
                return "does not take what is sent again"
            return self.wait_for_truth()
        finally:
            daemon.end()

    def wait_for_truth(self):
        expected = truth.Truth.from_lines(self.lines)
        expected.totals.accepted += self.corrected
        end = time.monotonic() + 60
        while True:
            d = truth.Differences()
            try:
                lossy = truth.compare_redis(d, expected, self.redis.connect())
                truth.compare_ledger(d, expected, os.path.join(self.folder, "state", "ledger.db"),
                                     lossy)
                truth.compare_store(d, expected, os.path.join(self.folder, "state", "crm.db"))
            except (OSError, RuntimeError, truth.sqlite3.Error) as e:
                d.say("not to be compared: %s" % e)
            if not d.count:
                return None
            if time.monotonic() > end:
                return "%d differences: %s" % (d.count, "; ".join(d.texts[:3]))
            time.sleep(PAUSE)

    def close(self, keep):
        self.redis.close()
        self.tail.close()
        if not keep:
            shutil.rmtree(self.folder, ignore_errors=True)


# --- named places ---

CONVERTING = ("row_converted", "ledger_converted")


def in_former_layout(path):
    """Makes one of layout 1 of a ledger whose daemon has ended. (It had checksums of the log and of
    fingerprints, of another kind: there are none here. Nothing is sent twice that needed them.)"""
    db = sqlite3.connect(path)
    for table in ("batch", "seen"):
        db.execute("DELETE FROM " + table)
    for table in ("history", "total_day", "checkpoint", "idem", "open_leg", "quarantine", "audit",
                  "event", "meta"):
        db.execute("ALTER TABLE %s DROP COLUMN checksum" % table)
    for column in ("id_checksum", "last_refused"):
        db.execute("ALTER TABLE meta DROP COLUMN " + column)
    db.execute("UPDATE meta SET version = 1")
    db.commit()
    db.close()


def at_point(options, place, times):
    """(it was reached, None or what is wrong)."""
    run = Run(options)
    bad = None
    try:
        if place in CONVERTING:
            daemon = run.daemon()
            if not daemon.wait_until_ready(60):
                return False, "does not start"
            run.work(daemon, 4)
            daemon.process.terminate()
            daemon.gone(60)
            in_former_layout(os.path.join(run.folder, "state", "ledger.db"))
        daemon = run.daemon(CALLSWELL_FAULT="%s:%d" % (place, times))
        if daemon.wait_until_ready(60):
            run.work(daemon, 400)
        reached = daemon.gone(1) == -signal.SIGKILL
        daemon.end()
        if reached:
            bad = run.finish()
        return reached, bad
    finally:
        run.close(bad)


def tested_elsewhere():
    named = set()
    for path in glob.glob(os.path.join(TESTS, "unit", "*.c")) + \
            glob.glob(os.path.join(TESTS, "integration", "*.sh")):
        with open(path, encoding="utf-8") as f:
            named.update(re.findall(r"\w+", f.read()))
    return named


def sweep_points(options):
    wrong, reached_all, elsewhere = 0, 0, tested_elsewhere()
    for place in fault_places():
        for times in (1, 2):
            reached, bad = at_point(options, place, times)
            reached_all += reached
            if bad:
                print("%s:%d: %s" % (place, times, bad), flush=True)
                wrong += 1
            if not reached and times == 1 and place not in elsewhere:
                print("%s: no run comes by, and no other test names it" % place, flush=True)
                wrong += 1
    print("killed at %d named places: %d wrong" % (reached_all, wrong))
    return wrong


# --- system calls ---

def strace(call, inject):
    return ["strace", "-f", "-qqq", "--seccomp-bpf", "-o", "/dev/null", "-e", "trace=" + call,
            "-e", "signal=none", "-e", "inject=%s:%s" % (call, inject)]


def how_often(options):
    """How many times the busiest thread makes each call in a run."""
    run = Run(options)
    try:
        log = os.path.join(run.folder, "calls")
        daemon = run.daemon(["strace", "-f", "-qqq", "--seccomp-bpf", "-o", log, "-e", "trace=" +
                             ",".join(CALLS)])
        daemon.wait_until_ready(60)
        run.work(daemon, options.requests)
        run.wait_for_truth()
        daemon.end()
        counts = collections.Counter()
        with open(log, encoding="utf-8", errors="replace") as f:
            for line in f:
                m = re.match(r"(\d+) +(\w+)\(", line)
                if m:
                    counts[m[1], m[2]] += 1
    finally:
        run.close(False)
    most = collections.Counter()
    for (_, call), n in counts.items():
        most[call] = max(most[call], n)
    return most


def passings(n, most, rng):
    """Which of n times: all, or the first ones and some of the others."""
    if not most or n <= most:
        return range(1, n + 1)
    first = most // 2
    return sorted(set(range(1, first + 1)) | set(rng.sample(range(first + 1, n + 1),
                                                            most - first)))


def cases(counts, rng, options):
    by_call = {}
    for call, n in sorted(counts.items()):
        ways = ["signal=KILL:when=%d"]
        ways += ["error=" + e + ":when=%d" + on for e in CALLS[call] for on in ("", "+")]
        by_call[call] = [(call, w % i) for w in ways for i in passings(n, options.most, rng)]
    if not options.sample:
        return [c for every in by_call.values() for c in every]
    return [rng.choice(by_call[call]) for call in
            (rng.choice(list(by_call)) for _ in range(options.sample))]


def sanitizer_complains(said, inject):
    """A sanitizer that gets no memory itself ends the program, whatever that would have done."""
    if "ENOMEM" in inject and any(s in said for s in ("AddressSanitizer failed to allocate",
                                                      "AddressSanitizer: out of memory")):
        return False
    return "ERROR: AddressSanitizer" in said


CRASHES = (-signal.SIGSEGV, -signal.SIGBUS, -signal.SIGFPE, -signal.SIGILL)


def loader_dies(call, inject):
    """So does any program: glibc does not live to its main."""
    return subprocess.run(strace(call, inject) + ["true"], stderr=subprocess.DEVNULL,
                          check=False).returncode in CRASHES


def hindered(options, call, inject):
    """None, or what is wrong."""
    run = Run(options)
    bad = None
    try:
        daemon = run.daemon(strace(call, inject))
        if daemon.wait_until_ready(PATIENCE * 2):
            run.work(daemon, options.requests)
        code = daemon.end()
        if (code in CRASHES and not loader_dies(call, inject)) or \
                (code == -signal.SIGABRT and "ENOMEM" not in inject) or \
                sanitizer_complains(daemon.said(), inject):
            bad = "crashed with %d: %s" % (code, daemon.said()[-600:])
        bad = bad or run.finish()
        return bad
    finally:
        run.close(bad)


def sweep_calls(options):
    rng = random.Random("sweep %s" % options.seed)
    chosen, wrong, begun = cases(how_often(options), rng, options), 0, time.monotonic()
    for call, inject in chosen:
        bad = hindered(options, call, inject)
        if bad:
            wrong += 1
            print("%s %s: %s" % (call, inject, bad), flush=True)
    print("%d faults of %d system calls in %d s: %d wrong" %
          (len(chosen), len({c for c, _ in chosen}), time.monotonic() - begun, wrong))
    return wrong


def main():
    p = argparse.ArgumentParser(description=__doc__,
                                formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--bin", required=True)
    p.add_argument("--preload", help="not needed here")
    p.add_argument("--seed", default="1")
    p.add_argument("--sample", type=int, default=0, help="so many faults, drawn by the seed")
    p.add_argument("--most", type=int, default=8,
                   help="times that a call is hindered in each way, of all it is made; 0: all")
    p.add_argument("--requests", type=int, default=4)
    p.add_argument("--case", nargs=2, metavar=("CALL", "INJECT"), help="this one")
    p.add_argument("what", choices=("points", "calls"))
    options = p.parse_args()
    options.bin = os.path.abspath(options.bin)
    if options.case:
        bad = hindered(options, *options.case)
        print(bad or "right")
        return 1 if bad else 0
    return 1 if (sweep_points if options.what == "points" else sweep_calls)(options) else 0


if __name__ == "__main__":
    sys.exit(main())
