#!/bin/sh
# Signals, load, two owners, long paths: what an operator and a bad day do to a daemon.
. "$(dirname "$0")/lib.sh"
config() { # STATE_DIR
    cat <<EOF
state_dir = "$1"
http  { listen = "127.0.0.1:0" }
input "hooks" { type = "http" path = "/v1/ingest/hooks" format = "ndjson" }
input "lines" { type = "tcp" listen = "127.0.0.1:0" format = "ndjson" }
EOF
}
config "$dir/state" >c.conf
post() { curl -sS --data-binary @"$1" "http://$address/v1/ingest/hooks"; }

# SIGTERM under load: code 0, and every answered record is there, once, at the next start.
check "start" start c.conf
cat >load.py <<'EOF'
"""Posts numbered records, five hundred at a time on four connections, until the daemon goes."""
import datetime, http.client, json, sys, threading
host, done = sys.argv[1], []
start = (datetime.datetime.utcnow() - datetime.timedelta(days=1)).strftime("%Y-%m-%dT00:00:00Z")
def work(k):
    sent = 0
    try:
        c = http.client.HTTPConnection(host)
        while True:
            body = "".join('{"id":"%d-%d","customer":"LOAD","start":"%s","duration":1}\n' %
                           (k, sent + i, start) for i in range(500))
            c.request("POST", "/v1/ingest/hooks", body)
            r = c.getresponse()
            r.read()
            if r.status != 200:
                break
            sent += 500
            print(k, sent, flush=True)
    except (OSError, http.client.HTTPException):
        pass
    done.append((k, sent))
threads = [threading.Thread(target=work, args=(k,)) for k in range(4)]
for t in threads:
    t.start()
for t in threads:
    t.join()
with open("answered", "w") as f:
    f.write("%d %s\n" % (sum(n for _, n in done), start[:10]))
EOF
python3 load.py "$address" >load.out 2>&1 &
load=$!
enough() { [ "$(wc -l <load.out)" -ge 40 ]; }
check "load" wait_for 30 enough
check "SIGTERM under load ends with code 0" stop
wait $load
read -r answered day <answered
check "start again" start c.conf
check "verify" cs verify --config c.conf
legs=$(redis-cli -s state/redis.sock hget "$(cs redis-key --config c.conf --day "$day" LOAD | sed -n 2p)" \
    "$(echo "$day" | cut -c9-10)@1" | cut -d: -f1)
# What was committed but not answered any more is at most one request of each connection.
check "all $answered answered records are there ($legs)" sh -c \
    "test $legs -ge $answered && test $legs -le $((answered + 2000)) && test $((legs % 500)) = 0"

# SIGHUP: a good file is taken over, a broken one changes nothing and says why.
reloads() { grep -c "$1" daemon.log || true; }
said() { [ "$(reloads "$1")" -ge "$2" ]; }
cp c.conf good.conf
echo 'log_level = "debug"' >>c.conf
kill -HUP "$daemon"
check "a good file is taken over" wait_for 20 said "event=reloaded" 1
printf 'workers = "many"\n' >>c.conf
kill -HUP "$daemon"
check "a broken file says where" wait_for 20 said "c.conf:6:" 1
printf '{"id":"x","customer":"A","start":"%sT00:00:00Z"}\n' "$day" >x
check "and the daemon goes on" contains "$(post x)" '"accepted":1'
cp good.conf c.conf

# Two daemons on one folder: the second says who has it and ends with 69.
"$bin/callswelld" -c c.conf 2>second.log
check "a second daemon ends with 69" equals $? 69
check "and says why" contains "$(cat second.log)" "$dir/state"
check "the first goes on" contains "$(post x)" '"duplicates":1'
check "import with the daemon running is done by the daemon" contains \
    "$(cs import --config c.conf --format ndjson x)" "1 duplicates"

sed 's/"x"/"y"/' x >y
check "import as another node than the daemon's is refused" sh -c "
    '$bin/callswell' import --config c.conf --format ndjson --node b y 2>node.err; test \$? = 78"
check "and says what to do" contains "$(cat node.err)" "another state_dir"
cat x y >xy
check "an import of the same beginning by another system" contains \
    "$(cs import --config c.conf --format ndjson --source other xy)" "imported 2 records"

# A port that is taken.
sed "s/127.0.0.1:0\" }\$/$address\" }/; s:/state:/third:" c.conf | head -n 2 >taken.conf
"$bin/callswelld" -c taken.conf 2>third.log
check "a taken port ends with 1" equals $? 1
check "and is named" contains "$(cat third.log)" "$address"
check "stop" stop

# A thread that cannot be had: the start fails and says so, or can do without it.
thread_missing() { # WHICH
    ASAN_OPTIONS="${ASAN_OPTIONS:-}:detect_leaks=0" strace -D -f -qqq -o /dev/null -e trace=clone,clone3 \
        -e signal=none -e "inject=clone,clone3:error=EAGAIN:when=$1" "$bin/callswelld" -c threads.conf 2>thread.log &
    daemon=$!
    wait_for 60 ready_or_failed || return 1
    address=$(sed -n 's/.*event=ready http=\([^ ]*\).*/\1/p' thread.log)
    if [ -n "$address" ]; then
        answer=$(curl -sS --max-time 20 --data-binary @x "http://$address/v1/ingest/hooks")
        stop && contains "$answer" '"quarantined":0'
    else
        wait "$daemon"
        code=$?
        daemon=
        cat thread.log
        [ $code = 1 ] && grep -qi 'event=not_started.*thread' thread.log
    fi
}
ready_or_failed() { grep -q event=ready thread.log || ! kill -0 "$daemon"; }
if grep -q __tsan_init "$bin/callswelld" || ! strace -o /dev/null true 2>/dev/null; then
    skip "strace may not trace here, or ThreadSanitizer has threads of its own"
else
    { echo 'workers = 1 redis { url = "unix:///nobody/is/here" }'; config "$dir/threads"; } >threads.conf
    for which in 1 2 3 4 5 6 7 8; do
        check "without its thread number $which" thread_missing $which
    done
fi

# Paths longer than a socket's name may be.
long=$dir/$(printf 'long-%.0s' $(seq 30))/$(printf 'path-%.0s' $(seq 20))/end
mkdir -p "$long"
config "$long/state" >long.conf
check "a state folder of ${#long} characters" start long.conf
check "takes records" contains "$(post x)" '"accepted":1'
check "status" contains "$(cs status --config long.conf)" "1 accepted"
check "verify there" cs verify --config long.conf
check "stop there" stop
check "import there without a daemon" contains "$(cs import --config long.conf --format ndjson x)" "1 duplicates"
config relative/state >relative.conf
mkdir relative
check "a relative folder" start relative.conf
check "status of a relative folder" contains "$(cs status --config relative.conf)" "ready"
check "stop of a relative folder" stop

# Folders that cannot be.
config /proc/callswell >proc.conf
"$bin/callswelld" -c proc.conf 2>proc.log
check "a folder that cannot be made is no crash" equals $? 1
check "and is named" contains "$(cat proc.log)" "/proc/callswell"
printf 'x' >file
config "$dir/file" >file.conf
"$bin/callswelld" -c file.conf 2>file.log
check "a file in place of the folder" equals $? 1
check "is named" contains "$(cat file.log)" "$dir/file"
sed 's/^http.*/redis { url = "managed" server = "no-such-redis" }/' c.conf | sed 's:/state:/none:' >none.conf
"$bin/callswelld" -c none.conf 2>none.log
check "no redis-server to be found ends with 78" equals $? 78
check "and says so" contains "$(cat none.log)" "no-such-redis"
finish
