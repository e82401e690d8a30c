/* builtin.c: which policies are built in (packed.h). Not in the program that packs them. */
#include <string.h>

#include "packed.h"

extern const struct packed packed_policies[]; /* made by pack.c; the last has no name */

const struct packed *packed_policy(const char *name)
{
    for (const struct packed *packed = packed_policies; packed->name; packed++)
        if (strcmp(packed->name, name) == 0) return packed;
    return NULL;
}
