/* runs.h: what a command line reads its program from. Between decide.c and runs.c; freestanding. */
#ifndef ASKFIRST_RUNS_H
#define ASKFIRST_RUNS_H

#include "line.h"

/* Whether it takes its input (for a shell or an interpreter: its program) from what `wanted` says. *unknown:
 * that depends on a standard input of which nothing is known. */
bool line_stdin(const struct line *line, enum stdin_kind wanted, const struct act *act, bool *unknown);

#endif
