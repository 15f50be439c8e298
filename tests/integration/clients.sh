#!/bin/sh
# Inputs that connect to a telephone system: events become legs, what happened unheard is made good
# after a lost connection and after a crash, a refused login is said.
. "$(dirname "$0")/lib.sh"
for system in ami esl; do
    mkfifo $system.in
    python3 -B "$project/tests/tools/conference_server.py" $system s3cret <$system.in >$system.out &
    case $system in ami) exec 3>$system.in ;; esl) exec 4>$system.in ;; esac
    check "$system server" wait_for 20 [ -s $system.out ]
done
ami() { echo "$*" >&3; }
esl() { echo "$*" >&4; }
ami_port=$(head -n 1 ami.out) esl_port=$(head -n 1 esl.out)
configure() { # SECRET
    cat >c.conf <<EOF
state_dir = "$dir/state"
http  { listen = "127.0.0.1:0" }
input "pbx"    { type = "ami" address = "localhost:$ami_port" user = "callswell" secret = "$1"
                 format = "asterisk-ami" reconnect = "100ms" source = "pbx" }
input "switch" { type = "esl" address = "127.0.0.1:$esl_port" password = "s3cret"
                 format = "freeswitch-esl" reconnect = "100ms" source = "switch" }
EOF
}
has() { cs status --config c.conf --json | tr -d ' \n' | grep -q "$1"; }
open_legs() { wait_for 20 has "\"open_legs\":$1,"; }
configure s3cret
ami unheard join 77 1 1001
check "start" start c.conf
check "both are connected" wait_for 20 has 'connectedsince.*connectedsince'
check "at most once is said" contains "$(cs status --config c.conf)" "at most"
check "and since when it is connected" contains "$(cs status --config c.conf)" "pbx: localhost:$ami_port, connected since 2"
check "who was there is known" open_legs 1
ami join 77 2 1002
esl join 3000 5 2001
esl join 3000 6 2002
check "who comes is known" open_legs 4
ami unheard leave 77 1
ami unheard join 77 3 1003
ami drop
esl unheard leave 3000 5
esl drop
check "who went unheard is gone, who came is there" open_legs 3
check "what was cut off is said" wait_for 20 has '"lost":1.*"lost":1'
kill_hard
ami unheard leave 77 2
check "start after a crash" start c.conf
check "who went meanwhile is gone, the others are there once" open_legs 2
ami leave 77 3
esl leave 3000 6
check "all are gone" open_legs 0
check "nothing was refused" has '"quarantined":0'
legs() { [ "$(redis-cli -s state/redis.sock hget "$(cs redis-key --config c.conf --day "$(date -u +%Y-%m-%d)" acme | sed -n 2p)" \
    "$(date -u +%d)@1" | cut -d: -f1)" = "$1" ]; }
check "five people were five legs" wait_for 60 legs 5
configure wrong
kill -HUP "$daemon"
check "a refused login is said" wait_for 20 has 'loginrefused:Authenticationfailed'
check "and in the log, once" equals "$(grep -c 'event=ami_disconnected.*login refused' daemon.log)" 1
configure s3cret
kill -HUP "$daemon"
check "a reload tries again at once" wait_for 20 has 'connectedsince.*connectedsince'
check "stop" stop
exec 3>&- 4>&-
wait
finish
