#!/bin/sh
# What Prometheus is told: figures that add up, in both formats, under rules and a dashboard that ask for what
# there is.
. "$(dirname "$0")/lib.sh"
cat >c.conf <<CONF
state_dir = "$dir/state"
fold_interval = "100ms"
analytics_interval = "100ms"
http  { listen = "127.0.0.1:0" }
input "hooks" { type = "http" path = "/v1/ingest/hooks" format = "ndjson" }
input "pbx"   { type = "http" path = "/v1/ingest/pbx" format = "asterisk-cel" }
CONF
check "start" start c.conf
"$bin/callswell" generate --records 3000 --days 3 --customers 50 --broken 0.02 --duplicates 0.05 \
    --format ndjson --out usage
curl -sS --data-binary @usage "http://$address/v1/ingest/hooks" >/dev/null
cel=$project/tests/data/formats/asterisk-cel
[ -d "$cel" ] && for file in "$cel"/*; do
    curl -sS --data-binary @"$file" "http://$address/v1/ingest/pbx" >/dev/null
done
# Counted everywhere: what comes later (keys that are past their retention) is counted by then, too.
settled() {
    curl -sS "http://$address/metrics" >open
    [ "$(sed -n 's/^callswell_batch\(\|_folded\|_redis\|_analysed\) //p' open | sort -u | wc -l)" = 1 ]
}
check "all that was sent is counted everywhere" wait_for 60 settled
curl -sS -H 'Accept: text/plain' "http://$address/metrics" >older
check "OpenMetrics by default" grep -q '^# EOF$' open
# The same samples, but for those that go on: the time of a commit, requests, memory.
samples() { grep -v '^#' "$1" | grep -Ev '_(memory|http|commit|disk|ledger|redis|batch|totals|queue|delta)' | sort; }
check "the older format has the same samples" equals "$(samples older)" "$(samples open)"

# Records read are records decided, for all and for each input; inputs add up to all.
balance() {
    python3 - "$1" <<'PY'
import re, sys
all_, feeds = {}, {}
for line in open(sys.argv[1]):
    m = re.match(r'callswell_(feed_)?(records|accepted|duplicates|quarantined|ignored)_total(?:\{input="(.*)"\})? (\d+)$', line)
    if m:
        (feeds.setdefault(m[3], {}) if m[1] else all_)[m[2]] = int(m[4])
parts = ("accepted", "duplicates", "quarantined", "ignored")
print(all_, feeds)
assert len(all_) == 5 and len(feeds) >= 2
for books in [all_, *feeds.values()]:
    assert books["records"] == sum(books[p] for p in parts), books
for name in all_:
    assert all_[name] == sum(f[name] for f in feeds.values()), name
assert all_["records"] >= 3000 and all_["duplicates"] > 0 and all_["quarantined"] > 0
PY
}
check "the books balance" balance open
restart() { stop && start c.conf && curl -sS "http://$address/metrics" >again; }
check "they are the same after a restart" restart
books() { grep -E '^callswell_(records|accepted|duplicates|quarantined|ignored)_total' "$1"; }
check "to the record" equals "$(books again)" "$(books open)"

# Rules and dashboard name nothing that is not there.
named() {
    grep -oh 'callswell_[a-z0-9_]*' "$@" | sort -u >named.there
    sed -n 's/^\(callswell_[a-z0-9_]*\).*/\1/p' open | sort -u >served
    [ "$(wc -l <named.there)" -gt 10 ] && [ -z "$(comm -23 named.there served | tee absent)" ] || { cat absent; false; }
}
check "rules ask for what is served" named "$project/config/prometheus/callswell.rules.yml"
check "the dashboard asks for what is served" named "$project/config/grafana/callswell.json"
check "the dashboard is JSON" python3 -m json.tool "$project/config/grafana/callswell.json" /dev/null

if command -v promtool >/dev/null 2>&1; then
    cp "$project/config/prometheus/callswell.rules.yml" "$project/tests/data/prometheus/rules_test.yml" .
    check "promtool likes the metrics" sh -c 'promtool check metrics <older'
    check "promtool likes the rules" promtool check rules callswell.rules.yml
    check "each alert has its cause" promtool test rules rules_test.yml

    # Prometheus itself, on a port of its own choice.
    cat >prometheus.yml <<CONF
global: { scrape_interval: 1s, evaluation_interval: 1s }
rule_files: [callswell.rules.yml]
scrape_configs: [{ job_name: callswell, static_configs: [{ targets: ["$address"] }] }]
CONF
    prometheus --config.file=prometheus.yml --storage.tsdb.path=tsdb --web.listen-address=127.0.0.1:0 \
        >prometheus.log 2>&1 &
    prometheus=$!
    listens() { server=$(sed -n 's/.*msg="Listening on" address=\([0-9.:]*\).*/\1/p' prometheus.log | head -n 1); [ "$server" ]; }
    check "Prometheus starts" wait_for 30 listens
    ask() { curl -sS --get --data-urlencode "query=$1" "http://$server/api/v1/query"; }
    scraped() { ask callswell_records_total | grep -q "\"$(sed -n 's/^callswell_records_total //p' open)\"\]"; }
    check "Prometheus scrapes it" wait_for 30 scraped
    evaluated() { curl -sS "http://$server/api/v1/rules" | grep -q '"name":"CallswellDown".*"health":"ok"'; }
    check "and evaluates the rules" wait_for 30 evaluated
    check "with none firing" equals "$(ask 'count(ALERTS{alertstate="firing"}) or vector(0)' | grep -o '"0"')" '"0"'
    kill "$prometheus" && wait "$prometheus"
else
    skip "Prometheus is not installed"
fi
check "stop" stop
finish
