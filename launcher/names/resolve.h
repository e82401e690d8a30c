/* resolve.h: where a path leads, as a guarded thread sees it: from its directory and descriptors, through
 * links, by descriptors all the way, so that what was looked at is what is acted on.
 *
 * Whoever calls has made sure that the thread has the launcher's own root and namespaces (identity.h). The
 * one thing that still differs is /proc: its `self` is the reader's, so it is read as the caller would, and
 * what lies in it is marked `kernel`: only the caller itself may open it.
 */
#ifndef ASKFIRST_NAMES_RESOLVE_H
#define ASKFIRST_NAMES_RESOLVE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>

enum resolve_flags {
    RESOLVE_FOLLOW = 1,     /* a link at the end is followed */
    RESOLVE_MAY_MISS = 2,   /* the last name need not exist */
    RESOLVE_EMPTY_PATH = 4, /* "" names the descriptor itself */
    RESOLVE_BY_PARENT = 8,  /* `parent` and `name` are wanted, also where the object is there */
};

/* Whose eyes: a thread, and the top of its run. Through /proc it may look into processes below that, and no
 * others. */
struct viewer {
    pid_t tid;
    pid_t top;
};

struct spot {
    int parent;     /* O_PATH: the directory that holds `name`; -1 where the object has no name of its own */
    char name[256]; /* the last name in `parent`; "" for a root, a descriptor, a magic link */
    int target;     /* O_PATH: the object itself, a link if it was not followed; -1: there is none */
    struct stat status; /* of the target */
    char *path;  /* real; of a deleted file the one that it had; NULL: it never had one (a pipe, a memfd) */
    bool kernel; /* in /proc, /sys or a device, or reached through another process: nobody else may open it */
};

/* 0, or an errno for the caller. `how` are the RESOLVE_ flags of openat2, which are kept. */
int resolve(struct viewer viewer, int directory, const char *path, unsigned flags, uint64_t how,
            struct spot *spot);
void spot_close(struct spot *spot);

/* Whether its name still lies where it lay, and is still that of what was found, or of nothing. */
bool spot_is_as_found(const struct spot *spot);

/* What only the caller itself may open: it would mean another thing, or carry other rights, in the launcher's
 * hands. */
bool spot_is_kernels(int fd, const struct stat *status);

/* A descriptor of the thread, as an O_PATH descriptor of ours; -1 with errno. AT_FDCWD: its directory. */
int resolve_descriptor(pid_t tid, int descriptor);

/* The malloc'd real path of an O_PATH descriptor, or NULL as in a spot. 0, or ENAMETOOLONG: longer than the
 * kernel can say, so that nothing can be judged by it. */
int resolve_path_of(int fd, char **path);

#endif
