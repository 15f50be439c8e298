#!/bin/sh
# The real logrotate beside programs that write on: every line is counted, and once.
. "$(dirname "$0")/lib.sh"
PATH=$PATH:/usr/sbin:/sbin
command -v logrotate >/dev/null 2>&1 || { skip "logrotate is not installed"; finish; }
lines=12000
mkdir -m 700 logs
cat >c.conf <<EOF
state_dir = "$dir/state"
http  { listen = "127.0.0.1:0" }
input "renamed" { type = "tail" path = "$dir/logs/renamed.log" format = "ndjson" }
input "globbed" { type = "tail" path = "$dir/logs/globbed.log*" format = "ndjson" }
input "copied"  { type = "tail" path = "$dir/logs/copied.log" format = "ndjson" }
input "placed"  { type = "tail" path = "$dir/logs/placed.log" format = "ndjson" }
EOF
rule() { # NAME OPTION...
    printf '%s {\n rotate 99\n nodateext\n missingok\n notifempty\n' "$dir/logs/$1.log"
    shift
    printf ' %s\n' "$@"
    echo '}'
}
anew() { echo "kill -HUP \$(cat $dir/$1.pid) 2>/dev/null || true"; }
{
    rule renamed create compress delaycompress postrotate "$(anew renamed)" endscript
    rule globbed create compress delaycompress postrotate "$(anew globbed)" endscript
    rule copied copytruncate compress delaycompress
    rule placed copytruncate
} >rotate.conf
chmod 600 rotate.conf
is_stopped() { grep -q '^State:.T' "/proc/$1/status"; }
signal() { kill -"$1" "$(cat copied.pid)" "$(cat placed.pid)" 2>/dev/null; }
# What is written between the copy of copytruncate and its truncation is in no file, so its writers
# stand still for that long.
rotate_beside() {
    signal STOP
    for name in copied placed; do
        wait_for 10 eval '! goes_on $name || is_stopped "$(cat $name.pid)"'
    done
    rotate
    rotate_code=$?
    signal CONT
    return $rotate_code
}
rotate() { logrotate -f -s "$dir/rotate.state" rotate.conf; }
day=$(date -u -d '-1 day' +%Y-%m-%d)
write() { # NAME FROM TO [OPTION]; for one in the background: exec, so that signals reach it
    ${exec:-} python3 "$project/tests/tools/log_writer.py" "logs/$1.log" "$day" "$@"
}
begin() { # NAME [OPTION]
    exec=exec write "$1" 1 $lines ${2:-} &
    echo $! >"$1.pid"
}
goes_on() { kill -0 "$(cat "$1.pid")" 2>/dev/null; }
has_lines() { [ "$(wc -l <"logs/$1.log")" -ge "$2" ] || ! goes_on "$1"; }
all_of() { echo "$1:$(($1 * ($1 + 1) / 2))"; }
counted() { # NAME
    redis-cli -s state/redis.sock hget "$(cs redis-key --config c.conf --day "$day" "$1" | sed -n 2p)" \
        "$(echo "$day" | cut -c9-10)@1" | cut -d: -f1,2
}
counted_is() { [ "$(counted "$1")" = "$2" ]; }
becomes() { # NAME CALLS:SECONDS
    wait_for 30 counted_is "$1" "$2" || { echo "counted $(counted "$1"), not $2"; return 1; }
}
check "start" start c.conf
begin renamed --halves
begin globbed --halves
begin copied
begin placed --place
round=0
while [ $round -lt 12 ] && goes_on renamed; do
    round=$((round + 1))
    for name in renamed globbed copied; do
        wait_for 20 has_lines $name 200
    done
    check "rotate ($round)" rotate_beside
done
for name in renamed globbed copied placed; do
    wait "$(cat $name.pid)"
done
check "it was rotated in earnest" test -s logs/renamed.log.3.gz -a -s logs/copied.log.3.gz
check "rename and create: every line written" becomes renamed "$(all_of $lines)"
check "the same where the pattern has the rotated ones, too" becomes globbed "$(all_of $lines)"
check "copytruncate" becomes copied "$(all_of $lines)"
check "copytruncate and a writer without O_APPEND" becomes placed "$(all_of $lines)"
check "holes in that are said" grep -q 'event=tail_hole input=placed' daemon.log

# Rotated and packed while the daemon is down: left to an import, which takes what was not read.
check "stop" stop
write renamed $((lines + 1)) $((lines + 300))
check "rotate while down" rotate
gzip -f logs/renamed.log.1
write renamed $((lines + 301)) $((lines + 400))
check "start again" start c.conf
check "goes on" becomes renamed "$((lines + 100)):$(((lines + 400) * (lines + 401) / 2 - 300 * lines - 45150))"
check "an import takes the rest" contains "$(cs import --config c.conf --format ndjson logs/*.gz)" \
    "imported 300 records"
check "and no more" contains "$(cs import --config c.conf --format ndjson logs/*.gz)" "imported 0 records"
check "all are counted" becomes renamed "$(all_of $((lines + 400)))"
check "nothing was refused" contains "$(cs status --config c.conf)" "+ 0 quarantined"
for name in globbed copied placed; do
    check "nothing of $name twice" becomes $name "$(all_of $lines)"
done
check "verify" cs verify --config c.conf
check "stop at the end" stop
finish
