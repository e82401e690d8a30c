/* reference_parts.h: between the files of the reference (reference.h). */
#ifndef ASKFIRST_REFERENCE_PARTS_H
#define ASKFIRST_REFERENCE_PARTS_H

#include "../../policy/rules.h"

/* The whole text against the whole glob; '*' takes any bytes. */
bool reference_glob(const char *glob, const char *glob_end, const char *text, const char *text_end);
bool reference_text(const char *glob, const char *text);

/* A path, name by name. NULL fits nothing. */
bool reference_path(const char *pattern, const char *path);

/* Whether the act goes where `pattern`, one of the rule's, says. */
bool reference_address(const char *pattern, const struct rule *rule, const struct act *act);

#endif
