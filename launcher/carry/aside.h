/* aside.h: work that may block, away from the event loop: opening a FIFO, connecting a blocking socket. The
 * worker answers its caller itself; nothing comes back to the loop.
 */
#ifndef ASKFIRST_CARRY_ASIDE_H
#define ASKFIRST_CARRY_ASIDE_H

#include <stdbool.h>

#include "../filter/notify.h"

/* The trapped call that the work is for. */
struct aside_call {
    struct notify notify;
    uint64_t id;
    pid_t tid;
};

/* Runs `work` in a thread of its own, which owns `own` from then on, and has a umask of its own. False: too
 * many are at work already, or no thread could be had; `own` is still the caller's. */
bool aside(void (*work)(const struct aside_call *call, void *own), void *own, const struct aside_call *call);

/* What a worker's answer is when it was interrupted. */
int64_t aside_result(int64_t result);

/* Now and then: interrupts work for callers that have ended, or that have a signal to handle. */
void aside_look(void);

#endif
