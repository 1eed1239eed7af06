"""Writes the canned upstream body and the nginx configurations: the stub upstream, and the peer that proxies to it. Loopback only."""
import json


def chat_body():
    text = "The quick brown fox jumps over the lazy dog. " * 8
    usage = {"prompt_tokens": 120, "completion_tokens": 80, "total_tokens": 200,
             "prompt_tokens_details": {"cached_tokens": 0, "audio_tokens": 0},
             "completion_tokens_details": {"reasoning_tokens": 0, "audio_tokens": 0,
                                           "accepted_prediction_tokens": 0, "rejected_prediction_tokens": 0}}
    return json.dumps(
        {"id": "chatcmpl-stub0001", "object": "chat.completion", "created": 1700000000, "model": "stub-gpt-2025-01-01",
         "system_fingerprint": "fp_stub01", "service_tier": "default",
         "choices": [{"index": 0, "message": {"role": "assistant", "content": text, "refusal": None, "annotations": []},
                      "logprobs": None, "finish_reason": "stop"}],
         "usage": usage}, separators=(",", ":"))


def head(directory, name):
    paths = "".join(f"  {kind}_temp_path {directory}/nginx_{name}_{kind};\n" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    return f"""worker_processes 1;
daemon off;
pid {directory}/{name}.pid;
error_log {directory}/{name}.err warn;
worker_rlimit_nofile 65536;
events {{ worker_connections 8192; }}
http {{
{paths}  access_log off; client_body_buffer_size 256k; keepalive_requests 100000000; keepalive_timeout 300s; tcp_nodelay on;
"""


def write(directory, stub_port, proxy_port, sse_port):
    body = chat_body().replace("\\", "\\\\").replace("'", "\\'").replace("$", "")
    (directory / "stub.conf").write_text(head(directory, "stub") + f"""
  server {{ listen 127.0.0.1:{stub_port} reuseport backlog=4096;
    location = /v1/chat/completions {{ default_type application/json; add_header x-request-id req_stub_1; return 200 '{body}'; }}
  }} }}
""")
    (directory / "proxy.conf").write_text(head(directory, "proxy") + f"""
  upstream up {{ server 127.0.0.1:{stub_port}; keepalive 512; keepalive_requests 100000000; }}
  upstream sse {{ server 127.0.0.1:{sse_port}; keepalive 512; keepalive_requests 100000000; }}
  server {{ listen 127.0.0.1:{proxy_port} reuseport backlog=4096;
    proxy_http_version 1.1; proxy_set_header Connection ""; proxy_buffers 16 16k; proxy_buffer_size 16k;
    location / {{ proxy_pass http://up; }}
    location /sse/ {{ proxy_buffering off; proxy_pass http://sse/; }}
  }} }}
""")
