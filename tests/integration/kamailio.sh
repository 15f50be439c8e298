#!/bin/sh
# A real Kamailio with its module acc, called by SIPp: who was let into a room, for how long, and who was not.
. "$(dirname "$0")/lib.sh"
modules=$(dirname "$(ls /usr/lib/*/kamailio/modules/acc.so 2>/dev/null | head -n 1)" 2>/dev/null)
if ! command -v kamailio >/dev/null || ! command -v sipp >/dev/null || [ ! -d "$modules" ]; then
    skip "Kamailio or SIPp is not installed"
    finish
fi
calls=5
scenarios=$project/tests/tools/sip
free_port() { python3 -c 'import socket; s = socket.socket(type=socket.SOCK_DGRAM); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }
configure() { # PROXY ROOM FULL
    cat >kamailio.cfg <<EOF
#!KAMAILIO
debug=2
log_stderror=yes
children=1
disable_tcp=yes
auto_aliases=no
listen=udp:127.0.0.1:$1
mpath="$modules/"
loadmodule "sl.so"
loadmodule "tm.so"
loadmodule "rr.so"
loadmodule "pv.so"
loadmodule "textops.so"
loadmodule "siputils.so"
loadmodule "acc.so"
modparam("acc", "log_flag", 1)
modparam("acc", "log_missed_flag", 2)
modparam("acc", "log_extra", "src_user=\$fU;src_domain=\$fd;dst_user=\$rU")
request_route {
    if (has_totag()) {
        if (is_method("BYE")) setflag(1);
        loose_route();
        t_relay();
        exit;
    }
    record_route();
    setflag(1);
    setflag(2);
    if (\$rU == "full") \$du = "sip:127.0.0.1:$3";
    else \$du = "sip:127.0.0.1:$2";
    t_relay();
}
EOF
}
call() { # ROOM MILLISECONDS: everybody's call is over when this returns
    sipp -sf "$scenarios/caller.xml" -i 127.0.0.1 -p "$(free_port)" -m $calls -r 10 -d "$2" -s "$1" -nostdin \
        -timeout 60 -trace_err "127.0.0.1:$proxy"
}
serve() { # SCENARIO PORT
    sipp -sf "$scenarios/$1.xml" -i 127.0.0.1 -p "$2" -m $calls -nostdin -timeout 120 >"$1.log" 2>&1 &
}
proxy=$(free_port) room=$(free_port) full=$(free_port)
configure "$proxy" "$room" "$full"
cat >c.conf <<EOF
state_dir = "$dir/state"
http { listen = "127.0.0.1:0" }
input "proxy" { type = "tail" path = "$dir/kamailio.log" format = "kamailio-acc" }
EOF
check "start" start c.conf
kamailio -f kamailio.cfg -DD -E -m 16 -M 4 -Y "$dir" -w "$dir" 2>kamailio.log >/dev/null &
kamailio=$!
serve room "$room"
serve full "$full"
listens() { ss -Hlun "sport = :$1" | grep -q .; }
everybody_listens() { listens "$proxy" && listens "$room" && listens "$full"; }
check "proxy and rooms listen" wait_for 30 everybody_listens
check "calls into the room" call room 2000
check "calls into a full one" call full 0
count() { # EXPRESSION
    python3 -c 'import sqlite3, sys
db = sqlite3.connect("file:state/crm.db?mode=ro", uri=True)
print(*db.execute("SELECT %s FROM customer_day WHERE customer = ?" % sys.argv[1], ("acme.example",)).fetchone())' "$1"
}
counted() { equals "$(count 'sum(legs), sum(failed), sum(conferences) = sum(legs)')" "$calls $calls 1"; }
check "each call is a leg, each refusal a failed one" wait_for 60 counted
# Kamailio's stamps are whole seconds: two seconds of talking are one to three by them.
seconds=$(count 'sum(seconds)')
check "as long as the calls were ($seconds s)" test "$seconds" -ge $calls -a "$seconds" -le $((3 * calls))
live() { cs status --config c.conf --json | tr -d ' \n' | grep -o '"open_legs":[0-9]*'; }
check "nobody is left in it" equals "$(live)" '"open_legs":0'
quarantined() { curl -sS "http://$address/metrics" | sed -n 's/^callswell_feed_quarantined_total{input="proxy"} //p'; }
check "nothing was refused" equals "$(quarantined)" 0
kill $kamailio
wait $kamailio
check "verify" cs verify --config c.conf
check "stop" stop
finish
