#!/bin/sh
# A month's key that is lost in Redis is whole again as soon as one of its days is written: with the days
# that are still in memory, with those that a restarted daemon has on disk only, of customers and features.
. "$(dirname "$0")/lib.sh"
cat >c.conf <<EOF
state_dir = "$dir/state"
http { listen = "127.0.0.1:0" }
redis { url = "managed" }
input "hooks" { type = "http" path = "/v1/ingest/hooks" format = "ndjson" }
EOF
ask() { redis-cli -s state/redis.sock "$@"; }
# Three days in one month, the newest at least a day old.
days=$(python3 -c 'import datetime as d
last = d.datetime.now(d.timezone.utc).date() - d.timedelta(days=1)
if last.day < 3:
    last = last.replace(day=1) - d.timedelta(days=1)
for i in range(3):
    print(last - d.timedelta(days=i))')
newest=$(echo "$days" | head -1)
id=0
# take DAY: one more record of that day.
take() {
    id=$((id + 1))
    contains "$(printf '{"id":"%s","customer":"ACME","participant":"p","start":"%sT10:00:00Z","duration":60,"features":["recording"]}\n' \
        $id "$1" | curl -sS --data-binary @- "http://$address/v1/ingest/hooks")" '"accepted":1'
}
month=$(cs redis-key --config c.conf --day "$newest" ACME | sed -n 2p)
# A customer's month and a feature's, wherever they are, without versions, in one order.
months() { ask --scan --pattern "cs:*:[df]:*" | sort; }
content() {
    months | while read -r name; do
        echo "$name"
        ask hgetall "$name" | paste - - | grep -v '^@' | sort
    done
}
mended() { cs status --config c.conf --json | python3 -c 'import json, sys
print(json.load(sys.stdin)["redis"]["mended"])'; }
# loses NAME: both keys are lost, one record comes, and all is there but for what it added.
loses() {
    content >before
    months | while read -r name; do ask del "$name"; done >/dev/null
    check "$1: gone" equals "$(months)" ""
    check "$1: a record of one day" take "$newest"
    check "$1: both months are whole" wait_for 20 whole
    check "$1: verify" cs verify --config c.conf
}
whole() {
    content >after
    [ "$(cut -f1 after)" = "$(cut -f1 before)" ]
}
complete() { [ "$(ask hlen "$month")" = 7 ] && [ "$(months | wc -l)" = 2 ]; }

check "start" start c.conf
for day in $days; do check "a record of $day" take "$day"; done
check "two months, the customer's with its days, their features and a version" wait_for 20 complete
loses "from memory"
check "from memory: two were mended" equals "$(mended)" 2
check "stop" stop
check "start again" start c.conf
loses "from disk"
check "from disk: two were mended" equals "$(mended)" 2
check "the log says so" grep -q "event=redis_mended lost_keys=" daemon.log
check "nothing else was found to differ" equals "$(grep -c event=redis_differs daemon.log)" 0
check "stop at the end" stop
finish
