/* choices.h: what a person may answer to one question, and what each answer would cover. */
#ifndef ASKFIRST_CHOICES_H
#define ASKFIRST_CHOICES_H

#include "../run/session.h"
#include "question.h"

/* Fills question->choices and question->always_rule. `act` is what was judged: `always` is only offered where
 * the rule that would be written lets this very act through at the next run. `core`: the rule that asks is
 * askfirst's own, which no approval lifts. */
void choices_fill(struct question *question, const struct session *session, const struct act *act, bool core);

#endif
