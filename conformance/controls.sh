#!/usr/bin/env bash
# Control tests give the same results in the server, from a bundle, and under the stock sqlite3.
#
#   controls.sh [TEST.jsonl …]
#
# Each case of the fixtures (default: all that are built in) is run as the server runs it and from a bundle by the program, and by the
# sqlite3 command on a database that it makes itself from schema, leaves and load script. All three must say what the case expects.
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

command -v sqlite3 >/dev/null || cannot "no sqlite3 command (apt: sqlite3)"
mkdir "$work/cases"
status=0
"$program" control fixture "$@" --work "$work/cases" || status=$?
[ "$status" -le 1 ] || cannot "control fixture ended with status $status"

items=$work/items.sql
cat >"$items" <<'SQL'
.output stdout
.mode list
SELECT item_id || '|' || CASE result WHEN 'pass' THEN 'pass' ELSE result || ':' || reason_code END FROM item ORDER BY item_id;
SELECT 'summary|' || result FROM summary;
SQL
echo ".output $work/printed" >"$work/printed.sql"

cases=0 differ=0
for folder in "$work"/cases/*/; do
    name=$(basename "$folder")
    cases=$((cases + 1))
    if ! cat "$work/printed.sql" "$folder"[0-9]*.sql "$items" | sqlite3 -bail :memory: >"$folder/stock.txt" 2>"$folder/stock.err" ||
        [ -s "$folder/stock.err" ]; then
        echo "FAIL $name: the stock sqlite3 says: $(head -n 1 "$folder/stock.err")"
    elif ! cmp -s "$folder/stock.txt" "$folder/server.txt"; then
        echo "FAIL $name: the stock sqlite3 says something else than the server:"
        diff "$folder/server.txt" "$folder/stock.txt" | sed 's/^/  | /' || true
    elif ! cmp -s "$folder/bundle.txt" "$folder/server.txt"; then
        echo "FAIL $name: the bundle says something else than the server"
    else
        continue
    fi
    differ=$((differ + 1))
    status=1
done
[ "$cases" -gt 0 ] || cannot "no case was run"
echo "$cases cases by server, bundle and sqlite3 $(sqlite3 --version | cut -d' ' -f1): $differ differ"
echo "== $runner: status $status after $((SECONDS - started_at)) s"
exit "$status"
