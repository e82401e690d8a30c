/* reference.h: the policy language, decided slowly and plainly over the rules themselves.
 *
 * This is the language's definition in code. It shares nothing with the decider that it is held against: no
 * index, no image, loops over the rules in their order, and each question answered by one function that can
 * be read aloud.
 */
#ifndef ASKFIRST_REFERENCE_H
#define ASKFIRST_REFERENCE_H

#include "../../policy/image.h"
#include "../../policy/policy.h"

/* What policy_decide() must say of the same policy's image. `decision->rule` is an index into policy->rules.
 */
void reference_decide(const struct policy *policy, const struct act *act, struct decision *decision);

/* What command_runs(), command_script() and command_shell_text() must say. */
void reference_runs(const struct policy *policy, const struct act *act, struct runs *runs);
size_t reference_script(const struct policy *policy, const struct act *act);
const char *reference_shell_text(const struct policy *policy, const struct act *act);

#endif
