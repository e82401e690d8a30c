/* plan.c: from the policy to what the floor may grant (floor.h).
 *
 * A tree that a rule allows (X and a double star) is granted whole when nothing that decides before that rule
 * can reach below X. Where something can, it is left to the launcher, which makes the changes itself: every
 * run would wait for a look at what lies there. Only where all else that may be read can be granted is such a
 * tree worth a look: then it is walked, and what is free of hazards is granted, directory by directory. A
 * directory that could not be looked at, or that the budget did not reach, is not free.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../policy/glob.h"
#include "../plain/loop.h"
#include "../plain/memory.h"
#include "floor.h"

/* Of a directory that is not free as a whole, at most so many files are granted one by one. */
#define FILES_BY_NAME 64

/* A pattern that can make something of a tree less than allowed. */
struct hazard {
    const struct rule *rule;
    const char *pattern;
};

struct walk {
    const struct policy *policy;
    const struct image *image;
    struct floor_plan *plan;
    enum act_kind act;
    bool looks; /* into trees that are not free as a whole */
    struct hazard *hazards;
    size_t hazard_count;
    size_t entries_left;
    int64_t until;
};

/* Whether a tree turned out to be free of hazards as a whole. What is PARTLY free has been granted in parts.
 */
enum freedom { FREE, PARTLY };

static const char *next_name(const char *at, size_t *length)
{
    while (*at == '/')
        at++;
    *length = strcspn(at, "/");
    return *length ? at : NULL;
}

static bool is_literal(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (strchr("*?[\\", text[i])) return false;
    return true;
}

bool floor_pattern_reaches(const char *pattern, const char *directory)
{
    size_t pattern_length, length;
    /* Most begin with another letter. */
    bool absolute = pattern[0] == '/' && directory[0] == '/';
    if (absolute && directory[1] && pattern[1] != directory[1] && !strchr("*?[\\", pattern[1])) return false;
    const char *want = next_name(pattern, &pattern_length), *have = next_name(directory, &length);
    while (have) {
        if (!want) return false;
        if (pattern_length == 2 && !memcmp(want, "**", 2)) return true;
        if (!glob_match(want, pattern_length, have, length)) return false;
        want = next_name(want + pattern_length, &pattern_length);
        have = next_name(have + length, &length);
    }
    return true;
}

static const struct hazard *hazard_below(const struct walk *walk, const char *directory)
{
    for (size_t i = 0; i < walk->hazard_count; i++)
        if (floor_pattern_reaches(walk->hazards[i].pattern, directory)) return &walk->hazards[i];
    return NULL;
}

static void *grow(void *items, size_t count, size_t size)
{
    bool full = count >= 16 ? !(count & (count - 1)) : count == 0;
    return full ? xrealloc(items, count ? 2 * count : 16, size) : items;
}

static void grant(struct walk *walk, const char *path)
{
    struct floor_plan *plan = walk->plan;
    plan->grants = grow(plan->grants, plan->grant_count, sizeof *plan->grants);
    plan->grants[plan->grant_count++] =
        (struct floor_grant){xstrdup(path), walk->act == ACT_READ, walk->act == ACT_WRITE};
}

static void note_gap(struct walk *walk, const char *path, const struct rule *because)
{
    struct floor_plan *plan = walk->plan;
    plan->gaps = grow(plan->gaps, plan->gap_count, sizeof *plan->gaps);
    plan->gaps[plan->gap_count++] = (struct floor_gap){xstrdup(path), walk->act, because};
}

static bool is_allowed(const struct walk *walk, const char *path)
{
    struct act act = {.kind = walk->act, .path = path, .path_length = strlen(path)};
    struct decision decision;
    policy_decide(walk->image, &act, &decision, NULL);
    return decision.verdict == VERDICT_ALLOW;
}

static bool spend(struct walk *walk)
{
    if (loop_now() > walk->until) walk->entries_left = 0; /* what is left out now was not looked at */
    if (!walk->entries_left) return false;
    walk->entries_left--;
    walk->plan->entries_walked++;
    return true;
}

/* What was found free in one directory, to be granted by name when the directory as a whole is not. */
struct found {
    char **directories;
    size_t directory_count;
    char **files;
    size_t file_count;
};

static enum freedom walk_tree(struct walk *walk, const char *directory);

static enum freedom walk_entry(struct walk *walk, int parent, const char *directory, const char *name,
                               struct found *found)
{
    struct stat status;
    if (!spend(walk) || fstatat(parent, name, &status, AT_SYMLINK_NOFOLLOW)) return PARTLY;
    cleanup_free char *path = xasprintf("%s/%s", strcmp(directory, "/") ? directory : "", name);
    bool is_directory = S_ISDIR(status.st_mode);
    if (!is_allowed(walk, path)) return PARTLY;
    if (is_directory) {
        if (walk_tree(walk, path) == PARTLY) return PARTLY;
        found->directories = grow(found->directories, found->directory_count, sizeof *found->directories);
        found->directories[found->directory_count++] = steal_pointer(&path);
    } else if (S_ISREG(status.st_mode) && found->file_count < FILES_BY_NAME) {
        found->files = grow(found->files, found->file_count, sizeof *found->files);
        found->files[found->file_count++] = steal_pointer(&path);
    }
    return FREE;
}

static enum freedom walk_directory(struct walk *walk, const char *directory, DIR *stream, struct found *found)
{
    enum freedom freedom = FREE;
    for (;;) {
        errno = 0;
        const struct dirent *entry = readdir(stream);
        if (!entry) return errno ? PARTLY : freedom;
        if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, "..")) continue;
        if (walk_entry(walk, dirfd(stream), directory, entry->d_name, found) == PARTLY) freedom = PARTLY;
        if (!walk->entries_left) return PARTLY;
    }
}

static void settle(struct walk *walk, struct found *found, enum freedom freedom)
{
    for (size_t i = 0; i < found->directory_count; i++) {
        if (freedom == PARTLY) grant(walk, found->directories[i]);
        free(found->directories[i]);
    }
    for (size_t i = 0; i < found->file_count; i++) {
        if (freedom == PARTLY) grant(walk, found->files[i]);
        free(found->files[i]);
    }
    free(found->directories);
    free(found->files);
}

/* FREE: the caller may grant `directory`. PARTLY: what is free in it has been granted. */
static enum freedom walk_tree(struct walk *walk, const char *directory)
{
    const struct hazard *hazard = hazard_below(walk, directory);
    if (!hazard) return FREE;
    if (!walk->looks) {
        note_gap(walk, directory, hazard->rule);
        return PARTLY;
    }
    int fd = open(directory, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    DIR *stream = fd < 0 ? NULL : fdopendir(fd);
    if (!stream) {
        if (fd >= 0) close(fd);
        note_gap(walk, directory, hazard->rule);
        return PARTLY;
    }
    struct found found = {0};
    enum freedom freedom = walk_directory(walk, directory, stream, &found);
    closedir(stream);
    if (freedom == PARTLY) note_gap(walk, directory, walk->entries_left ? hazard->rule : NULL);
    settle(walk, &found, freedom);
    return freedom;
}

/* By an earlier rule: there were no more hazards then than there are now, so it has come to all that it
 * may. */
static bool was_planned(const struct walk *walk, const char *path)
{
    const struct floor_plan *plan = walk->plan;
    for (size_t i = 0; i < plan->grant_count; i++)
        if (walk->act == ACT_READ ? plan->grants[i].read : plan->grants[i].write)
            if (!strcmp(plan->grants[i].path, path)) return true;
    for (size_t i = 0; i < plan->gap_count; i++)
        if (plan->gaps[i].act == walk->act && !strcmp(plan->gaps[i].path, path)) return true;
    return false;
}

static void plan_tree(struct walk *walk, const char *path)
{
    struct stat status;
    if (was_planned(walk, path) || lstat(path, &status)) return;
    if (S_ISDIR(status.st_mode)) {
        if (is_allowed(walk, path) && walk_tree(walk, path) == FREE) grant(walk, path);
    } else if (!S_ISLNK(status.st_mode) && is_allowed(walk, path)) {
        grant(walk, path);
    }
}

static void add_hazards(struct walk *walk, const struct rule *rule)
{
    for (size_t i = 0; i < rule->patterns.count; i++) {
        walk->hazards = grow(walk->hazards, walk->hazard_count, sizeof *walk->hazards);
        walk->hazards[walk->hazard_count++] = (struct hazard){rule, rule->patterns.items[i].text};
    }
}

bool floor_pattern_is_plain(const char *pattern)
{
    size_t length = strlen(pattern);
    if (length >= 3 && !strcmp(pattern + length - 3, "/**")) length -= 3;
    return is_literal(pattern, length);
}

/* A tree is written with a double star at its end; a file, or a directory alone, is a literal path. */
static void plan_pattern(struct walk *walk, const char *pattern)
{
    size_t length = strlen(pattern);
    bool tree = length >= 3 && !strcmp(pattern + length - 3, "/**");
    if (tree) length -= 3;
    if (!is_literal(pattern, length)) return;
    cleanup_free char *path = length ? xstrndup(pattern, length) : xstrdup("/");
    struct stat status;
    if (!tree && (lstat(path, &status) || S_ISDIR(status.st_mode)))
        return; /* the floor knows no directory alone */
    plan_tree(walk, path);
}

static void plan_act(struct walk *walk, enum act_kind act)
{
    const struct policy *policy = walk->policy;
    walk->act = act;
    walk->hazard_count = 0;
    if (policy->has_otherwise[SET_PROJECT][act] && policy->otherwise[SET_PROJECT][act] != VERDICT_ALLOW)
        return;
    for (size_t i = 0; i < policy->rule_count; i++)
        if (policy->rules[i].act == act && policy->rules[i].set == SET_PROJECT &&
            policy->rules[i].verdict != VERDICT_ALLOW)
            add_hazards(walk, &policy->rules[i]);

    for (size_t i = 0; i < policy->rule_count; i++) {
        const struct rule *rule = &policy->rules[i];
        if (rule->act != act || rule->set != SET_MAIN) continue;
        if (rule->verdict != VERDICT_ALLOW) {
            add_hazards(walk, rule);
            continue;
        }
        if (rule->program.count) continue; /* the floor holds for every program alike */
        for (size_t j = 0; j < rule->patterns.count; j++)
            plan_pattern(walk, rule->patterns.items[j].text);
    }
    if (policy->otherwise[SET_MAIN][act] == VERDICT_ALLOW) plan_pattern(walk, "/**");
}

static const char NOT_FREE[] =
    "a tree that may be read has something in it that may not, or that was not looked at";

/* What that may be read is missing among the grants, in words; NULL: nothing. */
static const char *find_unread(const struct policy *policy, const struct floor_plan *plan,
                               const struct rule **because)
{
    *because = NULL;
    if (floor_plan_grants(plan, ACT_READ, "/")) return NULL;
    if (policy->otherwise[SET_MAIN][ACT_READ] == VERDICT_ALLOW) return "what no rule names may be read";
    for (size_t i = 0; i < policy->rule_count; i++) {
        const struct rule *rule = &policy->rules[i];
        if (rule->act != ACT_READ || rule->verdict != VERDICT_ALLOW || rule->set != SET_MAIN) continue;
        *because = rule;
        if (rule->program.count)
            return "a rule lets certain programs read files, and Landlock does not know who acts";
        for (size_t j = 0; j < rule->patterns.count; j++)
            if (!floor_pattern_is_plain(rule->patterns.items[j].text))
                return "a rule lets files be read by a pattern, which Landlock does not know";
    }
    *because = NULL;
    for (size_t i = 0; i < plan->gap_count; i++)
        if (plan->gaps[i].act == ACT_READ) {
            *because = plan->gaps[i].because;
            return NOT_FREE;
        }
    return NULL;
}

static void forget_reads(struct floor_plan *plan)
{
    while (plan->grant_count && plan->grants[plan->grant_count - 1].read)
        free(plan->grants[--plan->grant_count].path);
    while (plan->gap_count && plan->gaps[plan->gap_count - 1].act == ACT_READ)
        free(plan->gaps[--plan->gap_count].path);
}

/* Reading is all or nothing: it is looked for what a tree holds only if that is all that is in the way. */
static void plan_reads(struct walk *walk)
{
    struct floor_plan *plan = walk->plan;
    plan_act(walk, ACT_READ);
    plan->reads_why = find_unread(walk->policy, plan, &plan->reads_because);
    if (plan->reads_why == NOT_FREE) {
        forget_reads(plan);
        walk->looks = true;
        plan_act(walk, ACT_READ);
        plan->reads_why = find_unread(walk->policy, plan, &plan->reads_because);
    }
    plan->holds_reads = !plan->reads_why;
}

struct floor_plan *floor_plan(const struct policy *policy, const struct image *image,
                              struct floor_budget budget)
{
    struct walk walk = {.policy = policy,
                        .image = image,
                        .plan = xcalloc(1, sizeof *walk.plan),
                        .entries_left = budget.entries,
                        .until = loop_now() + budget.milliseconds};
    plan_act(&walk, ACT_WRITE);
    plan_reads(&walk);
    free(walk.hazards);
    return walk.plan;
}

bool floor_plan_grants(const struct floor_plan *plan, enum act_kind act, const char *path)
{
    for (size_t i = 0; i < plan->grant_count; i++) {
        const struct floor_grant *one = &plan->grants[i];
        size_t length = strlen(one->path);
        if (act == ACT_READ ? !one->read : !one->write) continue;
        if (length == 1 || (!strncmp(path, one->path, length) && (!path[length] || path[length] == '/')))
            return true;
    }
    return false;
}

void floor_plan_free(struct floor_plan *plan)
{
    if (!plan) return;
    for (size_t i = 0; i < plan->grant_count; i++)
        free(plan->grants[i].path);
    for (size_t i = 0; i < plan->gap_count; i++)
        free(plan->gaps[i].path);
    free(plan->grants);
    free(plan->gaps);
    free(plan);
}
