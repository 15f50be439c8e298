"""site_processes.py - one daemon, one redis-server and what lies between them, under the harness' hands.

Every process runs in the trial's folder on free ports of the loopback address. The daemon is
started again whenever it is dead and somebody wants it alive; a death that nobody asked for is
kept as a problem unless its exit code says that something it needs was missing.
"""
import http.client
import json
import os
import random
import resource
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time

TOOLS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tools")
sys.path.insert(0, TOOLS)
from oracle_check import Redis  # noqa: E402

HOST = "127.0.0.1"
PAUSE = 0.02  # between looks at a condition


def free_port():
    with socket.socket() as s:
        s.bind((HOST, 0))
        return s.getsockname()[1]


class Proxy:
    """Passes bytes between whoever connects and `target`, until it is told to misbehave."""

    def __init__(self, seed):
        self.rng = random.Random(seed)
        self.target = None  # port
        self.listener = socket.create_server((HOST, 0))
        self.port = self.listener.getsockname()[1]
        self.lock = threading.Lock()
        self.pairs = set()
        self.budget = None  # bytes until everything is cut
        self.open = threading.Event()  # cleared: nothing passes
        self.open.set()
        self.late = set()  # pairs whose bytes wait, though others' pass
        self.late_from = None  # what a client has to say to become one of them
        self.orphans = set()  # pairs that were late: their clients are dead
        self.let_go = threading.Condition(self.lock)
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                client = self.listener.accept()[0]
            except OSError:
                return
            try:
                server = socket.create_connection((HOST, self.target or 1), timeout=5)
            except OSError:
                client.close()
                continue
            server.settimeout(None)
            pair = (client, server)
            with self.lock:
                self.pairs.add(pair)
            for a, b in (pair, pair[::-1]):
                threading.Thread(target=self.pump, args=(a, b, pair), daemon=True).start()

    def pump(self, source, sink, pair):
        try:
            while True:
                data = source.recv(65536)
                self.open.wait()
                with self.lock:
                    if self.late_from and source is pair[0] and self.late_from in data:
                        self.late.add(pair)
                        self.let_go.notify_all()
                    self.let_go.wait_for(lambda: pair not in self.late)
                    if self.budget is not None:
                        data, self.budget = data[:self.budget], self.budget - len(data)
                        if self.budget <= 0:
                            self.budget = None
                            sink.sendall(data)
                            self.drop()
                            return
                if pair in self.orphans and not data and source is pair[0]:
                    sink.shutdown(socket.SHUT_WR)  # all that came before it is still worked on
                    return
                if not data:
                    break
                if pair not in self.orphans or source is pair[0]:
                    sink.sendall(data)
        except OSError:
            pass
        with self.lock:
            self.close_pair(pair)

    def close_pair(self, pair):
        self.pairs.discard(pair)
        self.orphans.discard(pair)
        for s in pair:
            try:
                s.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            s.close()

    def drop(self):
        for pair in list(self.pairs):
            self.close_pair(pair)

    def cut(self, after_bytes):
        """All connections end once so many more bytes have passed, in the middle of anything."""
        with self.lock:
            self.budget = max(1, after_bytes)

    def hold_back(self, word, seconds):
        """Waits so long for a client that sends `word`: that, what it sends after it and what comes
        back stay here until let_pass()."""
        with self.lock:
            before = len(self.late)
            self.late_from = word
            self.let_go.wait_for(lambda: len(self.late) > before, seconds)
            self.late_from = None

    def let_pass(self):
        with self.lock:
            self.orphans |= self.late
            self.late = set()
            self.let_go.notify_all()

    def arrive(self):
        """let_pass(), and all of it was worked on. False: there was nothing."""
        with self.lock:
            pairs = self.late & self.pairs
        self.let_pass()
        end = time.monotonic() + 5
        while self.pairs & pairs and time.monotonic() < end:
            time.sleep(PAUSE)
        return bool(pairs)

    def quiet(self):
        """No more misbehaviour, but for what is late."""
        with self.lock:
            self.budget = None
        self.open.set()

    def close(self):
        self.listener.close()
        self.quiet()
        self.let_pass()
        with self.lock:
            self.drop()


class RedisServer:
    """The managed kind is not used here: this one's files are the harness' to spoil."""

    PERSISTENCE = {
        "everysec": ["--appendonly", "yes", "--appendfsync", "everysec"],
        "always": ["--appendonly", "yes", "--appendfsync", "always"],
        "snapshots": ["--save", "1 1"],
        "nothing": [],
    }

    def __init__(self, folder, persistence):
        self.folder = folder
        self.persistence = persistence
        self.port = free_port()
        self.process = None
        self.lock = threading.RLock()
        self.start()

    def start(self):
        os.makedirs(self.folder, exist_ok=True)
        with open(self.folder + ".log", "ab") as log:
            self.process = subprocess.Popen(
                ["redis-server", "--port", str(self.port), "--bind", HOST, "--dir", self.folder,
                 "--save", "", "--maxmemory-policy", "noeviction", "--daemonize", "no"]
                + self.PERSISTENCE[self.persistence], stdout=log, stderr=log)

    def kill(self):
        self.process.kill()
        self.process.wait()

    def signal(self, number):
        if self.process.poll() is None:
            self.process.send_signal(number)

    def ask(self, *words):
        return self.connect(2).ask(*words)

    def connect(self, seconds=20):
        redis = Redis.__new__(Redis)
        redis.socket = socket.create_connection((HOST, self.port), timeout=seconds)
        redis.file = redis.socket.makefile("rb")
        return redis

    def wait_until_up(self, seconds=20):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            try:
                if self.ask("PING") == "PONG":
                    return True
            except (OSError, RuntimeError, ValueError):
                pass
            if self.process.poll() is not None:
                return False
            time.sleep(PAUSE)
        return False

    def log_file(self):
        """The append-only file that is being written, or None."""
        folder = os.path.join(self.folder, "appendonlydir")
        names = sorted((n for n in os.listdir(folder) if n.endswith(".incr.aof")),
                       key=lambda n: int(n.split(".")[-3])) if os.path.isdir(folder) else []
        return os.path.join(folder, names[-1]) if names else None

    def mend_log(self):
        """What an operator does when Redis does not start for a damaged tail."""
        manifest = os.path.join(self.folder, "appendonlydir", "appendonly.aof.manifest")
        subprocess.run(["redis-check-aof", "--fix", manifest], input=b"y\n" * 4,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)

    def copy_to(self, folder):
        shutil.rmtree(folder, ignore_errors=True)
        if os.path.isdir(self.folder):
            shutil.copytree(self.folder, folder)
        else:
            os.makedirs(folder)

    def restore(self, folder):
        shutil.rmtree(self.folder, ignore_errors=True)
        shutil.copytree(folder, self.folder)

    def close(self):
        if self.process and self.process.poll() is None:
            self.signal(signal.SIGCONT)
            self.kill()


class PlainDaemon:
    """callswelld by this command, once; its requests come one after the other."""

    def __init__(self, command, log_path, environment):
        self.log_path = log_path
        self.connection = None
        usual = {"ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0"}
        with open(log_path, "wb") as log:
            self.process = subprocess.Popen(command, stderr=log, start_new_session=True,
                                            env={**os.environ, **usual, **environment})

    def said(self):
        with open(self.log_path, encoding="utf-8", errors="replace") as f:
            return f.read()

    def port(self, word="http"):
        ready = self.said().split("event=ready ")
        words = dict(w.split("=", 1) for w in ready[1].split("\n")[0].split()) \
            if len(ready) > 1 and "\n" in ready[1] else {}
        return int(words[word].rsplit(":", 1)[-1]) if word in words else None

    def wait_until_ready(self, seconds):
        end = time.monotonic() + seconds
        while time.monotonic() < end and self.process.poll() is None:
            if self.port():
                return True
            time.sleep(PAUSE)
        return False

    def post(self, body, seconds):
        """The answer of success; anything else is an OSError."""
        try:
            if not self.connection:
                self.connection = http.client.HTTPConnection(HOST, self.port(), timeout=seconds)
            self.connection.request("POST", "/v1/ingest/hooks", body)
            reply = self.connection.getresponse()
            text = reply.read()
        except (OSError, http.client.HTTPException) as e:
            self.connection = None
            raise OSError("no answer: %r" % e) from e
        if reply.status != 200:
            raise OSError("HTTP %d: %s" % (reply.status, text[:200]))
        return json.loads(text)

    def gone(self, seconds):
        """The exit code, or None if it is still there after so long."""
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            return None

    def end(self):
        """At once, and whoever traces it with it; answers the exit code."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
        code, end = self.process.wait(), time.monotonic() + 5
        try:
            while time.monotonic() < end:
                os.killpg(self.process.pid, signal.SIGKILL)
                time.sleep(PAUSE)
        except ProcessLookupError:
            pass
        return code


EXPECTED_CODES = {0, 1, 69}  # 1, 69: no room on its disk, folder or Redis not to be had yet


class Daemon:
    """callswelld, alive whenever `wanted_at` has passed and nobody holds it down. It begins held:
    whoever makes it says all of its environment first, and then release()."""

    def __init__(self, program, config, log_path):
        self.program, self.config, self.log_path = program, config, log_path
        self.process = None
        self.lock = threading.RLock()
        self.held = 1
        self.wanted_at = 0.0
        self.next_environment = {}
        self.environment = {}
        self.usual = {}
        self.expected_end = False
        self.ready_at = None
        self.ports = {}
        self.read_to = 0
        self.starts = 0
        self.deaths = []  # that nobody asked for
        self.proxies = {}  # of a word in the ready line
        self.closing = False
        threading.Thread(target=self.supervise, daemon=True).start()

    def supervise(self):
        while not self.closing:
            with self.lock:
                self.look()
            time.sleep(PAUSE)

    def look(self):
        if self.process and self.process.poll() is not None:
            self.note_end(self.process.returncode)
        if not self.process and not self.held and time.monotonic() >= self.wanted_at:
            self.start()
        if self.process and not self.ready_at:
            self.read_ready()

    def note_end(self, code):
        planned = self.expected_end or (code == -signal.SIGKILL and
                                        "CALLSWELL_FAULT" in self.environment)
        if not planned:
            self.deaths.append(code)
        self.process = None
        self.ready_at = None
        self.expected_end = False
        for p in self.proxies.values():
            p.target = None
        if not planned:
            self.wanted_at = max(self.wanted_at, time.monotonic() + 0.2)

    def start(self):
        self.environment, self.next_environment = self.next_environment, {}
        self.read_to = os.path.getsize(self.log_path) if os.path.exists(self.log_path) else 0
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(
                [self.program, "-c", self.config], stderr=log,
                env={**os.environ, **self.usual, **self.environment})
        self.starts += 1

    def read_ready(self):
        with open(self.log_path, "rb") as f:
            f.seek(self.read_to)
            said = f.read().decode("utf-8", "replace")
        if "event=ready " not in said:
            return
        line = said.split("event=ready ")[1].split("\n")[0]
        self.ports = {k: int(v.rsplit(":", 1)[-1]) for k, v in
                      (w.split("=", 1) for w in line.split() if "=" in w)
                      if v.rsplit(":", 1)[-1].isdigit()}
        self.ready_at = time.monotonic()
        for word, p in self.proxies.items():
            p.target = self.ports.get(word)

    def broken_rules(self):
        """No fault makes a batch that does not lead on from where its input stood; that the daemon
        then ended, and the next one came right, hides a mistake and does not excuse it."""
        with open(self.log_path, encoding="utf-8", errors="replace") as f:
            return [line.strip()[:300] for line in f if "event=ledger_failed" in line
                    and ("does not stand at" in line or "has a position already" in line)]

    def end(self, number, delay=0.0, **environment):
        """Ends it; it is started again after `delay` seconds, with these variables."""
        with self.lock:
            self.next_environment = environment
            self.wanted_at = time.monotonic() + delay
            if self.process and self.process.poll() is None:
                self.expected_end = True
                self.process.send_signal(signal.SIGCONT)
                self.process.send_signal(number)

    def hold(self):
        """Kills it and keeps it dead until release()."""
        with self.lock:
            self.held += 1
        self.end(signal.SIGKILL)
        with self.lock:
            if self.process:
                self.process.wait()
                self.look()

    def release(self):
        with self.lock:
            self.held -= 1

    def signal(self, number):
        with self.lock:
            if self.process and self.process.poll() is None:
                self.process.send_signal(number)

    def limit_files(self, size):
        with self.lock:
            if self.process and self.process.poll() is None:
                try:
                    resource.prlimit(self.process.pid, resource.RLIMIT_FSIZE,
                                     (size, resource.RLIM_INFINITY))
                except (ProcessLookupError, PermissionError):
                    pass

    def is_ready(self):
        with self.lock:
            return self.process is not None and self.ready_at is not None

    def wait_until_ready(self, seconds=60):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if self.is_ready():
                return True
            time.sleep(PAUSE)
        return False

    def close(self):
        """An ordered end; answers the exit code, or None if it had to be killed."""
        with self.lock:
            self.held += 1
            process = self.process
            self.expected_end = True
        code = None
        if process and process.poll() is None:
            process.send_signal(signal.SIGCONT)
            process.send_signal(signal.SIGTERM)
            try:
                code = process.wait(90)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self.closing = True
        return code
