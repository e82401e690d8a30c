/* covers.h: whether one rule leaves nothing to another: all that the second fits, the first fits too.
 *
 * It is sure where it says yes; where it says no, it may only not have seen it. */
#ifndef ASKFIRST_COVERS_H
#define ASKFIRST_COVERS_H

#include <stdbool.h>

#include "rules.h"

/* Both are of the same act and set. */
bool rule_covers(const struct rule *earlier, const struct rule *later);

/* The same but for programs that the guarded code may write, and for other names of a program: an `allow:
 * git` leaves nothing of the git that is installed to an `ask: git push` after it. */
bool rule_covers_installed(const struct rule *earlier, const struct rule *later);

/* Whether the one takes from the other what was likely not meant: an allow of a whole program some ask or
 * deny of what may be done with it; an allow of files some that are denied. */
bool rule_lifts(const struct rule *earlier, const struct rule *later);

/* The pieces that it is made of. */
bool name_covers(const char *glob, const char *other);
bool path_covers(const char *pattern, const char *other);
bool address_covers(const char *pattern, const char *other);

#endif
