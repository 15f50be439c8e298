"""cases_network.py - records that arrive over TCP, UDP and HTTP while a daemon runs.

Kept means here: committed and in Redis. What comes every half minute, however much has arrived
since (the fold into rows, the analytics), is in the imports' figures and not in these.
"""
import socket
import statistics
import time
from concurrent.futures import ThreadPoolExecutor

from measure import Case
from running import HOST, LINES, Daemon, cost_between, send_file, wait_for

DAY = 86400
DAY_RECORDS = 1000000
SINGLES = 50000
QUIET_RECORDS = 200
DATAGRAMS = 300000
DATAGRAMS_A_SECOND = 100000  # the sender's core is not what is measured

UDP = """\
input "datagrams" { type = "udp" listen = "127.0.0.1:0" format = "lines" }
"""


def one_day(site):
    return site.data("csv", (DAY_RECORDS, 1, site.size[2]))


def sent(site, cores, connections):
    """A day over so many connections, each in a worker of its own."""
    site.configure(connections, LINES)
    path = one_day(site)
    with Daemon(site, cores) as d, ThreadPoolExecutor(connections) as senders:
        before, begun = d.cost(), time.monotonic()
        records = sum(senders.map(
            lambda n: send_file(d.port("lines"), path, n, connections), range(connections)))
        counts = d.wait_until_kept(records)
        return {**counts, "seconds": time.monotonic() - begun, **cost_between(before, d.cost())}


def tcp(site):
    return sent(site, site.one, 1)


def tcp_both(site):
    """Who sends shares these cores: there are no others."""
    return sent(site, site.both, len(site.both))


def udp(site):
    """A line a datagram. Nobody can be made to wait, so it is sent at a pace that nothing need be
    lost of, and what was lost nevertheless is not counted among what the CPU time was for."""
    site.configure(more=LINES + UDP)
    path = one_day(site)
    with Daemon(site) as d:
        before = d.cost()
        sent = site.run_json([site.tool("spray"), str(d.port("datagrams")), path, str(DATAGRAMS),
                              str(DATAGRAMS_A_SECOND)], site.other)

        def lost():
            return next(f["lost"] for f in d.status()["feeds"] if f["input"] == "datagrams")

        wait_for("every datagram", 60, lambda: d.status()["records"]["seen"] + lost() >=
                 sent["datagrams"])
        counts = d.wait_until_kept(sent["datagrams"] - lost())
        return {**counts, "seconds": sent["seconds"], "lost": lost(),
                **cost_between(before, d.cost())}


def load(site, daemon, lines, connections, requests, skip=0):
    """Sends so much of the day's records; answers what the sender says of it."""
    return site.run_json([site.tool("load"), str(daemon.port("http")), "/v1/ingest/hooks",
                          one_day(site), *map(str, (lines, connections, requests, skip))],
                         site.other)


def http_load(site, lines, connections, requests):
    site.configure(more=LINES)
    one_day(site)
    with Daemon(site) as d:
        before = d.cost()
        sent = load(site, d, lines, connections, requests)
        counts = d.wait_until_kept(sent["records"])
        return {**sent, "sender_cpu": sent["all_cpu"], **counts, **cost_between(before, d.cost())}


def http_batches(site):
    return http_load(site, 1000, 16, DAY_RECORDS // 1000)


def http_singles(site):
    return http_load(site, 1, 64, SINGLES)


def quiet(site):
    """One record after the other, each when the one before it has been seen in Redis."""
    site.configure(more=LINES)
    start = int(time.time()) // DAY * DAY
    took = []
    key = site.run([site.program("callswell"), "redis-key", "--config", site.config, "--day",
                    time.strftime("%Y-%m-%d", time.gmtime(start)), "quiet"])[0].split()[0]
    with Daemon(site) as d, socket.create_connection((HOST, d.port("lines"))) as s:
        redis = d.redis()
        for n in range(QUIET_RECORDS):
            begun = time.monotonic()
            s.sendall(b"q%d,,quiet,,,%d,,60,ok,,,,,,,\n" % (n, start))

            def seen():
                value = redis.ask("HGET", key, "00@1")
                return value and int(value.split(b":")[0]) == n + 1

            wait_for("a record in Redis", 60, seen, 0.0005)
            took.append((time.monotonic() - begun) * 1000)
    took.sort()
    return {"p50_ms": statistics.median(took), "p99_ms": took[len(took) * 99 // 100]}


CASES = {
    "tcp": Case(tcp, rounds=3),
    "tcp-both": Case(tcp_both, rounds=3),
    "udp": Case(udp, rounds=3),
    "http-batches": Case(http_batches, rounds=3),
    "http-singles": Case(http_singles, rounds=3),
    "quiet": Case(quiet, rounds=1),
}
