#!/usr/bin/env python3
"""references.py - which test holds which column of tests/data/ref, and how closely.

Nothing here is believed: a column is held by a test if the test fails when that column is wrong.
Each column is changed by itself, in a copy of the folder, and the tests that open its file are run
on it.

    references.py --write   finds out, and writes tests/data/ref/README.md
    references.py           tries what is written there: every column is listed, and the test that
                            is named notices an error ten times the listed one; --slow: in slow
                            tests, too; --every N: one column of N
"""
import argparse
import concurrent.futures
import csv
import os
import re
import shutil
import subprocess
import sys
import tempfile

PROJECT = os.environ["CALLSWELL_PROJECT"]
BINARIES = os.environ["CALLSWELL_BIN"] + "/tests/"
REF = "tests/data/ref"
README = os.path.join(PROJECT, REF, "README.md")
SLOW = {"test_change_worlds"}
FINEST, COARSE = 12, 1  # decimals that are tried; of slow tests
UNHELD = "-"
HEAD = """# Reference values

Tables that the tests of the formulas are held against: computed elsewhere, with other programs.
Which test holds which column is found out by making the column wrong and running the test. `error`
is the smallest power of ten at which the test fails (relative; of a zero, absolute; slow tests are
tried with large errors only); `any` for whole numbers and words, where the smallest change is
noticed, and for other whole numbers by how much they were wrong.
`tests/tools/references.py --write` writes this list, `tests/integration/references.sh` tries it. A
column with `-` is noticed by no test: the note says why.

| file | column | test | error | note |
|---|---|---|---|---|
"""


def read(name):
    with open(os.path.join(PROJECT, REF, name), newline="") as f:
        return list(csv.reader(f))


def has_header(rows):
    return not all(is_number(c) for c in rows[0])


def is_number(cell):
    try:
        float(cell)
        return True
    except ValueError:
        return False


def columns(name):
    rows = read(name)
    return rows[0] if has_header(rows) else ["(all)"]


def kind(name, column):
    rows = read(name)
    if column == "(all)":
        cells = [c for r in rows for c in r]
    else:
        at = rows[0].index(column)
        cells = [r[at] for r in rows[1:] if r[at] not in ("", "NA", "nan", "inf")]
    if not cells or not all(is_number(c) for c in cells):
        return "text"
    return "whole" if all(re.fullmatch(r"-?\d+", c) for c in cells) else "real"


def wrong(cell, what, error):
    """The cell with an error in it."""
    if what == "text":
        return cell + "x"
    if not is_number(cell) or cell in ("nan", "inf"):
        return cell
    if what == "whole":
        return str(int(cell) + int(error))
    value = float(cell)
    return repr(value * (1 + error) if value else error)


def write_wrong(path, name, column, what, error):
    """In the style of the original: quotes stay where they were."""
    with open(os.path.join(PROJECT, REF, name), newline="") as f:
        lines = f.read().splitlines()
    start = 1 if column != "(all)" else 0
    at = lines[0].replace('"', "").split(",").index(column) if start else None
    with open(path, "w") as f:
        for i, line in enumerate(lines):
            cells = line.split(",")
            for k, c in enumerate(cells):
                if i >= start and (at is None or k == at):
                    quote = '"' if c.startswith('"') else ""
                    cells[k] = quote + wrong(c.strip('"'), what, error) + quote
            f.write(",".join(cells) + "\n")


def openers(name):
    """[(test program, pattern)]: the tests that open a file; of a helper's all of its program."""
    found = []
    folder = os.path.join(PROJECT, "tests/unit")
    for source in sorted(os.listdir(folder)):
        if not source.endswith(".c"):
            continue
        current, hit = None, set()
        with open(os.path.join(folder, source)) as f:
            for line in f:
                begin = re.match(r"TEST\((\w+)\)", line)
                if begin:
                    current = begin.group(1)
                elif line.startswith("}"):
                    current = None
                if name in line:
                    hit.add(current)
        if len(hit) == 1 and None not in hit:
            found.append((source[:-2], hit.pop()))
        elif hit:
            found.append((source[:-2], None))
    return found


def notices(name, column, what, error, program, pattern):
    """Does the program fail on the folder with that error?"""
    with tempfile.TemporaryDirectory() as top:
        copy = os.path.join(top, "project")
        shared = os.path.join(PROJECT, "..", "shared")
        if os.path.exists(shared):
            os.symlink(os.path.realpath(shared), os.path.join(top, "shared"))
        os.makedirs(os.path.join(copy, "tests/data"))
        for path in ("", "tests", "tests/data"):
            for entry in os.listdir(os.path.join(PROJECT, path)):
                to = os.path.join(copy, path, entry)
                if not os.path.exists(to) and os.path.join(path, entry) != REF:
                    os.symlink(os.path.join(PROJECT, path, entry), to)
        shutil.copytree(os.path.join(PROJECT, REF), os.path.join(copy, REF))
        write_wrong(os.path.join(copy, REF, name), name, column, what, error)
        run = subprocess.run([BINARIES + program] + ([pattern] if pattern else []), cwd=top,
                             env=dict(os.environ, CALLSWELL_PROJECT=copy, TMPDIR=top),
                             stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        return run.returncode != 0


def least(name, column):
    """(test, error) of whoever notices least, or None."""
    what, best = kind(name, column), None
    for program, pattern in openers(name):
        def fails(error):
            return (notices(name, column, what, error, program, pattern) or
                    (what != "text" and notices(name, column, what, -error, program, pattern)))
        if what != "real":
            error = next((e for e in (1, 10, 1000) if fails(e)), None)
            if error is not None and (best is None or error < best[1]):
                best = (program, error)
            continue
        if not fails(1):
            continue
        # It fails at 10^-low, and not at 10^-high.
        low, high = 0, 1 + (COARSE if program in SLOW else FINEST)
        while high - low > 1:
            mid = (low + high) // 2
            low, high = (mid, high) if fails(10.0 ** -mid) else (low, mid)
        if best is None or 10.0 ** -low < best[1]:
            best = (program, 10.0 ** -low)
    return best


def listed():
    rows = []
    with open(README) as f:
        for line in f:
            if line.startswith("| `"):
                cells = [c.strip() for c in line.strip().strip("|").split("|")]
                rows.append([cells[0].strip("`"), cells[1].strip("`"), *cells[2:5]])
    return rows


def every_column():
    names = sorted(n for n in os.listdir(os.path.join(PROJECT, REF)) if n.endswith(".csv"))
    return [(n, c) for n in names for c in columns(n)]


def write():
    notes = {(r[0], r[1]): r[4] for r in listed()} if os.path.exists(README) else {}
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        found = list(pool.map(lambda fc: least(*fc), every_column()))
    with open(README, "w") as f:
        f.write(HEAD)
        for (name, column), best in zip(every_column(), found):
            test, error = best or (UNHELD, UNHELD)
            if best:
                what = kind(name, column)
                least_of_all = what == "text" or error == 1 and what == "whole"
                error = "any" if least_of_all else "%g" % error
            note = "" if best else notes.get((name, column), "")
            f.write(f"| `{name}` | `{column}` | {test} | {error} | {note} |\n")


def objection(row, slow):
    """None, or what is not true of a row."""
    name, column, test, error, note = row
    if test == UNHELD:
        return None if note else "is held by no test, and no note says why"
    if test in SLOW and not slow:
        return None
    pattern = dict(openers(name)).get(test, UNHELD)
    if pattern == UNHELD:
        return f"is not opened by {test}"
    what = kind(name, column)
    size = 1 if error == "any" else float(error)
    if what == "real":
        size = min(1, 10 * size)
    if any(notices(name, column, what, sign * size, test, pattern) for sign in (1, -1)):
        return None
    return f"may be wrong by {size:g} and {test} does not fail"


def check(slow, every):
    rows = listed()
    if [(r[0], r[1]) for r in rows] != every_column():
        missing = set(every_column()) - {(r[0], r[1]) for r in rows}
        extra = {(r[0], r[1]) for r in rows} - set(every_column())
        sys.exit(f"the list is of other files: without {sorted(missing)}, with {sorted(extra)}")
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        answers = list(pool.map(lambda r: objection(r, slow), rows[::every]))
    wrongs = [f"{r[0]}: {r[1]} {a}" for r, a in zip(rows[::every], answers) if a]
    print(f"{len(rows)} columns, {sum(r[2] != UNHELD for r in rows)} held by a test")
    if wrongs:
        sys.exit("\n".join(wrongs))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--slow", action="store_true")
    parser.add_argument("--every", type=int, default=1)
    options = parser.parse_args()
    if options.write:
        write()
    else:
        check(options.slow, options.every)


if __name__ == "__main__":
    main()
