"""rows.py - the goals, one row each, and how each follows from what the cases measured.

A row's figure is made of the cases' best costs, and once more of their medians: `cost` stands
for either. "(c)" is per CPU-second of callswell's own process, with all its threads; one core
unless said. Kept: the durable ledger and the projection to Redis are in it.
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

        if met(self.goal):
            return "goal"
        return "floor" if self.floor is None or met(self.floor) else "BELOW"


def rate(key, title, goal, floor, case, quick=False):
    """Millions of records per CPU-second."""
    return Row(key, title, "M/s (c)", goal, floor, (case,),
               lambda cost: cost(case, "records") / cost(case, "cpu_seconds") / 1e6, quick=quick)


def times_less(key, title, goal, floor, case, figure):
    return Row(key, title, "x less", goal, floor, (case, "duckdb"),
               lambda cost: cost("duckdb", "cpu_seconds") / cost(case, figure), quick=True)


ROWS = [
    rate("csv-counted", "CSV counted", 5, 3, "csv-counted", quick=True),
    rate("csv-kept", "CSV kept", 2.5, 1.2, "csv-kept", quick=True),
    rate("ndjson-counted", "NDJSON counted", 3.5, 2, "ndjson-counted", quick=True),
    rate("ndjson-kept", "NDJSON kept", 2, 1, "ndjson-kept", quick=True),
    rate("tcp", "TCP lines kept, customers of one day", 4, 2, "tcp"),
    rate("http-batches", "HTTP kept, batches of 1000", 2.5, 1.2, "http-batches"),
    Row("http-singles", "HTTP, 1 a batch, 64 connections, wall", "/s", 10000, 3000,
        ("http-singles",),
        lambda cost: cost("http-singles", "records") / cost("http-singles", "seconds")),
    Row("csv-both", "CSV file to Redis, both cores, wall", "M/s", 2, 1, ("csv-both",),
        lambda cost: cost("csv-both", "records") / cost("csv-both", "seconds") / 1e6),
    times_less("csv-duckdb-counted", "against DuckDB: counted", 5, 3, "csv-counted",
               "cpu_seconds"),
    times_less("csv-duckdb-kept", "against DuckDB: kept, with Redis", 2, 1, "csv-kept", "all_cpu"),
    Row("csv-share", "counted: share of the yardstick", "share", 0.75, 0.45,
        ("csv-counted", "yardstick"),
        lambda cost: cost("yardstick", "cpu_seconds") / cost("csv-counted", "cpu_seconds"),
        quick=True),
    Row("quiet-median", "quiet: record sent to counter in Redis", "ms", 50, 500, ("quiet",),
        lambda cost: cost("quiet", "p50_ms"), less=True),
    Row("quiet-p99", "the same, 99 of 100", "ms", 50, 500, ("quiet",),
        lambda cost: cost("quiet", "p99_ms"), less=True),
]
