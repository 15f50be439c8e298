#!/bin/sh
# A Redis of somebody else, by URL with user, password and database: away, back, emptied, shared.
. "$(dirname "$0")/lib.sh"
port=$(python3 -c 'import socket
s = socket.socket()
s.bind(("127.0.0.1", 0))
print(s.getsockname()[1])')
redis=
cat >redis.conf <<EOF
port $port
bind 127.0.0.1
dir $dir
save ""
maxmemory-policy noeviction
user default off
user writer on >s@cret/1 ~* &* +@all
EOF
start_redis() {
    redis-server redis.conf >redis.log 2>&1 &
    redis=$!
    wait_for 20 answers
}
answers() { [ "$(ask ping)" = PONG ]; }
stop_redis() { # it keeps nothing
    kill -TERM "$redis"
    wait "$redis" 2>/dev/null
    redis=
    true
}
ask() { redis-cli -p "$port" --no-auth-warning --user writer --pass s@cret/1 -n 3 "$@"; }
config() { # NODE PASSWORD
    cat <<EOF
state_dir = "$dir/state.$1"
node = "$1"
http { listen = "127.0.0.1:0" }
redis { url = "redis://writer:$2@127.0.0.1:$port/3" }
input "hooks" { type = "http" path = "/v1/ingest/hooks" format = "ndjson" }
EOF
}
config one s%40cret%2F1 >one.conf
config two s%40cret%2F1 >two.conf
config bad wrong >bad.conf
now=$(date -u -d '-1 day' +%Y-%m-%dT10:00:00Z)
day=$(echo "$now" | cut -c9-10)
record() { printf '{"id":"%s","customer":"ACME","start":"%s","duration":60}\n' "$1" "$now"; }
post() { record "$1" | curl -sS --data-binary @- "http://$address/v1/ingest/hooks"; }
key=$(cs redis-key --config one.conf --day "$(echo "$now" | cut -c1-10)" ACME | sed -n 2p)
total() { [ "$(ask hget "$key" "$day@$1")" = "$2" ]; }
says() { cs status --config "$1" | grep -q "$2"; }

# Nothing listens: readiness does not wait for Redis, ingestion goes on.
check "start without Redis" start one.conf
check "ready" contains "$(curl -sS "http://$address/readyz")" "ready"
check "records are taken" contains "$(post 1)" '"accepted":1'
check "status says that it is away" contains "$(cs status --config one.conf)" \
    "Redis at 127.0.0.1:$port cannot be reached: Connection refused"
check "and what that means" says one.conf "Redis gets them when it is back"
check "the password is nowhere" sh -c "! cat daemon.log | grep -i cret"
check "Redis comes" start_redis
check "and is caught up with" wait_for 30 total one 1:60:0
check "status has nothing to say" says one.conf "redis *connected, holds batch 1 (up to date)"
check "other databases stay empty" equals "$(ask -n 0 dbsize)" 0

# It goes away in between and comes back without what it had.
stop_redis
check "records are taken again" contains "$(post 2)" '"accepted":1'
check "status says so again" wait_for 20 says one.conf "NOT CONNECTED"
check "Redis comes back empty" start_redis
check "and has everything again" wait_for 30 total one 2:120:0
check "verify" cs verify --config one.conf

# Another node adds; a second daemon of the same node must not write over the first.
stop
record 3 >three.ndjson
check "an import by another node" cs import --config two.conf --format ndjson three.ndjson
check "its fields are its own" total two 1:60:0
check "the first one's are untouched" total one 2:120:0
sed -e "s:state.one:state.other:" one.conf >other.conf
check "start of another ledger with a name that is taken" start other.conf
check "takes records" contains "$(post 4)" '"accepted":1'
check "writes nothing and says why" wait_for 20 says other.conf "Another ledger"
check "the owner's fields are untouched" total one 2:120:0
check "stop of the second" stop

# Away for good: an import commits, says what is missing, and does not hang.
stop_redis
record 5 >five.ndjson
cs import --config one.conf --format ndjson five.ndjson >import.out 2>&1
check "import without Redis ends with 69" equals $? 69
check "import without Redis says that all is safe" contains "$(cat import.out)" \
    "committed, but not yet in Redis"
check "Redis comes once more" start_redis
check "and catches up" cs verify --config one.conf
check "to the right number" total one 3:180:0

check "start with a wrong password" start bad.conf
check "is no reason not to take records" contains "$(post 6)" '"accepted":1'
check "status names the reason" wait_for 20 says bad.conf "password"
check "stop with a wrong password" stop
stop_redis
finish
