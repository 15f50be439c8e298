#!/bin/sh
# Versions and voids: a stream of them in any order, imported, posted on several connections, over folds, a
# restart and kill -9, leaves the same counters in Redis and the store as the last versions alone.
. "$(dirname "$0")/lib.sh"
seed=${CORRECTIONS_SEED:-5}
configure() { # NAME
    cat >"$1.conf" <<EOF
state_dir = "$dir/$1"
workers = 2
http { listen = "127.0.0.1:0" }
input "hooks" { type = "http" path = "/v1/ingest/hooks" format = "ndjson" }
EOF
}
cat >streams.py <<'EOF'
"""From records with ids: last.ndjson, the versions that count in the end; import.ndjson and posts.ndjson,
all of them, with voids, repeats and former versions, in any order. Prints how many were corrected."""
import json, random, sys
rng = random.Random(sys.argv[1])
records = [json.loads(line) for line in open("all.ndjson")]
last, everything, corrected = [], [], 0
for r in records:
    versions = [r] + [dict(rng.choice(records), id=r["id"], version=v)
                      for v in sorted(rng.sample(range(1, 9), rng.choice((0, 0, 0, 1, 2, 3))))]
    ends = rng.random()
    if ends < 0.1:    # the last word
        everything.append({"kind": "void", "id": r["id"]})
    elif ends < 0.2:  # of all versions so far: half of them are overtaken by one more
        former = versions[-1].get("version", 0)
        versions.append({"kind": "void", "id": r["id"], "version": rng.choice((former, 20)),
                         "customer": "who cares", "start": "2026-01-01T00:00:00Z"})
        if rng.random() < 0.5:
            versions.append(dict(rng.choice(records), id=r["id"], version=21))
    if ends >= 0.1 and versions[-1].get("kind") != "void":
        last.append(versions[-1])
    corrected += len(versions) > 1 or ends < 0.1
    everything += versions + [v for v in versions if rng.random() < 0.2]
rng.shuffle(everything)
third = len(everything) // 3
for name, some in ("last", last), ("import", everything[:third]), ("posts", everything[third:]):
    with open(name + ".ndjson", "w") as f:
        f.writelines(json.dumps(r) + "\n" for r in some)
print(corrected)
EOF
cat >post.py <<'EOF'
"""Posts a part of posts.ndjson on four connections, in pieces. What was not answered is sent again to
whoever listens at the address that is then in the file `address`."""
import http.client, random, sys, threading, time
rng = random.Random(sys.argv[1])
lines = open("posts.ndjson", "rb").readlines()
lines = lines[int(len(lines) * float(sys.argv[2])):int(len(lines) * float(sys.argv[3]))]
pieces = []
while lines:
    n = rng.choice((1, 3, 40, 300))
    pieces.append(b"".join(lines[:n]))
    lines = lines[n:]
lock, end = threading.Lock(), time.time() + 120
def post(piece):
    while time.time() < end:
        try:
            c = http.client.HTTPConnection(open("address").read(), timeout=30)
            c.request("POST", "/v1/ingest/hooks", piece)
            if c.getresponse().status == 200:
                return
        except (OSError, http.client.HTTPException):
            pass
    sys.exit("nobody answers")
def work():
    while True:
        with lock:
            if not pieces:
                return
            piece = pieces.pop()
        post(piece)
threads = [threading.Thread(target=work) for _ in range(4)]
for t in threads:
    t.start()
for t in threads:
    t.join()
EOF
cat >dump.py <<'EOF'
"""All counters of a state folder, in Redis and in the store, a line each, without those that are zero
and without distinct counts."""
import sqlite3, subprocess, sys
state = sys.argv[1]
def redis(*command):
    return subprocess.run(["redis-cli", "-s", state + "/redis.sock", *command], check=True,
                          capture_output=True, text=True).stdout.splitlines()
for key in sorted(redis("keys", "cs:{*}:[qdfsl]:*")):
    values = redis("hgetall", key)
    for field, value in sorted(zip(values[::2], values[1::2])):
        if not field.startswith("@") and value.strip("0:"):
            print(key, field, value)
db = sqlite3.connect("file:%s/crm.db?mode=ro" % state, uri=True)
for sql in ("SELECT customer, day, legs, seconds, failed FROM customer_day WHERE legs + seconds + failed"
            " ORDER BY 1, 2",
            "SELECT service, start, offered, handled, abandoned, handle_seconds, wait_seconds"
            " FROM service_interval WHERE offered ORDER BY 1, 2",
            "SELECT feature, uses, failed FROM feature_demand WHERE uses + failed ORDER BY 1"):
    for row in db.execute(sql):
        print(*row)
EOF
figure() { cs status --config "$1.conf" --json | tr -d ' ' | grep -o "\"$2\":[0-9]*" | head -n 1 | cut -d: -f2; }
settled() { cs verify --config "$1.conf"; }
post() { python3 post.py "$seed-$1" "$1" "$2"; }
listen() { start "$1.conf" && printf %s "$address" >address; }

cs generate --records 4000 --days 20 --until now --customers 60 --broken 0 --duplicates 0 --late 0 \
    --seed "$seed" --format ndjson --out all.ndjson 2>/dev/null
corrected=$(python3 streams.py "$seed")
configure want
configure got
check "start" listen want
check "the last versions alone" cs import --config want.conf --format ndjson last.ndjson
check "are settled" wait_for 60 settled want
check "as the oracle counts them" python3 "$project/tests/tools/oracle.py" \
    --check-redis want/redis.sock last.ndjson
python3 dump.py want >want.dump
check "stop" stop

check "start" listen got
check "all versions: a part is imported" cs import --config got.conf --format ndjson import.ndjson
check "a part is posted" post 0 0.2
check "and written to Redis" wait_for 60 settled got
check "stop" stop
check "start again" listen got
post 0.2 0.8 &
posting=$!
under_way() { [ "$(figure got seen)" -gt $(($(wc -l <import.ndjson) + $(wc -l <posts.ndjson) * 3 / 10)) ]; }
check "more is posted" wait_for 60 under_way
check "kill -9" kill_hard
check "start after it" listen got
check "what was not answered is sent again" wait $posting
check "the rest is posted" post 0.8 1
check "nothing was refused" equals "$(figure got quarantined)" 0
check "corrections are counted" sh -c "[ $(figure got corrections) -gt $((corrected / 3)) ]"
check "voids, too" sh -c "[ $(figure got voids) -gt 400 ]"
check "in metrics as in status" equals \
    "$(curl -sS "http://$address/metrics" | sed -n 's/^callswell_corrections_total //p')" "$(figure got corrections)"
check "and for people" sh -c "'$bin/callswell' status --config got.conf | grep -q 'corrected others'"
before=$(figure got corrections)
check "all of it once more" post 0 1
check "corrects nothing" equals "$(figure got corrections)" "$before"
check "an import waits for the analytics" cs import --config got.conf --format ndjson last.ndjson
check "everything is settled" wait_for 60 settled got
python3 dump.py got >got.dump
check "there is something to compare" sh -c "[ \$(wc -l <want.dump) -gt 5000 ]"
check "all counters are those of the last versions" diff want.dump got.dump
check "the ledger passes its checks" cs ledger check --config got.conf
check "stop" stop
finish
