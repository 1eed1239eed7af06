#!/usr/bin/env bash
# Real OpenAI and Anthropic clients through the gateway, against a stub upstream whose every byte is known.
#
#   gateway.sh [CLIENT [ARGS …]]
#
# Runs CLIENT BASE KEY MODEL MODEL ARGS…, where BASE is the data plane without /v1. A client that ends in .py runs in our venv.
# Its head says which routes it needs ("routes m, err400 … to the stub"); each is made, with the stub's model of the same name.
# The stub is the conf_stub.py beside the client, or ours. Default client: clients/gateway/conformance.py.
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

client=${1:-$conformance/clients/gateway/conformance.py}
[ $# -eq 0 ] || shift
[ -f "$client" ] || cannot "no client at $client"
client=$(cd "$(dirname "$client")" && pwd)/$(basename "$client")
need_python

stub=$conformance/clients/gateway
[ ! -f "$(dirname "$client")/conf_stub.py" ] || stub=$(dirname "$client")
named=$(head -n 40 "$client" | tr '\n' ' ' | sed -nE 's/.*routes ([A-Za-z0-9_., -]+) to the stub.*/\1/p' | tr -d ' ' | tr ',' ' ')
routes=${named:-m err400 err401 err429 err500 err529}
model=${routes%% *}

upstream=$(free_ports 1)
start stub env PYTHONPATH="$stub" "$python" -m uvicorn conf_stub:app --app-dir "$stub" --host 127.0.0.1 --port "$upstream" --log-level error
wait_for stub "$started" "http://127.0.0.1:$upstream/v1/models"

export STUB_KEY=sk-stub-upstream
start_program
sed "s|@UPSTREAM@|http://127.0.0.1:$upstream/v1|" "$conformance/fixtures/gateway.yaml" >"$work/gateway.yaml"
echo "routes:" >>"$work/gateway.yaml"
for route in $routes; do
    echo "  - {model: $route, system: sys_conformance, provider: stub, upstream_model: $route, capture: full, classification: internal}" >>"$work/gateway.yaml"
done
apply "$work/gateway.yaml"
key=$(issue_token conformance-key conformance-client)

case $client in
*.py) run_client env PYTHONPATH="$stub" "$python" "$client" "$data_url" "$key" "$model" "$model" "$@" ;;
*) run_client "$client" "$data_url" "$key" "$model" "$model" "$@" ;;
esac
