#!/bin/sh
# A full disk: nothing is acknowledged that is not kept, and all goes on when there is room again.
. "$(dirname "$0")/lib.sh"
conf() { # STATE_DIR
    cat >c.conf <<EOF
state_dir = "$1"
stop_timeout = "3s"
http  { listen = "127.0.0.1:0" }
input "hooks" { type = "http" path = "/v1/ingest/hooks" format = "ndjson" }
limits { disk_reserve = "$reserve" disk_ballast = "1MiB" }
EOF
}
reserve=0
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
end_own() { umount -l small 2>/dev/null; }
sized() { [ "$(stat -c %b small/state/ballast)" -ge 2048 ]; }
why() { curl -sS "http://$address/v1/status" | grep -q "$1"; }
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
    check "the ballast is made again" wait_for 20 sized
    check "stop with room" stop

    # Below the reserve nothing is taken; the ballast is for the end and the next start.
    reserve=4MiB
    conf "$dir/small/state"
    check "start with a reserve" start c.conf
    records 10001 10100 >five
    check "taken above it" contains "$(post five)" '"accepted":100'
    room=$(df --output=avail -B 4096 small | tail -n 1)
    dd if=/dev/zero of=small/filler bs=4096 count=$((room - 700)) 2>/dev/null
    check "low" wait_for 20 why disk_reserve
    records 10101 10200 >six
    post six >six.out
    check "refused below it" contains "$(cat six.out)" ' 503'
    check "with a time to come again" sh -c "curl -sS -D - -o /dev/null --data-binary @six \
        http://$address/v1/ingest/hooks | grep -qi '^retry-after: [1-9]'"
    check "not ready" equals "$(curl -sS -o /dev/null -w '%{http_code}' "http://$address/readyz")" 503
    check "status says why" sh -c "'$bin/callswell' status --config c.conf | tr -d '\n' | grep -q 'STALLED.*left, less'"
    dd if=/dev/zero of=small/rest bs=4096 2>/dev/null
    check "ends in order on a full disk" stop
    check "with the ballast's room" grep -q 'event=ballast_given_up at=stop' daemon.log
    rm small/rest
    check "starts while it is low" start c.conf
    check "takes nothing then" contains "$(post six)" ' 503'
    kept() { [ -e small/state/ballast ]; }
    check "has its ballast again" wait_for 20 kept
    kill_hard
    dd if=/dev/zero of=small/rest bs=4096 2>/dev/null
    check "starts on a full disk" start c.conf
    check "with the ballast's room again" grep -q 'event=ballast_given_up at=start' daemon.log
    rm small/filler small/rest
    check "takes again when there is room" wait_for 20 accepted six
    check "each once" contains "$(post six)" '"duplicates":100'
    check "ready" equals "$(curl -sS -o /dev/null -w '%{http_code}' "http://$address/readyz")" 200
    check "nothing is lost" equals "$(totals)" '"accepted":9400'
    check "and verifies" wait_for 60 healed
    check "stop at the end" stop
else
    skip "a small file system may not be mounted"
fi
finish
