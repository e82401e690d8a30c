/* actor.h: which program acts on a file: looked up when the first rule wants to know, and then known for as
 * long as the call stands still. */
#ifndef ASKFIRST_ACTOR_H
#define ASKFIRST_ACTOR_H

#include "../../policy/decide.h"

#include <sys/types.h>

struct actor {
    pid_t pid; /* or a thread's id; 0: not known */
    bool looked;
    char *program; /* NULL: not known, or not looked up yet */
};

/* What the policy says to a read or a write by it. */
void actor_decide(struct actor *actor, const struct image *image, const struct act *act,
                  struct decision *decision);
void actor_free(struct actor *actor);

#endif
