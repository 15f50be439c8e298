#!/bin/sh
# run.sh SECONDS PROGRAM...: each fuzzer for so long, from its corpus in tests/data where there is
# one; ends with "N passed, N failed".
set -u
seconds=$1
shift
passed=0 failed=0
for f in "$@"; do
    name=$(basename "$f")
    work=$(mktemp -d)
    seeds=tests/data/${name#fuzz_}
    [ -d "$seeds" ] || seeds=
    echo "== $name"
    # shellcheck disable=SC2086
    if "$f" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -max_len=8192 \
        -artifact_prefix="$work/" -print_final_stats=1 "$work" $seeds 2>&1 | tail -n 25 >"$work/log" &&
        ! grep -qE 'ERROR:|SUMMARY:' "$work/log"; then
        passed=$((passed + 1))
        rm -rf "$work"
    else
        failed=$((failed + 1))
        cat "$work/log"
        echo "$name failed: input kept in $work"
    fi
done
echo "$passed passed, $failed failed"
[ $failed -eq 0 ]
