/* questions.h: from an act that the policy is unsure of to a yes or a no: grants, sticky refusals, joining
 * what is asked twice at the same time, the flood limit, time limits, and the approvers in their order.
 */
#ifndef ASKFIRST_QUESTIONS_H
#define ASKFIRST_QUESTIONS_H

#include "../run/session.h"
#include "question.h"

struct questions;

/* Opens the approvers, and makes session->grants. NULL with `*why` (malloc'd) when one of them is malformed,
 * or `--approve` names some and none can be reached. */
struct questions *questions_new(struct session *session, char **why);

/* The end of one act that was put here. Called exactly once for each questions_put(), possibly before it
 * returns. */
typedef void question_settled(void *context, const struct question *question, const struct answer *answer);

/* The id of the next act: questions and records count together, whether or not anybody is asked. */
uint64_t questions_next_id(struct questions *questions);

/* Whether somebody would be asked this now, so that it needs its choices: no earlier answer covers it, and
 * there is somebody. */
bool questions_would_ask(struct questions *questions, const struct question *question);

/* Takes the question over, and says when it expires. `settled` is not called after
 * questions_withdraw(context). */
void questions_put(struct questions *questions, struct question *question, question_settled *settled,
                   void *context);
void questions_withdraw(struct questions *questions, void *context); /* its caller has gone */

bool questions_waiting(const struct questions *questions); /* somebody waits for an answer just now */

void questions_close(struct questions *questions, int exit_status); /* cancels what waits, says bye */

#endif
