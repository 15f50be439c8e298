#!/bin/sh
# Telephone systems end to end: what they write and post is counted, once, and what is none is not.
. "$(dirname "$0")/lib.sh"
data=$project/tests/data/formats
conference=5c1a7c4e-0f0e-4b5e-9c55-0a1b2c3d4e5f.cdr.xml
mkdir logs
cat >c.conf <<EOF
state_dir = "$dir/state"
http { listen = "127.0.0.1:0" }
retention { quarter = "0" day = "0" people = "0" }
pairing { wait = "1s" grace = "1s" }
input "bridge" { type = "tail" path = "$dir/logs/Master.csv" format = "asterisk-cdr" timezone = "Europe/Berlin" }
input "events" { type = "tail" path = "$dir/logs/cel.csv" format = "asterisk-cel" }
input "json" { type = "http" format = "freeswitch-json" }
input "xml"  { type = "http" format = "freeswitch-xml" }
EOF
day_is() { # CUSTOMER YYYY-MM-DD LEGS:SECONDS:FAILED: of that day, as Redis has them
    [ "$(redis-cli -s state/redis.sock hget "$(cs redis-key --config c.conf --day "$2" "$1" | sed -n 2p)" \
        "${2##*-}@1")" = "$3" ]
}
becomes() { wait_for 30 day_is "$@"; }
post() { # INPUT FILE TYPE
    curl -sS -H "Content-Type: $3" --data-binary "@$data/freeswitch-$1/$2" \
        "http://$address/v1/ingest/$1?uuid=3da8bf84-0001"
}
check "start" start c.conf

# Asterisk: two lines of a conference and of a call of two, then the rest of a line, then the account's own file.
call() { # APP DATA DSTCHANNEL SEQUENCE TIME
    printf '"acme","1001","8600","in","""Ann"" <1001>","PJSIP/1001-2a","%s","%s","%s","2026-02-01 %s","2026-02-01 %s","2026-02-01 23:59:00",600,600,"ANSWERED","DOCUMENTATION","17.%s","","","17.1",%s\n' \
        "$3" "$1" "$2" "$5" "$5" "$4" "$4"
}
{
    call ConfBridge 4711,default_bridge '' 1 10:00:00
    call Dial PJSIP/1002 PJSIP/1002-2b 2 10:00:00
    call ConfBridge 4711,default_bridge '' 3 10:05:00
} >logs/Master.csv
check "legs of Master.csv are counted, in the server's zone" becomes acme 2026-02-01 2:1200:0
call ConfBridge 4712 '' 4 23:40:00 >line
head -c 90 line >>logs/Master.csv
check "a call of two parties is left out, and counted as that" wait_for 20 says '1 ignored'
tail -c +91 line >>logs/Master.csv
check "a line counts when it is whole" becomes acme 2026-02-01 3:1800:0
cat "$data/asterisk-cel/Master.csv" >logs/cel.csv
check "joins and leaves of channel events become legs" becomes acme 2026-03-01 2:3500:0

# FreeSWITCH: one leg in every way that it may come, wrong Content-Types included.
check "JSON as it is" contains "$(post json leg.json application/json)" '"accepted":1'
check "as a form" contains "$(post json leg.form application/x-www-form-urlencoded)" '"duplicates":1'
check "in base64" contains "$(post json leg.base64 application/x-www-form-base64-encoded)" '"duplicates":1'
check "under a type that says otherwise" contains \
    "$(post json leg.json application/x-www-form-urlencoded)" '"duplicates":1'
check "a call of two parties is taken and left out" contains \
    "$(post json two_parties.json application/json)" '"ignored":1'
check "the same leg in XML" contains "$(post xml leg.xml text/xml)" '"duplicates":1'
check "behind a form's name, not encoded" contains \
    "$(post xml leg.plain application/x-www-form-plaintext)" '"duplicates":1'
check "one leg, however often it came" becomes acme 2026-03-01 3:5300:0

# A whole conference: the id is the file's name, who was not let in is demand that failed.
cs import --config c.conf --format freeswitch-conference --json "$data/freeswitch-conference/$conference" >import.json
check "an imported conference is counted" contains "$(cat import.json)" '"accepted":7'
check "with those who were rejected" becomes example.org 2026-03-01 3:5900:3
cp "$data/freeswitch-conference/$conference" "logs/$conference"
cs import --config c.conf --format freeswitch-conference --json "logs/$conference" >import.json
check "once" contains "$(cat import.json)" '"accepted":0'
head -c 900 "logs/$conference" >logs/half.cdr.xml
cs import --config c.conf --format freeswitch-conference --json logs/half.cdr.xml >import.json
check "half a file counts nothing, and says so" contains "$(cs quarantine list --config c.conf --csv)" 'xml: '
cs import --config c.conf --format asterisk-ami --source ami --json "$data/asterisk-ami/conference.log" >import.json
check "a log of the manager interface becomes legs" becomes acme 2026-03-01 6:16040:0
cs import --config c.conf --format freeswitch-esl --source esl --json "$data/freeswitch-esl/conference.log" >import.json
check "one of the event socket as well" becomes acme 2026-03-01 7:17839:0
check "all three stores agree" cs verify --config c.conf
check "stop" stop
finish
