/* ahead.h: what guard kernel needs is tried by another process while this one reads the policy
 * (../probe/probe.h). While its trial gets under way that process looks for programs, which the policy
 * will ask for (../../policy/scout.h). For that alone, guard shim would not be worth a process.
 */
#ifndef ASKFIRST_AHEAD_H
#define ASKFIRST_AHEAD_H

struct ahead;
struct guard_trial;
struct scout;

struct ahead *ahead_begin(void);
void ahead_end(struct ahead *ahead); /* waits for it; NULL is fine */

struct guard_trial *ahead_trial(const struct ahead *ahead);
struct scout *ahead_scout(const struct ahead *ahead); /* NULL: nobody looks */

#endif
