#!/bin/sh
# Tokens and TLS with the real programs: none without tokens beyond loopback, added and revoked while it runs, certificates
# read again at a reload.
. "$(dirname "$0")/lib.sh"
certificate() { # NAME: makes NAME.pem and NAME.key for localhost
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj "/CN=$1" \
        -addext "subjectAltName=DNS:localhost" -keyout "$1.key" -out "$1.pem" 2>/dev/null
}
configure() { # LISTEN [MORE]
    cat >c.conf <<CONF
state_dir = "$dir/state"
http { listen = "$1" ${2:-} }
input "hooks" { type = "http" path = "/v1/ingest/hooks" format = "ndjson" }
CONF
}
ask() { # TOKEN PATH [CURL-OPTION...]: the status
    token=$1 path=$2
    shift 2
    curl -s -o answer -w '%{http_code}' --cacert server.pem --max-time 10 \
        ${token:+-H "Authorization: Bearer $token"} "$@" "$scheme://localhost:$port$path"
}
answers() { [ "$(ask "$2" "$3")" = "$1" ]; } # STATUS TOKEN PATH
sends() { # STATUS TOKEN
    [ "$(ask "$2" /v1/ingest/hooks -H 'Content-Type: application/x-ndjson' \
        --data-binary '{"customer":"acme","start":"2026-11-20T09:00:00Z","duration":60,"id":"1"}')" = "$1" ]
}
subject() { # of the certificate that is shown
    echo | openssl s_client -connect "localhost:$port" 2>/dev/null | openssl x509 -noout -subject 2>/dev/null
}
refuses() { # WORD COMMAND...: exit code 64, and the word is said
    word=$1
    shift
    cs "$@" >refusal 2>&1
    [ $? = 64 ] && contains "$(cat refusal)" "$word"
}
shows() { subject | grep -q "$1"; }
scheme=http
configure 0.0.0.0:0
check "nothing but loopback without tokens" sh -c "timeout 20 '$bin/callswelld' -c c.conf 2>refusal; test \$? = 78"
check "and it says what to do" grep -q 'callswell token add' refusal
admin=$(cs token add --config c.conf --role admin boss | tail -1)
check "a token has 256 random bits" sh -c "echo '$admin' | grep -qE '^cswl_[A-Za-z0-9_-]{43}\$'"
check "a name is given once" refuses "already" token add --config c.conf --role read boss
check "a role is one of three" refuses "admin" token add --config c.conf --role root x
check "the store has no token in clear" sh -c "! grep -qr '$admin' state"
start c.conf
port=${address##*:}
check "with one it listens anywhere" answers 200 "$admin" /v1/status
check "but not for everybody" answers 401 "" /v1/status
check "health is for everybody" answers 200 "" /healthz
sender=$(cs token add --config c.conf --role ingest switch | tail -1)
check "a new token counts at once" wait_for 10 sends 200 "$sender"
check "a sender reads nothing" answers 403 "$sender" /v1/status
check "nobody else sends" sends 401 ""
cs token revoke --config c.conf switch >/dev/null
check "a revoked one does not" wait_for 10 sends 401 "$sender"
check "both are listed" contains "$(cs token list --config c.conf --all --csv)" "switch,ingest"
check "and written down" contains "$(cs report audit --config c.conf --csv)" "token_revoke,switch"
printf 'id,name,owner\na1,Anns,ann\nb1,Bobs,bob\n' >customers.csv
check "customers come with their owners" cs customer import --config c.conf customers.csv
check "which is written down, too" contains "$(cs report audit --config c.conf --csv)" "customers_import,customers.csv"
ann=$(cs token add --config c.conf --role read --owner ann ann | tail -1)
check "her token counts at once" wait_for 10 answers 200 "$ann" /v1/customers/a1
check "another's customer is not found" answers 404 "$ann" /v1/customers/b1
ask "$ann" '/v1/customers?format=csv' >/dev/null
check "nor is it in what she takes away" sh -c "grep -q Anns answer && ! grep -q Bobs answer"
check "an orderly end" stop

certificate server && certificate other
scheme=https
configure 127.0.0.1:0 "certificate = \"$dir/server.pem\" key = \"$dir/server.key\""
start c.conf
port=${address##*:}
check "TLS with the certificate" answers 200 "$admin" /v1/status
check "no plain HTTP beside it" sh -c "! curl -s --max-time 5 http://127.0.0.1:$port/healthz"
check "nothing older than TLS 1.2" sh -c "! openssl s_client -connect 127.0.0.1:$port -tls1_1 </dev/null >/dev/null 2>&1"
head -c 3000000 /dev/zero | tr '\0' '\n' >blank
check "a long body comes whole" test "$(ask "$admin" /v1/ingest/hooks -H 'Content-Type: application/x-ndjson' \
    --data-binary @blank)" = 200
check "a session's cookie is for TLS only" sh -c "curl -s -i --cacert server.pem -d '{\"token\":\"$admin\"}' \
    https://localhost:$port/v1/login | grep -i '^set-cookie:' | grep -q '; Secure'"
cp server.pem ca.pem
cp other.pem server.pem && cp other.key server.key
kill -HUP "$daemon"
check "another certificate after a reload" wait_for 10 shows other
echo broken >server.pem
kill -HUP "$daemon"
check "one that is none changes nothing" wait_for 10 grep -q 'http certificate' daemon.log
check "and the one before goes on" shows other
check "an orderly end" stop
finish
