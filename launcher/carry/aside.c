/* aside.c: see aside.h. Threads and not processes: a worker needs the listener and the descriptor, and
 * nothing of its own. */
#include "aside.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>

#include "../plain/memory.h"

#define MOST_WORKERS 256
#define STACK (64 * 1024)
#define INTERRUPT SIGURG
#define RESTART 512 /* the kernel's ERESTARTSYS: a handler decides whether the call begins again */

struct job {
    struct job *next, **at;
    pthread_t thread;
    struct aside_call call;
    void (*work)(const struct aside_call *call, void *own);
    void *own;
};

/* The one list that threads share. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct job *jobs;
static int job_count;

static void interrupted(int number)
{
    (void)number; /* it has ended a system call; that was all */
}

int64_t aside_result(int64_t result)
{
    return result == -EINTR ? -RESTART : result;
}

static void end(struct job *job)
{
    pthread_mutex_lock(&lock);
    *job->at = job->next;
    if (job->next) job->next->at = job->at;
    job_count--;
    pthread_mutex_unlock(&lock);
    free(job);
}

static void *run(void *argument)
{
    struct job *job = argument;
    sigset_t one;
    sigemptyset(&one);
    sigaddset(&one, INTERRUPT);
    pthread_sigmask(SIG_UNBLOCK, &one, NULL);
    unshare(CLONE_FS); /* the umask is its caller's */
    job->work(&job->call, job->own);
    end(job);
    return NULL;
}

/* The list is locked. */
static bool start(struct job *job)
{
    pthread_attr_t attributes;
    sigset_t all, before;
    const struct sigaction action = {.sa_handler = interrupted};
    sigaction(INTERRUPT, &action, NULL);
    sigfillset(&all); /* signals are the loop's */
    pthread_sigmask(SIG_SETMASK, &all, &before);
    pthread_attr_init(&attributes);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    pthread_attr_setstacksize(&attributes, STACK);
    int error = pthread_create(&job->thread, &attributes, run, job);
    pthread_attr_destroy(&attributes);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return !error;
}

bool aside(void (*work)(const struct aside_call *call, void *own), void *own, const struct aside_call *call)
{
    struct job *job = xmalloc(sizeof *job);
    *job = (struct job){.call = *call, .work = work, .own = own, .at = &jobs};
    pthread_mutex_lock(&lock);
    bool started = job_count < MOST_WORKERS && start(job);
    if (started) {
        job_count++;
        job->next = jobs;
        if (jobs) jobs->at = &job->next;
        jobs = job;
    }
    pthread_mutex_unlock(&lock);
    if (!started) free(job);
    return started;
}

/* Whether a signal waits for the thread that would end its call, or stop it: one that it handles and does not
 * block. Those for the whole process count where no other thread could take them. */
static bool has_signal(pid_t tid)
{
    char path[64], line[256];
    unsigned long long own = 0, shared = 0, blocked = 0, caught = 0, ignored = 0;
    const unsigned long long stops =
        1ull << (SIGSTOP - 1) | 1ull << (SIGTSTP - 1) | 1ull << (SIGTTIN - 1) | 1ull << (SIGTTOU - 1);
    int threads = 0;
    snprintf(path, sizeof path, "/proc/%d/status", tid);
    FILE *file cleanup_file = fopen(path, "re");
    while (file && fgets(line, sizeof line, file)) {
        sscanf(line, "Threads: %d", &threads);
        sscanf(line, "SigPnd: %llx", &own);
        sscanf(line, "ShdPnd: %llx", &shared);
        sscanf(line, "SigBlk: %llx", &blocked);
        sscanf(line, "SigIgn: %llx", &ignored);
        sscanf(line, "SigCgt: %llx", &caught);
    }
    if (threads == 1) own |= shared;
    return own & ~blocked & (caught | (stops & ~ignored));
}

void aside_look(void)
{
    pthread_mutex_lock(&lock);
    for (struct job *job = jobs; job; job = job->next)
        if (!notify_valid(&job->call.notify, job->call.id) || has_signal(job->call.tid))
            pthread_kill(job->thread, INTERRUPT);
    pthread_mutex_unlock(&lock);
}
