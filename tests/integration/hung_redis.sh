#!/bin/sh
# A managed redis-server that hangs: records are taken meanwhile, it is ended after hang_timeout and started
# again with what it had, and all of it is said. A daemon that starts beside one that hangs does the same. One of
# somebody else's is waited for.
. "$(dirname "$0")/lib.sh"
server() { cat state/redis/redis.pid; }
hung=
end_own() { [ -z "$hung" ] || kill -KILL "$hung" 2>/dev/null; }
acme_begin 'hang_timeout = "2s"' 'fold_interval = "200ms"
analytics_interval = "200ms"'
right() { cs verify --config c.conf && acme_is_in -s state/redis.sock; }
gone() { ! grep -qs '^State:.[^Z]' "/proc/$1/status"; } # or a zombie whose parent was killed
another() { [ -e state/redis/redis.pid ] && [ "$(server)" != "$hung" ]; }
hang() {
    hung=$(server)
    kill -STOP "$hung"
}

check "start" start c.conf
acme_take "before"
redis-cli -s state/redis.sock set mine 1 >mine.out
hang
acme_take "hung"
check "status says that it hangs" wait_for 60 says "has not answered for"
check "another one is started" wait_for 60 another
check "the old one has ended" gone "$hung"
check "Redis is right" wait_for 60 right
check "with what its file held" equals "$(redis-cli -s state/redis.sock get mine)" 1
check "the log says why" grep -q "event=redis_server_hung pid=$hung " daemon.log
acme_take "after" # passes follow what is counted
signalled() { cs report signals --config c.conf --json | grep -q "had stopped answering and was ended"; }
check "a signal says so" wait_for 60 signalled

# A daemon was killed, and then its server hangs: the next daemon finds it by its pid file.
kill_hard
hang
check "start beside one that hangs" start c.conf
check "it has a server of its own" another
check "the old one is gone" gone "$hung"
acme_take "again"
check "Redis is right again" wait_for 60 right
check "stop" stop

# One that is not ours, and hangs for longer than that: nobody touches it, and it is caught up with when it goes on.
redis-server --port 0 --unixsocket "$dir/other.sock" --save "" --dir "$dir" >other.log 2>&1 &
other=$!
rm -rf state daemon.log
acme_begin "url = \"unix://$dir/other.sock\" hang_timeout = \"2s\""
up_to_date() { acme_is_in -s other.sock && says "redis connected, holds batch [0-9]* (up to date)"; }
stopped() { grep -q '^State:.T' "/proc/$other/status"; }
answers() { [ "$(redis-cli -s other.sock ping)" = PONG ]; }
check "another Redis" wait_for 20 answers
check "start with it" start c.conf
acme_take "another Redis"
check "it has them" wait_for 60 up_to_date
kill -STOP "$other"
acme_take "another Redis hung"
check "that it hangs is said" wait_for 60 says "has not answered for [2-9][0-9][0-9][0-9] ms" # more than hang_timeout
check "it is left alone" stopped
check "and nothing is ended" sh -c "! grep -q 'event=redis_server' daemon.log"
kill -CONT "$other"
check "it is caught up with" wait_for 60 up_to_date
check "verify" cs verify --config c.conf
check "stop with it" stop
check "it still runs" answers
finish
