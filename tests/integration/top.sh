#!/bin/sh
# callswell top, on a terminal and without; and what bash completes.
. "$(dirname "$0")/lib.sh"
cat >c.conf <<CONF
state_dir = "$dir/state"
http  { listen = "127.0.0.1:0" }
input "hooks" { type = "http" path = "/v1/ingest/hooks" format = "ndjson" }
CONF
"$bin/callswell" top --config c.conf --count 1 >none 2>&1
check "without a daemon it says so" equals "$?" 69
check "start" start c.conf
cs top --config c.conf --interval 0.1 --count 2 >pictures
check "so many pictures" equals "$(grep -c '^callswell ' pictures)" 2
check "with the inputs" grep -q '^hooks  *http ' pictures
check "in 80 columns" equals "$(awk 'length > 80' pictures | wc -l)" 0

# On a terminal: drawn in place, ended by q, the screen given back.
on_terminal() {
    python3 - "$bin/callswell" <<'PY'
import os, pty, sys, select
pid, fd = pty.fork()
if pid == 0:
    os.execv(sys.argv[1], ["callswell", "top", "--config", "c.conf", "--interval", "0.2"])
seen, pressed = b"", False
while True:
    if not select.select([fd], [], [], 20)[0]:
        raise SystemExit("nothing came")
    try:
        more = os.read(fd, 65536)
    except OSError:
        break
    if not more:
        break
    seen += more
    if not pressed and seen.count(b"records/s") >= 2:
        os.write(fd, b"q")
        pressed = True
assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
assert seen.startswith(b"\x1b[?1049h") and seen.endswith(b"\x1b[?1049l"), seen[-80:]
PY
}
check "on a terminal, to the key q" on_terminal

# Words come from what the program says of itself.
cat >complete.bash <<'BASH'
. "$1/packaging/callswell.bash"
shift
PATH=$(dirname "$1"):$PATH
shift
COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
_callswell
printf '%s\n' "${COMPREPLY[@]}"
BASH
completes() { bash complete.bash "$project" "$bin/callswell" callswell "$@" | sort | tr '\n' ' '; }
check "commands" equals "$(completes ro)" "roster "
check "and behind a configuration" equals "$(completes --config c.conf ro)" "roster "
check "which is a file" equals "$(completes --config c.c)" "c.conf "
check "what a command does" equals "$(completes roster i)" "import "
check "options" equals "$(completes top --i)" "--interval "
check "formats" contains "$(completes import --format zoom-)" "zoom-report zoom-webhook"
check "files" equals "$(completes status --config c.c)" "c.conf "
check "stop" stop
finish
