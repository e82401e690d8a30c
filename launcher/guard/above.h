/* above.h: what a new name for a directory does to rules about what lies, or may come to lie, below it. `.git/hooks` is protected
 * by the names of both: whoever renames `.git` has taken its protection away, and whoever puts another directory, or a
 * link, in its place has put unprotected things where protected ones are looked for.
 */
#ifndef ASKFIRST_GUARD_ABOVE_H
#define ASKFIRST_GUARD_ABOVE_H

#include "../../policy/policy.h"

/* An act that has to be allowed as well: on a path below the directory, such as the rule speaks of. `path` is malloc'd, and
 * whoever is told owns it. */
typedef void above_found(void *context, enum act_kind act, char *path);

/* The directory `from` is to be called `to`. */
void above_moved(const struct policy *policy, const char *from, const char *to, above_found *found,
                 void *context);

/* A symbolic link is to be made at `path`. */
void above_linked(const struct policy *policy, const char *path, above_found *found, void *context);

#endif
