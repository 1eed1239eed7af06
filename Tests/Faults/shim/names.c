// Changes of directories.
#define _GNU_SOURCE
#include "faultfs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef RENAME_EXCHANGE
#define RENAME_EXCHANGE (1 << 1)
#endif

int renameat2(int from_directory, const char *from, int to_directory, const char *to, unsigned flags) {
    char old[PATH_MAX], new[PATH_MAX];
    bool from_ours = faultfs_resolve(from_directory, from, old);
    bool to_ours = faultfs_resolve(to_directory, to, new);
    if (!from_ours && !to_ours) return (int)syscall(SYS_renameat2, from_directory, from, to_directory, to, flags);
    if (from_ours != to_ours) {
        // As between two file systems: the caller copies, and the copy is seen.
        errno = EXDEV;
        return -1;
    }
    faultfs_lock();
    enum verdict verdict = faultfs_decide(OP_RENAME, new);
    int result = -1;
    if (verdict != VERDICT_FAIL) result = (int)syscall(SYS_renameat2, from_directory, from, to_directory, to, flags);
    int error = errno;
    if (result == 0) {
        uint8_t how = (flags & RENAME_EXCHANGE) != 0 ? FLAG_EXCHANGE : 0;
        faultfs_record(OP_RENAME, how, 0, faultfs_inode_at(new), 0, 0, old, new, NULL, 0, 0);
    }
    faultfs_after(verdict);
    faultfs_unlock();
    errno = error;
    return result;
}
int renameat(int from_directory, const char *from, int to_directory, const char *to) {
    return renameat2(from_directory, from, to_directory, to, 0);
}
int rename(const char *from, const char *to) { return renameat2(AT_FDCWD, from, AT_FDCWD, to, 0); }

int unlinkat(int directory, const char *path, int flags) {
    char name[PATH_MAX];
    if (!faultfs_resolve(directory, path, name)) return (int)syscall(SYS_unlinkat, directory, path, flags);
    enum operation operation = (flags & AT_REMOVEDIR) != 0 ? OP_RMDIR : OP_UNLINK;
    faultfs_lock();
    enum verdict verdict = VERDICT_PASS;
    // Removing what is not there is a question, not a change.
    if (faultfs_inode_at(name) != 0) verdict = faultfs_decide(operation, name);
    int result = -1;
    if (verdict != VERDICT_FAIL) result = (int)syscall(SYS_unlinkat, directory, path, flags);
    int error = errno;
    if (result == 0) faultfs_record(operation, 0, 0, 0, 0, 0, name, NULL, NULL, 0, 0);
    faultfs_after(verdict);
    faultfs_unlock();
    errno = error;
    return result;
}
int unlink(const char *path) { return unlinkat(AT_FDCWD, path, 0); }
int rmdir(const char *path) { return unlinkat(AT_FDCWD, path, AT_REMOVEDIR); }
int remove(const char *path) {
    if (unlink(path) == 0) return 0;
    return errno == EISDIR || errno == EPERM ? rmdir(path) : -1;
}

int mkdirat(int directory, const char *path, mode_t mode) {
    char name[PATH_MAX];
    if (!faultfs_resolve(directory, path, name)) return (int)syscall(SYS_mkdirat, directory, path, mode);
    faultfs_lock();
    enum verdict verdict = VERDICT_PASS;
    if (faultfs_inode_at(name) == 0) verdict = faultfs_decide(OP_MKDIR, name);
    int result = -1;
    if (verdict != VERDICT_FAIL) result = (int)syscall(SYS_mkdirat, directory, path, mode);
    int error = errno;
    if (result == 0) faultfs_record(OP_MKDIR, FLAG_DIRECTORY, 0, faultfs_inode_at(name), mode & 07777, 0, name, NULL, NULL, 0, 0);
    faultfs_after(verdict);
    faultfs_unlock();
    errno = error;
    return result;
}
int mkdir(const char *path, mode_t mode) { return mkdirat(AT_FDCWD, path, mode); }

char *mkdtemp(char *template) {
    static _Atomic unsigned turn;
    size_t length = strlen(template);
    for (int attempt = 0; length >= 6 && attempt < 1000; attempt++) {
        char digits[16];
        snprintf(digits, sizeof digits, "%03x%03x", (unsigned)getpid() & 0xfff, turn++ & 0xfff);
        memcpy(template + length - 6, digits, 6);
        if (mkdir(template, 0700) == 0) return template;
        if (errno != EEXIST) return NULL;
    }
    if (length < 6) errno = EINVAL;
    return NULL;
}

int linkat(int from_directory, const char *from, int to_directory, const char *to, int flags) {
    char old[PATH_MAX], new[PATH_MAX];
    if (!faultfs_resolve(to_directory, to, new)) return (int)syscall(SYS_linkat, from_directory, from, to_directory, to, flags);
    if (!faultfs_resolve(from_directory, from, old)) old[0] = 0;
    faultfs_lock();
    enum verdict verdict = faultfs_decide(OP_LINK, new);
    int result = -1;
    if (verdict != VERDICT_FAIL) result = (int)syscall(SYS_linkat, from_directory, from, to_directory, to, flags);
    int error = errno;
    if (result == 0) faultfs_record(OP_LINK, 0, 0, faultfs_inode_at(new), 0, 0, old, new, NULL, 0, 0);
    faultfs_after(verdict);
    faultfs_unlock();
    errno = error;
    return result;
}
int link(const char *from, const char *to) { return linkat(AT_FDCWD, from, AT_FDCWD, to, 0); }

int symlinkat(const char *target, int directory, const char *path) {
    char name[PATH_MAX];
    if (!faultfs_resolve(directory, path, name)) return (int)syscall(SYS_symlinkat, target, directory, path);
    faultfs_lock();
    enum verdict verdict = faultfs_decide(OP_SYMLINK, name);
    int result = -1;
    if (verdict != VERDICT_FAIL) result = (int)syscall(SYS_symlinkat, target, directory, path);
    int error = errno;
    if (result == 0) faultfs_record(OP_SYMLINK, 0, 0, 0, 0, 0, name, target, NULL, 0, 0);
    faultfs_after(verdict);
    faultfs_unlock();
    errno = error;
    return result;
}
int symlink(const char *target, const char *path) { return symlinkat(target, AT_FDCWD, path); }
