// Counting, and the failure at the chosen call.
#define _GNU_SOURCE
#include "faultfs.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

static struct control local;
static struct control *control = &local;
static bool traces;

static const char *const names[] = {
    [OP_CREATE] = "create", [OP_WRITE] = "write", [OP_TRUNCATE] = "truncate", [OP_SYNC_BEGIN] = "sync", [OP_SYNC_ALL] = "syncfs",
    [OP_RENAME] = "rename", [OP_UNLINK] = "unlink", [OP_MKDIR] = "mkdir", [OP_RMDIR] = "rmdir", [OP_LINK] = "link",
    [OP_SYMLINK] = "symlink", [OP_ALLOCATE] = "allocate",
};

static int error_named(const char *name) {
    if (strcmp(name, "ENOSPC") == 0) return ENOSPC;
    if (strcmp(name, "EDQUOT") == 0) return EDQUOT;
    if (strcmp(name, "EROFS") == 0) return EROFS;
    int number = atoi(name);
    return number > 0 ? number : EIO;
}

void faultfs_inject_open(void) {
    const char *page = getenv("FAULTFS_CONTROL");
    if (page != NULL) {
        int fd = (int)syscall(SYS_openat, AT_FDCWD, page, O_RDWR | O_CLOEXEC);
        if (fd >= 0) {
            void *mapped = (void *)syscall(SYS_mmap, NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
            if (mapped != MAP_FAILED) control = mapped;
            syscall(SYS_close, fd);
        }
    }
    const char *value;
    if ((value = getenv("FAULTFS_FAIL_AT")) != NULL) control->fail_at = strtoull(value, NULL, 10);
    if ((value = getenv("FAULTFS_STICKY")) != NULL) control->sticky = (uint32_t)atoi(value);
    if ((value = getenv("FAULTFS_ERRNO")) != NULL) {
        if (strcmp(value, "SHORT") == 0) {
            control->action = ACTION_SHORT;
            control->error = ENOSPC;
        } else {
            control->error = error_named(value);
        }
    }
    traces = getenv("FAULTFS_TRACE") != NULL;
}

static _Noreturn void kill_now(void) {
    for (;;) {
        syscall(SYS_kill, getpid(), SIGKILL);
        pause();
    }
}

enum verdict faultfs_decide(enum operation operation, const char *path) {
    if (control->operations != 0 && (control->operations & (1u << operation)) == 0) return VERDICT_PASS;
    if (control->match[0] != 0 && strstr(path, control->match) == NULL) return VERDICT_PASS;
    uint64_t number = ++control->counted;
    if (traces) faultfs_log("call %llu %s %s", (unsigned long long)number, names[operation], path);
    uint64_t at = control->fail_at;
    if (at == 0 || (control->sticky ? number < at : number != at)) return VERDICT_PASS;
    int error = control->error == 0 ? EIO : control->error;
    // A full disk still lets things be removed.
    if (control->sticky && error == ENOSPC && (operation == OP_UNLINK || operation == OP_RMDIR || operation == OP_TRUNCATE)) {
        return VERDICT_PASS;
    }
    uint32_t action = control->action;
    // Only the first of a run is short; what follows finds no room at all.
    if (action == ACTION_SHORT && number != at) action = ACTION_FAIL;
    if (action == ACTION_SHORT && operation != OP_WRITE) {
        if (!control->sticky) return VERDICT_PASS;
        action = ACTION_FAIL;
    }
    if (control->injected++ < 64) {
        static const char *const actions[] = {"fail", "short", "kill-before", "kill-after"};
        faultfs_log("%s %llu %s %s error %d", actions[action & 3], (unsigned long long)number, names[operation], path, error);
    }
    switch (action) {
    case ACTION_KILL_BEFORE: kill_now();
    case ACTION_KILL_AFTER: return VERDICT_KILL;
    case ACTION_SHORT: return VERDICT_SHORT;
    default: errno = error; return VERDICT_FAIL;
    }
}

void faultfs_after(enum verdict verdict) {
    if (verdict == VERDICT_KILL) kill_now();
}
