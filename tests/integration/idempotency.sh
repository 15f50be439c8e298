#!/bin/sh
# HTTP requests sent again: with a key the records need no ids to be counted once.
. "$(dirname "$0")/lib.sh"
cat >c.conf <<EOF
state_dir = "$dir/state"
http  { listen = "127.0.0.1:0" }
input "hooks" { type = "http" path = "/v1/ingest/hooks" format = "ndjson" }
input "other" { type = "http" path = "/v1/ingest/other" format = "ndjson" }
EOF
now=$(date -u -d '-1 min' +%Y-%m-%dT%H:%M:%SZ)
line() { printf '{"customer":"%s","start":"%s","duration":60}\n' "$1" "$now"; }
{ line acme && line acme && echo broken; } >body
line acme >changed
gzip -nc body >body.gz
post() { # KEY FILE INPUT [CURL'S OPTIONS...]: answer, replay mark, status
    post_key=$1 post_file=$2 post_input=$3
    shift 3
    curl -sS -i -H "Idempotency-Key: $post_key" "$@" --data-binary @"$post_file" \
        "http://$address/v1/ingest/$post_input" | tr -d '\r' |
        awk 'NR == 1 {status = $2} /^Idempotent-Replayed: true$/ {again = " again"} END {print $0 status again}'
}
total() { curl -sS "http://$address/v1/status" | sed -n "s/.*\"records\":{[^}]*\"$1\":\([0-9]*\).*/\1/p"; }

check "start" start c.conf
first=$(post k1 body hooks)
check "the first counts" contains "$first" '"accepted":2,"duplicates":0,"quarantined":1'
check "the same again gets the same answer" equals "$(post k1 body hooks)" "$first again"
check "quotes do not matter" equals "$(post '"k1"' body hooks)" "$first again"
check "nor how it is packed" equals "$(post k1 body.gz hooks -H 'Content-Encoding: gzip')" "$first again"
check "the same key with another body is 422" contains "$(post k1 changed hooks)" '422'
check "another input has keys of its own" contains "$(post k1 changed other)" '"accepted":1'
check "a key that is none is 400" contains "$(post 'a b' body hooks)" '400'
check "another key counts" contains "$(post k2 body hooks)" '"accepted":2'
check "stop" stop
check "start again" start c.conf
check "remembered over a restart" equals "$(post k1 body hooks)" "$first again"
check "audit: what was repeated is a duplicate" equals \
    "$(total seen) $(total accepted) $(total duplicates) $(total quarantined)" "19 5 12 2"
check "verify" cs verify --config c.conf

# Many at once with one key: one of them counts.
clients=
for i in 1 2 3 4 5 6 7 8; do
    post burst body hooks >"burst.$i" &
    clients="$clients $!"
done
wait $clients
check "eight at once: one is the first" equals "$(grep -Lc ' again' burst.? | wc -l)" 1
check "eight at once: one answer" equals "$(sed 's/ again$//' burst.? | sort -u | wc -l)" 1
check "stop after the burst" stop

# Killed at every step around the commit, then sent again.
if [ "${CALLSWELL_BIN:-}" ] && grep -q CALLSWELL_FAULT "$bin/callswelld"; then
    for place in batch_begun transaction_open transaction_ended not_answered answered; do
        CALLSWELL_FAULT=$place:1 start c.conf
        post "after-$place" body hooks >killed.out 2>&1
        wait "$daemon" 2>/dev/null
        daemon=
        check "start after $place" start c.conf
        check "sent again after $place" contains "$(post "after-$place" body hooks)" '"accepted":2'
        check "and again" contains "$(post "after-$place" body hooks)" ' again'
        check "stop after $place" stop
    done
    check "start for the sum" start c.conf
    check "each was counted once" equals "$(total accepted)" 17
    check "verify at the end" cs verify --config c.conf
    check "stop at the end" stop
else
    skip "built without places to be killed at (SAN=1 has them)"
fi
finish
