"""What a directory may hold after the power failed, at any moment of a recorded run.

The model, which is stricter than ext4 or XFS and as strict as POSIX:

- A file's contents are durable as they were when its last successful fsync or fdatasync *began*. Of each write and truncation
  since, sector by sector (512 bytes), the old or the new state may be found; beyond the durable end also zeros or garbage.
- A directory's entries are durable as they were when its last successful fsync began. fsync of a file says nothing of its entry.
  Of the changes since, any may be found and any may be missing, each by itself; a rename is one change and is never half done.
  A rename between directories is durable when the directory it moves into is synced.
- After a failed fsync what was not durable may or may not have reached the disk, and no later fsync makes it so (Linux marks the
  pages clean).
- Shared writable mappings are not seen: such files keep what was written to them otherwise.
"""

import os
import random

from . import journal

PAGE = 4096
SECTOR = 512


class Pages:
    """Contents of a file: pages that were written, zeros elsewhere."""

    __slots__ = ("pages", "size")

    def __init__(self, pages=None, size=0):
        self.pages = {} if pages is None else pages
        self.size = size

    def copy(self):
        return Pages(dict(self.pages), self.size)

    def write(self, offset, data):
        end = offset + len(data)
        at = offset
        while at < end:
            number, start = divmod(at, PAGE)
            length = min(PAGE - start, end - at)
            piece = data[at - offset:at - offset + length]
            if length == PAGE:
                self.pages[number] = bytes(piece)
            else:
                page = bytearray(self.pages.get(number, b"\0" * PAGE))
                page[start:start + length] = piece
                self.pages[number] = bytes(page)
            at += length
        self.size = max(self.size, end)

    def truncate(self, size):
        if size < self.size:
            last, rest = divmod(size, PAGE)
            for number in [n for n in self.pages if n > last or (n == last and rest == 0)]:
                del self.pages[number]
            if rest and last in self.pages:
                self.pages[last] = self.pages[last][:rest] + b"\0" * (PAGE - rest)
        self.size = size

    def store(self, path):
        with open(path, "wb") as file:
            for number in sorted(self.pages):
                if number * PAGE < self.size:
                    file.seek(number * PAGE)
                    file.write(self.pages[number][:self.size - number * PAGE])
            file.truncate(self.size)

    def contents(self):
        out = bytearray(self.size)
        for number, page in self.pages.items():
            start = number * PAGE
            if start < self.size:
                out[start:start + PAGE] = page[:self.size - start]
        return bytes(out)


class File:
    def __init__(self, permissions=0o600):
        # Known from the beginning; changes of permissions are not watched.
        self.permissions = permissions
        self.durable = Pages()
        self.pending = []  # (index, record)


class Directory:
    def __init__(self, permissions=0o700):
        self.permissions = permissions
        self.live = {}     # name to File, Directory or Link
        self.durable = {}
        self.pending = []  # Change, shared by the two directories of a rename


class Link:
    def __init__(self, target):
        self.target = target


class Change:
    """Assignments of names that happen together; `at` is the directory whose sync makes them durable.

    An assignment is (directory, name, node, moved): a node of None removes the name; if `moved` is given, only while it names
    that node, because a name that was moved away may since have been given to another file.
    """

    __slots__ = ("index", "at", "assignments")

    def __init__(self, index, at, assignments):
        self.index, self.at, self.assignments = index, at, assignments

    def apply(self, entries_of):
        for directory, name, node, moved in self.assignments:
            entries = entries_of(directory)
            if node is None:
                if moved is None or entries.get(name) is moved:
                    entries.pop(name, None)
            else:
                entries[name] = node


# How a crash chooses among what was not durable. The first two are the extremes; the others mix.
POLICIES = ("none", "all", "prefix", "each", "torn")


class Volume:
    """Replays a journal record by record; `crash` builds a state that may be found at this moment."""

    def __init__(self, base=None, seed=0):
        self.root = Directory()
        self.nodes = {}   # inode to node
        self.begun = {}   # token to index
        self.index = 0
        self.random = random.Random(seed)
        self.changes = []
        if base is not None:
            self._load(self.root, base)

    def _load(self, directory, path):
        for entry in os.scandir(path):
            if entry.is_symlink():
                node = Link(os.readlink(entry.path))
            elif entry.is_dir():
                node = Directory(entry.stat().st_mode & 0o7777)
                self._load(node, entry.path)
            else:
                node = File(entry.stat().st_mode & 0o7777)
                with open(entry.path, "rb") as file:
                    data = file.read()
                if data:
                    node.durable.write(0, data)
            directory.live[entry.name] = directory.durable[entry.name] = node

    def _parent(self, path):
        node = self.root
        parts = path.split("/")
        for part in parts[:-1]:
            node = node.live[part]
        return node, parts[-1]

    def _node(self, path):
        if path == "":
            return self.root
        parent, name = self._parent(path)
        return parent.live.get(name)

    def _change(self, at, *assignments):
        change = Change(self.index, at, assignments)
        change.apply(lambda directory: directory.live)
        self.changes.append(change)

    def apply(self, record):
        """Takes the next record. Marks count as records but change nothing."""
        self.index += 1
        operation = record.operation
        if operation in (journal.OPEN, journal.CREATE):
            if operation == journal.CREATE:
                parent, name = self._parent(record.path)
                self.nodes[record.inode] = File(record.offset)
                self._change(parent, (parent, name, self.nodes[record.inode], None))
            else:
                node = self._node(record.path)
                if node is not None:
                    self.nodes[record.inode] = node
        elif operation in (journal.WRITE, journal.TRUNCATE, journal.ALLOCATE):
            file = self.nodes.get(record.inode)
            if isinstance(file, File):
                file.pending.append((self.index, record))
                if record.flags & journal.FLAG_DURABLE:
                    self._settle(file, self.index + 1)
        elif operation == journal.SYNC_BEGIN:
            self.begun[record.size] = self.index
        elif operation == journal.SYNC_END:
            self._synced(self.nodes.get(record.inode), self.begun.pop(record.size, self.index), record.error)
        elif operation == journal.SYNC_ALL:
            for node in self.everything():
                self._synced(node, self.index, 0)
        elif operation == journal.RENAME:
            source, old = self._parent(record.path)
            target, new = self._parent(record.path2)
            node = source.live[old]
            if record.flags & journal.FLAG_EXCHANGE:
                self._change(target, (source, old, target.live[new], None), (target, new, node, None))
            elif target.live.get(new) is not node:
                self._change(target, (source, old, None, node), (target, new, node, None))
        elif operation in (journal.UNLINK, journal.RMDIR):
            parent, name = self._parent(record.path)
            self._change(parent, (parent, name, None, None))
        elif operation == journal.MKDIR:
            parent, name = self._parent(record.path)
            self.nodes[record.inode] = Directory(record.offset)
            self._change(parent, (parent, name, self.nodes[record.inode], None))
        elif operation == journal.LINK:
            parent, name = self._parent(record.path2)
            node = self._node(record.path) if record.path else self.nodes.get(record.inode)
            if node is not None:
                self._change(parent, (parent, name, node, None))
        elif operation == journal.SYMLINK:
            parent, name = self._parent(record.path)
            self._change(parent, (parent, name, Link(record.path2), None))

    def everything(self):
        seen, rest = set(), [self.root]
        while rest:
            node = rest.pop()
            if id(node) not in seen:
                seen.add(id(node))
                yield node
                if isinstance(node, Directory):
                    rest.extend(node.live.values())
                    rest.extend(node.durable.values())

    def _synced(self, node, before, error):
        if error:
            # The kernel has dropped the pages' dirty marks: what reached the disk is decided here, for good.
            if isinstance(node, File):
                kept = [item for item in node.pending if item[0] > before]
                node.durable = self._choose(node, [i for i in node.pending if i[0] <= before], "each", self.random)
                node.pending = kept
        elif isinstance(node, File):
            self._settle(node, before)
        elif isinstance(node, Directory):
            rest = []
            for change in self.changes:
                if change.at is node and change.index <= before:
                    change.apply(lambda directory: directory.durable)
                else:
                    rest.append(change)
            self.changes = rest

    def _settle(self, file, before):
        rest = []
        for index, record in file.pending:
            if index <= before:
                change_contents(file.durable, record)
            else:
                rest.append((index, record))
        file.pending = rest

    def _choose(self, file, pending, policy, random_):
        if not pending:
            return file.durable
        pages = file.durable.copy()
        if policy == "none":
            return pages
        keep = random_.randrange(len(pending) + 1) if policy == "prefix" else None
        for number, (_, record) in enumerate(pending):
            if policy == "all" or (policy == "prefix" and number < keep):
                change_contents(pages, record)
            elif policy == "prefix":
                if number == keep and record.operation == journal.WRITE:
                    tear(pages, record, file.durable.size, random_, in_order=True)
                break
            elif policy == "each":
                if random_.random() < 0.5:
                    change_contents(pages, record)
            elif record.operation == journal.WRITE:
                tear(pages, record, file.durable.size, random_, in_order=False)
            elif random_.random() < 0.5:
                change_contents(pages, record)
        return pages

    def crash(self, target, policy, seed):
        """Writes a state that may be found after a power loss now, into the new directory `target`."""
        random_ = random.Random(seed)
        copies = {}

        def entries_of(directory):
            if id(directory) not in copies:
                copies[id(directory)] = dict(directory.durable)
            return copies[id(directory)]

        # Whether names are lost, kept or mixed is drawn apart from what becomes of contents.
        names = policy if policy in ("none", "all") else random_.choice(POLICIES)
        keep = random_.randrange(len(self.changes) + 1)
        for number, change in enumerate(self.changes):
            if names == "all" or (names == "prefix" and number < keep) or (names in ("each", "torn") and random_.random() < 0.5):
                change.apply(entries_of)

        def store(directory, path, depth):
            os.mkdir(path)
            os.chmod(path, directory.permissions)
            for name, node in entries_of(directory).items():
                below = os.path.join(path, name)
                if isinstance(node, Directory):
                    if depth < 32:
                        store(node, below, depth + 1)
                elif isinstance(node, Link):
                    os.symlink(node.target, below)
                elif name.endswith("-shm"):
                    # SQLite's shared memory is a mapping, never synced: SQLite must rebuild it from whatever is there.
                    if random_.random() < 0.5:
                        Pages(size=32768).store(below)
                else:
                    self._choose(node, node.pending, policy, random_).store(below)
                    os.chmod(below, node.permissions)

        store(self.root, target, 0)


def change_contents(pages, record):
    if record.operation == journal.WRITE:
        pages.write(record.offset, record.data)
    elif record.operation == journal.TRUNCATE:
        pages.truncate(record.offset)
    elif record.operation == journal.ALLOCATE and not record.flags & journal.FLAG_KEEP_SIZE:
        pages.size = max(pages.size, record.offset + record.size)


def tear(pages, record, durable_size, random_, in_order):
    """Applies some sectors of a write. Sectors wholly beyond the durable end may also hold zeros or garbage."""
    end = record.offset + len(record.data)
    cut = random_.randrange(len(record.data) + 1) if in_order else None
    at = record.offset
    while at < end:
        stop = min(end, (at // SECTOR + 1) * SECTOR)
        piece = record.data[at - record.offset:stop - record.offset]
        fresh = at >= durable_size
        if in_order:
            if stop - record.offset <= cut:
                pages.write(at, piece)
            elif fresh and random_.random() < 0.5:
                pages.write(at, random_.choice((b"\0" * len(piece), random_.randbytes(len(piece)))))
            else:
                break
        else:
            choice = random_.random()
            if choice < 0.5:
                pages.write(at, piece)
            elif fresh and choice < 0.65:
                pages.write(at, b"\0" * len(piece))
            elif fresh and choice < 0.8:
                pages.write(at, random_.randbytes(len(piece)))
        at = stop
