#!/bin/sh
# Patterns that explode on some line or some name: the record goes to quarantine with the reason, all
# others count, and once the pattern is mended the record does, too.
. "$(dirname "$0")/lib.sh"
day=$(days_ago 1)
configure() { # PATTERN MATCH
    cat >c.conf <<EOF
state_dir = "$dir/state"
workers = 1
http { listen = "127.0.0.1:0" }
format "door" { type = "regex" pattern = '^(?<customer>\\S+) joined (?<conference>\\d+) at (?<start>\\S+) $1\$' }
feature "recording" { match = '$2' }
input "doors" { type = "http" path = "/v1/ingest/doors" format = "door" }
input "hooks" { type = "http" path = "/v1/ingest/hooks" format = "ndjson" }
EOF
}
post() { # PATH FILE TYPE
    curl -sS -H "Content-Type: $3" --data-binary "@$2" "http://$address/v1/ingest/$1" | tr -d ' '
}
reasons() { cs quarantine list --config c.conf --json | grep -o '"reason":"[^"]*"' | sort | uniq -c | tr -s ' '; }
as="aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
{
    echo "ACME joined 4711 at ${day}T10:00:00Z well"
    echo "ACME opened 4711 at ${day}T10:00:00Z well"
    echo "ACME joined 4711 at ${day}T10:00:00Z $as!"
    echo "ACME joined 4712 at ${day}T10:00:00Z well"
} >door.txt
for name in rec "$as!" other; do
    echo "{\"id\":\"$name\",\"customer\":\"FEW\",\"start\":\"${day}T10:00:00Z\",\"features\":[\"$name\"]}"
done >names.ndjson

configure '(?<reason>(a+|\w+)+)' '(rec|(a+)+)'
check "start" start c.conf
check "lines that the pattern decides are counted, the others set aside" contains \
    "$(post doors door.txt text/plain)" '"accepted":2,"duplicates":0,"quarantined":2'
check "the one that does not match" contains "$(reasons)" '1 "reason":"line does not match the pattern"'
check "the one that explodes" contains "$(reasons)" '1 "reason":"pattern: match limit of 10000 steps"'
check "a name on which a rule explodes sets its record aside" contains \
    "$(post hooks names.ndjson application/x-ndjson)" '"accepted":2,"duplicates":0,"quarantined":1'
check "and says which" contains "$(reasons)" 'match: the pattern of '
check "each time" contains "$(post hooks names.ndjson application/x-ndjson)" '"duplicates":2,"quarantined":1'

configure '(?<reason>[!-~]+)' 'rec|a+!'
kill -HUP "$daemon"
reloaded() { grep -q event=reloaded daemon.log; }
check "the patterns are mended" wait_for 20 reloaded
check "then they count, but for the line that never matches and the name that came twice" contains \
    "$(cs quarantine replay all --config c.conf)" "2 accepted, 1 duplicates, 0 ignored, 1 refused again"
check "stop" stop
finish
