"""report.py - what the bench found, as tables and as JSON."""
import json
import os
import platform
import time

LEGEND = (
    "(c): per CPU-second of callswell's own process. x less: the CPU time of the other",
    "over callswell's. goal, floor: what the best figure meets; BELOW: neither.")
SAME_RECORDS = (("csv-counted", "csv-kept", "csv-both", "ndjson-counted", "ndjson-kept",
                 "yardstick"), ("tcp", "http-batches"))


def number(x):
    return "-" if x is None else "%.0f" % x if x >= 1000 else "%.3g" % x


def judged(rows, results):
    """What is printed and written of each row."""
    out = []
    for row in rows:
        why = next((results.missing[c] for c in row.cases if c in results.missing), None)
        best = None if why else row.value(results.best)
        out.append({"row": row.key, "title": row.title, "unit": row.unit, "goal": row.goal,
                    "floor": row.floor, "less_is_better": row.less, "best": best,
                    "median": None if why else row.value(results.median),
                    "meets": None if why else row.judge(best), "missing": why})
    return out


def goal_table(judgements):
    line = "%-37s %-8s %6s %6s %6s %6s %5s"
    yield line % ("best and median of the rounds", "unit", "goal", "floor", "best", "median",
                  "meets")
    for j in judgements:
        yield line % (j["title"], j["unit"], number(j["goal"]), number(j["floor"]),
                      number(j["best"]), number(j["median"]), j["meets"] or "")
        if j["missing"]:
            yield "    " + j["missing"][:76]


def case_table(results):
    line = "%-16s %9s %11s %8s %9s %9s %11s"
    yield line % ("best round of", "M/CPU-s", "with Redis", "wall s", "peak MB", "x DuckDB",
                  "x yardstick")
    for case, rounds in results.rounds.items():
        if not all("records" in r and "cpu_seconds" in r for r in rounds):
            continue
        own, everything = results.best(case, "cpu_seconds"), results.best(case, "all_cpu")
        records = rounds[0]["records"]
        ratios = ["%.2f" % (results.best(other, "cpu_seconds") / everything)
                  if other in results.rounds and case.startswith("csv") else "-"
                  for other in ("duckdb", "yardstick")]
        yield line % (case, "%.2f" % (records / own / 1e6), "%.2f" % (records / everything / 1e6),
                      "%.2f" % results.best(case, "seconds"),
                      "%.0f" % (results.best(case, "peak_kilobytes") / 1024), *ratios)


def differences(results):
    """Who worked on the same records must have counted the same; answers what did not."""
    out = []
    for cases in SAME_RECORDS:
        counts = {}
        for case in cases:
            for r in results.rounds.get(case, ()):
                counts.setdefault(tuple(r[k] for k in ("records", "accepted", "duplicates",
                                                       "quarantined")), set()).add(case)
        if len(counts) > 1:
            out += ["%s: %d records, %d accepted, %d duplicates, %d refused" % (
                (", ".join(sorted(cases)),) + count) for count, cases in sorted(counts.items())]
    return out


def other_table(results, other):
    """Each case with the build in question and with the one it is held against."""
    line = "%-16s %14s %14s %14s %14s"
    yield ""
    yield line % ("CPU seconds", "this, best", "other, best", "x less, best", "x less, median")
    for case, rounds in other.rounds.items():
        if "cpu_seconds" in rounds[0] and case in results.rounds:
            best, other_best = (r.best(case, "cpu_seconds") for r in (results, other))
            median, other_median = (r.median(case, "cpu_seconds") for r in (results, other))
            yield line % (case, "%.3f" % best, "%.3f" % other_best,
                          "%.3f" % (other_best / best), "%.3f" % (other_median / median))


def write_down(site, judgements, results, other, about):
    with open(os.path.join(site.work, "result.json"), "w", encoding="utf-8") as f:
        json.dump({"made": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
                   "data": dict(zip(("records", "days", "customers"), site.size)),
                   "machine": {"cores": len(site.both), "kernel": platform.release(),
                               "load": os.getloadavg()},
                   **about, "rows": judgements, "cases": results.rounds,
                   "missing": results.missing, "other": other.rounds if other else None},
                  f, indent=1)
        f.write("\n")
    text = "\n".join([*goal_table(judgements), *LEGEND, "", *case_table(results),
                      *(other_table(results, other) if other else ()), ""])
    with open(os.path.join(site.work, "result.txt"), "w", encoding="utf-8") as f:
        f.write(text)
    print("\n" + text)
    print("written: build/bench/result.json, build/bench/result.txt")
