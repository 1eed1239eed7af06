"""Runs the parts of the benchmark that are asked for and prints one table. usage: run.py [gateway streaming append chain verification evidence]"""
import datetime, os, platform, sys, types

sys.dont_write_bytecode = True
from bench import gateway, harness, ledger, table

PARTS = ("gateway", "streaming", "append", "chain", "verification", "evidence")
wanted = sys.argv[1:] or list(PARTS)
unknown = [part for part in wanted if part not in PARTS]
if unknown:
    sys.exit(f"bench: no part {', '.join(unknown)}; there are {' '.join(PARTS)}")

failed = 0


def attempt(what, work):
    global failed
    try:
        return work()
    except harness.Unavailable as error:
        table.unavailable(what, str(error))
    except Exception as error:  # one part that fails must not hide the others
        failed += 1
        harness.say(f"{what}: {error}")
        table.unavailable(what, f"FAILED: {str(error).splitlines()[0][:200]}")


def gateways():
    with harness.Processes() as processes:
        rig = types.SimpleNamespace()
        gateway.start_stubs(processes, rig)
        gateway.start_ours(processes, rig)
        litellm = None
        if "gateway" in wanted:
            litellm = attempt("gateway / LiteLLM proxy", lambda: gateway.start_litellm(processes, rig))
            attempt("gateway / nginx proxy_pass", lambda: gateway.compare(rig, litellm))
            if litellm:
                processes.stop(litellm.process)
        if "streaming" in wanted:
            attempt("streaming", lambda: gateway.compare_streaming(rig))


harness.WORK.mkdir(parents=True, exist_ok=True)
if "gateway" in wanted or "streaming" in wanted:
    attempt("gateway", gateways)
for name, work in (("append", ledger.compare_append), ("chain", ledger.compare_chain), ("verification", ledger.compare_verification),
                   ("evidence", ledger.evidence)):
    if name in wanted:
        attempt(name, work)

table.note(f"{datetime.date.today()}, {platform.machine()}, {os.cpu_count()} cores, {harness.ROUNDS} interleaved rounds of {harness.SECONDS:g} s, medians; "
           "gateway and peer alone on core 0, load and stub on core 1")
table.note("ours: authentication, authorisation, intent and outcome durable before the answer, contents sealed; the proxies only forward")
print(table.render())
sys.exit(1 if failed else 0)
