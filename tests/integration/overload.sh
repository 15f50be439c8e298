#!/bin/sh
# More than can be worked off: a flood on one connection keeps nobody else out, memory has its bound,
# nothing that was answered is lost, and all that was sent is counted in the end.
. "$(dirname "$0")/lib.sh"
cat >c.conf <<EOF
state_dir = "$dir/state"
workers = 1
http   { listen = "127.0.0.1:0" }
limits { max_queue = "2MiB" }
input "hooks" { type = "http" path = "/v1/ingest/hooks" format = "ndjson" }
input "lines" { type = "tcp" listen = "127.0.0.1:0" format = "ndjson" }
EOF
day=$(date -u -d '-1 day' +%Y-%m-%d)
cat >flood.py <<'EOF'
"""Pours lines into one connection as fast as they are taken until the file `enough` is there."""
import os, socket, sys
port, day, sent = int(sys.argv[1]), sys.argv[2], 0
s = socket.create_connection(("127.0.0.1", port))
while not os.path.exists("enough"):
    s.sendall(b"".join(b'{"id":"f%d","customer":"FLOOD","start":"%sT10:00:00Z","duration":60}\n' %
                       (sent + i, day.encode()) for i in range(1000)))
    sent += 1000
s.shutdown(socket.SHUT_WR)
while s.recv(4096):
    pass
print(sent)
EOF
cat >polite.py <<'EOF'
"""One record a request, one after the other: how many were refused."""
import http.client, sys
c, day, refused = http.client.HTTPConnection(sys.argv[1]), sys.argv[2], 0
for i in range(int(sys.argv[3])):
    c.request("POST", "/v1/ingest/hooks",
              '{"id":"p%d","customer":"POLITE","start":"%sT10:00:00Z","duration":60}\n' % (i, day))
    r = c.getresponse()
    r.read()
    refused += r.status != 200
print(refused)
EOF
check "start" start c.conf
port=$(sed -n 's/.*event=ready.* lines=\([0-9]*\).*/\1/p' daemon.log)
python3 flood.py "$port" "$day" >flood.out &
flood=$!
full() { # the flood has come to a stop at the queue
    curl -sS "http://$address/v1/status" | tr -d ' ' | grep -q '"queue":{"bytes":[1-9][0-9]\{5,\}'
}
check "the queue is full" wait_for 60 full
check "a polite sender is never refused beside it" equals "$(python3 polite.py "$address" "$day" 200)" 0
check "a large request gets in" sh -c "
    seq 1 10000 | sed 's/.*/{\"id\":\"l&\",\"customer\":\"LARGE\",\"start\":\"${day}T10:00:00Z\",\"duration\":60}/' >large
    for again in 1 2 3 4 5 6 7 8 9 10; do
        curl -sS --data-binary @large http://$address/v1/ingest/hooks | grep '\"accepted\":10000' && exit 0
        sleep 1 # as Retry-After says
    done
    exit 1"
touch enough
wait $flood
sent=$(cat flood.out)
legs() {
    redis-cli -s state/redis.sock hget "$(cs redis-key --config c.conf --day "$day" "$1" | sed -n 2p)" \
        "$(echo "$day" | cut -c9-10)@1" | cut -d: -f1
}
is() { [ "$(legs "$1")" = "$2" ]; }
check "all $sent lines of the flood count once" wait_for 60 is FLOOD "$sent"
check "all polite ones" wait_for 60 is POLITE 200
check "all of the large request" is LARGE 10000
idle() { curl -sS "http://$address/v1/status" | tr -d ' ' | grep -q '"queue":{"bytes":0,'; }
check "the queue is empty again" wait_for 20 idle
if sanitized; then
    skip "memory is measured without sanitizers"
else
    peak=$(sed -n 's/VmHWM:[^0-9]*\([0-9]*\).*/\1/p' "/proc/$daemon/status")
    check "memory stayed below 512 MiB ($peak KiB)" test "$peak" -lt 524288
fi
check "verify" cs verify --config c.conf
check "stop" stop
finish
