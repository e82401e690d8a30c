/* origin.h: which line of Python started a program. What `rm` asks about was the doing of whoever started it,
 * and that is the line that a person wants to see.
 */
#ifndef ASKFIRST_ORIGIN_H
#define ASKFIRST_ORIGIN_H

#include "facts.h"

/* The line of an exec that is about to happen; NULL: none is known. Every function takes that too. */
struct origin;
struct origin *origin_new(const struct question *question);
void origin_free(struct origin *origin);

/* The processes that were started last by a line that is known. */
struct origins;
struct origins *origins_new(void);
void origins_free(struct origins *origins);

/* `started` is what that line started. The origin becomes the list's. */
void origins_put(struct origins *origins, const struct caller *started, struct origin *origin);

/* Gives a question without a line of its own that of the nearest in its chain that has one. */
void origins_find(const struct origins *origins, struct question *question);

#endif
