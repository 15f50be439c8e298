#!/bin/sh
# Every column of the reference tables is held by the test that tests/data/ref/README.md names. With
# sanitizers, where each test takes its time, one of twelve is tried.
. "$(dirname "$0")/lib.sh"
export CALLSWELL_PROJECT="$project" CALLSWELL_BIN="$bin"
every=1
! sanitized || every=12
if [ -x "$bin/tests/test_erlang" ]; then
    check "the list is true" python3 "$project/tests/tools/references.py" --every "$every"
else
    skip "there are no unit tests in $bin"
fi
finish
