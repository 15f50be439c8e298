#!/usr/bin/env python3
"""Writes numbered records to a log file as a telephone system would.

usage: log_writer.py FILE DAY CUSTOMER FROM TO [--place | --halves]

Each line is a call without id: number I lasted I seconds, so that the number of calls and the sum of
their seconds together tell what was counted. SIGHUP opens the file anew, between two lines (what
logrotate's postrotate asks for). --place keeps its own place in the file, as a program does that opened
it without O_APPEND. Lines come in bursts with a rest after each; with --halves the rest is in the
middle of a line.
"""
import os
import signal
import sys
import time

path, day, customer, first, last = sys.argv[1:4] + [int(x) for x in sys.argv[4:6]]
how = os.O_WRONLY | os.O_CREAT | (0 if "--place" in sys.argv else os.O_APPEND)
again = False


def ask_again(*_):
    global again
    again = True


signal.signal(signal.SIGHUP, ask_again)
out = os.open(path, how, 0o644)
for i in range(first, last + 1):
    if again:
        again = False
        os.close(out)
        out = os.open(path, how, 0o644)
    line = b'{"customer":"%s","start":"%sT10:00:00Z","duration":%d}\n' % (
        customer.encode(), day.encode(), i)
    begin = 0
    if i % 40 == 0:
        if "--halves" in sys.argv:
            begin = os.write(out, line[:30])
        time.sleep(0.02)
    os.write(out, line[begin:])
