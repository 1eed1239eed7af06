// The root, the descriptors that lie below it, and the text log.
#define _GNU_SOURCE
#include "faultfs.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { DESCRIPTORS = 65536 };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static struct tracked table[DESCRIPTORS];
static char root[PATH_MAX];
static size_t root_length;
static int log_descriptor = -1;
static bool skips_sync;

static void start(void) {
    const char *wanted = getenv("FAULTFS_ROOT");
    if (wanted == NULL || wanted[0] != '/') return;
    // The root may not exist yet: take it as it is named then.
    if (realpath(wanted, root) == NULL) snprintf(root, sizeof root, "%s", wanted);
    root_length = strlen(root);
    while (root_length > 1 && root[root_length - 1] == '/') root[--root_length] = 0;
    const char *log = getenv("FAULTFS_LOG");
    if (log != NULL) log_descriptor = (int)syscall(SYS_openat, AT_FDCWD, log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    const char *sync = getenv("FAULTFS_SYNC");
    skips_sync = sync != NULL && strcmp(sync, "skip") == 0;
    faultfs_inject_open();
    faultfs_journal_open();
}

__attribute__((constructor)) static void constructed(void) { pthread_once(&once, start); }

void faultfs_lock(void) { pthread_mutex_lock(&lock); }

void faultfs_unlock(void) { pthread_mutex_unlock(&lock); }

bool faultfs_skips_sync(void) { return skips_sync; }

// Removes ".", ".." and doubled slashes. Links inside the directory are not followed: the program makes none.
static bool normalise(const char *path, char out[PATH_MAX]) {
    size_t length = 0;
    while (*path != 0) {
        while (*path == '/') path++;
        const char *end = strchrnul(path, '/');
        size_t size = (size_t)(end - path);
        if (size == 2 && path[0] == '.' && path[1] == '.') {
            while (length > 0 && out[--length] != '/') {}
        } else if (size > 0 && !(size == 1 && path[0] == '.')) {
            if (length + size + 2 > PATH_MAX) return false;
            out[length++] = '/';
            memcpy(out + length, path, size);
            length += size;
        }
        path = end;
    }
    out[length] = 0;
    return true;
}

bool faultfs_resolve(int directory, const char *path, char out[PATH_MAX]) {
    pthread_once(&once, start);
    if (root_length == 0 || path == NULL) return false;
    char whole[2 * PATH_MAX];
    char normal[PATH_MAX];
    if (path[0] == '/') {
        if (!normalise(path, normal)) return false;
    } else {
        char base[PATH_MAX];
        if (directory == AT_FDCWD) {
            if (getcwd(base, sizeof base) == NULL) return false;
        } else {
            char link[64];
            snprintf(link, sizeof link, "/proc/self/fd/%d", directory);
            ssize_t size = readlink(link, base, sizeof base - 1);
            if (size <= 0) return false;
            base[size] = 0;
        }
        snprintf(whole, sizeof whole, "%s/%s", base, path);
        if (!normalise(whole, normal)) return false;
    }
    if (strncmp(normal, root, root_length) != 0) return false;
    if (normal[root_length] != 0 && normal[root_length] != '/') return false;
    snprintf(out, PATH_MAX, "%s", normal[root_length] == 0 ? "" : normal + root_length + 1);
    return true;
}

const char *faultfs_absolute(const char *path, char out[PATH_MAX]) {
    if ((size_t)snprintf(out, PATH_MAX, "%s/%s", root, path) >= PATH_MAX) out[0] = 0;
    return out;
}

uint64_t faultfs_inode_at(const char *path) {
    char absolute[PATH_MAX];
    struct stat status;
    if (lstat(faultfs_absolute(path, absolute), &status) != 0) return 0;
    return status.st_ino;
}

struct tracked *faultfs_tracked(int fd) {
    if (fd < 0 || fd >= DESCRIPTORS || table[fd].kind == KIND_NONE) return NULL;
    return &table[fd];
}

void faultfs_track(int fd, enum kind kind, uint64_t inode, const char *path, bool durable) {
    if (fd < 0) return;
    if (fd >= DESCRIPTORS) {
        faultfs_log("unseen descriptor %d %s", fd, path);
        return;
    }
    free(table[fd].path);
    table[fd].path = strdup(path);
    table[fd].inode = inode;
    table[fd].durable = durable;
    table[fd].kind = (uint8_t)kind;
}

void faultfs_forget(int fd) {
    struct tracked *file = faultfs_tracked(fd);
    if (file == NULL) return;
    file->kind = KIND_NONE;
    free(file->path);
    file->path = NULL;
}

void faultfs_copy(int from, int to) {
    struct tracked *file = faultfs_tracked(from);
    if (from == to) return;
    if (file == NULL || file->path == NULL) {
        faultfs_forget(to);
    } else {
        faultfs_track(to, file->kind, file->inode, file->path, file->durable);
    }
}

void faultfs_log(const char *format, ...) {
    if (log_descriptor < 0) return;
    char line[PATH_MAX + 256];
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(line, sizeof line - 1, format, arguments);
    va_end(arguments);
    if (length < 0) return;
    if ((size_t)length > sizeof line - 2) length = (int)sizeof line - 2;
    line[length++] = '\n';
    syscall(SYS_write, log_descriptor, line, (size_t)length);
}
