/* probe.h: what of the kernel guard this machine can hold: each part tried in children that are thrown away.
 * Nothing is looked up by version: a part holds when it was seen to do what the guard needs of it.
 */
#ifndef ASKFIRST_PROBE_PROBE_H
#define ASKFIRST_PROBE_PROBE_H

#include <stdbool.h>

enum probe_part {
    PROBE_LANDLOCK,    /* a ruleset can be made */
    PROBE_FLOOR,       /* whoever enters it is held back */
    PROBE_FILTER,      /* a seccomp filter can be installed */
    PROBE_ALONE,       /* nobody else listens to these processes already */
    PROBE_LISTENER,    /* a filter with a listener can be installed, and the listener handed over */
    PROBE_RECEIVE,     /* trapped calls arrive */
    PROBE_MEMORY,      /* the caller's memory can be read */
    PROBE_DUPLICATE,   /* its descriptors can be duplicated */
    PROBE_TRACE,       /* it can be stopped at an exec */
    PROBE_GIVE,        /* an opened file can be handed to it */
    PROBE_KILLABLE,    /* a signal does not take a call back that is being answered */
    PROBE_SYNCHRONOUS, /* who waits and who answers hand the processor to each other */
    PROBE_LANE         /* the launcher's memory can be put into programs, and sealed there */
};

enum { PROBE_PARTS = PROBE_LANE + 1 };

enum probe_state { PROBE_UNTRIED, PROBE_HOLDS, PROBE_LACKS };

struct probe {
    enum probe_state state;
    char detail[200]; /* what was seen: of a part that is lacking the reason; may be "" */
};

/* The guard can be had without the last three: calls are then begun anew by a signal, or answered more
 * slowly. */
bool probe_is_needed(enum probe_part part);
const char *probe_name(enum probe_part part);
const char *probe_next(enum probe_part part); /* what to do where it is lacking */

/* What the doctor wants to know. What comes after a part that is lacking stays untried. */
void probe(struct probe parts[PROBE_PARTS]);

/* What a run has to know before it starts. A process of its own answers the one that goes behind the
 * guard, as the launcher will, so that there is other work meanwhile; and does some itself until it is
 * asked. */
struct guard_trial;
struct guard_trial *guard_try(void (*meanwhile)(void *), void *context);
void guard_forget(struct guard_trial *trial); /* NULL is fine */

/* Asked once. NULL: all that the guard needs holds. Else the first part that does not, and why (malloc'd),
 * and what to do about it. `*without` (for guard_free_names): what the guard has to do without here, a name
 * each, up to a NULL. */
char *guard_missing(struct guard_trial *trial, const char **next, char ***without);
void guard_free_names(char **names);

#endif
