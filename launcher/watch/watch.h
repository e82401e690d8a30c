/* watch.h: the ring that sees every call of its kind, however it is made: a notification comes in, the call
 * is understood, judged by the same code as what comes through the door, and then let go on, carried out, or
 * refused.
 */
#ifndef ASKFIRST_WATCH_WATCH_H
#define ASKFIRST_WATCH_WATCH_H

#include "../floor/floor.h"
#include "../lane/lane.h"
#include "../run/session.h"

struct watch;

/* Made while the command goes behind the filter, which takes the kernel longer. `plan` and `lane` (NULL:
 * none) become the watch's. `program`: the command that was judged already, whose exec is the first call
 * of all. */
struct watch *watch_new(struct session *session, struct floor_plan *plan, struct lane *lane,
                        const char *program);

/* Begins to answer. `listener` becomes the watch's. False with `*why` (malloc'd): it is to be closed. */
bool watch_listen(struct watch *watch, int listener, char **why);

void watch_close(struct watch *watch);

#endif
