#!/usr/bin/env python3
"""hostile.py - senders that mean harm. Prints one line for every attempt that got what it wanted.

  hostile.py HTTP_HOST:PORT TCP_PORT UDP_PORT PID MEBIBYTES_OF_ONE_LINE MEBIBYTES_OF_MEMORY

Every request below must be answered with an error, or with nothing and a closed connection;
the daemon must live on, in bounded memory, and count none of their records. A good sender beside
them, with an address of its own, is answered all the time: how many of its records must have been
counted goes to the file honest.sent, and how long it waited to standard error.
"""
import gzip
import http.client
import multiprocessing
import queue
import re
import socket
import sys
import time
import zlib

MIB = 1 << 20
RECORD = b'{"customer":"smuggled","start":"2024-03-10T10:00:00Z"}\n'
PATH = b"POST /v1/ingest/hooks HTTP/1.1\r\nHost: a\r\n"


def length(n):
    return b"Content-Length: %d\r\n" % n


SMUGGLED = PATH + length(len(RECORD)) + b"\r\n" + RECORD
CHUNK = b"%x\r\n%s\r\n0\r\n\r\n" % (len(RECORD), RECORD)
BAD_REQUESTS = {
    "length and chunks": PATH + length(4) + b"Transfer-Encoding: chunked\r\n\r\n" + CHUNK,
    "chunks and length": PATH + b"Transfer-Encoding: chunked\r\n" + length(4) + b"\r\n" + CHUNK,
    "two lengths": PATH + length(5) + length(len(RECORD)) + b"\r\n" + RECORD,
    "a list of lengths": PATH + b"Content-Length: 5, 55\r\n\r\n" + RECORD,
    "a negative length": PATH + b"Content-Length: -1\r\n\r\n" + RECORD,
    "a length with a sign": PATH + b"Content-Length: +55\r\n\r\n" + RECORD,
    "a length in hex": PATH + b"Content-Length: 0x37\r\n\r\n" + RECORD,
    "a length beyond 64 bits": PATH + b"Content-Length: 18446744073709551671\r\n\r\n" + RECORD,
    "a coding that is not chunked": PATH + b"Transfer-Encoding: xchunked\r\n\r\n" + CHUNK,
    "chunked twice": PATH + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n" + CHUNK,
    "chunked, then identity": PATH + b"Transfer-Encoding: chunked, identity\r\n\r\n" + CHUNK,
    "blank before the colon": PATH + b"Transfer-Encoding : chunked\r\n\r\n" + CHUNK,
    "a folded header": PATH + b"X: a\r\n " + length(len(RECORD)) + b"\r\n" + RECORD,
    "a chunk size beyond 64 bits": PATH + b"Transfer-Encoding: chunked\r\n\r\n"
                                   b"10000000000000037\r\n" + RECORD + b"\r\n0\r\n\r\n",
    "a chunk size that is none": PATH + b"Transfer-Encoding: chunked\r\n\r\n-37\r\n" + RECORD,
    "a NUL in a header": PATH + b"X: a\0b\r\n" + length(len(RECORD)) + b"\r\n" + RECORD,
    "HTTP/1.1 without a host": b"POST /v1/ingest/hooks HTTP/1.1\r\n" + length(len(RECORD)) + b"\r\n" + RECORD,
    "HTTP/9": b"POST /v1/ingest/hooks HTTP/9.9\r\nHost: a\r\n" + length(len(RECORD)) + b"\r\n" + RECORD,
    "no HTTP at all": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" * 40,
    "a request line without end": b"GET /" + b"a" * MIB,
    "headers without end": b"GET / HTTP/1.1\r\nHost: a\r\n" + b"X: y\r\n" * 200000,
    "a body above the limit": PATH + length(1 << 40) + b"\r\n" + RECORD,
    "a coding nobody knows": PATH + b"Content-Encoding: br\r\n" + length(len(RECORD)) + b"\r\n" + RECORD,
}
# Wrong in what they carry, but where they end is clear: a request behind them would be another.
BAD_CONTENTS = {
    "gzip that is none": PATH + b"Content-Encoding: gzip\r\n" + length(len(RECORD)) + b"\r\n" + RECORD,
    "gzip cut off": PATH + b"Content-Encoding: gzip\r\n" + length(20) + b"\r\n" + gzip.compress(RECORD)[:20],
    "a path out of the tree": b"GET /../../etc/passwd HTTP/1.1\r\nHost: a\r\n\r\n",
}


DEEP = b'{"a":' * 10000 + b"\n" + b"[" * 60000 + b"\n" + b'{"customer":' * 33 + b"1" + b"}" * 33 + b"\n"
GOOD_START = b'"start":"2024-03-10T10:00:00Z"'
# Bodies whose every line must go to quarantine.
BAD_LINES = {
    "nesting": ("hooks", DEEP),
    "keys without end": ("hooks", b"{" + b",".join(b'"k%d":1' % k for k in range(5000)) + b"}\n"),
    "NUL bytes": ("hooks", b'{"customer":"a\0b",' + GOOD_START + b"}\n" + b"\0" * 1000 + b"\n"),
    "names that are none": ("hooks", b"".join(
        b'{"customer":"' + name + b'",' + GOOD_START + b"}\n"
        for name in (b"\xff\xfe", b"\xc0\xaf", b"\xed\xa0\x80", b"a\\u0000b", b"a\\u001bb", b"x" * 129))),
    "numbers that do not fit": ("hooks", b"".join(
        b'{"customer":"n","duration":' + number + b"," + GOOD_START + b"}\n"
        for number in (b"9223372036854775808", b"1e400", b"-1", b"9" * 4000, b"NaN"))),
    "times that have not come": ("hooks", b'{"customer":"t","start":"9999-12-31T23:59:59Z"}\n'
                                 b'{"customer":"t","start":99999999999999999999}\n'),
    "a pattern that never ends": ("texts", (b"a" * 60 + b"!\n") * 3000),
}


def bomb():
    """A gibibyte in a mebibyte."""
    z = zlib.compressobj(9, zlib.DEFLATED, 31)
    body = b"".join(z.compress(bytes(MIB)) for _ in range(1024)) + z.flush()
    return PATH + b"Content-Encoding: gzip\r\n" + length(len(body)) + b"\r\n" + body


def talk(address, data, then=b"", wait=0.3):
    """Everything that comes back until the connection is closed or silent."""
    answer = b""
    with socket.create_connection(address, timeout=10) as s:
        try:
            s.sendall(data)
            s.sendall(then)
        except OSError:
            pass
        s.settimeout(wait)
        try:
            while True:
                some = s.recv(65536)
                if not some:
                    break
                answer += some
                s.settimeout(0.3)
        except OSError:
            pass
    return answer


def memory(pid, what):
    with open("/proc/%s/status" % pid, encoding="ascii") as f:
        return int(re.search(what + r":\s+(\d+) kB", f.read())[1]) * 1024


def be_honest(address, counter, waits, phase, enough):
    """One record after the other; whatever else is said than 200 is said to be wrong."""
    c = None
    while not enough.value:
        record = b'{"customer":"honest","id":"h%d",%s}\n' % (counter.value, GOOD_START)
        begun = time.monotonic()
        try:
            c = c or http.client.HTTPConnection(*address, timeout=60, source_address=("127.0.0.2", 0))
            c.request("POST", "/v1/ingest/hooks", record)
            r = c.getresponse()
            body = r.read()
            if r.will_close:
                c.close()
                c = None
        except (OSError, http.client.HTTPException) as e:
            waits.put((phase.value, -1, "%s" % e))
            return
        if r.status != 200 or b'"accepted":1' not in body:
            waits.put((phase.value, -1, "%d %s" % (r.status, body)))
            return
        waits.put((phase.value, time.monotonic() - begun, ""))
        counter.value += 1
        time.sleep(0.005)


def slowly(address, bad):
    """Senders that keep a connection by a byte now and then: each is told so and closed."""
    body = PATH + length(4096) + b"\r\n"
    open_ones = [[socket.create_connection(address, timeout=5), text, 0]
                 for text in [b"GET / HTTP/1.1\r\nX: " + b"y" * 2000] * 30 + [body + b" " * 4096] * 20]
    for s in open_ones:
        s[0].setblocking(False)
        if s[1].startswith(body):
            s[0].send(body)
            s[2] = len(body)
    end = time.monotonic() + 60
    while open_ones and time.monotonic() < end:
        for one in list(open_ones):
            s, text, sent = one
            try:
                s.send(text[sent:sent + 1])
                one[2] += 1
                answer = s.recv(4096)
                if b" 408 " not in answer[:15]:
                    bad.append("a slow sender: answered %s" % answer[:60])
            except BlockingIOError:
                continue
            except OSError:
                pass
            s.close()
            open_ones.remove(one)
        time.sleep(0.05)  # the pace of the attack
    if open_ones:
        bad.append("slow senders: %d of them still have their connection" % len(open_ones))


def by_datagram(address):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        for k in range(300):
            s.sendto((b"", b"\0" * 60000, b"\xff" * 8192, b"[" * 8000, RECORD * 600)[k % 5], address)


def say_wrong_lines(address, bad):
    for name, (place, body) in BAD_LINES.items():
        request = PATH.replace(b"hooks", place.encode()) + length(len(body)) + b"\r\n" + body
        answer = talk(address, request, wait=20)
        if b'"accepted":0,' not in answer or b'"quarantined":%d,' % body.count(b"\n") not in answer:
            bad.append("%s: %s" % (name, answer[-200:]))


def alive(address):
    return b" 200 " in talk(address, b"GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")


def comes_true(condition, seconds=30):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
    return condition()


def gave_way(address, name):
    page = talk(address, b"GET /metrics HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", wait=5)
    found = re.search(rb"\ncallswell_%s (\d+)\n" % name, page)
    return int(found[1]) if found else 0


def crowd(address, tcp, bad):
    """Seventeen addresses hold all connections there may be, in silence: a newcomer is let in at once."""
    held = []
    for k in range(17 * 64):
        for where in (address, tcp):
            try:
                held.append(socket.create_connection(where, timeout=5,
                                                     source_address=("127.0.1.%d" % (k // 64 + 1), 0)))
            except OSError:
                pass
    if not comes_true(lambda: alive(address)):
        bad.append("a crowd: no newcomer is let in by HTTP")
    if not gave_way(address, b"http_gave_way_total"):
        bad.append("a crowd: nobody gave way by HTTP")
    with socket.create_connection(tcp, timeout=60) as s:
        s.sendall(RECORD.replace(b"smuggled", b"let_in"))
    if not comes_true(lambda: gave_way(address, rb'feed_gave_way_total\{input="lines"\}')):
        bad.append("a crowd: nobody gave way by TCP")
    for s in held:
        s.close()


def attack(address, tcp, udp, pid, mib):
    bad = []
    BAD_CONTENTS["a gzip bomb"] = bomb()
    for name, request in {**BAD_REQUESTS, **BAD_CONTENTS}.items():
        behind = b"" if name in BAD_CONTENTS else SMUGGLED
        statuses = re.findall(rb"HTTP/1\.\d (\d+)", talk(address, request, behind))
        # One error, and nothing after it: what follows is not taken for a request.
        if b"200" in statuses or (statuses and statuses[0][:1] not in b"45"):
            bad.append("%s: answered %s" % (name, statuses))
        if not alive(address):
            bad.append("%s: the daemon is gone" % name)
            return bad
    say_wrong_lines(address, bad)
    by_datagram(udp)
    slowly(address, bad)

    with socket.create_connection(tcp, timeout=60) as s:  # one line without end
        for _ in range(mib):
            s.sendall(b"x" * MIB)
        s.sendall(b"\n" + RECORD.replace(b"smuggled", b"after"))
    with socket.create_connection(tcp, timeout=60) as s:  # octet counting that never ends
        s.sendall(b"9" * 1000 + b" x\n")
    with socket.create_connection(tcp, timeout=60) as s:  # cut off in the middle
        s.sendall(RECORD[:20])

    idle = []
    for k in range(1500):  # more than it lets in, and each begins a request
        try:
            s = socket.create_connection(address if k % 2 else tcp, timeout=5)
            s.sendall(b"P")
            idle.append(s)
        except OSError:
            pass
    for s in idle:
        s.close()
    if not comes_true(lambda: alive(address)):
        bad.append("idle connections: nobody is let in any more")
    crowd(address, tcp, bad)
    return bad


def p99(waits):
    return sorted(waits)[len(waits) * 99 // 100] * 1000 if waits else 0


def main():
    host, port = sys.argv[1].rsplit(":", 1)
    address, tcp, udp = (host, int(port)), (host, int(sys.argv[2])), (host, int(sys.argv[3]))
    pid, mib, most = sys.argv[4], int(sys.argv[5]), int(sys.argv[6])
    counter, phase, enough = (multiprocessing.Value("i", 0) for _ in range(3))
    waits = multiprocessing.Queue()
    honest = multiprocessing.Process(target=be_honest, args=(address, counter, waits, phase, enough))
    honest.start()
    waited = {0: [], 1: []}
    bad = []
    while len(waited[0]) < 200:  # undisturbed
        kind, wait, why = waits.get(timeout=60)
        if wait < 0:
            bad.append("the good sender, alone: %s" % why)
            break
        waited[kind].append(wait)
    before = memory(pid, "VmRSS")
    phase.value = 1
    bad += attack(address, tcp, udp, pid, mib)
    enough.value = 1
    while honest.is_alive() or not waits.empty():
        try:
            kind, wait, why = waits.get(timeout=0.2)
        except queue.Empty:  # it is about to end
            continue
        if wait < 0:
            bad.append("the good sender: %s" % why)
        else:
            waited[kind].append(wait)
    honest.join()
    if memory(pid, "VmHWM") - before > most * MIB:
        bad.append("memory: %d MiB more than before" % ((memory(pid, "VmHWM") - before) // MIB))
    with open("honest.sent", "w", encoding="ascii") as f:
        f.write("%d" % counter.value)
    sys.stderr.write("p99 of a good sender: %.1f ms alone, %.1f ms beside (%d requests), %.1f times; "
                     "memory: %d MiB more at most\n" % (
                         p99(waited[0]), p99(waited[1]), len(waited[1]),
                         p99(waited[1]) / (p99(waited[0]) or 1),
                         (memory(pid, "VmHWM") - before) // MIB))
    print("\n".join(bad))
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
