#!/bin/sh
# A followed file whose lines change their form in the middle: it is said, and taken back.
. "$(dirname "$0")/lib.sh"
cat >c.conf <<EOF
state_dir = "$dir/state"
http  { listen = "127.0.0.1:0" }
fold_interval = "100ms"
analytics_interval = "100ms"
input "bridge" { type = "tail" path = "$dir/calls.ndjson" format = "ndjson" }
input "noisy"  { type = "tail" path = "$dir/noisy.ndjson" format = "ndjson" }
EOF
lines() { # FROM TO FIELD: records whose begin is called so
    seq "$1" "$2" | sed "s/.*/{\"id\":\"$3-&\",\"customer\":\"acme\",\"$3\":\"$(days_ago 1)T10:00:00Z\",\"duration\":60}/"
}
# Three of four are no records, and never were.
lines 1 500 start | sed 'p;s/start/begin/p;s/begin/began/p;s/began/beginning/' >noisy.ndjson
lines 1 1000 start >calls.ndjson
check "start" start c.conf
records() { cs status --config c.conf --json | tr -d ' ' | grep -q "\"input\":\"$1\".*\"records\":$2,"; }
check "what is there is read" wait_for 30 records bridge 1000
check "nothing is wrong" equals "$(cs status --config c.conf --json | grep -c 'has not matched')" 0
lines 1 1000 begun >>calls.ndjson
problem() { cs status --config c.conf --json | grep -q 'its format has not matched since.*start: missing.*--input bridge'; }
check "the change is said" wait_for 30 problem
metric() { curl -s "http://$address/metrics" | sed -n "s/^callswell_feed_stopped_matching_timestamp_seconds{input=\"$1\"} //p"; }
check "metrics say since when" [ "$(metric bridge)" -gt 0 ]
check "what is noisy is not blamed" equals "$(metric noisy)" 0
signal() { # STATE
    [ "$(sql state/crm.db "SELECT count(*) FROM signal WHERE kind = 'feed_stopped_matching' AND
        subject = 'bridge' AND state = '$1' AND reason LIKE '%callswell quarantine list --input bridge'")" = 1 ]
}
check "it is a signal" wait_for 30 signal open
check "the log says it once" equals "$(grep -c event=feed_stopped_matching daemon.log)" 1
kill_hard
check "start again" start c.conf
check "the signal stays while nothing is known" wait_for 30 signal open
lines 1001 2000 start >>calls.ndjson
check "it is over with the trouble" wait_for 30 signal closed
check "and nothing is wrong" equals "$(cs status --config c.conf --json | grep -c 'has not matched')" 0
check "stop" stop
finish
