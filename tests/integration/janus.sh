#!/bin/sh
# A real Janus: its audio bridge tells, by its sample event handler over HTTP, who entered and left a room.
. "$(dirname "$0")/lib.sh"
plugins=$(dirname "$(ls /usr/lib/*/janus/plugins/libjanus_audiobridge.so 2>/dev/null | head -n 1)" 2>/dev/null)
if ! command -v janus >/dev/null || [ ! -d "$plugins" ]; then
    skip "Janus is not installed"
    finish
fi
cat >c.conf <<EOF
state_dir = "$dir/state"
http { listen = "127.0.0.1:0" }
input "janus" { type = "http" format = "janus-audiobridge" signature = "token" secret = "janus:p ss" }
EOF
check "start" start c.conf
free_port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }
lib=${plugins%/plugins}
mkdir etc
others() { # FOLDER BUT-THESE: all other modules in it, for `disable`
    # shellcheck disable=SC2010
    ls "$lib/$1" | grep '\.so$' | grep -v "$2" | paste -sd, -
}
configure() {
    port=$(free_port)
    cat >etc/janus.jcfg <<EOF
general: {
    configs_folder = "$dir/etc"
    plugins_folder = "$lib/plugins"
    transports_folder = "$lib/transports"
    events_folder = "$lib/events"
    loggers_folder = "$dir/none"
    interface = "127.0.0.1"
}
nat: { ice_enforce_list = "lo" }
plugins: { disable = "$(others plugins audiobridge)" }
transports: { disable = "$(others transports http)" }
events: { broadcast = true disable = "$(others events sampleevh)" }
EOF
    echo "general: { json = \"compact\" base_path = \"/janus\" http = true port = $port ip = \"127.0.0.1\" https = false }
admin: { admin_http = false }" >etc/janus.transport.http.jcfg
}
echo "general: { enabled = true events = \"all\" grouping = true json = \"compact\"
    backend = \"http://$address/v1/ingest/janus\" backend_user = \"janus\" backend_pwd = \"p ss\" }" >etc/janus.eventhandler.sampleevh.jcfg
echo 'general: { events = true }
room-1234: { description = "Demo" sampling_rate = 16000 record = false }' >etc/janus.plugin.audiobridge.jcfg
answers() { curl -sf "http://127.0.0.1:$port/janus/info" >/dev/null; }
run_janus() { # a free port may be taken by another by now
    for _ in 1 2 3; do
        configure
        janus -F etc -C etc/janus.jcfg >janus.log 2>&1 &
        janus=$!
        wait_for 20 answers && return
        kill $janus 2>/dev/null
        wait $janus
    done
    return 1
}
check "Janus runs" run_janus
check "people come and go" python3 "$project/tests/tools/janus_drive.py" "$port" 1234
query() { # SQL
    python3 -c 'import sqlite3, sys
db = sqlite3.connect("file:state/crm.db?mode=ro", uri=True)
print(";".join("|".join(map(str, row)) for row in db.execute(sys.argv[1])))' "$1"
}
days="SELECT customer, sum(legs), sum(participants) FROM customer_day GROUP BY 1 ORDER BY 1"
counted() { [ "$(query "$days")" = "ACME|2|2.0;GLOBEX|2|1.0" ] || [ "$(query "$days")" = "ACME|2|2;GLOBEX|2|1" ]; }
check "two legs of two people, two legs of one" wait_for 60 counted
kill $janus
wait $janus
feed() { curl -sS "http://$address/metrics" | sed -n "s/^callswell_feed_$1_total{input=\"janus\"} //p"; }
check "nothing was refused" equals "$(feed quarantined)" 0
check "and nobody" equals "$(feed strangers)" 0
check "what is no usage is left out, and counted" test "$(feed ignored)" -gt 5
check "verify" cs verify --config c.conf
check "stop" stop
finish
