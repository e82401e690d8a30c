/* floor.h: the ring that the kernel holds by itself: a Landlock ruleset made from the policy.
 *
 * It grants only what the policy allows without condition: trees in which no path is asked about or denied.
 * What it does not grant is not lost, it is the launcher's to judge. One thing is: a program that is executed
 * is read by the kernel in the caller's name, so where the floor holds back reading, a program that it does
 * not grant cannot be executed whoever says yes. Therefore it holds back reading only where it can grant all
 * that the policy lets be read.
 *
 * Planning and building are two steps, so that `askfirst policy show --floor` can print the plan, and a
 * machine without Landlock can still read it.
 */
#ifndef ASKFIRST_FLOOR_FLOOR_H
#define ASKFIRST_FLOOR_FLOOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../../policy/policy.h"

struct floor_grant {
    char *path; /* real path of a directory (and all below it) or of one file */
    bool read;
    bool write;
};

/* A tree that the policy allows and the floor nevertheless does not grant as a whole, and why. */
struct floor_gap {
    char *path;
    enum act_kind act;
    const struct rule *because; /* the rule that holds inside; NULL: the walk ran out of its budget */
};

struct floor_plan {
    struct floor_grant *grants;
    size_t grant_count;
    struct floor_gap *gaps;
    size_t gap_count;
    size_t entries_walked;
    bool holds_reads; /* every file that may be read is granted, so that reading can be left to the kernel */
    const char *reads_why;            /* why not, in words; NULL where it holds them */
    const struct rule *reads_because; /* the rule that is in the way, if it is one */
};

struct floor_budget {
    size_t entries;
    int64_t milliseconds;
};

#define FLOOR_BUDGET ((struct floor_budget){20000, 20})

struct floor_plan *floor_plan(const struct policy *policy, const struct image *image,
                              struct floor_budget budget);
void floor_plan_free(struct floor_plan *plan);

/* Whether the floor lets a path through by itself. */
bool floor_plan_grants(const struct floor_plan *plan, enum act_kind act, const char *path);

/* Whether a pattern of a path is a literal one, or a literal tree: all that the floor can grant. */
bool floor_pattern_is_plain(const char *pattern);

/* Whether a pattern can match `directory` itself or anything that lies, or will ever lie, below it. */
bool floor_pattern_reaches(const char *pattern, const char *directory);

/* What a version of Landlock was the first to hold back, in words; NULL: nothing that the floor uses. */
const char *floor_version_knows(int version);

/* Who holds it where that version is not had, in words. */
const char *floor_version_without(int version);

enum { FLOOR_VERSIONS = 6 };

/* Landlock's version here; 0: the kernel has none, or it is switched off. */
int floor_abi(void);
#define FLOOR_HOLDS_SIGNALS 6 /* from this version on */

/* The ruleset of a plan, close-on-exec; -1 with errno. Paths that have gone meanwhile are left out. */
int floor_build(const struct floor_plan *plan, int abi);

/* In the child, after NO_NEW_PRIVS. 0, or -1 with errno. */
int floor_enter(int ruleset);

#endif
