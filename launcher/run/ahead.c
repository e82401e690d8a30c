/* ahead.c: see ahead.h. It is no thread: two that share their memory and their descriptors hold each other
 * up in the kernel for longer than there is to be won. */
#include "ahead.h"

#include <stdlib.h>
#include <sys/mman.h>

#include "../../policy/policy.h"
#include "../../policy/scout.h"
#include "../plain/memory.h"
#include "../probe/probe.h"

struct ahead {
    struct guard_trial *trial;
    struct scout *scout; /* shared by both processes */
};

static void look(void *scout)
{
    if (scout) scout_look(scout, places_search_path());
}

struct ahead *ahead_begin(void)
{
    struct ahead *ahead = xcalloc(1, sizeof *ahead);
    void *memory = mmap(NULL, scout_size(), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory != MAP_FAILED) ahead->scout = memory;
    ahead->trial = guard_try(look, ahead->scout);
    return ahead;
}

void ahead_end(struct ahead *ahead)
{
    if (!ahead) return;
    guard_forget(ahead->trial);
    if (ahead->scout) munmap(ahead->scout, scout_size());
    free(ahead);
}

struct guard_trial *ahead_trial(const struct ahead *ahead)
{
    return ahead->trial;
}

struct scout *ahead_scout(const struct ahead *ahead)
{
    return ahead ? ahead->scout : NULL;
}
