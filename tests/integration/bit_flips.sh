#!/bin/sh
# Single bits of a ledger flipped, one after the other, by a seed: `ledger check` finds each that changes
# what is counted or kept, and a daemon that starts on such a ledger may end, but brings no wrong number to Redis.
. "$(dirname "$0")/lib.sh"
cat >c.conf <<EOF
state_dir = "$dir/state"
clock = "data"
redis { url = "unix://$dir/redis.sock" }
http  { listen = "" }
EOF
redis-server --port 0 --unixsocket "$dir/redis.sock" --save "" --dir "$dir" >redis.log 2>&1 &
redis=$!
answers() { redis-cli -s redis.sock ping; }
check "Redis" wait_for 20 answers
cs generate --records 4000 --days 6 --until now --customers 60 --seed 5 --format ndjson --out all.ndjson 2>/dev/null
check "a ledger" cs import --config c.conf --format ndjson all.ndjson
check "is whole" contains "$(cs ledger check --config c.conf)" whole
mv state/ledger.db state/whole
check "${FLIPS:-250} bits" python3 "$project/tests/tools/bit_flips.py" "$bin" "$dir/state/whole" \
    "${FLIPS:-250}" "${FLIPS_SEED:-18}" c.conf redis.sock 5
cp check.out bits.out
check "some were found" sh -c "! grep -q " 0 found" bits.out && grep -q 'started on 5' bits.out"
check "stop Redis" kill -TERM $redis
wait $redis
finish
