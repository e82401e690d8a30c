/* kinds.h: the ways of answering, for approve.c's table of them and for each other. */
#ifndef ASKFIRST_KINDS_H
#define ASKFIRST_KINDS_H

#include "approve.h"

typedef struct approver *approve_opener(const char *argument, struct loop *loop,
                                        const struct approve_session *session,
                                        const struct approve_events *events, char **why);

approve_opener tty_open, pipe_open, unix_open, exec_open, deny_open, allow_open;

/* What is wrong with the argument (malloc'd), or NULL: asked before it is opened. */
char *pipe_malformed(const char *argument);
char *unix_malformed(const char *argument);
char *exec_malformed(const char *argument);

/* The value of a variable of the launcher's own environment, or NULL. */
const char *approve_variable(const struct approve_session *session, const char *name);

/* For those who have nobody to tell. */
void approve_no_settled(struct approver *approver, uint64_t id, enum outcome outcome);
void approve_no_waiting(struct approver *approver, uint64_t id, unsigned seconds);
void approve_no_bye(struct approver *approver, int status, uint64_t asked, uint64_t denied);

#endif
