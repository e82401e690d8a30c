/* always.h: the policy rule that lets one act through from now on, as a person would write it. */
#ifndef ASKFIRST_ALWAYS_H
#define ASKFIRST_ALWAYS_H

#include "../run/session.h"
#include "question.h"

/* One item of a policy's list, in one line of YAML without its dash: `allow: {program: "/usr/bin/rm", …}`;
 * malloc'd. NULL: no rule can say it, or the rule would not let `act` through, or it would let through
 * whatever the guarded code puts in the program's place. */
char *always_rule(const struct question *question, const struct session *session, const struct act *act);

#endif
