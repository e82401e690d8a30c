/* trial.h: what the two halves of the probe share, and nobody else may know: probe.c tries what the
 * guard needs, and more.c what only the doctor has time for.
 */
#ifndef ASKFIRST_PROBE_TRIAL_H
#define ASKFIRST_PROBE_TRIAL_H

#include <linux/seccomp.h>
#include <sys/types.h>

#include "../filter/notify.h"
#include "probe.h"

/* What the child tells. */
struct report {
    _Atomic int part;   /* the part that it could not do; -1: none */
    _Atomic int behind; /* it is behind the guard */
    _Atomic int error;
    _Atomic int result; /* of its last call: 0 or an errno */
};

struct trial {
    struct probe *parts;
    int ruleset;
    struct report *report;
    pid_t child;
    int socket; /* over which its listener comes */
    struct notify notify;
};

void probe_holds(struct probe *probe);
void probe_lacks(struct probe *probe, const char *why, int error); /* errno 0: `why` says it all */

/* Starts a child that goes behind the guard, does `body`, and reports what it returns. False: it did not come
 * so far. */
bool trial_begin(struct trial *trial, int (*body)(void));

/* The child's end: the listener closes first, so that whatever still waits is refused. */
void trial_finish(struct trial *trial);

/* A call that has trapped; NULL when none comes (errno 0) or it cannot be received. */
struct seccomp_notif *trial_next(struct trial *trial);

/* Answers it with an opened file. */
bool trial_give(struct trial *trial, uint64_t id);

/* A body: one call that traps. 0, or its errno. */
int trial_call(void);

void probe_exec(struct trial *trial);
void probe_killable(struct trial *trial);
void probe_synchronous(struct trial *trial);
void probe_lane(struct trial *trial);

#endif
