#!/bin/sh
# Joins and leaves become legs: over HTTP, by import, through kills of the daemon, with either side missing.
. "$(dirname "$0")/lib.sh"
cat >c.conf <<EOF_CONF
state_dir = "$dir/state"
http { listen = "127.0.0.1:0" }
retention { quarter = "0" day = "0" people = "0" }
pairing { wait = "1h" grace = "1s" }
input "hooks" { type = "http" format = "ndjson" }
EOF_CONF

rows() { # FILE QUERY
    python3 -c 'import sqlite3, sys
for row in sqlite3.connect("file:%s?mode=ro" % sys.argv[1], uri=True).execute(sys.argv[2]):
    print(*row, sep="|")' "$@"
}
post() { curl -sS -f --data-binary "@$1" -H 'Content-Type: application/x-ndjson' "http://$address/v1/ingest/hooks"; }
event() { # KIND CONFERENCE WHO TIME [MORE]
    printf '{"kind":"%s","conference":"%s","participant":"%s","start":"2024-03-10T%sZ"%s}\n' "$1" "$2" "$3" "$4" "${5:-}"
}
open_rows() { sql state/ledger.db "SELECT count(*) FROM open_leg WHERE instr(key, char(31) || 'P')"; }
legs() { # CUSTOMER: legs:seconds of that day
    redis-cli -s state/redis.sock hget "cs:{$("$bin/callswell" redis-key --config c.conf "$1" |
        sed -n 's/.*{\([0-9]*\)}.*/\1/p' | head -n 1)}:d:$1:202403" 10@1
}
legs_are() { [ "$(legs "$1")" = "$2" ]; }
acme=',"customer":"acme"'

start c.conf
event join c1 ann 10:00:00 "$acme" >1
event leave c1 bob 10:30:00 >2
event leave c1 ann 10:10:00 >3
event join c1 bob 10:20:00 "$acme" >4
check "a join is taken" contains "$(post 1)" '"accepted":1'
check "and is open" equals "$(open_rows)" 1
check "again it is a duplicate" contains "$(post 1)" '"duplicates":1'
kill -KILL "$daemon"
wait "$daemon" 2>/dev/null
start c.conf
check "it is still open after a kill" equals "$(open_rows)" 1
check "and known" contains "$(post 1)" '"duplicates":1'
check "a leave may come first" contains "$(post 2)" '"accepted":1'
post 3 >/dev/null
check "a leg is in Redis" wait_for 30 legs_are acme 1:600:0
post 4 >/dev/null
check "and the other" wait_for 30 legs_are acme 2:1200:0

# From here on nobody is waited for.
sed -i 's/wait = "1h"/wait = "1s"/' c.conf
kill -HUP "$daemon"

{
    event join c2 eve 11:00:00 "$acme"
    event leave c2 max 11:05:00
    event conference_start c2 "" 10:55:00
    event conference_end c2 "" 11:20:00
} >5
post 5 >/dev/null
check "ends and beginnings that are missing come from the conference" wait_for 30 legs_are acme 4:3000:0
check "nothing of them is open" equals "$(sql state/ledger.db "SELECT count(*) FROM open_leg WHERE key LIKE 'c1_P%'")" 0
event leave c3 zoe 12:00:00 >6
post 6 >/dev/null
refused() { sql state/ledger.db "SELECT reason FROM quarantine"; }
refused_is() { [ "$(refused)" = "$1" ]; }
check "a leave that nobody knows the customer of is refused" wait_for 30 refused_is \
    "customer: missing in a leave whose join never came"
event join c4 ann 13:00:00 "$acme" >7
post 7 >/dev/null
check "who is where can be asked" contains "$(curl -sS "http://$address/v1/live")" \
    '"by_conference":[{"conference":"c4","conference_name":"","customer":"acme","source":"","legs":1,'
check "and counted" contains "$(curl -sS "http://$address/metrics")" "
callswell_open_legs 1
"
check "people see it, too" contains "$("$bin/callswell" status --config c.conf)" \
    "1 legs are open in 1 conferences"
event leave c4 ann 13:00:10 >8
post 8 >/dev/null
check "the ledger is whole" "$bin/callswell" ledger check --config c.conf
check "all agree" "$bin/callswell" verify --config c.conf

# An import of an old log, with the daemon and without.
beta=',"customer":"beta"'
{
    event join c9 ann 10:00:00 "$beta"
    event join c9 bob 10:05:00 "$beta"
    event leave c9 ann 10:15:00
    event leave c8 max 10:10:00 ',"duration":120,"customer":"beta"'
} >old.ndjson
check "an import" "$bin/callswell" import --config c.conf --format ndjson old.ndjson
check "closes what is old" legs_are beta 3:1620:0
kill -TERM "$daemon"
wait "$daemon"
daemon=
check "conferences are in the store" equals "$(rows state/crm.db "SELECT conference, customer, start, until, joins, legs, people,
    estimated FROM conference WHERE conference IN ('c2', 'c9') ORDER BY 1")" \
    "c2|acme|2024-03-10T10:55:00Z|2024-03-10T11:20:00Z|1|2|2|1
c9|beta|2024-03-10T10:00:00Z|2024-03-10T10:15:00Z|2|2|2|1"
sed 's/beta/gamma/; s/"c\([89]\)"/"d\1"/' old.ndjson >older.ndjson
check "an import without a daemon" "$bin/callswell" import --config c.conf --format ndjson older.ndjson
check "does so, too" equals "$(rows state/crm.db "SELECT legs, seconds FROM customer_day WHERE customer = 'gamma'")" "3|1620"

# No more open legs than there may be; whoever leaves makes room.
sed 's|/state"|/full"|' c.conf >full.conf
echo 'limits { open_legs = 100 }' >>full.conf
start full.conf
i=0
while [ $i -lt 150 ]; do
    event join big p$i 10:00:00 "$acme"
    i=$((i + 1))
done >joins
sed 's/"join"/"leave"/; s/10:00:00/10:00:10/' joins >leaves
split -l 10 joins part.
for part in part.*; do post "$part"; done >answers
refused=$(sed 's/.*"quarantined":\([0-9]*\).*/\1/' answers | awk '{n += $1} END {print n}')
check "what is too much is refused" [ "$refused" -ge 40 ]
head -n $((150 - refused)) leaves >part
check "leaves are taken" contains "$(post part)" "\"accepted\":$((150 - refused))"
check "and make room" contains "$("$bin/callswell" quarantine replay all --config full.conf)" "$refused"
tail -n "$refused" leaves >part
post part >/dev/null
full_legs() { redis-cli -s full/redis.sock hget "cs:{$("$bin/callswell" redis-key --config full.conf acme |
    sed -n 's/.*{\([0-9]*\)}.*/\1/p' | head -n 1)}:d:acme:202403" 10@1; }
full_legs_are() { [ "$(full_legs)" = "$1" ]; }
check "so that all count" wait_for 30 full_legs_are 150:1500:0

# Events that belong together may stand in different files of one import.
delta=',"customer":"delta"'
stop
start c.conf
for where in "with a daemon" without; do
    [ "$where" = without ] && stop
    at=$([ "$where" = without ] && echo 15 || echo 14)
    event join "c$at" ann $at:00:00 "$delta" >first.ndjson
    event leave "c$at" ann $at:20:00 >second.ndjson
    check "an import of two files $where" \
        "$bin/callswell" import --config c.conf --format ndjson first.ndjson second.ndjson
    [ "$where" = without ] && start c.conf
    check "is paired as one, $where" wait_for 30 legs_are delta $([ $at = 15 ] && echo 2:2400:0 || echo 1:1200:0)
done

# Shuffled, repeated and lost, with the daemon killed in between: against the truth.
check "the truth" env TMPDIR="$dir" python3 "$project/tests/chaos/pairing.py" --bin "$bin" --runs 3
finish
