/* leads.c: see leads.h. A name has one place, and whoever comes to it last. */
#include "leads.h"

#include <string.h>

#include "../../shim/lane.h"

static size_t place_of(const char *name, size_t length)
{
    return lane_hash(name, length) % LEADS;
}

const char *leads_recall(const struct leads *leads, const char *name)
{
    const struct lead *lead = &leads->known[place_of(name, strlen(name))];
    return *name && !strcmp(lead->name, name) ? lead->real : NULL;
}

void leads_remember(struct leads *leads, const char *name, const char *real)
{
    size_t length = strlen(name), real_length = strlen(real);
    if (length >= LEAD_LENGTH || real_length >= LEAD_LENGTH) return;
    struct lead *lead = &leads->known[place_of(name, length)];
    memcpy(lead->name, name, length + 1);
    memcpy(lead->real, real, real_length + 1);
}

void leads_forget(struct leads *leads)
{
    for (size_t i = 0; i < LEADS; i++)
        *leads->known[i].name = 0;
}
