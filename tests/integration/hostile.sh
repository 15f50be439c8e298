#!/bin/sh
# Senders that mean harm: nothing they do stops the daemon, fills its memory or is counted.
. "$(dirname "$0")/lib.sh"
cat >c.conf <<EOF
state_dir = "$dir/state"
clock = "data"
http  { listen = "127.0.0.1:0" }
input "hooks" { type = "http" path = "/v1/ingest/hooks" format = "ndjson" }
input "texts" { type = "http" path = "/v1/ingest/texts" format = "endless" }
input "lines" { type = "tcp" listen = "127.0.0.1:0" format = "ndjson" }
input "grams" { type = "udp" listen = "127.0.0.1:0" format = "ndjson" }
format "endless" { type = "regex" pattern = '^(?<customer>(a+)+) at (?<start>\S+)\$' }
limits { header_timeout = "1s" body_timeout = "1s" body_rate = "1MiB" idle_timeout = "120s" }
EOF
ulimit -n 8192 2>/dev/null || ulimit -n "$(ulimit -H -n)"
check "start" start c.conf
port=$(sed -n 's/.*event=ready.* lines=\([0-9]*\).*/\1/p' daemon.log | tail -n 1)
datagrams=$(sed -n 's/.*event=ready.* grams=\([0-9]*\).*/\1/p' daemon.log | tail -n 1)
memory=256 # MiB; sanitizers keep what is freed for a while
! sanitized || memory=1024
check "no attempt gets what it wants" python3 "$project/tests/tools/hostile.py" "$address" "$port" \
    "$datagrams" "$daemon" "${HOSTILE_MIB:-128}" "$memory"
grep '^p99' check.out
seen() { cs quarantine list --config c.conf | grep -q "record: longer than 65536 bytes"; }
check "the endless line is in quarantine" wait_for 20 seen
{
    echo 'q after 20240310 40=1:0:0'
    echo 'd after 202403 10=1:0:0'
    echo 'q let_in 20240310 40=1:0:0'
    echo 'd let_in 202403 10=1:0:0'
    echo "q honest 20240310 40=$(cat honest.sent):0:0"
    echo "d honest 202403 10=$(cat honest.sent):0:0"
} >expected
only_that() { python3 "$project/tests/tools/expect.py" --all state/redis.sock <expected; }
check "only the good sender and the record after the endless line were counted" wait_for 20 only_that
check "good senders are still served" contains \
    "$(printf '{"customer":"good","start":"2024-03-10T10:00:00Z"}\n' |
        curl -sS --data-binary @- "http://$address/v1/ingest/hooks")" '"accepted":1'
check "verify" cs verify --config c.conf
check "stop" stop
check "no complaint of a sanitizer" sh -c "! grep -E 'Sanitizer|runtime error' daemon.log"
finish
