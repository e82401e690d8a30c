/* beside.h: a caller that is about to be given a descriptor is kept on the launcher's processor until it has
 * taken it.
 *
 * The kernel wakes it for that like anybody: on a processor that has nothing to do, if there is one, and then
 * the launcher on the one where that slept. Two processors that wake each other up take several times as long
 * as the rest of the call. (To make a call known, and to answer it, the kernel wakes on the same processor:
 * that is all that its synchronous wake-up is.) Where the others have something to do it comes to that by
 * itself, so it is only done after it was seen to take long, and now and then it is tried without.
 *
 * What a thread may run on is its own affair, so this holds back wherever it could make a difference that
 * lasts. It is done for a thread that may run where the launcher may, as nearly all do; one that is
 * restricted in another way is left alone. The thread waits in the kernel all the while, and has its
 * processors back before its call is answered: meanwhile it can neither look nor have a child. What others
 * have made of it in that moment is left as it is; but finding that out and giving back are two system calls,
 * as finding out and taking away were: who restricts another thread within half a microsecond of these is
 * too early, as the earlier of two who do that to one thread always is. Where it cannot be done it is done
 * without: for another user's thread, for one with a deadline, and with more processors than a cpu_set_t has.
 */
#ifndef ASKFIRST_FILTER_BESIDE_H
#define ASKFIRST_FILTER_BESIDE_H

#include <sched.h>
#include <stdbool.h>
#include <stdint.h>

/* All zero in the beginning. */
struct beside {
    unsigned left;    /* how many are kept before it is tried without */
    unsigned stretch; /* how many they were, the last time */
    bool looked;
    bool several;    /* processors, so that it matters */
    cpu_set_t usual; /* what the launcher may run on, and whoever has nothing of its own */
    cpu_set_t again; /* what gives that back */
    pid_t kept;      /* a thread, for the moment; 0: none */
    cpu_set_t here;  /* where it is kept */
    int64_t began;   /* or, of one that is not: when it was woken, in ns */
};

/* Around the waking. Whether the thread is kept: it must not be answered before the end. */
bool beside_begin(struct beside *beside, pid_t tid);
void beside_end(struct beside *beside);

#endif
