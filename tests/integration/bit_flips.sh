#!/bin/sh
# Single bits of a ledger flipped, one after the other, by a seed: `ledger check` finds each that changes
# anything, and a daemon that starts on such a ledger may end, but brings no wrong number to Redis.
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

# A ledger with few totals and something of everything else: keys, events, refused records, positions, a log.
cat >small.conf <<CONF
state_dir = "$dir/small"
node = "2"
fold_interval = "1h"
redis { url = "unix://$dir/redis.sock" }
http  { listen = "127.0.0.1:0" }
input "hooks" { type = "http" path = "/v1/ingest/hooks" format = "ndjson" }
CONF
check "start" start small.conf
post() { # KEY: a call and its correction, a join, an event, and a record that is refused
    printf '{"id":"r%s","customer":"acme","start":"2026-03-10T10:00:00Z","duration":60}
{"id":"r%s","version":2,"customer":"acme","start":"2026-03-10T10:00:00Z","duration":70}
{"kind":"join","customer":"acme","conference":"c","participant":"p%s","start":"2026-03-10T10:00:00Z"}
{"kind":"inquiry","id":"i%s","customer":"acme","start":"2026-03-10T10:00:00Z","reason":"price %s"}
{"customer":"acme","start":"never %s"}\n' "$1" "$1" "$1" "$1" "$1" "$1" |
        curl -sS -H "Idempotency-Key: key-$1" --data-binary @- "http://$address/v1/ingest/hooks"
}
for i in 1 2 3 4 5 6 7 8; do
    check "request $i" contains "$(post $i)" '"accepted":4'
    tail -n +$((10 * i)) all.ndjson | head -n 5 >part.$i
    check "import $i" cs import --config small.conf --format ndjson part.$i
done
check "stop, to start a second time" stop
check "start again" start small.conf
for i in 11 12 13 14 15 16 17 18; do
    check "request $i" contains "$(post $i)" '"accepted":4'
done
kill_hard
check "a copy" cs ledger backup --config small.conf small.db
check "${FLIPS:-250} bits of it" python3 "$project/tests/tools/bit_flips.py" "$bin" "$dir/small.db" \
    "${FLIPS:-250}" "${FLIPS_SEED:-18}"
cp check.out small.out
check "of every table" contains "$(cat small.out)" \
    "with rows: audit batch checkpoint corrected correction event feed_quarter history idem intake kept meta open_leg quarantine seen total total_day way"
check "stop Redis" kill -TERM $redis
wait $redis
finish
