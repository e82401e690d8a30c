/* aside.h: work that may block, away from the event loop: opening a FIFO, connecting a blocking socket. The worker answers
 * its caller itself; nothing comes back to the loop.
 */
#ifndef ASKFIRST_GUARD_ASIDE_H
#define ASKFIRST_GUARD_ASIDE_H

#include <stdbool.h>

/* Runs `work` in a thread of its own, which owns `own` from then on. False: too many are at work already, or no thread could
 * be had; `own` is still the caller's. */
bool aside(void (*work)(void *own), void *own);

#endif
