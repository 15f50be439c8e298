#!/usr/bin/env python3
"""evidence_keys.py PROJECT STORE...: the names of figures in evidence, and what the page calls them.

Which names there can be is read from what writes them: the JSON that the analyst's sources write
(but for models, which are no evidence) and the columns of customer_profile, at which conditions of
segments look. The evidence in the stores is there to show that none was missed. Each must have a
name in each language of the page, and no other may have one.
"""
import glob
import json
import os
import re
import sqlite3
import sys

# json_real(&j, "people", ...), also by helpers of a file's own such as write_daily(&j, "daily", ...)
CALL = re.compile(r'\b(?:json|write|put)_\w+\(\s*(?:&j|j|w), "(\w+)"')
WRITTEN = re.compile(r'\\"(\w+)\\":')
FUNCTION = re.compile(r"^(?:static )?\w[\w ]*\*?\n(\w+)\([^;{]*\)\n\{\n(.*?)^\}", re.M | re.S)
TEXT = re.compile(r"^    'evidence\.([\w.]+)': '.+',$", re.M)


def written(project):
    """{name: where} of what the analyst writes."""
    found = {}
    for path in sorted(glob.glob(f"{project}/daemon/store/analyst/*.c")):
        with open(path, encoding="utf-8") as f:
            text = f.read()
        for name, body in FUNCTION.findall(text):
            if "pass_save_model(" in body:
                continue
            for key in CALL.findall(body) + WRITTEN.findall(body):
                found.setdefault(key, f"{os.path.basename(path)}: {name}")
    return found


def in_stores(paths):
    """{name: where}, and the columns that a condition of a segment may look at."""
    found, columns = {}, {}
    for path in paths:
        db = sqlite3.connect(path)
        columns |= {r[1]: "customer_profile" for r in db.execute("PRAGMA table_info(customer_profile)")}
        for sql in ("SELECT 'stage_history ' || dimension, evidence FROM stage_history WHERE evidence IS NOT NULL",
                    "SELECT 'segment_member ' || segment, evidence FROM segment_member WHERE evidence IS NOT NULL",
                    "SELECT 'signal ' || kind, evidence FROM signal WHERE evidence IS NOT NULL"):
            for where, evidence in db.execute(sql):
                for key in json.loads(evidence):
                    found.setdefault(key, where)
    return found, columns


def main():
    project, wrong = sys.argv[1], []
    sources = written(project)
    seen, columns = in_stores(sys.argv[2:])
    can_be = sources | columns
    # `causes` is what why_json.c writes for all who ask why; the page draws it elsewhere.
    wrong += [f"{k}: in {w}, but no source seems to write it" for k, w in seen.items()
              if k not in can_be and k != "causes"]
    for path in sorted(glob.glob(f"{project}/daemon/web/*-evidence.js")):
        with open(path, encoding="utf-8") as f:
            names = set(TEXT.findall(f.read()))
        plain = {n.split(".")[-1] for n in names}
        wrong += [f"{os.path.basename(path)}: {k} has no name ({w})" for k, w in can_be.items() if k not in plain]
        wrong += [f"{os.path.basename(path)}: nothing writes {k}" for k in plain if k not in can_be]
    print("\n".join(wrong))
    print(f"{len(sources)} written, {len(columns)} columns, {len(seen)} seen, {len(wrong)} wrong")
    return 1 if wrong or len(sources) < 60 or len(columns) < 40 or len(seen) < 20 else 0


sys.exit(main())
