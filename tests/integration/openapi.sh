#!/bin/sh
# The description at /v1/openapi.json, judged by a validator from npm, and every answer by the description.
. "$(dirname "$0")/lib.sh"
modules=$project/build/npm-api
packages="@seriousme/openapi-schema-validator@2.11.0 ajv@8.20.0 ajv-formats@3.0.1"
command -v node >/dev/null 2>&1 && command -v npm >/dev/null 2>&1 || { skip "no node, no npm"; finish; }
if [ "$(cat "$modules/packages" 2>/dev/null)" != "$packages" ]; then
    mkdir -p "$modules" && echo '{"private":true}' >"$modules/package.json"
    # shellcheck disable=SC2086
    (cd "$modules" && npm install --no-save --no-audit --no-fund --ignore-scripts $packages) >npm.out 2>&1 ||
        { tail -n 3 npm.out; skip "npm reaches no registry"; finish; }
    echo "$packages" >"$modules/packages"
fi
cat >c.conf <<CONF
state_dir = "$dir/state"
http { listen = "127.0.0.1:0" }
input "hooks" { type = "http" path = "/v1/ingest/hooks" format = "ndjson" }
input "graph" { type = "http" format = "teams-callrecord" }
CONF
cs generate --seed 1 --records 40000 --days 60 --customers 200 --out records.csv
printf 'broken\n' >>records.csv
start c.conf
check "records to ask about" cs import --config c.conf --format csv records.csv
# One signal is always there to be asked for, whatever the records have in them.
python3 -c 'import sqlite3
db = sqlite3.connect("state/crm.db", timeout=10)
db.execute("""INSERT INTO signal(id, version, kind, subject_type, subject, severity, value, reason, evidence, state,
    first_seen, last_seen) VALUES("00", 1, "surge", "customer", "C00001", "info", 1.5, "r", "{}", "open",
    "2026-11-01T00:00:00Z", "2026-11-02T00:00:00Z")""".replace(chr(34), chr(39)))
db.commit()'
first() { # ANSWER COLUMN: of its first row
    curl -s "http://$address/v1/$1?limit=1" | python3 -c "import json, sys; print(json.load(sys.stdin)['rows'][0]['$2'])"
}
customer=$(first customers customer) signal=$(first signals id) feature=$(first features feature)
check "there is something to ask for" test -n "$customer" -a -n "$signal" -a -n "$feature"
check "description and answers fit" node "$project/tests/tools/openapi_check.mjs" "$modules" \
    "http://$address" "$customer" "$signal" "$feature"
check "an orderly end" stop
finish
