"""senders.py - numbered records on every way in, by senders that do what careful senders do.

A record is a function of (stream, number): what was sent can be written down again. Who hears
an answer keeps what it sent until the answer is yes, and sends the very same again. Files are
rotated, never deleted. Plain TCP hears nothing: its records are counted apart.
"""
import gzip
import http.client
import json
import os
import random
import shutil
import socket
import subprocess
import threading
import time
import zlib

from site_processes import HOST, PAUSE

DAY = 86400
CUSTOMERS = ["C%02d" % i for i in range(30)] + ["Ä & Söhne", "a:b{1}%@", "x y/z", "日本会議"]
FEATURES = ["recording", "dial out", "polls", "Q&A", "transcript", "operator_assist", "video"]
SERVICES = ["operator", "billing", "web support"]
OUTCOMES = ["ok"] * 8 + ["failed", "rejected", "abandoned", "busy"]


def first_day():
    """Records lie between 10 and 2 days back: no clock jump makes them of the future."""
    return int(time.time()) // DAY * DAY - 10 * DAY


def record(stream, n, base, with_id=True):
    """One line, with its end."""
    h = zlib.crc32(b"%s/%d" % (stream.encode(), n)) * 2654435761 % (1 << 61)

    def pick(of):
        nonlocal h
        h, i = divmod(h, of)
        return i

    # Some customers come once and never again: what is lost of them nothing covers up.
    r = {"customer": "once %d" % n if n % 29 == 7 else CUSTOMERS[pick(len(CUSTOMERS))]}
    if with_id:
        r["id"] = "%s-%d" % (stream, n)
    r["start"] = base + pick(8) * DAY + pick(DAY)
    kind = pick(20)
    r["outcome"] = OUTCOMES[pick(len(OUTCOMES))]
    r["participant"] = "p%d" % (n * 7919 % 3000)
    if kind < 3:
        r.update(kind="contact", service=SERVICES[kind], wait=n % 70, handle=n % 500)
    elif kind == 3:
        r.update(kind="feature", features=[FEATURES[n % len(FEATURES)]])
    else:
        r["duration"] = pick(40) * 97
        r["conference"] = "k%d" % (n % 400)
        r["features"] = FEATURES[n % 5:n % 5 + n % 4]
        if n % 3:
            r["region"] = "r%d" % (n % 3)
    return json.dumps(r) + "\n"


def broken(stream, n):
    """A line that nobody can count, unlike any other."""
    return ('{"id":"%s-%d","customer":' % (stream, n) if n % 2 else
            '{"id":"%s-%d","start":1700000000}' % (stream, n)) + "\n"


class Sender(threading.Thread):
    """Works until stop(), pauses while held."""

    def __init__(self, name, seed):
        super().__init__(daemon=True)
        self.stream = name
        self.rng = random.Random("%s/%s" % (seed, name))
        self.stopping = threading.Event()
        self.finished = threading.Event()  # nothing is owed any more
        self.sent = 0
        self.problems = []
        self.held = 0
        self.gate = threading.Condition()
        self.busy = False

    def hold(self):
        """Answers when this sender does nothing any more."""
        with self.gate:
            self.held += 1
            self.gate.wait_for(lambda: not self.busy)

    def release(self):
        with self.gate:
            self.held -= 1
            self.gate.notify_all()

    def run(self):
        try:
            while not self.done():
                with self.gate:
                    self.gate.wait_for(lambda: not self.held)
                    self.busy = True
                pause = self.step()
                with self.gate:
                    self.busy = False
                    self.gate.notify_all()
                if pause:
                    self.stopping.wait(pause) if not self.stopping.is_set() else time.sleep(PAUSE)
        except Exception as e:  # a sender that dies silently would make the trial pass
            self.problems.append("%s ended: %r" % (self.stream, e))
            with self.gate:
                self.busy = False
                self.gate.notify_all()
        self.finished.set()

    def done(self):
        return self.stopping.is_set()

    def stop(self):
        self.stopping.set()


class Request:
    def __init__(self, stream, first, count, begun):
        self.stream, self.first, self.count, self.begun = stream, first, count, begun
        self.body = None
        self.acknowledged = None  # when
        self.abandoned = False  # lost with the ledger, and left so


class HttpSender(Sender):
    def __init__(self, name, seed, proxy, base):
        super().__init__(name, seed)
        self.proxy, self.base = proxy, base
        self.requests = []
        self.waiting = []  # to be sent (again)
        self.connection = None
        self.again = self.refused = 0
        self.recovered = 0  # acknowledged records that had to be sent again

    def text(self, q):
        return "".join(record(self.stream, n, self.base)
                       for n in range(q.first, q.first + q.count)).encode()

    def done(self):
        return self.stopping.is_set() and not self.waiting

    def step(self):
        if not self.waiting:
            q = Request(self.stream, self.sent, self.rng.choice((1, 20, 100, 300)),
                        time.monotonic())
            self.sent += q.count
            self.requests.append(q)
            self.waiting.append(q)
        q = self.waiting[0]
        answer = self.post(q)
        if answer is None:
            return self.rng.random() * 0.1
        self.waiting.pop(0)
        self.judge(q, answer)
        if self.rng.random() < 0.05:
            self.waiting.append(q)  # sent once more, though answered
        return self.rng.random() * 0.04

    def post(self, q):
        body, headers = self.text(q), {}
        if q.first % 3 == 0:
            body, headers = gzip.compress(body, 1), {"Content-Encoding": "gzip"}
        try:
            if self.connection is None:
                self.connection = http.client.HTTPConnection(HOST, self.proxy.port, timeout=8)
            self.connection.request("POST", "/v1/ingest/hooks", body, headers)
            reply = self.connection.getresponse()
            text = reply.read()
            if reply.status == 200:
                return json.loads(text)
            self.refused += 1
            if reply.status != 503:
                self.problems.append("HTTP %d: %s" % (reply.status, text[:200]))
        except (OSError, http.client.HTTPException, ValueError):
            self.again += 1
        if self.connection:
            self.connection.close()
        self.connection = None
        return None

    def judge(self, q, answer):
        new, old = answer["accepted"], answer["duplicates"]
        if new + old != q.count or answer["quarantined"]:
            self.problems.append("%s %d+%d: answered %s" % (q.stream, q.first, q.count, answer))
        if q.acknowledged is None:
            q.acknowledged = time.monotonic()
        elif new and q.acknowledged < getattr(self, "copied_at", 0):
            self.problems.append("%s %d+%d: %d of it acknowledged before, and not in the ledger" %
                                 (q.stream, q.first, q.count, new))
        elif new:
            self.recovered += new
            if not hasattr(self, "copied_at"):
                self.problems.append("%s %d+%d: acknowledged, then %d of it counted again" %
                                     (q.stream, q.first, q.count, new))

    def after_restore(self, copied_from, copied_to):
        """The ledger is as it was between these moments. What was acknowledged before must be
        there, what was sent later is not, and some of that is left so. Held while called."""
        self.copied_at = copied_from
        for q in self.requests:
            if q.acknowledged is None or q in self.waiting:
                continue
            if q.begun > copied_to and self.rng.random() < 0.5:
                q.abandoned = True
            elif q.acknowledged >= copied_from or self.rng.random() < 0.2:
                self.waiting.append(q)


class RelpSender(HttpSender):
    """Requests as messages of RELP, all on their way at once; each line is answered by itself,
    and a request is acknowledged when all of it is."""

    def __init__(self, name, seed, proxy, base):
        super().__init__(name, seed, proxy, base)
        self.number = 0
        self.answers = None

    def command(self, name, data):
        self.number += 1
        self.connection.sendall(b"%d %s %d%s%s\n" % (self.number, name, len(data),
                                                      b" " if data else b"", data))
        return self.number

    def answer(self):
        """The number of what was answered with yes."""
        head = b""
        while head.count(b" ") < 3 and not head.endswith(b"\n"):
            byte = self.answers.read(1)
            if not byte:
                raise OSError("closed")
            head += byte
        number, what, length = head.split()[:3]
        text = self.answers.read(int(length))
        if self.answers.read(1) != b"\n" or what != b"rsp" or not text.startswith(b"200"):
            raise OSError("RELP: %r %r" % (head, text))
        return int(number)

    def post(self, q):
        try:
            if self.connection is None:
                self.connection = socket.create_connection((HOST, self.proxy.port), timeout=8)
                self.answers = self.connection.makefile("rb")
                self.number = 0
                self.command(b"open", b"relp_version=0\nrelp_software=chaos\ncommands=syslog")
                self.answer()
            wanted = {self.command(b"syslog", line) for line in self.text(q).splitlines()}
            while wanted:
                wanted.remove(self.answer())
            return {}
        except (OSError, ValueError, KeyError):
            self.again += 1
        if self.connection:
            self.connection.close()
        self.connection = None
        return None

    def judge(self, q, answer):
        if q.acknowledged is None:
            q.acknowledged = time.monotonic()


class FileSender(Sender):
    """Appends to a file and rotates it by renaming or by copying and truncating."""

    def __init__(self, name, seed, folder, base, others):
        super().__init__(name, seed)
        self.base, self.others = base, others
        self.path = os.path.join(folder, name + ".ndjson")
        self.lines = []
        self.rotations = 0
        self.may_rotate = lambda: True
        self.file = open(self.path, "ab", buffering=0)
        self.ways = ("rename", "copytruncate")

    def line(self, n):
        chance = self.rng.random()
        if chance < 0.01:
            return broken(self.stream, n)
        if chance < 0.03 and self.others:
            other = self.rng.choice(self.others)
            answered = [q for q in other.requests if q.acknowledged and not q.abandoned]
            if answered:
                q = self.rng.choice(answered)
                return record(other.stream, q.first, other.base)  # known by its id
        return record(self.stream, n, self.base, n % 3 != 0)

    def step(self):
        text = []
        for _ in range(self.rng.choice((1, 10, 60))):
            text.append(self.line(self.sent))
            self.sent += 1
        self.lines += text
        data = "".join(text).encode()
        cut = self.rng.randrange(len(data))
        self.write(data[:cut])  # readers see halves of lines
        if self.rng.random() < 0.3:
            time.sleep(self.rng.random() * 0.02)
        self.write(data[cut:])
        return self.rng.random() * 0.08

    def write(self, data):
        while data:
            data = data[self.file.write(data):]

    def rotate(self):
        """Called while held."""
        if not self.may_rotate():
            return False
        how = self.rng.choice(self.ways)
        for i in range(self.rotations, 0, -1):
            os.rename("%s.%d" % (self.path, i), "%s.%d" % (self.path, i + 1))
        self.rotations += 1
        if how == "rename":
            os.rename(self.path, self.path + ".1")
            self.file.close()
            self.file = open(self.path, "ab", buffering=0)
        else:
            shutil.copyfile(self.path, self.path + ".1")
            self.file.truncate(0)
        return True


class ImportSender(Sender):
    """Imports whole files by the command, again until it says that all is done."""

    def __init__(self, name, seed, folder, base, program, config):
        super().__init__(name, seed)
        self.folder, self.base = folder, base
        self.command = [program, "import", "--config", config, "--format", "ndjson"]
        self.lines, self.files, self.waiting = [], [], []
        self.process = None
        self.failures = 0

    def done(self):
        return self.stopping.is_set() and not self.waiting

    def step(self):
        if not self.waiting:
            self.waiting.append(self.make_file())
        with open(os.path.join(self.folder, "import.log"), "ab") as log:
            self.process = subprocess.Popen(self.command + [self.waiting[0]], stdout=log,
                                            stderr=log)
            try:
                code = self.process.wait(100)
            except subprocess.TimeoutExpired:
                self.process.kill()
                code = self.process.wait()
                self.problems.append("an import hung")
        if code == 0:
            self.waiting.pop(0)
            return self.rng.random() * 2
        self.failures += 1
        return self.rng.random() * 0.3

    def make_file(self):
        path = os.path.join(self.folder, "import-%d.ndjson" % len(self.files))
        count = self.rng.choice((50, 2000, 6000))
        lines = [broken(self.stream, n) if n % 97 == 0 else
                 record(self.stream, n, self.base, n % 2 == 0)
                 for n in range(self.sent, self.sent + count)]
        with open(path, "w", encoding="ascii") as f:
            f.writelines(lines)
        self.sent += count
        self.lines += lines
        self.files.append(path)
        return path

    def interrupt(self):
        if self.process and self.process.poll() is None:
            self.process.kill()

    def hold_now(self):
        """As hold(), and without waiting for what is under way."""
        with self.gate:
            self.held += 1
        while self.busy:
            self.interrupt()
            time.sleep(PAUSE)

    def after_restore(self):
        self.waiting = list(dict.fromkeys(self.files))


class StreamSender(Sender):
    """Adds entries without ids to a stream; an answer that is lost leaves open whether they are in
    it. What stands there in the end is what was sent."""

    STREAM = "calls"
    GROUP = "callswell"

    def __init__(self, name, seed, source, base):
        super().__init__(name, seed)
        self.source, self.base = source, base
        self.connection = None
        self.lines = []

    def step(self):
        many = self.rng.choice((1, 10, 60))
        commands = [("XADD", self.STREAM, "*", "data",
                     record(self.stream, n, self.base, False).rstrip("\n"))
                    for n in range(self.sent, self.sent + many)]
        self.sent += many
        try:
            if self.connection is None:
                self.connection = self.source.connect(8)
            self.connection.ask_all(commands)
        except (OSError, RuntimeError, ValueError):
            self.connection = None
            return 0.1
        return self.rng.random() * 0.06

    def collect(self):
        """All that stands in the stream now."""
        redis, after, lines = self.source.connect(), "-", []
        while True:
            page = redis.ask("XRANGE", self.STREAM, after, "+", "COUNT", 5000)
            if not page:
                break
            lines += [fields[1].decode() for _, fields in page]
            after = b"(" + page[-1][0]
        self.lines = lines

    def after_restore(self):
        """The group goes, so that it is made again where the ledger stands now."""
        with self.source.lock:
            if self.source.process.poll() is not None:
                self.source.start()
            self.source.wait_until_up()
            redis = self.source.connect()
            redis.ask("XADD", self.STREAM, "*", "data",  # else there might be no stream yet
                      record("restored", 0, self.base, False).rstrip("\n"))
            redis.ask("XGROUP", "DESTROY", self.STREAM, self.GROUP)


class TcpSender(Sender):
    """At most once: every record has a quarter hour of a customer of its own."""

    SLOTS = 96 * 8 * 50

    def __init__(self, name, seed, daemon, base):
        super().__init__(name, seed)
        self.daemon, self.base = daemon, base
        self.socket = None

    def line(self, n):
        n %= self.SLOTS
        return '{"customer":"TCP%d","start":%d,"duration":1}\n' % (
            n % 50, self.base + n // 50 * 900)

    def step(self):
        try:
            if self.socket is None:
                port = self.daemon.ports.get("lines")
                if not port or not self.daemon.is_ready():
                    return 0.1
                self.socket = socket.create_connection((HOST, port), timeout=2)
            many = self.rng.choice((1, 30))
            text = "".join(self.line(self.sent + i) for i in range(many)).encode()
            self.sent += many  # all of it may be counted, none has to
            self.socket.sendall(text)
        except OSError:
            if self.socket:
                self.socket.close()
            self.socket = None
        if self.sent >= self.SLOTS - 100:
            self.stop()
        return self.rng.random() * 0.05
