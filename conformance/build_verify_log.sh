#!/usr/bin/env bash
# Builds clients/ledger/verify_log.go with Debian's Go packages, once per version of the source; prints the path of the binary.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
out=$(dirname "$here")/.conformance
source=$here/clients/ledger/verify_log.go
mkdir -p "$out"
exec 9>"$out/verify_log.lock"
flock 9
if [ ! -x "$out/verify_log" ] || ! cmp -s "$source" "$out/verify_log.go"; then
    GO111MODULE=off GOPATH=/usr/share/gocode GOFLAGS='' go build -o "$out/verify_log" "$source" >&2
    cp "$source" "$out/verify_log.go"
fi
echo "$out/verify_log"
