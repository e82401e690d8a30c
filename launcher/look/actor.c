/* actor.c: see actor.h. */
#include "actor.h"

#include <stdlib.h>

#include "process.h"

void actor_decide(struct actor *actor, const struct image *image, const struct act *act,
                  struct decision *decision)
{
    struct act known = *act;
    policy_decide(image, act, decision, NULL);
    if (!(decision->needs & NEED_PROGRAM) || !actor->pid) return;
    if (!actor->looked) actor->program = process_surely(actor->pid);
    actor->looked = true;
    known.program = actor->program;
    if (known.program) policy_decide(image, &known, decision, NULL);
}

void actor_free(struct actor *actor)
{
    free(actor->program);
    *actor = (struct actor){0};
}
