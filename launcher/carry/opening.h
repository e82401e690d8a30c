/* opening.h: calls that open a file: understood once, judged by the watch, then opened by the launcher, which
 * hands the descriptor over.
 */
#ifndef ASKFIRST_CARRY_OPENING_H
#define ASKFIRST_CARRY_OPENING_H

#include <limits.h>
#include <linux/seccomp.h>
#include <stdbool.h>
#include <stdint.h>

#include "../names/resolve.h"

/* What the caller says: copied once. */
struct request {
    int directory;
    char path[PATH_MAX];
    uint64_t flags, mode;
    uint64_t how;    /* openat2's RESOLVE_ flags */
    bool is_openat2; /* which is strict about flags */
};

struct opening {
    struct spot spot;
    uint64_t flags; /* O_… */
    mode_t mode;
    bool reads; /* what has to be allowed */
    bool writes;
    const char *detail; /* of the write: "create", "truncate"; or NULL */
    bool look_only;     /* O_PATH: nothing is opened that could be read or written; not for opening_do() */
};

/* What the shim says beyond the call's own arguments: enum wire_opening; 0: nothing. */
unsigned opening_more(const struct seccomp_notif *call);

/* Each: 0, or the errno for the caller. */
int opening_request(const struct seccomp_notif *call, struct request *request);
int opening_find(const struct request *request, struct viewer viewer, struct opening *opening);

/* Whether a file is made, so that the umask counts. */
bool opening_makes(const struct opening *opening);

/* The descriptor, close-on-exec here; or -errno. `mask` is the caller's umask. A FIFO that nobody has at its
 * other end, and a file that somebody has a lease on: EWOULDBLOCK where it may not wait. */
enum opening_patience { OPENING_NEVER_WAITS, OPENING_WAITS };
int opening_do(const struct opening *opening, mode_t mask, enum opening_patience patience);

void opening_free(struct opening *opening);

#endif
