#!/bin/sh
# Every counter in Redis and the store, against an oracle in another language, to the last digit.
. "$(dirname "$0")/lib.sh"
oracle() { python3 "$project/tests/tools/oracle.py" "$@"; }

for format in csv ndjson; do
    cat >$format.conf <<EOF
state_dir = "$dir/$format"
http { listen = "" }
EOF
    cs generate --records 60000 --days 20 --until now --customers 300 --seed 7 --format $format \
        --truth truth.$format --out usage.$format 2>/dev/null
    check "$format: import" cs import --config $format.conf --format $format usage.$format
    cs import --config $format.conf --format $format usage.$format >again 2>&1
    check "$format: the same file again changes nothing" contains "$(cat again)" "imported 0 records"
    check "$format: verify" cs verify --config $format.conf
    check "$format: start" start $format.conf
    check "$format: every counter in Redis equals the oracle" \
        oracle --check-redis $format/redis.sock --node 1 usage.$format
    check "$format: the store equals the oracle" oracle --check-store $format/crm.db usage.$format
    check "$format: stops with code 0" stop
    oracle usage.$format >oracle.$format
    check "$format: the generator's own truth equals the oracle" \
        oracle --truth-compare truth.$format oracle.$format
done

gzip -k usage.csv
check "a compressed copy of an imported file is recognised" \
    contains "$(cs import --config csv.conf --format csv usage.csv.gz)" "imported 0 records"
zstd -q usage.ndjson -o fresh.zst 2>/dev/null || cp usage.ndjson fresh.zst
sed 's/state_dir.*/state_dir = "zstd"/' ndjson.conf >zstd.conf
check "zstd from standard input" cs import --config zstd.conf --format ndjson - <fresh.zst
check "a dry run keeps nothing" contains \
    "$(sed 's/state_dir.*/state_dir = "dry"/' csv.conf >dry.conf; cs import --dry-run --config dry.conf --format csv usage.csv; ls)" \
    "counted (nothing kept)"
check "a dry run makes no folder" test ! -e dry

# Two nodes never write the same field, and readers add them up.
head -n 1 usage.csv >half.csv
tail -n +30000 usage.csv >>half.csv
cat >two.conf <<EOF
state_dir = "$dir/two"
node = "b"
http { listen = "" }
EOF
check "another node" cs import --config two.conf --format csv half.csv
check "another node verifies" cs verify --config two.conf
finish
