"""cases_peers.py - what else could take lines over TCP and count them in Redis: rsyslog and
syslog-ng, one HINCRBY a record and nothing else.

They get lines with a customer and without spaces, which their commands could not carry.
"""
import glob
import os
import re
import shutil
import socket
import subprocess
import time

from cases_network import one_day
from measure import Case, Failed, Skipped, kilobytes, pinned, process_cpu
from running import HOST, send_file, wait_for

LINES = 200000
READABLE = re.compile(r'[^," %]*,[^," %]*,[^," %]+(,[^," %]*){13}\n')

RSYSLOG = """\
module(load="imtcp")
module(load="omhiredis")
template(name="count" type="string" string="HINCRBY %%rawmsg:F,44:3%% legs 1")
input(type="imtcp" port="%d" address="127.0.0.1" ruleset="count" supportOctetCountedFraming="off")
ruleset(name="count") {
    action(type="omhiredis" server="127.0.0.1" serverport="%d" template="count")
}
"""

SYSLOG_NG = """\
@version: 3.38
options { stats-freq(0); };
source s { network(ip("127.0.0.1") port(%d) transport("tcp") flags(no-parse)); };
parser p { csv-parser(columns("id", "kind", "customer", "conference", "participant", "start",
                              "end", "duration", "outcome", "cause", "features", "service",
                              "region", "wait", "handle", "agent") delimiters(",")); };
destination d { redis(host("127.0.0.1") port(%d) command("HINCRBY", "${customer}", "legs", "1")); };
log { source(s); parser(p); destination(d); flags(flow-control); };
"""


def free_port():
    with socket.socket() as s:
        s.bind((HOST, 0))
        return s.getsockname()[1]


def plain_lines(site):
    """The first ones that everybody can read, under the line of names."""
    path = os.path.join(site.work, "plain-%d.csv" % LINES)
    source = one_day(site)
    if not os.path.exists(path) or os.path.getmtime(path) < os.path.getmtime(source):
        count = -1
        with open(source, encoding="utf-8", errors="replace") as f, \
                open(path + ".new", "w", encoding="utf-8") as out:
            for line in f:
                if count < LINES and READABLE.fullmatch(line):
                    out.write(line)
                    count += 1
        os.replace(path + ".new", path)
    return path


def listening(port):
    with socket.socket() as s:
        return s.connect_ex((HOST, port)) == 0


def calls(redis_port):
    """How many HINCRBY Redis has worked off."""
    answer = subprocess.run(["redis-cli", "-p", str(redis_port), "info", "commandstats"],
                            stdout=subprocess.PIPE, check=False).stdout.decode()
    found = [line for line in answer.splitlines() if line.startswith("cmdstat_hincrby:")]
    return int(found[0].split("calls=")[1].split(",")[0]) if found else 0


def counted_by(site, name, config, command, environment=None):
    """The CPU time of the peer's own process for all lines, from the first to Redis' last."""
    folder = os.path.join(site.work, name)
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    port, redis_port = free_port(), free_port()
    path = os.path.join(folder, "conf")
    with open(path, "w", encoding="utf-8") as f:
        f.write(config % (port, redis_port))
    with open(os.path.join(folder, "log"), "w", encoding="utf-8") as log:
        def start(words, more=None):
            return subprocess.Popen(words, cwd=folder, stdout=log, stderr=log,
                                    env={**os.environ, **(more or {})},
                                    preexec_fn=pinned(site.one))

        redis = start(["redis-server", "--port", str(redis_port), "--bind", HOST, "--save", ""])
        peer = None
        try:
            wait_for("redis-server", 20, lambda: listening(redis_port))
            peer = start(command(folder, path), environment)
            wait_for(name, 20, lambda: listening(port) or peer.poll() is not None)
            if peer.poll() is not None:
                raise Failed("%s ended; see build/bench/%s/log" % (name, name))
            before, redis_before = process_cpu(peer.pid), process_cpu(redis.pid)
            begun = time.monotonic()
            count = send_file(port, plain_lines(site))
            wait_for("all lines of %s in Redis" % name, 120, lambda: calls(redis_port) >= count)
            own = process_cpu(peer.pid) - before
            return {"records": count, "cpu_seconds": own, "seconds": time.monotonic() - begun,
                    "all_cpu": own + process_cpu(redis.pid) - redis_before,
                    "peak_kilobytes": kilobytes(peer.pid, "VmHWM")}
        finally:
            for p in (peer, redis):
                if p:
                    p.kill()
                    p.wait()


def rsyslog(site):
    if not shutil.which("rsyslogd") or not glob.glob("/usr/lib/*/rsyslog/omhiredis.so"):
        raise Skipped("the packages rsyslog and rsyslog-hiredis are not installed")
    return counted_by(site, "rsyslog", RSYSLOG, lambda folder, path: [
        "rsyslogd", "-n", "-f", path, "-i", os.path.join(folder, "pid")])


def syslog_ng_root(site):
    """"" if it is installed; else where its packages were unpacked, because Debian's exclude
    those of rsyslog."""
    if shutil.which("syslog-ng"):
        return ""
    folder = os.path.join(site.work, "syslog-ng-packages")
    root = os.path.join(folder, "root")
    if not os.path.exists(os.path.join(root, "usr/sbin/syslog-ng")):
        os.makedirs(folder, exist_ok=True)
        packages = ["syslog-ng-core", "syslog-ng-mod-redis", "libivykis0", "libnet1", "libwrap0"]
        if not shutil.which("apt-get") or subprocess.run(
                ["apt-get", "download", "-qq", *packages], cwd=folder, stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL, check=False).returncode:
            raise Skipped("syslog-ng-core and syslog-ng-mod-redis are not to be had")
        for package in glob.glob(os.path.join(folder, "*.deb")):
            subprocess.run(["dpkg", "-x", package, root], check=True)
    return root


def syslog_ng(site):
    root = syslog_ng_root(site)
    modules = glob.glob(root + "/usr/lib/syslog-ng/[0-9]*")
    if not modules or not os.path.exists(os.path.join(modules[0], "libredis.so")):
        raise Skipped("the package syslog-ng-mod-redis is not installed")
    libraries = [root + "/usr/lib/syslog-ng", *glob.glob(root + "/usr/lib/*-linux-gnu")]

    def command(folder, path):
        return [root + "/usr/sbin/syslog-ng", "-F", "-f", path, "--module-path", modules[0],
                *["--%s=%s" % (o, os.path.join(folder, o))
                  for o in ("persist-file", "pidfile", "control")]]

    return counted_by(site, "syslog-ng", SYSLOG_NG, command,
                      {"LD_LIBRARY_PATH": ":".join(libraries)} if root else None)


CASES = {
    "rsyslog": Case(rsyslog, rounds=3, own=False),
    "syslog-ng": Case(syslog_ng, rounds=3, own=False),
}
