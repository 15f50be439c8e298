#!/bin/sh
# A full disk: nothing is acknowledged that is not kept, and all goes on when there is room again.
. "$(dirname "$0")/lib.sh"
conf() { # STATE_DIR
    cat >c.conf <<EOF
state_dir = "$1"
stop_timeout = "3s"
http  { listen = "127.0.0.1:0" }
input "hooks" { type = "http" path = "/v1/ingest/hooks" format = "ndjson" }
EOF
}
records() { # FROM TO
    seq "$1" "$2" | sed "s/.*/{\"id\":\"r&\",\"customer\":\"ACME\",\"start\":\"$now\",\"duration\":60}/"
}
post() { # FILE [SECONDS]
    curl -sS -m "${2:-30}" -w ' %{http_code}' --data-binary "@$1" "http://$address/v1/ingest/hooks" \
        2>/dev/null
}
stalled() { curl -sS "http://$address/v1/status" | grep -q 'no room on the disk'; }
accepted() { post "$1" | grep -q ' 200'; }
totals() { cs status --config c.conf --json | tr -d ' ' | grep -o '"accepted":[0-9]*' | head -n 1; }
now=$(date -u -d '-1 min' +%Y-%m-%dT%H:%M:%SZ)
records 1 100 >one
records 101 200 >two
records 201 300 >three

# A limit on the size of files stands for a quota.
if command -v prlimit >/dev/null; then
    conf "$dir/state"
    check "start" start c.conf
    check "before" contains "$(post one)" '"accepted":100'
    prlimit --pid "$daemon" --fsize=4096:
    check "no answer while it cannot be kept" equals "$(post two 1)" " 000"
    check "status says why" wait_for 10 stalled
    check "more is refused at once" contains "$(post three)" ' 503'
    prlimit --pid "$daemon" --fsize=unlimited:
    check "taken again when there is room" wait_for 10 accepted three
    check "what waited was counted" contains "$(post two)" '"duplicates":100'
    records 301 400 >four
    prlimit --pid "$daemon" --fsize=4096:
    check "no answer again" equals "$(post four 1)" " 000"
    check "stalled again" wait_for 10 stalled
    check "stops all the same" stop
    check "start after that" start c.conf
    check "what was not answered was not counted" contains "$(post four)" '"accepted":100'
    check "400 records in all" equals "$(totals)" '"accepted":400'
    check "verify" cs verify --config c.conf
    check "stop" stop
else
    skip "prlimit is not installed"
fi

# A real one, where we may make it.
mkdir small
if mount -t tmpfs -o size=24m none small 2>/dev/null; then
    conf "$dir/small/state"
    check "start on a small disk" start c.conf
    check "first" contains "$(post one)" '"accepted":100'
    dd if=/dev/zero of=small/filler bs=4096 2>/dev/null
    records 1000 9999 >many
    fill() { post many 1 >/dev/null; stalled; }
    check "full" wait_for 20 fill
    check "refused" contains "$(post two)" ' 503'
    rm small/filler
    check "goes on" wait_for 20 accepted two
    check "all of it once" contains "$(post many)" '"duplicates":9000'
    healed() { cs verify --config c.conf; }
    check "Redis too" wait_for 60 healed
    dd if=/dev/zero of=small/filler bs=4096 2>/dev/null
    kill_hard
    "$bin/callswelld" -c c.conf 2>full.log &
    full=$!
    started() { grep -q 'event=ready\|event=not_started' full.log; }
    check "started or said why not" wait_for 20 started
    kill -TERM $full 2>/dev/null
    wait $full 2>/dev/null
    rm small/filler
    check "starts when there is room" start c.conf
    check "nothing is lost" equals "$(totals)" '"accepted":9200'
    check "and verifies" wait_for 60 healed
    check "stop at the end" stop
    umount small
else
    skip "a small file system may not be mounted"
fi
finish
