#!/bin/sh
# Other programs at ledger.db: one that keeps reading holds the log's end, one that writes holds everything.
# The log has its bound, status says what is in the way, nothing is lost, and all goes on when they leave.
. "$(dirname "$0")/lib.sh"
cat >c.conf <<EOF
state_dir = "$dir/state"
fold_interval = "200ms"
http { listen = "127.0.0.1:0" }
limits { max_wal = "2MiB" }
input "hooks" { type = "http" path = "/v1/ingest/hooks" format = "ndjson" }
EOF
cat >neighbour.py <<'EOF'
"""Holds a transaction open on a database until the file `leave` is there: BEGIN (a reader's),
IMMEDIATE or EXCLUSIVE (a writer's)."""
import os, sqlite3, sys, time
db = sqlite3.connect(sys.argv[1], isolation_level=None, timeout=20)
db.execute("BEGIN " + sys.argv[2])
print(db.execute("SELECT records FROM meta").fetchone()[0], flush=True)
while not os.path.exists("leave"):
    time.sleep(0.02)
print(db.execute("SELECT records FROM meta").fetchone()[0], flush=True)
db.execute("ROLLBACK")
EOF
neighbour=
arrive() { # KIND
    rm -f leave neighbour.out
    python3 neighbour.py state/ledger.db "$1" >neighbour.out 2>&1 &
    neighbour=$!
    wait_for 20 test -s neighbour.out
}
leave() {
    touch leave
    wait $neighbour
}
now=$(date -u -d '-1 day' +%Y-%m-%dT10:00:00Z)
records() { # FROM TO: a customer each
    seq "$1" "$2" | sed "s/.*/{\"id\":\"r&\",\"customer\":\"C&\",\"participant\":\"p&\",\"start\":\"$now\",\"duration\":60}/"
}
post() { # FILE
    curl -sS -m "${2:-60}" -w ' %{http_code}' --data-binary "@$1" "http://$address/v1/ingest/hooks" 2>/dev/null
}
status_says() { cs status --config c.conf | tr -s '\n ' ' ' | grep -q "$1"; }
wal() { stat -c %s state/ledger.db-wal 2>/dev/null || echo 0; }
accepted() { cs status --config c.conf --json | tr -d ' ' | grep -o '"accepted":[0-9]*' | head -n 1; }
healed() { cs verify --config c.conf; }

check "start" start c.conf
records 1 100 >one
check "records" contains "$(post one)" '"accepted":100'

# A reader that stays: what it saw stays for it, and the log cannot be emptied past it.
check "a reader" arrive ""
n=100
refused=0
longest=0
while [ $refused = 0 ] && [ $n -lt 60000 ]; do
    records $((n + 1)) $((n + 500)) >more
    case $(post more) in
    *' 200') n=$((n + 500)) ;;
    *' 503') refused=1 ;;
    *) break ;;
    esac
    [ "$(wal)" -gt "$longest" ] && longest=$(wal)
done
check "records are taken until the log is as long as it may be ($n)" test $n -gt 100
check "then refused, to be sent again" equals $refused 1
check "status says who is in the way" wait_for 20 status_says "somebody keeps reading ledger.db"
check "not ready" equals "$(curl -sS -o /dev/null -w '%{http_code}' "http://$address/readyz")" 503
check "the log has its bound ($longest bytes)" test "$longest" -lt $((3 * 2 * 1048576))
check "what was answered is in Redis all the same" wait_for 30 healed
leave
check "the reader saw one moment of the ledger all the time" equals "$(sort -u neighbour.out)" "$(head -n 1 neighbour.out)"
taken() { post more | grep -q ' 200'; }
check "taken again when it has left" wait_for 30 taken
n=$((n + 500))
emptied() { [ "$(wal)" -lt 1048576 ]; }
check "the log is emptied" wait_for 20 emptied
check "each counts once" equals "$(accepted)" "\"accepted\":$n"

# A writer: nobody is answered while it holds the ledger, everybody when it is gone.
check "a writer" arrive IMMEDIATE
records $((n + 1)) $((n + 100)) >held
post held >held.out &
sender=$!
waits() { curl -sS "http://$address/v1/status" | tr -d ' ' | grep -q '"stalled":"[^"]*busy'; }
check "status says that the ledger is busy" wait_for 40 waits
check "nobody is told that it is kept" test ! -s held.out
leave
wait $sender
check "answered when the writer is gone" contains "$(cat held.out)" '"accepted":100'
n=$((n + 100))
check "each once" contains "$(post held)" '"duplicates":100'
check "going on" equals "$(accepted)" "\"accepted\":$n"

# Killed while one writes; and started while one still does.
check "one more writer" arrive IMMEDIATE
records $((n + 1)) $((n + 100)) >held
post held 1 >held.out
kill_hard
"$bin/callswelld" -c c.conf 2>busy.log &
second=$!
sooner() { ! kill -0 $second; }
check "a start beside a writer does not wait for ever" wait_for 60 sooner
wait $second
code=$?
check "it has to be tried again" equals $code 69
check "and says so" contains "$(cat busy.log)" "the database is busy"
leave
check "start" start c.conf
check "what was not answered counts now" contains "$(post held)" '"accepted":100'
check "verify" wait_for 30 healed
check "stop" stop
finish
