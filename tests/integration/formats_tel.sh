#!/bin/sh
# Telephony as systems send it: accounting of a SIP proxy through rsyslog over TCP (octet counting, lines) and UDP in
# both envelopes; files of a call manager with a truth of their own.
. "$(dirname "$0")/lib.sh"
day=$(days_ago 1)
noon=$(date -u -d "$day 12:00:00" +%s)
cat >c.conf <<EOF
state_dir = "$dir/state"
http  { listen = "127.0.0.1:0" }
fold_interval = "1s"
analytics_interval = "1s"
input "octets" { type = "tcp" listen = "127.0.0.1:0" framing = "auto" format = "kamailio-acc" }
input "udp"    { type = "udp" listen = "127.0.0.1:0" format = "kamailio-acc" }
input "cms"    { type = "http" format = "cisco-meeting-server" }
input "json"   { type = "tcp" listen = "127.0.0.1:0" framing = "auto" format = "syslog:ndjson" }
EOF
port() { sed -n "s/.*event=ready.* $1=\([0-9]*\).*/\1/p" daemon.log | tail -n 1; }
# A number of the store, which is written after a fold.
number() { sql state/crm.db "SELECT ifnull(sum($1), 0) FROM customer_day WHERE customer = '$2'"; }
number_is() { [ "$(number "$1" "$2")" = "$3" ]; }
# calls CUSTOMER N: each is an INVITE, a re-INVITE and the BYE of the callee, ten minutes later.
calls() {
    awk -v c="$1" -v n="$2" -v at="$noon" 'BEGIN {
        for (i = 1; i <= n; i++) {
            head = "NOTICE: acc [acc.c:279]: acc_log_request(): ACC: transaction answered: timestamp="
            tail = ";call_id=" c i "@h;code=200;reason=OK;src_user=u" i ";src_domain=" c ";src_ip=10.0.0.1"
            print head at + i ";method=INVITE;from_tag=z" i ";to_tag=a" i tail
            print head at + i + 60 ";method=INVITE;from_tag=a" i ";to_tag=z" i tail
            print head at + i + 600 ";method=BYE;from_tag=a" i ";to_tag=z" i tail
        }
    }'
}
relay() { # NAME PROTOCOL PORT TEMPLATE [FRAMING]: what stands in NAME.in goes there
    cat >>rsyslog.conf <<EOF
input(type="imfile" File="$dir/$1.in" Tag="kamailio[7]:" ruleset="$1")
ruleset(name="$1") { action(type="omfwd" target="127.0.0.1" protocol="$2" port="$3" template="$4" ${5:-}
    action.resumeRetryCount="-1" action.resumeInterval="1") }
EOF
}

check "start" start c.conf
if command -v rsyslogd >/dev/null 2>&1; then
    mark=$(printf '\357\273\277') # of byte order
    cat >rsyslog.conf <<EOF
global(workDirectory="$dir")
module(load="imfile")
template(name="objects" type="string"
    string="<134>1 %timereported:::date-rfc3339% %hostname% app - - [x@1 a=\"1\"] $mark%msg%")
EOF
    relay counted tcp "$(port octets)" RSYSLOG_SyslogProtocol23Format 'TCP_Framing="octet-counted"'
    relay lines tcp "$(port octets)" RSYSLOG_TraditionalForwardFormat 'TCP_Framing="traditional"'
    relay udpold udp "$(port udp)" RSYSLOG_TraditionalForwardFormat
    relay udpnew udp "$(port udp)" RSYSLOG_SyslogProtocol23Format
    relay objects tcp "$(port json)" objects 'TCP_Framing="octet-counted"'
    calls counted 300 >counted.in
    calls lines 300 >lines.in
    calls udpold 20 >udpold.in
    calls udpnew 20 >udpnew.in
    echo '{"customer":"objects","participant":"p","duration":60}' >objects.in
    rsyslogd -n -f rsyslog.conf -i "$dir/rsyslog.pid" >rsyslog.out 2>&1 &
    rsyslog=$!
    for name in counted lines; do
        check "$name: every call is one leg" wait_for 20 number_is legs $name 300
        # A re-INVITE that another worker reads at the same time may be taken for the INVITE.
        check "$name: of ten minutes" test "$(number seconds $name)" -ge 179000 -a "$(number seconds $name)" -le 180000
        check "$name: of its own people" equals "$(number participants $name)" 300
    done
    for name in udpold udpnew; do
        check "$name: every call is one leg" wait_for 20 number_is legs $name 20
    done
    check "the header says when" wait_for 20 number_is seconds objects 60
    kill -TERM $rsyslog
    wait $rsyslog 2>/dev/null
    check "nothing was refused" says "+ 0 quarantined"
else
    skip "rsyslog is not installed"
fi

# Legs that end without saying in which call they were; the call says whose they are.
sed "s/2026-03-01/$day/" "$project/tests/data/formats/cisco-meeting-server/posts.xml" >posts.xml
post() { curl -sS --data-binary "@$1" -H 'Content-Type: text/xml' "http://$address/v1/ingest/cms"; }
awk '/^<.xml/ { n++ } { print >("post." n) }' posts.xml
for n in 1 2; do
    check "a Call Bridge posts ($n)" contains "$(post post.$n)" '"accepted":'
done
check "its legs count" wait_for 20 number_is legs acme 2
check "as long as they were in the call" equals "$(number seconds acme)" 3540
check "who was not let in is an attempt" equals "$(number failed acme)" 1
check "what is posted again is known" contains "$(post post.1)" '"accepted":0'

python3 -B "$project/tests/tools/cucm_synthetic.py" cucm --seed 7 --conferences 400 --day "$day"
truth() { python3 -B "$project/tests/tools/cucm_synthetic.py" cucm --check state/crm.db --day "$day"; }
check "files of a call manager" cs import --config c.conf --format cisco-cucm cucm/c[dm]r_*
check "every customer as the truth says" truth
mkdir again
for file in cucm/c[dm]r_*; do # the same records in other files
    { sed -n 1,2p "$file"; sed 1,2d "$file" | sort -r; } >"again/${file#cucm/}"
done
check "the same once more" cs import --config c.conf --format cisco-cucm again/c[dm]r_*
check "changes nothing" truth
# Two workers read beginnings and their re-INVITEs at the same moment.
calls imported 10000 | awk '{ a[NR % 3] = a[NR % 3] $0 "\n" } END { printf "%s%s%s", a[1], a[2], a[0] }' >calls.log
check "a log of calls" cs import --config c.conf --format kamailio-acc calls.log
check "each is one leg" wait_for 20 number_is legs imported 10000
check "from its first INVITE on" equals "$(number seconds imported)" 6000000
check "verify" cs verify --config c.conf
check "stop" stop
finish
