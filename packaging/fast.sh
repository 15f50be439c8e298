#!/bin/sh
# fast.sh - the programs once more, in build/fast, arranged by a profile of their own work.
#
# Built to count what is executed, run on generated records, built again with those counts: the
# compiler then knows which way branches go and what is worth having in one place. What the run
# does not reach is compiled as usual. Wants gcc; takes twice as long as a build and a minute.
# The same sources, compiler and records give the same programs.
set -eu

out=build/fast
flags="-O3 -g"
case $(${CC:-cc} -v 2>&1) in
*"gcc version"*) ;;
*)
    echo "make fast: wants gcc: make fast CC=gcc" >&2
    exit 1
    ;;
esac
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM

# Both builds must have the same name: the counts are found by it.
build() {
    ${MAKE:-make} -s -j2 O=$out CFLAGS="$flags $1" all
}

records() {
    $out/callswell generate --records 100000 --days "$1" --customers "$2" --format "$3" \
        --out "$work/data"
}

# What most installations do most of the time: records of either format, counted and kept.
train() {
    printf 'state_dir = "%s"\nredis { url = "managed" }\n' "$work/state" >"$work/conf"
    for form in csv ndjson; do
        records 10 5000 $form
        $out/callswell import --config "$work/conf" --format $form --dry-run "$work/data"
        records 20 40000 $form
        $out/callswell import --config "$work/conf" --format $form "$work/data"
        rm -rf "$work/state"
    done
}

rm -rf $out
build "-fprofile-generate -fprofile-update=prefer-atomic"
train >"$work/said" 2>&1 || {
    cat "$work/said" >&2
    exit 1
}
find $out -name '*.o' -exec rm {} +
rm -f $out/libcallswell.a $out/callswell $out/callswelld
# With what it knows the compiler also warns of ways that no call takes.
build "-fprofile-use -fprofile-partial-training -fprofile-correction \
    -Wno-missing-profile -Wno-stringop-overflow"
find $out -name '*.gcda' -exec rm {} +
