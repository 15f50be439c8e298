#!/bin/sh
# What services post: questions answered, signatures checked, repeats counted once; curl is the sender and
# openssl makes the signatures.
. "$(dirname "$0")/lib.sh"
export ZOOM_SECRET='zoom "secret"' TWILIO_TOKEN=twilio-token
public=https://calls.example.com/v1/ingest
cat >c.conf <<EOF
state_dir = "$dir/state"
http  { listen = "127.0.0.1:0" }
input "zoom" { type = "http" format = "zoom-webhook" signature = "zoom" secret = "\${ZOOM_SECRET}" }
input "token" { type = "http" format = "zoom-webhook" signature = "token" secret = "s3cret" source = "t" }
input "twilio" { type = "http" format = "twilio-conference" signature = "twilio" secret = "\${TWILIO_TOKEN}"
    url = "$public/twilio" }
input "graph" { type = "http" format = "teams-callrecord" signature = "graph" secret = "client state" }
input "records" { type = "http" format = "teams-callrecord" }
input "guarded" { type = "http" format = "teams-callrecord" signature = "token" secret = "s3cret" }
input "open" { type = "http" format = "zoom-webhook" source = "o" }
EOF
now=$(date +%s)
hex() { sed 's/^.*= *//'; }
hmac() { openssl dgst "-$1" -mac HMAC -macopt "hexkey:$(printf %s "$2" | od -An -tx1 | tr -d ' \n')" | hex; }
post() { # INPUT BODY [CURL'S OPTIONS...]: answer and status
    post_input=$1 post_body=$2
    shift 2
    curl -sS -w ' %{http_code}' "$@" --data-binary "$post_body" "http://$address/v1/ingest/$post_input"
}
zoom() { # BODY [SECONDS AGO] [SECRET]
    zoom_time=$((now - ${2:-0}))
    post zoom "$1" -H 'Content-Type: application/json; charset=utf-8' -H "x-zm-request-timestamp: $zoom_time" \
        -H "x-zm-signature: v0=$(printf 'v0:%s:%s' $zoom_time "$1" | hmac sha256 "${3:-$ZOOM_SECRET}")"
}
figure() { curl -sS "http://$address/metrics" | sed -n "s/^callswell_$1{input=\"$2\"} //p"; }
event() { # NAME PERSON [MORE OF THE PARTICIPANT]
    printf '{"event":"meeting.%s","event_ts":%s000,"payload":{"account_id":"acme","object":{"id":"1","uuid":"u/1==",%s' \
        "$1" "$((now - 60))" "\"duration\":60,\"participant\":{\"user_id\":\"$2\",\"participant_uuid\":\"p-$2\"}}}}"
}
check "start" start c.conf

question='{"event":"endpoint.url_validation","payload":{"plainToken":"qgg8vlvZRS6UYooatFL8Aw"},"event_ts":1}'
answer=$(printf %s qgg8vlvZRS6UYooatFL8Aw | hmac sha256 "$ZOOM_SECRET")
check "Zoom's question is answered" equals "$(zoom "$question")" \
    "{\"plainToken\":\"qgg8vlvZRS6UYooatFL8Aw\",\"encryptedToken\":\"$answer\"} 200"
check "but not to somebody else" contains "$(zoom "$question" 0 other)" ' 401'
check "a signed event is taken" contains "$(zoom "$(event sharing_started ann)")" '"quarantined":0'
check "the same again is a duplicate and a success" contains "$(zoom "$(event sharing_started ann)")" \
    '"duplicates":1'
check "a wrong signature is 401" contains "$(zoom "$(event sharing_started bob)" 0 wrong)" ' 401'
check "an old one too" contains "$(zoom "$(event sharing_started bob)" 301)" ' 401'
check "and none" contains "$(post zoom "$(event sharing_started bob)")" ' 401'
check "what is no usage is left out, with success" contains "$(zoom "$(event sharing_ended ann)")" '"ignored":1'
check "no JSON is a refused record and a success" contains "$(zoom '{"event"')" '"quarantined":1'
check "refused senders are counted" equals "$(figure feed_strangers_total zoom)" 4
check "and logged" grep -q 'event=sender_refused input=zoom' daemon.log
check "no secret is in the log" sh -c '! grep -q "zoom.*secret\|s3cret" daemon.log'

check "a shared secret as it is" contains \
    "$(post token "$(event sharing_started ann)" -H 'Authorization: s3cret')" '"quarantined":0'
check "behind Bearer" contains \
    "$(post token "$(event sharing_started ann)" -H 'Authorization: Bearer s3cret')" '"duplicates":1'
check "a wrong one" contains "$(post token x -H 'Authorization: Bearer s3cre')" ' 401'
for type in application/x-www-form-urlencoded text/html application/json ''; do
    check "documents come as type \"$type\"" contains \
        "$(post open "$(event sharing_started ann)" -H "Content-Type: $type")" ' 200'
done
check "GET is for those who send so" contains "$(curl -sS -w ' %{http_code}' "http://$address/v1/ingest/open?a=b")" ' 405'

# Twilio: the form in any order of its names, in the body or in the query.
form="AccountSid=AC1&ConferenceSid=CF1&SequenceNumber=1&StatusCallbackEvent=participant-mute&CallSid=CA1"
form="$form&Timestamp=$(date -u -d '-1 min' '+%a%%2C+%d+%b+%Y+%T+%%2B0000')"
twilio_sign() { # TEXT
    printf %s "$1" | openssl dgst -sha1 -hmac "$TWILIO_TOKEN" -binary | base64
}
sorted() { # FORM: names and values, decoded
    printf %s "$1" | tr '&' '\n' | LC_ALL=C sort | sed 's/=//; s/+/ /g; s/%2C/,/g; s/%2B/+/g' | tr -d '\n'
}
signed=$(twilio_sign "$public/twilio$(sorted "$form")")
check "a signed form is taken" contains "$(post twilio "$form" -H "X-Twilio-Signature: $signed")" '"accepted":1'
check "the same again is a duplicate" contains "$(post twilio "$form" -H "X-Twilio-Signature: $signed")" \
    '"duplicates":1'
check "another form with that signature is 401" contains \
    "$(post twilio "$form&x=1" -H "X-Twilio-Signature: $signed")" ' 401'
check "signed for another address is 401" contains \
    "$(post twilio "$form" -H "X-Twilio-Signature: $(twilio_sign "$public/other$(sorted "$form")")")" ' 401'
asked=$(echo "$form" | sed 's/SequenceNumber=1/SequenceNumber=2/')
check "GET brings it in the query" contains "$(curl -sS -w ' %{http_code}' \
    -H "X-Twilio-Signature: $(twilio_sign "$public/twilio?$asked")" "http://$address/v1/ingest/twilio?$asked")" \
    '"accepted":1'
check "an unsigned GET is 401" contains "$(curl -sS -w ' %{http_code}' "http://$address/v1/ingest/twilio?$asked")" ' 401'
token_of() { post twilio "$1" -H "I-Twilio-Idempotency-Token: t1" -D head \
    -H "X-Twilio-Signature: $(twilio_sign "$public/twilio$(sorted "$1")")"; }
again=$(echo "$form" | sed 's/SequenceNumber=1/SequenceNumber=3/')
check "with Twilio's token" contains "$(token_of "$again")" '"accepted":1'
check "it comes again with the same answer" contains "$(token_of "$again")" '"accepted":1'
check "and says so" grep -qi '^Idempotent-Replayed: true' head

# Microsoft Graph: an empty POST asks first; notifications have no records.
ask() { # INPUT QUERY [CURL'S OPTIONS...]
    ask_url="http://$address/v1/ingest/$1?$2"
    shift 2
    curl -sS -X POST -D head -w ' %{http_code} %{content_type}' -H 'Content-Type: text/plain; charset=utf-8' "$@" "$ask_url"
}
asked=validationToken=Validation%3a+Testing+client%20application+Request-Id%3a+522a8e7e%2Bx
for input in graph records; do
    check "Graph's question to $input is answered as it was meant" equals "$(ask $input $asked)" \
        'Validation: Testing client application Request-Id: 522a8e7e+x 200 text/plain'
    check "as text and nothing else" grep -qi '^X-Content-Type-Options: nosniff' head
    check "also with a length" contains "$(ask $input "a=b&$asked" -d '')" ' 200 text/plain'
    for odd in '' a%0d%0ab a%00 %3cscript%3e %c3%a4 "$(printf %01025d 0)"; do
        check "a token that is none of Graph's" contains "$(ask $input "validationToken=$odd")" ' 400 '
    done
done
check "1024 bytes are a token" contains "$(ask graph "validationToken=$(printf %01024d 0)")" '0 200 text/plain'
check "who asks another format is told that records are missing" contains "$(ask open $asked)" ' 411 '
check "where a secret is wanted, there, too" contains "$(ask guarded $asked)" ' 401 '
check "who has it is answered" contains "$(ask guarded $asked -H 'Authorization: Bearer s3cret')" ' 200 text/plain'
check "no page of another site asks" contains "$(ask records $asked -H 'Origin: https://evil.example')" ' 403 '
check "no GET" contains "$(curl -sS -w ' %{http_code}' "http://$address/v1/ingest/graph?$asked")" ' 405'
notice() { # CLIENT STATE [MORE]
    printf '{"value":[{"subscriptionId":"s","clientState":"%s","changeType":"created","resource":"communications/%s' \
        "$1" "callRecords/c1\",\"resourceData\":{\"id\":\"c1\"}}${2:-}]}"
}
left='{"accepted":0,"duplicates":0,"quarantined":0,"ignored":1,'
for input in graph records; do
    check "a notification to $input is 202 and left out" contains "$(post $input "$(notice 'client state')")" "$left"
    check "its status" contains "$(post $input "$(notice 'client state')")" ' 202'
done
check "another clientState is refused" contains "$(post graph "$(notice other)")" ' 401'
check "one among others, too" contains "$(post graph "$(notice 'client state' ',{"subscriptionId":"s"}')")" ' 401'
teams() { # WHEN
    printf '{"id":"c1","version":1,"type":"groupCall","organizer_v2":{"identity":{"user":{"tenantId":"acme"}}},%s' \
        "\"sessions\":[{\"id\":\"s\",\"startDateTime\":\"$1\",\"endDateTime\":\"$1\",\"caller\":{\"identity\":{\"guest\":{\"id\":\"g\"}}}}]}"
}
fetched=$(teams "$(date -u -d '-1 min' +%FT%TZ)")
check "records are not for the address of notifications" contains "$(post graph "$fetched")" ' 401'
check "what was fetched counts, with 200" contains "$(post records "$fetched")" '"accepted":1'
check "status says why they were left out" sh -c \
    "curl -sS http://$address/v1/status | grep -q 'a notification: the record is to be fetched'"
check "stop" stop
sed -i 's/secret = "\\\?${ZOOM_SECRET}"/secret = "other"/' c.conf
check "start with another secret" start c.conf
check "the old one is wrong" contains "$(zoom "$(event sharing_started bob)")" ' 401'
check "the new one is right" contains "$(zoom "$(event sharing_started bob)" 0 other)" ' 200'
check "stop" stop

# Synthetic meetings with Zoom's habits: what they come to is known, by HTTP and by import.
begin=$(date -u -d "$(days_ago 1)T03:00:00Z" +%s)
python3 "$project/tests/tools/zoom_synthetic.py" --seed 7 --begin "$begin" --out zoom.json --truth truth.json
truth_of() { python3 -c 'import json, sys; print(json.load(open("truth.json"))[sys.argv[1]])' "$1"; }
counted_is_true() { # STATE: legs and seconds exactly, people (HyperLogLogs of Redis) within one
    python3 - "$1/crm.db" <<'EOF'
import json, sqlite3, sys
rows = sqlite3.connect("file:%s?mode=ro" % sys.argv[1], uri=True).execute(
    "SELECT customer, sum(legs), sum(seconds), sum(participants) FROM customer_day GROUP BY customer").fetchall()
found = {r[0]: r[1:] for r in rows if r[0].startswith("account-")}
wanted = {n: (a["legs"], a["seconds"], a["people"]) for n, a in json.load(open("truth.json"))["accounts"].items()}
print(found, wanted)
sys.exit(found.keys() != wanted.keys() or any(
    found[n][:2] != w[:2] or abs(found[n][2] - w[2]) > 1 for n, w in wanted.items()))
EOF
}
cat >>c.conf <<EOF
fold_interval = "100ms"
analytics_interval = "100ms"
pairing { wait = "1s" grace = "1s" }
EOF
sed 's|"'"$dir"'/state"|"'"$dir"'/imported"|' c.conf >i.conf
check "import" cs import --config i.conf --format zoom-webhook zoom.json
check "imported meetings are what they were" counted_is_true imported
check "start for meetings" start c.conf
now=$(date +%s)
split -l 20 zoom.json part.
for part in part.*; do
    zoom "$(cat $part)" 0 other >>answers
    echo >>answers
done
check "every part is taken" equals "$(grep -c ' 200$' answers)" "$(ls part.* | wc -l)"
check "what came again is a duplicate" equals \
    "$(grep -o '"duplicates":[0-9]*' answers | awk -F: '{n += $2} END {print n}')" "$(truth_of again)"
check "what came first is accepted" equals \
    "$(grep -o '"accepted":[0-9]*' answers | awk -F: '{n += $2} END {print n}')" "$(truth_of first)"
check "posted meetings are what they were" wait_for 60 counted_is_true state
check "all agree" cs verify --config c.conf
check "stop" stop
finish
