#!/bin/sh
# RELP: what was answered is counted, and with ids counted once, whoever is killed when.
. "$(dirname "$0")/lib.sh"
config() { # PORT
    cat >c.conf <<EOF
state_dir = "$dir/state"
http  { listen = "127.0.0.1:0" }
input "relay" { type = "relp" listen = "127.0.0.1:$1" format = "ndjson" }
EOF
}
config 0
day=$(date -u -d '-1 day' +%Y-%m-%d)
many() { # CUSTOMER N [ids]
    awk -v c="$1" -v n="$2" -v ids="${3:-}" -v day="$day" 'BEGIN {
        for (i = 1; i <= n; i++) {
            id = ids ? sprintf("\"id\":\"%s-%d\",", c, i) : ""
            printf "{%s\"customer\":\"%s\",\"start\":\"%sT10:00:00Z\",\"duration\":60}\n", id, c, day
        }
    }'
}
count_is() { # CUSTOMER LEGS
    [ "$(redis-cli -s state/redis.sock hget "$(cs redis-key --config c.conf --day "$day" "$1" | sed -n 2p)" \
        "$(echo "$day" | cut -c9-10)@1" | cut -d: -f1)" = "$2" ]
}
port() { sed -n 's/.*event=ready.* relay=\([0-9]*\).*/\1/p' daemon.log | tail -n 1; }
relp() { python3 "$project/tests/tools/relp_send.py" "127.0.0.1:$port" "$@"; }
accepted() { curl -sS "http://$address/v1/status" | sed -n 's/.*"records":{[^}]*"accepted":\([0-9]*\).*/\1/p'; }
has_accepted() { [ "$(accepted)" -ge "$1" ]; }

check "start" start c.conf
port=$(port)
config "$port" # for the starts to come
many plain 500 >plain.in
check "every line answered" contains "$(relp plain.in)" "'answered': 500, 'repeated': 0, 'connections': 1"
check "and counted" wait_for 20 count_is plain 500
many slow 50 >slow.in
check "one at a time" contains "$(relp slow.in --window 1)" "'answered': 50, 'repeated': 0"
check "each answer came after its commit" has_accepted 550
check "the promise is said" contains "$(cs status --config c.conf)" "exact with ids"

# A sender that repeats, a daemon that is killed again and again.
many killed 60000 ids >killed.in
relp killed.in --window 1000 >relp.out 2>&1 &
sender=$!
for part in 1 2 3; do
    check "on its way ($part)" wait_for 60 has_accepted $((550 + part * 8000))
    kill_hard
    check "start again ($part)" start c.conf
done
wait $sender
check "all answered in the end" contains "$(cat relp.out)" "'answered': 60000"
check "over several connections" contains "$(cat relp.out)" "'connections': 4"
check "with ids each is counted once" wait_for 20 count_is killed 60000
check "verify" cs verify --config c.conf

# An ordered stop answers what it took: nothing is repeated, so nothing needs an id.
many stopped 60000 >stopped.in
relp stopped.in --window 1000 >relp.out 2>&1 &
sender=$!
check "on its way to a stop" wait_for 60 has_accepted $((60550 + 5000))
check "stop in the middle" stop
check "start after the stop" start c.conf
wait $sender
check "all answered over a stop" contains "$(cat relp.out)" "'answered': 60000"
check "without ids each is counted once over a stop" wait_for 20 count_is stopped 60000

if [ -e /usr/lib/x86_64-linux-gnu/rsyslog/omrelp.so ] || ls /usr/lib/*/rsyslog/omrelp.so >/dev/null 2>&1; then
    cat >rsyslog.conf <<EOF
global(workDirectory="$dir")
module(load="imfile")
module(load="omrelp")
input(type="imfile" File="$dir/relay.in" Tag="x" ruleset="out")
template(name="raw" type="string" string="%msg%\n")
ruleset(name="out") { action(type="omrelp" target="127.0.0.1" port="$port" template="raw"
    action.resumeRetryCount="-1" action.resumeInterval="1") }
EOF
    many rsyslog 30000 ids >relay.in
    rsyslogd -n -f rsyslog.conf -i "$dir/rsyslog.pid" >rsyslog.out 2>&1 &
    rsyslog=$!
    check "rsyslog sends" wait_for 60 has_accepted $((120550 + 2000))
    kill_hard
    check "start under rsyslog" start c.conf
    check "rsyslog goes on" wait_for 60 has_accepted $((120550 + 8000))
    check "stop under rsyslog" stop
    check "start under rsyslog once more" start c.conf
    check "rsyslog: each is counted once" wait_for 90 count_is rsyslog 30000
    kill -TERM $rsyslog
    wait $rsyslog 2>/dev/null
else
    skip "rsyslog-relp is not installed"
fi
check "nothing was refused" contains "$(cs status --config c.conf)" "+ 0 quarantined"
check "verify at the end" cs verify --config c.conf
check "stop" stop
finish
