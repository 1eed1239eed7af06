"""The journal that the shim writes: every change to a directory, in order, with marks of the harness between them."""

import os
import struct

MAGIC = 0x31534646
HEADER = struct.Struct("<IIBBHHHiIQQQQ")

OPEN, CREATE, WRITE, TRUNCATE, SYNC_BEGIN, SYNC_END, SYNC_ALL = 1, 2, 3, 4, 5, 6, 7
RENAME, UNLINK, MKDIR, RMDIR, LINK, SYMLINK, ALLOCATE, MAP = 8, 9, 10, 11, 12, 13, 14, 15
MARK = 64

FLAG_DURABLE, FLAG_EXCHANGE, FLAG_KEEP_SIZE, FLAG_DIRECTORY = 1, 2, 4, 8


class Record:
    __slots__ = ("operation", "flags", "error", "inode", "offset", "size", "time", "path", "path2", "data")


def read(path):
    """All whole records. A record cut off at the end (the process was killed in the middle) is left out."""
    with open(path, "rb") as file:
        bytes_ = file.read()
    at, records = 0, []
    while at + HEADER.size <= len(bytes_):
        (magic, length, operation, flags, path_length, path2_length, _, error, data_length, inode, offset, size, time) = \
            HEADER.unpack_from(bytes_, at)
        if magic != MAGIC:
            raise ValueError(f"journal is damaged at byte {at}")
        if at + length > len(bytes_):
            break
        record = Record()
        record.operation, record.flags, record.error = operation, flags, error
        record.inode, record.offset, record.size, record.time = inode, offset, size, time
        start = at + HEADER.size
        record.path = bytes_[start:start + path_length].decode()
        start += path_length
        record.path2 = bytes_[start:start + path2_length].decode()
        start += path2_length
        record.data = bytes_[start:start + data_length]
        records.append(record)
        at += length
    return records


class Marker:
    """Appends marks between the shim's records. One write each, to a file opened for appending: the order is kept."""

    def __init__(self, path):
        self.descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)

    def mark(self, data):
        header = HEADER.pack(MAGIC, HEADER.size + len(data), MARK, 0, 0, 0, 0, 0, len(data), 0, 0, 0, 0)
        os.write(self.descriptor, header + data)

    def close(self):
        os.close(self.descriptor)
