"""cases_whole.py - what takes ten million records or a quarter of a minute: size, starts, losses,
growth, analytics, idleness. Each once, after the rounds of the others.
"""
import os
import shutil
import signal
import statistics
import time

from cases_import import imported
from cases_network import one_day
from measure import Case
from running import LINES, Daemon, send_file, wait_for

CUSTOMERS = 50000
TEN_MILLION = (10000000, 30, CUSTOMERS)
QUARTER = (5000000, 90, CUSTOMERS)
# All ids are remembered, and nothing that a start has to replay is folded before it is killed.
FULL = 'limits { duplicate_window = "35d" }\nfold_interval = "1h"\n' + LINES
REPORTS = ("staffing", "features", "segments", "customers", "signals")
IDLE_SECONDS = 20


def restored(daemon):
    """Everything goes from Redis; how long until all keys are there again, and how many."""
    redis = daemon.redis()
    keys = redis.ask("DBSIZE")
    begun = time.monotonic()
    redis.ask("FLUSHALL")
    wait_for("all keys again in Redis", 600, lambda: redis.ask("DBSIZE") >= keys)
    return {"keys": keys, "restored_seconds": time.monotonic() - begun}


def started_again(site, daemon):
    """Killed with a million records in the log that no fold has seen."""
    daemon.wait_until_kept(send_file(daemon.port("lines"), one_day(site)))
    ledger = daemon.status()["ledger"]
    daemon.end(signal.SIGKILL)
    daemon.start()
    return {"start_seconds": daemon.ready_seconds,
            "batches_to_replay": ledger["batch"] - ledger["folded"]}


def reports(site):
    """The slowest of them, each at its best of five; all in milliseconds."""
    took = {}
    for name in REPORTS:
        took["report_%s_ms" % name] = min(
            site.run([site.program("callswell"), "report", name, "--config", site.config])[1]
            ["seconds"] for _ in range(5)) * 1000
    return {**took, "report_ms": max(took.values())}


def ten_million(site):
    figures = imported(site, "csv", size=TEN_MILLION, more=FULL, keep=True)
    figures.update(reports(site))
    figures["ledger_bytes"] = os.path.getsize(os.path.join(site.state, "ledger.db"))
    with Daemon(site) as d:
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
    imported(site, "csv", size=QUARTER, keep=True)
    store = os.path.join(site.work, "analytics.db")
    for end in ("", "-wal", "-shm"):
        if os.path.exists(store + end):
            os.unlink(store + end)
    text, _ = site.run([site.tool("bench_analyst"), os.path.join(site.state, "ledger.db"), store])
    took = [float(line.split()[-2]) for line in text.splitlines()]
    shutil.rmtree(site.state, ignore_errors=True)
    return {"first_seconds": took[0], "changed_seconds": took[1], "next_day_seconds": took[2]}


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
