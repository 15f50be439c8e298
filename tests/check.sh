#!/usr/bin/env bash
# check.sh: builds with sanitizers, runs unit tests, integration tests and a few seconds of each
# fuzzer, and ends with one line that adds everything up: N passed, N failed, N skipped.
# `check.sh thread` does it with ThreadSanitizer, with a minute of chaos and without what has
# no threads to speak of. Parts of the first are `check.sh threads-in-short`, of that what has most
# threads in least time, and `check.sh fuzzers`.
set -u
cd "$(dirname "$0")/.." || exit 1
project=$PWD
kind=${1:-address} log=build/check built=build/san left_out="lib" only=
if [ "$kind" = fuzzers ]; then
    exec make -s -j2 SAN=fuzz CC=clang SECONDS_EACH=3 fuzz-run
elif [ "$kind" != address ]; then
    log=build/check-$kind built=build/tsan
    left_out="lib style layers config call_log counting_rules import_oracle bit_flips chaos_sweep"
    export TSAN_OPTIONS="log_path=$project/$log/race second_deadlock_stack=1"
    export CHAOS_SECONDS=60 HOSTILE_MIB=16
fi
if [ "$kind" = threads-in-short ]; then
    only="chaos test_control test_dedup test_engine test_listening test_names test_once test_projection"
    only="$only test_projection_mend test_relp test_serve_ingest test_totals reload stream"
    export CHAOS_SECONDS=1 # one trial
fi
rm -rf "$log"
mkdir -p "$log"
started=$(date +%s)

say() { printf '%s\n' "$*"; }
build() {
    make -s -j2 "$@" >"$log/build.log" 2>&1 && return
    cat "$log/build.log"
    say "0 passed, 1 failed"
    exit 1
}
if [ "$kind" = thread ]; then
    say "building (with ThreadSanitizer)"
    build SAN=thread all tests build/preload.so
elif [ "$kind" = threads-in-short ]; then
    say "building (with ThreadSanitizer)"
    build SAN=thread all build/preload.so $(printf '%s\n' $only | sed -n "s:^test_:$built/tests/&:p")
else
    say "building (plain, and with address and undefined-behaviour sanitizers)"
    build all build/preload.so
    build SAN=1 all tests
fi

# gcc's ThreadSanitizer ends where addresses are strewn more widely than it knows (vm.mmap_rnd_bits).
if [ "$kind" != address ] && ! "$built/callswelld" -v >/dev/null 2>&1; then
    setarch -R "$built/callswelld" -v >/dev/null 2>&1 && exec setarch -R bash tests/check.sh "$kind"
    say "skipped: ThreadSanitizer does not run here"
    say "0 passed, 0 failed, 1 skipped"
    exit 0
fi

# Is this test one of those that run?
chosen() {
    case " $left_out " in *" $1 "*) return 1 ;; esac
    case " ${only:-$1} " in *" $1 "*) ;; *) return 1 ;; esac
}

# One test program or script: its last line is "N passed, N failed[, N skipped]".
run_one() {
    for last; do :; done # the program or script is the last word
    name=$(basename "$last")
    begun=$(date +%s)
    if "$@" >"$log/$name.log" 2>&1; then code=0; else code=$?; fi
    counts=$(tail -n 1 "$log/$name.log" | grep -E '^[0-9]+ passed, [0-9]+ failed' ||
        echo "0 passed, 1 failed, 0 skipped")
    printf '%s\n' "$counts" >"$log/$name.count"
    case $counts in
    *" 0 failed"*) [ $code = 0 ] || { counts="0 passed, 1 failed (exit $code)"; echo "0 passed, 1 failed" >"$log/$name.count"; } ;;
    esac
    printf '  %-28s %-36s %3d s\n' "$name" "$counts" $(($(date +%s) - begun))
    case $(cat "$log/$name.count") in
    *" 0 failed"*) ;;
    *) sed 's/^/    | /' "$log/$name.log" | tail -n 60 ;;
    esac
}

export CALLSWELL_PROJECT="$project" CALLSWELL_BIN="$project/$built"
export ASAN_OPTIONS=${ASAN_OPTIONS:-detect_leaks=1:abort_on_error=0}
export UBSAN_OPTIONS=${UBSAN_OPTIONS:-print_stacktrace=1}

# Tests wait more than they compute: twice as many at a time as there are cores. What takes long begins
# first, so that no core is idle at the end; of the others the order does not matter.
at_once=$((2 * $(nproc)))
[ "$kind" != threads-in-short ] || at_once=$(nproc) # beside others
long="chaos_sweep bit_flips hostile_redis page test_managed_redis chaos faults test_retire hung_redis
    test_projection_heal relp redis_faults external_redis kamailio janus redis_away import_oracle test_engine_crash
    style ledger_neighbours crash ledger_care tls_inputs cli pairing formats_tel test_tcp stream"
others=
for t in "$built"/tests/test_* tests/integration/*.sh; do
    name=$(basename "$t" .sh)
    case $t in *.d) continue ;; esac
    case " $(echo $long) " in *" $name "*) ;; *) others="$others $name" ;; esac
done
running=0
start() {
    run_one "$@" &
    running=$((running + 1))
    if [ $running -ge "$at_once" ]; then
        wait -n 2>/dev/null || wait
        running=$((running - 1))
    fi
}
say "tests"
if [ "$kind" = address ]; then
    start bash tests/check.sh threads-in-short
    ! command -v clang >/dev/null 2>&1 || start bash tests/check.sh fuzzers
fi
for name in $long $others; do
    chosen "$name" || continue
    case $name in
    test_*) start "$project/$built/tests/$name" ;;
    *) start sh "$project/tests/integration/$name.sh" ;;
    esac
done
wait
if [ "$kind" != address ]; then
    races=$(cat "$log"/race.* 2>/dev/null | grep -c '^WARNING: ThreadSanitizer')
    say "reports of ThreadSanitizer: $races"
    cat "$log"/race.* 2>/dev/null | grep '^SUMMARY' | sort | uniq -c
    echo "1 passed, $races failed, 0 skipped" >"$log/races.count"
fi
say "took $(($(date +%s) - started)) s"
cat "$log"/*.count | awk '{p += $1; f += $3; s += $5} END {printf "%d passed, %d failed, %d skipped\n", p, f, s; exit f > 0 || p == 0}'
