/* maps.h: what lies where in a process, as /proc/PID/maps tells it. */
#ifndef ASKFIRST_MAPS_H
#define ASKFIRST_MAPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "../plain/text.h"

struct mapping {
    uint64_t from, to;
    uint64_t offset;  /* in its file */
    dev_t device;     /* of its file, and that one's inode, as stat(2) has them on most file systems */
    uint64_t inode;   /* 0: it is no file's */
    const char *file; /* its path, a newline in it as \012; "" where there is none */
};

struct maps {
    struct text text; /* where the paths lie */
    struct mapping *of;
    size_t count;
};

/* False: it cannot be looked at. In any case it is freed. */
bool maps_look(struct maps *maps, pid_t pid);
void maps_free(struct maps *maps);

#endif
