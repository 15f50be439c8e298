#!/bin/sh
# Repeated, shuffled and late: whatever order records come in, by however many connections and how often
# each, every one counts once and on its own day; those too old to be known again are counted or set aside.
. "$(dirname "$0")/lib.sh"
seed=${DISORDER_SEED:-21}
cat >c.conf <<EOF
state_dir = "$dir/state"
http { listen = "127.0.0.1:0" }
input "hooks" { type = "http" path = "/v1/ingest/hooks" format = "ndjson" }
EOF
cat >disorder.py <<'EOF'
"""Posts every line of a file, some of them up to three times, in disorder, on four connections.
Prints what the answers add up to: lines sent, accepted, duplicates, quarantined, ignored."""
import http.client, json, random, sys, threading
address, path, share, seed = sys.argv[1], sys.argv[2], float(sys.argv[3]), sys.argv[4]
rng = random.Random(seed)
with open(path, "rb") as f:
    lines = f.readlines()
lines += [line for again in (1, 2) for line in lines if rng.random() < share]
rng.shuffle(lines)
pieces = []
at = 0
while at < len(lines):
    n = rng.choice((1, 7, 50, 400, 1500))
    pieces.append(lines[at:at + n])
    at += n
sums, lock = [len(lines), 0, 0, 0, 0], threading.Lock()
def work():
    c = http.client.HTTPConnection(address)
    while True:
        with lock:
            if not pieces:
                return
            piece = pieces.pop()
        c.request("POST", "/v1/ingest/hooks", b"".join(piece))
        r = c.getresponse()
        body = r.read()
        if r.status != 200:
            sys.exit("%d %s" % (r.status, body))
        answer = json.loads(body)
        with lock:
            for i, word in enumerate(("accepted", "duplicates", "quarantined", "ignored"), 1):
                sums[i] += answer[word]
threads = [threading.Thread(target=work) for _ in range(4)]
for t in threads:
    t.start()
for t in threads:
    t.join()
print(*sums)
EOF
send() { python3 disorder.py "$address" "$@" 2>&1; }
right() { # FILE...: every counter, by the oracle
    python3 "$project/tests/tools/oracle.py" --check-redis state/redis.sock "$@"
}

# Twelve thousand records of forty days, each with an id.
cs generate --records 12000 --days 40 --until now --customers 150 --broken 0 --duplicates 0 --late 0.1 \
    --seed "$seed" --format ndjson --out all.ndjson 2>/dev/null
total=$(wc -l <all.ndjson)
head -n $((total / 2)) all.ndjson >one
tail -n +$((total / 2 + 1)) all.ndjson >two
check "start" start c.conf
for share in 0.05 0.2; do
    file=one
    [ $share = 0.2 ] && file=two
    # shellcheck disable=SC2046
    set -- $(send $file $share "$seed-$share")
    check "of $1 lines with repetitions ($share) each new one is accepted once" equals "${2:-}" "$(wc -l <$file)"
    check "the others are duplicates ($share)" equals "${3:-}" "$(($1 - $(wc -l <$file)))"
    check "and nothing else ($share)" equals "${4:-} ${5:-}" "0 0"
done
check "all at once again, over a restart" stop
check "start again" start c.conf
# shellcheck disable=SC2046
set -- $(send all.ndjson 0.1 "$seed-again")
check "changes nothing" equals "${2:-} ${3:-}" "0 ${1:-}"
settled() { cs verify --config c.conf; }
check "settled" wait_for 30 settled
check "every counter stands on its own day" right all.ndjson
late=$(cs status --config c.conf --json | tr -d ' ' | grep -o '"late":[0-9]*' | head -n 1)
check "late ones are counted, and how many there were is said" sh -c "test '${late#*:}' -gt 9000"
check "stop" stop

# The same with late = "quarantine": what is older than the window is set aside, the rest counts.
rm -rf state daemon.log
echo 'limits { late = "quarantine" duplicate_window = "10d" }' >>c.conf
# Those of an hour about the limit are left out: it moves while they are sent.
python3 - "$project/tests/tools" <<'EOF'
import json, sys, time
sys.path.insert(0, sys.argv[1])
from oracle_rules import Record
limit = time.time() - 10 * 86400
with open("old", "w") as old, open("young", "w") as young:
    for line in open("all.ndjson"):
        fields = {k: v if k == "features" else str(v) for k, v in json.loads(line).items()}
        start = Record(fields, time.time()).start
        if abs(start - limit) > 3600:
            (old if start < limit else young).write(line)
EOF
cat old young >both
check "start where late ones are set aside" start c.conf
# shellcheck disable=SC2046
set -- $(send both 0 "$seed-late")
check "the young ones count" equals "${2:-} ${3:-}" "$(wc -l <young) 0"
check "the old ones are in quarantine" equals "${4:-} ${5:-}" "$(wc -l <old) 0"
check "with their reason" contains "$(cs quarantine list --config c.conf)" "start: older than the duplicate window"
# shellcheck disable=SC2046
set -- $(send young 0.2 "$seed-once-more")
check "repetitions of young ones are known" equals "${2:-} ${3:-}" "0 ${1:-}"
check "settled again" wait_for 30 settled
check "the counters hold the young ones only" right young
check "stop at the end" stop
finish
