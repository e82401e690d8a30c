/* hidden.h: files that the policy hides: who reads one sees it empty, without a question, and the run says so
 * once when it ends.
 *
 * A person who said yes to a command meant that it does its work: what is hidden below it is asked about.
 */
#ifndef ASKFIRST_DOOR_HIDDEN_H
#define ASKFIRST_DOOR_HIDDEN_H

#include "../questions/question.h"

struct hidden;

struct hidden *hidden_new(void);
void hidden_free(struct hidden *hidden);

/* A command was approved by a person: `pid` is the process that becomes it, or the one that starts it. */
void hidden_approved(struct hidden *hidden, pid_t pid);

/* Whether the act's process, or one above it, was approved so. */
bool hidden_is_asked(const struct hidden *hidden, const struct question *question);

/* The file was shown empty. */
void hidden_note(struct hidden *hidden, const struct question *question);

/* A line on standard error for each file and program. */
void hidden_tell(const struct hidden *hidden);

/* An empty file, open for reading only; -1 with errno. */
int hidden_open(void);

#endif
