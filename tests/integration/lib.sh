# lib.sh - what every integration test begins with. Sourced by sh.
#
# Each script works in a folder of its own, starts what it needs on port 0 or unix sockets, waits on
# conditions, ends only what it started, and closes with "N passed, N failed, N skipped". However it ends:
# what it still runs in the background is ended, then end_own is called, which a script defines again
# when it leaves more than that behind (a mount, a stopped process that is no child of its).
set -u
project=${CALLSWELL_PROJECT:-$(cd "$(dirname "$0")/../.." && pwd)}
bin=${CALLSWELL_BIN:-$project/build}
dir=$(mktemp -d "${TMPDIR:-/tmp}/callswell-it-XXXXXX")
look_again=0.05
passed=0 failed=0 skipped=0 daemon=
cd "$dir" || exit 1

end_own() { :; }
# Only children that nobody has waited for yet, so no number is another process' by now.
end_jobs() {
    jobs -l >"$dir/jobs.left"
    for job_left in $(sed -n 's/^\[[0-9]*\][ +-]*\([0-9][0-9]*\) *\(Running\|Stopped\).*/\1/p' "$dir/jobs.left"); do
        kill -KILL "$job_left" && wait "$job_left"
    done 2>/dev/null
}
cleanup() {
    [ -z "$daemon" ] || { kill -TERM "$daemon" 2>/dev/null; wait "$daemon" 2>/dev/null; }
    end_jobs
    end_own
    for cleanup_socket in "$dir"/*/redis.sock; do # of a daemon that was killed and stayed dead
        [ -S "$cleanup_socket" ] && (cd "${cleanup_socket%/*}" && redis-cli -s redis.sock shutdown nosave) \
            >/dev/null 2>&1
    done
    cd / && { [ "$failed" != 0 ] && echo "folder kept: $dir" || rm -rf "$dir"; }
}
trap cleanup EXIT
trap 'exit 1' HUP INT TERM

# check NAME COMMAND...: one test, passed when the command succeeds.
check() {
    check_name=$1
    shift
    if "$@" >"$dir/check.out" 2>&1; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "FAILED: $check_name: $*" | cut -c 1-300
        sed 's/^/  /' "$dir/check.out" | head -n 40
    fi
}
sanitized() { grep -Eq '__[at]san_init' "$bin/callswelld"; }
equals() { [ "$1" = "$2" ] || { echo "got:  $1"; echo "want: $2"; return 1; }; }
contains() { case $1 in *"$2"*) ;; *) echo "got: $1"; echo "without: $2"; return 1 ;; esac; }
skip() { skipped=$((skipped + 1)); echo "skipped: $*"; }
finish() {
    cleanup_code=0
    [ "$failed" = 0 ] || cleanup_code=1
    trap - EXIT
    cleanup >&2
    echo "$passed passed, $failed failed, $skipped skipped"
    exit $cleanup_code
}

# wait_for SECONDS COMMAND...: until it succeeds; fails after the deadline.
wait_for() {
    wait_end=$(($(date +%s) + $1))
    shift
    until "$@" >/dev/null 2>&1; do
        [ "$(date +%s)" -lt "$wait_end" ] || return 1
        sleep "$look_again" # a pause between looks at the condition, never in its place
    done
}

# start CONFIG: the daemon; sets $daemon and $address.
start() {
    start_mark=$(grep -c event=ready daemon.log 2>/dev/null || true)
    "$bin/callswelld" -c "$1" 2>>daemon.log &
    daemon=$!
    wait_for 60 ready_or_dead || { tail -n 20 daemon.log; return 1; }
    kill -0 "$daemon" 2>/dev/null || { tail -n 20 daemon.log; return 1; }
    address=$(sed -n 's/.*event=ready http=\([^ ]*\).*/\1/p' daemon.log | tail -n 1)
}
ready_or_dead() {
    kill -0 "$daemon" 2>/dev/null || return 0
    [ "$(grep -c event=ready daemon.log)" -gt "${start_mark:-0}" ]
}
stop() { # orderly; the exit code is the daemon's
    kill -TERM "$daemon"
    wait "$daemon"
    stop_code=$?
    daemon=
    return $stop_code
}
kill_hard() { # as a crash would
    kill -KILL "$daemon"
    wait "$daemon" 2>/dev/null
    daemon=
    true
}
cs() { "$bin/callswell" "$@"; }
says() { cs status --config c.conf | tr -s '\n ' ' ' | grep -q "$1"; } # whose lines are short
days_ago() { date -u -d "$1 days ago" +%Y-%m-%d; }
# sql FILE QUERY: its first value, as python's own SQLite reads it.
sql() { python3 -c 'import sqlite3, sys
print(sqlite3.connect("file:" + sys.argv[1] + "?mode=ro", uri=True).execute(sys.argv[2]).fetchone()[0])' "$@"; }

# One customer whose records are counted one by one, whatever happens meanwhile.
# acme_begin REDIS [LINES]: c.conf, with these options of Redis and whatever more; what it counts under.
acme_begin() {
    cat >c.conf <<EOF
state_dir = "$dir/state"
http { listen = "127.0.0.1:0" }
redis { $1 }
input "hooks" { type = "http" path = "/v1/ingest/hooks" format = "ndjson" }
${2:-}
EOF
    acme_time=$(days_ago 1)T10:00:00Z
    acme_key=$(cs redis-key --config c.conf --day "${acme_time%T*}" ACME | sed -n 2p)
    acme_field=$(echo "$acme_time" | cut -c9-10)@1
    acme_sent=0
}
# acme_take NAME: one more record is taken.
acme_take() {
    acme_sent=$((acme_sent + 1))
    check "$1: records are taken" contains "$(printf \
        '{"id":"%s","customer":"ACME","participant":"p%s","start":"%s","duration":60}\n' $acme_sent $acme_sent \
        "$acme_time" | curl -sS --data-binary @- "http://$address/v1/ingest/hooks")" '"accepted":1'
}
# acme_is_in OPTION...: the Redis that redis-cli reaches so has all of them.
acme_is_in() {
    [ "$(redis-cli "$@" hget "$acme_key" "$acme_field")" = "$acme_sent:$((60 * acme_sent)):0" ]
}
