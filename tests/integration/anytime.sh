#!/bin/sh
# Killed or stopped at random moments while records come in by HTTP and from a file: each counted
# exactly once, whatever was under way: a commit, a fold, a write to Redis, a pass of analytics.
. "$(dirname "$0")/lib.sh"
cat >c.conf <<EOF
state_dir = "$dir/state"
http { listen = "127.0.0.1:0" }
fold_interval = "200ms"
analytics_interval = "200ms"
input "hooks"  { type = "http" path = "/v1/ingest/hooks" format = "ndjson" }
input "follow" { type = "tail" path = "$dir/usage.ndjson" format = "ndjson" }
EOF
check "random ends" python3 "$project/tests/tools/anytime.py" "$bin/callswelld" c.conf \
    usage.ndjson "${ANYTIME_ROUNDS:-15}" "${ANYTIME_SEED:-1}"
read -r day posted tailed <check.out
check "start" start c.conf
month=$(echo "$day" | cut -c1-7 | tr -d -)
date=$(echo "$day" | tr -d -)
d=$(echo "$day" | cut -c9-10)
cat >expected <<EOF
q HTTP $date 40=$posted:$posted:0
d HTTP $month $d=$posted:$posted:0 $d.x.f=$posted:0
q TAIL $date 40=$tailed:$tailed:0
d TAIL $month $d=$tailed:$tailed:0 $d.x.f=$tailed:0
f f $month $d=$((posted + tailed)):0:0
EOF
exact() { python3 "$project/tests/tools/expect.py" state/redis.sock <expected; }
wait_for 60 exact
check "$posted posted and $tailed written records, each once" exact
check "verify" cs verify --config c.conf
check "stop" stop
finish
