/* exec.h: a program that is about to be executed: found, asked about, and still the same when it is. */
#ifndef ASKFIRST_SHIM_EXEC_H
#define ASKFIRST_SHIM_EXEC_H

#include <stdbool.h>
#include <stdint.h>

#include "bytes.h"
#include "session.h"

/* What was approved, until it is executed. */
struct approved {
    int door; /* open as long as this is; -1: nothing was approved */
    uint64_t device, inode;
};

/* Asks whether `path` may be executed; `flags` are execveat's, `wire` enum wire_flags. 0, or a negative
 * errno; then
 * `*refused` says whether that was an answer, so that no other place is to be tried. */
long exec_ask(struct approved *approved, const struct session *session, int dirfd, const char *path,
              int flags, unsigned wire, const char *const *argv, bool *refused);

/* Just before it is executed: whether it is still the file that was approved. */
long exec_same(const struct approved *approved, int dirfd, const char *path, int flags);

/* As execveat(2). */
long exec_judged(int dirfd, const char *path, const char *const *argv, const char *const *envp, int flags,
                 bool *refused);

/* The places that a name without a slash is looked for in, one after the other. */
struct search {
    const char *rest; /* of PATH */
    int dirfd;        /* what relative places in it are relative to */
    const char *name;
    long error; /* what to say when nothing was found */
    struct text path;
};
void search_begin(struct search *search, int dirfd, const char *name);
/* The next file there that can be executed stands in search->path; false: there is none. */
bool search_next(struct search *search);
void search_end(struct search *search);

#endif
