"""cases_import.py - whole files: counted, kept, with both cores; and what others make of them."""
import os
import shutil
import subprocess

from measure import HERE, Case, Skipped

PARSE = (8000000, 1, 2000)  # records, days, customers


def imported(site, form, cores=None, workers=1, size=None, options=(), more="", keep=False):
    """Into a fresh state folder, which is gone afterwards unless it is kept."""
    site.configure(workers, more)
    figures = site.run_json([site.program("callswell"), "import", "--config", site.config,
                             "--format", form, "--json", *options, site.data(form, size)], cores)
    if not keep:
        shutil.rmtree(site.state, ignore_errors=True)
    # Builds before this one say nothing of these two.
    passes = figures.get("analytics_cpu_seconds", 0)
    return {"redis_seconds": figures["seconds"], **figures, "kept_cpu": figures["cpu_seconds"] - passes,
            "all_kept_cpu": figures["all_cpu"] - passes}


def csv_counted(site):
    return imported(site, "csv", options=("--dry-run",))


def csv_kept(site):
    return imported(site, "csv")


def ndjson_counted(site):
    return imported(site, "ndjson", options=("--dry-run",))


def ndjson_kept(site):
    return imported(site, "ndjson")


def parse(site):
    """Many lines of the same customers and hours, so that reading them is nearly all of it."""
    return imported(site, "csv", size=PARSE, options=("--dry-run",))


def parse_both(site):
    return imported(site, "csv", cores=site.both, workers=len(site.both), size=PARSE,
                    options=("--dry-run",))


def csv_both(site):
    return imported(site, "csv", cores=site.both, workers=len(site.both))


def duckdb(site):
    """One thread, through its npm package, which is fetched once."""
    if not (shutil.which("npm") and shutil.which("node")):
        raise Skipped("npm or node is not installed")
    if not os.path.isdir(os.path.join(site.work, "node_modules", "@duckdb", "node-api")):
        with open(os.path.join(site.work, "package.json"), "w", encoding="ascii") as f:
            f.write('{"private":true}')
        if subprocess.run(["npm", "install", "--silent", "--no-audit", "--no-fund",
                           "@duckdb/node-api"], cwd=site.work, stdout=subprocess.DEVNULL,
                          stderr=subprocess.DEVNULL, check=False).returncode:
            raise Skipped("the package @duckdb/node-api is not to be had")
    return site.run_json(["node", os.path.join(HERE, "duckdb.mjs"), site.work, site.data("csv")])


def yardstick(site):
    with open("/proc/cpuinfo", encoding="utf-8") as f:
        if " avx2 " not in f.read():
            raise Skipped("it is written for AVX2, which this processor lacks")
    return site.run_json([site.tool("yardstick"), site.data("csv")])


CASES = {
    "csv-counted": Case(csv_counted, warm=True),
    "csv-kept": Case(csv_kept),
    "yardstick": Case(yardstick, own=False),
    "duckdb": Case(duckdb, warm=True, own=False),
    "ndjson-counted": Case(ndjson_counted, warm=True),
    "ndjson-kept": Case(ndjson_kept),
    "csv-both": Case(csv_both),
    "parse": Case(parse, warm=True, rounds=3),
    "parse-both": Case(parse_both, rounds=3),
}
