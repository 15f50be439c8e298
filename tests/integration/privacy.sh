#!/bin/sh
# People are counted and not named, secrets are not kept, and what is refused is masked when shown.
. "$(dirname "$0")/lib.sh"
cat >c.conf <<EOF
state_dir = "$dir/state"
timezone = "UTC"
log_level = "debug"
fold_interval = "50ms"
analytics_interval = "50ms"
privacy { participants = "hash" }
retention { people = "0" feature_people = "0" quarter = "0" }
http { listen = "127.0.0.1:0" }
input "calls" { type = "http" format = "ndjson" }
input "columns" { type = "http" format = "columns" }
input "fixed" { type = "http" format = "fixed" }
input "pattern" { type = "http" format = "pattern" }
input "switch" { type = "http" format = "freeswitch-json" }
input "cucm" { type = "http" format = "cisco-cucm" }
input "mapped" { type = "http" format = "mapped" }
format "columns" { type = "csv" header = "yes" map = {"customer=Account"} }
format "mapped" { type = "csv" header = "yes" map = {"customer=PIN"} }
format "fixed" { type = "fixed" columns = {"customer:1-4", "Guest PIN:6-9", "start:11-20"} }
format "pattern" { type = "regex" pattern = '(?<customer>\\S+) (?<password>\\S+) (?<start>.+)' }
EOF
sed 's/participants = "hash"/participants = "plain"/; s/state"/plain"/' c.conf >plain.conf
printf 'id,name,aliases,numbers,domains\nACME,Acme,,+4930,\nBETA,Beta,,,beta.example\n' >list.csv
at='"start":"2026-03-01T09:00:00Z","duration":60'
leg() { printf '{"participant":"%s",%s,"participant_name":"Wilhelmine %s","agent":"Ottokar"}\n' "$1" "$at" "$1"; }
{
    leg +49301234567
    leg +49301234567
    leg +49307654321
    leg lieselotte@beta.example
    printf '{"kind":"visit","customer":"ACME","participant":"lieselotte@beta.example","agent":"Ottokar",%s}\n' "$at"
    printf '{"kind":"join","customer":"ACME","conference":"c1","participant":"lieselotte@beta.example",%s}\n' \
        '"start":"2026-03-01T10:00:00Z"'
    printf '{"kind":"join","customer":"ACME","conference":"c1","leg":"SIP/lieselotte-1","participant":"open@x.example",%s}\n' \
        '"start":"2026-03-01T10:05:00Z"'
    printf '{"kind":"leave","conference":"c1","participant":"lieselotte@beta.example",%s}\n' \
        '"start":"2026-03-01T10:10:00Z"'
} >calls.ndjson
cat >bad.ndjson <<EOF
{"customer":"ACME","participant":"+49309998877","start":"never","password":"sesam","token":"oeffne"}
EOF
send() { curl -sS --fail-with-body -H 'content-type: application/x-ndjson' --data-binary @"$1" "http://$address/v1/ingest/calls"; }
customers() { cs customer import --config "$1" list.csv; }

check "customers" customers c.conf
check "start" start c.conf
check "customers are found by numbers and domains" contains "$(send calls.ndjson)" '"accepted":8'
check "a refused one" contains "$(send bad.ndjson)" '"quarantined":1'
settled() { cs quarantine list --config c.conf --csv | grep -q 'not a time'; }
check "it is listed" wait_for 30 settled
check "the key is its owner's alone" equals "$(stat -c '%a %s' state/privacy.key)" "600 32"
check "shown with numbers masked" contains "$(cs quarantine show --config c.conf 1)" '"participant":"+*********77"'
check "or not, if asked for" contains "$(cs quarantine show --config c.conf 1 --unmasked)" '"+49309998877"'
check "secrets are gone" contains "$(cs quarantine show --config c.conf 1 --unmasked)" \
    '"password":"xxxxx","token":"xxxxxx"'
post() { # INPUT TYPE TEXT
    printf "$3" | curl -sS --fail-with-body -H "content-type: $2" --data-binary @- "http://$address/v1/ingest/$1"
}
check "columns named by a header" contains \
    "$(post columns text/csv 'Account,Meeting Password,start\nACME,"kuckuck ""ei""",never\n')" '"quarantined":1'
check "columns named by a format" contains "$(post fixed text/plain 'ACME 4711 never     \n')" '"quarantined":1'
check "groups of a pattern" contains "$(post pattern text/plain 'ACME rumpelstilz never\n')" '"quarantined":1'
check "and a body in base64" contains "$(post switch application/x-www-form-base64-encoded "cdr=$(
    printf '{"variables":{"uuid":"u1","conference_pin":"wunderhorn","start_epoch":"never"}}' | base64 -w 0)")" '"quarantined":1'
check "a code that a caller dialled" contains "$(post cucm text/csv "$(printf '%s' \
    '"cdrRecordType","globalCallID_callId","pkid","dateTimeOrigination","authorizationCodeValue"\n' \
    '3,7,"p",1772355600,"wolkenbruch"\n')")" '"quarantined":1'
check "a column that a map uses" contains "$(post mapped text/csv 'PIN,start\nnebelkerze,never\n')" '"quarantined":1'
refused() { cs quarantine show --config c.conf "$1" --unmasked; }
check "are told apart by their names" contains "$(refused 2)" 'ACME,"xxxxxxxxxxxxxx",never'
check "digits stay digits" contains "$(refused 3)" 'ACME 0000 never'
check "a word stays as long as it was" contains "$(refused 4)" 'ACME xxxxxxxxxxx never'
check "and base64 can still be read" contains "$(refused 5 | sed -n 's/.*cdr=//p' | base64 -d)" '"conference_pin":"xxxxxxxxxx"'
check "the code is gone" contains "$(refused 6)" '"p",1772355600,"xxxxxxxxxxx"'
check "what a map uses is there to be read again" contains "$(refused 7)" 'nebelkerze,never'
people="SELECT customer, legs, participants FROM customer_day ORDER BY customer"
rows() { python3 -c 'import sqlite3, sys
for row in sqlite3.connect(sys.argv[1]).execute(sys.argv[2]): print(*row, sep="|")' "$@"; }
counted() { rows state/crm.db "$people" | grep -q 'ACME|4|3' && rows state/crm.db 'SELECT raw FROM quarantine' | grep .; }
check "people are counted" wait_for 30 counted
check "stop" stop
nowhere() { # NAME...: in no file of the state folder and not in the log
    for name in "$@"; do
        ! grep -rlaF "$name" state daemon.log 2>/dev/null | grep . || return 1
    done
}
check "names are nowhere" nowhere lieselotte Wilhelmine Ottokar open@x.example 1234567 7654321
check "nor are secrets" nowhere sesam oeffne kuckuck 4711 rumpelstilz wunderhorn wolkenbruch d3VuZGVyaG9yb bmRlcmhvc
check "in the store what was refused is masked" contains \
    "$(rows state/crm.db 'SELECT raw FROM quarantine')" '+*********77'
customers plain.conf >/dev/null
cs import --config plain.conf --format ndjson calls.ndjson >/dev/null 2>&1
check "people are as many as with their names" equals "$(rows state/crm.db "$people" | grep BETA)" \
    "$(rows plain/crm.db "$people" | grep BETA)"
cp state/privacy.key key
: >state/privacy.key
check "a key that is none is not replaced" sh -c "! '$bin/callswell' import --config c.conf --format ndjson calls.ndjson 2>err"
check "and said" grep -q 'privacy.key is no key' err
cp key state/privacy.key
check "with its key back all goes on" cs import --config c.conf --format ndjson bad.ndjson
finish
