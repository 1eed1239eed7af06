#!/usr/bin/env python3
"""Fault tests. See README.md."""

import argparse
import json
import os
import shutil
import signal
import sys
import tempfile
import threading
import time

from harness import errors, kill, powerloss, selftest, shim, tamper
from harness.program import Template

SCENARIOS = {"selftest": selftest, "kill": kill, "errors": errors, "powerloss": powerloss, "tamper": tamper}


class Context:
    """What the scenarios share: the program, the shim, room for files, and how much to do."""

    def __init__(self, arguments, directory):
        self.binary = os.path.abspath(arguments.binary)
        self.short = arguments.short
        self.seed = arguments.seed
        self.directory = directory
        self.library = shim.build(directory)
        self.keep = arguments.keep
        self.lock = threading.Lock()
        self.made = 0
        self.processes = []
        self._template = None

    def template(self):
        if self._template is None:
            self._template = Template(self)
        return self._template

    def scratch(self):
        with self.lock:
            self.made += 1
            path = os.path.join(self.directory, f"{self.made}")
        os.mkdir(path)
        return path

    def say(self, line):
        print(line, flush=True)

    def collect(self, name, value):
        """Keeps a detail for whoever looks closer (with --keep)."""
        with self.lock, open(os.path.join(self.directory, name), "a") as file:
            file.write(json.dumps(value) + "\n")

    def end(self):
        for process in self.processes:
            if process.poll() is None:
                process.kill()
                process.wait()


def main():
    parser = argparse.ArgumentParser(description="Kills, failing system calls, lost power, tampering.")
    parser.add_argument("scenario", nargs="*", help=f"of {', '.join(SCENARIOS)}; all by default")
    parser.add_argument("--short", action="store_true", help="a shortened set, for CI")
    parser.add_argument("--seed", type=int, default=None, help="repeats the choices of an earlier run")
    parser.add_argument("--keep", action="store_true", help="leave the temporary directory")
    parser.add_argument("--binary", default=os.environ.get("COUNTERSIGN_BIN", ".build/release/countersign"))
    arguments = parser.parse_args()
    if arguments.seed is None:
        arguments.seed = int(time.time())
    names = arguments.scenario or list(SCENARIOS)
    for name in names:
        if name not in SCENARIOS:
            parser.error(f"no scenario {name}; there are {', '.join(SCENARIOS)}")
    directory = os.path.realpath(tempfile.mkdtemp(prefix="countersign-faults-"))
    faults, failed, started, context = [], 0, time.monotonic(), None
    # Asked to end: end the servers as well.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        context = Context(arguments, directory)
        context.say(f"seed {arguments.seed}")
        for name in names:
            began = time.monotonic()
            found = SCENARIOS[name].run(context)
            for fault in found:
                print(f"FAULT {fault}", flush=True)
            print(f"{name}: {len(found)} violations, {time.monotonic() - began:.0f} s", flush=True)
            faults += found
            failed += 1 if found else 0
    finally:
        if context is not None:
            context.end()
        if arguments.keep:
            print(f"kept {directory}")
        else:
            shutil.rmtree(directory, ignore_errors=True)
    print(f"faults: {len(faults)} violations in {time.monotonic() - started:.0f} s; scenarios: {len(names) - failed} passed, {failed} failed", flush=True)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
