"""faults.py - what can go wrong, drawn from a seed and done at its time.

A fault is drawn with its parameters before anything runs, so a seed names the whole schedule.
Long ones begin and end on their own times, and others fall in between.
"""
import os
import random
import shutil
import signal
import struct
import time

from senders import StreamSender


def between(rng, low, high):
    return round(low + (high - low) * rng.random(), 3)


class Fault:
    """draw() answers the parameters, run() does it, undo() ends it `lasts` seconds later."""

    name = ""
    weight = 1
    lasts = False

    def draw(self, rng, site):
        return {}

    def run(self, site, p):
        raise NotImplementedError

    def undo(self, site, p):
        pass


class KillDaemon(Fault):
    name, weight = "daemon killed", 6

    def draw(self, rng, site):
        return {"down": rng.choice((0, 0, between(rng, 0, 0.6)))}

    def run(self, site, p):
        site.daemon.end(signal.SIGKILL, p["down"])


class StopDaemon(Fault):
    name, weight = "daemon ended by SIGTERM", 2

    def run(self, site, p):
        site.daemon.end(signal.SIGTERM)


class KillAtPoint(Fault):
    name, weight = "daemon killed at a named place", 6

    def draw(self, rng, site):
        return {"place": "%s:%d" % (rng.choice(site.places), rng.choice((1, 1, 2, 3, 7, 20)))}

    def run(self, site, p):
        site.daemon.end(signal.SIGKILL, CALLSWELL_FAULT=p["place"])


class FreezeDaemon(Fault):
    name, weight, lasts = "daemon frozen", 2, True

    def draw(self, rng, site):
        return {"lasts": between(rng, 0.05, 2)}

    def run(self, site, p):
        site.daemon.signal(signal.SIGSTOP)

    def undo(self, site, p):
        site.daemon.signal(signal.SIGCONT)


class KillRedis(Fault):
    name, weight, lasts = "Redis killed", 4, True

    def server(self, site):
        return site.redis

    def draw(self, rng, site):
        return {"lasts": between(rng, 0, 1)}

    def run(self, site, p):
        with self.server(site).lock:
            self.server(site).kill()

    def undo(self, site, p):
        with self.server(site).lock:
            if self.server(site).process.poll() is not None:
                self.server(site).start()


class KillSource(KillRedis):
    name, weight = "Redis of the stream killed", 3

    def server(self, site):
        return site.source


class FreezeRedis(Fault):
    name, weight, lasts = "Redis frozen", 2, True

    def draw(self, rng, site):
        return {"lasts": rng.choice((between(rng, 0.05, 1), between(rng, 4, 7)))}

    def run(self, site, p):
        site.redis.signal(signal.SIGSTOP)

    def undo(self, site, p):
        site.redis.signal(signal.SIGCONT)


class RedisFault(Fault):
    """Needs a Redis that answers; without one it does nothing, and is not counted."""

    def server(self, site):
        return site.redis

    def run(self, site, p):
        with self.server(site).lock:
            try:
                self.spoil(self.server(site).connect(1), random.Random(p["seed"]))
            except (OSError, RuntimeError, ValueError):
                return False
        return True

    def draw(self, rng, site):
        return {"seed": rng.randrange(1 << 30)}

    def spoil(self, redis, rng):
        raise NotImplementedError


class Flush(RedisFault):
    name, weight = "FLUSHALL", 2

    def spoil(self, redis, rng):
        redis.ask("FLUSHALL")


class LoseKeys(RedisFault):
    name, weight = "keys of Redis deleted", 3

    def spoil(self, redis, rng):
        keys = sorted(redis.keys())
        for key in rng.sample(keys, min(len(keys), rng.choice((1, 5, 50)))):
            redis.ask("DEL", key)


def of_families(redis, families):
    """Keys of counts, but for planted ones: what of those is no more just as the daemon writes it may
    be somebody else's, and stays."""
    return sorted(k for k in redis.keys() if k.split(":")[2:3] and
                  k.split(":")[2] in families and not StrayKeys.planted(k))


HASHES, SKETCHES = ("q", "d", "f", "s", "l"), ("u", "c", "fu", "fc")


class LoseFields(RedisFault):
    """The version may be among them."""

    name, weight = "fields of Redis deleted or changed", 3

    def spoil(self, redis, rng):
        keys = of_families(redis, HASHES)
        for key in rng.sample(keys, min(len(keys), 10)):
            fields = redis.ask("HKEYS", key)
            if not fields:
                continue
            field = rng.choice(fields)
            if rng.random() < 0.5:
                redis.ask("HDEL", key, field)
            else:
                redis.ask("HSET", key, field, "9:9:9")


class LoseMarkers(RedisFault):
    name, weight = "markers deleted", 2

    def spoil(self, redis, rng):
        markers = sorted(k for k in redis.keys() if ":applied:" in k or k == "cs:owner:1")
        for key in rng.sample(markers, min(len(markers), rng.choice((1, 3, 65)))):
            redis.ask("DEL", key)


class WrongType(RedisFault):
    name, weight = "keys of another type", 1

    def spoil(self, redis, rng):
        keys = of_families(redis, HASHES)
        for key in rng.sample(keys, min(len(keys), 3)):
            redis.ask("DEL", key)
            redis.ask("LPUSH", key, "x")


class StrayKeys(RedisFault):
    """Counts of days on which nothing was counted. Everything else about them is right."""

    name, weight = "keys of other days added", 2
    YEAR = "2024"

    @classmethod
    def planted(cls, key):
        return key.rpartition(":")[2].startswith(cls.YEAR)

    def spoil(self, redis, rng):
        keys = of_families(redis, HASHES + SKETCHES)
        for key in rng.sample(keys, min(len(keys), 20)):
            if self.is_whole(redis, key):
                subject, _, date = key.rpartition(":")
                redis.ask("COPY", key, "%s:%s%s" % (subject, self.YEAR, date[4:]))

    @staticmethod
    def is_whole(redis, key):
        """Not what another fault made of it."""
        if key.split(":")[2] in HASHES:
            return redis.ask("TYPE", key) == "hash" and redis.ask("HEXISTS", key, "@1") == 1
        return redis.ask("TYPE", key) == "string"


class LoseGroup(RedisFault):
    """It is made again where the ledger stands."""

    name, weight = "group of the stream destroyed", 1

    def server(self, site):
        return site.source

    def spoil(self, redis, rng):
        redis.ask("XGROUP", "DESTROY", StreamSender.STREAM, StreamSender.GROUP)


class LoseAcks(LoseGroup):
    """Every entry comes once more."""

    name, weight = "group of the stream set back", 1

    def spoil(self, redis, rng):
        redis.ask("XGROUP", "SETID", StreamSender.STREAM, StreamSender.GROUP, "0")


class CutLog(Fault):
    """Power loss of Redis: its log ends anywhere, perhaps in zeros; then it starts twice."""

    name, weight = "Redis' log cut, two restarts", 3

    def draw(self, rng, site):
        return {"keep": rng.choice((rng.random(), 1 - rng.random() / 20)),
                "zeros": rng.random() < 0.3}

    def run(self, site, p):
        with site.redis.lock:
            path = site.redis.log_file()
            if not path or site.redis.process.poll() is not None:
                return False
            site.redis.kill()
            os.truncate(path, int(os.path.getsize(path) * p["keep"]))
            if p["zeros"]:
                with open(path, "ab") as f:
                    f.write(bytes(200))
                site.redis.mend_log()
            for _ in range(2):
                site.redis.start()
                if not site.redis.wait_until_up():
                    site.redis.mend_log()
                    site.redis.start()
                    site.redis.wait_until_up()
                if _ == 0:
                    site.redis.process.send_signal(signal.SIGTERM)
                    site.redis.process.wait()
        return True


class OldRedis(Fault):
    """A copy of Redis' files is put back some seconds later."""

    name, weight, lasts = "older copy of Redis put back", 2, True

    def draw(self, rng, site):
        return {"lasts": between(rng, 1, 6), "folder": "redis-copy-%d" % rng.randrange(1 << 30)}

    def run(self, site, p):
        with site.redis.lock:
            site.redis.signal(signal.SIGSTOP)
            site.redis.copy_to(os.path.join(site.folder, p["folder"]))
            site.redis.signal(signal.SIGCONT)

    def undo(self, site, p):
        with site.redis.lock:
            if site.redis.process.poll() is None:
                site.redis.kill()
            site.redis.restore(os.path.join(site.folder, p["folder"]))
            site.redis.start()
            if not site.redis.wait_until_up():
                site.redis.mend_log()
                if site.redis.process.poll() is not None:
                    site.redis.start()
                    site.redis.wait_until_up()


class OldLedger(Fault):
    """A copy of ledger.db is put back some seconds later. At most once a trial."""

    name, weight, lasts = "older copy of the ledger put back", 0, True

    def draw(self, rng, site):
        return {"lasts": between(rng, 1, 6)}

    def still(self, site):
        site.importer.hold_now()
        site.daemon.hold()

    def run(self, site, p):
        self.still(site)
        p["from"] = time.monotonic()
        folder = os.path.join(site.folder, "ledger-copy")
        os.makedirs(folder)
        for name in ("ledger.db", "ledger.db-wal"):
            if os.path.exists(os.path.join(site.state, name)):
                shutil.copy2(os.path.join(site.state, name), folder)
        p["to"] = time.monotonic()
        p["good"] = os.path.exists(os.path.join(folder, "ledger.db"))
        site.daemon.release()
        site.importer.release()

    def undo(self, site, p):
        if not p.get("good"):
            return
        for s in site.answered:
            s.hold()
        self.still(site)
        for name in ("ledger.db", "ledger.db-wal", "ledger.db-shm"):
            path = os.path.join(site.state, name)
            if os.path.exists(path):
                os.remove(path)
            copy = os.path.join(site.folder, "ledger-copy", name)
            if os.path.exists(copy):
                shutil.copy2(copy, path)
        for s in site.answered:
            s.after_restore(p["from"], p["to"])
        site.importer.after_restore()
        site.stream.after_restore()
        site.daemon.release()
        site.importer.release()
        for s in site.answered:
            s.release()


class CutSenders(Fault):
    name, weight = "connections of senders cut", 3

    def draw(self, rng, site):
        return {"after": rng.choice((1, rng.randrange(1, 400), rng.randrange(1, 60000)))}

    def run(self, site, p):
        site.http_proxy.cut(p["after"])
        site.relp_proxy.cut(p["after"])
        site.source_proxy.cut(p["after"])


class CutRedis(Fault):
    name, weight = "connections to Redis cut", 4

    def draw(self, rng, site):
        return {"after": rng.choice((1, rng.randrange(1, 3000), rng.randrange(1, 300000)))}

    def run(self, site, p):
        site.redis_proxy.cut(p["after"])


class StallRedis(Fault):
    name, weight, lasts = "network to Redis silent", 2, True

    def draw(self, rng, site):
        return {"lasts": rng.choice((between(rng, 0.1, 1), between(rng, 4.5, 6.5)))}

    def run(self, site, p):
        site.redis_proxy.open.clear()

    def undo(self, site, p):
        site.redis_proxy.open.set()


class LateCommands(Fault):
    """The daemon dies while totals of its are on their way, and they arrive long after those of its
    successor. Its first command alone, which announces them, would be late to no effect."""

    name, weight, lasts = "commands of a dead connection arrive late", 2, True

    def draw(self, rng, site):
        return {"lasts": between(rng, 1, 3), "until_rest": rng.random() < 0.6}

    def run(self, site, p):
        site.redis_proxy.hold_back(b"\r\nHSET\r\n", 2)
        site.daemon.end(signal.SIGKILL)

    def undo(self, site, p):
        site.late_to_the_end |= p["until_rest"]
        if not site.late_to_the_end:
            site.redis_proxy.let_pass()


class Quota(Fault):
    name, weight, lasts = "files of the daemon may not grow", 2, True

    def draw(self, rng, site):
        return {"lasts": between(rng, 0.2, 2)}

    def run(self, site, p):
        site.daemon.limit_files(8192)

    def undo(self, site, p):
        site.daemon.limit_files(-1)


class FullDisk(Fault):
    name, weight, lasts = "disk full", 2, True

    def draw(self, rng, site):
        return {"lasts": between(rng, 0.3, 2)}

    def run(self, site, p):
        if not site.small_disk:
            return False
        with open(os.path.join(site.small_disk, "filler"), "ab", buffering=0) as f:
            try:
                while True:
                    f.write(bytes(65536))
            except OSError:
                pass
            try:
                while True:
                    f.write(bytes(512))
            except OSError:
                pass
        return True

    def undo(self, site, p):
        if site.small_disk and os.path.exists(os.path.join(site.small_disk, "filler")):
            os.remove(os.path.join(site.small_disk, "filler"))


class Rotate(Fault):
    name, weight = "files rotated", 6

    def draw(self, rng, site):
        return {"which": rng.randrange(100)}

    def run(self, site, p):
        s = site.files[p["which"] % len(site.files)]
        s.hold()
        try:
            return s.rotate()
        finally:
            s.release()


class KillImport(Fault):
    name, weight = "import killed", 2

    def run(self, site, p):
        site.importer.interrupt()


class ClockJump(Fault):
    name, weight = "clock set", 2

    def draw(self, rng, site):
        return {"seconds": rng.choice((-86000, -3600, -1, 1, 3600, 86400, 0))}

    def run(self, site, p):
        if not site.clock:
            return False
        with open(site.clock, "r+b") as f:
            f.write(struct.pack("=q", p["seconds"]))
        return True


ALL = (KillDaemon, StopDaemon, KillAtPoint, FreezeDaemon, KillRedis, FreezeRedis, Flush, LoseKeys,
       KillSource, LoseGroup, LoseAcks, LoseFields, LoseMarkers, WrongType, StrayKeys, CutLog,
       OldRedis, OldLedger, CutSenders, CutRedis, StallRedis, LateCommands, Quota, FullDisk, Rotate,
       KillImport, ClockJump)


class Schedule:
    """`events` is [(when, "run" or "undo", fault, parameters)], in order."""

    def __init__(self, seed, seconds, site, only=None):
        rng = random.Random("schedule %s" % seed)
        kinds = [k() for k in ALL if not only or k.__name__ in only]
        weights = [k.weight for k in kinds]
        if not only and rng.random() < 0.5:  # half of the trials dwell on a few kinds
            favoured = rng.sample(range(len(kinds)), 4)
            weights = [w * (8 if i in favoured else 1) for i, w in enumerate(weights)]
        self.restores = rng.random() < 0.3 if not only else "OldLedger" in only
        self.events = []
        at = between(rng, 0.2, 1)
        while at < seconds and sum(weights):
            self.add(rng, rng.choices(kinds, weights)[0], at, site)
            at += rng.expovariate(1 / 0.7)
        if self.restores:
            self.add(rng, OldLedger(), between(rng, 1, seconds / 2), site)
        self.events.sort(key=lambda e: e[0])
        self.counts = {}
        self.last = rng.choice((None, Flush, LoseMarkers, KillRedis, KillDaemon))
        if only:
            self.last = {k.__name__: k for k in ALL}[only[0]] if only[0] != "OldLedger" else None

    def add(self, rng, fault, at, site):
        p = fault.draw(rng, site)
        self.events.append((at, "run", fault, p))
        if fault.lasts:
            self.events.append((at + p["lasts"], "undo", fault, p))

    def run_last(self, site, note):
        """One more fault, when all is at rest. False: none."""
        arrived = site.redis_proxy.arrive()
        if arrived:
            note("at rest  late commands arrived")
        if not self.last:
            return arrived
        fault = self.last()
        p = fault.draw(random.Random("last %s" % site.seed), site)
        note("at rest  %s %s" % (fault.name, p))
        end = time.monotonic() + 60
        while fault.run(site, p) is False:  # a Redis that is busy has not answered
            if time.monotonic() > end:
                raise RuntimeError("not done at rest: %s" % fault.name)
            time.sleep(0.2)
        self.counts[fault.name] = self.counts.get(fault.name, 0) + 1
        fault.undo(site, p)
        return True

    def run(self, site, note):
        begun = time.monotonic()
        for at, what, fault, p in self.events:
            pause = begun + at - time.monotonic()
            if pause > 0:
                time.sleep(pause)
            note("%8.3f %s %s %s" % (time.monotonic() - begun, what, fault.name, p))
            started = time.monotonic()
            if what == "undo":
                fault.undo(site, p)
            elif fault.run(site, p) is not False:
                self.counts[fault.name] = self.counts.get(fault.name, 0) + 1
            if time.monotonic() - started > 1:
                note("         that took %.1f s" % (time.monotonic() - started))



