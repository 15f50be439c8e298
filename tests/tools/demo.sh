#!/bin/sh
# demo.sh: callswell's main job on real input, in a temporary folder that is removed at the end.
#
# (a) a real call-centre log of 1999, when it lies beside the project; (b) 90 days of usage of a
# believable conference company, about 2 million records, up to now. On a terminal the daemon of
# (b) goes on serving until Ctrl-C; otherwise the demo ends by itself.
set -eu
cd "$(dirname "$0")/../.."
bin=$PWD/build
calls=$PWD/../shared/data/anonbank_calls_1999_jan_oct_pseudonymised.csv
records=${DEMO_RECORDS:-2000000}
dir=$(mktemp -d "${TMPDIR:-/tmp}/callswell-demo-XXXXXX")
daemon= look_again=0.1

finish() {
    trap - EXIT INT TERM
    if [ -n "$daemon" ]; then
        kill -TERM "$daemon" 2>/dev/null || true
        wait "$daemon" 2>/dev/null || true
    fi
    rm -rf "$dir"
}
trap finish EXIT
serving=
trap 'finish; [ -z "$serving" ] || printf "\nStopped: daemon and Redis have ended, %s is gone.\n" "$dir"; exit 0' INT TERM

title() { printf '\n\033[1m== %s\033[0m\n\n' "$*"; }
[ -t 1 ] || title() { printf '\n== %s\n\n' "$*"; }
run() {
    printf '$ callswell %s\n' "$*"
    "$bin/callswell" "$@"
    echo
}

# Commands find their configuration by this variable, or by --config FILE.
configured() {
    printf '$ export CALLSWELL_CONFIG=%s\n\n' "$1"
    export CALLSWELL_CONFIG="$1"
}

if [ -r "$calls" ]; then
    title "A real call centre, January and October 1999: 66,222 contacts"
    cat >"$dir/bank.conf" <<EOF
state_dir = "$dir/bank"
timezone  = "Asia/Jerusalem"
clock     = "data"          # the newest record's time is "now", and nothing expires
http      { listen = "" }
retention { quarter = "0" day = "0" people = "0" feature_people = "0" service = "0" load = "0" }
EOF
    configured "$dir/bank.conf"
    run import --format anonbank "$calls"
    echo "The same file once more: nothing is counted twice."
    run import --format anonbank "$calls"
    run report staffing
    run verify
else
    title "The real call-centre log is not beside the project: going on with generated usage"
fi

title "A conference company, the last 90 days: $records records"
cat >"$dir/callswelld.conf" <<EOF
state_dir = "$dir/state"
timezone  = "Europe/Berlin"
redis     { url = "managed" }
http      { listen = "127.0.0.1:0" }
input "hooks" { type = "http" path = "/v1/ingest/hooks" format = "ndjson" }
service "operator"  { service_level = 0.8 answer_within = 20 shrinkage = 0.3 interval = 30 }
service "technical" { service_level = 0.8 answer_within = 60 shrinkage = 0.3 interval = 30 }
segment "power user" { where = "legs_30d > 500 AND features_30d >= 5" }
segment "gone quiet" { where = "days_since_last > 14 AND legs_90d > 50" }
EOF
config=$dir/callswelld.conf
"$bin/callswelld" -c "$config" 2>"$dir/log" &
daemon=$!
until grep -q 'event=ready' "$dir/log"; do
    kill -0 "$daemon" 2>/dev/null || { cat "$dir/log"; exit 1; }
    sleep "$look_again"
done
address=$(sed -n 's/.*event=ready http=\([^ ]*\).*/\1/p' "$dir/log")

configured "$config"
run generate --records "$records" --days 90 --until now --customers 2000 --format csv \
    --out "$dir/usage.csv"
run import --format csv "$dir/usage.csv"
printf '$ curl -d @one.ndjson http://%s/v1/ingest/hooks\n' "$address"
printf '{"id":"demo-1","customer":"ACME","participant":"ann","conference":"c1","start":"%s","duration":60}\n' \
    "$(date -u -d '-2 min' +%Y-%m-%dT%H:%M:%SZ)" >"$dir/one.ndjson"
if command -v curl >/dev/null 2>&1; then
    curl -sS -H 'Content-Type: application/x-ndjson' --data-binary @"$dir/one.ndjson" \
        "http://$address/v1/ingest/hooks"
    echo
fi
run status

title "For a service manager: how many people, of which kind, when?"
run report staffing
run what-if staffing --volume +20% --service technical
title "For a product team: what do people want, and what fails them?"
run report features
title "For segmentation: who are these customers?"
run report segments
run report customers --limit 10
title "For account owners: who rises, who falls?"
run report signals --limit 5
title "... and why, down to the file?"
surge=$("$bin/callswell" signal list --kind surge --limit 1 --csv | sed -n 2p)
[ -z "$surge" ] || {
    run why "$(echo "$surge" | cut -d, -f4)"
    run signal explain "$(echo "$surge" | cut -d, -f1)"
}
title "Can it be trusted?"
run quarantine list --limit 5
run verify

if [ -t 1 ]; then
    title "Look further, from another terminal"
else
    title "To look further, run it on a terminal: it goes on serving until Ctrl-C"
fi
cat <<EOF
  export CALLSWELL_CONFIG=$config PATH=$bin:\$PATH
  callswell report --help
  callswell report signals --json
  callswell redis-key ACME
  redis-cli -s $dir/state/redis.sock hgetall "\$(callswell redis-key C00001 | head -n 1)"
  sqlite3 $dir/state/crm.db 'select * from customer_profile limit 5'
  curl http://$address/metrics
EOF
if [ -t 1 ]; then
    printf '\nServing on http://%s until Ctrl-C.\n' "$address"
    serving=yes
    wait "$daemon" || true
fi
