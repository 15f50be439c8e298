#!/bin/sh
# Records over HTTP: answered after the commit, duplicates told apart, refused ones kept.
. "$(dirname "$0")/lib.sh"
cat >c.conf <<EOF
state_dir = "$dir/state"
http  { listen = "127.0.0.1:0" }
input "hooks" { type = "http" path = "/v1/ingest/hooks" format = "ndjson" }
input "table" { type = "http" path = "/v1/ingest/table" format = "csv" }
EOF
check "start" start c.conf
now=$(date -u -d '-1 min' +%Y-%m-%dT%H:%M:%SZ)
day=$(echo "$now" | cut -c1-10)
url=http://$address/v1/ingest
post() { curl -sS -w ' %{http_code}' "$@"; }

printf '{"id":"a","customer":"ACME","participant":"ann","conference":"c1","start":"%s","duration":60}\n' "$now" >a
printf '{"id":"b","customer":"ACME","start":"%s"}\nnot json\n' "$now" >b
answer=$(post --data-binary @a "$url/hooks")
check "accepted" contains "$answer" '"accepted":1'
check "with status 200" contains "$answer" ' 200'
check "the same again is a duplicate and a success" contains \
    "$(post --data-binary @a "$url/hooks")" '"duplicates":1'
check "a broken line costs one line" contains "$(post --data-binary @b "$url/hooks")" \
    '"quarantined":1'
printf '[{"id":"d","customer":"ACME","start":"%s"},\n {"id":"e","customer":"ACME","start":"%s"}]' \
    "$now" "$now" >array
check "a JSON array" contains \
    "$(post -H 'Content-Type: application/json' --data-binary @array "$url/hooks")" '"accepted":2'
printf 'id,customer,start,duration\nf,ACME,%s,30\n' "$now" >rows
check "CSV" contains "$(post -H 'Content-Type: text/csv' --data-binary @rows "$url/table")" '"accepted":1'
gzip -c rows >rows.gz
check "gzip" contains "$(post -H 'Content-Encoding: gzip' --data-binary @rows.gz "$url/table")" '"duplicates":1'
check "an unknown input is 404" contains "$(post --data-binary @a "$url/nobody")" ' 404'
check "GET of an ingest path is 405" contains "$(post "$url/hooks")" ' 405'
visible() {
    redis-cli -s state/redis.sock hget "$(cs redis-key --config c.conf --day "$day" ACME | sed -n 2p)" \
        "$(echo "$day" | cut -c9-10)@1" | grep -q '^5:90:0$'
}
check "visible in Redis" wait_for 10 visible
check "healthz" contains "$(post "http://$address/healthz")" ' 200'
check "readyz" contains "$(post "http://$address/readyz")" ' 200'
check "metrics end as OpenMetrics does" contains "$(curl -sS "http://$address/metrics")" '# EOF'
check "status over HTTP" contains "$(curl -sS "http://$address/v1/status")" '"accepted":5'
check "status of the command line" contains "$(cs status --config c.conf)" '5 accepted'

# Quarantine: the bytes, the reason, and a second life once the cause is mended.
check "quarantine lists the line" contains "$(cs quarantine list --config c.conf --csv)" 'hooks'
check "quarantine shows the bytes" contains "$(cs quarantine show 1 --config c.conf)" 'not json'
check "replay refuses it again" contains "$(cs quarantine replay all --config c.conf)" '1 refused again'
check "drop" contains "$(cs quarantine drop all --config c.conf)" 'dropped 1'
check "verify with the daemon running" cs verify --config c.conf
check "stop" stop
finish
