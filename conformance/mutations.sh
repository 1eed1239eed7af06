#!/usr/bin/env bash
# Flips single bits in every file of a log; `countersign ledger verify` and verify_log must both refuse each of them.
#
#   mutations.sh [SAMPLES]
#
# A log of 3 entries is tried at every bit of its hash tiles and checkpoint, and logs of 257 and 70,000 entries at SAMPLES bits
# (40) of each kind of file, of full and partial tiles and bundles, first and last ones always among them.
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

samples=${1:-40}
verify_log=$("$conformance/build_verify_log.sh") || cannot "verify_log does not build"
logs=()
for entries in 3 257 70000; do
    "$program" ledger generate "$work/log-$entries" --entries "$entries" >"$work/generate.log" 2>&1 ||
        { cat "$work/generate.log" >&2; cannot "ledger generate failed"; }
    logs+=("$work/log-$entries")
done
run_client python3 "$conformance/clients/ledger/flip_bits.py" --samples "$samples" --program "$program" --verifier "$verify_log" "${logs[@]}"
