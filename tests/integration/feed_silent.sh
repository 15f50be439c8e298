#!/bin/sh
# A feed that stops is a signal, and one that goes on closes it: a real daemon, five weeks of a rhythm, and a
# clock that goes faster.
. "$(dirname "$0")/lib.sh"
cat >c.conf <<EOF
state_dir = "$dir/state"
timezone = "UTC"
redis { url = "managed" }
http { listen = "127.0.0.1:0" }
fold_interval = "100ms"
analytics_interval = "100ms"
input "bridge" { type = "tail" path = "$dir/usage.ndjson" format = "ndjson" }
EOF
: >usage.ndjson
echo 0 >later
export LATER="$dir/later" ASAN_OPTIONS="${ASAN_OPTIONS:-}:verify_asan_link_order=0"
cc -shared -fPIC -o later.so "$project/tests/tools/later.c" -ldl || exit 1
faster() { LD_PRELOAD="$dir/later.so" start c.conf; }
check "start" faster
silent=$(python3 "$project/tests/tools/silence.py" usage.ndjson later state/crm.db "$address")
check "an hour or two without anything is a silence, after $silent quarters" \
    sh -c "[ '${silent:-0}' -ge 4 ] && [ '${silent:-0}' -le 10 ]"
say() { cs signal list --config c.conf --kind feed_silent --csv; }
check "the signal names the input" contains "$(say)" "bridge"
check "it is one" equals "$(say | wc -l)" 2
id=$(say | sed -n '2s/,.*//p')
check "explained by the input" contains "$(cs signal explain "$id" --config c.conf)" "Input"
check "status tells of it" contains "$(cs report feeds --config c.conf --json)" '"silent_since":"'
printf '{"id":"again","customer":"ACME","start":%d,"duration":60}\n' "$(($(date +%s) + $(cat later)))" >>usage.ndjson
closed() { [ "$(cs signal list --config c.conf --kind feed_silent --state closed --csv | wc -l)" = 2 ]; }
check "what comes again closes it" wait_for 60 closed
check "stop" stop
finish
