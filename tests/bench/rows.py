"""rows.py - the goals, one row each, and how each follows from what the cases measured.

A row's figure is made of the cases' best costs, and once more of their medians: `cost` stands
for either. "(c)" is per CPU-second of callswell's own process, with all its threads; one core
unless said. Kept: the durable ledger and the projection to Redis are in it; the pass of the
analyst, which an import waits for, has a row of its own, and rows without a goal that say what
it adds. So has the time until a file is in Redis: that is when programs that read there see all
of it. Growth of memory has no number of its own in the goal ("with customers only"): a fifth is
left for noise.
"""


class Row:
    def __init__(self, key, title, unit, goal, floor, cases, value, less=False, quick=False):
        self.key, self.title, self.unit = key, title, unit
        self.goal, self.floor = goal, floor
        self.cases, self.value = cases, value
        self.less = less  # is better
        self.quick = quick

    def judge(self, figure):
        def met(limit):
            return figure <= limit if self.less else figure >= limit

        if self.goal is None:
            return ""
        if met(self.goal):
            return "goal"
        if self.floor is None:
            return "missed"
        return "floor" if met(self.floor) else "BELOW"


def rate(key, title, goal, floor, case, quick=False):
    """Millions of records per CPU-second."""
    return Row(key, title, "M/s (c)", goal, floor, (case,),
               lambda cost: cost(case, "records") / cost(case, "cpu_seconds") / 1e6, quick=quick)


def kept_rate(key, title, goal, floor, case):
    """The same without the analyst's pass."""
    return Row(key, title, "M/s (c)", goal, floor, (case,),
               lambda cost: cost(case, "records") / cost(case, "kept_cpu") / 1e6, quick=True)


def against_tcp(case, title):
    """CPU time for a record; there is no goal, since they keep nothing and count one thing."""
    return Row("tcp-" + case, title, "x less", None, None, ("tcp", case),
               lambda cost: cost(case, "cpu_seconds") / cost(case, "records") /
               (cost("tcp", "cpu_seconds") / cost("tcp", "records")))


def times_less(key, title, goal, floor, case, figure):
    return Row(key, title, "x less", goal, floor, (case, "duckdb"),
               lambda cost: cost("duckdb", "cpu_seconds") / cost(case, figure), quick=True)


def two_workers(key, what, one, both, figure):
    """On two cores against one."""
    return Row(key, "two workers against one: %s, wall" % what, "x", 1.7, None, (both, one),
               lambda cost: cost(one, figure) / cost(both, figure))


ROWS = [
    rate("csv-counted", "CSV counted", 5, 3, "csv-counted", quick=True),
    kept_rate("csv-kept", "CSV kept", 2.5, 1.2, "csv-kept"),
    rate("csv-analysed", "the same and the analyst's first pass", None, None, "csv-kept",
         quick=True),
    rate("ndjson-counted", "NDJSON counted", 3.5, 2, "ndjson-counted", quick=True),
    kept_rate("ndjson-kept", "NDJSON kept", 2, 1, "ndjson-kept"),
    rate("ndjson-analysed", "the same and the analyst's first pass", None, None, "ndjson-kept",
         quick=True),
    rate("tcp", "TCP lines kept, customers of one day", 4, 2, "tcp"),
    rate("udp", "UDP datagrams of a line each, kept", None, None, "udp"),
    rate("http-batches", "HTTP kept, 1000 a batch, 16 senders", 2.5, 1.2, "http-batches"),
    Row("http-singles", "HTTP, 1 a batch, 64 connections, wall", "/s", 10000, 3000,
        ("http-singles",),
        lambda cost: cost("http-singles", "records") / cost("http-singles", "seconds")),
    Row("csv-both", "CSV file to Redis, both cores, wall", "M/s", 2, 1, ("csv-both",),
        lambda cost: cost("csv-both", "records") / cost("csv-both", "redis_seconds") / 1e6),
    Row("csv-both-analysed", "the same and the analyst's first pass, wall", "M/s", None, None,
        ("csv-both",),
        lambda cost: cost("csv-both", "records") / cost("csv-both", "seconds") / 1e6),
    two_workers("csv-workers", "kept, until Redis", "csv-kept", "csv-both", "redis_seconds"),
    two_workers("parse-workers", "counted", "parse", "parse-both", "seconds"),
    two_workers("tcp-workers", "two connections, kept", "tcp", "tcp-both", "seconds"),
    times_less("csv-duckdb-counted", "against DuckDB: counted", 5, 3, "csv-counted",
               "cpu_seconds"),
    times_less("csv-duckdb-kept", "against DuckDB: kept, with Redis", 2, 1, "csv-kept",
               "all_kept_cpu"),
    times_less("csv-duckdb-analysed", "the same and the analyst's first pass", None, None,
               "csv-kept", "all_cpu"),
    Row("csv-share", "counted: share of the yardstick", "share", 0.75, 0.45,
        ("csv-counted", "yardstick"),
        lambda cost: cost("yardstick", "cpu_seconds") / cost("csv-counted", "cpu_seconds"),
        quick=True),
    against_tcp("rsyslog", "against rsyslog with 1 HINCRBY: TCP"),
    against_tcp("syslog-ng", "against syslog-ng with 1 HINCRBY: TCP"),
    Row("quiet-median", "quiet: record sent to count in Redis", "ms", 50, 500, ("quiet",),
        lambda cost: cost("quiet", "p50_ms"), less=True),
    Row("quiet-p99", "the same, 99 of 100", "ms", 50, 500, ("quiet",),
        lambda cost: cost("quiet", "p99_ms"), less=True),
    Row("memory", "memory: 10 M records, 50 k customers", "MB", 384, 768, ("ten-million",),
        lambda cost: cost("ten-million", "peak_kilobytes") / 1024, less=True),
    Row("idle-cpu", "idle: CPU", "%", 0.1, None, ("idle",),
        lambda cost: cost("idle", "percent"), less=True),
    Row("idle-memory", "idle: resident memory", "MB", 32, None, ("idle",),
        lambda cost: cost("idle", "resident_kilobytes") / 1024, less=True),
    Row("growth-time", "10x records and customers: CPU time", "x", 10, None, ("growth",),
        lambda cost: cost("growth", "time"), less=True),
    Row("growth-memory", "10x records, same customers: memory", "x", 1.2, None, ("growth",),
        lambda cost: cost("growth", "memory"), less=True),
    Row("wiped", "Redis wiped: a million keys restored", "s", 10, 30, ("ten-million",),
        lambda cost: cost("ten-million", "restored_seconds") / cost("ten-million", "keys") * 1e6,
        less=True),
    Row("start", "start after kill -9, full ledger", "s", 2, 10, ("ten-million",),
        lambda cost: cost("ten-million", "start_seconds"), less=True),
    Row("start-ordered", "start after an ordered end, the same", "s", None, None,
        ("ten-million",), lambda cost: cost("ten-million", "ordered_start_seconds"), less=True),
    Row("analytics", "analytics, 50,000 customers, 90 days", "s CPU", 10, 30, ("analytics",),
        lambda cost: cost("analytics", "first_seconds"), less=True),
    Row("analytics-share", "ingestion during the pass", "share", None, None, ("analytics",),
        lambda cost: cost("analytics", "rate_during") / cost("analytics", "rate_before")),
    Row("report", "slowest report over 50,000 customers", "ms", 100, 500, ("ten-million",),
        lambda cost: cost("ten-million", "report_ms"), less=True),
]
