#!/usr/bin/env bash
# Installs LiteLLM's proxy into .bench/venv, for `make bench` to measure beside ours. Never 1.82.7 or 1.82.8: those releases were malicious.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
python3 -m venv "$root/.bench/venv"
"$root/.bench/venv/bin/pip" install -q --disable-pip-version-check 'litellm[proxy]==1.106.2'
echo "LiteLLM is at $root/.bench/venv/bin/litellm"
