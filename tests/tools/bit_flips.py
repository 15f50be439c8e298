"""bit_flips.py - flips one bit after the other in copies of a ledger: is each found, or harmless?

bit_flips.py PROGRAMS LEDGER FLIPS SEED [CONFIG REDIS STARTS]

Each copy gets one flipped bit, anywhere in it but amid zeros, where nothing is: most fall into rows,
some into page heads, indices, former rows. `callswell ledger check` looks at it. If that says
"whole", python's own sqlite3 must find every column of every row of every table as it was. With
CONFIG the daemon is also started on some of the damaged ones (LEDGER is then in its state folder),
with an empty Redis at the socket REDIS: it may end, but no number that gets there may be a wrong one.
Prints how many were found and harmless; exit code 1 with the places of those that were neither.
"""
import os
import random
import re
import shutil
import sqlite3
import subprocess
import sys
import time

from expect import Redis

PATIENCE = 60


def tables(path):
    """Of the ledger. (Its numbers of refused records are not those of sqlite_sequence.)"""
    db = sqlite3.connect("file:%s?mode=ro&immutable=1" % path, uri=True)
    names = [name for (name,) in db.execute(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'")]
    db.close()
    return names


def content(path, names):
    db = sqlite3.connect("file:%s?mode=ro&immutable=1" % path, uri=True)
    db.text_factory = bytes
    try:
        return {name: db.execute("SELECT * FROM %s ORDER BY 1, 2, 3" % name).fetchall()
                for name in names}
    finally:
        db.close()


def places_in(whole):
    places, start = [], 0
    for empty in re.finditer(rb"\0{32,}", whole):
        places += range(start, empty.start() + 8)
        start = empty.end() - 8
    return places + list(range(start, len(whole)))


def flipped(whole, at, bit, path):
    data = bytearray(whole)
    data[at] ^= 1 << bit
    with open(path, "wb") as f:
        f.write(data)


def judge(programs, path, true):
    """found, harmless, or a sentence; and what the check said."""
    done = subprocess.run([os.path.join(programs, "callswell"), "ledger", "check", path],
                          capture_output=True, text=True, errors="replace", check=False)
    if done.returncode not in (0, 1) or "Sanitizer" in done.stderr:
        return "the check ended with %d\n%s" % (done.returncode, done.stderr[-2000:]), ""
    if done.returncode != 0:
        return "found", done.stdout + done.stderr
    try:
        now = content(path, true)
    except sqlite3.Error as e:
        return "python cannot read it (%s), and the check says that all is well" % e, ""
    differ = [name for name in true if now[name] != true[name]]
    if differ:
        return "%s changed, and the check says that all is well" % ", ".join(differ), ""
    return "harmless", ""


class Site:
    """The daemon on a damaged ledger, and what Redis then holds."""

    def __init__(self, programs, config, ledger, socket):
        self.programs, self.config, self.ledger = programs, config, ledger
        self.redis = Redis(socket)
        self.true = self.run(None)

    def numbers(self):
        """Every field of every hash, but for the versions."""
        out = {}
        for key in self.redis.ask("KEYS", "cs:{*}:[qdfsl]:*"):
            words = self.redis.ask("HGETALL", key)
            out.update(((key, f), v) for f, v in zip(words[::2], words[1::2]) if f[0] != "@")
        return out

    def run(self, damaged):
        """The numbers, when the daemon has ended or Redis is as the ledger says."""
        state = os.path.dirname(self.ledger)
        for name in os.listdir(state):
            if name.startswith(("ledger.db", "crm.db")) and name != os.path.basename(self.ledger):
                os.remove(os.path.join(state, name))
        shutil.copyfile(damaged or self.ledger, os.path.join(state, "ledger.db"))
        self.redis.ask("FLUSHALL")
        with open(self.config + ".log", "ab") as log:
            daemon = subprocess.Popen([os.path.join(self.programs, "callswelld"), "-c",
                                       self.config], stderr=log)
            end = time.monotonic() + PATIENCE
            while daemon.poll() is None and time.monotonic() < end and subprocess.run(
                    [os.path.join(self.programs, "callswell"), "verify", "--config", self.config],
                    stdout=log, stderr=log, check=False).returncode != 0:
                time.sleep(0.05)
            if daemon.poll() is None:
                daemon.kill()
            elif daemon.returncode < 0:
                raise SystemExit("the daemon died with %d" % daemon.returncode)
            daemon.wait()
        return self.numbers()

    def wrong(self, damaged):
        return {k: v for k, v in self.run(damaged).items() if self.true.get(k) != v}


def main():
    programs, ledger, flips, rng = sys.argv[1], sys.argv[2], int(sys.argv[3]), \
        random.Random(sys.argv[4])
    with open(ledger, "rb") as f:
        whole = f.read()
    true = content(ledger, tables(ledger))
    counts, bad, starts = {"found": 0, "harmless": 0}, 0, 0
    copy, places = ledger + ".flipped", places_in(whole)
    site = Site(programs, sys.argv[5], ledger, sys.argv[6]) if len(sys.argv) > 5 else None
    if site and not site.true:
        raise SystemExit("the whole ledger brought nothing to Redis")
    for _ in range(flips):
        place = rng.choice(places), rng.randrange(8)
        flipped(whole, *place, copy)
        verdict, said = judge(programs, copy, true)
        if verdict in counts:
            counts[verdict] += 1
        else:
            bad += 1
            print("byte %d, bit %d: %s" % (*place, verdict))
        if site and "the total of" in said and starts < int(sys.argv[7]):
            starts += 1
            shutil.copyfile(copy, sys.argv[5] + ".damaged")
            strange = site.wrong(sys.argv[5] + ".damaged")
            if strange:
                bad += 1
                print("byte %d, bit %d: Redis got %s" % (*place, list(strange.items())[:3]))
    print("with rows: %s" % " ".join(sorted(name for name in true if true[name])))
    print("%d bits flipped: %d found, %d harmless, %d neither; the daemon started on %d" %
          (flips, counts["found"], counts["harmless"], bad, starts))
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
