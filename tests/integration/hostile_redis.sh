#!/bin/sh
# A Redis that lies: answers nobody asked for, of another protocol, of a size that cannot be, cut off,
# dripping, or none. Records are taken meanwhile, status says so, memory has its bound, and with the real
# one in its place every number is right.
. "$(dirname "$0")/lib.sh"
cat >liar.py <<'EOF'
"""liar.py REDIS: listens, and passes everything on to a real Redis. When the file `lie` names one,
the next connection gets it, once, after some bytes of true answers (drawn by the seed, so that
lies fall into every stage of the talk); the file `told` is there when the lie is out."""
import os, random, socket, sys, threading, time
rng = random.Random(os.environ.get("LIAR_SEED", "27"))
server = socket.socket()
server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
server.bind(("127.0.0.1", 0))
server.listen(16)
print(server.getsockname()[1], flush=True)
LIES = {
    "unsolicited": b"+OK\r\n:1\r\n+OK\r\n",
    "push": b">3\r\n$7\r\nmessage\r\n$1\r\na\r\n$1\r\nb\r\n",
    "resp3": b"%1\r\n+a\r\n~2\r\n#t\r\n_\r\n,3.5\r\n(12345678901234567890\r\n",
    "bulk": b"$999999999999999999\r\nx",
    "array": b"*2147483647\r\n",
    "many": b"*" + b"9" * 4096 + b"\r\n",
    "nested": b"*1\r\n" * 100000,
    "negative": b"$-17\r\n*-9\r\n",
    "noise": bytes(rng.randrange(256) for _ in range(20000)),
    "web": b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi",
    "error": b"-ERR " + b"e" * 100000 + b"\r\n",
}
def lie(client, mode):
    if mode == "silence":
        time.sleep(8)
    elif mode == "endless":  # one line without an end, as fast as it is taken
        client.sendall(b"+")
        for _ in range(1 << 13):
            client.sendall(b"x" * (1 << 16))
    else:
        client.sendall(LIES[mode])
        time.sleep(0.2)
def serve(client, mode, true):
    try:
        redis = socket.socket(socket.AF_UNIX)
        redis.connect(sys.argv[1])
    except OSError:
        try:  # the other thread still waits for it
            client.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        client.close()
        return
    def answers():
        left = true if mode else 1 << 60
        try:
            while left > 0 and (data := redis.recv(min(1 << 16, left))):
                left -= len(data)
                client.sendall(data)
            if mode:
                lie(client, mode)
        except OSError:
            pass
        if mode:
            open("told", "w").close()
        try:  # the other thread still waits for it
            client.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        client.close()
    threading.Thread(target=answers, daemon=True).start()
    try:
        while data := client.recv(1 << 16):
            redis.sendall(data)
    except OSError:
        pass
    redis.close()
while True:
    client = server.accept()[0]
    mode = open("lie").read().strip() if os.path.exists("lie") else ""
    if mode:
        os.remove("lie")
    true = rng.choice((0, 3, 40, 300, 3000, 6000))
    threading.Thread(target=serve, args=(client, mode, true), daemon=True).start()
EOF
redis-server --port 0 --unixsocket "$dir/redis.sock" --save "" --dir "$dir" --maxmemory-policy noeviction \
    >redis.log 2>&1 &
answers() { redis-cli -s redis.sock ping; }
check "Redis" wait_for 20 answers
python3 liar.py redis.sock >port 2>liar.log &
check "the liar" wait_for 20 test -s port
cat >c.conf <<EOF
state_dir = "$dir/state"
http { listen = "127.0.0.1:0" }
redis { url = "redis://127.0.0.1:$(cat port)" compare_interval = "1s" }
input "hooks" { type = "http" path = "/v1/ingest/hooks" format = "ndjson" }
EOF
now=$(date -u -d '-1 day' +%Y-%m-%dT10:00:00Z)
sent=0
take() { # records of many customers, so that a chunk of commands is large
    seq $((sent + 1)) $((sent + 200)) | sed "s/.*/{\"id\":\"r&\",\"customer\":\"C&\",\"participant\":\"p\",\"start\":\"$now\",\"duration\":60}/" >part
    cat part >>all.ndjson
    sent=$((sent + 200))
    check "$1: records are taken" contains "$(curl -sS --data-binary @part "http://$address/v1/ingest/hooks")" \
        '"accepted":200'
}
right() {
    cs verify --config c.conf && python3 "$project/tests/tools/oracle.py" --check-redis redis.sock all.ndjson
}
check "start" start c.conf
take "true"
check "true: every counter" wait_for 30 right
cut_off() { redis-cli -s redis.sock client kill type normal skipme yes >/dev/null; }
troubles() { grep -c event=redis_problem daemon.log || true; }
trouble() { [ "$(troubles)" -gt "$mark" ]; }
content() { [ "$(grep -o 'event=redis_[a-z]*' daemon.log | grep 'ok\|problem' | tail -n 1)" = event=redis_ok ]; }
for mode in unsolicited push resp3 bulk array many nested negative noise web error endless silence; do
    rm -f told
    mark=$(troubles)
    echo $mode >lie.new && mv lie.new lie
    cut_off
    take $mode
    check "$mode: the daemon says that something is wrong" wait_for 120 trouble
    check "$mode: it was told" wait_for 120 test -e told
    check "$mode: ready all the same" equals \
        "$(curl -sS -o /dev/null -w '%{http_code}' "http://$address/readyz")" 200
    check "$mode: content with the truth" wait_for 30 content
done
if sanitized; then
    skip "memory is measured without sanitizers"
else
    peak=$(sed -n 's/VmHWM:[^0-9]*\([0-9]*\).*/\1/p' "/proc/$daemon/status")
    check "memory stayed below 512 MiB ($peak KiB)" test "$peak" -lt 524288
fi
check "with the real one every counter is right" wait_for 60 right
check "stop" stop
check "no complaint of a sanitizer" sh -c "! grep -E 'Sanitizer|runtime error' daemon.log"
finish
