/* policies.h: policies from text, for tests. Each has a directory of its own, which holds a home and a
 * workspace. */
#ifndef ASKFIRST_TESTS_POLICIES_H
#define ASKFIRST_TESTS_POLICIES_H

#include "../../policy/image.h"
#include "../../policy/policy.h"

struct policies {
    char directory[64]; /* a real path; home is DIRECTORY/home, the workspace DIRECTORY/work */
    struct places places;
    struct policy_options options; /* no files but those named, links not followed */
    struct diagnostics diagnostics;
    struct policy *policy;
    struct image *image; /* of the policy, where policies_compile() made it */
    size_t image_size;
};

void policies_begin(struct policies *policies);
void policies_end(struct policies *policies);

/* Writes DIRECTORY/NAME with `text`, only for this user; returns its path, good for the next thirty calls. */
const char *policies_write(struct policies *policies, const char *name, const char *text);
/* Loads `text` as the user's file DIRECTORY/p.yaml; true if there was no error. What was loaded before is
 * freed. */
bool policies_load(struct policies *policies, const char *text);
/* The same for what the options say. */
bool policies_load_options(struct policies *policies);
void policies_compile(struct policies *policies);

/* The rule with this index among those of one layer. */
const struct rule *policies_rule(const struct policies *policies, enum layer layer, size_t index);
/* The diagnostic with this index as "LINE:COLUMN: message", DIRECTORY in it shown as "DIR"; "" if there is
 * none. Good until the next call. */
const char *policies_message(const struct policies *policies, size_t index);

/* "a b c" */
const char *policies_join(const struct strings *strings);
const char *policies_join_patterns(const struct patterns *patterns); /* a bare one is shown as <name> */

#endif
