"""oracle_rules.py - the counting rules of callswell, written down a second time.

Python and its standard library only; nothing here is shared with the daemon. Read files in
order; the first record of an id counts, what the rules refuse is counted as quarantined.
"""
import csv
import gzip
import json
import re
import time
from collections import defaultdict
from datetime import datetime, timezone

EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
LEG_KINDS = {"leg"}
KINDS = {"leg", "join", "leave", "conference_start", "conference_end", "feature", "contact",
         "inquiry", "response", "visit", "order", "return", "booking", "void"}
OUTCOMES = {"ok": "ok", "failed": "failed", "rejected": "rejected", "abandoned": "abandoned",
            "completed": "ok", "answered": "ok", "success": "ok", "dropped": "ok",
            "busy": "rejected", "no_answer": "rejected", "cancelled": "rejected",
            "full": "rejected"}
NAMES = ("id", "customer", "conference", "participant", "cause", "service", "region", "agent")
MAX_NAME = 128
MAX_SECONDS = 31 * 86400
MAX_FUTURE = 300
RFC3339 = re.compile(r"(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d)(?::(\d\d)(?:\.\d+)?)?"
                     r"(?:([Zz])|([+-])(\d\d):?(\d\d)?)?$")


class Refused(Exception):
    """The record goes to quarantine."""


def read_time(text):
    """UTC seconds, cut to the second."""
    if re.fullmatch(r"\d+", text):
        v = int(text)
        for digits, unit in ((11, 1), (14, 1000), (17, 1000000)):
            if len(text) < digits or (digits == 11 and len(text) == 11):
                return v // unit
        raise Refused("not a time")
    m = RFC3339.match(text)
    if not m:
        raise Refused("not a time")
    year, month, day, hour, minute = (int(m[i]) for i in range(1, 6))
    second = int(m[6] or 0)
    try:
        at = datetime(year, month, day, hour, minute, min(second, 59), tzinfo=timezone.utc)
    except ValueError:
        raise Refused("not a time")
    if second > 60:
        raise Refused("not a time")
    d = at - EPOCH
    utc = d.days * 86400 + d.seconds + (1 if second == 60 else 0)
    if m[8]:
        east = int(m[9]) * 3600 + int(m[10] or 0) * 60
        utc -= east if m[8] == "+" else -east
    return utc


def read_seconds(text):
    if not re.fullmatch(r"\d+(\.\d+)?", text):
        raise Refused("not a number of seconds")
    v = int(text.split(".")[0])
    if v > MAX_SECONDS:
        raise Refused("too long")
    return v


def checked_time(text, now):
    t = read_time(text)
    if t < 0 or t >= 253402300800:
        raise Refused("not a year")
    if t > now + MAX_FUTURE:
        raise Refused("in the future")
    return t


def check_name(text):
    if len(text.encode()) > MAX_NAME:
        raise Refused("name too long")
    if any(ord(c) < 0x20 or ord(c) == 0x7F for c in text):
        raise Refused("control character")


class Record:
    __slots__ = ("kind", "outcome", "start", "duration", "wait", "handle", "features", "fields")

    def __init__(self, fields, now):
        self.fields = fields
        get = fields.get
        self.kind = get("kind") or "leg"
        if self.kind not in KINDS:
            raise Refused("kind")
        self.outcome = OUTCOMES.get(get("outcome") or "ok")
        if self.outcome is None:
            raise Refused("outcome")
        for name in NAMES:
            if get(name):
                check_name(get(name))
        if not get("customer"):
            raise Refused("customer missing")
        self.times(now)
        self.wait = read_seconds(get("wait")) if get("wait") else 0
        self.handle = read_seconds(get("handle")) if get("handle") else 0
        self.features = list(dict.fromkeys(f for f in fields.get("features", ()) if f))
        for name in self.features:
            check_name(name)

    def times(self, now):
        get = self.fields.get
        start = checked_time(get("start"), now) if get("start") else None
        end = checked_time(get("end"), now) if get("end") else None
        self.duration = read_seconds(get("duration")) if get("duration") else None
        if start is None:
            if end is None or self.duration is None:
                raise Refused("start missing")
            start = end - self.duration
        elif end is not None:
            if end < start:
                raise Refused("end before start")
            if self.duration is None:
                self.duration = end - start
                if self.duration > MAX_SECONDS:
                    raise Refused("too long")
        self.start = start
        if self.duration is None:
            self.duration = 0


def json_fields(line):
    def no_constant(text):
        raise ValueError(text)

    value = json.loads(line, parse_float=str, parse_int=str, parse_constant=no_constant)
    if not isinstance(value, dict):
        raise ValueError("not an object")
    fields = {}
    for k, v in value.items():
        if k == "features":
            if v is None:
                continue
            if isinstance(v, str):
                v = v.split(";")
            fields[k] = [f.strip(" \t") for f in v]
        elif v is not None and not isinstance(v, (dict, list)):
            fields[k] = str(v).strip(" \t")
    return fields


def csv_fields(header, line):
    row = next(csv.reader([line], strict=True), [])
    fields = {k: v.strip(" \t") for k, v in zip(header, row) if v.strip(" \t")}
    if "features" in fields:
        fields["features"] = [f.strip(" \t") for f in fields["features"].split(";")]
    return fields


def csv_lines(raw_lines):
    """Joins lines while a quote is open."""
    held = b""
    for raw in raw_lines:
        held += raw
        if held.count(b'"') % 2 == 0:
            yield held
            held = b""
    if held:
        yield held


def encode_name(name):
    out = []
    for b in name.encode():
        c = chr(b)
        plain = c.isascii() and (c.isalnum() or c in "._@+-")
        out.append(c if plain else "%%%02X" % b)
    return "".join(out)


def day_text(day):
    t = time.gmtime(day * 86400)
    return "%04d%02d%02d" % (t.tm_year, t.tm_mon, t.tm_mday)


class Totals:
    """Every counter of every key family, with exact distinct sets."""

    def __init__(self, now=None):
        self.now = time.time() if now is None else now
        self.records = self.accepted = self.duplicates = self.quarantined = self.ignored = 0
        self.ids = set()
        self.quarters = defaultdict(lambda: defaultdict(lambda: [0, 0, 0]))  # (customer, day)
        self.people = defaultdict(set)
        self.conferences = defaultdict(set)
        self.used = defaultdict(lambda: defaultdict(lambda: [0, 0]))  # (customer, day)
        self.features = defaultdict(lambda: [0, 0, 0])  # (feature, day)
        self.feature_people = defaultdict(set)
        self.feature_customers = defaultdict(set)
        self.services = defaultdict(lambda: defaultdict(lambda: [0, 0, 0, 0, 0]))
        self.regions = defaultdict(lambda: defaultdict(lambda: [0, 0]))

    def add_leg(self, r):
        customer = r.fields["customer"]
        day, second = divmod(r.start, 86400)
        quarters = self.quarters[customer, day]
        if r.outcome != "ok":
            quarters[second // 900][2] += 1
            return
        quarters[second // 900][0] += 1
        at, end = r.start, r.start + r.duration
        while at < end:
            stop = min(end, at - at % 900 + 900)
            self.quarters[customer, at // 86400][at % 86400 // 900][1] += stop - at
            at = stop
        if r.fields.get("participant"):
            self.people[customer, day].add(r.fields["participant"])
        if r.fields.get("conference"):
            self.conferences[customer, day].add(r.fields["conference"])
        region = r.fields.get("region")
        if region:
            self.regions[region, day][second // 60][0] += 1
            self.regions[region, end // 86400][end % 86400 // 60][1] += 1

    def add_features(self, r):
        customer, day = r.fields["customer"], r.start // 86400
        column = {"ok": 0, "failed": 1, "abandoned": 1, "rejected": 2}[r.outcome]
        for f in r.features:
            self.used[customer, day][f][0 if r.outcome == "ok" else 1] += 1
            self.features[f, day][column] += 1
            if r.fields.get("participant"):
                self.feature_people[f, day].add(r.fields["participant"])
            self.feature_customers[f, day].add(customer)

    def add_contact(self, service, start, handled, handle, wait):
        v = self.services[service, start // 86400][start % 86400 // 900]
        v[0] += 1
        v[1 if handled else 2] += 1
        v[3] += handle if handled else 0
        v[4] += wait

    def add(self, fields):
        r = Record(fields, self.now)
        identity = fields.get("id")
        if identity:
            if identity in self.ids:
                self.duplicates += 1
                return
            self.ids.add(identity)
        self.accepted += 1
        if r.kind == "contact":
            if fields.get("service"):
                self.add_contact(fields["service"], r.start, r.outcome == "ok", r.handle, r.wait)
        elif r.kind == "leg":
            self.add_leg(r)
            self.add_features(r)
        elif r.kind == "feature":
            self.add_features(r)

    def read_lines(self, raw_lines, form):
        header = None
        for raw in csv_lines(raw_lines) if form == "csv" else raw_lines:
            raw = raw.rstrip(b"\r\n")
            if not raw.strip(b" \t"):
                continue
            try:
                line = raw.decode("utf-8")
            except UnicodeDecodeError:
                self.records += 1
                self.quarantined += 1
                continue
            if form == "csv" and header is None:
                header = next(csv.reader([line]))
                continue
            self.records += 1
            try:
                if "\0" in line:
                    raise Refused("NUL")
                self.add(json_fields(line) if form == "ndjson" else csv_fields(header, line))
            except (Refused, ValueError, csv.Error):
                self.quarantined += 1

    def read_file(self, path):
        opener = gzip.open if path.endswith(".gz") else open
        with opener(path, "rb") as f:
            first = f.readline()
            f.seek(0)
            self.read_lines(f, "ndjson" if first.lstrip().startswith(b"{") else "csv")

    def customer_days(self):
        return sorted(set(self.quarters) | set(self.used) | set(self.people))

    def as_json(self):
        out = {"records": self.records, "accepted": self.accepted,
               "duplicates": self.duplicates, "quarantined": self.quarantined,
               "ignored": self.ignored, "customer_day": {}, "feature_day": {},
               "service_day": {}, "region_minute": {}}
        for key in self.customer_days():
            customer, day = key
            quarters = self.quarters.get(key, {})
            sums = [sum(v[i] for v in quarters.values()) for i in range(3)]
            out["customer_day"].setdefault(customer, {})[day_text(day)] = {
                "legs": sums[0], "seconds": sums[1], "failed": sums[2],
                "participants": len(self.people.get(key, ())),
                "conferences": len(self.conferences.get(key, ())),
                "quarters": {"%02d" % q: v for q, v in sorted(quarters.items())},
                "features": dict(self.used.get(key, {}))}
        for (feature, day), v in self.features.items():
            out["feature_day"].setdefault(feature, {})[day_text(day)] = v + [
                len(self.feature_people.get((feature, day), ())),
                len(self.feature_customers[feature, day])]
        for (service, day), quarters in self.services.items():
            out["service_day"].setdefault(service, {})[day_text(day)] = {
                "quarters": {"%02d" % q: v for q, v in sorted(quarters.items())}}
        for (region, day), minutes in self.regions.items():
            out["region_minute"].setdefault(region, {})[day_text(day)] = {
                "%04d" % m: v for m, v in sorted(minutes.items())}
        return out
