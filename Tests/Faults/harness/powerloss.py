"""Lost power: from one recorded run, the states in which the disk may be found at many moments, each recovered and checked."""

import collections
import json
import os
import random
import shutil
import time
from concurrent.futures import ThreadPoolExecutor

from . import journal, shim
from .checks import receipts, settle
from .errors import works
from .load import Acknowledged, Load
from .log import History, parse_checkpoint
from .program import Refused
from .volume import POLICIES, Volume


def run(context):
    template = context.template()
    scratch = context.scratch()
    base, old, records = record(context, template, scratch)
    count = 50 if context.short else 1000
    random_ = random.Random(context.seed)
    moments = choose(records, count, random_)
    marks = sum(1 for item in records if item.operation == journal.MARK)
    context.say(f"powerloss {len(records)} records with {marks} marks; {len(moments)} moments")
    volume, index, known, faults, done, began = Volume(base, context.seed), 0, [], [], 0, time.monotonic()
    results = collections.Counter()
    pool = ThreadPoolExecutor(2)
    running = collections.deque()

    def finish():
        nonlocal done
        found, result = running.popleft().result()
        for fault in found:
            context.say(f"powerloss VIOLATION {fault}")
        faults.extend(found)
        results[result] += 1
        done += 1
        if done % (20 if context.short else 100) == 0:
            context.say(f"powerloss {done} of {len(moments)}: {dict(results)}, {len(faults)} violations, {time.monotonic() - began:.0f} s")

    for number, moment in enumerate(moments):
        while index < moment:
            if records[index].operation == journal.MARK:
                known.append(json.loads(records[index].data))
            volume.apply(records[index])
            index += 1
        policy = POLICIES[number % len(POLICIES)]
        image = os.path.join(context.scratch(), "data")
        seed = random_.randrange(1 << 32)
        volume.crash(image, policy, seed)
        what = f"power lost after record {moment} of {len(records)} ({policy}, seed {seed})"
        running.append(pool.submit(one, context, template, image, old, list(known), what))
        if len(running) > 3:
            finish()
        if len(faults) > 20:
            break
    while running:
        finish()
    pool.shutdown()
    context.say(f"powerloss {done} states: {dict(results)}, {len(faults)} violations")
    return [f"powerloss: {fault}" for fault in faults]


def record(context, template, scratch):
    """Runs the server under load behind the shim, twice with a kill between, so that recovery is recorded too."""
    server = template.copy(scratch)
    base = os.path.join(scratch, "base")
    shutil.copytree(server.data, base)
    watched = shim.Shim(context.library, scratch, server.data, journal=True)
    marker = journal.Marker(watched.journal_path)

    def tell(mark):
        marker.mark(json.dumps(mark).encode())

    acknowledged = Acknowledged(tell)
    for turn in range(2 if context.short else 3):
        server.start(watched)
        load = Load(server.ports[0], template.key, acknowledged, clients=4)
        end = time.monotonic() + (2.5 if context.short else 5)
        while time.monotonic() < end and server.running:
            status, text = server.get("/ledger/checkpoint", template.administrator)
            if status == 200:
                size, root = parse_checkpoint(text)
                tell({"kind": "checkpoint", "size": size, "root": root.hex()})
            time.sleep(0.03)
        # The last run ends in order, the others are killed.
        if turn:
            load.stop()
            server.stop()
        else:
            server.kill()
            load.stop()
    for line in sorted({line for line in watched.log().splitlines() if line.startswith(("unseen", "journal"))}):
        context.say(f"powerloss the shim says: {line}")
    watched.close()
    marker.close()
    return base, server, journal.read(watched.journal_path)


def choose(records, count, random_):
    """Moments spread over the run, half of them beside a sync, a rename or a new file, where something is about to matter."""
    edges = [number + side for number, item in enumerate(records)
             if item.operation in (journal.SYNC_BEGIN, journal.SYNC_END, journal.RENAME, journal.CREATE, journal.UNLINK, journal.MKDIR)
             for side in (0, 1)]
    some = set(random_.sample(edges, min(len(edges), count // 2)))
    some |= set(random_.sample(range(len(records) + 1), min(len(records) + 1, count - len(some))))
    return sorted(some)


def one(context, template, image, old, known, what):
    """Recovers one state and compares it with what had been promised by then."""
    server = template.adopt(image, old.data, old.ports)
    history, faults, result = History(), [], "recovered"
    acknowledged = [(mark["kind"], mark["id"]) for mark in known if mark["kind"] != "checkpoint"]
    for mark in known:
        if mark["kind"] == "checkpoint":
            history.roots[mark["size"]] = bytes.fromhex(mark["root"])
    if context.keep:
        shutil.copytree(image, image + ".before", symlinks=True)
    try:
        server.start()
        faults += settle(server, history, acknowledged)
        faults += works(server, template)
        faults += receipts(server, template, acknowledged, random.Random(what))
        server.stop()
        said = template.verify(image)
        if said is not None:
            faults.append(f"ledger verify: {said}")
    except Refused as refused:
        result = "refused"
        faults.append(f"it does not start: {refused}")
    finally:
        server.kill()
    if not (faults and context.keep):
        shutil.rmtree(os.path.dirname(image), ignore_errors=True)
    return [f"{what}: {fault}" for fault in faults], result
