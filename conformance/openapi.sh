#!/usr/bin/env bash
# The control plane against its own description: Schemathesis sends what /openapi.json allows and what it forbids.
#
#   openapi.sh [SCHEMATHESIS OPTIONS …]
#
# Every answer must be of a described status, media type and shape; what the description forbids is refused, other methods are 405, and
# nothing is a fault of the server. That all that a schema allows is accepted is not asked: no schema says what a YAML document means.
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

need_python
start_program
cat >"$work/state.yaml" <<'Y'
providers:
  - {name: rules, kind: rules, rules: [{pattern: refund, answer: "Five days."}], default_answer: "I do not know."}
routes:
  - {model: house, system: sys_house, provider: rules, upstream_model: house, capture: full, classification: internal}
users:
  - {name: everybody, kind: person}
grants:
  - {principal: everybody, role: administrator}
  - {principal: everybody, role: application, route: house}
  - {principal: everybody, role: auditor}
  - {principal: everybody, role: unsealer}
Y
apply "$work/state.yaml"
key=$(issue_token everything everybody)
curl -fsS -o /dev/null -H "Authorization: Bearer $key" -H 'content-type: application/json' \
    -d '{"model":"house","messages":[{"role":"user","content":"refund?"}]}' "$data_url/v1/chat/completions"
# It keeps a cache where it runs.
cd "$work"
run_client "$kept/venv/bin/schemathesis" run "$control_url/openapi.json" --url "$control_url" -H "Authorization: Bearer $key" \
    --checks all --exclude-checks positive_data_acceptance --max-examples 50 --seed 1 --no-color "$@"
