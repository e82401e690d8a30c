/* mounts.h: where something is mounted, as the launcher sees it: what a directory says of the inodes in it is
 * not true of what is mounted on them.
 */
#ifndef ASKFIRST_NAMES_MOUNTS_H
#define ASKFIRST_NAMES_MOUNTS_H

#include <stdbool.h>
#include <stddef.h>

/* Of now. Where the kernel does not say, something may be mounted anywhere. */
struct mounts {
    char **points; /* sorted */
    size_t count;
    bool unknown;
};

void mounts_read(struct mounts *mounts);
void mounts_free(struct mounts *mounts);

bool mounts_are_below(const struct mounts *mounts, const char *directory);

#endif
