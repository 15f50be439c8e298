#!/bin/sh
# run.sh SECONDS PROGRAM...: each fuzzer for so long, from its corpus in tests/data where there is
# one; ends with "N passed, N failed".
set -u
seconds=$1
shift
passed=0 failed=0
# seeds FOLDER: for fuzz_formats, what the tests have of each format behind the bytes that choose it.
seeds() {
    number=0
    for format in $(cd config/formats.d && LC_ALL=C ls | sed 's/\.conf$//') xml json fixed; do
        for file in tests/data/formats/"$format"/* tests/data/described/"$format"; do
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
for f in "$@"; do
    name=$(basename "$f")
    work=$(mktemp -d)
    seeds=tests/data/${name#fuzz_}
    [ -d "$seeds" ] || seeds=
    if [ "$name" = fuzz_formats ]; then
        seeds "$work"
        seeds=
    fi
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
