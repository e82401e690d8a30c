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

static struct name name_of(const char *variable, size_t length)
{
    struct name name = {.text = variable, .length = length};
    glob_bytes_of(&name.bytes, name.text, name.length);
    return name;
}

/* The strongest layer of MAIN that names it decides; a project may then still drop it. */
bool policy_env_keeps(const struct policy *policy, const char *variable)
{
    bool decided = false;
    bool kept = true;
    struct name name = name_of(variable, strlen(variable));
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

static bool sets(const struct env_rules *env, const struct name *name)
{
    for (size_t i = 0; i < env->set.count; i++)
        if (strncmp(env->set.items[i], name->text, name->length) == 0 &&
            env->set.items[i][name->length] == '=')
            return true;
    return false;
}

/* A stronger layer sets it to something else, or drops it; or a project does. */
static bool overruled(const struct policy *policy, size_t layer, const struct name *name)
{
    for (size_t i = 0; i < policy->env_count; i++) {
        const struct env_rules *env = &policy->env[i];
        if (i < layer && sets(env, name)) return true;
        if ((i < layer || env->layer == LAYER_PROJECT) && names(&env->drop, name)) return true;
    }
    return false;
}

const char *policy_env_next(const struct policy *policy, size_t *at)
{
    size_t left = *at;
    for (size_t i = 0; i < policy->env_count; i++) {
        const struct strings *set = &policy->env[i].set;
        for (; left < set->count; left++) {
            const char *entry = set->items[left];
            struct name name = name_of(entry, strcspn(entry, "="));
            ++*at;
            if (!overruled(policy, i, &name)) return entry;
        }
        left -= set->count;
    }
    return NULL;
}
