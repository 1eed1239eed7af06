// Changes of a file's contents and size.
#define _GNU_SOURCE
#include "faultfs.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

// `at` is -1 for the descriptor's own position.
static ssize_t written(int fd, const struct iovec *pieces, int count, off_t at, int flags) {
    struct tracked *file = faultfs_tracked(fd);
    if (file == NULL || file->kind != KIND_FILE) return syscall(SYS_pwritev2, fd, pieces, (long)count, at, at < 0 ? -1L : 0L, flags);
    faultfs_lock();
    enum verdict verdict = faultfs_decide(OP_WRITE, file->path);
    if (verdict == VERDICT_FAIL) {
        faultfs_unlock();
        return -1;
    }
    off_t position = at;
    if (at < 0) {
        int status = (int)syscall(SYS_fcntl, fd, F_GETFL);
        struct stat attributes;
        position = (status & O_APPEND) != 0 && fstat(fd, &attributes) == 0 ? attributes.st_size : lseek(fd, 0, SEEK_CUR);
    }
    struct iovec half;
    if (verdict == VERDICT_SHORT && count > 0) {
        // Half of the first piece: the caller sees a count below what it asked for.
        half = pieces[0];
        half.iov_len = half.iov_len > 1 ? half.iov_len / 2 : half.iov_len;
        pieces = &half;
        count = 1;
    }
    ssize_t result = syscall(SYS_pwritev2, fd, pieces, (long)count, at, at < 0 ? -1L : 0L, flags);
    int error = errno;
    if (result > 0) {
        bool durable = file->durable || (flags & (RWF_DSYNC | RWF_SYNC)) != 0;
        faultfs_record(
            OP_WRITE, durable ? FLAG_DURABLE : 0, 0, file->inode, (uint64_t)position, (uint64_t)result, NULL, NULL, pieces, count,
            (size_t)result);
    }
    faultfs_after(verdict);
    faultfs_unlock();
    errno = error;
    return result;
}

ssize_t write(int fd, const void *bytes, size_t length) {
    // Sockets, pipes and foreign files go straight through.
    if (faultfs_tracked(fd) == NULL) return syscall(SYS_write, fd, bytes, length);
    struct iovec piece = {(void *)bytes, length};
    return written(fd, &piece, 1, -1, 0);
}
ssize_t pwrite(int fd, const void *bytes, size_t length, off_t at) {
    if (faultfs_tracked(fd) == NULL) return syscall(SYS_pwrite64, fd, bytes, length, at);
    struct iovec piece = {(void *)bytes, length};
    return written(fd, &piece, 1, at, 0);
}
ssize_t pwrite64(int fd, const void *bytes, size_t length, off64_t at) { return pwrite(fd, bytes, length, at); }
ssize_t writev(int fd, const struct iovec *pieces, int count) {
    if (faultfs_tracked(fd) == NULL) return syscall(SYS_writev, fd, pieces, (long)count);
    return written(fd, pieces, count, -1, 0);
}
ssize_t pwritev(int fd, const struct iovec *pieces, int count, off_t at) { return written(fd, pieces, count, at, 0); }
ssize_t pwritev64(int fd, const struct iovec *pieces, int count, off64_t at) { return written(fd, pieces, count, at, 0); }
ssize_t pwritev2(int fd, const struct iovec *pieces, int count, off_t at, int flags) { return written(fd, pieces, count, at, flags); }
ssize_t pwritev64v2(int fd, const struct iovec *pieces, int count, off64_t at, int flags) {
    return written(fd, pieces, count, at, flags);
}

int ftruncate(int fd, off_t size) {
    struct tracked *file = faultfs_tracked(fd);
    if (file == NULL) return (int)syscall(SYS_ftruncate, fd, size);
    faultfs_lock();
    enum verdict verdict = faultfs_decide(OP_TRUNCATE, file->path);
    int result = -1;
    if (verdict != VERDICT_FAIL) result = (int)syscall(SYS_ftruncate, fd, size);
    int error = errno;
    if (result == 0) faultfs_record(OP_TRUNCATE, 0, 0, file->inode, (uint64_t)size, 0, NULL, NULL, NULL, 0, 0);
    faultfs_after(verdict);
    faultfs_unlock();
    errno = error;
    return result;
}
int ftruncate64(int fd, off64_t size) { return ftruncate(fd, size); }

int truncate(const char *path, off_t size) {
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0) return -1;
    int result = ftruncate(fd, size);
    int error = errno;
    close(fd);
    errno = error;
    return result;
}
int truncate64(const char *path, off64_t size) { return truncate(path, size); }

int fallocate(int fd, int mode, off_t offset, off_t length) {
    struct tracked *file = faultfs_tracked(fd);
    if (file == NULL) return (int)syscall(SYS_fallocate, fd, mode, offset, length);
    // Anything but making room (punching holes, shifting) is refused: callers must have another way, file systems differ.
    if ((mode & ~FALLOC_FL_KEEP_SIZE) != 0) {
        errno = EOPNOTSUPP;
        return -1;
    }
    faultfs_lock();
    enum verdict verdict = faultfs_decide(OP_ALLOCATE, file->path);
    int result = -1;
    if (verdict != VERDICT_FAIL) result = (int)syscall(SYS_fallocate, fd, mode, offset, length);
    int error = errno;
    if (result == 0) {
        faultfs_record(
            OP_ALLOCATE, mode != 0 ? FLAG_KEEP_SIZE : 0, 0, file->inode, (uint64_t)offset, (uint64_t)length, NULL, NULL, NULL, 0, 0);
    }
    faultfs_after(verdict);
    faultfs_unlock();
    errno = error;
    return result;
}
int fallocate64(int fd, int mode, off64_t offset, off64_t length) { return fallocate(fd, mode, offset, length); }
int posix_fallocate(int fd, off_t offset, off_t length) { return fallocate(fd, 0, offset, length) == 0 ? 0 : errno; }
int posix_fallocate64(int fd, off64_t offset, off64_t length) { return posix_fallocate(fd, offset, length); }

// Copies inside the kernel carry data that the journal would not see; both callers and libc fall back to read and write.
ssize_t copy_file_range(int from, off64_t *from_at, int to, off64_t *to_at, size_t length, unsigned flags) {
    if (faultfs_tracked(to) != NULL) {
        errno = EXDEV;
        return -1;
    }
    return syscall(SYS_copy_file_range, from, from_at, to, to_at, length, flags);
}
ssize_t sendfile(int to, int from, off_t *at, size_t length) {
    if (faultfs_tracked(to) != NULL) {
        errno = EINVAL;
        return -1;
    }
    return syscall(SYS_sendfile, to, from, at, length);
}
ssize_t sendfile64(int to, int from, off64_t *at, size_t length) { return sendfile(to, from, at, length); }
