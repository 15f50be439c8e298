#!/usr/bin/env python3
"""chaos.py - real senders, a real Redis and a daemon whose world falls apart, by the seed.

  chaos.py --bin BUILD [--seconds N] [--seed N] [--trial N] [--without GUARD] [--active N]

A trial is a fresh folder: for some seconds all senders send and faults come from the trial's
schedule; then everything is mended and left alone, and every counter in Redis, the ledger and
the CRM store must come to equal what an oracle makes of what was sent. Trials follow one another
until the seconds are over. The first difference that stays ends it: the seed, the trial and its
schedule are printed and its folder is kept. Exit code 1 then.
"""
import argparse
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

import changing
import faults
import senders
import truth
from site_processes import EXPECTED_CODES, Daemon, Proxy, RedisServer

HERE = os.path.dirname(os.path.abspath(__file__))
PROJECT = os.path.dirname(os.path.dirname(HERE))
REST = 120  # seconds within which all must have come right


def fault_places():
    """Every place that the sources name."""
    found = set()
    for folder, _, names in os.walk(os.path.join(PROJECT, "daemon")):
        for name in names:
            if name.endswith(".c"):
                with open(os.path.join(folder, name), encoding="utf-8") as f:
                    found.update(re.findall(r'\bfault_point\("(\w+)"\)', f.read()))
    return sorted(found)


class Site:
    """One trial's folder and everything that runs in it."""

    def __init__(self, options, folder, seed, preload):
        self.rng = random.Random("site %s" % seed)
        self.seed, self.folder, self.options = seed, folder, options
        self.places = options.places or fault_places()
        self.small_disk = None
        self.late_to_the_end = False
        self.state = self.make_state()
        self.redis = RedisServer(os.path.join(folder, "redis"), self.rng.choice(
            ("everysec", "everysec", "everysec", "always", "snapshots", "nothing")
            if not options.only else ("everysec",)))
        self.redis_proxy, self.http_proxy, self.relp_proxy = Proxy(seed), Proxy(seed), Proxy(seed)
        self.redis_proxy.target = self.redis.port
        self.source = RedisServer(os.path.join(folder, "source"), "always")
        self.source_proxy = Proxy(seed)
        self.source_proxy.target = self.source.port
        self.clock = self.make_clock(preload)
        config = os.path.join(folder, "c.conf")
        with open(config, "w", encoding="utf-8") as f:
            f.write(self.config())
        self.daemon = Daemon(os.path.join(options.bin, "callswelld"), config,
                             os.path.join(folder, "daemon.log"))
        self.daemon.proxies = {"http": self.http_proxy, "relay": self.relp_proxy}
        if self.clock:
            self.daemon.usual = {"LD_PRELOAD": preload, "CHAOS_CLOCK": self.clock,
                                 "ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") +
                                 ":verify_asan_link_order=0"}
        if options.without:
            self.daemon.usual["CALLSWELL_WITHOUT"] = options.without
        self.daemon.release()
        self.make_senders(config)

    def make_state(self):
        if os.geteuid() == 0:
            disk = os.path.join(self.folder, "disk")
            os.mkdir(disk)
            if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=96m", "none", disk],
                              stderr=subprocess.DEVNULL, check=False).returncode == 0:
                self.small_disk = disk
                return os.path.join(disk, "state")
        return os.path.join(self.folder, "state")

    def make_clock(self, preload):
        if not preload:
            return None
        path = os.path.join(self.folder, "clock")
        with open(path, "wb") as f:
            f.write(bytes(8))
        return path

    def config(self):
        pick = self.rng.choice
        return """\
state_dir = "%s"
workers = %d
fold_interval = "%s"
analytics_interval = "%s"
stop_timeout = "%s"
http { listen = "127.0.0.1:0" }
redis { url = "redis://127.0.0.1:%d" compare_interval = "%s" }
limits { duplicate_window = "30d" correction_window = "30d" disk_reserve = "%s" disk_ballast = "%s" }
pairing { limit = "30d" wait = "30d" grace = "30d" }
input "hooks" { type = "http" path = "/v1/ingest/hooks" format = "ndjson" }
input "narrow" { type = "tail" path = "%s/narrow.ndjson" format = "ndjson" }
input "wide" { type = "tail" path = "%s/wide.ndjson*" format = "ndjson" }
input "relay" { type = "relp" listen = "127.0.0.1:0" format = "ndjson" }
input "lines" { type = "tcp" listen = "127.0.0.1:0" format = "ndjson" }
input "calls" { type = "stream" url = "redis://127.0.0.1:%d" stream = "calls" format = "ndjson" }
""" % (self.state, pick((1, 2, 4)), pick(("50ms", "300ms", "2s")), pick(("100ms", "1s")),
            pick(("1s", "30s")), self.redis_proxy.port,
            self.options.compare or pick(("1s", "3s")), pick(("0", "8MiB")), pick(("0", "4MiB")),
            self.folder, self.folder, self.source_proxy.port)

    def make_senders(self, config):
        base = senders.first_day()
        self.answered = [senders.HttpSender("h%d" % i, self.seed, self.http_proxy, base)
                     for i in range(3)]
        self.answered.append(senders.RelpSender("relp", self.seed, self.relp_proxy, base))
        self.files = [senders.FileSender(name, self.seed, self.folder, base, list(self.answered))
                      for name in ("narrow", "wide")]
        self.answered += [changing.CorrectingSender("corrected", self.seed, self.http_proxy, base),
                          changing.MeetingSender("met", self.seed, self.http_proxy, base)]
        self.importer = senders.ImportSender("import", self.seed, self.folder, base,
                                             os.path.join(self.options.bin, "callswell"), config)
        self.tcp = senders.TcpSender("tcp", self.seed, self.daemon, base)
        self.stream = senders.StreamSender("entries", self.seed, self.source, base)
        self.files[0].ways = ("rename",)
        self.files[0].may_rotate = self.narrow_was_seen
        self.all = self.answered + self.files + [self.importer, self.tcp, self.stream]

    def narrow_was_seen(self):
        """A file that is renamed away before the daemon ever saw it is found by patterns only,
        and a restored ledger may have seen none of them."""
        if self.schedule.restores or not self.daemon.is_ready():
            return False
        inode = ":%x:" % os.fstat(self.files[0].file.fileno()).st_ino
        try:
            db = truth.sqlite3.connect("file:%s/ledger.db?mode=ro" % self.state, uri=True)
            try:
                seen = db.execute("SELECT count(*) FROM checkpoint WHERE source = 'narrow'"
                                  " AND position > 0 AND instr(identity, ?)",
                                  (inode,)).fetchone()[0]
            finally:
                db.close()
        except truth.sqlite3.Error:
            return False
        return seen > 0

    # --- afterwards ---

    def mend(self):
        """Nothing goes wrong from here on."""
        self.http_proxy.quiet()
        self.relp_proxy.quiet()
        self.redis_proxy.quiet()
        self.source_proxy.quiet()
        for server in (self.redis, self.source):
            with server.lock:
                server.signal(signal.SIGCONT)
                if server.process.poll() is not None:
                    server.start()
        self.daemon.limit_files(-1)
        self.daemon.signal(signal.SIGCONT)
        if self.clock:
            with open(self.clock, "r+b") as f:
                f.write(bytes(8))
        faults.FullDisk().undo(self, {})

    def know_truth(self):
        self.source.wait_until_up()
        self.stream.collect()
        self.given_up = truth.given_up(os.path.join(self.state, "ledger.db"))
        self.truth = truth.Truth(self.answered, self.files + [self.importer], self.stream.lines,
                                 self.given_up)

    def compare(self):
        """What differs now, as texts; answers also how much was compared."""
        d = truth.Differences()
        try:
            if truth.given_up(os.path.join(self.state, "ledger.db")) != self.given_up:
                self.know_truth()
            lossy = truth.compare_redis(d, self.truth, self.redis.connect())
            truth.compare_ledger(d, self.truth, os.path.join(self.state, "ledger.db"), lossy)
            truth.compare_store(d, self.truth, os.path.join(self.state, "crm.db"))
            if lossy > self.tcp.sent:
                d.say("%d TCP records counted, %d sent" % (lossy, self.tcp.sent))
            self.lossy = lossy
        except (OSError, RuntimeError, ValueError, truth.sqlite3.Error) as e:
            d.say("could not be compared: %s" % e)
        return d

    def close(self):
        """Ends everything; answers the daemon's exit code, or None."""
        code = self.daemon.close()
        for s in self.all:
            s.stop()
        self.importer.interrupt()
        self.redis.close()
        self.source.close()
        self.source_proxy.close()
        self.redis_proxy.close()
        self.http_proxy.close()
        self.relp_proxy.close()
        return code

    def remove(self):
        if self.small_disk:
            subprocess.run(["umount", "-l", self.small_disk], check=False)
        shutil.rmtree(self.folder, ignore_errors=True)

    def keep(self):
        """What a small disk holds goes into the folder."""
        if self.small_disk:
            if os.path.isdir(self.state):
                shutil.copytree(self.state, os.path.join(self.folder, "state"))
            subprocess.run(["umount", "-l", self.small_disk], check=False)


class Trial:
    def __init__(self, options, seed, preload):
        self.options, self.seed = options, seed
        self.folder = tempfile.mkdtemp(prefix="callswell-chaos-")
        self.site = Site(options, self.folder, seed, preload)
        self.schedule = self.site.schedule = faults.Schedule(seed, options.active, self.site,
                                                           options.only)
        self.log = open(os.path.join(self.folder, "schedule"), "w", encoding="utf-8")
        self.problems = []
        self.recovery = 0.0
        self.compared = 0

    def note(self, text):
        print(text, file=self.log, flush=True)

    def run(self):
        try:
            self.go()
        except Exception as e:  # whatever it is, nothing may stay behind
            self.problems.append("the harness itself: %r" % e)
        finally:
            self.site.close()

    def go(self):
        site = self.site
        if not site.daemon.wait_until_ready() or not site.redis.wait_until_up():
            self.problems.append("did not start")
            return
        for s in site.all:
            s.start()
        self.schedule.run(site, self.note)
        site.mend()
        mended = time.monotonic()
        for s in site.all:
            s.stop()
        self.wait_for_senders()
        if not self.problems:
            self.wait_for_truth(mended)
        if not self.problems and self.schedule.run_last(site, self.note):
            self.wait_for_truth(time.monotonic())
        code = site.close()
        if not self.problems:
            if code != 0:
                self.problems.append("the ordered end had code %s" % code)
            self.check_at_rest()
        self.problems += [p for s in site.all for p in s.problems]
        self.problems += ["the daemon died with code %s" % c for c in site.daemon.deaths
                          if c not in EXPECTED_CODES]
        self.problems += site.daemon.broken_rules()

    def wait_for_senders(self):
        end = time.monotonic() + REST
        for s in self.site.all:
            if not s.finished.wait(max(0.1, end - time.monotonic())):
                self.problems.append("%s still owes %d" % (s.stream,
                                                           len(getattr(s, "waiting", ()))))
            self.note("%s has nothing left to do" % s.stream)

    def wait_for_truth(self, mended):
        site = self.site
        site.know_truth()
        end = time.monotonic() + self.options.rest
        while True:
            d = site.compare()
            self.compared = d.compared
            self.note("%8.3f after: %d differences %s" % (
                time.monotonic() - mended, d.count, d.texts[:2]))
            if not d.count or time.monotonic() > end:
                break
            time.sleep(0.3)
        self.recovery = max(self.recovery, time.monotonic() - mended)
        if d.count:
            self.problems.append("%d differences" % d.count)
            self.problems += d.texts

    def check_at_rest(self):
        d = site_differences(self.site)
        if d.count:
            self.problems += ["after the end: " + t for t in d.texts]

    def sent(self):
        return sum(s.sent for s in self.site.all)


def site_differences(site):
    d = truth.Differences()
    truth.check_pages(d, os.path.join(site.state, "ledger.db"))
    return d


class Tally:
    def __init__(self):
        self.trials = self.sent = self.compared = self.starts = 0
        self.again = self.lossy = self.tcp = self.lost = self.recovered = 0
        self.counts, self.recoveries = {}, []

    def add(self, t):
        self.trials += 1
        self.sent += t.sent()
        self.compared += t.compared
        self.starts += t.site.daemon.starts
        self.again += sum(s.again + s.refused for s in t.site.answered)
        self.tcp += t.site.tcp.sent
        self.lossy += getattr(t.site, "lossy", 0)
        self.lost += sum(q.count for s in t.site.answered for q in s.requests if q.abandoned)
        self.recovered += sum(s.recovered for s in t.site.answered)
        self.recoveries.append(t.recovery)
        for name, n in t.schedule.counts.items():
            self.counts[name] = self.counts.get(name, 0) + n

    def show(self, seconds):
        r = sorted(self.recoveries) or [0]
        print("\nfaults injected: %d" % sum(self.counts.values()))
        for name, n in sorted(self.counts.items(), key=lambda x: -x[1]):
            print("  %6d %s" % (n, name))
        print("%d trials in %d s, %d starts of the daemon" % (self.trials, seconds, self.starts))
        print("%d records sent (%d requests without an answer or refused, and sent again)" %
              (self.sent, self.again))
        print("%d of %d records by plain TCP counted, none twice" % (self.lossy, self.tcp))
        print("%d acknowledged records went with a ledger put back, as foretold; %d of such were "
              "sent again and counted" % (self.lost, self.recovered))
        print("all equal again after the last fault: median %.1f s, longest %.1f s" %
              (r[len(r) // 2], r[-1]))
        print("%d values compared" % self.compared, flush=True)


def run_trial(options, number, tally, preload):
    seed = "%s.%d" % (options.seed, number)
    trial = Trial(options, seed, preload)
    begun = time.monotonic()
    try:
        trial.run()
    except KeyboardInterrupt:
        trial.site.close()
        trial.site.remove()
        raise
    tally.add(trial)
    if not trial.problems:
        trial.site.keep() if options.keep else trial.site.remove()
        if not options.quiet:
            print("trial %s: %d faults, %d records, right after %.1f s (%.0f s)" % (
                seed, sum(trial.schedule.counts.values()), trial.sent(), trial.recovery,
                time.monotonic() - begun), flush=True)
        return True
    trial.site.keep()
    if options.forget:
        trial.site.remove()
    print("\nFAILED: seed %s, trial %d (%.0f s)" % (options.seed, number,
                                                   time.monotonic() - begun))
    for p in trial.problems[:40]:
        print("  " + p)
    print("its schedule, logs and files: %s" % trial.folder)
    print("again: make chaos SEED=%s TRIAL=%d" % (options.seed, number))
    return False


def main():
    p = argparse.ArgumentParser(description=__doc__,
                                formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--bin", required=True, help="folder of callswelld and callswell")
    p.add_argument("--seconds", type=float, default=600)
    p.add_argument("--seed", default="1")
    p.add_argument("--trial", type=int, help="this one only")
    p.add_argument("--active", type=float, default=15, help="seconds of faults in a trial")
    p.add_argument("--rest", type=float, default=REST, help="seconds until all must be right")
    p.add_argument("--preload", help="library that sets the daemon's clock")
    p.add_argument("--only", nargs="+", metavar="KIND", help="faults of these classes only")
    p.add_argument("--places", nargs="+", help="places to be killed at, instead of all")
    p.add_argument("--compare", metavar="INTERVAL", help="of the daemon's own comparing")
    p.add_argument("--without", metavar="GUARD", help="takes a guard of the protocol out")
    p.add_argument("--keep-going", action="store_true", help="after a failed trial")
    p.add_argument("--keep", action="store_true", help="all folders")
    p.add_argument("--forget", action="store_true", help="no folder, whatever comes")
    p.add_argument("--quiet", action="store_true", help="no line for a trial that passed")
    options = p.parse_args()
    options.bin = os.path.abspath(options.bin)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    tally, failed, begun, number = Tally(), 0, time.monotonic(), options.trial or 1
    while True:
        failed += not run_trial(options, number, tally, options.preload)
        number += 1
        if (failed and not options.keep_going) or options.trial or \
                time.monotonic() - begun > options.seconds:
            break
    tally.show(time.monotonic() - begun)
    print("seed %s: %d of %d trials with differences" % (options.seed, failed, tally.trials))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
