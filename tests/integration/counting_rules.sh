#!/bin/sh
# The counting rules, on records small enough to be counted by hand: every field of every key.
. "$(dirname "$0")/lib.sh"
cat >c.conf <<EOF
state_dir = "$dir/state"
clock = "data"
http { listen = "" }
format "semicolon" {
    type = "csv"  header = yes  separator = ";"
    time_format = "%d.%m.%Y %H:%M:%S"  timezone = "Europe/Berlin"
    map = { "customer=Kunde", "start=Beginn", "end=Ende", "duration=Sekunden", "outcome=Status" }
    null = { "customer=-", "duration=n/a" }
    defaults = { "customer=unknown", "region=emea" }
    outcome = { "CLEARED=ok", "REFUSED=rejected", "TEST=ignore" }
    ignore = { "customer=probe" }
}
format "listed" {
    type = "csv"  columns = { "customer", "-", "start", "duration" }  separator = '\t'  quote = ""
}
format "joined" {
    type = "regex"
    pattern = '^(?<start>\S+) bridge\[\d+\]: (?<customer>\S+) joined (?<conference>\d+) for (?<duration>\d+)s$'
}
format "inner" { type = "ndjson"  map = { "customer=account.name", "start=call.begin", "duration=call.s" } }
EOF
long=$(printf 'n%.0s' $(seq 128))
wide=$(printf 'é%.0s' $(seq 64))

cat >plain.ndjson <<EOF
{"customer":"midnight","start":"2024-01-31T23:50:00Z","duration":1500,"participant":"p","conference":"k","region":"eu west"}
{"customer":"leap","start":"2024-02-29T23:59:59Z","duration":2}
{"customer":"zero","start":"2024-03-10T10:00:00Z","duration":0,"region":"zero"}
{"customer":"zero","start":"2024-03-10T10:14:59Z"}
{"customer":"edge","start":"2024-03-10T09:45:00Z","duration":900}
{"customer":"edge","start":"2024-03-10T09:59:59Z","end":"2024-03-10T10:15:01Z"}
{"customer":"month","start":"2024-03-01T00:00:00Z","duration":2678400}
{"customer":"bad","start":"2024-03-10T10:00:00Z","duration":60,"outcome":"failed","participant":"x","conference":"y","region":"none"}
{"customer":"bad","start":"2024-03-10T10:00:01Z","duration":60,"outcome":"rejected","participant":"x","region":"none"}
{"customer":"bad","start":"2024-03-10T10:00:02Z","duration":60,"outcome":"abandoned","participant":"x","region":"none"}
{"customer":"words","start":"2024-03-10T10:00:00Z","outcome":"completed"}
{"customer":"words","start":"2024-03-10T10:00:00Z","outcome":"Answered"}
{"customer":"words","start":"2024-03-10T10:00:00Z","outcome":"SUCCESS"}
{"customer":"words","start":"2024-03-10T10:00:00Z","outcome":"dropped"}
{"customer":"words","start":"2024-03-10T10:00:00Z","outcome":"busy","features":"asked"}
{"customer":"words","start":"2024-03-10T10:00:00Z","outcome":"no_answer","features":"asked"}
{"customer":"words","start":"2024-03-10T10:00:00Z","outcome":"cancelled","features":"asked"}
{"customer":"words","start":"2024-03-10T10:00:00Z","outcome":"full","features":"asked"}
{"kind":"feature","customer":"feat","start":"2024-03-10T10:00:00Z","features":["rec"],"participant":"ann"}
{"kind":"feature","customer":"feat","start":"2024-03-10T10:00:00Z","features":["rec"],"participant":"bob","outcome":"abandoned"}
{"customer":"feat","start":"2024-03-11T10:00:00Z","duration":60,"features":["rec","a:b %c","rec"],"participant":"ann"}
{"customer":"feat2","start":"2024-03-11T10:00:00Z","duration":60,"features":"rec; a:b %c ;;rec","participant":"ann","outcome":"rejected"}
{"kind":"contact","customer":"caller","service":"Help desk","start":"2024-03-10T10:00:00Z","wait":20,"handle":300,"features":["never"],"participant":"z","region":"none"}
{"kind":"contact","customer":"caller","service":"Help desk","start":"2024-03-10T10:00:00Z","wait":"35","handle":7,"outcome":"abandoned","duration":99}
{"kind":"contact","customer":"caller","service":"Help desk","start":"2024-03-10T10:59:59.999Z","wait":1,"outcome":"failed"}
{"customer":"Ä:b%c d/e@f\"g\\\\","start":"2024-03-10T10:00:00Z","duration":1,"participant":"q"}
{"customer":"\u00c4:b%c d\/e@f\"g\\\\","start":"2024-03-10T10:00:00Z","duration":1,"participant":"\u0071"}
{"customer":"\ud83d\ude80","start":"2024-03-10T10:00:00Z","duration":1}
{"customer":"  padded  ","start":" 2024-03-10T10:00:00Z ","duration":" 5 "}
{"customer":"$long","start":"2024-03-10T10:00:00Z","duration":1}
{"customer":"$wide","start":"2024-03-10T10:00:00Z","duration":1}
{"customer":"epoch","start":1714521600,"duration":1}
{"customer":"epoch","start":1714521600000,"duration":1}
{"customer":"epoch","start":1714521600000000,"duration":1}
{"customer":"epoch","start":"1714521600","duration":"1"}
{"customer":"epoch","start":"1714521600000","duration":"1"}
{"customer":"epoch","start":"1714521600000000","duration":1}
{"customer":"offset","start":"2024-05-01T01:30:00+05:30","duration":1}
{"customer":"offset","start":"2024-04-30T13:00:00-07:00","duration":1}
{"customer":"offset","start":"2024-04-30t20:00:00.5z","duration":"59.9"}
{"customer":"backward","end":"2024-03-10T00:00:30Z","duration":60}
{"id":"1","customer":"twice","start":"2024-03-10T10:00:00Z","duration":60}
{"id":"1","customer":"other","start":"2024-03-11T10:00:00Z","duration":99}
{"id":"1","source":"other","customer":"twice","start":"2024-03-10T10:00:00Z","duration":60}
{"id":1,"customer":"twice","start":"2024-03-10T10:00:00Z","duration":60}
{"customer":null,"customer":"last","start":"2024-03-10T10:00:00Z","duration":null,"outcome":"","unknown":{"deep":[1,{"a":2}]}}
EOF
printf '\357\273\277customer,note,start,duration,features\r\n"a ""b"", c","two\r\nlines",2024-03-10T10:00:00Z,10,x;y\r\n' >table.csv
printf 'd,,2024-03-10T10:00:00Z,,\r\n' >>table.csv
printf 'e,"",1710064800,5,"x"' >>table.csv # the last line has no end
cat >table.semi <<'EOF'
Kunde;Beginn;Ende;Sekunden;Status
summer;31.03.2024 00:00:00;01.04.2024 00:00:00;;CLEARED
winter;27.10.2024 00:00:00;28.10.2024 00:00:00;n/a;CLEARED
spring;31.03.2024 01:59:00;31.03.2024 03:01:00;;
autumn;27.10.2024 02:50:00;27.10.2024 02:10:00;;CLEARED
-;10.03.2024 11:00:00;;60;
busy;10.03.2024 11:00:00;;60;REFUSED
busy;10.03.2024 11:00:00;;60;TEST
probe;10.03.2024 11:00:00;;60;CLEARED
EOF
printf 'tab "1"\tx\t2024-03-10T10:00:00Z\t7\n' >table.tab
printf '2024-03-10T10:00:00Z bridge[12]: regex joined 77 for 8s\n' >bridge.log
printf '{"account":{"name":"nested"},"call":{"begin":"2024-03-10T10:00:00Z","s":9}}\n' >nested.ndjson

imports() { # FORMAT FILE WANT
    cs import --config c.conf --format "$1" "$2" >import.out 2>&1
    check "import of $2" contains "$(cat import.out)" "$3"
}
imports ndjson plain.ndjson "imported 46 records"
imports csv table.csv "imported 3 records"
imports semicolon table.semi "imported 8 records"
imports listed table.tab "imported 1 record"
imports joined bridge.log "imported 1 record"
imports inner nested.ndjson "imported 1 record"
check "nothing was refused" contains "$(cs quarantine list --config c.conf)" "nothing"
check "verify" cs verify --config c.conf

{
    cat <<EOF
q midnight 20240131 95=1:600:0
q midnight 20240201 00=0:900:0
d midnight 202401 31=1:600:0
d midnight 202402 01=0:900:0
u midnight 20240131 1
c midnight 20240131 1
l 'eu west' 20240131 1430=1:0
l 'eu west' 20240201 0015=0:1
q leap 20240229 95=1:1:0
q leap 20240301 00=0:1:0
d leap 202402 29=1:1:0
d leap 202403 01=0:1:0
q zero 20240310 40=2:0:0
d zero 202403 10=2:0:0
l zero 20240310 0600=1:1
q edge 20240310 39=2:901:0 40=0:900:0 41=0:1:0
d edge 202403 10=2:1802:0
q bad 20240310 40=0:0:3
d bad 202403 10=0:0:3
q words 20240310 40=4:0:4
d words 202403 10=4:0:4 10.x.asked=0:4
f asked 202403 10=0:0:4
fc asked 20240310 1
d feat 202403 10.x.rec=1:1 11=1:60:0 11.x.rec=1:0 '11.x.a:b %c=1:0'
q feat 20240311 40=1:60:0
u feat 20240311 1
q feat2 20240311 40=0:0:1
d feat2 202403 11=0:0:1 11.x.rec=0:1 '11.x.a:b %c=0:1'
f rec 202403 10=1:1:0 11=1:0:1
f 'a:b %c' 202403 11=1:0:1
fu rec 20240310 2
fc rec 20240310 1
fu rec 20240311 1
fc rec 20240311 2
fu 'a:b %c' 20240311 1
fc 'a:b %c' 20240311 2
s 'Help desk' 20240310 40=2:1:1:300:55 43=1:0:1:0:1
q 'Ä:b%c d/e@f"g\\' 20240310 40=2:2:0
d 'Ä:b%c d/e@f"g\\' 202403 10=2:2:0
u 'Ä:b%c d/e@f"g\\' 20240310 1
q 🚀 20240310 40=1:1:0
d 🚀 202403 10=1:1:0
q padded 20240310 40=1:5:0
d padded 202403 10=1:5:0
q $long 20240310 40=1:1:0
d $long 202403 10=1:1:0
q $wide 20240310 40=1:1:0
d $wide 202403 10=1:1:0
q epoch 20240501 00=6:6:0
d epoch 202405 01=6:6:0
q offset 20240430 80=3:61:0
d offset 202404 30=3:61:0
q backward 20240309 95=1:30:0
q backward 20240310 00=0:30:0
d backward 202403 09=1:30:0 10=0:30:0
q twice 20240310 40=2:120:0
d twice 202403 10=2:120:0
q last 20240310 40=1:0:0
d last 202403 10=1:0:0
q 'a "b", c' 20240310 40=1:10:0
d 'a "b", c' 202403 10=1:10:0 10.x.x=1:0 10.x.y=1:0
q d 20240310 40=1:0:0
d d 202403 10=1:0:0
q e 20240310 40=1:5:0
d e 202403 10=1:5:0 10.x.x=1:0
f x 202403 10=2:0:0
f y 202403 10=1:0:0
fc x 20240310 2
fc y 20240310 1
d summer 202403 30=1:3600:0 31=0:79200:0
q summer 20240330 92=1:900:0 93=0:900:0 94=0:900:0 95=0:900:0
d winter 202410 26=1:7200:0 27=0:82800:0
q spring 20240331 03=1:60:0 04=0:60:0
d spring 202403 31=1:120:0
q autumn 20241027 03=1:600:0 04=0:600:0
d autumn 202410 27=1:1200:0
q unknown 20240310 40=1:60:0
d unknown 202403 10=1:60:0
q busy 20240310 40=0:0:1
d busy 202403 10=0:0:1
q 'tab "1"' 20240310 40=1:7:0
d 'tab "1"' 202403 10=1:7:0
q regex 20240310 40=1:8:0
d regex 202403 10=1:8:0
c regex 20240310 1
q nested 20240310 40=1:9:0
d nested 202403 10=1:9:0
l emea 20240330 1380=1:0
l emea 20240331 1320=0:1 0059=1:0 0061=0:1
l emea 20241026 1320=1:0
l emea 20241027 1380=0:1 0050=1:0 0070=0:1
l emea 20240310 0600=1:0 0601=0:1
EOF
    echo "q month 20240301 *=0:900:0 00=1:900:0"
    for d in 02 03 04 05 06 07 08 09 $(seq 10 31); do echo "q month 202403$d *=0:900:0"; done
    printf 'd month 202403 01=1:86400:0'
    for d in 02 03 04 05 06 07 08 09 $(seq 10 31); do printf ' %s=0:86400:0' "$d"; done
    echo
    printf 'q summer 20240331'; for q in $(seq -w 0 87); do printf ' %s=0:900:0' "$q"; done; echo
    printf 'q winter 20241026'; for q in 88 89 90 91 92 93 94 95; do printf ' %s=%d:900:0' $q $((q == 88)); done; echo
    printf 'q winter 20241027'; for q in $(seq -w 0 91); do printf ' %s=0:900:0' "$q"; done; echo
} >expected
check "start" start c.conf
check "every field of every key" python3 "$project/tests/tools/expect.py" --all state/redis.sock <expected
check "stop" stop
finish
