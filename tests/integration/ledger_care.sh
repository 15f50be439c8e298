#!/bin/sh
# The ledger looked after: checks, copies, and what is saved of a damaged one.
. "$(dirname "$0")/lib.sh"
conf() { # STATE_DIR
    cat <<EOC
state_dir = "$1"
fold_interval = "200ms"
http  { listen = "127.0.0.1:0" }
input "hooks" { type = "http" path = "/v1/ingest/hooks" format = "ndjson" }
EOC
}
conf "$dir/state" >c.conf
harm() { python3 "$project/tests/tools/damage.py" "$@"; }
ledger() { cs ledger "$@" --config c.conf; }
refuses() { # the daemon, and says which command helps
    if "$bin/callswelld" -c c.conf 2>refused.log; then return 1; fi
    grep -q 'callswell ledger recover' refused.log || { cat refused.log; return 1; }
}
post() { curl -sS --data-binary "@$1" "http://$address/v1/ingest/hooks"; }
healed() { cs verify --config c.conf; }
follows() { # the store keeps what it had of a total that is lost
    cs verify --config c.conf | grep -q '^redis .* 0 missing, 0 different, 0 extra'
}
put_back() { # the ledger as it was before it was harmed
    rm -f state/ledger.db* && cp whole.db state/ledger.db
}
cs generate --records 30000 --days 20 --until now --customers 150 --seed 5 --format ndjson \
    --out all.ndjson 2>/dev/null
head -n 15000 all.ndjson >first
tail -n +15001 all.ndjson >second
printf '{"customer":"X","start":"never"}\n' >bad

# Beside a running daemon.
check "start" start c.conf
check "records" contains "$(post first)" '"accepted":'
check "a refused one" contains "$(post bad)" '"quarantined":1'
head -n 50 first >known.ndjson
check "a file of which all is known" contains "$(cs import --config c.conf --format ndjson known.ndjson)" " 0 accepted"
check "check beside the daemon" contains "$(ledger check)" whole
post second >second.out &
poster=$!
check "a copy while records arrive" contains "$(ledger backup copy.db)" "copied to copy.db"
wait $poster
check "the copy is whole" contains "$(ledger check copy.db)" whole
check "so says python" sh -c "python3 -c \"
import sqlite3
db = sqlite3.connect('file:copy.db?mode=ro', uri=True)
assert db.execute('PRAGMA integrity_check').fetchone()[0] == 'ok'
assert db.execute('SELECT records FROM meta').fetchone() == db.execute('SELECT sum(records) FROM audit').fetchone()
\""
check "a copy is not written over a file" sh -c "! '$bin/callswell' ledger backup copy.db --config c.conf"
check "nothing else is left" equals "$(ls | grep -c part || true)" 0
check "recovery keeps its hands off a running daemon" sh -c "
    '$bin/callswell' ledger recover --config c.conf; test \$? = 69"
check "settled" wait_for 60 healed
accepted=$(cs status --config c.conf --json | tr -d ' ' | grep -o '"accepted":[0-9]*' | head -n 1)
check "stop" stop
check "nothing is recovered of a whole one" contains "$(ledger recover 2>&1)" "nothing was changed"
cp state/ledger.db whole.db
harm rows whole.db >rows.whole
customer=$(cut -f 1 rows.whole | sed -n 's/^customer \(.*\) on .*/\1/p' | sort | uniq -c | sort -n |
    awk 'END {print $2}')

# One bit, which no structure shows.
harm flip state/ledger.db "c:$customer"
ledger check >found.out
check "a changed bit is found" equals $? 1
check "and its place named" contains "$(cat found.out)" "the total of customer $customer on "
check "recovery" ledger recover
check "the rest is whole" contains "$(ledger check)" whole
harm rows state/ledger.db >rows
check "one total is lost" equals "$(($(wc -l <rows.whole) - $(wc -l <rows)))" 1
check "the damaged one is kept" test "$(ls state | grep -c '^ledger.db.damaged-[^.]*Z$')" = 1
check "as it was" sh -c "! '$bin/callswell' ledger check state/ledger.db.damaged-*Z"
check "start" start c.conf
check "Redis follows" wait_for 60 follows
check "with a word about it" grep -q ledger_is_older_than_redis daemon.log
check "fingerprints were kept" contains "$(post first)" '"accepted":0'
check "stop again" stop
rm -f state/ledger.db.damaged*

# What stands beside the totals: a position, a refused record, the key of a request.
put_back
harm set state/ledger.db "UPDATE checkpoint SET position = position - 1"
check "a changed position is found" contains "$(ledger check)" "the position of input import in "
check "no input goes on from it" refuses
check "which is said" grep -q "the position of input import in .* fails its checksum" refused.log
ledger recover --limit 0 >recover.out
check "recovery leaves it out" grep -q "the position of input import in .* fails its checks: what is read" recover.out
check "and it alone" contains "$(cat recover.out)" "rows saved, 1 things lost"
check "whole without it" contains "$(ledger check)" whole
ended() { ! kill -0 "$daemon"; }
over() { # ended, and not started again
    wait_for 60 ended || return 1
    wait "$daemon" 2>/dev/null
    daemon=
    refuses
}
put_back
check "start" start c.conf
harm set state/ledger.db "UPDATE quarantine SET timezone = 'Europe/Paris'"
cs quarantine replay all --config c.conf >replay.out 2>&1
check "a changed refused record is not tried again" over
check "nor counted" contains "$(ledger check)" "the refused record 1 fails its checksum"
put_back
check "start" start c.conf
keyed() { curl -sS -H 'Idempotency-Key: once' --data-binary @bad "http://$address/v1/ingest/hooks"; }
check "a request with a key" contains "$(keyed)" '"quarantined":1'
check "stop" stop
harm set state/ledger.db "UPDATE idem SET answer = replace(answer, '1', '0')"
start c.conf >/dev/null 2>&1
keyed >again.out 2>&1
check "a changed answer is not given" over
check "to nobody" sh -c "! grep -q quarantined again.out"

# Whole pages: what is lost is named, no more and no less.
lost_as_said() { # recover.out holds the names
    harm rows state/ledger.db >rows
    comm -23 rows.whole rows | cut -f 1 | sort >gone
    comm -13 rows.whole rows >strange
    sed -n 's/^the total of //p' recover.out | sort >said
    [ ! -s strange ] && [ -s gone ] && cmp gone said
}
for page in 1 7 20; do
    put_back
    harm table state/ledger.db total $page
    check "a page of totals ($page) is missed" sh -c "! '$bin/callswell' ledger check --config c.conf"
    ledger recover --limit 0 >recover.out
    check "recovery of page $page" equals $? 0
    check "names what is gone with page $page" lost_as_said
    check "whole after page $page" contains "$(ledger check)" whole
done
put_back
harm table state/ledger.db total 3 9 10
ledger recover --limit 0 >recover.out
check "three pages" equals $? 0
check "name what is gone with them" lost_as_said
for table in seen audit quarantine checkpoint meta history; do
    put_back
    harm table state/ledger.db $table 0
    check "recovery of the table $table" ledger recover
    check "whole without $table" contains "$(ledger check)" whole
    harm rows state/ledger.db >rows
    check "all totals are there without $table" cmp rows rows.whole
done
put_back
harm head state/ledger.db
check "without its head the daemon does not start" refuses
check "recovery without a head" ledger recover
harm rows state/ledger.db >rows
check "finds all totals" cmp rows rows.whole
check "is whole" contains "$(ledger check)" whole
head -c 100000 /dev/urandom >state/ledger.db
check "noise is refused" refuses
check "nothing can be saved of noise" sh -c "! '$bin/callswell' ledger recover --config c.conf"
check "and no daemon starts then" refuses
put_back
check "until a copy is put in its place" start c.conf
check "that has everything" wait_for 60 healed
check "stop" stop

# Damage that shows while the daemon runs: it ends, and does not start again on that ledger.
if grep -q CALLSWELL_FAULT "$bin/callswelld"; then
    put_back
    harm flip state/ledger.db "c:$customer"
    failures() { grep -c event=ledger_failed daemon.log; }
    before=$(failures)
    begun() { start c.conf || [ "$(failures)" -gt "$before" ]; } # the projection may meet it at once
    check "the daemon starts on damage it does not see" begun
    grep -a "\"$customer\"" all.ndjson | sed 's/"id":"/&again-/' >again
    post again >again.out 2>&1
    check "it ends when it meets it, and is not started again" over
    for place in recovery_noted recovery_saved recovery_in_place; do
        CALLSWELL_FAULT=$place:1 "$bin/callswell" ledger recover --config c.conf >/dev/null 2>&1
        check "recovery killed ($place)" equals $? 137
        check "no daemon starts on half of one ($place)" refuses
    done
    check "recovery again" ledger recover
    check "whole" contains "$(ledger check)" whole
    check "one damaged ledger is kept" equals "$(ls state | grep -c 'damaged-[^.]*Z$')" 1
    check "start after recovery" start c.conf
    check "all as it should be" wait_for 60 follows
    check "stop after recovery" stop
else
    skip "fault points are in builds with sanitizers only"
fi

# An older copy in its place: found, said, and Redis follows the ledger.
rm -f state/ledger.db* daemon.log
cp copy.db state/ledger.db
check "start on an older copy" start c.conf
check "Redis follows the copy" wait_for 60 healed
check "which is said" grep -q 'event=ledger_is_older_than_redis' daemon.log
post first >/dev/null
post second >/dev/null
check "what was sent again counts once" wait_for 60 healed
check "the same as before" contains "$(cs status --config c.conf --json | tr -d ' ')" "$accepted,"
check "stop on the copy" stop

# A ledger of the layout before this one, as a daemon that was killed left it.
rm -f state/ledger.db* state/crm.db*
python3 -c "import sqlite3, sys
sqlite3.connect('state/ledger.db').executescript(open(sys.argv[1]).read())" "$project/tests/data/ledger/layout-1.sql"
check "it is read as it is" contains "$(ledger check)" "3 refused records, 1 events: whole"
check "start on it" start c.conf
check "it is converted" grep -q "event=ledger_converted version=2" daemon.log
takes_over() { timeout 120 "$bin/callswell" rebuild --replace --config c.conf; } # Redis is still another ledger's
check "Redis becomes its own" takes_over
check "with all that was in it" wait_for 60 healed
check "stop it" stop
check "whole as before" contains "$(ledger check)" "3 refused records, 1 events: whole"

# One whose version is damaged is not of a newer program.
harm set state/ledger.db "UPDATE meta SET version = 3"
check "a damaged version" refuses
check "is found" contains "$(ledger check)" "the version in the state row is damaged"
check "and made anew" contains "$(ledger recover)" "the version in the state row: the new one has it"
check "whole again" contains "$(ledger check)" "3 refused records, 1 events: whole"

# A ledger of a newer program.
harm set state/ledger.db "UPDATE meta SET version = 99"
harm set state/ledger.db "ALTER TABLE meta ADD COLUMN other"
"$bin/callswelld" -c c.conf 2>newer.log
check "a newer ledger is refused" equals $? 78
check "which says so" contains "$(cat newer.log)" "has version 99"
ledger recover 2>newer.err
check "by the recovery too" equals $? 78
finish
