#!/bin/sh
# Who listens at /v1/events and stops reading is dropped once too much waits for it; the daemon and whoever reads
# go on meanwhile. Real sockets, real pictures of a daemon with many inputs.
. "$(dirname "$0")/lib.sh"
{
    printf 'state_dir = "%s/state"\nhttp { listen = "127.0.0.1:0" }\n' "$dir"
    for n in $(seq 250); do
        printf 'input "input-with-a-rather-long-name-%03d" { type = "http" path = "/v1/ingest/p%d" format = "ndjson" }\n' "$n" "$n"
    done
} >c.conf
check "start" start c.conf
cat >listen.py <<'EOF'
import os, re, selectors, socket, sys, time, urllib.request
host, port = os.environ["ADDRESS"].rsplit(":", 1)

def listen(room=None):
    s = socket.socket()
    if room:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, room)
    s.connect((host, int(port)))
    s.sendall(b"GET /v1/events HTTP/1.1\r\nHost: a\r\n\r\n")
    return s

def metric(name):
    text = urllib.request.urlopen(f"http://{host}:{port}/metrics").read().decode()
    return float(re.search(rf"^{name} (\S+)$", text, re.M)[1])

before = metric("callswell_http_connections")  # its own among them
readers, stuck = [listen() for _ in range(2)], listen(4096)
got = [b"", b""]
picture = 0
chosen = selectors.DefaultSelector()
for i, s in enumerate(readers):
    chosen.register(s, selectors.EVENT_READ, i)
pictures = lambda: [g.count(b"event: status\n") for g in got]

def read_until(what, least):
    """Reads for the readers until a condition holds, and each has seen so many pictures."""
    begun, checked = time.monotonic(), 0
    while time.monotonic() < begun + 240:
        for key, _ in chosen.select(1):
            part = key.fileobj.recv(1 << 20)
            assert part, f"reader {key.data} was dropped after {pictures()}"
            got[key.data] += part
        if min(pictures()) >= least and time.monotonic() > checked + 0.3:
            checked = time.monotonic()
            if what():
                return
    raise SystemExit(f"it never came: {pictures()}, {metric('callswell_http_connections')} connections")

read_until(lambda: metric("callswell_http_connections") == before + 3, 1)
read_until(lambda: metric("callswell_http_connections") == before + 2, 2)
seen = min(pictures())
read_until(lambda: True, seen + 3)  # nobody else was, and the pictures go on
assert urllib.request.urlopen(f"http://{host}:{port}/healthz").status == 200
# What the dropped one gets when it reads at last is the beginning, and an end that is none of HTTP's making.
stuck.settimeout(30)
rest, ended = b"", False
try:
    while part := stuck.recv(1 << 16):
        rest += part
    ended = True
except ConnectionResetError:
    ended = True
assert ended and rest.startswith(b"HTTP/1.1 200 ") and len(rest) < len(got[0]), (len(rest), len(got[0]))
print("dropped with", len(rest), "bytes read, the others have", [len(g) for g in got], file=sys.stderr)
EOF
check "who stops reading is dropped, nobody else" env ADDRESS="$address" python3 listen.py
check "records are taken all the same" contains \
    "$(printf '{"customer":"a","start":"2024-01-01T00:00:00Z","duration":1}\n' | curl -sS --data-binary @- "http://$address/v1/ingest/p1")" \
    '"accepted":1'
check "it ends in order" stop
finish
