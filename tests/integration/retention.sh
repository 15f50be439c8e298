#!/bin/sh
# Days past every retention leave the ledger while the daemon is at work; Redis, the store, verify, rebuild
# and the ledger's own check go on agreeing, and a late record of such a day is set aside with its reason.
. "$(dirname "$0")/lib.sh"
cat >c.conf <<EOF
state_dir = "$dir/state"
http { listen = "127.0.0.1:0" }
redis { url = "managed" }
analytics_interval = "100ms"
fold_interval = "100ms"
input "hooks" { type = "http" path = "/v1/ingest/hooks" format = "ndjson" }
EOF
old=$(days_ago 1000) kept=$(days_ago 700) new=$(days_ago 1)
# take NAME DAY WANT: a record of each of fifty customers.
take() {
    contains "$(for i in $(seq 50); do
        printf '{"id":"%s%s","customer":"C%s","participant":"p","conference":"r","start":"%sT10:00:00Z","duration":60}\n' \
            "$1" "$i" "$i" "$2"
    done | curl -sS --data-binary @- "http://$address/v1/ingest/hooks")" "$3"
}
forgotten() { equals "$(sql state/ledger.db "SELECT date(min(period) * 86400, 'unixepoch') FROM total")" "$kept"; }
old_legs() { equals "$(sql state/crm.db "SELECT sum(legs) FROM customer_day WHERE day = '$old'")" 50; }
first_days() { equals "$(sql state/crm.db "SELECT min(first_day) || ' ' || max(first_day) FROM customer_stat")" "$old $old"; }

check "start" start c.conf
check "days of years ago" take old "$old" '"accepted":50'
check "days of a while ago" take kept "$kept" '"accepted":50'
check "and yesterday" take new "$new" '"accepted":50'
check "the oldest leave the ledger" wait_for 60 forgotten
check "the log says so" grep -q "event=totals_retire before=" daemon.log
check "the store has them" old_legs
check "with their first day" first_days
check "a late record of such a day" take late "$old" '"quarantined":50'
check "has a reason" contains "$(cs quarantine list --config c.conf --csv)" "older than the retention"
dry() { # DAY: what an import of a record of that day would say
    printf '{"id":"dry","customer":"C1","start":"%sT10:00:00Z","duration":60}\n' "$1" >dry.ndjson
    cs import --dry-run --config "${2:-c.conf}" --format ndjson dry.ndjson
}
check "a dry run says that of it, too" contains "$(dry "$old")" " 1 quarantined"
check "but not of a day that is kept" contains "$(dry "$kept")" " 1 accepted"
sed 's/^state_dir.*/state_dir = "none"/' c.conf >none.conf
check "without a ledger there is none" contains "$(dry "$old" none.conf)" " 1 accepted"
check "one of a day that is kept counts" take more "$kept" '"accepted":50'
check "verify" cs verify --config c.conf
check "two customers become one" cs customer merge --config c.conf C1 C2
check "with the days that are gone" equals \
    "$(sql state/crm.db "SELECT group_concat(customer || ' ' || legs) FROM customer_day WHERE day = '$old' AND customer IN ('C1', 'C2')")" "C2 2"
check "verify after it" cs verify --config c.conf
check "rebuild" cs rebuild --config c.conf
check "verify after that" cs verify --config c.conf
check "the ledger's own check" cs ledger check --config c.conf
kill_hard
check "start after a kill" start c.conf
check "the day stays refused" take again "$old" '"quarantined":50'
check "stop" stop
check "recover" cs ledger recover --config c.conf
check "start on the recovered ledger" start c.conf
check "the day stays refused there, too" take anew "$old" '"quarantined":50'
check "verify at the end" wait_for 20 cs verify --config c.conf
check "the store kept its days" old_legs
check "and the first of them" first_days
check "stop at the end" stop
finish
