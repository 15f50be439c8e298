"""cases_whole.py - what takes ten million records or a quarter of a minute: size, starts, losses,
growth, analytics, idleness. Each once, after the rounds of the others.
"""
import os
import shutil
import signal
import statistics
import subprocess
import time

from cases_import import imported
from cases_network import load, one_day
from measure import Case, Failed, pinned
from running import LINES, Daemon, send_file, wait_for

CUSTOMERS = 50000
TEN_MILLION = (10000000, 30, CUSTOMERS)
QUARTER = (5000000, 90, CUSTOMERS)
# All ids are remembered, and nothing that a start has to replay is folded before it is killed.
FULL = 'limits { duplicate_window = "35d" }\nfold_interval = "1h"\n' + LINES
SINGLES = 20000
TIMES = 3  # the best counts: disks stall
REPORTS = ("staffing", "features", "segments", "customers", "signals")
IDLE_SECONDS = 20


def restored(daemon):
    """Everything goes from Redis; how long until all keys are there again, and how many."""
    redis = daemon.redis()
    keys = redis.ask("DBSIZE")
    took = []
    for _ in range(TIMES):
        begun = time.monotonic()
        redis.ask("FLUSHALL")
        wait_for("all keys again in Redis", 600, lambda: redis.ask("DBSIZE") >= keys)
        took.append(time.monotonic() - begun)
    return {"keys": keys, "restored_seconds": min(took), "restored_all": took}


def started_again(site, daemon):
    """Killed with a million records in the log that no fold has seen."""
    daemon.wait_until_kept(send_file(daemon.port("lines"), one_day(site)))
    ledger = daemon.status()["ledger"]
    took = []
    for _ in range(TIMES):
        daemon.end(signal.SIGKILL)
        daemon.start()
        took.append(daemon.ready_seconds)
    return {"start_seconds": min(took), "start_all": took,
            "batches_to_replay": ledger["batch"] - ledger["folded"]}


def reports(site):
    """The slowest of them, each at its best; all in milliseconds."""
    took = {}
    for name in REPORTS:
        took["report_%s_ms" % name] = min(
            site.run([site.program("callswell"), "report", name, "--config", site.config])[1]
            ["seconds"] for _ in range(TIMES)) * 1000
    return {**took, "report_ms": max(took.values())}


def ten_million(site):
    figures = imported(site, "csv", size=TEN_MILLION, more=FULL, keep=True)
    figures.update(reports(site))
    figures["ledger_bytes"] = os.path.getsize(os.path.join(site.state, "ledger.db"))
    with Daemon(site) as d:
        figures["ordered_start_seconds"] = d.ready_seconds
        wait_for("Redis as the ledger", 300, lambda: d.status()["redis"]["pending"] == 0)
        figures.update(restored(d))
        figures.update(started_again(site, d))
    shutil.rmtree(site.state, ignore_errors=True)
    return figures


def growth(site):
    """The same with ten times the records and customers; and with ten times the records of
    customers who are there every day, so that the counters are as many as before. Ids are
    remembered for 48 h only: memory is what the counters take."""
    def costs(records, customers):
        return imported(site, "csv", size=(records, 30, customers))

    small = [costs(1000000, CUSTOMERS // 10) for _ in range(3)]
    out = {"small_cpu": statistics.median(r["all_cpu"] for r in small),
           "large_cpu": costs(10000000, CUSTOMERS)["all_cpu"],
           "few_kilobytes": costs(500000, 1000)["peak_kilobytes"],
           "many_kilobytes": costs(5000000, 1000)["peak_kilobytes"]}
    return {**out, "time": out["large_cpu"] / out["small_cpu"],
            "memory": out["many_kilobytes"] / out["few_kilobytes"]}


def analytics(site):
    """Passes over a ledger by bench_analyst, for their CPU time; and once more while 64 senders
    have single records committed, for what becomes of their answers."""
    imported(site, "csv", size=QUARTER, more=LINES, keep=True)

    def passes_into(name):
        return [site.tool("bench_analyst"), os.path.join(site.state, "ledger.db"),
                os.path.join(site.state, name)]

    text, _ = site.run(passes_into("alone.db"))
    took = [float(line.split()[-2]) for line in text.splitlines()]
    with Daemon(site, site.both) as d:
        before = load(site, d, 1, 64, SINGLES)
        with subprocess.Popen(passes_into("beside.db"), stdout=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL,
                              preexec_fn=pinned(site.both)) as passes:
            during = load(site, d, 1, 64, SINGLES, SINGLES)
            # Three passes take longer than the senders, or nothing was shown.
            still = passes.poll() is None
            passes.kill()
    shutil.rmtree(site.state, ignore_errors=True)
    if not still:
        raise Failed("the passes were over before the senders were")
    return {"first_seconds": took[0], "changed_seconds": took[1], "next_day_seconds": took[2],
            "rate_before": before["requests"] / before["seconds"],
            "rate_during": during["requests"] / during["seconds"],
            "p99_before_ms": before["p99_ms"], "p99_during_ms": during["p99_ms"]}


def idle(site):
    site.configure(more=LINES)
    with Daemon(site) as d:
        before = d.cost()["cpu_seconds"]
        time.sleep(IDLE_SECONDS)
        return {"percent": (d.cost()["cpu_seconds"] - before) / IDLE_SECONDS * 100,
                "resident_kilobytes": d.resident_kilobytes()}


CASES = {
    "idle": Case(idle, last=True),
    "growth": Case(growth, last=True),
    "ten-million": Case(ten_million, last=True),
    "analytics": Case(analytics, last=True),
}
