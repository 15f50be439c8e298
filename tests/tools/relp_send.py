#!/usr/bin/env python3
"""Sends the lines of a file by RELP, as a sender does that loses nothing.

usage: relp_send.py HOST:PORT FILE [--window N] [--give-up SECONDS]

Keeps at most N messages unanswered; when a connection ends, or cannot be had, tries again and
repeats what was not answered. Checks that answers come for what was sent, in order. At the end
prints how many lines were answered, how many were repeated and how many connections it took.
Also a module: send(address, lines, ...) -> dict.
"""
import argparse
import socket
import sys
import time


class Broken(Exception):
    """The connection ended: everything unanswered is to be repeated."""


class Session:
    def __init__(self, address, timeout):
        self.socket = socket.create_connection(address, timeout=timeout)
        self.data = b""
        self.next = 1
        self.command(b"open", b"relp_version=0\nrelp_software=relp_send\ncommands=syslog")
        number, text = self.answer()
        if number != 1 or not text.startswith(b"200 OK"):
            raise SystemExit(f"not let in: {number} {text!r}")

    def command(self, name, data=b""):
        number = self.next
        self.next = number + 1 if number < 999999999 else 1
        frame = b"%d %s %d" % (number, name, len(data))
        self.socket.sendall(frame + (b" " + data if data else b"") + b"\n")
        return number

    def frame(self):
        """The next frame of the server: (number, command, data)."""
        while True:
            parts = self.data.split(b" ", 2)
            if len(parts) == 3:
                digits = ""
                for byte in parts[2]:
                    if not chr(byte).isdigit():
                        break
                    digits += chr(byte)
                if digits and len(parts[2]) > len(digits):
                    n = int(digits)
                    at = len(parts[0]) + len(parts[1]) + 2 + len(digits)
                    begin = at + 1 if n else at + (self.data[at:at + 1] == b" ")
                    if len(self.data) > begin + n:
                        if self.data[begin + n:begin + n + 1] != b"\n":
                            raise SystemExit(f"a frame without its end: {self.data[:80]!r}")
                        data = self.data[begin:begin + n]
                        self.data = self.data[begin + n + 1:]
                        return int(parts[0]), parts[1], data
            more = self.socket.recv(65536)
            if not more:
                raise Broken
            self.data += more

    def answer(self):
        number, command, data = self.frame()
        if command == b"serverclose":
            raise Broken
        if command != b"rsp":
            raise SystemExit(f"not an answer: {command!r}")
        return number, data


def exchange(session, lines, at, window):
    """Sends lines[at:]; returns how far they are answered, also when the connection breaks."""
    waiting = []
    sent = at
    try:
        while at < len(lines):
            while sent < len(lines) and len(waiting) < window:
                waiting.append(session.command(b"syslog", lines[sent]))
                sent += 1
            number, text = session.answer()
            if number != waiting[0] or text[:3] != b"200":
                raise SystemExit(f"answer {number} {text!r} where {waiting[0]} is due")
            waiting.pop(0)
            at += 1
        session.command(b"close")
        session.answer()
    except (Broken, OSError):
        pass
    return at, sent


def send(address, lines, window=128, give_up=60, timeout=10):
    at = most = repeated = connections = 0
    deadline = time.monotonic() + give_up
    while at < len(lines):
        before = at
        try:
            session = Session(address, timeout)
            connections += 1
            at, sent = exchange(session, lines, at, window)
            session.socket.close()
            repeated += max(0, min(most, sent) - before)
            most = max(most, sent)
        except (Broken, OSError):
            pass
        if at > before:
            deadline = time.monotonic() + give_up
        elif time.monotonic() > deadline:
            raise SystemExit(f"given up after {at} of {len(lines)} lines")
        elif at < len(lines):
            time.sleep(0.05)  # before the next attempt, as senders do
    return {"answered": at, "repeated": repeated, "connections": connections}


def main():
    p = argparse.ArgumentParser()
    p.add_argument("address")
    p.add_argument("file")
    p.add_argument("--window", type=int, default=128)
    p.add_argument("--give-up", type=float, default=60)
    a = p.parse_args()
    host, port = a.address.rsplit(":", 1)
    with open(a.file, "rb") as f:
        lines = f.read().splitlines()
    print(send((host, int(port)), lines, a.window, a.give_up))


if __name__ == "__main__":
    sys.exit(main())
