/* aside.c: see aside.h. Threads and not processes: a worker needs the listener and the descriptor, and nothing of its own. */
#include "aside.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>

#include "../memory.h"

#define MOST_WORKERS 256
#define STACK (64 * 1024)

static atomic_int workers; /* the one count that threads share */

struct job {
    void (*work)(void *own);
    void *own;
};

static void *run(void *argument)
{
    struct job job = *(struct job *)argument;
    free(argument);
    job.work(job.own);
    atomic_fetch_sub(&workers, 1);
    return NULL;
}

static bool start(struct job *job)
{
    pthread_attr_t attributes;
    pthread_t thread;
    sigset_t all, before;
    sigfillset(&all); /* signals are the loop's */
    pthread_sigmask(SIG_SETMASK, &all, &before);
    pthread_attr_init(&attributes);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    pthread_attr_setstacksize(&attributes, STACK);
    int error = pthread_create(&thread, &attributes, run, job);
    pthread_attr_destroy(&attributes);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return !error;
}

bool aside(void (*work)(void *own), void *own)
{
    if (atomic_fetch_add(&workers, 1) < MOST_WORKERS) {
        struct job *job = xmalloc(sizeof *job);
        *job = (struct job){work, own};
        if (start(job)) return true;
        free(job);
    }
    atomic_fetch_sub(&workers, 1);
    return false;
}
