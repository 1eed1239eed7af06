#!/usr/bin/env bash
# Every conformance run, one line each; the output of those that fail is shown and kept. usage: all.sh
set -uo pipefail
here=$(cd "$(dirname "$0")" && pwd)
results=$(dirname "$here")/.conformance/results
rm -rf "$results"
mkdir -p "$results"
passed=0 failed=0

run() { # NAME COMMAND…
    local name=$1 log=$results/$1.log started=$SECONDS status=0 last
    shift
    "$@" >"$log" 2>&1 || status=$?
    # What the client itself said last, before the runner's closing line.
    last=$(grep -v '^== [a-z_]*\.sh:' "$log" | grep . | tail -n 1)
    if [ "$status" = 0 ]; then
        passed=$((passed + 1))
        printf 'ok    %-22s %4d s  %s\n' "$name" $((SECONDS - started)) "$last"
    else
        failed=$((failed + 1))
        printf 'FAIL  %-22s %4d s  status %d; the last lines of %s:\n' "$name" $((SECONDS - started)) "$status" "$log"
        tail -n 25 "$log" | sed 's/^/      | /'
    fi
}

verify_log=$("$here/build_verify_log.sh") || { echo "conformance: verify_log does not build (golang-go, golang-golang-x-mod-dev)"; exit 2; }
for entries in 0 1 2 255 256 257 65535 65536 65537 70000; do
    run "ledger-$entries" "$here/ledger.sh" "$verify_log" "$entries"
done
[ ! -x "$here/mutations.sh" ] || run mutations "$here/mutations.sh"
[ ! -x "$here/epochs.sh" ] || run epochs "$here/epochs.sh" "$verify_log"
[ ! -x "$here/openapi.sh" ] || run openapi "$here/openapi.sh"
[ ! -x "$here/console.sh" ] || run console "$here/console.sh"
# What the gateway does not serve yet is skipped by name, and counted as skipped.
run gateway "$here/gateway.sh" "$here/clients/gateway/conformance.py" --skip 'anthropic,openai-python embeddings'
[ ! -x "$here/controls.sh" ] || run controls "$here/controls.sh"

echo "conformance: $passed passed, $failed failed"
[ "$failed" = 0 ]
