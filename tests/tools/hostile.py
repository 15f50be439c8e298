#!/usr/bin/env python3
"""hostile.py - senders that mean harm. Prints one line for every attempt that got what it wanted.

  hostile.py HTTP_HOST:PORT TCP_PORT PID MEBIBYTES_OF_ONE_LINE

Every request below must be answered with an error, or with nothing and a closed connection;
the daemon must live on, in bounded memory, and count none of their records.
"""
import gzip
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


def bomb():
    """A gibibyte in a mebibyte."""
    z = zlib.compressobj(9, zlib.DEFLATED, 31)
    body = b"".join(z.compress(bytes(MIB)) for _ in range(1024)) + z.flush()
    return PATH + b"Content-Encoding: gzip\r\n" + length(len(body)) + b"\r\n" + body


def talk(address, data, then=b""):
    """Everything that comes back until the connection is closed or silent."""
    answer = b""
    with socket.create_connection(address, timeout=10) as s:
        try:
            s.sendall(data)
            s.sendall(then)
        except OSError:
            pass
        s.settimeout(0.3)
        try:
            while True:
                some = s.recv(65536)
                if not some:
                    break
                answer += some
        except OSError:
            pass
    return answer


def resident(pid):
    with open("/proc/%s/status" % pid, encoding="ascii") as f:
        return int(re.search(r"VmRSS:\s+(\d+) kB", f.read())[1]) * 1024


def alive(address):
    return b" 200 " in talk(address, b"GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")


def main():
    host, port = sys.argv[1].rsplit(":", 1)
    address, tcp, pid = (host, int(port)), (host, int(sys.argv[2])), sys.argv[3]
    mib = int(sys.argv[4])
    bad = []
    before = resident(pid)
    BAD_CONTENTS["a gzip bomb"] = bomb()
    for name, request in {**BAD_REQUESTS, **BAD_CONTENTS}.items():
        behind = b"" if name in BAD_CONTENTS else SMUGGLED
        statuses = re.findall(rb"HTTP/1\.\d (\d+)", talk(address, request, behind))
        # One error, and nothing after it: what follows is not taken for a request.
        if b"200" in statuses or (statuses and statuses[0][:1] not in b"45"):
            bad.append("%s: answered %s" % (name, statuses))
        if not alive(address):
            bad.append("%s: the daemon is gone" % name)
            break

    with socket.create_connection(tcp, timeout=60) as s:  # one line without end
        for _ in range(mib):
            s.sendall(b"x" * MIB)
        s.sendall(b"\n" + RECORD.replace(b"smuggled", b"after"))
    with socket.create_connection(tcp, timeout=60) as s:  # octet counting that never ends
        s.sendall(b"9" * 1000 + b" x\n")
    with socket.create_connection(tcp, timeout=60) as s:  # cut off in the middle
        s.sendall(RECORD[:20])
    if resident(pid) - before > 256 * MIB:
        bad.append("memory: %d MiB more than before" % ((resident(pid) - before) // MIB))

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
    end = time.monotonic() + 30
    while not alive(address) and time.monotonic() < end:
        pass
    if not alive(address):
        bad.append("idle connections: nobody is let in any more")
    print("\n".join(bad))
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
