/* env.c: which variables of the environment a guarded program gets to see. */
#include <string.h>

#include "glob.h"
#include "policy.h"

/* A variable, and which bytes its name holds: most globs are done with by that. */
struct name {
    const char *text;
    size_t length;
    struct glob_bytes bytes;
};

static bool names(const struct strings *globs, const struct name *name)
{
    for (size_t i = 0; i < globs->count; i++) {
        size_t length = strlen(globs->items[i]);
        if (!glob_lacks(&name->bytes, globs->items[i], length) &&
            glob_match(globs->items[i], length, name->text, name->length))
            return true;
    }
    return false;
}

/* The strongest layer of MAIN that names it decides; a project may then still drop it. */
bool policy_env_keeps(const struct policy *policy, const char *variable)
{
    bool decided = false;
    bool kept = true;
    struct name name = {.text = variable, .length = strlen(variable)};
    glob_bytes_of(&name.bytes, name.text, name.length);
    for (size_t i = 0; i < policy->env_count; i++) {
        const struct env_rules *env = &policy->env[i];
        bool drop = names(&env->drop, &name);
        if (env->layer == LAYER_PROJECT) {
            if (drop) return false;
        } else if (!decided && (drop || names(&env->keep, &name))) {
            decided = true;
            kept = names(&env->keep, &name);
        }
    }
    return kept;
}
