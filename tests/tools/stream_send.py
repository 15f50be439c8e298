#!/usr/bin/env python3
"""Adds the lines of a file to a Redis stream, one entry a line, as a producer does.

usage: stream_send.py SOCKET STREAM FILE [--fields] [--per-call N]

SOCKET is the path of a unix socket or HOST:PORT. Each entry has one field `data` with the line;
with --fields the line is a JSON object and its members become the entry's fields. Prints the ids.
Also a module: connect(address), call(socket, *args), add(socket, stream, lines, fields).
"""
import argparse
import json
import socket
import sys


def connect(address, timeout=30):
    if ":" in address and "/" not in address:
        host, port = address.rsplit(":", 1)
        s = socket.create_connection((host, int(port)), timeout=timeout)
    else:
        s = socket.socket(socket.AF_UNIX)
        s.settimeout(timeout)
        s.connect(address)
    return s.makefile("rwb")


def encode(*args):
    out = [b"*%d\r\n" % len(args)]
    for a in args:
        b = a if isinstance(a, bytes) else str(a).encode()
        out.append(b"$%d\r\n%s\r\n" % (len(b), b))
    return b"".join(out)


def reply(f):
    line = f.readline()
    if not line.endswith(b"\r\n"):
        raise SystemExit("Redis closed the connection")
    kind, rest = line[:1], line[1:-2]
    if kind == b"+":
        return rest.decode()
    if kind == b"-":
        raise SystemExit(f"Redis: {rest.decode()}")
    if kind == b":":
        return int(rest)
    if kind == b"$":
        n = int(rest)
        return None if n < 0 else f.read(n + 2)[:-2].decode(errors="replace")
    n = int(rest)
    return None if n < 0 else [reply(f) for _ in range(n)]


def call(f, *args):
    f.write(encode(*args))
    f.flush()
    return reply(f)


def add(f, stream, lines, fields=False, per_call=500):
    ids = []
    for at in range(0, len(lines), per_call):
        some = lines[at:at + per_call]
        for line in some:
            if fields:
                pairs = [x for k, v in json.loads(line).items() for x in (k, v)]
            else:
                pairs = ["data", line]
            f.write(encode("XADD", stream, "*", *pairs))
        f.flush()
        ids += [reply(f) for _ in some]
    return ids


def main():
    p = argparse.ArgumentParser()
    p.add_argument("socket")
    p.add_argument("stream")
    p.add_argument("file")
    p.add_argument("--fields", action="store_true")
    p.add_argument("--per-call", type=int, default=500)
    a = p.parse_args()
    with open(a.file, "rb") as lines:
        for i in add(connect(a.socket), a.stream, lines.read().splitlines(), a.fields, a.per_call):
            print(i)


if __name__ == "__main__":
    sys.exit(main())
