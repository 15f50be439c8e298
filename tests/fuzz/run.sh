#!/bin/bash
# run.sh SECONDS PROGRAM...: each fuzzer for so long, one on each core, from its corpus in tests/data
# where there is one; ends with "N passed, N failed".
set -u
seconds=$1
shift
# seeds FOLDER: for fuzz_formats, what the tests have of each format behind the bytes that choose it.
seeds() {
    number=0
    for format in $(cd config/formats.d && LC_ALL=C ls | sed 's/\.conf$//') xml json fixed syslog; do
        for file in tests/data/formats/"$format"/* tests/data/described/"$format" \
            tests/data/"$(echo "$format" | tr - _)"/*; do
            [ -f "$file" ] || continue
            {
                # shellcheck disable=SC2059
                printf "$(printf '\\%03o\\376' $number)"
                cat "$file"
            } >"$1/$format-${file##*/}"
        done
        number=$((number + 1))
    done
}
# run_one PROGRAM: says on its last line whether it passed, and before it why not.
run_one() {
    name=$(basename "$1")
    work=$(mktemp -d)
    seeds=tests/data/${name#fuzz_}
    [ -d "$seeds" ] || seeds=
    if [ "$name" = fuzz_formats ]; then
        seeds "$work"
        seeds=
    fi
    # shellcheck disable=SC2086
    if "$1" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -max_len=8192 \
        -artifact_prefix="$work/" -print_final_stats=1 "$work" $seeds 2>&1 | tail -n 25 >"$work/log" &&
        ! grep -qE 'ERROR:|SUMMARY:' "$work/log"; then
        echo "$name passed"
        rm -rf "$work"
    else
        cat "$work/log"
        echo "$name failed: input kept in $work"
    fi
}
results=$(mktemp -d)
running=0
for f in "$@"; do
    run_one "$f" >"$results/$(basename "$f")" 2>&1 &
    running=$((running + 1))
    if [ $running -ge "$(nproc)" ]; then
        wait -n
        running=$((running - 1))
    fi
done
wait
cat "$results"/*
passed=$(cat "$results"/* | grep -c '^fuzz_[a-z_]* passed$')
rm -rf "$results"
echo "$passed passed, $(($# - passed)) failed"
[ "$passed" -eq $# ]
