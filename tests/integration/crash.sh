#!/bin/sh
# Killed at any moment: nothing lost, nothing counted twice.
. "$(dirname "$0")/lib.sh"
cat >c.conf <<EOF
state_dir = "$dir/state"
http  { listen = "127.0.0.1:0" }
input "follow" { type = "tail" path = "$dir/usage.ndjson" format = "ndjson" }
input "hooks"  { type = "http" path = "/v1/ingest/hooks" format = "ndjson" }
EOF
cs generate --records 40000 --days 10 --until now --customers 100 --seed 3 --format ndjson \
    --out all.ndjson 2>/dev/null
lines=$(wc -l <all.ndjson)
: >usage.ndjson
check "start" start c.conf
step=$((lines / 8 + 1))
part=0
while [ $part -lt 8 ]; do
    tail -n +$((part * step + 1)) all.ndjson | head -n $step >>usage.ndjson
    part=$((part + 1))
    if [ $((part % 2)) = 0 ]; then
        kill_hard
        check "start again after kill -9 ($part)" start c.conf
    fi
done
seen() { curl -sS "http://$address/v1/status" | grep -q "\"seen\":$lines[,}]"; }
check "all $lines records were seen" wait_for 60 seen
check "verify" cs verify --config c.conf
check "every counter equals the oracle" python3 "$project/tests/tools/oracle.py" \
    --check-redis state/redis.sock --node 1 all.ndjson

# Redis loses everything while the daemon runs, then is killed: it heals from the ledger.
redis-cli -s state/redis.sock flushall >/dev/null
healed() { cs verify --config c.conf; }
check "heals after FLUSHALL" wait_for 60 healed
kill -KILL "$(redis-cli -s state/redis.sock info server | sed -n 's/process_id:\([0-9]*\).*/\1/p')"
check "heals after its redis-server was killed" wait_for 60 healed

# Somebody else's hands in our keys: found by verify, mended by rebuild.
redis-cli -s state/redis.sock hset 'cs:{5}:d:NOBODY:202611' 03@1 9:9:9 >/dev/null
check "verify finds a stray field" sh -c "! '$bin/callswell' verify --config c.conf"
check "rebuild" cs rebuild --config c.conf
check "verify after rebuild" cs verify --config c.conf

# An import killed in the middle goes on where it was.
cs generate --records 200000 --days 30 --until now --customers 200 --seed 5 --format csv \
    --out big.csv 2>/dev/null
check "stop" stop
"$bin/callswell" import --config c.conf --format csv big.csv >import.out 2>&1 &
import=$!
wait_for 30 test -e state/ledger.db-wal
kill -KILL $import 2>/dev/null
wait $import 2>/dev/null
check "import again" cs import --config c.conf --format csv big.csv
check "verify after a killed import" cs verify --config c.conf
check "start once more" start c.conf
check "every counter equals the oracle after a killed import" python3 \
    "$project/tests/tools/oracle.py" --check-redis state/redis.sock --node 1 all.ndjson big.csv
check "stop at the end" stop
finish
