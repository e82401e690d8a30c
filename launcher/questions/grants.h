/* grants.h: what somebody said yes or no to, for the rest of the run. It is looked up only where the policy
 * asks: a grant never lifts a deny.
 */
#ifndef ASKFIRST_GRANTS_H
#define ASKFIRST_GRANTS_H

#include "../../policy/policy.h"
#include "question.h"

struct grants;

/* `policy` says what commands are alike; it outlives the grants, and may be NULL. */
struct grants *grants_new(const struct policy *policy, const char *home);
void grants_free(struct grants *grants);

/* Keeps what `answer` covers beyond the act it was given for: a yes with a scope; a no, where refusals are
 * sticky. */
void grants_remember(struct grants *grants, const struct question *question, const struct answer *answer);

/* Everything that this process does and starts; its pid is only its own together with when it started. */
void grants_tree(struct grants *grants, pid_t pid, uint64_t started, const struct answer *answer);

/* A tree that begins with a program which is only to come. Until it is there, whoever asked for it is granted
 * nothing: its exec may fail. */
struct tree;
struct tree *tree_of(const struct answer *answer); /* NULL: the answer (or NULL) grants none */
void tree_begin(struct tree *tree, struct grants *grants, pid_t pid,
                uint64_t started); /* it is there; frees */
void tree_free(void *tree);        /* it will not come */

/* Whether an earlier answer covers the question. Fills `*answer` (its strings are the caller's). */
bool grants_find(struct grants *grants, const struct question *question, struct answer *answer);

#endif
