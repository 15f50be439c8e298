#!/bin/sh
# Signals are told to other programs: a receiver that fails, cuts connections, stalls and so sees messages twice
# misses none, gets those of a subject in order and finds each signed; what is given up can be sent again.
. "$(dirname "$0")/lib.sh"
receiver() { # NAME [CERT KEY]: its port in NAME.port
    receiver_name=$1
    shift
    python3 "$project/tests/tools/receiver.py" "$@" >"$receiver_name.port" 2>"$receiver_name.err" &
    wait_for 20 test -s "$receiver_name.port"
}
check "a receiver" receiver plain
port=$(cat plain.port)
configure() { # WEBHOOKS
    cat >c.conf <<EOF
state_dir = "$dir/state"
analytics_interval = "100ms"
fold_interval = "50ms"
http { listen = "127.0.0.1:0" }
input "hooks" { type = "http" path = "/v1/ingest/hooks" format = "ndjson" }
$1
EOF
}
quick='retry = "20ms" retry_most = "50ms" timeout = "300ms"'
configure "webhook \"shaky\" { url = \"http://127.0.0.1:$port/shaky\" private = yes $quick
    secret = \"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw another-secret-of-ours\" }
webhook \"calm\" { url = \"http://127.0.0.1:$port/calm\" private = yes secret = \"a-plain-text-secret\"
    severity = \"warning\" kinds = { \"decline\", \"feed_silent\" } events = { \"raised\", \"closed\" } $quick }
webhook \"gone\" { url = \"http://127.0.0.1:$port/gone\" private = yes secret = \"sixteen-letters!\"
    kinds = { \"surge\" } $quick }
webhook \"inside\" { url = \"https://127.0.0.1:$port/test\" secret = \"sixteen-letters!\" kinds = { \"surge\" } }"
check "the configuration is right" cs validate --config c.conf
check "start" start c.conf
# As anybody writes them who changes signals: one transaction each, whole or not at all.
cat >write.py <<'EOF'
import sqlite3, sys
db = sqlite3.connect("state/crm.db", timeout=30)
first, last = int(sys.argv[1]), int(sys.argv[2])
def put(kind, i, severity, held=None):
    db.execute("INSERT INTO signal(id, version, kind, subject_type, subject, severity, reason, evidence, state,"
               " first_seen, last_seen, expires, held) VALUES(?, 1, ?, 'customer', ?, ?, 'it is \"so\"', '{\"a\":[1]}',"
               " 'open', '2026-01-01T00:00:00Z', '2026-01-01T00:00:00Z', '2099-01-01T00:00:00Z', ?)",
               (f"{kind[0] == 'd' and 'd' or 'e'}{i:015x}", kind, f"c{i}", severity, held))
    db.commit()
for i in range(first, last):
    put("decline", i, "warning" if i % 2 else "info")
    db.execute("UPDATE signal SET version = 2, severity = 'critical' WHERE subject = ?", (f"c{i}",))
    db.commit()
    db.execute("UPDATE signal SET version = 3, state = 'closed' WHERE subject = ?", (f"c{i}",))
    if i % 5 == 0: # is taken back, and so never told
        db.rollback()
    db.commit()
if first == 0:
    put("decline", 900, "critical", "data are missing")
    put("surge", 901, "critical")
EOF
check "forty changes" python3 write.py 0 8
check "messages are on their way" wait_for 20 test -s got
kill -KILL "$daemon"
wait "$daemon" 2>/dev/null
daemon=
check "more while nobody delivers" python3 write.py 8 12
check "start again" start c.conf
cat >judge.py <<'EOF'
import json, sys
rows = [json.loads(line) for line in open("got")]
assert all(r[3] for r in rows), "a signature is wrong"
assert all(r[5] == "application/json" for r in rows)
want = {}
for i in range(12):
    for v in (1, 2) if i % 5 == 0 else (1, 2, 3):
        want.setdefault("/shaky", {})[f"msg_d{i:015x}_{v}"] = (f"c{i}", v)
want["/shaky"]["msg_e000000000000385_1"] = ("c901", 1)
# warning or worse, raised and closed alone: version 1 of the odd ones, version 3 of those that closed.
want["/calm"] = {m: x for m, x in want["/shaky"].items() if m.startswith("msg_d")
                 and (x[1] == 3 or x[1] == 1 and int(x[0][1:]) % 2)}
for path, messages in want.items():
    taken, seen = [], {}
    for p, m, ok, _, body, _ in rows:
        if p == path and ok and m not in seen:
            seen[m] = body
            taken.append(m)
    missing = set(messages) - set(seen)
    if missing:
        sys.exit(f"{path}: {len(missing)} have not arrived: {sorted(missing)[:3]}")
    assert set(seen) == set(messages), (path, set(seen) ^ set(messages))
    last = {}
    for m in taken: # in order of each subject
        subject, version = messages[m]
        assert version > last.get(subject, 0), (path, subject, version)
        last[subject] = version
    for m, body in seen.items():
        data = body["data"]
        assert (data["subject"], data["version"]) == messages[m], body
        assert data["reason"] == 'it is "so"' and data["evidence"] == {"a": [1]}, body
        event = {1: "raised", 2: "changed", 3: "closed"}[data["version"]]
        assert body["type"] == "signal." + event, body
print("ok")
EOF
check "all arrived, signed, in order; what was taken back or is held never" wait_for 60 python3 judge.py
check "and nothing was wrong" python3 judge.py
nothing_waits() { [ "$(cs webhook list --config c.conf --webhook shaky --state waiting --csv | wc -l)" = 1 ]; }
check "nothing waits any more" wait_for 30 nothing_waits
check "given up at 410" wait_for 20 sh -c "'$bin/callswell' webhook list --config c.conf --state dead --csv | grep -q ,gone,"
row=$(cs webhook list --config c.conf --state dead --csv | sed -n 's/^\([0-9]*\),gone,.*/\1/p')
check "it is shown with what was wrong" contains "$(cs webhook show "$row" --config c.conf --json)" 'HTTP status 410'
check "in 80 columns" sh -c "[ \$('$bin/callswell' webhook list --config c.conf --state all | wc -L) -le 80 ]"
touch open
check "sent again" contains "$(cs webhook replay "$row" --config c.conf)" "1 dead message will be tried again"
taken() { grep -q '"/gone", "msg_e000000000000385_1", true, true' got; }
check "with the same id" wait_for 20 taken
check "no private address unless allowed" wait_for 20 sh -c \
    "'$bin/callswell' webhook list --config c.conf --webhook inside --json | grep -q 'address is private'"
check "metrics count" wait_for 20 sh -c "curl -sS http://$address/metrics | grep -q '^callswell_webhook_delivered_total{webhook=\"calm\"} [1-9]'"
check "an acknowledgement is told, too" sh -c "'$bin/callswell' signal ack e000000000000385 --config c.conf && cd '$dir'"
acked() { grep -q '"msg_e000000000000385_2".*signal.acked' got; }
check "by whoever makes it" wait_for 20 acked
check "stop" stop

openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out cert.pem -days 2 -subj /CN=localhost \
    -addext subjectAltName=IP:127.0.0.1 >/dev/null 2>&1
check "a receiver with TLS" receiver tls cert.pem key.pem
tls="url = \"https://127.0.0.1:$(cat tls.port)/test\" private = yes secret = \"sixteen-letters!\""
configure "webhook \"strange\" { $tls } webhook \"known\" { $tls ca = \"$dir/cert.pem\" }"
check "an unknown certificate is refused" sh -c \
    "! '$bin/callswell' webhook test strange --config c.conf 2>refused && grep -qi certificate refused"
check "a known one is not" contains "$(cs webhook test known --config c.conf)" "HTTP status 200"
check "and its test message is signed" grep -q '"/test", "msg_test_[0-9]*", true, true' got
check "start without those webhooks" start c.conf
check "what waited for one that is gone is dead, and says why" wait_for 20 sh -c \
    "'$bin/callswell' webhook list --config c.conf --webhook inside --state dead --json | grep -q 'no longer configured'"
check "stop again" stop
refuses() { # WHAT WHY
    configure "webhook \"x\" { $1 }"
    ! cs validate --config c.conf >refused 2>&1 && grep -q "$2" refused
}
check "no plain text without leave" refuses 'url = "http://example.com/" secret = "sixteen-letters!"' "without TLS"
check "no short secret" refuses 'url = "https://example.com/" secret = "short"' "16 characters"
check "no secret that is no base64" refuses 'url = "https://example.com/" secret = "whsec_short"' base64
check "no unknown event" refuses 'url = "https://e.com/" secret = "sixteen-letters!" events = { "x" }' "expected raised"
finish
