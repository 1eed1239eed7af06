#!/usr/bin/env bash
# A verifier that we did not write reads a log that the program's ledger made.
#
#   ledger.sh [VERIFIER [ENTRIES]]
#
# Makes a log of exactly ENTRIES entries (70,000) with the ledger service, apart from any server's log, closes it, then runs
# VERIFIER DIR VKEY [OLD_CHECKPOINT]; the older checkpoint is from about half way, and left out below two entries.
# Default verifier: clients/ledger/verify_log.go, over Go's own sumdb packages.
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

verifier=${1:-}
entries=${2:-70000}
[[ $entries =~ ^[0-9]+$ ]] || cannot "ENTRIES is a whole number, not '$entries'"
if [ -z "$verifier" ]; then
    verifier=$("$conformance/build_verify_log.sh") || cannot "verify_log does not build"
fi
[ -x "$verifier" ] && [ -f "$verifier" ] || cannot "no verifier that can be run at $verifier"
verifier=$(cd "$(dirname "$verifier")" && pwd)/$(basename "$verifier")

log=$work/log
"$program" ledger generate "$log" --entries "$entries" >"$work/generate.log" 2>&1 ||
    { cat "$work/generate.log" >&2; cannot "ledger generate failed"; }
size=$(sed -n 2p "$log/checkpoint")
[ "$size" = "$entries" ] || cannot "the log has '$size' entries, not $entries"
arguments=("$log" "$(cat "$log/vkey")")
if [ "$entries" -ge 2 ]; then
    [ -f "$log/checkpoint.old" ] || cannot "ledger generate left no older checkpoint"
    arguments+=("$log/checkpoint.old")
fi
run_client "$verifier" "${arguments[@]}"
