/* approvals.h: the user's approvals file: what was said *always* to, as policy rules that the next run reads.
 */
#ifndef ASKFIRST_APPROVALS_H
#define ASKFIRST_APPROVALS_H

#include "../run/session.h"
#include "question.h"

/* Writes question->always_rule there, with a comment that says when, by whom and for what. The file is
 * replaced as a whole, after it was read back as the next run will read it. False with `*why` (malloc'd): it
 * is as it was. */
bool approvals_add(const struct session *session, const struct question *question,
                   const struct answer *answer, char **why);

#endif
