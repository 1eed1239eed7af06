"""SIGKILL under load, at any moment: while starting, while serving, before and after chosen system calls."""

import random
import signal
import time

from . import shim
from .checks import settle
from .load import Acknowledged, Load
from .log import History, LogFault, checkpoint, parse_checkpoint
from .program import Refused


def run(context):
    kills = 40 if context.short else 500
    random_ = random.Random(context.seed)
    template = context.template()
    scratch = context.scratch()
    server = template.copy(scratch)
    history, acknowledged, faults = History(), Acknowledged(), []
    settled, aimed, early, began = 0, 0, 0, time.monotonic()
    for number in range(1, kills + 1):
        # A third of the kills are aimed at a system call, a tenth fall into the start.
        kind = random_.random()
        watched = None
        if kind < 0.33:
            watched = shim.Shim(context.library, context.scratch(), server.data)
            watched.arm(random_.randrange(1, 400), action=random_.choice((shim.KILL_BEFORE, shim.KILL_AFTER)))
            aimed += 1
        try:
            server.launch(watched)
            if kind > 0.9:
                early += 1
                time.sleep(random_.random() * 0.15)
            else:
                settled = serve(server, template, history, acknowledged, settled, random_, faults)
            server.kill()
        except Refused as refused:
            if watched is None or not watched.injected:
                faults.append(f"kill {number}: it did not start again: {refused}")
        if watched is not None:
            watched.close()
        note_files(server, history, faults)
        if number % (10 if context.short else 25) == 0 or number == kills:
            context.say(f"kill      {number} of {kills}: {len(acknowledged)} acknowledged, {history.size} entries, "
                        f"{len(history.roots)} checkpoints seen, {time.monotonic() - began:.0f} s")
            settled = quiet(server, template, history, acknowledged, settled, faults, f"after kill {number}")
        if len(faults) > 10:
            break
    quiet(server, template, history, acknowledged, 0, faults, "at the end")
    faults += [f"odd answer: {text}" for text in acknowledged.odd[:5]]
    aborted = sum(1 for outcome in history.outcomes.values() if outcome == "inference.aborted")
    context.say(f"kill      {kills} kills ({aimed} aimed at system calls, {early} while starting), {acknowledged.answers} answers, "
                f"{len(acknowledged)} acknowledgements, {len(history.outcomes)} outcomes ({aborted} aborted), {len(history.roots)} checkpoints, "
                f"{len(faults)} violations")
    if not history.outcomes:
        faults.append("nothing was recorded: the test tested nothing")
    return [f"kill: {fault}" for fault in faults]


def serve(server, template, history, acknowledged, settled, random_, faults):
    """Waits for the server, checks what the last kill left, then loads it until a random moment."""
    server.ready()
    wrong = settle(server, history, acknowledged.since(settled))
    if not server.running and server.process.returncode == -signal.SIGKILL:
        # An aimed kill came first; what is missing must be there after the next start.
        return settled
    faults += wrong
    settled = len(acknowledged)
    load = Load(server.ports[0], template.key, acknowledged)
    try:
        end = time.monotonic() + random_.random() * 0.9
        while time.monotonic() < end and server.running:
            note_served(server, template, history, faults)
            time.sleep(random_.random() * 0.05)
        # The kill falls among running requests.
        server.kill()
    finally:
        load.stop()
    return settled


def note_served(server, template, history, faults):
    """Remembers the checkpoint that the server shows to the outside."""
    status, text = server.get("/ledger/checkpoint", template.administrator)
    if status == 200:
        try:
            history.saw(*parse_checkpoint(text), "served")
        except LogFault as fault:
            faults.append(str(fault))


def note_files(server, history, faults):
    """Remembers the signed heads that lie on the disk."""
    for name in ("checkpoint", "head"):
        try:
            found = checkpoint(server.ledger, name)
            if found is not None:
                history.saw(*found, f"{name} after a kill")
        except LogFault as fault:
            faults.append(str(fault))


def quiet(server, template, history, acknowledged, settled, faults, when):
    """A start without load or fault, an orderly end, and the program's own verification."""
    try:
        server.start()
        wrong = settle(server, history, acknowledged.since(settled))
        status = server.stop()
        if status != 0:
            wrong.append(f"it ended with status {status}: {server.said()[-500:]}")
        said = template.verify(server.data)
        if said is not None:
            wrong.append(f"ledger verify: {said}")
        faults += [f"{when}: {fault}" for fault in wrong]
        return len(acknowledged)
    except Refused as refused:
        faults.append(f"{when}: it did not start: {refused}")
        return settled
