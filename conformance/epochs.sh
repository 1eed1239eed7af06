#!/usr/bin/env bash
# A data directory put back from an older copy: not continued (a witness knows more), but ended and followed by a new epoch.
#
#   epochs.sh [VERIFIER]
#
# VERIFIER DIR VKEY OLD_CHECKPOINT reads both logs; default: verify_log, where Go is installed. Checks that the witness's knowledge stops
# the copy, that both logs verify, that the first entry of the new one commits to the old head, that tokens and routes go on, and that the
# bundle of the new epoch stands by itself.
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

verifier=${1:-}
[ -n "$verifier" ] || verifier=$("$conformance/build_verify_log.sh") || cannot "verify_log does not build"
checks=0
fine() { checks=$((checks + 1)); echo "ok    $*"; }
wrong() { echo "FAIL  $*"; echo "== $runner: 1 check failed after $checks"; exit 1; }
ask() { # → status
    curl -s -o "$work/answer" -w '%{http_code}' -m 10 -H "Authorization: Bearer $key" -H 'content-type: application/json' \
        -d '{"model":"house","messages":[{"role":"user","content":"refund?"}]}' "$data_url/v1/chat/completions"
}
serve() {
    start program "$program" serve --data "$data"
    server=$started
    wait_for program "$server" "$control_url/readyz"
}
size() { sed -n 2p "$data/ledger/checkpoint"; }

witness_port=$(free_ports 1)
start_program
server=$started
vkey=$("$program" status --output json | python3 -c 'import json,sys; print(json.load(sys.stdin)["vkey"])')
cat >"$work/state.yaml" <<'Y'
providers:
  - {name: rules, kind: rules, rules: [{pattern: refund, answer: "Five days."}], default_answer: "I do not know."}
routes:
  - {model: house, system: sys_house, provider: rules, upstream_model: house, capture: full, classification: internal}
users:
  - {name: app, kind: service}
  - {name: auditor, kind: person}
grants:
  - {principal: auditor, role: auditor}
  - {principal: app, role: application, route: house}
Y
apply "$work/state.yaml"
key=$(issue_token app-key app)
auditor=$(issue_token auditor-key auditor)
stop "$server"

# A witness of somebody else, who sees the log from now on.
witness_command=("$program" witness serve --name witness.test/w --state "$work/witness" --listen "127.0.0.1:$witness_port" --log "$vkey")
start witness "${witness_command[@]}"
witness=$started
for _ in $(seq 50); do grep -q 'witness.test/w+' "$work/witness.log" && break; sleep 0.1; done
witness_key=$(grep -oE 'witness\.test/w\+[0-9a-f]{8}\+[A-Za-z0-9+/=]+' "$work/witness.log" | head -n 1)
[ -n "$witness_key" ] || cannot "the witness did not print its key: $(tail -n 3 "$work/witness.log")"
sed -i 's|^  reserve_mib:.*|&\n  witness_interval_ms: 200\n  witnesses:\n    - {name: witness.test/w, url: "http://127.0.0.1:'"$witness_port"'/add-checkpoint", key: "'"$witness_key"'", administrator: adm_other, same_host: false}|' "$data/countersign.yaml"

serve
[ "$(ask)" = 200 ] || wrong "a request before the copy was made"
sleep 1.5
stop "$server"
cp -a "$data" "$work/copy"
old_size=$(size)
serve
for _ in 1 2 3; do [ "$(ask)" = 200 ] || wrong "a request after the copy was made"; done
sleep 1.5
stop "$server"
lost_size=$(size)
[ "$lost_size" -gt "$old_size" ] || wrong "the log did not grow"

# The disk is lost; the copy is put in its place.
rm -rf "$data"
cp -a "$work/copy" "$data"
timeout 30 "$program" serve --data "$data" >"$work/out" 2>&1 && wrong "a log that was rolled back was served"
grep -qE "has cosigned [0-9]+ entries of this log, which has $old_size" "$work/out" || wrong "the refusal does not say why: $(tail -n 2 "$work/out")"
fine "the copy is not served: the witness knows more entries than its $old_size"

# The witness is away while the copy starts, and tells it later.
stop "$witness"
start program "$program" serve --data "$data"
server=$started
wait_for program "$server" "$control_url/healthz"
for _ in $(seq 20); do sleep 0.3; ask >/dev/null; [ "$(size)" -gt "$lost_size" ] && break; done
start witness "${witness_command[@]}"
for _ in $(seq 60); do
    [ "$(curl -s -o "$work/ready" -m 2 -w '%{http_code}' "$control_url/readyz" || true)" = 503 ] && break
    sleep 0.25
done
[ "$(ask)" = 503 ] || wrong "a log that was rolled back still answers, though the witness is back: $(cat "$work/answer")"
grep -q 'epoch begin' "$work/ready" || wrong "/readyz does not say what to do: $(cat "$work/ready")"
fine "a server that learns of it later takes no new requests"
stop "$server"

rm -rf "$data"
cp -a "$work/copy" "$data"
"$program" epoch begin --data "$data" --by conformance --origin conformance.test/log >"$work/out" 2>&1 && wrong "an epoch of the same name was begun"
grep -q 'another name' "$work/out" || wrong "the refusal of the same name does not say why: $(cat "$work/out")"
fine "the same name is refused"
"$program" epoch begin --data "$data" --by nobody --origin conformance.test/log-2 >"$work/out" 2>&1 && wrong "nobody began an epoch"
grep -q 'no active person' "$work/out" || wrong "the refusal does not say why: $(cat "$work/out")"
[ ! -e "$data/epochs" ] || wrong "a refused beginning left something behind"
fine "somebody who is no administrator is refused, and nothing is changed"
"$program" epoch begin --data "$data" --by conformance --origin conformance.test/log-2 --output json >"$work/begun.json" || wrong "epoch begin: $(cat "$work/begun.json")"
read_begun() { python3 -c 'import json,sys; print(json.load(open(sys.argv[1]))[sys.argv[2]])' "$work/begun.json" "$1"; }
archive=$(read_begun archive) new_vkey=$(read_begun vkey)
[ "$(read_begun previous_size)" = "$old_size" ] || wrong "previous_size is $(read_begun previous_size), not $old_size"
"$program" ledger verify "$archive" --key "$vkey" || wrong "the old log does not verify"
"$verifier" "$archive" "$vkey" || wrong "$verifier refuses the old log"
fine "the old log is kept and verifies"
"$program" epoch begin --data "$data" --by conformance --origin conformance.test/log-2 >"$work/out" 2>&1 || wrong "a second time: $(cat "$work/out")"
grep -q 'nothing was left to do' "$work/out" || wrong "a second time does not say so: $(cat "$work/out")"
[ "$(ls "$data/epochs")" = 1 ] || wrong "the same epoch was begun twice"
fine "a second time there is nothing to do"
cp -a "$data" "$work/two"
"$program" epoch begin --data "$work/two" --by conformance --origin conformance.test/log-3 >"$work/out" 2>&1 && wrong "a copy ended the original's log"
fine "a copy whose configuration names the original is refused"
cp -a "$data" "$work/kept"
"$program" epoch begin --data "$data" --by conformance --origin conformance.test/log >"$work/out" 2>&1 && wrong "a name was used twice"
grep -q 'earlier log' "$work/out" || wrong "the refusal of a used name does not say why: $(cat "$work/out")"
"$program" epoch begin --data "$data" --by conformance --origin conformance.test/log-3 --output json >"$work/third.json" || wrong "a third epoch at once"
third=$(python3 -c 'import json,sys; print(json.load(open(sys.argv[1]))["vkey"])' "$work/third.json")
"$program" ledger verify "$data/ledger" --key "$third" --vocabulary >/dev/null || wrong "the third log does not verify"
shared=$(cat "$data"/ledger/tile/entries/*.p/* "$data"/epochs/2/tile/entries/*.p/* | grep -aoE '"id":"evt_[0-9a-z]{26}"' | sort | uniq -d | wc -l)
[ "$shared" = 0 ] || wrong "$shared records of the second log are in the third"
fine "a used name is refused; a third epoch at once states everything anew"
rm -rf "$data"
cp -a "$work/kept" "$data"

serve
[ "$(ask)" = 200 ] || wrong "the token of before does not work in the new epoch: $(cat "$work/answer")"
fine "routes, grants and tokens go on"
sleep 1.5
COUNTERSIGN_TOKEN=$auditor "$program" bundle export --from "$(date -u +%F)" --to "$(date -u -d tomorrow +%F)" -o "$work/bundle.zip" >/dev/null || wrong "bundle export"
stop "$server"
"$program" bundle verify "$work/bundle.zip" --key "$new_vkey" >"$work/verified" || { cat "$work/verified"; wrong "the bundle of the new epoch"; }
"$program" bundle reperform "$work/bundle.zip" >"$work/reperformed" || { tail -n 5 "$work/reperformed"; wrong "the tests again"; }
"$program" ledger verify "$data/ledger" --key "$new_vkey" --vocabulary || wrong "the new log does not verify"
"$verifier" "$data/ledger" "$new_vkey" || wrong "$verifier refuses the new log"
fine "the new log and its bundle verify"
python3 - "$data/ledger" "$archive" "$old_size" <<'P' || wrong "the first entry does not commit to the old head"
import base64, glob, json, sys
log, archive, size = sys.argv[1], sys.argv[2], int(sys.argv[3])
bundle = open(sorted(glob.glob(log + "/tile/entries/000*"))[0], "rb") if glob.glob(log + "/tile/entries/000") else open(glob.glob(log + "/tile/entries/000.p/*")[0], "rb")
data = bundle.read()
first = json.loads(data[2:2 + int.from_bytes(data[:2], "big")])
head = open(archive + "/head").read().split("\n")
root = "sha256:" + base64.b64decode(head[2]).hex()
assert first["type"] == "log.opened" and first["data"]["previous_size"] == size == int(head[1]), first
assert first["data"]["previous_root"] == root, (first["data"], root)
P
fine "its first entry commits to the old head"
echo "== $runner: $checks checks, 0 failed"
