/* message.h: what a denial looks like: the lines that the program's standard error, or the person who started
 * the run, gets to read. Harmless to a screen, whatever the program wrote.
 */
#ifndef ASKFIRST_MESSAGE_H
#define ASKFIRST_MESSAGE_H

#include "../questions/question.h"
#include "../run/session.h"

/* `answer` NULL: nobody was asked, the policy itself (or the guard) said no. malloc'd, ends with a newline.
 */
char *message_denied(const struct question *question, const struct answer *answer,
                     const struct session *session);

/* What the question is about, in one line: "rm -rf out", "read /home/ada/.ssh/id_ed25519"; malloc'd,
 * harmless. */
char *message_subject(const struct question *question);

#endif
