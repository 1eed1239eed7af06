"""Files changed, cut, removed or put back behind the server's back: it refuses or reports, and says what and where."""

import glob
import os
import shutil
import sqlite3

from .checks import settle
from .load import Acknowledged, Client
from .log import History
from .program import Refused


def run(context):
    template = context.template()
    made = prepare(context, template)
    faults = []
    cases = CASES
    for name, break_, expected in cases:
        scratch = context.scratch()
        data = os.path.join(scratch, "data")
        shutil.copytree(made.data, data)
        server = template.adopt(data, made.data, made.ports)
        where = break_(made, data)
        if where is None:
            context.say(f"tamper    {name}: nothing to break")
            shutil.rmtree(scratch)
            continue
        found, outcome = judge(template, server, made, expected, where)
        faults += [f"{name}: {fault}" for fault in found]
        context.say(f"tamper    {name}: {outcome}")
        if not (found and context.keep):
            shutil.rmtree(scratch)
    context.say(f"tamper    {len(cases)} cases, {len(faults)} violations")
    return [f"tamper: {fault}" for fault in faults]


class Made:
    """A log of a few thousand entries, an older copy of its directory, and what was acknowledged when."""


def prepare(context, template):
    made = Made()
    scratch = context.scratch()
    server = template.copy(scratch)
    made.ports = server.ports
    made.data, made.older = server.data, os.path.join(scratch, "older")
    made.acknowledged = Acknowledged()
    for part in range(2):
        server.start()
        client = Client(server.ports[0], template.key, made.acknowledged, f"part {part}")
        for turn in range(170):
            client.ask(streamed=turn % 3 == 0)
        client.close()
        settle(server, History(), made.acknowledged.since(0))
        server.stop()
        if part == 0:
            shutil.copytree(server.data, made.older)
    # The second part may still lie in the write-ahead segments alone: killed before it is packed away.
    server.start()
    client = Client(server.ports[0], template.key, made.acknowledged, "tail")
    for turn in range(40):
        client.ask(streamed=turn % 3 == 0)
    client.close()
    server.kill()
    return made


def judge(template, server, made, expected, where):
    """`expected`: "refuse" (it must not start, and names the file), "report" (verification must find it), "recover" (nothing is lost)."""
    faults = []
    try:
        server.start()
    except Refused as refused:
        text = str(refused)
        if expected == "recover":
            faults.append(f"it does not start: {text[-800:]}")
        if text.startswith("status -"):
            faults.append(f"it ended by a signal: {text[-800:]}")
        if not any(part in text for part in (where, os.path.basename(where))):
            faults.append(f"the refusal does not name {where}: {text[-800:]}")
        return faults, "refuses: " + text.splitlines()[-1][-300:]
    try:
        if expected == "refuse":
            faults.append(f"it starts although {where} was changed: {server.said()[-500:]}")
        if expected == "recover":
            faults += settle(server, History(), made.acknowledged.since(0))
    finally:
        server.stop()
    said = template.verify(server.data)
    if expected == "report" and said is None:
        faults.append(f"it starts, and ledger verify finds nothing although {where} was changed")
    if expected == "recover" and said is not None:
        faults.append(f"ledger verify: {said}")
    return faults, "starts" if said is None else "starts; verify: " + said.splitlines()[-1][-300:]


# MARK: ways to break. Each returns the path that the refusal must name, or None where there is nothing of the kind.

def segments(data):
    return sorted(glob.glob(os.path.join(data, "ledger", "wal", "*.wal")))


def removed(path):
    os.remove(path)
    return path


def cut(path, by):
    size = os.path.getsize(path)
    if size <= by:
        return None
    os.truncate(path, size - by)
    return path


def flipped(path, at=0.5):
    size = os.path.getsize(path)
    with open(path, "r+b") as file:
        file.seek(int(size * at))
        byte = file.read(1)
        file.seek(int(size * at))
        file.write(bytes([byte[0] ^ 0x10]))
    return path


def zeroed(path):
    size = os.path.getsize(path)
    with open(path, "r+b") as file:
        file.write(b"\0" * size)
    return path


def tiles(data, kind):
    found = glob.glob(os.path.join(data, "ledger", "tile", kind, "**", "*"), recursive=True)
    return sorted(path for path in found if os.path.isfile(path))


def replaced(made, data, *names):
    """Puts back the older copy of these."""
    for name in names:
        target = os.path.join(data, name)
        if os.path.isdir(target):
            shutil.rmtree(target)
            shutil.copytree(os.path.join(made.older, name), target)
        else:
            shutil.copy(os.path.join(made.older, name), target)
    return os.path.join(data, names[0])


def each_wal(function):
    def go(made, data):
        found = segments(data)
        return function(found) if found else None
    return go


def in_ledger(name, function):
    return lambda made, data: function(os.path.join(data, "ledger", name))


def database(function):
    """Breaks the state's file itself, after what lies in its write-ahead file has been brought home."""
    def go(made, data):
        path = os.path.join(data, "countersign.db")
        connection = sqlite3.connect(path)
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.close()
        return function(path)
    return go


CASES = [
    ("newest segment deleted", each_wal(lambda found: removed(found[-1])), "refuse"),
    ("all segments deleted", each_wal(lambda found: [removed(path) for path in found][-1]), "refuse"),
    ("write-ahead directory deleted", lambda made, data: shutil.rmtree(os.path.join(data, "ledger", "wal")) or "wal", "refuse"),
    ("first segment cut to nothing", each_wal(lambda found: os.truncate(found[0], 0) or found[0]), "refuse"),
    ("head deleted", in_ledger("head", removed), "refuse"),
    ("head flipped", in_ledger("head", lambda path: flipped(path, 0.3)), "refuse"),
    ("head rolled back", lambda made, data: replaced(made, data, "ledger/head"), "refuse"),
    ("checkpoint flipped", in_ledger("checkpoint", lambda path: flipped(path, 0.3)), "refuse"),
    ("hash tile cut", lambda made, data: cut(tiles(data, "0")[-1], 16), "report"),
    ("full hash tile flipped", lambda made, data: flipped(tiles(data, "0")[0]), "report"),
    ("entry bundle cut", lambda made, data: cut(tiles(data, "entries")[-1], 16), "report"),
    ("entry bundle flipped", lambda made, data: flipped(tiles(data, "entries")[0]), "report"),
    ("entry bundle deleted", lambda made, data: removed(tiles(data, "entries")[0]), "report"),
    ("tiles rolled back", lambda made, data: replaced(made, data, "ledger/tile"), "refuse"),
    ("ledger rolled back, index kept", lambda made, data: replaced(made, data, "ledger") and os.path.join(data, "index.db"), "refuse"),
    ("database zeroed", database(zeroed), "refuse"),
    ("database flipped at its beginning", database(lambda path: flipped(path, 0.0)), "refuse"),
    ("database cut", database(lambda path: cut(path, 4096)), "refuse"),
    ("database deleted", database(removed), "refuse"),
    ("search index zeroed", lambda made, data: zeroed(os.path.join(data, "index.db")), "recover"),
    ("search index deleted", lambda made, data: removed(os.path.join(data, "index.db")), "recover"),
    ("root key deleted", lambda made, data: removed(sorted(glob.glob(os.path.join(data, "keys", "*root*")))[0]), "refuse"),
    ("log key deleted", lambda made, data: removed(sorted(glob.glob(os.path.join(data, "keys", "*log*")))[0]), "refuse"),
    ("nothing changed", lambda made, data: data, "recover"),
]
