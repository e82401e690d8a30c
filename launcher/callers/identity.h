/* identity.h: who a guarded thread is, beside what the run began as. The launcher acts as itself only for a
 * thread that is what it is itself: for any other it would lend rights that the thread has given up, or look
 * at another tree of files.
 */
#ifndef ASKFIRST_CALLERS_IDENTITY_H
#define ASKFIRST_CALLERS_IDENTITY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>

enum { IDENTITY_GROUPS = 256 };
enum { ID_REAL, ID_EFFECTIVE, ID_SAVED, ID_FILES, ID_KINDS };

struct ids {
    uid_t users[ID_KINDS];
    gid_t groups[ID_KINDS];
    gid_t others[IDENTITY_GROUPS]; /* supplementary */
    size_t other_count;
    uint64_t permitted, effective; /* capabilities */
};

struct identity {
    struct ids ids;
    struct stat root;
    ino_t user_namespace;
    ino_t mount_namespace;
};

/* Who the thread is just now. False: it cannot be looked at, or is in too many groups. */
bool identity_of(pid_t tid, struct identity *identity);

bool identity_same_ids(const struct ids *one, const struct ids *other);

/* The same root and namespaces: a path leads both to the same file. */
bool identity_same_place(const struct identity *one, const struct identity *other);

#endif
