#!/bin/sh
# A duplicate window with less room than it needs: it gets shorter by time, status, log and metrics say
# so, and what is older than it counts as late or is set aside. What it holds stays within its limit.
. "$(dirname "$0")/lib.sh"
configure() { # LIMITS
    cat >c.conf <<EOF
state_dir = "$dir/state"
workers = 1
http { listen = "127.0.0.1:0" }
limits { $1 }
input "hooks" { type = "http" path = "/v1/ingest/hooks" format = "ndjson" }
EOF
}
# batch NAME N: N records of now.
batch() {
    seq 1 "$2" | sed "s/.*/{\"id\":\"$1&\",\"customer\":\"ACME\",\"start\":$(date +%s),\"duration\":60}/" >"$1.ndjson"
}
send() { curl -sS --data-binary "@$1.ndjson" "http://$address/v1/ingest/hooks" | tr -d ' '; }
figure() { cs status --config c.conf --json | tr -d ' ' | grep -o "\"$1\":[0-9]*" | head -n 1 | cut -d: -f2; }
metric() { curl -sS "http://$address/metrics" | sed -n "s/^callswell_$1 //p"; }
held() { [ "$(figure dedup_ids)" -le 1000 ]; }

configure 'duplicate_records = 1000'
check "start" start c.conf
batch a 1000
batch b 1000
check "records are taken" contains "$(send a)" '"accepted":1000'
check "and known again" contains "$(send a)" '"duplicates":1000'
check "all ids so far are known" says "duplicates 1,000 ids known, none forgotten yet"
check "metrics agree" equals "$(metric dedup_window_short)" 0
check "more records are taken" contains "$(send b)" '"accepted":1000'
check "the limit is kept" wait_for 20 held
check "status says since when ids are known" says "duplicates 1,000 ids known, all since 2"
check "and that this is short" says "SHORT: ids are known since 2"
check "in 80 columns" sh -c "[ \$('$bin/callswell' status --config c.conf | wc -L) -le 80 ]"
check "metrics say so" equals "$(metric dedup_window_short)" 1
check "the log says so" grep -q event=duplicate_window_short daemon.log
check "the newest ids are known" contains "$(send b)" '"duplicates":1000'
check "the oldest are not" contains "$(send a)" '"accepted":1000'
check "but they count as late" equals "$(figure late)" 1000
check "stop" stop

configure 'duplicate_records = 100000 late = "quarantine"'
check "start with more room" start c.conf
check "the gap is still known" says "SHORT: ids are known since 2"
batch c 10
check "what begins now counts" contains "$(send c)" '"accepted":10'
check "what may have been counted is set aside" contains "$(send b)" '"quarantined":1000'
check "stop" stop

configure 'duplicate_window = "1s" correction_window = "0s"'
check "start with a window that is over" start c.conf
check "nothing is missing of it" sh -c "! '$bin/callswell' status --config c.conf | grep -q SHORT"
check "memory is accounted for" sh -c "'$bin/callswell' status --memory --config c.conf | grep -q '^duplicates .*iB'"
check "in 80 columns" sh -c "[ \$('$bin/callswell' status --memory --config c.conf | wc -L) -le 80 ]"
check "the same in metrics" sh -c "[ $(metric 'memory_bytes{holder="duplicates"}') = $(figure dedup_bytes) ]"
check "with its limit" sh -c "[ $(metric 'memory_limit_bytes{holder="queue"}') = $((64 << 20)) ]"
check "stop" stop
finish
