#!/usr/bin/env python3
"""expect.py - compares Redis with expectations that a person wrote down.

  expect.py [--node N] [--all] SOCKET < EXPECTATIONS

One key a line, words as in a shell: FAMILY NAME PERIOD, then for a hash (q d f s l) every field
as FIELD=VALUE ('*=VALUE' stands for every quarter hour not named), for distinct people and
conferences (u c fu fc) how many. A hash must hold exactly these fields. With --all there may be
no other keys of these families. Exit code 1 with every difference listed.
"""
import binascii
import shlex
import socket
import sys

HASHES = ("q", "d", "f", "s", "l")


class Redis:
    """As much of RESP2 as is needed."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(path)
        self.file = self.socket.makefile("rb")

    def ask(self, *words):
        words = [w if isinstance(w, bytes) else str(w).encode() for w in words]
        self.socket.sendall(b"*%d\r\n" % len(words) +
                            b"".join(b"$%d\r\n%s\r\n" % (len(w), w) for w in words))
        return self.reply()

    def reply(self):
        line = self.file.readline()
        kind, rest = line[:1], line[1:-2]
        if kind == b"*":
            return [self.reply() for _ in range(int(rest))]
        if kind == b"$":
            return None if rest == b"-1" else self.file.read(int(rest) + 2)[:-2].decode()
        if kind == b"-":
            raise SystemExit("redis: " + rest.decode())
        return int(rest) if kind == b":" else rest.decode()


def encoded(name):
    safe = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._@+-"
    return "".join(chr(b) if b in safe else "%%%02X" % b for b in name.encode())


def key_of(family, name, period, node):
    subject = encoded(name)
    partition = binascii.crc_hqx(subject.encode(), 0) % 64
    end = "" if family in HASHES else "@" + node
    return "cs:{%d}:%s:%s:%s%s" % (partition, family, subject, period, end)


def expand(fields):
    wanted = dict(f.split("=", 1) for f in fields)
    usual = wanted.pop("*", None)
    if usual is not None:
        wanted = {**{"%02d" % q: usual for q in range(96)}, **wanted}
    return wanted


def main():
    words, node, everything = sys.argv[1:], "1", False
    while words[0].startswith("--"):
        option = words.pop(0)
        if option == "--node":
            node = words.pop(0)
        everything |= option == "--all"
    redis, named, bad = Redis(words[0]), set(), 0
    for line in sys.stdin:
        parts = shlex.split(line, comments=True)
        if not parts:
            continue
        family, name, period = parts[:3]
        key = key_of(family, name, period, node)
        named.add(key)
        if family in HASHES:
            flat = redis.ask("HGETALL", key)
            got = dict(zip(flat[::2], flat[1::2]))
            version = got.pop("@" + node, None)
            want = {encoded_field(f) + "@" + node: v for f, v in expand(parts[3:]).items()}
            if want and not version:
                print("%s has no version" % key)
                bad += 1
        else:
            got, want = redis.ask("PFCOUNT", key), int(parts[3])
        if got != want:
            bad += 1
            print("%s (%s)\n  got  %s\n  want %s" % (key, name, got, want))
    if everything:
        cursor = None
        while cursor != "0":
            cursor, some = redis.ask("SCAN", cursor or "0", "MATCH", "cs:{*", "COUNT", 1000)
            for key in some:
                if key.split(":")[2] in HASHES + ("u", "c", "fu", "fc") and key not in named:
                    bad += 1
                    print("not expected: %s %s" % (key, redis.ask("TYPE", key)))
    return 1 if bad else 0


def encoded_field(field):
    day, dot, feature = field.partition(".x.")
    return day + dot + encoded(feature)


if __name__ == "__main__":
    sys.exit(main())
