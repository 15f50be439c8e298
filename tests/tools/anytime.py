#!/usr/bin/env python3
"""anytime.py - writes and posts records while the daemon is killed, stopped and started again.

  anytime.py CALLSWELLD CONFIG TAIL_FILE ROUNDS SEED

The configuration has an input "hooks" (http, ndjson) and one that follows TAIL_FILE. A request
without an answer is posted again after the restart, as a careful sender does. Prints how many
records of customers HTTP and TAIL there must be in the end, and the day they are on.
"""
import datetime
import http.client
import json
import os
import random
import signal
import subprocess
import sys
import threading

LOG = "anytime.log"


def start(program, config):
    """The daemon and its HTTP address, once it is ready."""
    begin = os.path.getsize(LOG) if os.path.exists(LOG) else 0
    with open(LOG, "ab") as log:
        daemon = subprocess.Popen([program, "-c", config], stderr=log)
    while True:
        with open(LOG, "rb") as log:
            log.seek(begin)
            said = log.read().decode("utf-8", "replace")
        if "event=ready http=" in said:
            return daemon, said.split("event=ready http=")[1].split()[0]
        if daemon.poll() is not None:
            raise SystemExit("did not start:\n" + said)


class Sender:
    def __init__(self, tail_path):
        yesterday = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(days=1)
        self.day = yesterday.strftime("%Y-%m-%d")
        self.tail = open(tail_path, "a", encoding="ascii")
        self.posted = self.tailed = 0
        self.unanswered = []

    def record(self, customer, number):
        return json.dumps({"id": "%s-%d" % (customer, number), "customer": customer, "duration": 1,
                           "participant": str(number), "features": ["f"],
                           "start": self.day + "T10:00:00Z"}) + "\n"

    def post(self, connection):
        if not self.unanswered:
            self.unanswered = list(range(self.posted, self.posted + 200))
            self.posted += 200
        body = "".join(self.record("HTTP", n) for n in self.unanswered)
        connection.request("POST", "/v1/ingest/hooks", body)
        answer = connection.getresponse()
        answer.read()
        if answer.status == 200:
            self.unanswered = []

    def write(self):
        for _ in range(100):
            self.tail.write(self.record("TAIL", self.tailed))
            self.tailed += 1
        self.tail.flush()

    def work(self, daemon, address):
        connection = http.client.HTTPConnection(address, timeout=10)
        try:
            while daemon.poll() is None:
                self.post(connection)
                self.write()
        except (OSError, http.client.HTTPException):
            pass


def main():
    program, config, tail_path, rounds, seed = sys.argv[1:6]
    random.seed(int(seed))
    sender = Sender(tail_path)
    for _ in range(int(rounds)):
        daemon, address = start(program, config)
        how = random.choice([signal.SIGKILL, signal.SIGKILL, signal.SIGTERM])
        end = threading.Timer(random.random(), daemon.send_signal, [how])
        end.start()
        sender.work(daemon, address)
        if daemon.wait() != (0 if how == signal.SIGTERM else -how):
            raise SystemExit("ended with %d after signal %d" % (daemon.returncode, how))
        end.join()
    daemon, address = start(program, config)
    while sender.unanswered:
        sender.post(http.client.HTTPConnection(address, timeout=60))
    daemon.send_signal(signal.SIGTERM)
    if daemon.wait() != 0:
        raise SystemExit("ended with %d" % daemon.returncode)
    print(sender.day, sender.posted, sender.tailed)


if __name__ == "__main__":
    main()
