#!/bin/sh
# Redis away while imports go on: the ledger grows with what is counted and with the ids to be known again,
# not with what arrives; a Redis that comes at last, empty, gets every number at once.
. "$(dirname "$0")/lib.sh"
each=$((${AWAY_RECORDS:-100000} / 4))
cat >c.conf <<EOF
state_dir = "$dir/state"
clock = "data"
redis { url = "unix://$dir/redis.sock" }
http  { listen = "127.0.0.1:0" }
EOF
ledger_bytes() { cat state/ledger.db state/ledger.db-wal 2>/dev/null | wc -c; }
cs generate --records $each --days 5 --customers 300 --duplicates 0 --late 0 --broken 0 --seed 10 \
    --until 2026-01-31 --format csv --out all.csv 2>/dev/null
check "start without Redis" start c.conf
# The same customers and days four times: the counters grow, their number does not.
for part in 1 2 3 4; do
    sed "1!s/^/$part/" all.csv >part$part.csv # other ids
    cs import --config c.conf --format csv part$part.csv >import.out 2>&1
    check "import $part ends with 69" equals $? 69
    check "all of it is committed ($part)" contains "$(cat import.out)" "$each accepted"
    check "and what is missing is said ($part)" contains "$(cat import.out)" "committed, but not yet in Redis"
    [ $part = 1 ] && first=$(ledger_bytes)
done
last=$(ledger_bytes)
check "three times as much again took its ids' room only ($first, then $last bytes)" \
    test "$last" -lt $((first + 3 * each * 16 + 2097152))
check "status says how far Redis is behind" contains "$(cs status --config c.conf | tr -s '\n ' ' ')" "NOT CONNECTED"
redis-server --port 0 --unixsocket "$dir/redis.sock" --save "" --dir "$dir" --maxmemory-policy noeviction \
    >redis.log 2>&1 &
healed() { cs verify --config c.conf; }
check "Redis comes, and has everything" wait_for 60 healed
check "every counter equals the oracle" python3 "$project/tests/tools/oracle.py" --keep-all \
    --check-redis redis.sock part1.csv part2.csv part3.csv part4.csv
check "each record once" contains "$(cs status --config c.conf --json | tr -d ' ')" "\"accepted\":$((4 * each)),"
check "stop" stop
finish
