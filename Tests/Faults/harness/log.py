"""The log as a stranger reads it: tiles on disk, hashed with hashlib, without a line of the program's own code."""

import base64
import hashlib
import json
import os
import struct

OUTCOMES = {"inference.completed", "inference.denied", "inference.failed", "inference.aborted"}


class LogFault(Exception):
    pass


def tile_path(number):
    parts = [f"{number % 1000:03d}"]
    number //= 1000
    while number:
        parts.insert(0, f"x{number % 1000:03d}")
        number //= 1000
    return "/".join(parts)


def parse_checkpoint(text):
    """Size and root of a checkpoint; signatures are left to the verifier."""
    lines = text.split(b"\n")
    return int(lines[1]), base64.b64decode(lines[2], validate=True)


def checkpoint(directory, name="checkpoint"):
    """The checkpoint in this file, or None where there is none."""
    try:
        with open(os.path.join(directory, name), "rb") as file:
            return parse_checkpoint(file.read())
    except FileNotFoundError:
        return None


def bundle(directory, number, width):
    path = os.path.join(directory, "tile", "entries", tile_path(number))
    # The full one, else the partial one; the partial one may go just after the full one has come.
    for attempt in (path, f"{path}.p/{width}", path):
        try:
            with open(attempt, "rb") as file:
                return file.read()
        except FileNotFoundError:
            pass
    raise FileNotFoundError(f"{path}.p/{width}")


class History:
    """Everything that was ever seen of one log: its entries, its checkpoints. Anything that contradicts it is a fault."""

    def __init__(self):
        self.levels = [[]]     # levels[h][i]: hash of the i-th complete subtree of height h
        self.types = {}        # event id to type
        self.intents = {}      # open intent to its index
        self.outcomes = {}     # intent to the type of its outcome
        self.sources = {}      # (node, incarnation, stream) to the next number
        self.roots = {}        # size to root, of every checkpoint seen
        self.last_time = ""

    @property
    def size(self):
        return len(self.levels[0])

    def root(self, size):
        """RFC 6962 root of the first `size` entries."""
        if size == 0:
            return hashlib.sha256().digest()
        out, at = None, size
        # Complete subtrees from the right: their sizes are the bits of `size`.
        for height in range(len(self.levels)):
            if size >> height & 1:
                at -= 1 << height
                part = self.levels[height][at >> height]
                out = part if out is None else hashlib.sha256(b"\1" + part + out).digest()
        return out

    def _append(self, leaf):
        value = hashlib.sha256(b"\0" + leaf).digest()
        height = 0
        self.levels[0].append(value)
        while len(self.levels[height]) % 2 == 0:
            left, right = self.levels[height][-2:]
            height += 1
            if height == len(self.levels):
                self.levels.append([])
            self.levels[height].append(hashlib.sha256(b"\1" + left + right).digest())

    def saw(self, size, root, where):
        """Takes note of a signed root. Two for one size, or one that our entries do not lead to, is the worst of faults."""
        known = self.roots.setdefault(size, root)
        if known != root:
            raise LogFault(f"two signed roots for size {size}: {known.hex()} and {root.hex()} ({where})")
        if size <= self.size and self.root(size) != root:
            raise LogFault(f"the root of size {size} does not follow from the entries ({where})")

    def read(self, directory):
        """Reads what is new under the published checkpoint; returns its size."""
        for attempt in range(20):
            found = checkpoint(directory)
            try:
                return self._read(directory, found)
            except FileNotFoundError:
                # The files of a checkpoint that has been replaced meanwhile may be gone; otherwise they must be there.
                if checkpoint(directory) == found:
                    raise

    def _read(self, directory, found):
        if found is None:
            return 0
        size, root = found
        if size < self.size:
            raise LogFault(f"the published checkpoint went back from {self.size} to {size}")
        for number in range(self.size // 256, (size + 255) // 256):
            width = min(256, size - number * 256)
            data = bundle(directory, number, width)
            at, index = 0, number * 256
            while at < len(data) and index < size:
                length, = struct.unpack_from(">H", data, at)
                leaf = data[at + 2:at + 2 + length]
                if len(leaf) != length:
                    raise LogFault(f"entry bundle {number} is cut off")
                if index >= self.size:
                    self._entry(leaf, index)
                at += 2 + length
                index += 1
            if index < min(size, number * 256 + 256):
                raise LogFault(f"entry bundle {number} ends at entry {index}")
        self.saw(size, root, "checkpoint")
        head = checkpoint(directory, "head")
        if head is not None:
            self.saw(*head, "head")
        for earlier, known in list(self.roots.items()):
            if earlier <= self.size and self.root(earlier) != known:
                raise LogFault(f"the signed root of size {earlier} does not follow from the entries")
        return size

    def _entry(self, leaf, index):
        event = json.loads(leaf)
        name, kind = event["id"], event["type"]
        if name in self.types:
            raise LogFault(f"entry {index}: {name} is in the log twice")
        self.types[name] = kind
        source = event["source"]
        key = (source["node"], source["incarnation"], source["stream"])
        expected = self.sources.get(key, 0)
        if source["seq"] != expected:
            raise LogFault(f"entry {index}: source {key} has number {source['seq']}, {expected} was next")
        self.sources[key] = expected + 1
        if event["recorded_at"] < self.last_time:
            raise LogFault(f"entry {index}: recorded_at goes back")
        self.last_time = event["recorded_at"]
        if kind == "inference.requested":
            self.intents[name] = index
        elif kind in OUTCOMES:
            intent = event["data"]["request_id"]
            if intent in self.outcomes:
                raise LogFault(f"entry {index}: a second outcome of {intent}")
            if self.intents.pop(intent, None) is None:
                raise LogFault(f"entry {index}: an outcome without an intent")
            self.outcomes[intent] = kind
        self._append(leaf)

    def count(self, kind):
        return sum(1 for found in self.types.values() if found == kind)

    def missing(self, acknowledged):
        """Which acknowledged things the log does not have. Each is ("seen" | "completed" | "denied", intent's id)."""
        faults = []
        for kind, name in acknowledged:
            if name not in self.types:
                faults.append(f"{name} ({kind}) is not in the log")
            elif kind != "seen":
                found = self.outcomes.get(name)
                if found != f"inference.{kind}":
                    faults.append(f"{name} was acknowledged as {kind}, the log says {found}")
        return faults
