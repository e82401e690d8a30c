/* env.c: which variables of the environment a guarded program gets to see. */
#include <fnmatch.h>
#include <string.h>

#include "policy.h"

static bool names(const struct strings *globs, const char *name)
{
    for (size_t i = 0; i < globs->count; i++)
        if (fnmatch(globs->items[i], name, 0) == 0) return true;
    return false;
}

/* The strongest layer of MAIN that names it decides; a project may then still drop it. */
bool policy_env_keeps(const struct policy *policy, const char *name)
{
    bool decided = false;
    bool kept = true;
    for (size_t i = 0; i < policy->env_count; i++) {
        const struct env_rules *env = &policy->env[i];
        bool drop = names(&env->drop, name);
        if (env->layer == LAYER_PROJECT) {
            if (drop) return false;
        } else if (!decided && (drop || names(&env->keep, name))) {
            decided = true;
            kept = names(&env->keep, name);
        }
    }
    return kept;
}
