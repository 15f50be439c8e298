#!/bin/sh
# A managed redis-server that hangs: records are taken meanwhile, it is ended after hang_timeout and started
# again with what it had, and all of it is said. A daemon that starts beside one that hangs does the same.
. "$(dirname "$0")/lib.sh"
server() { cat state/redis/redis.pid; }
hung=
end_own() { [ -z "$hung" ] || kill -KILL "$hung" 2>/dev/null; }
cat >c.conf <<EOF
state_dir = "$dir/state"
fold_interval = "200ms"
analytics_interval = "200ms"
http { listen = "127.0.0.1:0" }
redis { hang_timeout = "2s" }
input "hooks" { type = "http" path = "/v1/ingest/hooks" format = "ndjson" }
EOF
now=$(date -u -d '-1 day' +%Y-%m-%dT10:00:00Z)
key=$(cs redis-key --config c.conf --day "$(echo "$now" | cut -c1-10)" ACME | sed -n 2p)
field="$(echo "$now" | cut -c9-10)@1"
sent=0
take() { # NAME
    sent=$((sent + 1))
    check "$1: records are taken" contains "$(printf \
        '{"id":"%s","customer":"ACME","participant":"p%s","start":"%s","duration":60}\n' $sent $sent "$now" |
        curl -sS --data-binary @- "http://$address/v1/ingest/hooks")" '"accepted":1'
}
says() { cs status --config c.conf | tr -s '\n ' ' ' | grep -q "$1"; } # whose lines are short
right() { cs verify --config c.conf && [ "$(redis-cli -s state/redis.sock hget "$key" "$field")" = "$sent:$((60 * sent)):0" ]; }
gone() { ! grep -qs '^State:.[^Z]' "/proc/$1/status"; } # or a zombie whose parent was killed
another() { [ -e state/redis/redis.pid ] && [ "$(server)" != "$hung" ]; }
hang() {
    hung=$(server)
    kill -STOP "$hung"
}

check "start" start c.conf
take "before"
redis-cli -s state/redis.sock set mine 1 >mine.out
hang
take "hung"
check "status says that it hangs" wait_for 60 says "has not answered for"
check "another one is started" wait_for 60 another
check "the old one has ended" gone "$hung"
check "Redis is right" wait_for 60 right
check "with what its file held" equals "$(redis-cli -s state/redis.sock get mine)" 1
check "the log says why" grep -q "event=redis_server_hung pid=$hung " daemon.log
take "after" # passes follow what is counted
signalled() { cs report signals --config c.conf --json | grep -q "had stopped answering and was ended"; }
check "a signal says so" wait_for 60 signalled

# A daemon was killed, and then its server hangs: the next daemon finds it by its pid file.
kill_hard
hang
check "start beside one that hangs" start c.conf
check "it has a server of its own" another
check "the old one is gone" gone "$hung"
take "again"
check "Redis is right again" wait_for 60 right
check "stop" stop
finish
