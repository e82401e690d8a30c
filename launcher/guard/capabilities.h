/* capabilities.h: what a root that is guarded must not have: capabilities that would undo the guard. */
#ifndef ASKFIRST_GUARD_CAPABILITIES_H
#define ASKFIRST_GUARD_CAPABILITIES_H

#include <stdint.h>

/* Gives them up for good, for this process and all that it starts. 0, or -1 with errno. Async-signal-safe.
 * For anybody but root there is nothing to do. */
int capabilities_drop(void);

/* Which they are, a bit each. */
uint64_t capabilities_undoing(void);

/* The same for the launcher, which acts for those who have lost them, and must lend none; but it goes on
 * looking into processes. */
int capabilities_lower(void);

#endif
