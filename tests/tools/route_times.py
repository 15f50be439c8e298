#!/usr/bin/env python3
"""route_times.py URL PID: what each GET of the API costs, as JSON and as CSV, by its own description.

Asks a daemon (with data in it, without tokens) for every path of /v1/openapi.json, five times, and prints the CPU time
that the process took for one, the middle of the times that passed, and the bytes. Paths of one customer, signal or
feature take the first that there is; what the page asks with filters is asked so, too. Exits with 1 when the CPU time
of an answer in pages is over the limit (--limit, 500 ms); a whole table as CSV may take longer.
"""
import argparse
import glob
import json
import statistics
import sys
import time
import urllib.error
import urllib.parse
import urllib.request

REPEATS = 5


def fetch(url):
    """Bytes and seconds; the time of the whole answer."""
    begun = time.monotonic()
    with urllib.request.urlopen(url, timeout=120) as answer:
        body = answer.read()
    return body, time.monotonic() - begun


def cpu_ms(pid):
    """All threads' time on a processor: what does not grow when the machine is busy."""
    total = 0
    for path in glob.glob(f"/proc/{pid}/task/*/schedstat"):
        with open(path, encoding="ascii") as f:
            total += int(f.read().split()[0])
    return total / 1e6


def first(base, name, column):
    rows = json.loads(fetch(f"{base}/v1/{name}?limit=1")[0])["rows"]
    return urllib.parse.quote(str(rows[0][column]), safe="") if rows else None


def questions(base):
    """(address, ...) of all that may be asked."""
    api = json.loads(fetch(f"{base}/v1/openapi.json")[0])
    ids = {"/v1/customers/": first(base, "customers", "customer"), "/v1/signals/": first(base, "signals", "id"),
           "/v1/features/": first(base, "features", "feature")}
    service = first(base, "services", "service")
    for path, item in api["paths"].items():
        if "get" not in item or path == "/v1/events":
            continue
        if "{id}" in path:
            found = next(ids[p] for p in ids if path.startswith(p))
            if found is None:
                continue
            path = path.replace("{id}", found)
        path = path.replace("{crm}", "salesforce")
        yield path
        known = {p["name"] for p in item["get"].get("parameters", [])}
        if {"sort", "limit"} <= known:
            yield path + "?limit=1000"
        if {"format", "sort"} <= known:
            yield path + "?format=csv"
        if "q" in known:
            yield path + "?q=acme"
    yield "/v1/customers?sort=-legs_30d&limit=100"
    yield "/v1/customers?q=c0001&sort=customer&limit=100"
    yield f"/v1/staffing?service={service}&limit=1000"
    yield f"/v1/what-if?service={service}&volume=%2B20%25&aht=%2B10%25"
    yield f"/v1/why?name={ids['/v1/customers/']}"
    yield f"/v1/why?kind=service&name={service}"


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("url")
    options.add_argument("pid")
    options.add_argument("--limit", type=float, default=500, help="ms")
    asked = options.parse_args()
    rows = []
    for path in questions(asked.url):
        times, begun = [], cpu_ms(asked.pid)
        try:
            for _ in range(REPEATS):
                body, seconds = fetch(asked.url + path)
                times.append(seconds * 1000)
        except urllib.error.HTTPError as e:
            print(f"{path}: {e.code} {e.read()[:200]!r}")
            continue
        rows.append(((cpu_ms(asked.pid) - begun) / REPEATS, statistics.median(times), len(body), path))
    over = 0
    print(" CPU ms  wall ms      bytes")
    for cpu, wall, size, path in sorted(rows, reverse=True):
        slow = cpu > asked.limit and "format=csv" not in path
        over += slow
        print(f"{cpu:7.1f} {wall:8.1f} {size:10d}  {path}{'  OVER' if slow else ''}")
    return 1 if over else 0


sys.exit(main())
