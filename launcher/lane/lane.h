/* lane.h: the launcher's side of the fast lane (shim/lane.h says what it is): who makes its memory, what goes
 * into it, and how it comes into a program.
 *
 * What holds it together: only the launcher can write to it (the filter refuses to attach it otherwise, and
 * its file is not opened for anybody); it is sealed in place, so that nothing else can come to lie at its
 * address; no child is without it (the filter refuses madvise's DONTFORK there); and a program into which it
 * does not come is killed at its exec. A name stands for the real path only in the launcher's own root, so
 * nobody changes root while there is a lane.
 */
#ifndef ASKFIRST_LANE_LANE_H
#define ASKFIRST_LANE_LANE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>
#include <sys/types.h>

struct lane;

/* NULL with `*why` (static): there can be none here. */
struct lane *lane_new(const char **why);
/* Whether this kernel knows what it takes; whether it can also be had, lane_new() tries. */
bool lane_is_known(void);
void lane_free(struct lane *lane);

/* From now on it comes into programs of other users too, who may read the names in it. */
void lane_share(const struct lane *lane);

/* The number of its shared memory, for the filter. */
int lane_segment(const struct lane *lane);

/* A name that the policy lets be read, whatever lies there: its slot. -1: it is no plain absolute path, or
 * too long, or the lane is full. */
int lane_add(struct lane *lane, const char *name);

/* True once for each name that stands there: it was listed, as far as it is a directory. */
bool lane_list_once(struct lane *lane, const char *name);

/* Another path, as plain, that leads there through links now. */
void lane_add_alias(struct lane *lane, const char *path, int slot);

/* The names below a directory, and its own, are taken away: something else gets its name. */
void lane_forget(struct lane *lane, const char *directory);

/* Tells each name below a directory that stands or stood there, without that one's: an opening by it may be
 * under way. */
void lane_below(const struct lane *lane, const char *directory, void (*tell)(void *context, const char *rest),
                void *context);

/* Whether a thread would find the lane's memory under its number: not from another IPC namespace, which may
 * have another of that number. */
bool lane_reaches(const struct lane *lane, pid_t tid);

/* Whether a process has memory at the lane's place that can never be taken away again, as the kernel tells
 * it. */
bool lane_is_sealed(pid_t pid);

/* Whether this file is the lane's own memory. */
bool lane_is(const struct lane *lane, const struct stat *status);

#endif
