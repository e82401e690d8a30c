/* input.h: programs that read what they are to do from a pipe: `curl … | sh`. Their words say nothing of it,
 * so an answer to one of them holds for no other. */
#ifndef ASKFIRST_INPUT_H
#define ASKFIRST_INPUT_H

#include "../run/session.h"
#include "facts.h"

/* Whether an EXEC is of a shell or interpreter that reads its program from a descriptor that is no
 * terminal. */
bool input_is_program(const struct image *image, const struct act *act, const struct caller *caller,
                      struct documents *documents);

/* The command that writes into that pipe, as it says itself: the shell text that it stands in, or its words.
 * malloc'd; NULL where that cannot be seen. */
char *input_source(const struct session *session, const struct caller *caller);

#endif
