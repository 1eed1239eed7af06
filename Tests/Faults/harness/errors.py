"""An error injected at every call that durability depends on: refuse, stop or go on, but lose nothing and say what and where."""

import collections
import os
import random
import re
import shutil
import signal
import time
from concurrent.futures import ThreadPoolExecutor

from . import shim
from .checks import receipts, settle
from .load import Acknowledged, Client
from .log import History
from .program import NotReady, Refused

# Name, action, error, sticky.
MODES = (
    ("EIO once", dict(error=shim.EIO)),
    ("EIO from then on", dict(error=shim.EIO, sticky=True)),
    ("no space from then on", dict(error=shim.ENOSPC, sticky=True)),
    ("short write, then no space", dict(error=shim.ENOSPC, action=shim.SHORT, sticky=True)),
    ("short write", dict(action=shim.SHORT)),
)


def run(context):
    template = context.template()
    sites = survey(context, template)
    cases = choose(context, sites)
    context.say(f"errors    {len(sites)} durable calls at {len(set(map(place, sites)))} places in the workload; {len(cases)} cases")
    faults, results, done, began = [], collections.Counter(), 0, time.monotonic()
    with ThreadPoolExecutor(3) as pool:
        for found, result in pool.map(lambda case: one(context, template, *case), cases):
            for fault in found:
                context.say(f"errors    VIOLATION {fault}")
            faults += found
            results[result] += 1
            done += 1
            if done % (20 if context.short else 100) == 0:
                context.say(f"errors    {done} of {len(cases)}: {dict(results)}, {len(faults)} violations, {time.monotonic() - began:.0f} s")
    context.say(f"errors    {len(cases)} cases: {dict(results)}, {len(faults)} violations")
    return [f"errors: {fault}" for fault in faults]


def place(site):
    """A call without the numbers in its path: what the code does, not which time."""
    operation, path = site
    return operation, re.sub(r"[0-9a-f]{6,}|\d+", "#", path)


def survey(context, template):
    """Every counted call of the workload when nothing fails."""
    scratch = context.scratch()
    server = template.copy(scratch)
    watched = shim.Shim(context.library, scratch, server.data, trace=True)
    server.start(watched)
    workload(server, template, Acknowledged())
    server.stop()
    lines = [line.split(" ", 3) for line in watched.log().splitlines() if line.startswith("call ")]
    unseen = [line for line in watched.log().splitlines() if line.startswith("unseen")]
    watched.close()
    shutil.rmtree(scratch)
    for line in sorted(set(unseen)):
        context.say(f"errors    the shim is blind to: {line}")
    return [(line[2], line[3] if len(line) > 3 else "") for line in lines]


def choose(context, sites):
    """(number, mode) of each case. Short: the first and the last call of each place, the modes in turn."""
    numbers = range(1, len(sites) + 1)
    if context.short:
        first, last = {}, {}
        for number in numbers:
            first.setdefault(place(sites[number - 1]), number)
            last[place(sites[number - 1])] = number
        chosen = sorted(set(first.values()) | set(last.values()))
        cases = [(number, turn % 4) for turn, number in enumerate(chosen)]
        return cases[:: max(1, len(cases) // 45 + 1)]
    cases = []
    for number in numbers:
        writes = sites[number - 1][0] == "write"
        # Every call fails once, and is the first of a full disk; a write is cut short; now and then the rest.
        cases += [(number, 0), (number, 2)] + ([(number, 3)] if writes else []) + ([(number, 1)] if number % 8 == 0 else [])
        if writes and number % 8 == 0:
            cases.append((number, 4))
    return cases


def workload(server, template, acknowledged):
    """A little of everything: plain and streamed answers, a refusal, a change of state, and time for a checkpoint."""
    client = Client(server.ports[0], template.key, acknowledged, "workload")
    done = False
    for turn in range(3):
        client.ask()
        client.ask(streamed=True)
    client.ask(model="nobody-may")
    if server.running:
        done = change(server, template)
    end = time.monotonic() + 1.3
    while time.monotonic() < end and server.running:
        client.ask()
        time.sleep(0.2)
    client.close()
    return done


def change(server, template):
    """Applies a new user; returns whether the change was acknowledged."""
    path = os.path.join(os.path.dirname(server.data), "change.yaml")
    with open(path, "w") as file:
        file.write("users:\n  - {name: newcomer, kind: person, roles: [auditor]}\n")
    try:
        template.run("apply", "-f", path, server=server)
        return True
    except RuntimeError:
        return False


def kept(server, template, history):
    """The acknowledged user is still there, and so is the event that says so."""
    faults = []
    path = os.path.join(os.path.dirname(server.data), "change.yaml")
    said = template.run("apply", "-f", path, "--dry-run", server=server, fine=(0, 1))
    if "newcomer" in said and "+" in said:
        faults.append(f"an acknowledged user is gone: {said}")
    if history.count("user.created") != template.users + 1:
        faults.append(f"the log has {history.count('user.created')} users created, not {template.users + 1}")
    return faults


def one(context, template, number, mode):
    name, arm = MODES[mode]
    scratch = context.scratch()
    server = template.copy(scratch)
    watched = shim.Shim(context.library, scratch, server.data)
    watched.arm(number, **arm)
    acknowledged, faults, result, changed = Acknowledged(), [], "went on", False
    what = f"{name} at call {number}"
    try:
        server.start(watched, limit=14)
        changed = workload(server, template, acknowledged)
        if not server.running:
            result = "stopped"
        elif acknowledged.refused:
            result = "refused"
    except NotReady as refused:
        result = "was not ready"
        if server.data not in str(refused):
            faults.append(f"{what}: it is not ready, and does not say where: {refused}")
    except Refused:
        result = "did not start"
    injected = [line for line in watched.log().splitlines() if line.split(" ")[0] in ("fail", "short")]
    if injected:
        what = f"{name} at call {injected[0]}"
    else:
        result = "not reached"
    status = server.stop()
    said = server.said()
    # One that is still starting has no handler for SIGTERM yet.
    if status < 0 and not (status == -signal.SIGTERM and result in ("was not ready", "not reached")):
        faults.append(f"{what}: it ended by signal {-status}: {said[-600:]}")
    if result in ("stopped", "did not start") and server.data not in said:
        faults.append(f"{what}: {result}, but it does not say where: {said[-600:]!r}")
    faults += [f"{what}: odd answer: {text}" for text in acknowledged.odd]
    context.collect("errors.jsonl", {"case": what, "result": result, "status": status, "said": said[-2000:]})
    # Without the fault it must start, with everything acknowledged.
    watched.disarm()
    watched.close()
    history = History()
    try:
        server.start()
        faults += [f"{what}: {fault}" for fault in settle(server, history, acknowledged.since(0))]
        faults += [f"{what}: {fault}" for fault in works(server, template)]
        faults += [f"{what}: {fault}" for fault in receipts(server, template, acknowledged.since(0), random.Random(what), count=2)]
        if changed:
            faults += [f"{what}: {fault}" for fault in kept(server, template, history)]
        server.stop()
        verdict = template.verify(server.data)
        if verdict is not None:
            faults.append(f"{what}: ledger verify: {verdict}")
    except Refused as refused:
        faults.append(f"{what}: {result}; it does not start again: {refused}")
    finally:
        server.kill()
    if not (faults and context.keep):
        shutil.rmtree(scratch, ignore_errors=True)
    return faults, result


def works(server, template):
    """Whether it answers again."""
    acknowledged = Acknowledged()
    client = Client(server.ports[0], template.key, acknowledged, "afterwards")
    status = client.ask()
    client.close()
    return [] if status == 200 else [f"after the restart a request is answered with {status}"]
