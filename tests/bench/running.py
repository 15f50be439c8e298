"""running.py - a daemon that runs while something is sent to it: its ports, state and CPU time."""
import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time

from measure import PROJECT, Failed, kilobytes, pinned, process_cpu

sys.path.insert(0, os.path.join(PROJECT, "tests", "tools"))
from oracle_check import Redis  # noqa: E402

HOST = "127.0.0.1"
PAUSE = 0.02  # between looks at a condition

# What `callswell generate` writes, without the line of names.
LINES = """\
format "lines" {
    type = "csv"
    header = no
    columns = { "id", "kind", "customer", "conference", "participant", "start", "end", "duration",
                "outcome", "cause", "features", "service", "region", "wait", "handle", "agent" }
}
input "lines" { type = "tcp" listen = "127.0.0.1:0" format = "lines" }
input "hooks" { type = "http" format = "lines" }
"""


def wait_for(what, seconds, condition, pause=PAUSE):
    """Answers what the condition does as soon as that is true."""
    end = time.monotonic() + seconds
    while not (answer := condition()):
        if time.monotonic() > end:
            raise Failed("%s did not happen within %d s" % (what, seconds))
        time.sleep(pause)
    return answer


class Daemon:
    """callswelld of a site, on these cores, from `with` to its ordered end."""

    def __init__(self, site, cores=None):
        self.site, self.cores = site, cores or site.one
        self.log_path = os.path.join(site.work, "daemon.log")
        self.process = None
        self.ready_seconds = None

    def start(self):
        begun = time.monotonic()
        with open(self.log_path, "w", encoding="utf-8") as log:
            self.process = subprocess.Popen([self.site.program("callswelld"), "-c",
                                             self.site.config], stderr=log,
                                            preexec_fn=pinned(self.cores))
        try:
            wait_for("the start of callswelld", 120,
                     lambda: "event=ready " in self.said() or self.process.poll() is not None)
            self.ready_seconds = time.monotonic() - begun
            if self.process.poll() is not None:
                raise Failed("callswelld ended: " + self.said()[-300:])
            wait_for("Redis", 600, lambda: self.status()["redis"]["connected"])
        except Failed:
            self.end(signal.SIGKILL)
            self.end_redis()
            raise

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.end(signal.SIGTERM)

    def end(self, number):
        """SIGKILL leaves the managed Redis running, as a crash would; the next start takes over."""
        self.process.send_signal(number)
        self.process.wait()

    def end_redis(self):
        """That of a daemon that was killed and will not be started again."""
        try:
            self.redis().ask("SHUTDOWN", "NOSAVE")
        except (OSError, RuntimeError):
            pass  # there is none

    def said(self):
        with open(self.log_path, encoding="utf-8", errors="replace") as f:
            return f.read()

    def port(self, word):
        return int(re.search(r"event=ready .*\b%s=(?:[\d.]+:)?(\d+)" % word, self.said())[1])

    def status(self):
        c = http.client.HTTPConnection(HOST, self.port("http"), timeout=60)
        try:
            c.request("GET", "/v1/status")
            return json.loads(c.getresponse().read())
        finally:
            c.close()

    def redis(self):
        return Redis(os.path.join(self.site.state, "redis.sock"))

    def wait_until_kept(self, records, seconds=300):
        """All of them decided, committed and in Redis; answers what became of them."""
        def kept():
            s = self.status()
            return (s["records"]["seen"] >= records and s["queue"]["bytes"] == 0
                    and s["redis"]["applied"] == s["ledger"]["batch"]
                    and s["redis"]["pending"] == 0 and s["records"])

        counts = wait_for("all of it in the ledger and Redis", seconds, kept)
        return {"records": counts["seen"],
                **{k: counts[k] for k in ("accepted", "duplicates", "quarantined")}}

    def cost(self):
        """CPU seconds so far of its own process and of both; the peak of its memory."""
        pid = int(re.findall(r"event=redis_server_answers pid=(\d+)", self.said())[-1])
        own = process_cpu(self.process.pid)
        return {"cpu_seconds": own, "all_cpu": own + process_cpu(pid),
                "peak_kilobytes": kilobytes(self.process.pid, "VmHWM")}

    def resident_kilobytes(self):
        return kilobytes(self.process.pid, "VmRSS")


def cost_between(before, after):
    return {"peak_kilobytes": after["peak_kilobytes"],
            **{k: after[k] - before[k] for k in ("cpu_seconds", "all_cpu")}}


def line_after(f, at):
    """Where the first line begins that does not begin before that place."""
    if at == 0:
        return 0
    f.seek(at - 1)
    return at - 1 + len(f.readline())


def send_file(port, path, share=0, shares=1):
    """All lines but the first, or a share of them, over one connection; answers how many."""
    with open(path, "rb") as f, socket.create_connection((HOST, port)) as s:
        first, size = len(f.readline()), os.fstat(f.fileno()).st_size
        at = max(first, line_after(f, size * share // shares))
        end = line_after(f, size * (share + 1) // shares)
        f.seek(at)
        count, left = 0, end - at
        while left > 0:
            chunk = f.read(min(left, 1 << 20))
            count, left = count + chunk.count(b"\n"), left - len(chunk)
        while at < end:
            at += os.sendfile(s.fileno(), f.fileno(), at, min(end - at, 1 << 20))
    return count
