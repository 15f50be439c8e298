"""changing.py - senders whose records are not the last word: versions and voids, joins and leaves.

Both are functions of a number, like the records of senders.py, and send in order: what was lost is
sent again before what comes after it, so that it is known how often each id was accepted.
"""
import json
import zlib

from senders import DAY, FEATURES, HttpSender

BLOCK = 40


def dice(*what):
    return zlib.crc32(repr(what).encode()) * 2654435761 % (1 << 40)


class OrderedSender(HttpSender):
    """Nothing is given up, and everything is sent again in its order."""

    def line(self, n):
        raise NotImplementedError

    def settle(self, truth):
        raise NotImplementedError

    def text(self, q):
        return "".join(self.line(n) for n in range(q.first, q.first + q.count)).encode()

    def after_restore(self, copied_from, copied_to):
        self.copied_at = copied_from
        again = [q for q in self.requests if q.acknowledged is not None and q not in self.waiting
                 and (q.acknowledged >= copied_from or self.rng.random() < 0.2)]
        self.waiting = sorted(again + self.waiting, key=lambda q: q.first)


class CorrectingSender(OrderedSender):
    """Ids that come with higher versions and are voided, soon and much later. Of each customer and
    day there is one record that stays as it is, so that distinct counts, which cannot be taken
    back, are what they would be anyway."""

    CUSTOMERS, DAYS, LATER = 6, 8, 60
    ANCHORS = CUSTOMERS * DAYS

    def event(self, n):
        """(id, version or None for a void without one) of the nth line."""
        if n < self.ANCHORS:
            return n, 1
        block, place = divmod(n - self.ANCHORS, 8)
        first = self.ANCHORS + 4 * block
        if place == 7:  # what was long folded
            return max(self.ANCHORS, first - 4 * self.LATER), 9 if block % 3 else None
        return ((first, 1), (first + 1, 1), (first + 2, 2), (first, 3), (first + 1, None),
                (first + 2, 1), (first + 3, 1))[place]

    def record(self, i, version):
        cell = i if i < self.ANCHORS else dice(self.stream, i, version) % self.ANCHORS
        customer, day = divmod(cell, self.DAYS)
        h = dice(i, version, "rest")
        return {"customer": "changing %d" % customer, "id": "%s-%d" % (self.stream, i),
                "version": version, "start": self.base + day * DAY + h % (DAY - 5000),  # it ends on that day
                "duration": h % 4001, "outcome": "ok" if i < self.ANCHORS or h % 5 else "failed",
                "participant": "cp%d" % customer, "conference": "ck%d" % customer,
                "features": FEATURES if i < self.ANCHORS else FEATURES[h % 5:h % 5 + h % 3]}

    def line(self, n):
        i, version = self.event(n)
        if version is None:
            return json.dumps({"kind": "void", "id": "%s-%d" % (self.stream, i)}) + "\n"
        return json.dumps(self.record(i, version)) + "\n"

    def settle(self, truth):
        last, accepted = {}, 0
        for n in range(self.sent):
            i, version = self.event(n)
            rank = float("inf") if version is None else version
            if rank > last.get(i, 0):
                accepted += 1
                last[i] = rank
        before = truth.totals.accepted
        for i, version in last.items():
            if version != float("inf"):
                truth.add(json.dumps(self.record(i, version)))
        truth.totals.accepted = before + accepted


class MeetingSender(OrderedSender):
    """Joins and leaves in any order within a block of them; when it stops, nobody is left."""

    def done(self):
        return self.stopping.is_set() and not self.waiting and self.sent % BLOCK == 0

    def step(self):
        pause = super().step()
        if self.stopping.is_set() and not self.waiting and self.sent % BLOCK:
            q = self.requests[-1].__class__(self.stream, self.sent, BLOCK - self.sent % BLOCK,
                                            self.requests[-1].begun)
            self.sent += q.count
            self.requests.append(q)
            self.waiting.append(q)
        return pause

    def event(self, n):
        """(stay, is it its leave)"""
        block, place = divmod(n, BLOCK)
        order = sorted(range(BLOCK), key=lambda k: dice(self.stream, block, k))
        return block * BLOCK // 2 + order[place] // 2, order[place] % 2 == 1

    def stay(self, i):
        h = dice(self.stream, i)
        start = self.base + i
        return {"customer": "meeting %d" % (h % 5), "conference": "%s-c%d" % (self.stream, i // 7),
                "participant": "mp%d" % (h % 50), "start": start, "duration": h % 500,
                "outcome": "ok", "features": FEATURES[h % 4:h % 4 + 1]}

    def line(self, n):
        i, leaves = self.event(n)
        s = self.stay(i)
        r = {"kind": "leave" if leaves else "join", "leg": "%s-%d" % (self.stream, i),
             "conference": s["conference"], "start": s["start"] + s["duration"] * leaves,
             "id": "%s-%d-%d" % (self.stream, i, leaves)}
        if not leaves:
            r.update({k: s[k] for k in ("customer", "participant", "features")})
        return json.dumps(r) + "\n"

    def settle(self, truth):
        before = truth.totals.accepted
        for i in range(self.sent // 2):
            truth.add(json.dumps(self.stay(i)))
        truth.totals.accepted = before + self.sent
