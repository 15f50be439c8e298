#!/bin/sh
# Mistakes in the configuration name file and line and what was expected; exit code 78.
. "$(dirname "$0")/lib.sh"
refuses() { # TEXT WANT: callswelld -t must exit with 78 and say WANT
    printf '%s\n' "$1" >bad.conf
    "$bin/callswelld" -t -c bad.conf >out 2>&1
    code=$?
    equals $code 78 && contains "$(cat out)" "bad.conf" && contains "$(cat out)" "$2"
}
check "a good one" "$bin/callswelld" -t -c "$project/config/callswelld.conf"
check "validate says ok" contains "$(cs validate --config "$project/config/callswelld.conf")" ": ok"
check "unknown option" refuses 'nonsense = 1' 'nonsense'
check "the line is named" refuses '
state_dir = "x"
workers = "many"' ':3'
check "unknown input type" refuses 'input "x" { type = "pigeon" format = "csv" }' 'pigeon'
check "unknown format" refuses 'input "x" { type = "tail" path = "/a" format = "morse" }' 'morse'
for type in 'udp" listen = "127.0.0.1:0' 'dial" address = "127.0.0.1:1' 'relp" listen = "127.0.0.1:0' \
    'stream" url = "redis://127.0.0.1" stream = "s' 'radius" secret = "s" listen = "127.0.0.1:0' \
    'ami" user = "u" secret = "s" address = "127.0.0.1:1' 'esl" password = "p" address = "127.0.0.1:1'; do
    check "no header line: ${type%%\"*}" refuses "
input \"x\" { type = \"$type\" format = \"csv\" }" 'bad.conf:2: input "x": format "csv" has a header line, which'
done
check "nor inside of syslog" refuses 'input "x" { type = "tail" path = "/a" format = "syslog:csv" }' \
    'bad.conf:1: input "x": envelope: messages have no header line'
check "with its columns listed" sh -c "printf '%s\n' 'format \"lines\" { type = \"csv\" header = no columns = {\"customer\", \"start\"} }' \
    'input \"x\" { type = \"dial\" address = \"127.0.0.1:1\" format = \"lines\" }' >good.conf && '$bin/callswelld' -t -c good.conf"
lines='format "clock" { type = "csv" columns = {"customer", "start"} time_format = "%H:%M" }'
check "no day in a file" refuses "$lines
input \"x\" { type = \"tail\" path = \"/a\" format = \"clock\" }" 'bad.conf:2: input "x": format "clock" has times without a day'
check "but from who connects" sh -c "printf '%s\n' '$lines' \
    'input \"x\" { type = \"dial\" address = \"127.0.0.1:1\" format = \"clock\" }' >good.conf && '$bin/callswelld' -t -c good.conf"
printf 'state_dir = "%s/clock"\n%s\n' "$dir" "$lines" >clock.conf
echo acme,09:00 >clock.csv
check "nor in an import" sh -c "! '$bin/callswell' import --config clock.conf --format clock clock.csv >clock.out 2>&1 &&
    grep -q 'has times without a day' clock.out"
check "unknown zone" refuses 'timezone = "Mars/Olympus"' 'Mars'
check "no open door" refuses 'http { listen = "0.0.0.0:80" }' 'loopback'
check "a broken pattern" refuses "format \"f\" { type = \"regex\" pattern = '(?<customer>' }" 'pattern'
check "a broken condition" refuses 'segment "s" { where = "legs_30d >" }' 's'
check "a condition may not read other tables" refuses \
    'segment "s" { where = "exists (select 1 from signal)" }' 's'
check "a condition may not write" refuses 'segment "s" { where = "1; DROP TABLE customer" }' 's'
check "no such file" sh -c "'$bin/callswelld' -t -c nowhere.conf; test \$? = 78"
check "unknown command" sh -c "'$bin/callswell' fly; test \$? = 64"
check "every command has help" sh -c "
    for c in \$('$bin/callswell' --help | sed -n 's/^  \([a-z-]*\) .*/\1/p'); do
        '$bin/callswell' \$c --help >help.out 2>&1 || { echo \$c; exit 1; }
        awk 'length > 80 {print; bad = 1} END {exit bad}' help.out || { echo \$c; exit 1; }
    done"
"$bin/callswell" validate --print >example.conf
check "the printed example is the shipped one" cmp example.conf "$project/config/callswelld.conf"
check "two owners of a folder" sh -c "
    printf 'state_dir = \"$dir/state\"\nhttp { listen = \"\" }\n' >c.conf
    flock '$dir' true; mkdir -p '$dir/state'
    flock '$dir/state/lock' '$bin/callswell' import --config c.conf --format csv /dev/null; test \$? = 69"
finish
