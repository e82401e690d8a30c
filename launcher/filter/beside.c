/* beside.c: see beside.h. */
#include "beside.h"

#include <string.h>
#include <time.h>

/* On one processor it takes some 3 us, between two that sleep some 50 on a virtual machine. */
#define LONG_NS 8000
enum { SHORTEST = 8, LONGEST = 256 }; /* stretches: once in a while it takes long for another reason */

static int64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* Who never was restricted may run on what its control group has, which may be more tomorrow. It must not be
 * bound to what that was today, so it is given everything, which comes to the same. (Who restricted itself to
 * just what it could have anyway looks the same; so it too will have more, should there be more one day.)
 * Where the run was started with a restriction, that is given back. */
static void look(struct beside *beside)
{
    cpu_set_t everything, now;
    beside->looked = true;
    if (sched_getaffinity(0, sizeof beside->usual, &beside->usual) || CPU_COUNT(&beside->usual) < 2) return;
    memset(&everything, 0xff, sizeof everything);
    beside->again = beside->usual;
    if (sched_setaffinity(0, sizeof everything, &everything) || sched_getaffinity(0, sizeof now, &now))
        return;
    if (CPU_EQUAL(&now, &beside->usual))
        beside->again = everything;
    else if (sched_setaffinity(0, sizeof beside->usual, &beside->usual))
        return;
    beside->several = true;
}

static bool keep(struct beside *beside, pid_t tid)
{
    cpu_set_t its;
    if (!beside->looked) look(beside);
    int here = beside->several ? sched_getcpu() : -1;
    if (here < 0 || here >= CPU_SETSIZE || !CPU_ISSET((size_t)here, &beside->usual)) return false;
    if (sched_getaffinity(tid, sizeof its, &its) || !CPU_EQUAL(&its, &beside->usual)) return false;
    CPU_ZERO(&beside->here);
    CPU_SET((size_t)here, &beside->here);
    return !sched_setaffinity(tid, sizeof beside->here, &beside->here);
}

/* Where its control group got other processors meanwhile, it has all of those for now, as the launcher has,
 * and would be back on the one alone if they came back. */
static bool is_as_others(const cpu_set_t *its)
{
    cpu_set_t ours;
    return !sched_getaffinity(0, sizeof ours, &ours) && CPU_EQUAL(its, &ours);
}

static void let_go(const struct beside *beside)
{
    cpu_set_t its;
    if (sched_getaffinity(beside->kept, sizeof its, &its)) return;
    if (CPU_EQUAL(&its, &beside->here) || is_as_others(&its))
        sched_setaffinity(beside->kept, sizeof beside->again, &beside->again);
}

/* The kernel does not look for an idle processor each time, so that once it took no long time says little. */
static void learn(struct beside *beside)
{
    unsigned before = beside->stretch;
    if (now_ns() - beside->began < LONG_NS)
        beside->stretch = before > SHORTEST ? before / 2 : 0;
    else if (!before)
        beside->stretch = SHORTEST;
    else
        beside->stretch = before < LONGEST / 4 ? 4 * before : LONGEST;
    beside->left = beside->stretch;
}

bool beside_begin(struct beside *beside, pid_t tid)
{
    bool tried = beside->left > 0;
    if (tried) beside->left--;
    beside->kept = tried && keep(beside, tid) ? tid : 0;
    beside->began = tried ? 0 : now_ns();
    return beside->kept;
}

void beside_end(struct beside *beside)
{
    if (beside->kept) let_go(beside);
    if (beside->began) learn(beside);
    beside->kept = 0;
    beside->began = 0;
}
