#!/bin/sh
# What can befall a Redis: hung, slow, full, unable to save, read-only, failed over, set back to an older
# copy, emptied, too old, closed to us. Each time records go on into the ledger, status and the log say in
# one sentence what is wrong, and when it is over Redis is right again without anybody's help.
. "$(dirname "$0")/lib.sh"
redis=
free_port() { python3 -c 'import socket
s = socket.socket()
s.bind(("127.0.0.1", 0))
print(s.getsockname()[1])'; }
port=$(free_port)
mkdir one two
start_redis() { # FOLDER PORT [OPTION...]: sets $redis
    folder=$1 at=$2
    shift 2
    (cd "$folder" && exec redis-server --port "$at" --bind 127.0.0.1 --save "" --maxmemory-policy noeviction \
        --repl-diskless-sync-delay 0 "$@" >>redis.log 2>&1) &
    redis=$!
    wait_for 20 answers "$at"
}
answers() { [ "$(redis-cli -p "$1" ping)" = PONG ]; }
end_redis() { # SIGNAL [PID]
    end_pid=${2:-$redis}
    kill "-$1" "$end_pid"
    wait "$end_pid" 2>/dev/null
    true
}
ask() { redis-cli -p "$port" "$@"; }
acme_begin "url = \"redis://127.0.0.1:$port\""
logged() { grep "event=redis_problem" daemon.log | grep -q "$1"; }
right() { acme_is_in -p "$port"; }
# trouble NAME SENTENCE: status and log say it, and records are taken.
trouble() {
    acme_take "$1"
    check "$1: status says so" wait_for 30 says "$2"
    check "$1: and the log" logged "$2"
}
# over NAME: Redis holds everything, status has nothing to say, nothing differs.
over() {
    check "$1: Redis has everything again" wait_for 60 right
    check "$1: status is content" wait_for 30 says "redis connected, holds batch [0-9]* (up to date)"
    check "$1: verify" cs verify --config c.conf
}

check "Redis" start_redis one "$port"
check "start" start c.conf
acme_take "quiet"
over "quiet"

# Hung: what was sent stays in its buffers and is read when it wakes up.
kill -STOP "$redis"
trouble "hung" "has not answered for"
kill -CONT "$redis"
over "hung"

# Slow, but not silent for long: no trouble at all.
mark=$(grep -c event=redis_problem daemon.log)
ask client pause 2000 all >slow.out
acme_take "slow"
over "slow"
check "slow: nothing was wrong" equals "$(grep -c event=redis_problem daemon.log)" "$mark"

# Full.
ask config set maxmemory 1 >full.out
trouble "full" "is out of memory for new data: raise maxmemory"
ask config set maxmemory 0 >full.out
over "full"

# It cannot save, and refuses writes for that.
mkdir one/dump.rdb
ask config set save "3600 1" >misconf.out
ask bgsave >>misconf.out
save_failed() { ask info persistence | grep -q "rdb_last_bgsave_status:err"; }
check "cannot save: Redis notices" wait_for 20 save_failed
trouble "cannot save" "refuses writes because it cannot save to its disk"
rmdir one/dump.rdb
saved() { ask bgsave && ask info persistence | grep -q "rdb_last_bgsave_status:ok"; }
check "cannot save: it can again" wait_for 20 saved
over "cannot save"
ask config set save "" >misconf.out

# Busy with somebody's script.
ask config set lua-time-limit 50 >busy.out
ask eval 'while true do end' 0 >script.out 2>&1 &
script=$!
trouble "busy" "is busy with somebody's script"
check "busy: the script is ended" wait_for 20 sh -c "redis-cli -p $port script kill | grep OK"
wait $script
over "busy"

# Made a replica: read-only, and emptied by its new master.
other=$(free_port)
main=$redis
check "another Redis" start_redis two "$other"
stale=$redis
ask replicaof 127.0.0.1 "$other" >replica.out
trouble "read-only" "is a read-only replica: give the address of the master"
ask replicaof no one >replica.out
over "read-only"

# Failed over to a replica that lagged behind: it has older counts and an older marker.
redis-cli -p "$other" replicaof 127.0.0.1 "$port" >failover.out
copied() { acme_is_in -p "$other"; }
check "failover: the replica follows" wait_for 20 copied
redis-cli -p "$other" replicaof no one >failover.out # from here on it lags
acme_take "failover"
over "failover: before"
end_redis KILL "$main"
check "failover: it takes the master's place" sh -c \
    "redis-cli -p '$other' config set port '$port' | grep OK"
check "failover: it answers" wait_for 20 answers "$port"
redis=$stale
acme_take "failover"
over "failover"

# Set back to an older copy by its operator.
ask save >copy.out
cp two/dump.rdb older.rdb
acme_take "older copy"
over "older copy: before"
end_redis KILL
cp older.rdb two/dump.rdb
acme_take "older copy"
check "older copy: Redis comes back with it" start_redis two "$port"
over "older copy"

# Emptied, a marker gone, single keys gone.
ask flushall >empty.out
acme_take "emptied"
over "emptied"
ask eval 'for p = 0, 63 do redis.call("DEL", "cs:{" .. p .. "}:applied:1") end' 0 >marker.out
acme_take "markers gone"
over "markers gone"
ask del "$acme_key" >key.out
cs verify --config c.conf >verify.out 2>&1
check "a key gone: verify finds it" contains "$(cat verify.out)" "missing $acme_key"
check "a key gone: rebuild" cs rebuild --config c.conf
over "a key gone"

# Keys thrown away for want of memory.
ask config set maxmemory-policy allkeys-random >evict.out
ask config set maxmemory 1 >>evict.out
ask set x y >>evict.out
ask config set maxmemory 1gb >>evict.out
trouble "evicting" "maxmemory-policy allkeys-random; keys thrown away since it started: [1-9]"
check "evicting: counted" sh -c "curl -sS 'http://$address/metrics' | grep -q '^callswell_redis_evicted.* [1-9]'"
check "evicting: everything is back" wait_for 60 right
ask config set maxmemory-policy noeviction >evict.out
over "evicting"

# Locked out, then let in again.
ask config set requirepass changed >password.out
ask -a changed --no-auth-warning client kill type normal skipme yes >password.out
trouble "locked out" "asks for a password"
ask -a changed --no-auth-warning config set requirepass "" >password.out
over "locked out"

# A user who may do less: no looking at other connections, no RESTORE.
ask acl setuser default -client\|kill -client\|list -restore >rights.out
ask client kill type normal skipme yes >rights.out 2>&1
ask flushall >rights.out
acme_take "few rights"
over "few rights"
check "stop" stop

# Too old: an answer of the real thing, with another version in it.
cat >older.py <<'EOF'
"""Passes everything on to a Redis and says that it is of version 3.0."""
import socket, sys, threading
server = socket.socket()
server.bind(("127.0.0.1", 0))
server.listen(16)
print(server.getsockname()[1], flush=True)
def copy(a, b, edit):
    while data := a.recv(1 << 20):
        if edit and (at := data.find(b"redis_version:")) >= 0:
            end = data.index(b"\r", at)
            data = data[:at + 14] + b"3.0.7".ljust(end - at - 14) + data[end:]
        b.sendall(data)
    b.close()
while True:
    client = server.accept()[0]
    redis = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
    threading.Thread(target=copy, args=(client, redis, False), daemon=True).start()
    threading.Thread(target=copy, args=(redis, client, True), daemon=True).start()
EOF
python3 older.py "$port" >older.port 2>/dev/null &
check "a server that says it is old" wait_for 20 test -s older.port
sed "s/:$port\"/:$(cat older.port)\"/" c.conf >old.conf
check "too old: start" start old.conf
trouble "too old" "Redis is version 3.0.7 *: at least version 5 is needed"
check "too old: stop" stop
check "start with the real one" start c.conf
over "too old"
check "stop at the end" stop
finish
