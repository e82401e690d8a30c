/* supervise.h: the course of a run: the command is judged, started, watched, and ended with all that it left
 * behind. */
#ifndef ASKFIRST_SUPERVISE_H
#define ASKFIRST_SUPERVISE_H

#include "session.h"
#include "signals.h"

/* Runs the command of an opened session and returns the exit status. */
int supervise(struct session *session, const struct signals *signals);

/* After the door was closed, which may hold on to the command's words until then. NULL is fine. */
void supervisor_free(struct supervisor *supervisor);

#endif
