/* identity.h: whether a guarded thread is what the launcher is. Only for such a thread does the launcher act:
 * for any other it would lend rights that the thread has given up, or look at another tree of files.
 */
#ifndef ASKFIRST_GUARD_IDENTITY_H
#define ASKFIRST_GUARD_IDENTITY_H

#include <stdbool.h>
#include <sys/stat.h>
#include <sys/types.h>

struct identity {
    char ids[2048]; /* the lines of /proc/PID/status that say who it is */
    struct stat root;
    ino_t user_namespace;
    ino_t mount_namespace;
};

/* Who the thread is just now. False: it cannot be looked at. */
bool identity_of(pid_t tid, struct identity *identity);

bool identity_same(const struct identity *one, const struct identity *other);

#endif
