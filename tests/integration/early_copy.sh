#!/bin/sh
# copytruncate, met at its worst: the copy is seen while it is empty, or holds no more than other files begin with,
# and the truncation before the copy's bytes have been compared.
. "$(dirname "$0")/lib.sh"
mkdir logs
cat >c.conf <<EOF
state_dir = "$dir/state"
http  { listen = "127.0.0.1:0" }
input "lines" { type = "tail" path = "$dir/logs/x.log*" format = "ndjson" }
EOF
day=$(date -u -d '-1 day' +%Y-%m-%d)
write() { # FROM TO
    seq "$1" "$2" | sed "s/.*/{\"customer\":\"copied\",\"start\":\"${day}T10:00:00Z\",\"duration\":&}/"
}
status() { curl -sS "http://$address/v1/status"; }
follows() { status | grep -q ", $1 files"; }
accepted_is() { [ "$(status | sed -n 's/.*"records":{[^}]*"accepted":\([0-9]*\).*/\1/p')" = "$1" ]; }
is_stopped() { grep -q '^State:.T' "/proc/$daemon/status"; }

# early BYTES: so many are in the copy when it is first seen.
early() {
    rm -rf state logs/x.log* daemon.log
    check "start" start c.conf
    write 1 100 >>logs/x.log
    check "the first file" wait_for 20 accepted_is 100
    mv logs/x.log logs/x.log.1
    write 101 300 >>logs/x.log
    check "its successor" wait_for 20 accepted_is 300
    mv logs/x.log.1 logs/x.log.2
    head -c "$1" logs/x.log >logs/x.log.1
    check "the copy is there, with $1 bytes" wait_for 20 follows 3
    kill -STOP "$daemon"
    check "the daemon stands still" wait_for 20 is_stopped
    cat logs/x.log >logs/x.log.1
    : >logs/x.log
    write 301 310 >logs/x.log.9
    kill -CONT "$daemon"
    check "what is new is read" wait_for 20 grep -q 'event=tail_file_truncated .*copy=.*x.log.1' daemon.log
    write 311 320 >>logs/x.log
    check "and nothing twice" wait_for 20 accepted_is 320
    check "verify" cs verify --config c.conf
    check "stop at the end" stop
}
early 0
early 20 # with which every one of these files begins
finish
