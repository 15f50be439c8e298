#!/bin/sh
# What the command line changes and reckons, HTTP does as well: refused records and messages tried again or dropped,
# customers merged, everything compared, the calculator, backtests, formats.
. "$(dirname "$0")/lib.sh"
configure() { # MORE
    cat >c.conf <<CONF
state_dir = "$dir/state"
clock = "data"
analytics_interval = "100ms"
fold_interval = "50ms"
http { listen = "127.0.0.1:0" }
input "hooks" { type = "http" path = "/v1/ingest/hooks" format = "ndjson" $1 }
input "other" { type = "http" path = "/v1/ingest/other" format = "ndjson" }
webhook "gone" { url = "http://127.0.0.1:1/" private = yes secret = "sixteen-letters!" retry = "10ms" retry_most = "10ms"
    give_up = "1s" }
CONF
}
ask() { # METHOD PATH [CURL-OPTION...]: the answer
    method=$1 path=$2
    shift 2
    curl -sS --max-time 120 -X "$method" "$@" "http://$address$path"
}
post() { ask POST "$1" -d ''; } # PATH
status() { # WANTED METHOD PATH [CURL-OPTION...]
    want=$1
    shift
    got=$(ask "$@" -o answer -w '%{http_code}')
    equals "$got" "$want" || { cat answer; return 1; }
}
leg() { # CUSTOMER ID START
    printf '{"id":"%s","customer":"%s","participant":"p%s","start":"%s","duration":60}\n' "$2" "$1" "$2" "$3"
}
send() { ask POST "/v1/ingest/$1" --data-binary @- -H 'Content-Type: application/x-ndjson'; }
configure 'timezone = "UTC"'
check "start" start c.conf

# Refused records.
{ leg acme 1 2024-03-10T10:00:00Z; leg acme 2 "10.03.2024 11:00"; leg acme 3 "10.03.2024 12:00"; } >records
check "two of three are refused" contains "$(send hooks <records)" '"quarantined":2'
check "and one elsewhere" contains "$(leg acme 4 never | send other)" '"quarantined":1'
check "what is wrong stays wrong" contains "$(post /v1/quarantine/1/replay)" '"records":1,"accepted":0,"duplicates":0,"quarantined":1'
check "an id is a number" status 400 POST /v1/quarantine/first/replay -d ''
check "of something that is there" status 404 POST /v1/quarantine/99/drop -d ''
check "one is dropped, by a request that says nothing of a body" contains "$(ask POST /v1/quarantine/1/drop)" '"dropped":1'
check "where a body belongs one must be announced" status 411 POST /v1/ingest/hooks -H 'Content-Type: application/x-ndjson'
check "here, too" status 411 POST /v1/customers/acme/merge
check "all of an input" contains "$(post '/v1/quarantine/all/drop?input=other')" '"dropped":1'
check "one is left" contains "$(cs quarantine list --config c.conf --csv)" 'hooks'
check "who did it is known" contains "$(ask GET '/v1/audit?format=csv')" 'quarantine_drop,all,other'

# Customers.
check "records of one who is another" contains "$(leg "acme inc" 5 2024-03-10T13:00:00Z | send hooks)" '"accepted":1'
known() { ask GET /v1/customers | grep -q '"acme inc"'; }
check "who is known" wait_for 20 known
check "merged" contains "$(ask POST /v1/customers/acme%20inc/merge -d '{"into":"acme"}')" '"merged_into":"acme"'
merged() { printf 'q acme 20240310 40=1:60:0 52=1:60:0\n' | python3 "$project/tests/tools/expect.py" state/redis.sock; }
check "its history moves" wait_for 20 merged
check "not into itself" status 400 POST /v1/customers/acme/merge -d '{"into":"acme"}'
check "not one whom nobody knows" status 404 POST /v1/customers/nobody/merge -d '{"into":"acme"}'
check "not into nothing" status 400 POST /v1/customers/acme/merge -d '{}'

# Everything compared.
check "never compared" contains "$(ask GET /v1/verify)" '"state":"never"'
check "there is nothing to choose" status 400 GET '/v1/verify?deep=1'
check "nor to begin with" status 400 POST '/v1/verify?deep=1'
check "begun" status 202 POST /v1/verify
compared() { contains "$(ask GET /v1/verify)" '"state":"done"' >/dev/null; }
check "done" wait_for 60 compared
check "nothing differs" contains "$(ask GET /v1/verify)" '"differences":0'
key=$(redis-cli -s state/redis.sock --scan --pattern 'cs:{*}:*:acme*' | head -1)
check "a key is damaged" sh -c "redis-cli -s state/redis.sock DEL '$key' | grep -qx 1"
check "again" status 202 POST /v1/verify -d ''
check "which is found" wait_for 60 sh -c "curl -sS http://$address/v1/verify | grep -q '\"differences\":[1-9]'"

# Messages to others.
check "a signal is written" python3 -c '
import sqlite3
db = sqlite3.connect("state/crm.db", timeout=30)
db.execute("INSERT INTO signal(id, version, kind, subject_type, subject, severity, reason, evidence, state, first_seen,"
           " last_seen, expires) VALUES(?, 1, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
           ("e1", "surge", "customer", "acme", "critical", "so", "{}", "open", "2024-03-10T00:00:00Z",
            "2024-03-10T00:00:00Z", "2099-01-01T00:00:00Z"))
db.commit()'
dead() { contains "$(ask GET '/v1/webhook_messages?state=dead')" '"webhook":"gone"' >/dev/null; }
check "a message is given up" wait_for 40 dead
row=$(ask GET '/v1/webhook_messages?state=dead&format=csv' | sed -n '2s/,.*//p')
check "tried again" contains "$(post "/v1/webhook_messages/$row/replay")" '"replayed":1'
check "given up again" wait_for 40 dead
check "dropped" contains "$(post '/v1/webhook_messages/all/drop?webhook=gone')" '"dropped":1'
check "there is none any more" status 404 POST "/v1/webhook_messages/$row/replay" -d ''

# Reckoned as on the command line.
ask GET '/v1/erlang?calls=100&aht=180&patience=300' >over_http
cs erlang --calls 100 --aht 180 --patience 300 --json >here
check "the calculator" cmp over_http here
check "says what is wrong" contains "$(ask GET '/v1/erlang?calls=100')" 'aht is needed'
check "and what it does not know" status 400 GET '/v1/erlang?calls=1&aht=1&colour=red'
python3 -c '
import datetime
day = datetime.date(2024, 1, 1)
print("date," + ",".join("s%02d" % i for i in range(4)))
for i in range(140):
    print(day + datetime.timedelta(i), *[10 + (i % 7) * 3 + (i * 7 + s * 5) % 4 for s in range(4)], sep=",")' >calendar.csv
ask POST '/v1/backtest?first-origin=8' --data-binary @calendar.csv -H 'Content-Type: text/csv' >over_http
cs backtest --first-origin 8 --json calendar.csv >here
check "a backtest" cmp over_http here
check "of too few weeks" sh -c "head -20 calendar.csv >few.csv; curl -sS --data-binary @few.csv -H 'Content-Type: text/csv' \
    http://$address/v1/backtest | grep -q 'weeks are too few'"
check "formats" contains "$(ask GET '/v1/formats?format=csv')" 'asterisk-cdr,'
check "an orderly end" stop
finish
