#!/usr/bin/env python3
"""guards.py - tests the test: each guard of the protocol is taken out, and must be missed.

  guards.py --bin BUILD [--preload FILE] [--seed N] [--jobs N] [GUARD...]

For every guard that the sources name, chaos.py runs with the faults that it guards against: first
once with the guard standing, which must pass, then with it taken out until the harness finds a
difference. A guard that nothing here would miss is a failure, and so is one without a row below.
"""
import argparse
import concurrent.futures
import os
import re
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
PROJECT = os.path.dirname(os.path.dirname(HERE))

# What must be missed when it is gone, by which faults, and where the daemon is killed for it.
# With its own comparing of Redis and ledger at work, the daemon would mend what is looked for.
GUARDS = {
    "answer_after_commit": (["KillAtPoint"], ["batch_begun", "transaction_open"]),
    "failed_batch_kept": (["Quota"], []),
    "seen_in_batch": (["KillAtPoint"], ["seen_in_batch"]),
    "quarantine_in_batch": (["KillAtPoint"], ["quarantine_in_batch"]),
    "cursors_in_batch": (["KillAtPoint"], ["cursors_in_batch"]),
    "log_goes_with_fold": (["KillAtPoint"], ["log_goes_with_fold"]),
    "marker_after_replies": (["CutRedis", "StallRedis"], []),
    "marker_compared": (["Flush"], []),
    "session_checked": (["Flush"], []),
    "history_checked": (["OldLedger"], []),
    "twins_ended": (["LateCommands"], []),
}
ELSEWHERE = {"commit_synced": "powerloss.py"}
TRIALS = 4


def guards_in_sources():
    found = set()
    for folder, _, names in os.walk(os.path.join(PROJECT, "daemon")):
        for name in names:
            if name.endswith(".c"):
                with open(os.path.join(folder, name), encoding="utf-8") as f:
                    found.update(re.findall(
                        r'\b(?:guard_stands\(|ledger_keep_together\(l, )"(\w+)"', f.read()))
    return found


def chaos(options, guard, out):
    """Runs until something is found; answers the code, the seconds and what was said."""
    kinds, places = GUARDS[guard]
    command = [sys.executable, os.path.join(HERE, "chaos.py"), "--bin", options.bin, "--seed",
               "%s-%s" % (options.seed, guard), "--active", "6", "--rest", "20",
               "--compare", "1h", "--only"] + kinds
    if options.preload:
        command += ["--preload", options.preload]
    if out:
        command += ["--without", guard, "--forget", "--seconds", str(TRIALS * 40)]
        # Places that exist only where the guard is out.
        command += ["--places"] + places if places else []
    else:
        known = [p for p in places if p not in GUARDS]
        command += ["--trial", "1"] + (["--places"] + known if known else [])
    begun = time.monotonic()
    r = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    return r.returncode, time.monotonic() - begun, r.stdout.decode("utf-8", "replace")


def first_finding(text):
    found = re.search(r"^FAILED: .*?\((\d+) s\)\n((?:  .*\n)+)", text, re.M)
    return " | ".join(line.strip() for line in found[2].splitlines()[:2]) if found else text[-300:]


def examine(options, guard):
    code, _, said = chaos(options, guard, False)
    if code != 0:
        return False, "%-22s stands, and yet: %s" % (guard, first_finding(said))
    code, seconds, said = chaos(options, guard, True)
    if code != 1 or "FAILED: " not in said:
        return False, "%-22s is not missed in %d s" % (guard, seconds)
    return True, "%-22s missed after %3d s: %s" % (guard, seconds, first_finding(said)[:150])


def main():
    p = argparse.ArgumentParser(description=__doc__,
                                formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--bin", required=True)
    p.add_argument("--preload")
    p.add_argument("--seed", default="1")
    p.add_argument("--jobs", type=int, default=2)
    p.add_argument("guards", nargs="*")
    options = p.parse_args()
    failed = 0
    for guard in guards_in_sources() ^ (GUARDS.keys() | ELSEWHERE.keys()):
        print("%s: named in the sources or here, not in both" % guard)
        failed += 1
    wanted = options.guards or list(GUARDS)
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        for good, text in pool.map(lambda g: examine(options, g), wanted):
            print(text, flush=True)
            failed += not good
    print("%d guards, %d not as they should be" % (len(wanted), failed))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
