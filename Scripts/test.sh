#!/usr/bin/env bash
# Builds and runs the unit tests; prints what fails and one closing line. usage: test.sh [swift test arguments …]
#
# The whole log is kept in .build/test.log. Exits with the status of swift test.
set -euo pipefail
cd "$(dirname "$0")/.."
mkdir -p .build
log=.build/test.log
report=.build/test.xml
rm -f "$report" "${report%.xml}-swift-testing.xml"

# A compiler process takes up to about a gigabyte: on a small machine one at a time.
jobs=()
available=$(awk '/^MemAvailable:/ {print int($2 / 1024)}' /proc/meminfo 2>/dev/null || echo 8192)
if [ "$available" -lt 4096 ]; then
    echo "test: $available MiB of memory: building with one job"
    jobs=(--jobs 1)
fi

echo "test: building (a clean build takes about 5 minutes on two cores)"
started=$SECONDS
if ! swift build --build-tests "${jobs[@]}" >"$log" 2>&1; then
    grep -E 'error:' "$log" | sort -u | head -n 40 || true
    tail -n 20 "$log"
    echo "test: the build failed; all of it is in $log"
    exit 1
fi
echo "test: built in $((SECONDS - started)) s"

# One at a time: many tests talk to servers and logs over blocking calls, and two cores have two threads for all of them.
status=0
started=$SECONDS
swift test --skip-build --no-parallel --xunit-output "$report" "$@" >"$log" 2>&1 || status=$?
# XCTest's runner reports too, and has no tests here: only Swift Testing's report counts.
counts=$(sed -nE 's/.*<testsuite .*/&/p' "${report%.xml}-swift-testing.xml" 2>/dev/null | head -n 1)
tests=$(sed -nE 's/.* tests="([0-9]+)".*/\1/p' <<<"$counts")
failed=$(sed -nE 's/.* failures="([0-9]+)".*/\1/p' <<<"$counts")
skipped=$(sed -nE 's/.* skipped="([0-9]+)".*/\1/p' <<<"$counts")
grep -E '^(✔|✘) (Suite|Test) .*(passed|failed) after' "$log" | grep -E 'Suite |^✘' | sed -E "s/ after [0-9.]+ seconds?.*//" || true
if [ "$status" != 0 ]; then
    echo
    grep -E '✘|error:|Fatal error|Crash|Thread 0' "$log" | head -n 60 || true
    echo "test: the whole log is in $log"
    # A crash leaves no report; something failed all the same.
    [ "${failed:-0}" -gt 0 ] || failed=1
fi
echo "test: $((${tests:-0} - ${failed:-0})) passed, ${failed:-0} failed, ${skipped:-0} skipped in $((SECONDS - started)) s"
exit "$status"
