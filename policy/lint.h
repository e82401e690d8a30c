/* lint.h: between the files of lint. Each adds warnings. */
#ifndef ASKFIRST_LINT_H
#define ASKFIRST_LINT_H

#include "policy.h"

/* A command has no pipe among its words: a shell has taken it out. */
void lint_shell_signs(const struct rule *rule, struct diagnostics *diagnostics);

#endif
