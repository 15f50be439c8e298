#!/bin/sh
# Customers for CRMs: what Python's csv module reads in each file is what the store holds.
. "$(dirname "$0")/lib.sh"
cat >c.conf <<EOF
state_dir = "$dir/state"
clock = "data"
http { listen = "127.0.0.1:0" }
segment "talks; much, really" { where = "legs_30d >= 3" }
segment "all" { where = "legs_30d > 0" }
EOF
cat >customers.csv <<'EOF'
id,name,aliases,numbers,domains,owner,timezone
acme,"Acme ""A"", Ltd.",,,,eve,Europe/Berlin
münchen,Büro München,,,,bob,
EOF
for n in 1 2 3; do printf '{"customer":"acme","participant":"p%s","start":"2024-03-10T10:00:00Z","duration":90}\n' $n; done >use.ndjson
printf '{"customer":"münchen","start":"2024-03-10T10:00:00Z","duration":60}\n{"customer":"=1+2","start":"2024-03-10T10:00:00Z","duration":60}\n' >>use.ndjson
check "customers" contains "$(cs customer import customers.csv --config c.conf)" "2 customers"
check "usage" contains "$(cs import --config c.conf --format ndjson use.ndjson)" "5 accepted"
python3 - <<'EOF'
import sqlite3
db = sqlite3.connect("state/crm.db")
for i, (kind, severity, held) in enumerate((("surge", "info", None), ("decline", "critical", None), ("stuck", "warning", "data are missing"))):
    db.execute("INSERT INTO signal(id, version, kind, subject_type, subject, severity, reason, state, first_seen, last_seen, held)"
               " VALUES(?, 1, ?, 'customer', 'acme', ?, ?, 'open', '2024-03-10T10:00:00Z', '2024-03-10T10:00:00Z', ?)",
               (str(i), kind, severity, f"because of {kind}\nand more", held))
db.commit()
EOF
for crm in salesforce dynamics suitecrm espocrm; do
    check "$crm" cs export $crm --config c.conf --out $crm.csv
done
cat >judge.py <<'EOF'
import csv, json
def load(name):
    raw = open(name + ".csv", "rb").read()
    assert raw.decode("utf-8")
    assert raw.startswith(b"\xef\xbb\xbf") == (name == "dynamics")
    assert (b"\r\n" in raw) == (name in ("dynamics", "suitecrm")), name
    rows = list(csv.DictReader(open(name + ".csv", encoding="utf-8-sig", newline=""), strict=True))
    return rows
names = {"salesforce": lambda n: "Callswell_" + "_".join(w.capitalize() for w in n.split("_")) + "__c",
         "dynamics": lambda n: "cs_" + n, "suitecrm": lambda n: f"callswell_{n}_c",
         "espocrm": lambda n: "cCallswell" + "".join(w.capitalize() for w in n.split("_"))}
lists = {"salesforce": lambda t: t.split(";"), "dynamics": lambda t: t.split(";"),
         "suitecrm": lambda t: [x[1:-1] for x in t.split(",")], "espocrm": json.loads}
for crm, field in names.items():
    rows = {r[field("id")]: r for r in load(crm)}
    assert set(rows) == {"acme", "münchen", "=1+2"}, (crm, set(rows))
    acme, other = rows["acme"], rows["münchen"]
    name = "Name" if crm == "salesforce" else "name"
    assert acme[name] == 'Acme "A", Ltd.' and other[name] == "Büro München" and rows["=1+2"][name] == "=1+2"
    assert acme[field("owner")] == "eve" and acme[field("legs_30d")] == "3", acme
    assert float(acme[field("minutes_30d")]) == 4.5 and acme[field("last_use")] == "2024-03-10"
    talks = {"salesforce": "talks  much, really", "dynamics": "talks  much, really",
             "suitecrm": "talks; much  really", "espocrm": "talks; much, really"}[crm]
    mine = [s for s in lists[crm](acme[field("segments")]) if not s.startswith("rfm:")]
    assert mine == ["all", talks], (crm, mine)
    assert acme[field("signals")] == "2" and acme[field("signal_severity")] == "critical"
    assert lists[crm](acme[field("signal_kinds")]) == ["decline", "surge"]
    assert acme[field("signal_reason")] == "because of decline\nand more"
    assert other[field("signals")] == "0"
    assert other[field("signal_reason")] == ("#N/A" if crm == "salesforce" else "")
    assert len(acme[field("as_of")]) == {"suitecrm": 19, "espocrm": 16}.get(crm, 20), acme[field("as_of")]
EOF
check "each is what the store holds" python3 judge.py
check "of one owner" equals "$(cs export espocrm --config c.conf --owner bob 2>/dev/null | wc -l)" 2
check "of one segment" equals "$(cs export suitecrm --config c.conf --segment 'talks; much, really' 2>/dev/null | grep -c acme)" 1
check "an unknown CRM" sh -c "'$bin/callswell' export abacus --config c.conf; [ \$? = 64 ]"
check "a full disk is said" sh -c "! '$bin/callswell' export espocrm --config c.conf --out /dev/full 2>/dev/null"
start c.conf
same() { # CRM: over HTTP it is the same file
    curl -sS "http://$address/v1/export/$1" | cmp - "$1.csv"
}
for crm in salesforce dynamics suitecrm espocrm; do
    check "$crm over HTTP" same $crm
done
check "an unknown one over HTTP" equals "$(curl -sS -o answer -w '%{http_code}' "http://$address/v1/export/abacus")" 404
check "which are there is said" grep -q salesforce answer
check "an orderly end" stop
documented() { # every column's rule and the external ids stand in the docs
    for f in Callswell_Id__c cs_id callswell_id_c cCallswellId; do grep -q "$f" "$project/docs/EXPORT.md" || return 1; done
    for f in $(head -n 1 dynamics.csv | tr -d '\r\357\273\277' | tr , '\n' | sed 's/^cs_//'); do
        grep -q "$f" "$project/docs/EXPORT.md" || { echo "$f"; return 1; }
    done
}
check "all columns are documented" documented
finish
