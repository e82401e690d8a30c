/* environment.c: see environment.h. */
#include "environment.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "../../shim/wire.h"
#include "../plain/memory.h"
#include "../plain/show.h"
#include "../plain/text.h"

#define PRELOAD "LD_PRELOAD"
#define LONGEST_NAME 60u
#define MOST_NAMES 5u
/* man(1) fences its helpers off from all sockets, and so from the door; this is how it is told not to. */
#define UNFENCED "MAN_DISABLE_SECCOMP"

/* The loader's own variables that would lead around the door. Those that only say where libraries lie are not
 * among them: a library that they bring in calls the C library as the program does. */
static const struct {
    const char *name, *why;
} hazards[] = {
    {"LD_AUDIT", "an audit library is asked before the door and may lead around it"},
    {"LD_DEBUG_OUTPUT", "the loader itself would write that file, and the door would not see it"},
    {"LD_PROFILE", "the loader itself would write a file, and the door would not see it"},
    {"LD_PROFILE_OUTPUT", "the loader itself would write a file, and the door would not see it"},
    {WIRE_ENV, "it says which door to ask, and askfirst sets it"},
};

const char *environment_hazard(const char *name)
{
    for (size_t i = 0; i < sizeof hazards / sizeof *hazards; i++)
        if (!strcmp(hazards[i].name, name)) return hazards[i].why;
    return NULL;
}

static bool has_name(const char *entry, const char *name)
{
    size_t length = strlen(name);
    return !strncmp(entry, name, length) && entry[length] == '=';
}

const char *environment_get(char *const *environment, const char *name)
{
    for (size_t i = 0; environment[i]; i++)
        if (has_name(environment[i], name)) return environment[i] + strlen(name) + 1;
    return NULL;
}

static char *name_of(const char *entry)
{
    return xstrndup(entry, strcspn(entry, "="));
}

/* The last --env that names it: a value, or "as it is" (the name alone); NULL: none does. */
static const char *wanted(const struct environment_options *options, const char *name)
{
    const char *found = NULL;
    for (size_t i = 0; i < options->wanted_count; i++)
        if (!strcmp(options->wanted[i], name) || has_name(options->wanted[i], name))
            found = options->wanted[i];
    return found;
}

static bool check_wanted(const struct environment_options *options, char **why)
{
    for (size_t i = 0; i < options->wanted_count; i++) {
        char *name cleanup_free = name_of(options->wanted[i]);
        const char *hazard = environment_hazard(name);
        if (!*name) {
            *why = xasprintf("--env: %s: a name must come first: --env NAME=VALUE", options->wanted[i]);
            return false;
        }
        if (hazard) {
            *why = xasprintf("--env: %s cannot be set for a guarded program: %s", name, hazard);
            return false;
        }
    }
    return true;
}

static bool check_set(const struct environment_options *options, char **why)
{
    size_t at = 0;
    for (const char *entry; (entry = policy_env_next(options->policy, &at));) {
        char *name cleanup_free = name_of(entry);
        const char *hazard = !strcmp(name, PRELOAD) ? "askfirst sets it" : environment_hazard(name);
        if (!hazard) continue;
        *why = xasprintf("the policy's env: set: %s cannot be set for a guarded program: %s", name, hazard);
        return false;
    }
    return true;
}

/* ld.so splits LD_PRELOAD at blanks and colons and replaces $WORDS in it; there is no way to quote. */
static bool can_be_preloaded(const char *shim)
{
    return shim && !strpbrk(shim, " :$");
}

static bool check_shim(const struct environment_options *options, char **why)
{
    const char *shim = options->shim;
    if (!options->shim_needed || can_be_preloaded(shim)) return true;
    *why =
        xasprintf("%s: the path has a blank, a colon or a dollar sign, and ld.so cannot preload from there: "
                  "install askfirst somewhere else",
                  shim);
    return false;
}

static bool is_shim(const char *path, size_t length)
{
    static const char name[] = WIRE_SHIM;
    size_t size = sizeof name - 1;
    return length >= size && !memcmp(path + length - size, name, size) &&
           (length == size || path[length - size - 1] == '/');
}

/* The shim, then whatever else was to be preloaded, without shims of other runs. */
static char *preload_entry(const char *shim, const char *others)
{
    struct text entry = {0};
    text_format(&entry, PRELOAD "=%s", shim ? shim : "");
    for (const char *at = others ? others : ""; *at;) {
        size_t length = strcspn(at, " :");
        if (length && !is_shim(at, length)) {
            if (entry.length > sizeof PRELOAD) text_char(&entry, ':');
            text_add(&entry, at, length);
        }
        at += length + strspn(at + length, " :");
    }
    return text_take(&entry);
}

/* Whether the launcher's own entry goes to the command as it is. */
static bool passes(const struct environment_options *options, const char *entry)
{
    char *name cleanup_free = name_of(entry);
    if (!strcmp(name, PRELOAD) || environment_hazard(name)) return false;
    const char *asked = wanted(options, name);
    if (asked) return !strchr(asked, '=');
    return !entry[strlen(name)] || policy_env_keeps(options->policy, name);
}

char **environment_make(const struct environment_options *options, char *const *from, char **why)
{
    if (!check_shim(options, why) || !check_wanted(options, why) || !check_set(options, why)) return NULL;
    size_t count = 0, set = 0, made = 0;
    while (from[count])
        count++;
    for (size_t at = 0; policy_env_next(options->policy, &at);)
        set++;
    char **environment = xcalloc(count + options->wanted_count + set + 4, sizeof *environment);

    const char *asked = wanted(options, PRELOAD);
    const char *others =
        asked && strchr(asked, '=') ? strchr(asked, '=') + 1 : environment_get(from, PRELOAD);
    const char *shim = can_be_preloaded(options->shim) ? options->shim : NULL;
    if (shim || others) environment[made++] = preload_entry(shim, others);
    if (shim)
        environment[made++] =
            xasprintf("%s=%s%s", WIRE_ENV, options->session, options->shim_needed ? "" : "/");
    for (size_t i = 0; i < count; i++)
        if (passes(options, from[i])) environment[made++] = xstrdup(from[i]);
    for (size_t i = 0; i < options->wanted_count; i++) {
        const char *entry = options->wanted[i];
        char *name cleanup_free = name_of(entry);
        if (strchr(entry, '=') && strcmp(name, PRELOAD) != 0 && wanted(options, name) == entry)
            environment[made++] = xstrdup(entry);
    }
    size_t at = 0;
    for (const char *entry; (entry = policy_env_next(options->policy, &at));) {
        char *name cleanup_free = name_of(entry);
        if (!environment_get(environment, name)) environment[made++] = xstrdup(entry);
    }
    if (options->shim_needed && !environment_get(environment, UNFENCED))
        environment[made++] = xstrdup(UNFENCED "=1");
    return environment;
}

/* Whoever misses a key wants to know where it is. That an agent's socket or a bus is not reached, the program
 * that needs it says. */
static bool is_like_a_key(const char *name)
{
    static const char *const words[] = {"KEY",  "TOKEN", "SECRET", "PASS", "CREDENTIAL",
                                        "AUTH", "_PAT",  "_DSN",   "_URL", "_URI"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strcasestr(name, words[i])) return strcmp(name, "SSH_AUTH_SOCK") != 0;
    return false;
}

char *environment_kept_back(const struct environment_options *options, char *const *from)
{
    struct text names = {0};
    size_t count = 0;
    for (size_t i = 0; from[i]; i++) {
        char *name cleanup_free = name_of(from[i]);
        bool ours = !strcmp(name, PRELOAD) || environment_hazard(name) || wanted(options, name);
        if (ours || !from[i][strlen(name)] || !is_like_a_key(name)) continue;
        if (policy_env_keeps(options->policy, name) || count++ >= MOST_NAMES) continue;
        char *shown cleanup_free = show_string(name, LONGEST_NAME);
        text_format(&names, "%s%s", names.length ? ", " : "", shown);
    }
    if (count > MOST_NAMES) text_format(&names, " and %zu more", count - MOST_NAMES);
    return text_take(&names);
}

void environment_free(char **environment)
{
    if (!environment) return;
    for (size_t i = 0; environment[i]; i++)
        free(environment[i]);
    free(environment);
}
