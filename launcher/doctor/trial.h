/* trial.h: a throw-away directory with a policy of its own, and runs in it. */
#ifndef ASKFIRST_DOCTOR_TRIAL_H
#define ASKFIRST_DOCTOR_TRIAL_H

#include <stdbool.h>

#include "errand.h"

struct site {
    char *directory;
    char *askfirst;  /* this very program */
    int sockets[2];  /* somebody to connect to */
    bool has_static; /* the static program could be written */
};

/* By what an errand is gone on. */
enum hand { HAND_LIBC, HAND_RAW, HAND_STATIC, HANDS };

/* How an errand went. */
struct outcome {
    int status;           /* as a shell tells it; -1: it did not end in time, or could not be started */
    bool reported;        /* `errand` holds what was seen up to the first report */
    bool came_back;       /* the denied program did not replace it */
    bool ran_denied;      /* the denied program wrote what it writes */
    struct errand errand; /* the result of each step in place of its number */
    char said[400];       /* the first line on standard error */
    unsigned denials;     /* refusals in the run's record */
};

/* False with `*why` (malloc'd). */
bool site_make(struct site *site, char **why);
void site_remove(struct site *site);

/* `guard`: "kernel", "shim", or NULL for no guard at all. */
void trial_run(const struct site *site, const char *guard, enum hand hand, struct outcome *outcome);

#endif
