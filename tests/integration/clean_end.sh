#!/bin/sh
# Whatever way a script of this folder ends, nothing that it started stays behind.
. "$(dirname "$0")/lib.sh"
here=$project/tests/integration
# ends HOW: a script that runs a Redis, stopped where it is, and a program in the background; HOW is its end.
ends() {
    cat >"$1.sh" <<EOF
. "$here/lib.sh"
end_own() { touch "$dir/$1.own"; }
redis-server --port 0 --unixsocket "\$dir/redis.sock" --save "" --dir "\$dir" >redis.log 2>&1 &
kill -STOP \$!
echo \$! >"$dir/$1.pid"
(exec sleep 1000) &
echo \$! >>"$dir/$1.pid"
true &
wait \$!
touch "$dir/$1.ready"
$2
EOF
    mkdir "$1.tmp"
    CALLSWELL_PROJECT=$project TMPDIR=$dir/$1.tmp sh "$1.sh" >"$1.out" 2>&1 &
    script=$!
    check "$1: runs" wait_for 20 test -e "$1.ready"
}
gone() { # NAME: every process of the script, and its folder unless something failed
    for pid in $(cat "$1.pid"); do
        kill -0 "$pid" 2>/dev/null && return 1
    done
    [ -e "$1.own" ] && { [ "$1" = failed ] || rmdir "$1.tmp"; }
}
left() { # NAME CODE
    wait $script
    check "$1: its code" equals $? "$2"
    check "$1: nothing is left" gone "$1"
}
ends finished finish
left finished 0
check "finished: its last line" equals "$(cat finished.out)" "0 passed, 0 failed, 0 skipped"
ends failed 'check "no" false
finish'
left failed 1
ends exited "exit 3"
left exited 3
ends stopped 'wait_for 1000 false'
kill -TERM $script
left stopped 1
finish
