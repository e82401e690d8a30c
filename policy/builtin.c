/* builtin.c: which policies are built in (packed.h). Not in the program that packs them. */
#include <string.h>

#include "packed.h"
#include "packed_tools.h"

extern const struct packed packed_policies[]; /* made by pack.c; the last has no name */
extern const struct packed_tools packed_usual_tools;
extern const unsigned char packed_program_names[];

const struct packed_tools *packed_tools(void)
{
    return &packed_usual_tools;
}

const char *packed_programs(void)
{
    return (const char *)packed_program_names;
}

const struct packed *packed_policy(const char *name)
{
    for (const struct packed *packed = packed_policies; packed->name; packed++)
        if (strcmp(packed->name, name) == 0) return packed;
    return NULL;
}
