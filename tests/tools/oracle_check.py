"""oracle_check.py - compares recomputed totals with truth files, Redis and the CRM store."""
import calendar
import json
import math
import re
import socket
import sqlite3
import time
from collections import defaultdict

from oracle_rules import day_text, encode_name

SHOWN = 20
STANDARD_ERROR = 0.0081


class Differences:
    """Collects differences; prints the first ones only."""

    def __init__(self):
        self.count = self.compared = 0

    def say(self, text):
        self.count += 1
        if self.count <= SHOWN:
            print("DIFFERENT " + text)

    def same(self, where, want, got):
        self.compared += 1
        if want != got:
            self.say("%s: expected %s, found %s" % (where, want, got))

    def tables(self, where, want, got):
        for key in want.keys() - got.keys():
            self.say("%s %s: missing, expected %s" % (where, key, want[key]))
        for key in got.keys() - want.keys():
            self.say("%s %s: too much, found %s" % (where, key, got[key]))
        for key in want.keys() & got.keys():
            self.same("%s %s" % (where, key), want[key], got[key])

    def end(self, what):
        if self.count > SHOWN:
            print("... %d differences in all" % self.count)
        print("%s: %d values compared, %d different" % (what, self.compared, self.count))
        return 1 if self.count else 0


# --- truth files ---

def flatten(value, where, out):
    if isinstance(value, dict):
        for k, v in value.items():
            flatten(v, where + (k,), out)
    else:
        out[where] = value


def near(want, got):
    error = min(STANDARD_ERROR * want, want / math.sqrt(2 * 16384))
    return abs(want - got) <= 3 + 6 * error


def forgive_estimates(want, got):
    """Makes distinct counts that are near enough equal."""
    for where in want.keys() & got.keys():
        if where[-1] in ("participants", "conferences") and near(want[where], got[where]):
            got[where] = want[where]
        if where[0] == "feature_day" and all(map(near, want[where][3:], got[where][3:])):
            got[where][3:] = want[where][3:]


def compare_truths(path_a, path_b, estimated):
    compared = ("records", "accepted", "duplicates", "quarantined", "ignored", "customer_day",
                "feature_day", "service_day", "region_minute")
    flat = []
    for path in (path_a, path_b):
        with open(path, encoding="utf-8") as f:
            value = json.load(f)
        flat.append({})
        flatten({k: value[k] for k in compared}, (), flat[-1])
    if estimated:
        forgive_estimates(flat[0], flat[1])
    d = Differences()
    d.tables("", flat[0], flat[1])
    return d.end("truth")


# --- Redis ---

class Redis:
    """As much of RESP2 as is needed."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(path)
        self.file = self.socket.makefile("rb")

    def send(self, *words):
        parts = [b"*%d\r\n" % len(words)]
        for w in words:
            w = w if isinstance(w, bytes) else str(w).encode()
            parts.append(b"$%d\r\n%s\r\n" % (len(w), w))
        self.socket.sendall(b"".join(parts))

    def reply(self):
        line = self.file.readline()
        kind, rest = line[:1], line[1:-2]
        if kind == b"+":
            return rest.decode()
        if kind == b":":
            return int(rest)
        if kind == b"$":
            n = int(rest)
            return None if n < 0 else self.file.read(n + 2)[:-2]
        if kind == b"*":
            return [self.reply() for _ in range(int(rest))]
        raise RuntimeError("redis: " + line.decode("utf-8", "replace").strip())

    def ask(self, *words):
        self.send(*words)
        return self.reply()

    def ask_all(self, commands):
        answers = []
        for i in range(0, len(commands), 500):
            for c in commands[i:i + 500]:
                self.send(*c)
            answers += [self.reply() for _ in commands[i:i + 500]]
        return answers

    def keys(self):
        cursor, found = b"0", set()
        while True:
            cursor, some = self.ask("SCAN", cursor, "MATCH", "cs:*", "COUNT", 1000)
            found.update(k.decode() for k in some)
            if cursor == b"0":
                return found


def crc16(data):
    crc = 0
    for byte in data:
        crc ^= byte << 8
        for _ in range(8):
            crc = (crc << 1 ^ 0x1021 if crc & 0x8000 else crc << 1) & 0xFFFF
    return crc


# Which retention a key family has, and the default in days (0 is for ever).
FAMILIES = {"q": "quarter", "d": "day", "f": "day", "u": "people", "c": "people",
            "fu": "feature_people", "fc": "feature_people", "s": "service", "l": "load"}
RETENTION = {"quarter": 35, "day": 800, "people": 35, "feature_people": 400, "service": 800,
             "load": 35}
BOUNDARY = 900  # seconds around its end of life in which a key may be there or not


def period_end(text):
    """UTC seconds at the end of a period, "20260131" or "202601"."""
    year, month = int(text[:4]), int(text[4:6])
    if len(text) == 8:
        return calendar.timegm((year, month, int(text[6:]), 0, 0, 0)) + 86400
    return calendar.timegm((year + month // 12, month % 12 + 1, 1, 0, 0, 0))


def life_left(key, retention, now):
    """Seconds until a key is to be gone; negative: it should not be there."""
    family, period = key.split("}:", 1)[1].split(":", 1)[0], key.rsplit(":", 1)[1]
    days = retention[FAMILIES[family]]
    return period_end(period.split("@")[0]) + days * 86400 - now if days else math.inf


class ExpectedKeys:
    """What must stand in Redis for these totals."""

    def __init__(self, totals, node):
        self.hashes = defaultdict(dict)
        self.sketches = {}
        self.partitions = {}
        self.node = node
        for key, quarters in totals.quarters.items():
            self.customer_quarters(key, quarters)
        for (customer, day), features in totals.used.items():
            for f, v in features.items():
                self.month("d", customer, day)["%s.x.%s@%s" % (day_text(day)[6:],
                           encode_name(f), node)] = "%d:%d" % tuple(v)
        for (feature, day), v in totals.features.items():
            field = "%s@%s" % (day_text(day)[6:], node)
            self.month("f", feature, day)[field] = "%d:%d:%d" % tuple(v)
        for (service, day), quarters in totals.services.items():
            for q, v in quarters.items():
                self.day("s", service, day)["%02d@%s" % (q, node)] = ":".join(map(str, v))
        for (region, day), minutes in totals.regions.items():
            for m, v in minutes.items():
                self.day("l", region, day)["%04d@%s" % (m, node)] = "%d:%d" % tuple(v)
        for kind, sets in (("u", totals.people), ("c", totals.conferences),
                           ("fu", totals.feature_people), ("fc", totals.feature_customers)):
            for (name, day), members in sets.items():
                self.sketches[self.key(kind, name, day_text(day)) + "@" + node] = len(members)

    def drop_expired(self, retention, now):
        """Forgets what retention has taken; answers keys so near the end that either is right."""
        uncertain = set()
        for table in (self.hashes, self.sketches):
            for key in list(table):
                left = life_left(key, retention, now)
                if abs(left) <= BOUNDARY:
                    uncertain.add(key)
                elif left < 0:
                    del table[key]
        return uncertain

    def customer_quarters(self, key, quarters):
        customer, day = key
        sums = [0, 0, 0]
        for q, v in quarters.items():
            self.day("q", customer, day)["%02d@%s" % (q, self.node)] = "%d:%d:%d" % tuple(v)
            sums = [a + b for a, b in zip(sums, v)]
        self.month("d", customer, day)["%s@%s" % (day_text(day)[6:], self.node)] = \
            "%d:%d:%d" % tuple(sums)

    def key(self, kind, name, period):
        if name not in self.partitions:
            encoded = encode_name(name)
            self.partitions[name] = (crc16(encoded.encode()) % 64, encoded)
        partition, encoded = self.partitions[name]
        return "cs:{%d}:%s:%s:%s" % (partition, kind, encoded, period)

    def day(self, kind, name, day):
        return self.hashes[self.key(kind, name, day_text(day))]

    def month(self, kind, name, day):
        return self.hashes[self.key(kind, name, day_text(day)[:6])]


# A day's line of a customer that only has features may stand there with zeros.
ZEROS = {"0:0:0", "0:0"}


VERSION = re.compile(r"\d+:\d+")


def check_hash(d, key, want, answer, node):
    got, version = {}, ""
    for i in range(0, len(answer), 2):
        field, value = answer[i].decode(), answer[i + 1].decode()
        if not field.endswith("@" + node):
            d.say("%s %s: field of another node" % (key, field))
        elif field != "@" + node:
            got[field] = value
        else:
            version = value
    if not VERSION.fullmatch(version):
        d.say("%s: version %r" % (key, version))
    for field in [f for f, v in got.items() if v in ZEROS and f not in want]:
        del got[field]
    d.tables(key, want, got)


def check_sketches(d, expected, counts):
    """Three standard errors each; of many, a few may by chance be beyond, but none by far."""
    assert all(key in expected for key in counts)
    beyond = []
    for key, n in counts.items():
        want = expected[key]
        # Below some thousand elements the error is that of collisions among 2^14 registers.
        error = min(STANDARD_ERROR * want, want / math.sqrt(2 * 16384))
        off = abs(n - want)
        d.compared += 1
        if not near(want, n):
            d.say("%s: %d distinct expected, %d estimated" % (key, want, n))
        elif off > max(1, 3 * error):
            beyond.append("%s: %d distinct expected, %d estimated" % (key, want, n))
    if len(beyond) > 1 + len(counts) // 100:
        for text in beyond:
            d.say(text)
    print("distinct counts: %d, beyond three standard errors: %d" % (len(counts), len(beyond)))


def check_redis(totals, path, node, retention):
    redis = Redis(path)
    expected = ExpectedKeys(totals, node)
    uncertain = expected.drop_expired(retention, time.time())
    d = Differences()
    counters = re.compile(r"cs:\{\d+\}:(q|d|u|c|f|fu|fc|s|l):")
    present = {k for k in redis.keys() if counters.match(k)}
    wanted = expected.hashes.keys() | expected.sketches.keys()
    for key in sorted(wanted - present - uncertain):
        d.say("%s: no such key in Redis" % key)
    for key in sorted(present - wanted):
        d.say("%s: key nobody expects" % key)
    hashes = sorted(expected.hashes.keys() & present)
    for key, answer in zip(hashes, redis.ask_all([("HGETALL", k) for k in hashes])):
        check_hash(d, key, expected.hashes[key], answer, node)
    sketches = sorted(expected.sketches.keys() & present)
    counts = dict(zip(sketches, redis.ask_all([("PFCOUNT", k) for k in sketches])))
    check_sketches(d, expected.sketches, counts)
    return d.end("redis")


# --- CRM store ---

def iso(seconds):
    day, second = divmod(seconds, 86400)
    t = day_text(day)
    return "%s-%s-%sT%02d:%02d:%02dZ" % (t[:4], t[4:6], t[6:], second // 3600,
                                         second // 60 % 60, second % 60)


def service_rows(totals):
    return {(service, iso(day * 86400 + q * 900)): tuple(v)
            for (service, day), quarters in totals.services.items() for q, v in quarters.items()}


def check_services(d, totals, db):
    got = {(r[0], r[1]): tuple(r[2:]) for r in db.execute(
        "SELECT service, start, offered, handled, abandoned, handle_seconds, wait_seconds"
        " FROM service_interval") if any(r[2:])}
    d.tables("service_interval", service_rows(totals), got)


def check_store(totals, path):
    d = Differences()
    db = sqlite3.connect("file:%s?mode=ro" % path, uri=True)
    want = {}
    for (customer, day), quarters in totals.quarters.items():
        t = day_text(day)
        want[customer, "%s-%s-%s" % (t[:4], t[4:6], t[6:])] = tuple(
            sum(v[i] for v in quarters.values()) for i in range(3))
    got = {(r[0], r[1]): tuple(r[2:]) for r in db.execute(
        "SELECT customer, day, legs, seconds, failed FROM customer_day")}
    for key in [k for k, v in got.items() if not any(v) and k not in want]:
        del got[key]  # a day with features only
    d.tables("customer_day", want, got)
    check_services(d, totals, db)
    db.close()
    return d.end("store")
