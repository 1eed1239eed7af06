"""Tests of the shim and of the crash model: right programs survive every crash state, wrong ones are caught."""

import os
import shutil
import subprocess
import sys

from . import journal, shim
from .volume import POLICIES, Volume

HERE = os.path.dirname(os.path.abspath(__file__))


def run(context):
    faults = [fault for name in toys() for fault in power(context, name)]
    faults += injection(context)
    faults += identity(context)
    return faults


def toys():
    sys.path.insert(0, HERE)
    import toys as module
    return module.TOYS


def record(context, name, scratch):
    root = os.path.join(scratch, "root")
    os.makedirs(root)
    watched = shim.Shim(context.library, scratch, root, journal=True, sync="skip")
    subprocess.run([sys.executable, os.path.join(HERE, "toys.py"), name, root, watched.journal_path],
                   env=watched.environment(), check=True, timeout=60)
    watched.close()
    return root, journal.read(watched.journal_path)


def power(context, name):
    """Builds crash states at every record and asks the toy whether what it marked is there."""
    _, check, sound = toys()[name]
    scratch = context.scratch()
    _, records = record(context, name, scratch)
    volume, marks, states, bad = Volume(), [], 0, 0
    stride = max(1, len(records) // 150)
    for number, item in enumerate(records):
        if item.operation == journal.MARK:
            marks.append(item.data)
        volume.apply(item)
        if number % stride and number + 1 < len(records):
            continue
        for policy in POLICIES:
            image = os.path.join(scratch, "image")
            volume.crash(image, policy, number)
            states += 1
            bad += 0 if check(image, marks) else 1
            shutil.rmtree(image)
    shutil.rmtree(scratch)
    context.say(f"selftest  {name}: {len(records)} records, {states} crash states, {bad} lose something")
    if sound and bad:
        return [f"selftest: {name}: a right program lost something in {bad} of {states} states"]
    if not sound and not bad:
        return [f"selftest: {name}: a wrong program was not caught in {states} states"]
    return []


def injection(context):
    """The n-th call fails with the error asked for, short writes are short, kills kill, and counting counts."""
    program = (
        "import os,sys\n"
        "d=sys.argv[1]\n"
        "def t(f):\n"
        "  try: return f()\n"
        "  except OSError as e: return -e.errno\n"
        "f=t(lambda: os.open(d+'/a',os.O_WRONLY|os.O_CREAT,0o600))\n"
        "out=['c' if f>=0 else f]\n"
        "f=f if f>=0 else os.open(d+'/a',os.O_WRONLY|os.O_CREAT,0o600)\n"
        "out+=[t(lambda: os.write(f,b'x'*100)),t(lambda: os.fsync(f) or 0),t(lambda: os.rename(d+'/a',d+'/b') or 0),"
        "t(lambda: os.mkdir(d+'/m') or 0),t(lambda: os.write(f,b'y'*10)),t(lambda: os.unlink(d+'/b') or 0)]\n"
        "print(out)\n")
    # (arm, expected output or exit status)
    cases = [
        (dict(at=0), "['c', 100, 0, 0, 0, 10, 0]"),
        (dict(at=1), "[-5, 100, 0, 0, 0, 10, 0]"),
        (dict(at=2, error=shim.ENOSPC), "['c', -28, 0, 0, 0, 10, 0]"),
        (dict(at=2, action=shim.SHORT), "['c', 50, 0, 0, 0, 10, 0]"),
        (dict(at=2, action=shim.SHORT, error=shim.ENOSPC, sticky=True), "['c', 50, -28, -28, -28, -28, -2]"),
        (dict(at=3), "['c', 100, -5, 0, 0, 10, 0]"),
        (dict(at=4), "['c', 100, 0, -5, 0, 10, -2]"),
        (dict(at=3, sticky=True), "['c', 100, -5, -5, -5, -5, -2]"),
        (dict(at=1, operations=("write",)), "['c', -5, 0, 0, 0, 10, 0]"),
        (dict(at=1, match="m"), "['c', 100, 0, 0, -5, 10, 0]"),
        (dict(at=3, action=shim.KILL_BEFORE), -9),
        (dict(at=7, action=shim.KILL_AFTER), -9),
        (dict(at=8, action=shim.KILL_AFTER), "['c', 100, 0, 0, 0, 10, 0]"),
    ]
    faults = []
    for arm, expected in cases:
        scratch = context.scratch()
        root = os.path.join(scratch, "root")
        os.makedirs(root)
        watched = shim.Shim(context.library, scratch, root)
        watched.arm(**arm)
        result = subprocess.run([sys.executable, "-c", program, root], env=watched.environment(), stdout=subprocess.PIPE, timeout=60)
        found = result.returncode if result.returncode else result.stdout.decode().strip()
        if found != expected:
            faults.append(f"selftest: injection {arm}: {found}, not {expected}")
        watched.close()
        shutil.rmtree(scratch)
    context.say(f"selftest  injection: {len(cases)} cases, {len(faults)} differ")
    return faults


def identity(context):
    """With nothing lost, the replayed volume equals the directory that the program left."""
    faults = []
    for name in ("log", "replace", "sqlite", "tree"):
        scratch = context.scratch()
        root, records = record(context, name, scratch)
        volume = Volume()
        for item in records:
            volume.apply(item)
        image = os.path.join(scratch, "image")
        volume.crash(image, "all", 0)
        # SQLite's shared memory is left out of images.
        if listing(root) != listing(image):
            faults.append(f"selftest: {name}: the replayed directory differs from the real one")
        shutil.rmtree(scratch)
    context.say(f"selftest  replay: 4 runs, {len(faults)} differ")
    return faults


def listing(root):
    out = {}
    for path, _, names in os.walk(root):
        for name in names:
            if not name.endswith("-shm"):
                with open(os.path.join(path, name), "rb") as file:
                    out[os.path.relpath(os.path.join(path, name), root)] = file.read()
    return out
