/* nested.h: a run inside a run. */
#ifndef ASKFIRST_NESTED_H
#define ASKFIRST_NESTED_H

#include <stdbool.h>

/* Whether this very process is part of a guarded run, so that what it starts is guarded already. No variable
 * is believed, since that would be a way to have no guard at all. */
bool nested_in_run(void);

/* Whether it has the shim's own function in execve's place, which asks for as long as its session lives, and
 * refuses everything afterwards. */
bool nested_has_shim(void);

#endif
