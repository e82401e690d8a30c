/* environment.h: the environment that the command gets: what the policy and --env leave of the launcher's
 * own, the shim first among the preloads, and the session's directory.
 */
#ifndef ASKFIRST_ENVIRONMENT_H
#define ASKFIRST_ENVIRONMENT_H

#include <stdbool.h>
#include <stddef.h>

#include "../../policy/policy.h"

struct environment_options {
    const struct policy *policy;
    const char *const *wanted; /* of --env: NAME=VALUE or NAME */
    size_t wanted_count;
    const char *shim;    /* path of libaskfirst.so; NULL: none is preloaded */
    bool shim_needed;    /* else it is left out where the loader could not be told of it */
    const char *session; /* the session's directory */
};

/* A NULL-terminated vector, to be freed with environment_free(); `from` is the launcher's own. NULL with
 * `*why` (malloc'd) when --env asks for what cannot be, or the shim lies where ld.so cannot be told of it. */
char **environment_make(const struct environment_options *options, char *const *from, char **why);
/* The keys that the policy keeps back of it: "OPENAI_API_KEY, GITHUB_TOKEN", the first few of them;
 * malloc'd, "" when there are none. */
char *environment_kept_back(const struct environment_options *options, char *const *from);

void environment_free(char **environment);

const char *environment_get(char *const *environment, const char *name); /* NULL: not there */

/* Why a guarded program never gets to see the variable NAME, whatever the policy and --env say; NULL: it may.
 */
const char *environment_hazard(const char *name);

#endif
