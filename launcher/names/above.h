/* above.h: what a new name for a directory does to rules about what lies, or may come to lie, below it.
 * `.git/hooks` is protected by the names of both: whoever renames `.git` has taken its protection away, and
 * whoever puts another directory, or a link, in its place has put unprotected things where protected ones are
 * looked for.
 *
 * Only what really lies below counts: a rule about what is not there loses nothing. Where there is too much
 * to look at, or it cannot be looked at, whatever a rule speaks of counts as being there. Both guards judge
 * by this.
 */
#ifndef ASKFIRST_NAMES_ABOVE_H
#define ASKFIRST_NAMES_ABOVE_H

#include "../../policy/policy.h"
#include "../look/actor.h"

/* An act that has to be allowed as well: on a path below the directory, which the policy would hold back by
 * the one name and not by the other. `path` is malloc'd, and whoever is told owns it. */
typedef void above_found(void *context, enum act_kind act, char *path);

struct above {
    const struct policy *policy;
    const struct image *image;
    struct actor *actor;
    above_found *found;
    void *context;
};

/* The directory `from`, which the descriptor is of, is to be called `to`. */
void above_moved(const struct above *above, int directory, const char *from, const char *to);

/* A symbolic link is to be made at `path`, or to get that name. */
void above_linked(const struct above *above, const char *path);

/* Some path below the directory that the pattern matches, malloc'd; NULL: it matches none. */
char *above_example(const char *pattern, const char *directory);

#endif
