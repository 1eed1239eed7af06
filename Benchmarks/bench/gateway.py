"""The gateway beside nginx's proxy_pass and, where it is installed, LiteLLM's proxy.

One core for the gateway under test, the other for the load and the stub upstream. Ours authenticates, authorises, records the intent
before it forwards and the outcome, durably, before it answers, and seals both contents; the peers forward.
"""
import os, shutil, subprocess, threading, time
from . import harness, stub, table
from .harness import BIN, GATEWAY_CORE, LOAD_CORE, PEERS, ROUNDS, SECONDS, WORK

NGINX = shutil.which("nginx") or "/usr/sbin/nginx"
KEY, CONNECTIONS = "sk-bench-1234", 64


def litellm_binary():
    for candidate in (os.environ.get("BENCH_LITELLM"), WORK / "venv/bin/litellm"):
        if candidate and os.access(candidate, os.X_OK):
            return str(candidate)
    return None


class Contender:
    def __init__(self, name, port, path, process, model="stub-gpt", key=KEY):
        self.name, self.port, self.path, self.process, self.model, self.key = name, port, path, process, model, key
        self.samples = []

    def load(self, seconds, connections):
        environment = {**os.environ, "MODEL": self.model, "KEY": self.key}
        command = ["taskset", "-c", str(LOAD_CORE), "wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "30s",
                   "-s", str(PEERS / "post.lua"), f"http://127.0.0.1:{self.port}{self.path}"]
        return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment)

    def measure(self, seconds, connections):
        self.load(2, connections).communicate()  # warm
        before, wrk, peak = harness.cpu_seconds(self.process.pid), self.load(int(seconds), connections), 0
        while wrk.poll() is None:
            peak = max(peak, harness.pss_mib(self.process.pid))
            time.sleep(0.5)
        output = wrk.communicate()[0]
        cpu = harness.cpu_seconds(self.process.pid) - before
        found = harness.measures(next((line for line in output.splitlines() if line.startswith("RESULT")), ""))
        if not found.get("n"):
            raise RuntimeError(f"{self.name}: wrk got no answers:\n{output[-800:]}")
        if found["err"] or found["non2xx"]:
            raise RuntimeError(f"{self.name}: {found['err']:.0f} errors and {found['non2xx']:.0f} answers that are not 2xx")
        return {"rps": found["rps"], "cpu_us": cpu / found["n"] * 1e6, "pss": peak, "p50": found["p50_us"], "p99": found["p99_us"]}


def start_stubs(processes, rig):
    rig.stub_port, rig.proxy_port, rig.sse_port = harness.free_ports(3)
    stub.write(WORK, rig.stub_port, rig.proxy_port, rig.sse_port)
    up = processes.start("stub", [NGINX, "-c", WORK / "stub.conf"], core=LOAD_CORE)
    rig.nginx = processes.start("proxy", [NGINX, "-c", WORK / "proxy.conf"], core=GATEWAY_CORE)
    rig.sse = processes.start("sse_stub", [BIN / "sse_stub", rig.sse_port, 64, 20000], core=LOAD_CORE)
    harness.wait_for("stub", up, f"http://127.0.0.1:{rig.stub_port}/v1/chat/completions")
    harness.wait_for("proxy", rig.nginx, f"http://127.0.0.1:{rig.proxy_port}/v1/chat/completions")


def start_ours(processes, rig):
    data = WORK / "gateway-data"
    shutil.rmtree(data, ignore_errors=True)
    rig.data_port, rig.control_port = harness.free_ports(2)
    server = f"http://127.0.0.1:{rig.control_port}"
    token_file = WORK / "administrator"
    token_file.unlink(missing_ok=True)
    harness.run([harness.PROGRAM, "init", "--data", data, "--origin", "bench.test/log", "--mode", "demonstration", "--admin", "bench",
                 "--data-port", rig.data_port, "--control-port", rig.control_port, "--token-file", token_file])
    # One event loop, as the peer has one worker: the gateway under test has one core.
    settings = data / "countersign.yaml"
    settings.write_text(settings.read_text().replace("threads: 2", "threads: 1"))
    rig.ours = processes.start("countersign", [harness.PROGRAM, "serve", "--data", data], core=GATEWAY_CORE,
                               environment={"STUB_KEY": "sk-upstream", "MALLOC_ARENA_MAX": "2"})
    harness.wait_for("countersign", rig.ours, server + "/readyz")
    environment = {"COUNTERSIGN_SERVER": server, "COUNTERSIGN_TOKEN": token_file.read_text().strip()}
    (WORK / "gateway.yaml").write_text(f"""providers:
  - {{name: stub, kind: openai, base_url: "http://127.0.0.1:{rig.stub_port}/v1", credential_env: STUB_KEY, region: local}}
  - {{name: sse, kind: openai, base_url: "http://127.0.0.1:{rig.sse_port}/v1", credential_env: STUB_KEY, region: local}}
routes:
  - {{model: stub-gpt, system: sys_bench, provider: stub, upstream_model: stub-gpt, capture: full, classification: internal}}
  - {{model: stub-sse, system: sys_bench, provider: sse, upstream_model: stub-sse, capture: full, classification: internal}}
users:
  - {{name: bench-client, kind: service}}
grants:
  - {{principal: bench-client, role: application, route: "*"}}
""")
    harness.run([harness.PROGRAM, "apply", "-f", WORK / "gateway.yaml"], environment)
    rig.key = issue_token(environment)


def issue_token(environment):
    return harness.run([harness.PROGRAM, "token", "issue", "--name", "bench-key", "--principal", "bench-client"], environment).strip()


def start_litellm(processes, rig):
    binary = litellm_binary()
    if not binary:
        return None
    port = harness.free_ports(1)[0]
    (WORK / "litellm.yaml").write_text(f"""model_list:
  - model_name: stub-gpt
    litellm_params: {{model: openai/stub-gpt, api_base: "http://127.0.0.1:{rig.stub_port}/v1", api_key: "sk-upstream"}}
general_settings: {{master_key: {KEY}}}
litellm_settings: {{set_verbose: false, telemetry: false, num_retries: 0, request_timeout: 60}}
""")
    process = processes.start(
        "litellm", [binary, "--config", WORK / "litellm.yaml", "--host", "127.0.0.1", "--port", port, "--num_workers", 1, "--telemetry", "False"],
        core=GATEWAY_CORE,
        environment={"LITELLM_LOCAL_MODEL_COST_MAP": "True", "LITELLM_MODE": "PRODUCTION", "LITELLM_LOG": "ERROR", "LITELLM_TELEMETRY": "False",
                     "DISABLE_ADMIN_UI": "True", "NO_PROXY": "*"})
    harness.wait_for("litellm", process, f"http://127.0.0.1:{port}/health/liveliness", 180)
    return Contender("LiteLLM", port, "/v1/chat/completions", process)


def compare(rig, litellm):
    ours = Contender("countersign", rig.data_port, "/v1/chat/completions", rig.ours, key=rig.key)
    nginx = Contender("nginx", rig.proxy_port, "/v1/chat/completions", rig.nginx)
    contenders = [nginx, ours] + ([litellm] if litellm else [])
    for number in range(ROUNDS):
        for contender in contenders:
            sample = contender.measure(SECONDS, CONNECTIONS)
            contender.samples.append(sample)
            harness.say(f"gateway round {number + 1}/{ROUNDS} {contender.name}: " + " ".join(f"{k}={v:.1f}" for k, v in sample.items()))
    a, b = harness.median(ours.samples), harness.median(nginx.samples)
    table.row("gateway / nginx proxy_pass, 64 connections", a["rps"], b["rps"], "requests/s", at_least=0.35)
    table.row("  CPU a request", a["cpu_us"], b["cpu_us"], "µs", at_most=4)
    table.row("  peak memory (PSS)", a["pss"], b["pss"], "MiB", goal="≤ 96 MiB", at_most=96, ratio=False)
    table.row("  latency p50", a["p50"], b["p50"], "µs")
    table.row("  latency p99", a["p99"], b["p99"], "µs")
    if litellm:
        c = harness.median(litellm.samples)
        table.row("gateway / LiteLLM proxy, 64 connections", a["rps"], c["rps"], "requests/s", at_least=80)
        table.row("  CPU a request", a["cpu_us"], c["cpu_us"], "µs", goal="≤ 1/75", at_most=1 / 75)
        table.row("  peak memory (PSS)", a["pss"], c["pss"], "MiB", goal="≤ 1/5", at_most=1 / 5)
    else:
        table.unavailable("gateway / LiteLLM proxy", "not installed; Benchmarks/install_litellm.sh puts it into .bench/venv")


def stream(rig, port, path, model, key, streams):
    line = harness.run([BIN / "sse_client", port, path, streams, max(SECONDS, 3), model, key], core=LOAD_CORE)
    found = harness.measures(line)
    if found.get("bad"):
        raise RuntimeError(f"{found['bad']:.0f} streams went wrong on port {port}: {line.strip()}")
    return {"events": found["events/s"], "p50": found["event_delay_p50_us"], "p99": found["event_delay_p99_us"]}


def compare_streaming(rig):
    """Each event carries the time at which the stub sent it; the added delay is what a gateway adds to the delay without one."""
    def once(streams):
        return {"direct": stream(rig, rig.sse_port, "/v1/chat/completions", "stub-sse", KEY, streams),
                "nginx": stream(rig, rig.proxy_port, "/sse/v1/chat/completions", "stub-sse", KEY, streams),
                "ours": stream(rig, rig.data_port, "/v1/chat/completions", "stub-sse", rig.key, streams)}
    rounds = {50: [], 200: []}
    for number in range(ROUNDS):
        for streams, samples in rounds.items():
            samples.append(once(streams))
            harness.say(f"streaming round {number + 1}/{ROUNDS} {streams} streams: " + "; ".join(
                f"{name} events/s {s['events']:.0f} p50 {s['p50']:.0f} µs p99 {s['p99']:.0f} µs" for name, s in samples[-1].items()))
    for streams, samples in rounds.items():
        at = {name: harness.median([s[name] for s in samples]) for name in ("direct", "nginx", "ours")}
        added = {name: {p: max(at[name][p] - at["direct"][p], 1.0) for p in ("p50", "p99")} for name in ("nginx", "ours")}
        bound = {"at_most": 2} if streams == 50 else {}
        table.row(f"added delay an event, {streams} streams, p50 / nginx", added["ours"]["p50"], added["nginx"]["p50"], "µs", **bound)
        table.row("  p99", added["ours"]["p99"], added["nginx"]["p99"], "µs")
        if streams == 200:
            # Saturated is a gateway whose delay grows to the distance of two events.
            table.row("  200 streams, added delay p99 within an event's interval", added["ours"]["p99"], None, "µs", goal="≤ 20,000 µs (no saturation)",
                      at_most=20_000, ratio=False)
            table.row("  events delivered / without a gateway", at["ours"]["events"], at["direct"]["events"], "events/s")
