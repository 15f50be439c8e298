#!/bin/sh
# Killed at every named place, hindered at some system calls, its power cut (`make chaos-sweep` is
# the whole of it).
. "$(dirname "$0")/lib.sh"
tool() { # PROGRAM ARGUMENT...
    tool=$1
    shift
    check "$tool $*" env TMPDIR="$dir" python3 "$project/tests/chaos/$tool.py" --bin "$bin" \
        --preload "$project/build/preload.so" "$@"
    tail -n 1 check.out
}
make -s -C "$project" build/preload.so >/dev/null 2>&1
tool sweep points
if command -v strace >/dev/null && strace -o /dev/null true 2>/dev/null; then
    tool sweep --sample "${SWEEP_SAMPLE:-8}" calls
else
    skip "strace may not trace here"
fi
tool powerloss --points 40 --restarts 1 --requests 150
# Without syncs a power cut takes what was acknowledged: seen only where the guard can be taken out.
if nm "$bin/callswelld" 2>/dev/null | grep -q guard_stands; then
    check "a commit without a sync is missed" sh -c "! env TMPDIR='$dir' python3 \
        '$project/tests/chaos/powerloss.py' --bin '$bin' --preload '$project/build/preload.so' \
        --points 10 --restarts 0 --requests 50 --without commit_synced"
fi
finish
