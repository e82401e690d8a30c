/* loaded.h: the policy as commands that guard nothing see it: read, compiled, with the places that it names.
 */
#ifndef ASKFIRST_LOADED_H
#define ASKFIRST_LOADED_H

#include <stdbool.h>
#include <stddef.h>

#include "../../policy/image.h"
#include "../../policy/policy.h"

struct loaded {
    struct places places;
    char *install;
    struct policy *policy;
    struct image *image;
    size_t size;
};

/* What the user named on the command line; NULL: as a run would find it. */
struct loaded_options {
    const char *policy_file;
    const char *workspace;
    bool no_tests;  /* the policy's own tests are not run */
    bool all_tests; /* those of the built-in files are part of it too */
};

/* False: what is wrong is in `said` (the policy) or has been said (the places). */
bool loaded_open(struct loaded *loaded, const struct loaded_options *options, struct diagnostics *said);
void loaded_close(struct loaded *loaded);

#endif
