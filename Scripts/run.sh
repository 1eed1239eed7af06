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
if [ ! -d "$demo/data" ]; then
    data_port=$(free_port "${COUNTERSIGN_DATA_PORT:-8080}")
    control_port=$(free_port "${COUNTERSIGN_CONTROL_PORT:-8081}")
    # Into a directory beside it first: an init that was interrupted leaves nothing that looks finished.
    quietly "$program" init --data "$demo/data" --origin demo.countersign.example/log --mode demonstration --admin demo-administrator \
        --data-port "$data_port" --control-port "$control_port" --token-file "$demo/administrator.token"
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
since=$(date -u +%Y-%m-%dT00:00:00Z)

step "Requests to $data_url/v1/chat/completions"
expect answered "$(ask answered '{"model":"help-desk","messages":[{"role":"user","content":"How long does a refund take?"}]}')" 200
say "answered  200  $(python3 -c 'import json, sys; print(json.load(sys.stdin)["choices"][0]["message"]["content"])' <"$demo/answered.body")"
say "               receipt $(receipt answered)"
expect streamed "$(ask streamed '{"model":"help-desk","stream":true,"messages":[{"role":"user","content":"What are your opening hours?"}]}')" 200
say "streamed  200  $(grep -c '^data: ' "$demo/streamed.body") events, the last one: $(grep '^data: ' "$demo/streamed.body" | tail -n 1)"
say "               receipt $(receipt streamed)"
expect denied "$(ask denied '{"model":"payroll","messages":[{"role":"user","content":"What does the director earn?"}]}')" 403
say "denied    403  $(python3 -c 'import json, sys; print(json.load(sys.stdin)["error"]["message"])' <"$demo/denied.body")"
say "               receipt $(receipt denied)"

# ── What an outsider can check
