// Asking for durability. What counts is what was written before the call began, so begin and end are recorded apart.
#define _GNU_SOURCE
#include "faultfs.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static int synced(int fd, long number) {
    struct tracked *file = faultfs_tracked(fd);
    if (file == NULL) return (int)syscall(number, fd);
    static uint64_t tokens;
    faultfs_lock();
    uint64_t token = ++tokens;
    uint64_t inode = file->inode;
    faultfs_record(OP_SYNC_BEGIN, 0, 0, inode, 0, token, NULL, NULL, NULL, 0, 0);
    enum verdict verdict = faultfs_decide(OP_SYNC_BEGIN, file->path);
    if (verdict == VERDICT_FAIL) {
        int error = errno;
        faultfs_record(OP_SYNC_END, 0, error, inode, 0, token, NULL, NULL, NULL, 0, 0);
        faultfs_unlock();
        errno = error;
        return -1;
    }
    faultfs_unlock();
    int result = faultfs_skips_sync() ? 0 : (int)syscall(number, fd);
    int error = errno;
    faultfs_lock();
    faultfs_record(OP_SYNC_END, 0, result == 0 ? 0 : error, inode, 0, token, NULL, NULL, NULL, 0, 0);
    faultfs_after(verdict);
    faultfs_unlock();
    errno = error;
    return result;
}
int fsync(int fd) { return synced(fd, SYS_fsync); }
int fdatasync(int fd) { return synced(fd, SYS_fdatasync); }

int syncfs(int fd) {
    struct tracked *file = faultfs_tracked(fd);
    if (file == NULL) return (int)syscall(SYS_syncfs, fd);
    // Under the lock, so that nothing is written meanwhile: one record is enough.
    faultfs_lock();
    enum verdict verdict = faultfs_decide(OP_SYNC_ALL, file->path);
    int result = -1;
    if (verdict != VERDICT_FAIL) result = (int)syscall(SYS_syncfs, fd);
    int error = errno;
    if (result == 0) faultfs_record(OP_SYNC_ALL, 0, 0, 0, 0, 0, NULL, NULL, NULL, 0, 0);
    faultfs_after(verdict);
    faultfs_unlock();
    errno = error;
    return result;
}

// Promises nothing about what is needed to find the data again, so it counts for nothing.
int sync_file_range(int fd, off64_t offset, off64_t length, unsigned flags) {
    if (faultfs_tracked(fd) != NULL) return 0;
    return (int)syscall(SYS_sync_file_range, fd, offset, length, flags);
}
