#!/usr/bin/env bash
# Installs the apt packages that are missing, and only those. usage: deps.sh build|conformance|bench …
#
# A Debian or Ubuntu machine with the Swift toolchain is assumed. Needs root or a password-less sudo to install;
# otherwise prints the command to run, and fails.
set -euo pipefail

missing=()
need() { # PACKAGE COMMAND… : the package is missing if the command fails
    local package=$1
    shift
    "$@" >/dev/null 2>&1 || missing+=("$package")
}
have() { command -v "$1"; }

for set in "${@:-build}"; do
    case $set in
    build)
        have swift >/dev/null || { echo "deps: no Swift toolchain on the PATH (6.2 or newer): https://www.swift.org/install/linux/" >&2; exit 2; }
        need libsqlite3-dev test -e /usr/include/sqlite3.h
        need sqlite3 have sqlite3
        need curl have curl
        need unzip have unzip
        need python3-venv python3 -c 'import ensurepip, venv'
        ;;
    conformance)
        need golang-go have go
        need golang-golang-x-mod-dev test -d /usr/share/gocode/src/golang.org/x/mod/sumdb
        ;;
    bench)
        need nginx test -x /usr/sbin/nginx
        need wrk have wrk
        need gcc have cc
        need openssl have openssl
        need postgresql sh -c 'ls /usr/lib/postgresql/*/bin/initdb'
        need postgresql-contrib sh -c 'command -v pgbench || ls /usr/lib/postgresql/*/bin/pgbench'
        ;;
    *)
        echo "deps: unknown set '$set'" >&2
        exit 2
        ;;
    esac
done
[ ${#missing[@]} -gt 0 ] || exit 0

if ! command -v apt-get >/dev/null; then
    echo "deps: missing: ${missing[*]} (Debian's names). Install them with this system's package manager." >&2
    exit 2
fi
as_root=()
if [ "$(id -u)" != 0 ]; then
    if command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
        as_root=(sudo -n)
    else
        echo "deps: missing packages. Run:" >&2
        echo "    sudo apt-get update && sudo apt-get install -y --no-install-recommends ${missing[*]}" >&2
        exit 2
    fi
fi
echo "deps: installing ${missing[*]}"
install=("${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "${missing[@]}")
log=$(mktemp)
trap 'rm -f "$log"' EXIT
# The package lists may be absent (a fresh image) or out of date: try, and refresh them only if that fails.
"${install[@]}" >"$log" 2>&1 || { "${as_root[@]}" apt-get update -q >>"$log" 2>&1 && "${install[@]}" >>"$log" 2>&1; } || {
    tail -n 20 "$log" >&2
    echo "deps: apt-get could not install ${missing[*]}" >&2
    exit 2
}
