/* keeper.h: the process between the launcher and the command, which outlives either by as long as it takes to
 * end the run.
 *
 * It is the command's parent, and the kernel gives it every process of the run that loses its own parent
 * (subreaper): the run is what lives below the keeper, however it forks. When the launcher ends without a
 * word, killed perhaps, the keeper kills all of it. When the keeper is killed, so is the command, and the
 * rest comes to the launcher, which does the same. It stands in a session of its own, so that what ends a
 * whole process group does not end it, and holds nothing that belongs to the command.
 */
#ifndef ASKFIRST_KEEPER_H
#define ASKFIRST_KEEPER_H

#include <stdint.h>

#include "../plain/loop.h"
#include "child.h"

struct keeper;

/* What the launcher is told, in the event loop. */
struct keeper_events {
    void (*born)(void *context, pid_t pid);                           /* it will now execute the program */
    void (*started)(void *context);                                   /* it has */
    void (*failed)(void *context, enum child_stage stage, int error); /* it could not; empty() follows */
    void (*stopped)(void *context, int number);                       /* the command, by this signal */
    void (*ended)(void *context, int status); /* the command; as waitpid(2) tells it */
    void (*empty)(void *context); /* nothing of the run is left, and the keeper will end by itself */
    void (*lost)(void *context);  /* the keeper is gone, the run may be not */
    void *context;
};

/* Starts the keeper, and it the command. `lock` is kept open as long as the keeper lives. NULL with errno. */
struct keeper *keeper_start(struct loop *loop, const struct child_plan *plan, int lock,
                            const struct keeper_events *events);

pid_t keeper_pid(const struct keeper *keeper);

void keeper_signal(struct keeper *keeper, int number);     /* to the command */
void keeper_signal_all(struct keeper *keeper, int number); /* to everything in the run */
void keeper_end(struct keeper *keeper,
                int grace_ms); /* SIGTERM to everything, SIGKILL to what is left then */

/* Kills what is left of the run, the keeper last, and waits until it is gone. When the keeper itself does not
 * do that any more, everything below this process is killed in its place. NULL is fine. */
void keeper_free(struct keeper *keeper);

#endif
