#!/bin/sh
# What meetings' webhooks do that a reader alone cannot show: ends before leaves, meetings that begin again, leaves
# that never come, bodies that are sent again, and secrets in what is refused.
. "$(dirname "$0")/lib.sh"
export BBB_SECRET='bbb secret'
public=https://calls.example.com/v1/ingest/bbb
cat >c.conf <<EOF
state_dir = "$dir/state"
http { listen = "127.0.0.1:0" }
fold_interval = "100ms"
analytics_interval = "100ms"
pairing { wait = "1s" grace = "1s" }
input "zoom" { type = "http" format = "zoom-webhook" }
input "bbb" { type = "http" format = "bbb-webhook" signature = "bbb" secret = "\${BBB_SECRET}" url = "$public" }
EOF
cat >bodies.py <<'EOF'
"""zoom.json, bbb.txt and bad ones; want.json: what customers' legs and seconds are."""
import json, time, urllib.parse
begin = int(time.time()) // 86400 * 86400 - 86400 + 36000  # yesterday
text = lambda t: time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(t))
sent = []
def zoom(event, moment, ts=None, **thing):
    sent.append({"event": "meeting." + event, "event_ts": (ts or moment) * 1000, "payload": {"account_id": "acme",
        "object": {"id": 8, "uuid": "a/+b==", "duration": 60, **thing}}})
def person(nth, **more):
    return {"user_id": str(nth), "participant_uuid": "P%d" % nth, "id": "", "registrant_id": None, **more}
def round_of(at):
    zoom("started", at)
    zoom("participant_joined", at, participant=person(1, join_time=text(at)))
    zoom("participant_joined", at + 60, participant=person(2, join_time=text(at + 60)))
    zoom("ended", at + 600, end_time=text(at + 600))
    for nth in 1, 2:  # told behind the end, and gone before it
        zoom("participant_left", at + 590, at + 602, participant=person(nth, leave_time=text(at + 590)))
round_of(begin)
round_of(begin + 3600)  # the same uuid, the same people
with open("zoom.json", "w") as f:
    f.writelines(json.dumps(s) + "\n" for s in sent)
meeting = {"internal-meeting-id": "m-%d000" % begin, "external-meeting-id": "class"}
secret = {"moderator-pass": "secret-mp", "viewer-pass": "secret-vp"}
def bbb(name, moment, of={}, **more):
    return {"data": {"type": "event", "id": name, "attributes": {"meeting": {**meeting, **of}, **more},
                     "event": {"ts": moment * 1000}}}
def form(events):
    return urllib.parse.urlencode({"domain": "school.example", "event": json.dumps(events), "timestamp": 1})
user = lambda name: {"internal-user-id": "w_" + name, "external-user-id": name, "name": name}
with open("bbb.txt", "w") as f:
    f.write(form([bbb("meeting-created", begin, {"create-time": begin * 1000, **secret}),
                  bbb("user-joined", begin + 10, user=user("ann")), bbb("user-joined", begin + 20, user=user("bob")),
                  bbb("user-left", begin + 80, user=user("bob")), bbb("meeting-ended", begin + 310)]))
with open("bad.txt", "w") as f:
    f.write(form([{"data": {"id": "meeting-created", "attributes": {"meeting": secret}, "event": {"ts": 1}}}]))
with open("bad.json", "w") as f:
    json.dump({"event": "meeting.started", "event_ts": 1, "download_token": "secret-token",
               "payload": {"account_id": "acme", "object": {"id": 8, "password": "secret-pw"}}}, f)
with open("want.json", "w") as f:
    json.dump({"acme": [4, 2 * (590 + 530)], "school.example": [2, 300 + 60]}, f)
EOF
python3 bodies.py
post() { # INPUT FILE [QUERY [CURL'S OPTIONS...]]: answer and status
    post_to="http://$address/v1/ingest/$1${3:-}" post_file=$2
    if [ $# -gt 3 ]; then shift 3; else shift $#; fi
    curl -sS -w ' %{http_code}' "$@" --data-binary "@$post_file" "$post_to"
}
checksum() { # FILE [DIGEST]: as the sender makes it
    { printf %s "$public"; cat "$1"; printf %s "$BBB_SECRET"; } | openssl dgst "-${2:-sha1}" | sed 's/^.*= *//'
}
signed() { post bbb "$1" "?checksum=$(checksum "$1" "${2:-sha1}")"; }
counted() {
    python3 - <<'EOF'
import json, sqlite3, sys
rows = sqlite3.connect("file:state/crm.db?mode=ro", uri=True).execute(
    "SELECT customer, sum(legs), sum(seconds) FROM customer_day GROUP BY customer")
got, want = {r[0]: list(r[1:]) for r in rows}, json.load(open("want.json"))
print(got, want)
sys.exit(got != want)
EOF
}
kept() { [ "$(cs quarantine list --config c.conf --csv | grep -c 'conference: missing')" = "$1" ]; }
somewhere() { cat state/*.db* daemon.log | grep -aqF "$1"; }
nowhere() { ! somewhere "$1"; }
check "start" start c.conf
check "a meeting that begins again" contains "$(post zoom zoom.json)" '"accepted":12,"duplicates":0'
check "a class" contains "$(signed bbb.txt)" '"accepted":5,"duplicates":0'
check "a wrong checksum is 403, and would come again" contains \
    "$(post bbb bbb.txt "?checksum=$(checksum bad.txt)")" ' 403'
check "none is, too" contains "$(post bbb bbb.txt)" ' 403'
check "the same body again, by a longer checksum" contains "$(signed bbb.txt sha256)" '"accepted":0,"duplicates":5'
check "or by the secret itself" contains \
    "$(post bbb bbb.txt '' -H "Authorization: Bearer $BBB_SECRET")" '"duplicates":5'
check "and Zoom's" contains "$(post zoom zoom.json)" '"accepted":0,"duplicates":12'
check "who never left leaves with the meeting; leaves behind its end are believed" wait_for 60 counted
check "a refused class" contains "$(signed bad.txt)" '"quarantined":1'
check "a refused meeting" contains "$(post zoom bad.json)" '"quarantined":1'
check "both are kept" wait_for 30 kept 2
check "with their secrets written over" equals "$(for id in 1 2; do
    cs quarantine show --config c.conf $id --unmasked
done | grep -o 'xxxxxxxxx*' | wc -l)" 4
check "where their names are" somewhere download_token
for secret in secret-mp secret-vp secret-token secret-pw; do
    check "$secret is nowhere" nowhere "$secret"
done
check "all agree" cs verify --config c.conf
check "stop" stop
finish
