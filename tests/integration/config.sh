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
