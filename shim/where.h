/* where.h: which file a path really is, found through a descriptor, so that what is judged is what is acted
 * upon.
 *
 * The kernel follows the path, with all its links, dots, descriptors and magic links; what it found is asked
 * of it by the descriptor's name in /proc. Nothing here decides.
 */
#ifndef ASKFIRST_SHIM_WHERE_H
#define ASKFIRST_SHIM_WHERE_H

#include <stdbool.h>
#include <stdint.h>

#include "bytes.h"

/* A file, or the place for a name in a directory. */
struct place {
    int fd;           /* O_PATH: of the file; or of the directory that holds the name */
    struct text path; /* the real path, with the name */
    const char *name; /* in `path`, perhaps with the slash that ended it; NULL: it is the file itself */
    size_t length;    /* of the real path, without such a slash */
    bool nameless;    /* it has no path: a pipe, a socket, memory */
    bool several;     /* it is a file that has other names */
    unsigned mode;    /* st_mode; 0 for a name */
    uint64_t device, inode;
};

struct stat;
bool where_has_several_names(const struct stat *status);

/* Nothing found yet. Each of the three finders begins with this, and where_end() ends it, whatever came back:
 * 0 or a negative errno. */
void where_begin(struct place *place);

/* The file itself. `flags`: O_NOFOLLOW, O_DIRECTORY; `resolve` as for openat2. */
long where_file(struct place *place, int dirfd, const char *path, int flags, uint64_t resolve);
/* An open descriptor's file. `place->fd` is a duplicate that no other thread can change. */
long where_descriptor(struct place *place, int fd);
/* The name in its directory: nothing is followed at the end. WHERE_NO_NAME: it ends in a dot or has no name
 * at all; whatever makes, removes or renames such a thing fails in the kernel. */
#define WHERE_NO_NAME 1
long where_name(struct place *place, int dirfd, const char *path, uint64_t resolve);
void where_end(struct place *place);

/* Writes where `path` leads if there is no link on its way: absolute, without dots and doubled slashes. Less
 * than 0 where only the kernel can tell. WHERE_ONLY_DIRECTORY: it is written, and a slash or a dot at its end
 * demands that it be one. WHERE_GOES_UP: there are double dots on the way, which were written as they are. */
#define WHERE_ONLY_DIRECTORY 2
#define WHERE_GOES_UP 3
long where_plainly(struct text *text, int dirfd, const char *path);

#endif
