#!/bin/sh
# Call records of Teams that come again with more sessions, in any order and more than once: what counts is
# each call's last version alone, as a program of its own reckons it.
. "$(dirname "$0")/lib.sh"
cat >c.conf <<EOC
state_dir = "$dir/state"
http { listen = "127.0.0.1:0" }
input "teams" { type = "http" format = "teams-callrecord" }
EOC
cat >calls.py <<'EOP'
"""import.json, post.json: calls whose sessions become known bit by bit, and who was in them. want.json: legs and
seconds by customer and day, of the last versions: overlapping sessions of a person are one leg."""
import json, random
from datetime import datetime, timedelta, timezone
rng = random.Random(20260202)
today = datetime.now(timezone.utc).replace(hour=0, minute=0, second=0, microsecond=0)
text = lambda t: t.strftime("%Y-%m-%dT%H:%M:%S.0000001Z")
sent, want = [], {}
for call in range(150):
    tenant = "tenant%d" % (call % 3)
    begin = today - timedelta(days=rng.randrange(1, 4), seconds=rng.randrange(3600, 80000))
    sessions = []
    for n in range(rng.randrange(1, 12)):
        start = begin + timedelta(seconds=rng.randrange(3000))
        sessions.append((n, "u%d" % rng.randrange(4), start,
                         start + timedelta(seconds=rng.randrange(1, 1200))))
    rng.shuffle(sessions)
    versions = sorted({rng.randrange(1, len(sessions) + 1) for _ in range(3)} | {len(sessions)})
    for version, known in enumerate(versions, 1):
        last = known == len(sessions)
        record = {"id": "call%d" % call, "version": version, "type": "groupCall", "sessions": [
            {"id": "s%d" % n, "modalities": ["audio"], "startDateTime": text(start),
             "endDateTime": text(end), "caller": {"associatedIdentity":
                 {"id": person, "tenantId": tenant} if last or rng.random() < 0.7
                 else {"tenantId": tenant}}}
            for n, person, start, end in sessions[:known]]}
        sent += [record] * rng.choice((1, 1, 2))
    stays = []
    for n, person, start, end in sorted(sessions, key=lambda s: (s[1], s[2], s[3])):
        if stays and stays[-1][0] == person and start <= stays[-1][2]:
            stays[-1][2] = max(stays[-1][2], end)
        else:
            stays.append([person, start, end])
    for person, start, end in stays:
        legs = want.setdefault("%s %s" % (tenant, start.date()), [0, 0])
        legs[0] += 1
        legs[1] += int((end - start).total_seconds())
rng.shuffle(sent)
half = len(sent) // 2
for name, some in ("import", sent[:half]), ("post", sent[half:]):
    with open(name + ".json", "w") as f:
        f.writelines(json.dumps(r) + "\n" for r in some)
json.dump(want, open("want.json", "w"))
EOP
python3 calls.py
check "a daemon" start c.conf
check "posted, and nothing is refused" contains \
    "$(curl -sS --data-binary @post.json "http://$address/v1/ingest/teams")" '"quarantined":0'
check "imported, and the analytics waited for" cs import --config c.conf --format teams-callrecord import.json
check "stop" stop
check "only last versions count" python3 - <<'EOP'
import json, sqlite3, sys
want = json.load(open("want.json"))
db = sqlite3.connect("file:state/crm.db?mode=ro", uri=True)
got = {"%s %s" % (c, day): [legs, seconds] for c, day, legs, seconds in
       db.execute("SELECT customer, day, legs, seconds FROM customer_day WHERE legs > 0")}
for key in sorted(want.keys() | got.keys()):
    if want.get(key) != got.get(key):
        print(key, "is", got.get(key), "instead of", want.get(key))
sys.exit(got != want)
EOP
check "so it is in Redis" cs verify --config c.conf
finish
