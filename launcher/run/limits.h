/* limits.h: a policy's `limits:` as resource limits of the command, inherited by all that it starts. */
#ifndef ASKFIRST_LIMITS_H
#define ASKFIRST_LIMITS_H

#include <stddef.h>
#include <sys/resource.h>

#include "../../policy/rules.h"

struct resource_limits {
    struct {
        __rlimit_resource_t resource;
        struct rlimit limit;
    } items[5];
    size_t count;
};

/* What is to be set; limits that are already tighter stay. `limits->seconds` is the launcher's affair. */
void limits_plan(const struct limits *limits, struct resource_limits *plan);

/* Sets them for this process. Safe between fork and exec. 0, or -1 with errno. */
int limits_apply(const struct resource_limits *plan);

#endif
