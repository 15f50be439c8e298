#!/bin/sh
# Packed data that is far more than it seems: nothing of it is counted by HTTP, nothing of it fills
# the memory, and what follows it is read.
. "$(dirname "$0")/lib.sh"
mkdir in
cat >c.conf <<EOF
state_dir = "$dir/state"
clock = "data"
http  { listen = "127.0.0.1:0" }
input "hooks" { type = "http" path = "/v1/ingest/hooks" format = "ndjson" }
input "files" { type = "tail" path = "$dir/in/*" format = "ndjson" }
EOF
record() { printf '{"customer":"%s","start":"2024-03-10T10:00:00Z"}\n' "$1"; }
# A gibibyte in one line, sixteen thousand times the longest record; and a window that would take two
# gibibytes of whoever unpacks it.
{
    head -c 1G /dev/zero | tr '\0' x
    echo
    record after
} | zstd -q -c >bomb.zst
record wide | zstd -q --long=31 -c >wide.zst
record small | zstd -q -c >small.zst
post() { # FILE: answer and status
    curl -sS -w ' %{http_code}' -H 'Content-Encoding: zstd' --data-binary "@$1" "http://$address/v1/ingest/hooks"
}
peak() { sed -n 's/^VmHWM:[^0-9]*\([0-9]*\).*/\1/p' "/proc/$daemon/status"; }
grown_less() { # MIB
    [ $(($(peak) - before)) -lt $(($1 * 1024)) ] || { echo "$before KiB, then $(peak)"; return 1; }
}
only_these() { python3 "$project/tests/tools/expect.py" --all state/redis.sock <expected; }
expect() { # CUSTOMER...: a record each, and nothing else
    for customer in "$@"; do
        echo "q $customer 20240310 40=1:0:0"
        echo "d $customer 202403 10=1:0:0"
    done >expected
    wait_for 20 only_these
}
memory=64 # MiB; sanitizers keep what is freed for a while
! sanitized || memory=1024
check "a bomb is small" test "$(wc -c <bomb.zst)" -lt 200000
check "start" start c.conf
check "what is packed is taken" contains "$(post small.zst)" '"accepted":1'
before=$(peak)
check "a bomb is refused by HTTP" contains "$(post bomb.zst)" ' 413'
check "and a window that is too wide" contains "$(post wide.zst)" ' 400'
check "nothing of them is counted" expect small
check "in little memory" grown_less $memory

cp bomb.zst wide.zst in/
record followed >in/plain
check "a followed file beside packed ones is read" expect small followed
check "and they are not" contains "$(cs status --config c.conf)" "+ 0 quarantined"

check "import reads what follows an endless line" contains \
    "$(cs import --config c.conf --format ndjson bomb.zst 2>&1)" "1 accepted, 0 duplicates, 1 quarantined"
check "and counts it" expect small followed after
check "the line is in quarantine" contains "$(cs quarantine list --config c.conf)" "longer than 65536 bytes"
check "in bounded memory" grown_less $((memory + 64))
cs import --config c.conf --format ndjson wide.zst >wide.out 2>&1
check "import refuses a window that is too wide" test $? -ne 0
check "and says which file" grep -q wide.zst wide.out
check "nothing of that is counted" expect small followed after
check "verify" cs verify --config c.conf
check "stop" stop
check "no complaint of a sanitizer" sh -c "! grep -E 'Sanitizer|runtime error' daemon.log"
finish
