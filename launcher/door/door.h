/* door.h: answering the shim: the socket, who may speak there, what they ask, and what they are told
 * (wire.h). */
#ifndef ASKFIRST_DOOR_H
#define ASKFIRST_DOOR_H

#include "../run/session.h"

struct door;

/* Under guard shim, binds the socket in session->dir and writes the image there. NULL with `*why`
 * (malloc'd). */
struct door *door_open(struct session *session, char **why);

/* Judges the command itself, as if a guarded program had executed it, before it is started: the first act of
 * every run. `decided` is called exactly once. `message` is what the person is told when it is refused. */
typedef void door_decided(void *context, bool go, const char *message);
void door_judge_command(struct door *door, const char *program, char *const *argv, door_decided *decided,
                        void *context);

/* The command was started as `pid`: its hello is expected. */
void door_started(struct door *door, pid_t pid);

void door_close(struct door *door);

#endif
