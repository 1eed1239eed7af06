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
issue_token() { # NAME PRINCIPAL: into $demo/NAME.token, once.
    [ ! -s "$demo/$1.token" ] || return 0
    (umask 077; "$program" token issue --name "$1" --principal "$2" >"$demo/$1.token" 2>"$demo/last.log") || fail "no token was issued" "$demo/last.log"
}
issue_token application shop
issue_token auditor visiting-auditor
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
# The auditor has the log's key from the day of its making, by another way than the bundle, and a token that only reads.
vkey=$(cat "$demo/vkey")
COUNTERSIGN_TOKEN=$(cat "$demo/auditor.token")
from=$(date -u +%F)
to=$(date -u -d tomorrow +%F)
# Durable is immediate; in the signed tree a record is within a second.
sleep 1.5

step "The control tests LOG-01 and RUN-01 in the server, over $from"
# Status 1 means that a test did not pass: an answer, not a failure of this script.
status=0
"$program" control test LOG-01 RUN-01 --from "$from" --to "$to" --output json >"$demo/controls.json" 2>"$demo/last.log" || status=$?
[ "$status" -le 1 ] && [ -s "$demo/controls.json" ] || fail "the control tests could not be run" "$demo/last.log"
python3 - "$demo/controls.json" <<'PYTHON'
import collections, json, sys
for test in json.load(open(sys.argv[1]))["results"]:
    reasons = collections.Counter(item["reason_code"] for item in test["exceptions"])
    why = ", ".join(f"{count} × {reason}" for reason, count in reasons.most_common(3))
    print(f"    {test['test_id']:8} {test['result']:14} {test['passed_count']} of {test['items_count']} items pass{'; ' + why if why else ''}")
PYTHON

step "An evidence bundle of the day, checked offline with nothing but the log's key"
rm -rf "$demo/evidence.zip" "$demo/evidence"
quietly "$program" bundle export --from "$from" --to "$to" --file "$demo/evidence.zip"
say "    $demo/evidence.zip, $(du -k "$demo/evidence.zip" | cut -f1) KiB"
say "    key $vkey"
offline() { # What a check says, indented.
    env -u COUNTERSIGN_SERVER -u COUNTERSIGN_TOKEN "$program" "$@" >"$demo/last.log" 2>&1 || fail "failed: countersign $*" "$demo/last.log"
    sed 's/^/    /' "$demo/last.log"
}
offline bundle verify "$demo/evidence.zip" --key "$vkey"
say "    Made again from its leaves:"
offline bundle reperform "$demo/evidence.zip" | grep -vE '^ *(A|C|G|MDL|MON)[A-Z]*-[0-9]+[a-z]:'

step "The same tests under the stock sqlite3 $(sqlite3 --version | cut -d' ' -f1), on a database made from the bundle's leaves"
unzip -q "$demo/evidence.zip" -d "$demo/evidence"
(
    cd "$demo/evidence"
    python3 evidence/leaves.py log "$(member range first <manifest.json)" >leaves.sql
    for script in evidence/schema.sql evidence/meta.sql evidence/catalogue.sql evidence/period.sql leaves.sql evidence/load.sql evidence/facts.sql; do
        sqlite3 -bail mine.db <"$script" || fail "sqlite3 refuses $script"
    done
    for test in LOG-01a LOG-01b LOG-01c RUN-01a RUN-01b RUN-01c; do
        { echo '.output /dev/null'; cat "evidence/tests/$test.sql"; printf '.output stdout\nSELECT result FROM summary;\n'; } >test.sql
        printf '    %-8s %s\n' "$test" "$(sqlite3 -bail mine.db <test.sql)"
    done | tee verdicts.txt
)
say "    What does not pass says so: the day is not over (its manifest is closed after midnight, UTC), nobody outside has kept a checkpoint,"
say "    and not every hour has a measurement of a synchronised clock."

step "Leave it running"
say "    data plane     $data_url/v1"
say "    console, API   $COUNTERSIGN_SERVER   (sign in with the token in $demo/administrator.token)"
say "    stop           Scripts/run.sh --stop"
say ""
say "Point an unchanged OpenAI client at it (model: help-desk):"
say ""
say "    export OPENAI_BASE_URL=$data_url/v1"
say "    export OPENAI_API_KEY=$key"
