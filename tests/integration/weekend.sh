#!/bin/sh
# Days of rest are what the configuration says: whoever calls on Fridays does so at the weekend in one
# country, and at office hours in another.
. "$(dirname "$0")/lib.sh"
conf() { # WEEKEND-LINE
    cat >c.conf <<END
state_dir = "$dir/state"
clock = "data"
timezone = "Asia/Riyadh"
http { listen = "" }
$1
END
}
# 40 legs each, from 09:00 to 13:00 in Riyadh, on the days that a name says.
python3 - >legs.ndjson <<'END'
import datetime
import json
for customer, days in (("fri-sat", (4, 5)), ("sun", (6,)), ("fri-mon", (4, 0))):
    left, day = 40, datetime.date(2024, 1, 1)
    while left:
        day += datetime.timedelta(1)
        if day.weekday() not in days:
            continue
        for hour in range(9, 13):
            print(json.dumps({"customer": customer, "start": f"{day}T{hour:02}:30:00+03:00"}))
            left -= 1
END
told() { # shares at office hours and at the weekend, and personas, as the store has them
    cs report customers --config c.conf --json | python3 -c '
import json, sys
for r in sorted(json.load(sys.stdin), key=lambda r: r["customer"]):
    if r["persona"]:
        print(r["customer"], r["persona"], "%.1f %.1f" % (r["office_share"], r["weekend_share"]))'
}
again() { # WEEKEND-LINE DAY: analysed anew, because of a customer that none of this is about
    conf "$1"
    printf '{"customer":"other","start":"2024-03-%s"}\n' "$2T08:00:00Z" |
        cs import --config c.conf --format ndjson - >out 2>&1
}
conf ""
check "import" cs import --config c.conf --format ndjson legs.ndjson
check "Saturday and Sunday unless told otherwise" equals "$(told)" "fri-mon office 1.0 0.0
fri-sat weekend 0.5 0.5
sun weekend 0.0 1.0"
check "another weekend" again 'weekend = "Friday sat"' 20
check "is that of everybody, with new records or without" equals "$(told)" "fri-mon weekend 0.5 0.5
fri-sat weekend 0.0 1.0
sun office 1.0 0.0"
check "no weekend" again 'weekend = ""' 20
check "all days have office hours" equals "$(told)" "fri-mon office 1.0 0.0
fri-sat office 1.0 0.0
sun office 1.0 0.0"
finish
