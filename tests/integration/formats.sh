#!/bin/sh
# What people see of formats: the list, the notes, how a file is read, and one found for a file.
. "$(dirname "$0")/lib.sh"
unset CALLSWELL_CONFIG
narrow() { ! grep -nE '^.{81}' "$1"; }

# --- list and show ---
cs formats --csv | sed '1d; s/,.*//' | sort >listed
sed -n 's/^format "\(.*\)" {$/\1/p' "$project"/config/formats.d/*.conf | sort >shipped
check "every shipped format is listed" cmp listed shipped
for name in $(cat shipped); do
    cs formats show "$name" >shown
    check "$name is shown with its notes" sh -c "grep -q '^#' shown && grep -q '^format \"$name\" {' shown"
done
check "a format that is none" sh -c "! '$bin/callswell' formats show morse"
cat >own.conf <<EOF
state_dir = "$dir/state"
http { listen = "" }
format "switch" {
    type = "regex"
    pattern = '^(?<customer>\\\\S+) it\\'s "(?<start>[^"]+)" \$x\${HOME}'
    map = {"customer=customer"}
    units = {"duration=minutes"}
}
EOF
sed 1,2d own.conf >own.section
cs formats show switch --config own.conf >again.section
{ sed 2q own.conf; cat again.section; } >again.conf
cs formats show switch --config again.conf >third.section
check "one's own is shown as a section that means the same" cmp again.section third.section
check "its pattern is whole" grep -q '\\\\S+) it' again.section

# --- test ---
cat >calls.csv <<EOF
customer,start,duration,Room,colour
acme,2026-03-01T09:00:00Z,60,4711,red
acme,yesterday,60,4711,red
"Ünïted, Inc.",2026-03-01T09:01:00Z,60,4711,a rather long text that does not fit into a line of eighty columns by itself
,2026-03-01T09:01:00Z,60,4711,red
EOF
cs formats test calls.csv --format csv >shown
check "what was read" grep -q '^record 1, line 2: read' shown
check "its fields and their columns" grep -Eq '^  start +2026-03-01T09:00:00Z +<- start' shown
check "what feeds nothing" grep -q '^  not mapped: Room, colour' shown
check "what was refused, and where" grep -q '^record 2, line 3: refused at its byte' shown
check "with the reason" grep -q '^  start: not a time' shown
check "without a customer" grep -q '^  customer: missing' shown
check "all together" grep -q '^4 records: 2 read, 0 left out, 2 refused' shown
check "in 80 columns" narrow shown
doc_format() { # PAGE NAME: a section that the page shows
    printf 'state_dir = "%s/doc.state"\nredis { url = "managed" }\n' "$dir"
    sed -n '/^    format "'"$2"'"/,/^    }/p' "$project/docs/formats/$1.md"
}
cat >rooms.json <<EOF
{"participants": [{"id": "P1", "user_id": "7", "user_email": "a@acme.example", "duration": 60,
  "join_time": "2026-03-01T09:00:00Z", "leave_time": "2026-03-01T09:01:00Z"}]}

{"participants": []}
{"participants": [{"id": "P1", "user_id": "7", "user_email": "a@acme.example", "duration": 30,
  "join_time": "2026-03-01T09:05:00Z", "leave_time": "2026-03-01T09:05:30Z"}]}
EOF
doc_format zoom-report zoom-rest >rooms.conf
"$bin/callswell" formats test rooms.json --format zoom-rest --config rooms.conf >shown
check "documents stand on the lines on which they begin" grep -q '^record 3, line 5: read' shown
check "what is made of columns comes before a column of the field's name" \
    grep -q '^  id  *7:2026-03-01T09:05:00Z$' shown
check "which feeds nothing" grep -q '^  not mapped: id' shown
cat >telephone.json <<EOF
{"next_page_token": "", "telephony_usage": [{"meeting_id": 812, "phone_number": "4930111", "dept": "acme", "duration": 3,
  "start_time": "2026-03-01T09:00:00Z", "end_time": "2026-03-01T09:02:10Z", "total": 0.15, "country_name": "DE"}]}
EOF
doc_format zoom-report zoom-telephone >telephone.conf
"$bin/callswell" formats test telephone.json --format zoom-telephone --config telephone.conf >shown
check "lengths of Zoom's telephone report are minutes" grep -q '^  duration  *180 s ' shown
cat >phone.json <<EOF
{"event":"phone.caller_call_log_completed","payload":{"account_id":"A","object":{"call_logs":[{"id":"1","call_id":"c",
  "callee_number":"4930111","date_time":"2026-03-01T09:00:00Z","duration":60,"result":"Call connected"}]}}}
{"event":"phone.callee_call_log_completed","payload":{"account_id":"A","object":{"call_logs":[{"id":"2","call_id":"c",
  "callee_number":"4930111","date_time":"2026-03-01T09:00:00Z","duration":60,"result":"Call connected"}]}}}
{"event":"phone.caller_ended","payload":{"account_id":"A","object":{"call_id":"d","handup_result":"Call connected"}}}
EOF
doc_format zoom-webhook zoom-phone >phone.conf
check "a telephone call that both of its sides tell" contains \
    "$(cs import --config phone.conf --format zoom-phone phone.json --json)" '"accepted":1,"duplicates":1'
telephoned() { # SIDE RESULT AND TIMES
    printf '{"event":"phone.%s_call_element_completed","event_ts":1,"payload":{"account_id":"%s","object":{"call_elements":[%s' \
        "$1" Q "{\"call_id\":\"q\",\"start_time\":\"2026-03-01T10:00:00Z\",$2}]}}}" >telephoned.json
    cs import --config phone.conf --format zoom-phone telephoned.json >/dev/null
}
usage() { # CUSTOMER: legs, seconds, failed
    python3 -c 'import sqlite3, sys
print(*sqlite3.connect("doc.state/crm.db").execute("SELECT legs, seconds, failed FROM customer_day WHERE customer = ?",
    sys.argv[1:]).fetchone())' "$1"
}
talked='"result":"answered","answer_time":"2026-03-01T10:00:10Z","end_time":"2026-03-01T10'
telephoned callee '"result":"no_answer"'
check "a call that rang somewhere in vain" equals "$(usage Q)" "0 0 1"
telephoned callee "$talked:01:10Z\""
check "and was answered elsewhere" equals "$(usage Q)" "1 60 0"
telephoned callee '"result":"ring_timeout"'
telephoned caller "$talked:03:10Z\""
check "is as long as its caller says" equals "$(usage Q)" "1 180 0"
echo '2,"192.0.2.10",0,"a@h","4930111","8600",600,"10:25:01.400 UTC FEB 16 2026","acme",,7' >sbc.csv
doc_format oracle-sbc our-sbc >sbc.conf
"$bin/callswell" formats test sbc.csv --format our-sbc --config sbc.conf >shown
check "columns of a border controller that are listed" grep -q '^  start  *2026-02-16T10:15:01Z' shown
cs formats test calls.csv --format csv --limit 1 >shown
check "as many as wanted" equals "$(grep -c '^record' shown)" 1
check "but all are counted" grep -q '^4 records' shown
check "as JSON" python3 -c 'import json, sys
v = json.load(sys.stdin)
assert (v["read"], v["refused"], v["whole"]) == (2, 2, True), v
one, two = v["records"][:2]
assert one["fields"]["customer"] == "acme" and one["offset"] == 36, one
assert {"name": "Room", "text": "4711", "field": None} in one["columns"], one
assert two["result"] == "refused" and two["reason"] == "start: not a time" and two["fields"] == {}, two
' <<EOF
$(cs formats test calls.csv --format csv --json)
EOF
uuid=5c1a7c4e-0f0e-4b5e-9c55-0a1b2c3d4e5f
cs formats test "$project/tests/data/formats/freeswitch-conference/$uuid.cdr.xml" --format freeswitch-conference >shown
check "a conference is known by the name of its file" grep -q "^  conference  *$uuid\$" shown
check "what a parser takes without a map" grep -q '^  participant  *1001  *<- caller_id_number$' shown
check "is not said to be mapped nowhere" sh -c "! grep -q 'not mapped:.*caller_id_number' shown"
cs formats test "$project/tests/data/formats/freeswitch-esl/conference.log" --format freeswitch-esl --limit 3 >shown
check "the one of two mapped columns that there is" grep -q '^  customer  *acme  *<- variable_accountcode$' shown
check "one of each reason that records are left out for" equals "$(grep -cx '  no event' shown)" 1
check "so others are shown" equals "$(grep -c '^record' shown)" 3
cs formats test "$project/tests/data/formats/radius/calls.json" --format radius >shown
check "a leave is a moment, and its duration lies before it" sh -c "grep -q '^  duration  *595 s' shown &&
    ! grep -q '^  end ' shown"
cs formats test "$project/tests/data/formats/teams-callrecord/group.json" --format teams-callrecord >shown
check "what voids an earlier record needs no customer" grep -q '^7 records: 6 read, 1 left out, 0 refused' shown
cat >long.json <<EOF
{
  "calls": [{"customer": "acme", "start": "2026-03-01T09:00:00Z"},
    {"customer": "acme", "start": "2026-03-01T09:05:00Z"}]
}
EOF
cs formats test long.json --format ndjson >shown
check "a document of several lines is none of JSON lines" grep -q '^It begins with a JSON document of several lines' shown
check "which is said in 80 columns" narrow shown
check "and what helps does" contains "$(cs formats guess long.json)" "reads 2 of 2 records"
check "programs are told, too" contains "$(cs formats test long.json --format csv --json)" '"hint":"It begins'
printf '\n\n{"customer":"acme"}\n{"customer":"b"}\n' >short.json
check "bad lines are not taken for one" sh -c "! '$bin/callswell' formats test short.json --format ndjson | grep 'It begins'"
cat >longer.csv <<EOF
customer,start,end,duration
$(printf 'acme\001\002\003\004\005\006\007\010\011\013\014\016\017\020\021'),2026-03-01T09:00:00Z,2026-03-01T09:00:05Z,7
acme,2026-03-01T09:00:00Z,2026-03-01T09:00:05Z,7
EOF
cs formats test longer.csv --format csv >shown
check "an end that the duration contradicts is not the column's" grep -q '^  end  *2026-03-01T09:00:07Z$' shown
check "bytes that are no text, in 80 columns" narrow shown
check "packed, from standard input" sh -c "gzip -c calls.csv | '$bin/callswell' formats test - --format csv"
check "nothing is counted" test ! -e state
check "a file of something else" sh -c "! '$bin/callswell' formats test calls.csv --format ndjson >shown"
check "says so" grep -q '^4 records\|^5 records: 0 read' shown
check "a header without a time" sh -c "printf 'a,b\n1,2\n' | '$bin/callswell' formats test - --format csv |
    grep -q '^nothing is read: header'"
check "a file that is none" sh -c "! '$bin/callswell' formats test none.csv --format csv"

# --- guess: what is proposed is pasted, and reads the file ---
cat >g1.csv <<EOF
Account;Room;Caller;Begin;End;Secs;Result;Features
acme;4711;ann;01.03.2026 09:00:00;01.03.2026 09:30:00;1800;ok;rec
beta;4712;bob;13.03.2026 09:10:00;13.03.2026 09:12:00;120;weird;
acme;4711;cee;01.03.2026 09:20:00;01.03.2026 09:30:00;600;ok;video
EOF
cat >g2.json <<EOF
{"sys":"x","report":{"calls":[{"callId":"1","org":{"id":"acme"},"startTime":"2026-03-01T09:00:00Z",
"durationMs":90000},{"callId":"2","org":{"id":"beta"},"startTime":"2026-03-01T09:01:00Z","durationMs":60000}]}}
EOF
cat >g3.txt <<EOF
20260301 0900 acme    0015 X
20260301 0905 beta    0117 Y
20260301 0910 acme    0005 X
EOF
cat >g4.log <<EOF
{"uid":1,"tenant":"a","times":{"begin":1772355600,"end":1772355700}}
{"uid":2,"tenant":"b","times":{"begin":1772355601,"end":1772355800}}
EOF
printf '2026-03-01\t09:00:00\tacme\t00:10:00\n2026-03-01\t09:10:00\tacme\t00:20:00\n' >g5.tsv
cat >g6.xml <<EOF
<?xml version="1.0"?>
<report switch="S1"><call id="1"><times><begin>2026-03-01T09:00:00Z</begin></times><client>a</client></call>
<call id="2"><times><begin>2026-03-01T09:01:00Z</begin></times><client>b</client></call></report>
EOF
cat >g7.json <<EOF
[{"who": "ann", "client": "acme", "joined": 1772355600000, "left": 1772355660000},
 {"who": "bob", "client": "acme", "joined": 1772355600000, "left": 1772355720000}]
EOF
cat >g8.json <<EOF
{"tenant": "acme", "rooms": [{"room": 1, "people": [{"who": "ann", "joined": 1772355600, "left": 1772355660},
  {"who": "bob", "joined": 1772355600, "left": 1772355660}]}, {"room": 2, "people": [{"who": "cy",
  "joined": 1772355600, "left": 1772355630}]}]}
EOF
reads() { # FILE RECORDS SECONDS: by the section that is proposed for it
    rm -rf g.state
    cs formats guess "$1" >g.section || return 1
    narrow g.section || return 1
    { printf 'state_dir = "%s/g.state"\nhttp { listen = "" }\n' "$dir"; cat g.section; } >g.conf
    cs validate g.conf || return 1
    cs import --config g.conf --format mine --json "$1" >g.out 2>g.err
    python3 - "$2" "$3" <<'EOF'
import json, sqlite3, sys
n = json.load(open("g.out"))
assert n["accepted"] == int(sys.argv[1]) == n["records"], n
seconds, = sqlite3.connect("g.state/crm.db").execute("SELECT sum(seconds) FROM customer_day").fetchone()
assert seconds == int(sys.argv[2]), seconds
EOF
}
cs formats guess "$project/tests/data/formats/opensips-acc/calls.log" >shown
check "a log of a shipped format" grep -q 'format = "opensips-acc" reads it' shown
grep 'call ended\|method=BYE' "$project/tests/data/formats/opensips-acc/calls.log" | head -n 3 |
    sed 's/;account=.*//' >unowned.log
cs formats guess unowned.log >shown
check "one whose customers are missing is recognised" grep -q '^# opensips-acc recognises it and refuses [0-9]' shown
check "with the reason" grep -q '^#   customer: missing' shown
check "separated by semicolons, German times" reads g1.csv 3 2520
check "the words of an outcome are asked about" grep -q '^# "Result" may be the outcome' g.section
check "records in a nested array, milliseconds" reads g2.json 2 150
check "positions, date and time apart" reads g3.txt 3 0
check "JSON lines, epochs in an inner object" reads g4.log 2 299
check "tabs, no header, lengths as clocks" reads g5.tsv 2 1800
check "XML" reads g6.xml 2 0
check "an array" reads g7.json 2 180
check "arrays in an array: what most of them hold" reads g8.json 3 150
deep="it's a folder/with-a-name-that-is-long/and-another-one-in-it-so-that-it-is-longer"
mkdir -p "$deep"
cp g8.json "$deep"
cs formats guess "$deep/g8.json" >shown
check "a long path stands in a line of its own" sh -c "grep -q '^#   F=' shown && grep -v '^#   F=' shown >rest &&
    ! grep -q '.\{80\}' rest"
sed -n 's/^#   //p' shown | sed "s/FILE/g.conf/; s|^callswell|$bin/callswell|" >typed
check "and both lines do what they say" sh -c '. ./typed | grep -q "^3 records: 3 read"'
check "columns by position do not understand JSON" sh -c "! '$bin/callswell' formats guess g8.json | grep -q oracle-sbc"
check "but what was made for them" contains \
    "$(cs formats guess "$project/tests/data/formats/oracle-sbc/synthetic.csv")" "oracle-sbc reads 2 of 3"
check "a known one is found" contains "$(cs formats guess "$project/tests/data/asterisk_cdr/Master.csv")" \
    'format = "asterisk-cdr"'
check "and by the other name" contains "$(cs formats test --guess calls.csv)" 'format = "csv"'
check "as JSON" sh -c "'$bin/callswell' formats guess g1.csv --json | python3 -c 'import json, sys
v = json.load(sys.stdin); assert v[\"format\"] is None and v[\"read\"] == 3 and \"map = \" in v[\"section\"], v'"
cat >two.csv <<'EOF_TWO'
"cdrRecordType","globalCallID_callManagerId","globalCallID_callId","callingPartyNumber","dateTimeOrigination","dateTimeConnect","dateTimeDisconnect","pkid","duration","destConversationId","globalCallId_ClusterID","origLegCallIdentifier","clientMatterCode"
INTEGER,INTEGER,INTEGER,VARCHAR(50),INTEGER,INTEGER,INTEGER,UNIQUEIDENTIFIER,INTEGER,INTEGER,VARCHAR(50),INTEGER,VARCHAR(32)
1,2,3,"100",1772355600,1772355603,1772355663,"a-1",60,0,"Lab",5,"acme"
EOF_TWO
printf '"","","1","default","","Console/dsp","","Hangup","","2010-04-02 00:26:32","2010-04-02 00:26:32","2010-04-02 00:26:39",7,7,"ANSWERED","DOCUMENTATION","1270167992.0",""\n' >nobody.csv
check "what it understands and refuses, too" contains "$(cs formats guess nobody.csv | tr '\n' ' ')" \
    "# asterisk-cdr recognises it and refuses 1 of its 1 records. # The first one's reason: #   customer: missing"
check "what a format leaves out altogether it has recognised" contains "$(cs formats guess two.csv)" "cisco-cucm recognises it and leaves out 1 of its 1"
check "with the reason" contains "$(cs formats guess two.csv --json)" '"why":"reason: two-party call is left out by the format"'
check "and nobody else has" sh -c "! '$bin/callswell' formats guess two.csv | grep -q avaya"
cat >call.json <<EOF
{"id": "e523", "version": 1, "type": "groupCall", "modalities": ["audio"], "startDateTime": "2026-03-01T09:00:00.2169889Z",
 "endDateTime": "2026-03-01T09:10:00.7640013Z", "organizer": {"user": {"id": "u", "tenantId": "t"}}}
EOF
check "a call record of Teams is no telephone row, though it lacks its sessions" contains \
    "$(cs formats guess call.json | head -n 1)" "teams-callrecord recognises it"
check "and no line of positions" sh -c "! '$bin/callswell' formats guess call.json | grep avaya"
check "what is nothing" sh -c "! '$bin/callswell' formats guess '$bin/callswell'"
check "what is empty" sh -c "! '$bin/callswell' formats guess /dev/null"
finish
