/* policy_show.h: a policy as it stands, on standard output. */
#ifndef ASKFIRST_POLICY_SHOW_H
#define ASKFIRST_POLICY_SHOW_H

#include <stdbool.h>

#include "../../policy/policy.h"

/* For a person: section by section, strongest rule first. `patterns`: also what each rule comes to. */
void policy_show(const struct policy *policy, bool patterns);

/* The same as one JSON object. */
void policy_show_json(const struct policy *policy);

#endif
