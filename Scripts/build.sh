#!/usr/bin/env bash
# Builds products in the release configuration, quietly; the whole log is .build/release-build.log. usage: build.sh PRODUCT …
set -euo pipefail
cd "$(dirname "$0")/.."
mkdir -p .build
log=.build/release-build.log
jobs=()
# A compiler process that optimises takes up to about two gigabytes.
available=$(awk '/^MemAvailable:/ {print int($2 / 1024)}' /proc/meminfo 2>/dev/null || echo 8192)
[ "$available" -ge 4096 ] || jobs=(--jobs 1)
started=$SECONDS
: >"$log"
for product in "$@"; do
    echo "build: $product, release (a clean build takes 5 to 10 minutes on two cores)"
    if ! swift build -c release --product "$product" "${jobs[@]}" >>"$log" 2>&1; then
        grep -E 'error:' "$log" | sort -u | head -n 40 || true
        tail -n 20 "$log"
        echo "build: failed; all of it is in $log"
        exit 1
    fi
done
echo "build: done in $((SECONDS - started)) s"
