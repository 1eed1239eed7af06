// A preloaded library that stands between one program and one directory.
//
// It counts the calls that durability depends on, makes a chosen one fail (or ends the process there), and writes a journal of
// every change to the directory from which the contents after a power loss can be built for any moment of the run.
//
// Calls are made with raw system calls, never through libc, so no hook meets itself. Changes made through a shared writable
// mapping and through stdio are not seen; both are logged as `unseen`.
#ifndef FAULTFS_H
#define FAULTFS_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <sys/uio.h>

// What a call does; also the operation codes of the journal. Codes never change: replay.py has the same list.
enum operation {
    OP_OPEN = 1,        // binds an inode to a path
    OP_CREATE = 2,      // a new file, its entry in its directory; offset: permissions
    OP_WRITE = 3,
    OP_TRUNCATE = 4,    // offset: the new size
    OP_SYNC_BEGIN = 5,  // size: token
    OP_SYNC_END = 6,    // size: token; error: why it failed
    OP_SYNC_ALL = 7,
    OP_RENAME = 8,      // path, path2; flags: FLAG_EXCHANGE
    OP_UNLINK = 9,
    OP_MKDIR = 10,      // offset: permissions
    OP_RMDIR = 11,
    OP_LINK = 12,       // path: existing name or empty, path2: the new one
    OP_SYMLINK = 13,    // path: the link, path2: its target
    OP_ALLOCATE = 14,   // room from offset for size bytes; FLAG_KEEP_SIZE
    OP_MAP = 15,        // a shared writable mapping: contents unseen from here on
    OP_MARK = 64,       // written by the harness, never by the shim
};

enum {
    FLAG_DURABLE = 1,    // written through O_DSYNC or RWF_DSYNC: durable when it returns
    FLAG_EXCHANGE = 2,
    FLAG_KEEP_SIZE = 4,
    FLAG_DIRECTORY = 8,
};

struct record {
    uint32_t magic;
    uint32_t length;  // of the whole record
    uint8_t operation;
    uint8_t flags;
    uint16_t path_length;
    uint16_t path2_length;
    uint16_t reserved;
    int32_t error;
    uint32_t data_length;
    uint64_t inode;
    uint64_t offset;
    uint64_t size;
    uint64_t time;  // CLOCK_MONOTONIC, nanoseconds
} __attribute__((packed));

#define RECORD_MAGIC 0x31534646u

// What to do at the chosen call. The page is shared with the harness, which arms and reads it while the program runs.
enum action { ACTION_FAIL = 0, ACTION_SHORT = 1, ACTION_KILL_BEFORE = 2, ACTION_KILL_AFTER = 3 };

struct control {
    _Atomic uint64_t counted;  // calls counted so far
    _Atomic uint64_t fail_at;  // the call at which to act; 0: never
    _Atomic int32_t error;
    _Atomic uint32_t action;
    _Atomic uint32_t sticky;   // act on every counted call from there on
    _Atomic uint32_t injected; // how often it acted
    _Atomic uint32_t operations; // bit mask of operations that count; 0: all
    char match[128];           // at byte 36; only paths that contain this count; empty: all
};

enum verdict { VERDICT_PASS, VERDICT_FAIL, VERDICT_SHORT, VERDICT_KILL };

enum kind { KIND_NONE = 0, KIND_FILE = 1, KIND_DIRECTORY = 2 };

struct tracked {
    _Atomic uint8_t kind;
    uint8_t durable;  // opened with O_SYNC or O_DSYNC
    uint64_t inode;
    char *path;       // below the root, as it was when opened
};

// state.c
void faultfs_lock(void);
void faultfs_unlock(void);
/// Whether the path lies below the root; if so, `out` is the rest of it ("" for the root itself).
bool faultfs_resolve(int directory, const char *path, char out[PATH_MAX]);
/// The file behind a descriptor, or NULL where it is none of ours. Cheap: called on every write to a socket.
struct tracked *faultfs_tracked(int fd);
void faultfs_track(int fd, enum kind kind, uint64_t inode, const char *path, bool durable);
void faultfs_copy(int from, int to);
void faultfs_forget(int fd);
void faultfs_log(const char *format, ...) __attribute__((format(printf, 1, 2)));
bool faultfs_skips_sync(void);
uint64_t faultfs_inode_at(const char *path);
const char *faultfs_absolute(const char *path, char out[PATH_MAX]);

// journal.c
void faultfs_journal_open(void);
void faultfs_record(
    enum operation operation, uint8_t flags, int error, uint64_t inode, uint64_t offset, uint64_t size, const char *path,
    const char *path2, const struct iovec *data, int count, size_t data_length);

// inject.c
void faultfs_inject_open(void);
/// Counts a call and says what becomes of it. The lock is held. On VERDICT_FAIL errno is set.
enum verdict faultfs_decide(enum operation operation, const char *path);
/// To be called when the real call is over and its record written.
void faultfs_after(enum verdict verdict);

#endif
