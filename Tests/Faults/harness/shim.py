"""Building the shim, and running a program behind it."""

import mmap
import os
import struct
import subprocess

HERE = os.path.dirname(os.path.abspath(__file__))
SOURCES = os.path.join(os.path.dirname(HERE), "shim")

FAIL, SHORT, KILL_BEFORE, KILL_AFTER = 0, 1, 2, 3
EIO, ENOSPC = 5, 28

# Codes of operations, as in shim/faultfs.h.
OPERATIONS = {"create": 2, "write": 3, "truncate": 4, "sync": 5, "syncfs": 7, "rename": 8, "unlink": 9, "mkdir": 10, "rmdir": 11,
              "link": 12, "symlink": 13, "allocate": 14}


def build(directory):
    """Compiles the shim into `directory`; returns the library's path."""
    library = os.path.join(directory, "libfaultfs.so")
    sources = sorted(os.path.join(SOURCES, name) for name in os.listdir(SOURCES) if name.endswith(".c"))
    compiler = os.environ.get("CC", "cc")
    subprocess.run(
        [compiler, "-std=c11", "-O2", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC", "-o", library, *sources, "-ldl", "-lpthread"],
        check=True)
    return library


class Shim:
    """The files by which one run of a program behind the shim is steered and watched. All lie outside the watched directory."""

    def __init__(self, library, scratch, root, journal=False, trace=False, sync="real"):
        self.library, self.root = library, os.path.realpath(root)
        self.log_path = os.path.join(scratch, "shim.log")
        self.journal_path = os.path.join(scratch, "journal") if journal else None
        self.control_path = os.path.join(scratch, "control")
        self.trace, self.sync = trace, sync
        with open(self.control_path, "wb") as file:
            file.truncate(4096)
        with open(self.control_path, "r+b") as file:
            self.page = mmap.mmap(file.fileno(), 4096)

    def environment(self):
        values = dict(os.environ, LD_PRELOAD=self.library, FAULTFS_ROOT=self.root, FAULTFS_LOG=self.log_path,
                      FAULTFS_CONTROL=self.control_path, FAULTFS_SYNC=self.sync)
        if self.journal_path:
            values["FAULTFS_JOURNAL"] = self.journal_path
        if self.trace:
            values["FAULTFS_TRACE"] = "1"
        return values

    def arm(self, at, error=EIO, action=FAIL, sticky=False, operations=(), match=""):
        """Acts at the `at`-th call counted from the beginning of the run (see `counted`)."""
        mask = sum(1 << OPERATIONS[name] for name in operations)
        self.page[36:36 + 128] = match.encode().ljust(128, b"\0")
        struct.pack_into("<iII", self.page, 16, error, action, int(sticky))
        struct.pack_into("<I", self.page, 32, mask)
        struct.pack_into("<Q", self.page, 8, at)

    def disarm(self):
        struct.pack_into("<Q", self.page, 8, 0)

    @property
    def counted(self):
        return struct.unpack_from("<Q", self.page, 0)[0]

    @property
    def injected(self):
        return struct.unpack_from("<I", self.page, 28)[0]

    def log(self):
        try:
            with open(self.log_path, errors="replace") as file:
                return file.read()
        except FileNotFoundError:
            return ""

    def close(self):
        self.page.close()
