#!/usr/bin/env bash
# `make run`: a demonstration from an empty directory to a proof in an outsider's hands. usage: run.sh [--stop | --remove]
#
# Everything is under demo/ (COUNTERSIGN_DEMO): the data directory, the tokens, the server's log and process id, the exported bundle.
# On an existing demonstration it goes on where the last run ended. The server keeps running; --stop ends it, --remove deletes all of it.
set -euo pipefail
cd "$(dirname "$0")/.."
demo=${COUNTERSIGN_DEMO:-$PWD/demo}
program=${COUNTERSIGN_BIN:-$PWD/.build/release/countersign}
export NO_PROXY='127.0.0.1,localhost' no_proxy='127.0.0.1,localhost'

say() { printf '%s\n' "$*"; }
step() { printf '\n%s\n' "── $*"; }
fail() { # MESSAGE [LOG]
    say "run: $1" >&2
    [ -z "${2:-}" ] || tail -n 20 "$2" >&2
    exit 1
}
# Runs a command of the program against the demonstration's server; what it says is shown only if it fails.
quietly() { "$@" >"$demo/last.log" 2>&1 || fail "failed: $*" "$demo/last.log"; }

member() { # NAME …: a member of the JSON object on standard input, and of what it finds.
    python3 -c 'import functools, json, sys
print(functools.reduce(lambda v, k: v[int(k)] if isinstance(v, list) else v[k], sys.argv[1:], json.load(sys.stdin)))' "$@"
}

server_pid() { # The running server of this directory, if there is one: the process id may have gone to somebody else since.
    local pid
    pid=$(cat "$demo/server.pid" 2>/dev/null) || return 1
    [ -n "$pid" ] && tr '\0' ' ' <"/proc/$pid/cmdline" 2>/dev/null | grep -qF "serve --data $demo/data" && echo "$pid"
}
stop_server() {
    local pid i
    pid=$(server_pid) || return 0
    kill -TERM "$pid"
    for ((i = 0; i < 200; i++)); do kill -0 "$pid" 2>/dev/null || break; sleep 0.1; done
    ! kill -0 "$pid" 2>/dev/null || fail "the server (process $pid) does not stop"
    rm -f "$demo/server.pid"
}
case ${1:-} in
--stop) stop_server; exit 0 ;;
--remove) stop_server; rm -rf "$demo"; exit 0 ;;
'') ;;
*) fail "usage: run.sh [--stop | --remove]" ;;
esac

# ── The program and its directory
mkdir -p "$demo"
chmod 700 "$demo"
if [ -z "${COUNTERSIGN_BIN:-}" ]; then
    Scripts/build.sh countersign
fi
[ -x "$program" ] || fail "no program at $program"

port_is_free() { ! (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }
free_port() { # The first free one from PREFERRED on.
    local port=$1
    until port_is_free "$port"; do port=$((port + 10)); done
    echo "$port"
}
if [ ! -s "$demo/ports" ]; then
    # What an interrupted run left is not worth keeping.
    rm -rf "$demo/data"
    data_port=$(free_port "${COUNTERSIGN_DATA_PORT:-8080}")
    control_port=$(free_port "${COUNTERSIGN_CONTROL_PORT:-8081}")
    rm -f "$demo"/*.token
    "$program" init --data "$demo/data" --origin demo.countersign.example/log --mode demonstration --admin demo-administrator --output json \
        --data-port "$data_port" --control-port "$control_port" --token-file "$demo/administrator.token" \
        >"$demo/init.json" 2>"$demo/last.log" || fail "init failed" "$demo/last.log"
    member vkey <"$demo/init.json" >"$demo/vkey"
    printf 'data_port=%s\ncontrol_port=%s\n' "$data_port" "$control_port" >"$demo/ports"
    say "Made a demonstration directory: $demo/data"
else
    say "Going on with the demonstration directory $demo/data"
fi
. "$demo/ports"
data_url=http://127.0.0.1:$data_port
export COUNTERSIGN_SERVER=http://127.0.0.1:$control_port COUNTERSIGN_TOKEN
COUNTERSIGN_TOKEN=$(cat "$demo/administrator.token")

# ── The server: a running one is used, unless the program is newer than it.
if pid=$(server_pid) && [ "$program" -nt "$demo/server.pid" ]; then stop_server; fi
if ! pid=$(server_pid); then
    port_is_free "$data_port" && port_is_free "$control_port" || fail "somebody else listens on port $data_port or $control_port"
    setsid "$program" serve --data "$demo/data" >>"$demo/server.log" 2>&1 </dev/null &
    pid=$!
    echo "$pid" >"$demo/server.pid"
fi
for ((i = 0; ; i++)); do
    ! curl -sf -o /dev/null -m 2 "$COUNTERSIGN_SERVER/readyz" || break
    kill -0 "$pid" 2>/dev/null || fail "the server ended while starting" "$demo/server.log"
    [ "$i" -lt 300 ] || fail "the server is not ready after a minute" "$demo/server.log"
    sleep 0.2
done
say "The server runs: process $pid, log $demo/server.log"

quietly "$program" apply -f Scripts/demo.yaml
if [ ! -s "$demo/application.token" ]; then
    (umask 077; "$program" token issue --name shop-key --principal shop >"$demo/application.token" 2>"$demo/last.log") ||
        fail "no token was issued" "$demo/last.log"
fi
key=$(cat "$demo/application.token")

# ── Three requests, as any OpenAI client would send them
ask() { # NAME JSON: keeps status, head and body; prints the status.
    curl -sS -m 30 -o "$demo/$1.body" -D "$demo/$1.head" -w '%{http_code}' "$data_url/v1/chat/completions" \
        -H "Authorization: Bearer $key" -H 'Content-Type: application/json' -d "$2"
}
receipt() { sed -nE 's/^countersign-receipt: *([^[:space:]]+).*$/\1/ip' "$demo/$1.head"; }
expect() { [ "$2" = "$3" ] || fail "the $1 request: status $2, expected $3: $(head -c 300 "$demo/$1.body")"; }

step "Requests to $data_url/v1/chat/completions"
expect answered "$(ask answered '{"model":"help-desk","messages":[{"role":"user","content":"How long does a refund take?"}]}')" 200
say "answered  200  $(member choices 0 message content <"$demo/answered.body")"
say "               receipt $(receipt answered)"
expect streamed "$(ask streamed '{"model":"help-desk","stream":true,"messages":[{"role":"user","content":"What are your opening hours?"}]}')" 200
say "streamed  200  $(grep -c '^data: ' "$demo/streamed.body") events, the last one: $(grep '^data: ' "$demo/streamed.body" | tail -n 1)"
say "               receipt $(receipt streamed)"
expect denied "$(ask denied '{"model":"payroll","messages":[{"role":"user","content":"What does the director earn?"}]}')" 403
say "denied    403  $(member error message <"$demo/denied.body")"
say "               receipt $(receipt denied)"

# ── What an outsider can check
# The auditor has the log's key from the day of its making, by another way than the bundle.
vkey=$(cat "$demo/vkey")
from=$(date -u +%F)
to=$(date -u -d tomorrow +%F)
tests=(LOG-01a LOG-01b LOG-01c RUN-01a RUN-01b RUN-01c)
verdict() { # Shows a check's output, indented. Status 1 means that it found something: that is an answer, not a failure of this script.
    local status=0
    "$@" >"$demo/last.log" 2>&1 || status=$?
    sed 's/^/    /' "$demo/last.log"
    [ "$status" -le 1 ] || fail "failed with status $status: $*"
}
# Durable is immediate; in the signed tree a record is within a second.
sleep 1.5

step "The control tests in the server, $from"
verdict "$program" control test LOG-01 RUN-01 --from "$from" --to "$to"

step "An evidence bundle of the day, checked offline"
rm -rf "$demo/evidence.zip" "$demo/evidence"
quietly "$program" bundle export --from "$from" --to "$to" -o "$demo/evidence.zip"
say "    $demo/evidence.zip, $(du -k "$demo/evidence.zip" | cut -f1) KiB; key $vkey"
env -u COUNTERSIGN_SERVER -u COUNTERSIGN_TOKEN "$program" bundle verify "$demo/evidence.zip" --key "$vkey" >"$demo/last.log" 2>&1 ||
    fail "the bundle does not verify" "$demo/last.log"
sed 's/^/    /' "$demo/last.log"

step "The same tests under the stock sqlite3 $(sqlite3 --version | cut -d' ' -f1), on a database made from the bundle's leaves"
unzip -q "$demo/evidence.zip" -d "$demo/evidence"
(
    cd "$demo/evidence"
    python3 evidence/leaves.py log "$(member first <manifest.json)" >leaves.sql
    for script in evidence/schema.sql evidence/meta.sql evidence/catalogue.sql evidence/period.sql leaves.sql evidence/load.sql evidence/facts.sql; do
        sqlite3 -bail mine.db <"$script" || fail "sqlite3 refuses $script"
    done
    for test in "${tests[@]}"; do
        { echo '.output /dev/null'; cat "evidence/tests/$test.sql"; printf '.output stdout\nSELECT result FROM summary;\n'; } >test.sql
        printf '    %-8s %s\n' "$test" "$(sqlite3 -bail mine.db <test.sql)"
    done | tee verdicts.txt
)
if grep -q no_evidence "$demo/evidence/verdicts.txt"; then
    say "    no_evidence is no pass: today has no manifest yet. The log closes the day with one after midnight (UTC)."
fi

step "Leave it running"
say "    data plane     $data_url/v1"
say "    control plane  $COUNTERSIGN_SERVER   (token: $demo/administrator.token)"
say "    stop           Scripts/run.sh --stop"
say ""
say "Point an unchanged OpenAI client at it (model: help-desk):"
say ""
say "    export OPENAI_BASE_URL=$data_url/v1"
say "    export OPENAI_API_KEY=$key"
