#!/usr/bin/env bash
# `make bench`: builds what is measured and the small C programs beside it, then prints one table. usage: run.sh [PART …]
#
# BENCH_ROUNDS (5) and BENCH_SECONDS (4) shorten it; BENCH_LITELLM names a LiteLLM binary (or see install_litellm.sh);
# BENCH_EVIDENCE_ENTRIES (1000000) sizes the evidence run. Work files are under .bench/, on the disk of the sources.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(dirname "$here")
bin=${BENCH_DIR:-$root/.bench}/bin
cd "$root"

Scripts/deps.sh bench || echo "bench: rows whose peer is missing say so" >&2
mkdir -p "$bin"
for source in sse_stub sse_client fsync_bench group_commit; do
    if [ ! -x "$bin/$source" ] || [ "$here/peers/$source.c" -nt "$bin/$source" ]; then
        cc -O2 -pthread -w -o "$bin/$source" "$here/peers/$source.c"
    fi
done
products=()
[ -n "${COUNTERSIGN_BIN:-}" ] || products+=(countersign)
[ -n "${LEDGER_BENCH_BIN:-}" ] || products+=(ledger-bench)
[ ${#products[@]} -eq 0 ] || Scripts/build.sh "${products[@]}" >&2
exec python3 "$here/run.py" "$@"
