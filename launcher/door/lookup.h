/* lookup.h: getaddrinfo for guarded programs, and the memory of which names gave which addresses.
 *
 * A lookup may take a minute, so each happens in a process of its own; the loop only reads its answer. A name
 * in a rule stands for the addresses that are found here, never for what a program says it has found.
 */
#ifndef ASKFIRST_LOOKUP_H
#define ASKFIRST_LOOKUP_H

#include <stddef.h>
#include <stdint.h>

#include "../../shim/wire.h"
#include "../plain/loop.h"

struct lookups;
struct lookup; /* one that is under way */

struct lookups *lookups_new(struct loop *loop);
void lookups_free(struct lookups *lookups);

/* `error`: 0 or an EAI_ code. `canonical` is "" unless it was asked for. Called once, from the loop. */
typedef void lookup_done(void *context, int error, const struct wire_address *addresses, size_t count,
                         const char *canonical);

/* `hints`: WIRE_LOOKUP_*. NULL when it cannot be started (too many at once, no process): the caller is told
 * EAI_AGAIN. */
struct lookup *lookup_begin(struct lookups *lookups, const char *node, uint32_t hints, lookup_done *done,
                            void *context);
void lookup_cancel(struct lookup *lookup); /* its caller has gone; NULL is fine */

/* The names that were found to stand for this address (in IPv6 form), newest first; at most `capacity`. They
 * live until the next lookup ends. */
size_t lookup_names(const struct lookups *lookups, const unsigned char address[16], const char **names,
                    size_t capacity);

#endif
