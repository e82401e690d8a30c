/* guard.h: the kernel guard as a whole: how a run begins behind it. Whether this machine can hold it:
 * probe.h. */
#ifndef ASKFIRST_GUARD_GUARD_H
#define ASKFIRST_GUARD_GUARD_H

#include <linux/filter.h>
#include <stdbool.h>

#include "../floor/floor.h"
#include "../lane/lane.h"
#include "../run/session.h"

/* Made before the command is started. */
struct guard_setup {
    struct floor_plan *plan;
    int ruleset;
    struct lane *lane;    /* NULL: there is none */
    const char *lane_why; /* static: why not; NULL where there is one */
    struct sock_fprog filter;
    int ours, theirs; /* a pair of sockets, over which the listener comes */
};

/* False with `*why` (malloc'd). */
bool guard_prepare(struct guard_setup *guard, const struct session *session, char **why);
void guard_release(struct guard_setup *guard);

/* In the child, after NO_NEW_PRIVS: capabilities, floor, filter; hands the listener over. 0, or -1 with
 * errno. Async-signal-safe. */
int guard_enter(const struct guard_setup *guard);

#endif
