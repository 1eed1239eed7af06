// The journal: one record a change, each appended by a single write, so that what the harness appends beside it keeps its order.
#define _GNU_SOURCE
#include "faultfs.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { PIECES = 1024 };

static int descriptor = -1;
static uint64_t written;
static uint64_t limit = 1024u * 1024 * 1024;

void faultfs_journal_open(void) {
    const char *path = getenv("FAULTFS_JOURNAL");
    if (path == NULL) return;
    const char *bound = getenv("FAULTFS_JOURNAL_MAX");
    if (bound != NULL) limit = strtoull(bound, NULL, 10);
    int fd = (int)syscall(SYS_openat, AT_FDCWD, path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (fd < 0) return;
    // Out of the way of the program's own numbers: descriptors closed in a sweep must not take the journal along.
    descriptor = (int)syscall(SYS_fcntl, fd, F_DUPFD_CLOEXEC, 1000);
    if (descriptor < 0) descriptor = fd; else syscall(SYS_close, fd);
    struct stat status;
    if (fstat(descriptor, &status) == 0) written = (uint64_t)status.st_size;
}

void faultfs_record(
    enum operation operation, uint8_t flags, int error, uint64_t inode, uint64_t offset, uint64_t size, const char *path,
    const char *path2, const struct iovec *data, int count, size_t data_length
) {
    if (descriptor < 0) return;
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    size_t path_length = path == NULL ? 0 : strlen(path);
    size_t path2_length = path2 == NULL ? 0 : strlen(path2);
    struct record record = {
        .magic = RECORD_MAGIC,
        .length = (uint32_t)(sizeof(struct record) + path_length + path2_length + data_length),
        .operation = (uint8_t)operation,
        .flags = flags,
        .path_length = (uint16_t)path_length,
        .path2_length = (uint16_t)path2_length,
        .error = error,
        .data_length = (uint32_t)data_length,
        .inode = inode,
        .offset = offset,
        .size = size,
        .time = (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec,
    };
    if (written + record.length > limit) {
        faultfs_log("journal full");
        syscall(SYS_close, descriptor);
        descriptor = -1;
        return;
    }
    struct iovec pieces[PIECES];
    int used = 0;
    pieces[used++] = (struct iovec){&record, sizeof record};
    if (path_length > 0) pieces[used++] = (struct iovec){(void *)path, path_length};
    if (path2_length > 0) pieces[used++] = (struct iovec){(void *)path2, path2_length};
    // A write that went through only in part: its first data_length bytes are what happened.
    size_t rest = data_length;
    for (int i = 0; i < count && rest > 0 && used < PIECES; i++) {
        size_t part = data[i].iov_len < rest ? data[i].iov_len : rest;
        if (part > 0) pieces[used++] = (struct iovec){data[i].iov_base, part};
        rest -= part;
    }
    if (rest > 0 || syscall(SYS_writev, descriptor, pieces, used) != (long)record.length) {
        faultfs_log("journal broken");
        syscall(SYS_close, descriptor);
        descriptor = -1;
        return;
    }
    written += record.length;
}
