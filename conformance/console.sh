#!/usr/bin/env bash
# The console: with curl what a stranger, a service and a hostile page may do; where Chromium is installed (apt: chromium chromium-driver),
# the journey of a person in it.
#
#   console.sh [SCREENSHOT_DIR]
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

shots=${1:-}
checks=0
fine() { checks=$((checks + 1)); echo "ok    $*"; }
wrong() { echo "FAIL  $*"; echo "== $runner: 1 check failed after $checks"; exit 1; }
ask() { # MODEL [STREAM]
    curl -s -o /dev/null -m 10 -H "Authorization: Bearer $key" -H 'content-type: application/json' \
        -d "{\"model\":\"$1\",\"stream\":${2:-false},\"messages\":[{\"role\":\"user\",\"content\":\"refund?\"}]}" "$data_url/v1/chat/completions"
}
status() { curl -s -o "$work/page" -D "$work/head" -m 10 -w '%{http_code}' "$@"; }

start_program
cat >"$work/state.yaml" <<'Y'
providers:
  - {name: rules, kind: rules, rules: [{pattern: refund, answer: "Refunds take five days."}], default_answer: "I do not know."}
routes:
  - {model: help-desk, system: sys_helpdesk, provider: rules, upstream_model: help-desk, capture: full, classification: confidential}
  - {model: "claims <b>triage</b>", system: sys_claims, provider: rules, upstream_model: claims-triage, capture: full, classification: confidential}
users:
  - {name: helpdesk-app, kind: service}
  - {name: "reader <i>one</i>", kind: person}
grants:
  - {principal: helpdesk-app, role: application, route: help-desk}
  - {principal: "reader <i>one</i>", role: auditor}
Y
apply "$work/state.yaml"
key=$(issue_token app-key helpdesk-app)
reader=$(issue_token reader-key 'reader <i>one</i>')
for _ in 1 2 3 4; do ask help-desk; done
ask 'claims <b>triage</b>'
ask '<script>alert(1)</script>'
ask help-desk true
sleep 1.5

[ "$(status "$control_url/requests")" = 303 ] || wrong "a page without a session"
grep -qi '^location: /sign-in?next=' "$work/head" || wrong "a stranger is not led to the sign-in page"
[ "$(status --data-urlencode "token=$key" "$control_url/sign-in")" = 401 ] || wrong "a service signed in"
[ "$(status --data-urlencode "token=cs_nobody" "$control_url/sign-in")" = 401 ] || wrong "nobody signed in"
[ "$(status -H 'Origin: http://evil.example' --data-urlencode "token=$reader" "$control_url/sign-in")" = 403 ] || wrong "a form from another site was taken"
[ "$(status -H 'Sec-Fetch-Site: cross-site' --data-urlencode "token=$reader" "$control_url/sign-in")" = 403 ] || wrong "a form from another site was taken"
[ "$(status --data '' "$control_url/sign-in")" = 400 ] || wrong "an empty form"
[ "$(head -c 20000 /dev/zero | tr '\0' a | status --data-binary @- "$control_url/sign-in")" = 413 ] || wrong "a form that is too long"
fine "strangers, services and forms of other sites do not sign in"
[ "$(status -c "$work/jar" --data-urlencode "token=$reader" --data-urlencode 'next=//evil.example' "$control_url/sign-in")" = 303 ] || wrong "sign-in"
grep -qi '^location: /.\?$' "$work/head" || wrong "signing in leads to another site: $(grep -i location "$work/head")"
grep -qi '^set-cookie: countersign_session=.*HttpOnly; SameSite=Strict' "$work/head" || wrong "the cookie: $(grep -i set-cookie "$work/head")"
fine "a person signs in, and is led nowhere else"
for page in / /requests '/requests?outcome=denied' /routes /people /evidence; do
    [ "$(status -b "$work/jar" "$control_url$page")" = 200 ] || wrong "$page: $(head -c 300 "$work/page")"
    grep -qi "^content-security-policy: default-src 'none'" "$work/head" || wrong "$page has no content security policy"
    ! grep -qE '<script>alert|<b>triage|<i>one' "$work/page" || wrong "$page shows a hostile name as markup"
done
fine "the pages are there, with their headers, and show hostile names as text"
id=$(status -b "$work/jar" "$control_url/requests" >/dev/null; grep -oE 'inf_[0-9a-z]{26}' "$work/page" | head -n 1)
[ "$(status -b "$work/jar" "$control_url/requests/$id/proof.json")" = 200 ] || wrong "proof.json"
python3 - "$work/page" <<'P' || wrong "proof.json does not hold two entries with proofs"
import json, sys
page = json.load(open(sys.argv[1]))
assert len(page["entries"]) == 2 and all(e["proof"].startswith("c2sp.org/tlog-proof@v1\n") for e in page["entries"]), page
P
for bad in inf_01h000000000000000000000zz evt_x ..%2f..%2fkeys; do
    [ "$(status -b "$work/jar" "$control_url/requests/$bad")" = 404 ] || wrong "/requests/$bad"
done
fine "a request's proofs are there, and nothing under other names"
[ "$(status -b "$work/jar" --data 'csrf=0' "$control_url/sign-out")" = 403 ] || wrong "signed out by a form without the session's token"
[ "$(status -b "$work/jar" "$control_url/evidence")" = 200 ] || wrong "the session ended all the same"
token_id=$("$program" token list --output json | python3 -c 'import json,sys; d=json.load(sys.stdin); d=d.get("tokens",d); print(next(t["id"] for t in d if t["name"]=="reader-key"))')
"$program" token revoke "$token_id" >/dev/null || wrong "token revoke"
[ "$(status -b "$work/jar" "$control_url/evidence")" = 303 ] || wrong "a revoked token's session goes on"
fine "a form needs the session's token; a revoked token ends its sessions"

vkey=$("$program" status --output json | python3 -c 'import json,sys; print(json.load(sys.stdin)["vkey"])')
sleep 1
"$program" ledger verify "$data/ledger" --key "$vkey" --vocabulary >/dev/null || wrong "the records of the sessions are not as the vocabulary has them"
fine "the sessions are recorded"
if command -v chromium >/dev/null && command -v chromedriver >/dev/null; then
    need_python
    run_client "$python" "$conformance/clients/console/browser.py" "$control_url" "$COUNTERSIGN_TOKEN" "$key" $shots
fi
echo "skip  the journey in a browser: chromium and chromedriver are not installed"
echo "== $runner: $checks checks, 0 failed"
