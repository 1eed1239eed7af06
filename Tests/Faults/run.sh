#!/usr/bin/env bash
# Fault tests of the built program. usage: run.sh [--short] [SCENARIO …]
#
# COUNTERSIGN_BIN names the program; otherwise the release build is made first, as `make build` does.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
if [ -z "${COUNTERSIGN_BIN:-}" ]; then
    (cd "$root" && swift build -c release --product countersign)
    export COUNTERSIGN_BIN=$root/.build/release/countersign
fi
# A proxy of the environment must not get between two ends of the loopback.
export NO_PROXY='127.0.0.1,localhost' no_proxy='127.0.0.1,localhost' PYTHONDONTWRITEBYTECODE=1
exec python3 "$here/faults.py" "$@"
