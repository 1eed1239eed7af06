#!/usr/bin/env python3
"""Writes SQL that fills the table leaf from the entry bundles of a log: leaves.py LOG_FOLDER [FIRST_INDEX] > leaves.sql

Verify the entries against the signed checkpoint first: this only copies them.
"""
import pathlib
import sys

folder = pathlib.Path(sys.argv[1]) / "tile" / "entries"
index = int(sys.argv[2]) if len(sys.argv) > 2 else 0


def bundle(number):
    """The path of entry bundle NUMBER: groups of three digits, all but the last marked with x."""
    groups = [f"{number % 1000:03}"]
    while number >= 1000:
        number //= 1000
        groups.insert(0, f"x{number % 1000:03}")
    path = folder.joinpath(*groups)
    partial = sorted(path.with_name(path.name + ".p").glob("*"), key=lambda p: int(p.name)) if not path.exists() else []
    return path if path.exists() else partial[-1] if partial else None


print("BEGIN;")
while path := bundle(index // 256):
    data, at = path.read_bytes(), 0
    while at < len(data):
        length = int.from_bytes(data[at : at + 2], "big")
        entry = data[at + 2 : at + 2 + length].decode("utf-8")
        print("INSERT INTO leaf VALUES ({}, '{}');".format(index, entry.replace("'", "''")))
        at, index = at + 2 + length, index + 1
    if index % 256:
        break
print("COMMIT;")
