#!/bin/sh
# A while of everything going wrong at once: every counter comes right (`make chaos` is the long one).
. "$(dirname "$0")/lib.sh"
make -s -C "$project" build/preload.so >/dev/null 2>&1
check "chaos with seed ${CHAOS_SEED:-1}" env TMPDIR="$dir" python3 "$project/tests/chaos/chaos.py" \
    --bin "$bin" --preload "$project/build/preload.so" --seed "${CHAOS_SEED:-1}" \
    --seconds "${CHAOS_SECONDS:-45}" --active 10
sed -n '/^faults injected/,$p' check.out
finish
