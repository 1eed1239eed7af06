#!/usr/bin/env bash
# Fuzzes every parser of outside bytes with libFuzzer, each target for FUZZ_SECONDS (600), under the address sanitizer.
#
#   run.sh [TARGET …]
#
# Inputs that reach new code are kept in .build/fuzz/corpus/TARGET; Fuzz/Corpus/TARGET is what is committed (FUZZ_KEEP=1 merges the
# smallest set that covers the same into it). A finding stops the target, stays in .build/fuzz/findings and makes the run fail.
set -euo pipefail
cd "$(dirname "$0")/.."
seconds=${FUZZ_SECONDS:-600}
jobs=${FUZZ_JOBS:-$(nproc)}
out=$PWD/.build/fuzz
export SWIFT_BACKTRACE=enable=no ASAN_OPTIONS=detect_leaks=0:abort_on_error=0

toolchain=$(dirname "$(dirname "$(readlink -f "$(command -v swiftc)")")")
COUNTERSIGN_FUZZ=$(find "$toolchain/lib/clang" -name "libclang_rt.fuzzer_no_main-$(uname -m).a" 2>/dev/null | head -n 1)
[ -n "$COUNTERSIGN_FUZZ" ] || { echo "fuzz: this Swift toolchain has no libFuzzer (libclang_rt.fuzzer_no_main) below $toolchain/lib/clang"; exit 2; }
export COUNTERSIGN_FUZZ

# Not SwiftPM's own --sanitize=fuzzer: that links libFuzzer into every program, the build's own tools included. Leaks are not looked
# for: Swift's runtime keeps metadata that the leak checker does not see.
echo "fuzz: building (the first time some minutes: everything is instrumented)"
mkdir -p "$out"
swift build -c release --product countersign-fuzz --scratch-path "$out/build" -Xswiftc -sanitize=address \
    -Xswiftc -sanitize-coverage=edge,trace-cmp,inline-8bit-counters,pc-table \
    >"$out/build.log" 2>&1 || { grep -E 'error:' "$out/build.log" | head -20; tail -n 5 "$out/build.log"; exit 2; }
program=$out/build/release/countersign-fuzz

targets=("$@")
[ ${#targets[@]} -gt 0 ] || mapfile -t targets < <(ls Fuzz/Corpus)

one() { # TARGET
    local target=$1 corpus=$out/corpus/$1 status=0 length
    mkdir -p "$corpus" "$out/findings/$target"
    # The list that the program prints when it is given no target.
    length=$("$program" 2>/dev/null | sed -nE "s/^  $target: .*-max_len=([0-9]+)$/\1/p" || true)
    COUNTERSIGN_FUZZ_SEEDS=$corpus "$program" "$target" -max_total_time="$seconds" -max_len="${length:-4096}" -timeout=30 -rss_limit_mb=2048 \
        -print_final_stats=1 -artifact_prefix="$out/findings/$target/" "$corpus" "Fuzz/Corpus/$target" >"$out/$target.log" 2>&1 || status=$?
    runs=$(sed -nE 's/^stat::number_of_executed_units: *([0-9]+)$/\1/p' "$out/$target.log")
    coverage=$(sed -nE 's/.* cov: ([0-9]+) .*/\1/p' "$out/$target.log" | tail -n 1)
    if [ "$status" = 0 ]; then
        printf 'ok    %-14s %12s inputs, %s edges covered, %s files in the corpus, no crash in %s s\n' \
            "$target" "${runs:-0}" "${coverage:-0}" "$(find "$corpus" "Fuzz/Corpus/$target" -type f | wc -l)" "$seconds"
    else
        printf 'FAIL  %-14s status %s; %s\n' "$target" "$status" \
            "$(grep -E 'BROKEN|Fatal error|ERROR: (Address|lib)|SUMMARY' "$out/$target.log" | head -n 3 | tr '\n' ' ')"
        echo "      input kept in $out/findings/$target; the log is $out/$target.log"
    fi
    return "$status"
}

failed=0 running=()
finish() { wait "${running[0]}" || failed=$((failed + 1)); running=("${running[@]:1}"); }
for target in "${targets[@]}"; do
    [ -d "Fuzz/Corpus/$target" ] || { echo "fuzz: no target $target; there are: $(ls Fuzz/Corpus | tr '\n' ' ')"; exit 2; }
    [ ${#running[@]} -lt "$jobs" ] || finish
    one "$target" &
    running+=($!)
done
while [ ${#running[@]} -gt 0 ]; do finish; done

if [ -n "${FUZZ_KEEP:-}" ]; then
    for target in "${targets[@]}"; do
        "$program" "$target" -merge=1 -max_len=2048 "Fuzz/Corpus/$target" "$out/corpus/$target" >"$out/merge.log" 2>&1 ||
            { echo "fuzz: merging $target failed, see $out/merge.log"; failed=$((failed + 1)); }
    done
fi
echo "fuzz: $((${#targets[@]} - failed)) passed, $failed failed"
[ "$failed" = 0 ]
