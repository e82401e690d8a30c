/* fences.h: who may live behind a fence of its own (Landlock). A fence binds a thread and all that it starts
 * from then on; the kernel tells nobody who has one, so it is known by descent. Where descent is not known
 * for sure, there is a fence.
 */
#ifndef ASKFIRST_CALLERS_FENCES_H
#define ASKFIRST_CALLERS_FENCES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct fenced {
    pid_t pid;
    uint64_t started;
};

/* Begins as {0}. */
struct fences {
    struct fenced *fenced; /* processes in which somebody has put up a fence */
    size_t fenced_count;
    struct fenced *reapers; /* processes that adopt what others leave behind */
    size_t reaper_count;
    uint64_t first; /* when the first was put up, in ticks since the machine's start; 0: there is none */
};

void fences_add(struct fences *fences, pid_t pid);
void fences_reaper(struct fences *fences, pid_t pid);
bool fences_hold(const struct fences *fences, pid_t pid, pid_t keeper, pid_t command);
void fences_free(struct fences *fences);

#endif
