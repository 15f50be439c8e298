#!/bin/sh
# Dependencies point one way; who may know which library is checked, not remembered.
. "$(dirname "$0")/lib.sh"
cd "$project" || exit 1
none() { # PATTERN PATH...: no file of these includes it
    pattern=$1
    shift
    found=$(grep -nE "#include [<\"]($pattern)" -r "$@" --include='*.[ch]' || true)
    [ -z "$found" ] || { echo "$found"; return 1; }
}
libs='event2/|hiredis|sqlite3|http_parser|sys/socket|systemd'
check "parsers are pure" none "$libs|clock\.h|ledger\.h|engine\.h" parsers
check "analytics are pure" none "$libs|clock\.h|sql\.h|ledger\.h" daemon/analytics
check "counting and pairing are pure" none "$libs|sql\.h|ledger[a-z_]*\.h|engine[a-z_]*\.h" \
    daemon/pipeline/counting daemon/pipeline/pairing
check "the ledger knows nothing that uses it" none "engine|input\.h|projection\.h|store\.h|totals\.h" \
    daemon/pipeline/ledger
check "the analyst knows nobody who asks" none "answers?\.h|scenario|serve\.h" daemon/store/analyst
check "hiredis stays under trends" none "hiredis" daemon/base daemon/input daemon/pipeline daemon/store \
    daemon/serve daemon/ctl daemon/main.c include
check "libcurl stays in serve, and where a message is tried by hand" none "curl/" daemon/base daemon/input \
    daemon/pipeline daemon/store daemon/trends daemon/analytics parsers include
check "libevent stays at the edges" none "event2/" daemon/base daemon/pipeline daemon/store \
    daemon/trends daemon/analytics daemon/ctl parsers
check "SQLite stays in ledger, store and their helper" none "sqlite3" daemon/input daemon/trends \
    daemon/serve daemon/analytics parsers
check "inputs know neither ledger nor cells" none "ledger\.h|cell\.h|totals\.h" daemon/input
check "the base knows nothing above it" none \
    "engine\.h|ledger\.h|cell\.h|projection\.h|input\.h|serve\.h" daemon/base
check "no function of the C locale's zone" sh -c \
    "! grep -nE '\b(localtime|mktime|strptime|asctime|ctime)(_r)?\(' -r parsers daemon --include='*.c'"
finish
