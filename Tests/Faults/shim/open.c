// Opening, duplicating and closing descriptors.
#define _GNU_SOURCE
#include "faultfs.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static int opened(int directory, const char *path, int flags, mode_t mode) {
    char name[PATH_MAX];
    if (!faultfs_resolve(directory, path, name)) return (int)syscall(SYS_openat, directory, path, flags, mode);
    faultfs_lock();
    struct stat before;
    bool existed = fstatat(directory, path, &before, 0) == 0;
    bool creates = (flags & O_CREAT) != 0 && !existed;
    bool truncates = (flags & O_TRUNC) != 0 && existed && S_ISREG(before.st_mode) && before.st_size > 0;
    enum verdict verdict = VERDICT_PASS;
    if (creates || truncates) verdict = faultfs_decide(creates ? OP_CREATE : OP_TRUNCATE, name);
    if (verdict == VERDICT_FAIL) {
        faultfs_unlock();
        return -1;
    }
    int fd = (int)syscall(SYS_openat, directory, path, flags, mode);
    int error = errno;
    struct stat status;
    if (fd >= 0 && fstat(fd, &status) == 0) {
        bool is_directory = S_ISDIR(status.st_mode);
        bool unnamed = (flags & O_TMPFILE) == O_TMPFILE;
        if (is_directory || S_ISREG(status.st_mode)) {
            faultfs_track(
                fd, is_directory ? KIND_DIRECTORY : KIND_FILE, status.st_ino, name, (flags & (O_DSYNC | O_SYNC)) != 0);
            uint8_t kind = is_directory ? FLAG_DIRECTORY : 0;
            if (unnamed) faultfs_log("unseen unnamed file in %s", name);
            if (creates || (flags & O_ACCMODE) != O_RDONLY || is_directory) {
                faultfs_record(creates ? OP_CREATE : OP_OPEN, kind, 0, status.st_ino, status.st_mode & 07777, 0, name, NULL, NULL, 0, 0);
            }
            if (truncates) faultfs_record(OP_TRUNCATE, 0, 0, status.st_ino, 0, 0, NULL, NULL, NULL, 0, 0);
        }
    }
    faultfs_after(verdict);
    faultfs_unlock();
    errno = error;
    return fd;
}

static mode_t mode_of(int flags, va_list arguments) {
    return (flags & O_CREAT) != 0 || (flags & O_TMPFILE) == O_TMPFILE ? va_arg(arguments, mode_t) : 0;
}

#define OPEN_WITH_MODE(name)                    \
    int name(const char *path, int flags, ...) { \
        va_list arguments;                      \
        va_start(arguments, flags);             \
        mode_t mode = mode_of(flags, arguments); \
        va_end(arguments);                      \
        return opened(AT_FDCWD, path, flags, mode); \
    }
OPEN_WITH_MODE(open)
OPEN_WITH_MODE(open64)

#define OPENAT_WITH_MODE(name)                               \
    int name(int directory, const char *path, int flags, ...) { \
        va_list arguments;                                   \
        va_start(arguments, flags);                          \
        mode_t mode = mode_of(flags, arguments);             \
        va_end(arguments);                                   \
        return opened(directory, path, flags, mode);         \
    }
OPENAT_WITH_MODE(openat)
OPENAT_WITH_MODE(openat64)

int __open_2(const char *path, int flags) { return opened(AT_FDCWD, path, flags, 0); }
int __open64_2(const char *path, int flags) { return opened(AT_FDCWD, path, flags, 0); }
int __openat_2(int directory, const char *path, int flags) { return opened(directory, path, flags, 0); }
int __openat64_2(int directory, const char *path, int flags) { return opened(directory, path, flags, 0); }
int creat(const char *path, mode_t mode) { return opened(AT_FDCWD, path, O_CREAT | O_WRONLY | O_TRUNC, mode); }
int creat64(const char *path, mode_t mode) { return creat(path, mode); }

// libc opens these inside itself, so they are made again here.
int mkostemps(char *template, int suffix, int flags) {
    static _Atomic unsigned turn;
    size_t length = strlen(template);
    if (suffix < 0 || length < (size_t)suffix + 6) {
        errno = EINVAL;
        return -1;
    }
    char *place = template + length - (size_t)suffix - 6;
    for (int attempt = 0; attempt < 1000; attempt++) {
        char digits[16];
        snprintf(digits, sizeof digits, "%03x%03x", (unsigned)getpid() & 0xfff, turn++ & 0xfff);
        memcpy(place, digits, 6);
        int fd = opened(AT_FDCWD, template, (flags & ~O_ACCMODE) | O_RDWR | O_CREAT | O_EXCL, 0600);
        if (fd >= 0 || errno != EEXIST) return fd;
    }
    return -1;
}
int mkostemp(char *template, int flags) { return mkostemps(template, 0, flags); }
int mkstemps(char *template, int suffix) { return mkostemps(template, suffix, 0); }
int mkstemp(char *template) { return mkostemps(template, 0, 0); }
int mkostemps64(char *template, int suffix, int flags) { return mkostemps(template, suffix, flags); }
int mkostemp64(char *template, int flags) { return mkostemps(template, 0, flags); }
int mkstemps64(char *template, int suffix) { return mkostemps(template, suffix, 0); }
int mkstemp64(char *template) { return mkostemps(template, 0, 0); }

static FILE *stream(const char *symbol, const char *path, const char *mode) {
    char name[PATH_MAX];
    if (mode[0] != 'r' && faultfs_resolve(AT_FDCWD, path, name)) faultfs_log("unseen fopen %s", name);
    FILE *(*real)(const char *, const char *) = (FILE * (*)(const char *, const char *)) dlsym(RTLD_NEXT, symbol);
    return real(path, mode);
}
FILE *fopen(const char *path, const char *mode) { return stream("fopen", path, mode); }
FILE *fopen64(const char *path, const char *mode) { return stream("fopen64", path, mode); }

int close(int fd) {
    if (faultfs_tracked(fd) != NULL) {
        faultfs_lock();
        faultfs_forget(fd);
        faultfs_unlock();
    }
    return (int)syscall(SYS_close, fd);
}

static int copied(int from, int to) {
    if (to >= 0 && (faultfs_tracked(from) != NULL || faultfs_tracked(to) != NULL)) {
        faultfs_lock();
        faultfs_copy(from, to);
        faultfs_unlock();
    }
    return to;
}
int dup(int fd) { return copied(fd, (int)syscall(SYS_dup, fd)); }
int dup3(int fd, int to, int flags) { return copied(fd, (int)syscall(SYS_dup3, fd, to, flags)); }
int dup2(int fd, int to) {
    if (fd == to) return (int)syscall(SYS_fcntl, fd, F_GETFD) < 0 ? -1 : fd;
    return dup3(fd, to, 0);
}

int fcntl64(int fd, int command, ...) {
    va_list arguments;
    va_start(arguments, command);
    void *argument = va_arg(arguments, void *);
    va_end(arguments);
    int result = (int)syscall(SYS_fcntl, fd, command, argument);
    return command == F_DUPFD || command == F_DUPFD_CLOEXEC ? copied(fd, result) : result;
}
int fcntl(int fd, int command, ...) {
    va_list arguments;
    va_start(arguments, command);
    void *argument = va_arg(arguments, void *);
    va_end(arguments);
    return fcntl64(fd, command, argument);
}

static void *mapped(void *address, size_t length, int protection, int flags, int fd, off_t offset) {
    struct tracked *file = faultfs_tracked(fd);
    if (file != NULL && (flags & MAP_SHARED) != 0 && (protection & PROT_WRITE) != 0) {
        faultfs_lock();
        faultfs_record(OP_MAP, 0, 0, file->inode, 0, 0, NULL, NULL, NULL, 0, 0);
        faultfs_log("unseen mapping %s", file->path == NULL ? "" : file->path);
        faultfs_unlock();
    }
    return (void *)syscall(SYS_mmap, address, length, protection, flags, fd, offset);
}
void *mmap(void *address, size_t length, int protection, int flags, int fd, off_t offset) {
    return mapped(address, length, protection, flags, fd, offset);
}
void *mmap64(void *address, size_t length, int protection, int flags, int fd, off64_t offset) {
    return mapped(address, length, protection, flags, fd, offset);
}
