# shellcheck shell=bash
# What the runners share: a temporary directory, free loopback ports, processes that are started, waited for and stopped.
#
# Sourced, never run. COUNTERSIGN_BIN names the program (default: the release build). Nothing here needs root, and nothing that
# was started outlives the runner: every process is ended by its own id when the runner exits, however it exits.
# A runner exits with its client's status; 2 means that the client could not be run.
set -euo pipefail

conformance=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(dirname "$conformance")
runner=$(basename "$0")
program=${COUNTERSIGN_BIN:-$root/.build/release/countersign}
kept=$root/.conformance
started_at=$SECONDS
pids=()
# A proxy of the environment must not get between two ends of the loopback.
export NO_PROXY='127.0.0.1,localhost' no_proxy='127.0.0.1,localhost' PYTHONDONTWRITEBYTECODE=1

cannot() { # MESSAGE…
    echo "== $runner: could not run: $*"
    exit 2
}

case $program in
/*) ;;
*) program=$(pwd)/$program ;;
esac
[ -x "$program" ] || cannot "there is no program at $program (swift build -c release --product countersign, or set COUNTERSIGN_BIN)"

work=$(mktemp -d "${TMPDIR:-/tmp}/countersign-conformance.XXXXXX")

stop() { # PID: asks, waits at most ten seconds, then ends it.
    local pid=$1 i
    kill -TERM "$pid" 2>/dev/null || return 0
    for ((i = 0; i < 100; i++)); do
        kill -0 "$pid" 2>/dev/null || break
        sleep 0.1
    done
    if kill -0 "$pid" 2>/dev/null; then
        echo "$runner: process $pid did not stop when asked; killed" >&2
        kill -KILL "$pid" 2>/dev/null || true
    fi
    wait "$pid" 2>/dev/null || true
}

clean_up() {
    local status=$? i
    trap - EXIT INT TERM HUP
    for ((i = ${#pids[@]} - 1; i >= 0; i--)); do stop "${pids[$i]}"; done
    if [ -n "${CONFORMANCE_KEEP:-}" ]; then echo "$runner: kept $work"; else rm -rf "$work"; fi
    exit "$status"
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

start() { # NAME COMMAND…: in the background, its output in $work/NAME.log; sets $started.
    local name=$1
    shift
    "$@" >"$work/$name.log" 2>&1 </dev/null &
    started=$!
    pids+=("$started")
}

# Prints as many different free loopback ports as are asked for. All are held at once, so that they differ.
free_ports() { # COUNT
    python3 - "$1" <<'PYTHON'
import socket, sys
held = [socket.socket() for _ in range(int(sys.argv[1]))]
for s in held: s.bind(("127.0.0.1", 0))
print(*(s.getsockname()[1] for s in held))
PYTHON
}

wait_for() { # NAME PID URL [SECONDS]: until URL answers with any status below 500.
    local name=$1 pid=$2 url=$3 limit=${4:-30} end=$((SECONDS + ${4:-30})) code
    while :; do
        code=$(curl -s -o /dev/null -m 2 -w '%{http_code}' "$url" || true)
        [ "${code:-000}" -gt 0 ] && [ "$code" -lt 500 ] && return 0
        if ! kill -0 "$pid" 2>/dev/null; then
            tail -n 20 "$work/$name.log" >&2
            cannot "$name ended while starting"
        fi
        if [ "$SECONDS" -ge "$end" ]; then
            tail -n 20 "$work/$name.log" >&2
            cannot "$name did not answer $url within $limit s"
        fi
        sleep 0.1
    done
}

# The Python of a venv of our own with the packages of requirements.txt; made once, and again when that file changes. Sets $python.
need_python() {
    local list=$conformance/requirements.txt stamp=$kept/venv/requirements.txt
    python=$kept/venv/bin/python
    mkdir -p "$kept"
    (
        flock 9
        if ! cmp -s "$list" "$stamp" || [ ! -x "$python" ]; then
            echo "$runner: making $kept/venv (once)"
            rm -rf "$kept/venv"
            python3 -m venv "$kept/venv" || exit 2
            "$kept/venv/bin/pip" install -q --disable-pip-version-check -r "$list" || exit 2
            cp "$list" "$stamp"
        fi
    ) 9>"$kept/venv.lock" || cannot "no venv with $list (see above; python3-venv, and PyPI the first time)"
}

# Makes a data directory, starts the program on it and waits until it is ready.
# Sets $data_url, $control_url, and for the program's own commands COUNTERSIGN_SERVER and COUNTERSIGN_TOKEN.
start_program() {
    local ports
    read -r -a ports <<<"$(free_ports 2)"
    data=$work/data
    data_url=http://127.0.0.1:${ports[0]}
    control_url=http://127.0.0.1:${ports[1]}
    "$program" init --data "$data" --origin conformance.test/log --mode demonstration --admin conformance \
        --data-port "${ports[0]}" --control-port "${ports[1]}" --token-file "$work/administrator" >"$work/init.log" 2>&1 ||
        { cat "$work/init.log" >&2; cannot "init failed"; }
    export COUNTERSIGN_SERVER=$control_url COUNTERSIGN_TOKEN
    COUNTERSIGN_TOKEN=$(cat "$work/administrator")
    start program "$program" serve --data "$data"
    wait_for program "$started" "$control_url/readyz" 60
}

apply() { # FILE: applies state; a diff that is not wanted ends the run.
    "$program" apply -f "$1" >"$work/apply.log" 2>&1 || { cat "$work/apply.log" >&2; cannot "apply $1 failed"; }
}

# Prints a new bearer token of a principal.
issue_token() { # NAME PRINCIPAL
    "$program" token issue --name "$1" --principal "$2" 2>"$work/token.log" || { cat "$work/token.log" >&2; cannot "token issue failed"; }
}

# Runs the client, whose output is the runner's; ends the runner with its status and one closing line.
run_client() { # COMMAND…
    local status=0
    "$@" || status=$?
    if [ "$status" = 0 ]; then
        echo "== $runner: passed in $((SECONDS - started_at)) s"
    else
        echo "== $runner: FAILED, client status $status, after $((SECONDS - started_at)) s"
        for log in "$work"/*.log; do [ ! -s "$log" ] || { echo "-- last lines of $(basename "$log")"; tail -n 15 "$log"; }; done
    fi
    exit "$status"
}
