#!/bin/sh
# The web page in a real browser against a real daemon with generated data: tests/page/*.mjs.
# Screenshots stay in build/page.
. "$(dirname "$0")/lib.sh"
packages=$project/build/npm-test
none() {
    skip "the page: $*"
    finish
}
browser=$(command -v chromium || command -v chromium-browser) || none "no chromium here (make deps-test)"
command -v node >/dev/null && command -v npm >/dev/null || none "no node and npm here (make deps-test)"
if ! cmp -s "$project/packaging/npm/package-lock.json" "$packages/package-lock.json" ||
    [ ! -d "$packages/node_modules/playwright-core" ]; then
    mkdir -p "$packages"
    cp "$project/packaging/npm/package.json" "$packages/"
    (cd "$packages" && rm -f package-lock.json && cp "$project/packaging/npm/package-lock.json" . &&
        npm ci --ignore-scripts --no-audit --no-fund --prefer-offline --loglevel=error --fetch-retries=1 \
            --fetch-timeout=20000) >"$dir/npm.log" 2>&1 || {
        rm -f "$packages/package-lock.json"
        none "npm could not get its packages: $(tail -n 1 "$dir/npm.log")"
    }
fi
grep -q 'export default uPlot' "$project/build/npm/charts.js" || none "this build has no charting library"

cat >c.conf <<EOF
state_dir = "$dir/state"
timezone  = "Europe/Berlin"
clock     = "data"
http { listen = "127.0.0.1:0" }
input "hooks" { type = "http" path = "/v1/ingest/hooks" format = "ndjson" }
input "calls" { type = "tail" path = "$dir/calls.csv" format = "csv" }
input "zoom"  { type = "http" path = "/v1/ingest/zoom" format = "zoom-webhook" }
service "operator" { service_level = 0.8 answer_within = 20 shrinkage = 0.3 interval = 30
    skills = { "french=25%" } }
segment "power user" { where = "legs_30d > 50 AND features_30d >= 3" }
EOF
# The past in two imports, a fortnight apart, so that customers have moved between segments.
cs generate --records 60000 --days 90 --until now --customers 400 --broken 0.002 --format csv --out all.csv
split=$(days_ago 14)
python3 - "$split" <<'EOF'
import csv, sys
rows = list(csv.reader(open("all.csv", newline="", encoding="utf-8", errors="surrogateescape")))
start = rows[0].index("start")
names = {True: open("early.csv", "w", newline="", encoding="utf-8", errors="surrogateescape"),
         False: open("late.csv", "w", newline="", encoding="utf-8", errors="surrogateescape")}
out = {k: csv.writer(f) for k, f in names.items()}
for w in out.values():
    w.writerow(rows[0])
for r in rows[1:]:
    out[len(r) > start and r[start][:2] == "20" and r[start][:10] < sys.argv[1]].writerow(r)
EOF
# Who was spoken to, before all else: one waits for an answer, one was left alone.
talk() { # KIND CUSTOMER DAYS-AGO AGENT
    printf '{"kind":"%s","id":"%s-%s-%s","customer":"%s","start":"%sT08:00:00Z","agent":"%s"}\n' "$1" "$1" "$2" "$3" "$2" \
        "$(days_ago "$3")" "$4"
}
{
    talk inquiry C00007 20 ""
    talk visit C00008 70 Ann
} >talks.ndjson
check "what was said" contains "$(cs import --config c.conf --format ndjson talks.ndjson)" "2 accepted"
check "the first of two imports" cs import --config c.conf --format csv early.csv
check "the second" cs import --config c.conf --format csv late.csv
python3 - >roster.csv <<'EOF'
import datetime
print("service,start,minutes,scheduled")
day = datetime.datetime.now(datetime.timezone.utc).replace(hour=0, minute=0, second=0, microsecond=0)
for d in range(8):
    for hour in range(24):
        at = day + datetime.timedelta(days=d, hours=hour)
        print(f"operator,{at:%Y-%m-%dT%H:%M:%SZ},60,{3 if 7 <= hour < 17 else 1}")
        if 7 <= hour < 17:
            print(f"operator/french,{at:%Y-%m-%dT%H:%M:%SZ},60,2")
EOF
check "a roster" cs roster import --config c.conf roster.csv
cp early.csv calls.csv
check "start" start c.conf
now=$(date -u -d '-3 min' +%Y-%m-%dT%H:%M:%SZ)
for n in 1 2 3 4 5; do
    printf '{"kind":"join","id":"j%s","customer":"ACME","conference":"c%s","participant":"p%s","start":"%s"}\n' \
        $n $((n % 2)) $n "$now"
done >joins
check "somebody joins" contains "$(curl -sS --data-binary @joins "http://$address/v1/ingest/hooks")" '"accepted":5'
check "what is no usage is ignored" contains \
    "$(curl -sS --data '{"event":"user.created","event_ts":1795305600132}' "http://$address/v1/ingest/zoom")" '"ignored":1'
written() { # the analyst has been there: gaps of the roster, and the joins are counted
    [ "$(sql state/crm.db "SELECT count(*) FROM staffing WHERE gap IS NOT NULL")" -gt 100 ] &&
        curl -sS "http://$address/v1/live" | grep -q '"legs":5'
}
check "all of it is written" wait_for 60 written
browse() { # LOG: the checks of run.mjs; counted
    if node "$project/tests/page/run.mjs" "http://$address" "$packages" "$project/build/page" "$browser" >page.log \
        2>"$project/build/$1"; then :; fi
    counts=$(tail -n 1 page.log | grep -E '^[0-9]+ passed, [0-9]+ failed$') || counts="0 passed, 1 failed"
    sed '$d' page.log
    [ "$counts" != "0 passed, 1 failed" ] || cat page.log "$project/build/$1"
    passed=$((passed + ${counts%% *})) failed=$((failed + $(echo "$counts" | sed 's/.*, \([0-9]*\) failed/\1/')))
}
browse page.log
check "it ends in order" stop

# The same at the address it had, which goes while somebody looks, and comes back.
sed "s/^http .*/http { listen = \"$address\" }/" c.conf >away.conf
export AWAY="{\"program\":\"$bin/callswelld\",\"config\":\"$dir/away.conf\"}"
browse page-away.log
unset AWAY

# Another daemon, which has tokens: two customers of two owners, with a signal each.
cat >c.conf <<EOF
state_dir = "$dir/locked"
timezone  = "Europe/Berlin"
clock     = "data"
http { listen = "127.0.0.1:0" }
EOF
printf 'id,name,owner\nc1,Anns,ann\nc2,Secretive,bob\n' >customers.csv
day=$(days_ago 2)
for c in c1 c2; do
    printf '{"customer":"%s","participant":"p","conference":"%s","start":"%sT10:00:00Z","duration":90}\n' $c $c "$day"
done >two.ndjson
check "two owners" cs customer import --config c.conf customers.csv
check "their use" contains "$(cs import --config c.conf --format ndjson two.ndjson)" "2 accepted"
python3 - <<'EOF'
import sqlite3
db = sqlite3.connect("locked/crm.db")
for i, (customer, owner) in enumerate((("c1", "ann"), ("c2", "bob"))):
    db.execute("INSERT INTO signal(id, version, kind, subject_type, subject, severity, reason, evidence, state, owner,"
               " first_seen, last_seen) VALUES(?, 1, 'surge', 'customer', ?, 'info', 'more', '{}', 'open', ?, "
               "'2026-11-01T10:00:00Z', '2026-11-01T10:00:00Z')", (f"s{i}", customer, owner))
db.commit()
EOF
boss=$(cs token add --config c.conf --role admin boss | tail -n 1)
ann=$(cs token add --config c.conf --role read --owner ann ann | tail -n 1)
check "start with tokens" start c.conf
export TOKENS="{\"boss\":\"$boss\",\"ann\":\"$ann\",\"secret\":\"Secretive\"}"
browse page-access.log
check "it ends in order, too" stop
finish
