#!/bin/sh
# bench.sh - records per CPU-second: import counted (--dry-run) and kept, CSV and NDJSON, and DuckDB
# counting the same CSV in the same minutes. Run by `make bench`.
#
# Machines swing, so every figure is the best of three rounds, rounds go through all cases in turn,
# and what counts most is the ratio. "callswell" is the CPU time of its own process, ledger,
# projection and analytics included; "with Redis" adds the managed Redis server's.
#
#   BENCH_RECORDS    records (2,000,000: two minutes or so)
#   BENCH_DAYS       days they cover (30)
#   BENCH_CUSTOMERS  customers (20,000)
set -eu
cd "$(dirname "$0")/../.."
records=${BENCH_RECORDS:-2000000} days=${BENCH_DAYS:-30} customers=${BENCH_CUSTOMERS:-20000}
callswell=${CALLSWELL_BIN:-$PWD/build}/callswell
work=$PWD/build/bench
data=$work/$records-$days-$customers
state=$work/state
runs=$work/runs.txt
mkdir -p "$work"
rm -f "$work"/*.new

for format in csv ndjson; do
    [ -s "$data.$format" ] && continue
    echo "making $records records as $format ..."
    "$callswell" generate --records "$records" --days "$days" --customers "$customers" \
        --format "$format" --out "$data.$format.new"
    mv "$data.$format.new" "$data.$format"
done
cat > "$work/bench.conf" <<CONF
state_dir = "$state"
workers = 1
redis { url = "managed" }
http { listen = "127.0.0.1:0" }
CONF

# field NAME: a number out of a line of JSON.
field() { sed -n "s/.*\"$1\":\([0-9.]*\).*/\1/p"; }

# import CASE FORMAT [OPTION]: one run; a line "case records cpu all-cpu seconds kilobytes".
import() {
    case_name=$1 format=$2
    shift 2
    rm -rf "$state"
    (
        "$callswell" import --config "$work/bench.conf" --format "$format" --json "$@" \
            "$data.$format" >"$work/out.txt"
        times >"$work/times.txt"
    )
    all=$(sed -n '2s/[ms]/ /gp' "$work/times.txt" | awk '{print $1 * 60 + $2 + $3 * 60 + $4}')
    echo "$case_name $(field records <"$work/out.txt") $(field cpu_seconds <"$work/out.txt") $all" \
        "$(field seconds <"$work/out.txt" | head -n 1) $(field peak_kilobytes <"$work/out.txt")"
}

duckdb_ready() {
    command -v npm >/dev/null 2>&1 && command -v node >/dev/null 2>&1 || return 1
    [ -d "$work/node_modules/@duckdb/node-api" ] && return 0
    [ -f "$work/package.json" ] || echo '{"private":true}' >"$work/package.json"
    (cd "$work" && npm install --silent --no-audit --no-fund @duckdb/node-api >npm.log 2>&1)
}

duckdb() {
    node tests/bench/duckdb.mjs "$work" "$data.csv" >"$work/out.txt" || return 0
    cpu=$(field cpu_seconds <"$work/out.txt")
    echo "duckdb-csv $records $cpu $cpu $(field seconds <"$work/out.txt")" \
        "$(field peak_kilobytes <"$work/out.txt")"
}

peer=yes
duckdb_ready || { peer=; echo "DuckDB: skipped (npm, node or the package is not there)"; }
import warm csv --dry-run >/dev/null
: >"$runs"
for round in 1 2 3; do
    echo "round $round of 3 ..."
    import csv-counted csv --dry-run >>"$runs"
    import csv-kept csv >>"$runs"
    [ -z "$peer" ] || duckdb >>"$runs"
    import ndjson-counted ndjson --dry-run >>"$runs"
    import ndjson-kept ndjson >>"$runs"
done
rm -rf "$state"

awk -v file="$work/result.json" '
{
    if (!($1 in cpu)) order[++n] = $1
    if (!($1 in cpu) || $3 < cpu[$1]) cpu[$1] = $3
    if (!($1 in all) || $4 < all[$1]) all[$1] = $4
    if (!($1 in wall) || $5 < wall[$1]) wall[$1] = $5
    if ($6 > peak[$1]) peak[$1] = $6
    count[$1] = $2
}
END {
    printf "\n%-16s %12s %12s %10s %9s %9s\n", "M records per", "CPU-second", "with Redis",
           "wall s", "peak MB", "x DuckDB"
    printf "{\"records\":%d,\"cases\":[", count[order[1]] >file
    for (i = 1; i <= n; i++) {
        c = order[i]
        ratio = "-"
        if ("duckdb-csv" in cpu && c ~ /^csv/) ratio = sprintf("%.2f", cpu["duckdb-csv"] / all[c])
        printf "%-16s %12.2f %12.2f %10.1f %9.0f %9s\n", c, count[c] / cpu[c] / 1e6,
               count[c] / all[c] / 1e6, wall[c], peak[c] / 1024, ratio
        printf "%s{\"case\":\"%s\",\"cpu_seconds\":%.3f,\"with_redis_cpu_seconds\":%.3f," \
               "\"seconds\":%.3f,\"peak_kilobytes\":%d,\"records_per_cpu_second\":%.0f,", (i > 1 ? "," : ""),
               c, cpu[c], all[c], wall[c], peak[c], count[c] / cpu[c] >file
        printf "\"times_duckdb\":%s}", (ratio == "-" ? "null" : ratio) >file
    }
    print "]}" >file
}' "$runs"
echo "written: build/bench/result.json"
