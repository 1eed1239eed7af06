"""Small programs with known habits, right and wrong, on which the shim itself is tested. Run as `toys.py NAME DIRECTORY JOURNAL`."""

import os
import sqlite3
import sys

from journal import Marker


def sync_directory(path):
    descriptor = os.open(path, os.O_RDONLY)
    os.fsync(descriptor)
    os.close(descriptor)


def write_ahead(directory, marker, sync_file=True, sync_names=True, early=False):
    """Appends checked lines to segments, as a log does; a mark follows when a line should be durable."""
    for segment in range(3):
        path = os.path.join(directory, f"{segment}.wal")
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        if sync_names:
            sync_directory(directory)
        for line in range(8):
            text = f"{segment}.{line} ".ljust(700, "x").encode()
            if early:
                marker.mark(text)
            os.write(file, text)
            if sync_file:
                os.fdatasync(file)
            if not early:
                marker.mark(text)
        os.close(file)


def write_ahead_holds(directory, marks):
    found = b""
    for segment in range(3):
        path = os.path.join(directory, f"{segment}.wal")
        if os.path.exists(path):
            with open(path, "rb") as file:
                found += file.read()
    return all(mark in found for mark in marks)


def replace(directory, marker, sync_file=True, sync_names=True):
    """Replaces one file as a whole, again and again."""
    for version in range(12):
        text = f"{version} ".ljust(1500, "y").encode()
        temporary = os.path.join(directory, "head.tmp")
        file = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        os.write(file, text)
        if sync_file:
            os.fsync(file)
        os.close(file)
        os.rename(temporary, os.path.join(directory, "head"))
        if sync_names:
            sync_directory(directory)
        marker.mark(text)


def replace_holds(directory, marks):
    path = os.path.join(directory, "head")
    if not os.path.exists(path):
        return not marks
    with open(path, "rb") as file:
        found = file.read()
    version = found.split(b" ")[0]
    whole = version.isdigit() and found == version + b" " + b"y" * (1499 - len(version))
    return whole and (not marks or int(version) >= int(marks[-1].split(b" ")[0]))


def sqlite(directory, marker, synchronous="FULL"):
    database = sqlite3.connect(os.path.join(directory, "state.db"), isolation_level=None)
    database.execute("PRAGMA journal_mode=WAL")
    database.execute(f"PRAGMA synchronous={synchronous}")
    database.execute("PRAGMA wal_autocheckpoint=20")
    database.execute("CREATE TABLE t (n INTEGER PRIMARY KEY, words TEXT)")
    for number in range(60):
        database.execute("INSERT INTO t VALUES (?, ?)", (number, "z" * 900))
        marker.mark(str(number).encode())


def sqlite_holds(directory, marks):
    path = os.path.join(directory, "state.db")
    if not os.path.exists(path):
        return not marks
    database = sqlite3.connect(path)
    try:
        if database.execute("PRAGMA integrity_check").fetchone() != ("ok",):
            return False
        if not marks:
            return True
        found = {row[0] for row in database.execute("SELECT n FROM t")}
        return all(int(mark) in found for mark in marks)
    except sqlite3.DatabaseError:
        return not marks
    finally:
        database.close()


def tree(directory, marker, sync_parents=True):
    """Makes nested directories with a file at the bottom, as tiles are laid out."""
    path = directory
    for name in ("tile", "0", "x000"):
        parent, path = path, os.path.join(path, name)
        os.mkdir(path)
        if sync_parents:
            sync_directory(parent)
    for number in range(4):
        with os.fdopen(os.open(os.path.join(path, f"{number}"), os.O_WRONLY | os.O_CREAT, 0o600), "wb", buffering=0) as file:
            file.write(b"%d" % number * 3000)
            os.fsync(file.fileno())
        sync_directory(path)
        marker.mark(b"%d" % number)


def tree_holds(directory, marks):
    for mark in marks:
        path = os.path.join(directory, "tile", "0", "x000", mark.decode())
        if not os.path.exists(path):
            return False
        with open(path, "rb") as file:
            if file.read() != mark * 3000:
                return False
    return True


# Name: (program, check, whether every crash state must hold).
TOYS = {
    "log": (lambda d, m: write_ahead(d, m), write_ahead_holds, True),
    "log without fdatasync": (lambda d, m: write_ahead(d, m, sync_file=False), write_ahead_holds, False),
    "log without directory sync": (lambda d, m: write_ahead(d, m, sync_names=False), write_ahead_holds, False),
    "log that answers early": (lambda d, m: write_ahead(d, m, early=True), write_ahead_holds, False),
    "replace": (lambda d, m: replace(d, m), replace_holds, True),
    "replace without fsync": (lambda d, m: replace(d, m, sync_file=False), replace_holds, False),
    "replace without directory sync": (lambda d, m: replace(d, m, sync_names=False), replace_holds, False),
    "sqlite": (lambda d, m: sqlite(d, m), sqlite_holds, True),
    "sqlite without synchronous": (lambda d, m: sqlite(d, m, synchronous="OFF"), sqlite_holds, False),
    "tree": (lambda d, m: tree(d, m), tree_holds, True),
    "tree without parents": (lambda d, m: tree(d, m, sync_parents=False), tree_holds, False),
}

if __name__ == "__main__":
    TOYS[sys.argv[1]][0](sys.argv[2], Marker(sys.argv[3]))
