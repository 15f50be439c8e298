"""measure.py - processes on their cores, what they cost, and the data they are given.

CPU time is the kernel's (wait4, or the process' clock while it runs), so a bench that shares
its machine still measures its own work; what the neighbours do to caches and clock it cannot see.
"""
import json
import os
import shutil
import statistics
import subprocess
import time

HERE = os.path.dirname(os.path.abspath(__file__))
PROJECT = os.path.dirname(os.path.dirname(HERE))
ALLOWED = os.sched_getaffinity(0)  # cores, before any of them is chosen
STALE = 86400  # seconds after which data made "until now" is no longer what it says


class Skipped(Exception):
    """This case cannot be measured here, and why: something else is not installed."""


class Failed(Exception):
    """What was to be measured went wrong."""


def pinned(cores):
    """For preexec_fn: this child and all of its own run on these cores only."""
    return lambda: os.sched_setaffinity(0, cores)


def process_cpu(pid):
    """Seconds of CPU time of a running process, all threads, without its children."""
    return time.clock_gettime(~pid << 3 | 2)  # what clock_getcpuclockid(3) makes of a pid


def kilobytes(pid, what):
    """VmHWM (the most so far) or VmRSS (now) of a process."""
    with open("/proc/%d/status" % pid, encoding="ascii") as f:
        return next(int(line.split()[1]) for line in f if line.startswith(what + ":"))


class Case:
    """Something that is run and measured: run(site) answers its figures, or raises one of those."""

    def __init__(self, run, warm=False, rounds=None, last=False, own=True):
        self.run = run
        self.warm = warm  # once unmeasured before the rounds, for itself and who reads the same
        self.rounds = rounds  # at most; None: all
        self.last = last  # after the rounds, once
        self.own = own  # of callswell's programs; another build's would make a difference


class Site:
    """Folders, programs, cores and data of one bench."""

    def __init__(self, binaries, records, days, customers):
        self.bin = binaries
        self.work = os.path.join(PROJECT, "build", "bench")
        self.state = os.path.join(self.work, "state")
        self.config = os.path.join(self.work, "bench.conf")
        self.size = (records, days, customers)
        allowed = sorted(ALLOWED)
        self.both = set(allowed[-2:])
        # The other core is for the harness and for what sends: it is not what is measured.
        self.one = {allowed[-1]}
        self.other = set(allowed[-2:-1]) or self.one
        os.makedirs(self.work, exist_ok=True)
        os.sched_setaffinity(0, self.other)

    def program(self, name):
        return os.path.join(self.bin, name)

    def tool(self, name):
        return os.path.join(PROJECT, "build", "tests", name)

    def data(self, form, size=None):
        """The file of generated records, made if it is missing or of another day."""
        records, days, customers = size or self.size
        path = os.path.join(self.work, "%d-%d-%d.%s" % (records, days, customers, form))
        if not os.path.exists(path) or time.time() - os.path.getmtime(path) > STALE:
            print("making %d records of %d customers as %s ..." % (records, customers, form),
                  flush=True)
            subprocess.run([self.program("callswell"), "generate", "--records", str(records),
                            "--days", str(days), "--customers", str(customers), "--format", form,
                            "--out", path + ".new"], check=True)
            os.replace(path + ".new", path)
        return path

    def configure(self, workers=1, more=""):
        """Writes the configuration of a fresh state folder."""
        shutil.rmtree(self.state, ignore_errors=True)
        with open(self.config, "w", encoding="utf-8") as f:
            f.write('state_dir = "%s"\nworkers = %d\nredis { url = "managed" }\n'
                    'http { listen = "127.0.0.1:0" }\n%s' % (self.state, workers, more))

    def run(self, command, cores=None):
        """One process to its end: what it printed, and what it and its children cost."""
        begun = time.monotonic()
        with open(os.path.join(self.work, "stderr.log"), "w", encoding="utf-8") as log:
            p = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log,
                                 preexec_fn=pinned(cores or self.one))
            text = p.stdout.read().decode()
            p.stdout.close()
            _, status, used = os.wait4(p.pid, 0)
            p.returncode = os.waitstatus_to_exitcode(status)
        if p.returncode != 0:
            with open(log.name, encoding="utf-8", errors="replace") as f:
                raise Failed("%s ended with %d: %s" % (os.path.basename(command[0]),
                                                        p.returncode, f.read()[-300:].strip()))
        return text, {"all_cpu": used.ru_utime + used.ru_stime,
                      "seconds": time.monotonic() - begun}

    def run_json(self, command, cores=None):
        """The same for a program that prints one JSON object, which comes first in what counts."""
        text, cost = self.run(command, cores)
        return {**cost, **json.loads(text)}


class Results:
    """Figures of every case and round. All figures are costs: the least is the best."""

    def __init__(self):
        self.rounds = {}  # case -> figures, one dict a round
        self.missing = {}  # case -> why it was not measured
        self.failed = False

    def add(self, case, figures):
        self.rounds.setdefault(case, []).append(figures)

    def of(self, case, figure, choose):
        return choose(r[figure] for r in self.rounds[case])

    def best(self, case, figure):
        return self.of(case, figure, min)

    def median(self, case, figure):
        return self.of(case, figure, statistics.median)
