/* grants.c: see grants.h. */
#include "grants.h"

#include <stdlib.h>
#include <string.h>

#include "../look/process.h"
#include "../plain/loop.h"
#include "../plain/memory.h"
#include "likeness.h"

/* One answer that holds on. For a tree, the process; else what it is about. */
struct grant {
    struct likeness likeness;
    pid_t pid;
    uint64_t started;
    int64_t until; /* monotonic, milliseconds; 0: to the end of the run */
    enum outcome outcome;
    enum scope scope;
    char *note;
    char *by;
};

struct grants {
    const struct policy *policy;
    char *home;
    struct grant *all;
    size_t count;
};

struct grants *grants_new(const struct policy *policy, const char *home)
{
    struct grants *grants = xcalloc(1, sizeof *grants);
    grants->policy = policy;
    grants->home = home ? xstrdup(home) : NULL;
    return grants;
}

static void free_grant(struct grant *grant)
{
    free(grant->note);
    free(grant->by);
}

void grants_free(struct grants *grants)
{
    if (!grants) return;
    for (size_t i = 0; i < grants->count; i++)
        free_grant(&grants->all[i]);
    free(grants->all);
    free(grants->home);
    free(grants);
}

static bool is_over(const struct grant *grant, int64_t now)
{
    return grant->until && grant->until <= now;
}

static void forget_what_is_over(struct grants *grants)
{
    int64_t now = loop_now();
    size_t kept = 0;
    for (size_t i = 0; i < grants->count; i++) {
        if (is_over(&grants->all[i], now))
            free_grant(&grants->all[i]);
        else
            grants->all[kept++] = grants->all[i];
    }
    grants->count = kept;
}

static struct grant *add(struct grants *grants, const struct answer *answer)
{
    forget_what_is_over(grants);
    grants->all = xrealloc(grants->all, grants->count + 1, sizeof *grants->all);
    struct grant *grant = &grants->all[grants->count++];
    *grant = (struct grant){.outcome = answer->outcome, .scope = answer->scope};
    grant->note = answer->note ? xstrdup(answer->note) : NULL;
    grant->by = answer->by ? xstrdup(answer->by) : NULL;
    int64_t span, now = loop_now();
    bool endless = answer->outcome != OUTCOME_APPROVED || !answer->for_s ||
                   __builtin_mul_overflow(answer->for_s, 1000, &span) ||
                   __builtin_add_overflow(now, span, &grant->until);
    if (endless) grant->until = 0;
    return grant;
}

void grants_tree(struct grants *grants, pid_t pid, uint64_t started, const struct answer *answer)
{
    struct grant *grant = add(grants, answer);
    grant->scope = SCOPE_TREE;
    grant->pid = pid;
    grant->started = started;
}

struct tree {
    struct answer answer;
};

struct tree *tree_of(const struct answer *answer)
{
    bool grants = answer && answer->outcome == OUTCOME_APPROVED && answer->scope == SCOPE_TREE;
    if (!grants || answer->before) return NULL;
    struct tree *tree = xcalloc(1, sizeof *tree);
    tree->answer = (struct answer){.outcome = OUTCOME_APPROVED, .scope = SCOPE_TREE, .for_s = answer->for_s};
    tree->answer.by = answer->by ? xstrdup(answer->by) : NULL;
    tree->answer.note = answer->note ? xstrdup(answer->note) : NULL;
    return tree;
}

void tree_free(void *given)
{
    struct tree *tree = given;
    if (!tree) return;
    free(tree->answer.by);
    free(tree->answer.note);
    free(tree);
}

void tree_begin(struct tree *tree, struct grants *grants, pid_t pid, uint64_t started)
{
    if (tree) grants_tree(grants, pid, started, &tree->answer);
    tree_free(tree);
}

static void remember_like(struct grants *grants, const struct question *question, const struct answer *answer)
{
    struct likeness likeness;
    if (likeness_like(question, grants->policy, &likeness, NULL)) {
        add(grants, answer)->likeness = likeness;
        return;
    }
    cleanup_free char *directory = likeness_directory_of(question, grants->home);
    if (!directory) return;
    likeness_directory(question->act, directory, strlen(directory), &likeness);
    add(grants, answer)->likeness = likeness;
}

static void remember_tree(struct grants *grants, const struct question *question, const struct answer *answer)
{
    struct process process;
    /* A program has not begun yet: whoever sees it begin calls tree_begin(). */
    if (question->act == ACT_EXEC || !process_look(question->pid, &process)) return;
    grants_tree(grants, process.pid, process.started, answer);
}

void grants_remember(struct grants *grants, const struct question *question, const struct answer *answer)
{
    if (answer->outcome == OUTCOME_REFUSED) {
        bool another = question->from_input && question->spawns; /* the next one will have another pipe */
        if (!another && (!grants->policy || grants->policy->refusals_sticky))
            likeness_exact(question, &add(grants, answer)->likeness);
        if (answer->scope == SCOPE_LIKE) remember_like(grants, question, answer);
        return;
    }
    if (answer->outcome != OUTCOME_APPROVED) return;
    switch (answer->scope) {
    case SCOPE_EXACT:
    case SCOPE_ALWAYS: likeness_exact(question, &add(grants, answer)->likeness); return;
    case SCOPE_LIKE: remember_like(grants, question, answer); return;
    case SCOPE_TREE: remember_tree(grants, question, answer); return;
    default: return;
    }
}

static const struct grant *find(const struct grants *grants, const struct likeness *likeness)
{
    int64_t now = loop_now();
    for (size_t i = 0; i < grants->count; i++) {
        const struct grant *grant = &grants->all[i];
        if (grant->pid || is_over(grant, now)) continue;
        if (memcmp(grant->likeness.sum, likeness->sum, sizeof likeness->sum) == 0) return grant;
    }
    return NULL;
}

static bool has_scope(const struct grants *grants, enum scope scope)
{
    for (size_t i = 0; i < grants->count; i++)
        if (grants->all[i].scope == scope) return true;
    return false;
}

static const struct grant *find_exact(const struct grants *grants, const struct question *question)
{
    struct likeness likeness;
    likeness_exact(question, &likeness);
    return find(grants, &likeness);
}

/* The path itself may be a directory that was granted, and so may each one above it. */
static const struct grant *find_directory(const struct grants *grants, const struct question *question)
{
    struct likeness likeness;
    if (!question->path) return NULL;
    for (size_t length = strlen(question->path); length > 1; length--) {
        if (question->path[length] != '\0' && question->path[length] != '/') continue;
        likeness_directory(question->act, question->path, length, &likeness);
        const struct grant *grant = find(grants, &likeness);
        if (grant) return grant;
    }
    return NULL;
}

static const struct grant *find_like(const struct grants *grants, const struct question *question)
{
    struct likeness likeness;
    if (!has_scope(grants, SCOPE_LIKE)) return NULL;
    if (likeness_like(question, grants->policy, &likeness, NULL)) return find(grants, &likeness);
    return find_directory(grants, question);
}

static const struct grant *find_tree(const struct grants *grants, const struct question *question)
{
    int64_t now = loop_now();
    for (size_t i = 0; i < grants->count; i++) {
        const struct grant *grant = &grants->all[i];
        struct process process;
        if (!grant->pid || is_over(grant, now)) continue;
        for (size_t j = 0; j < question->chain_length; j++)
            if (question->chain[j].pid == grant->pid && process_look(grant->pid, &process) &&
                process.started == grant->started)
                return grant;
    }
    return NULL;
}

bool grants_find(struct grants *grants, const struct question *question, struct answer *answer)
{
    if (!grants->count) return false;
    const struct grant *grant =
        find_exact(grants, question); /* what was refused counts before what covers it */
    if (!grant) grant = find_like(grants, question);
    if (!grant) grant = find_tree(grants, question);
    if (!grant) return false;
    *answer = (struct answer){.outcome = grant->outcome,
                              .scope = grant->scope,
                              .note = grant->note ? xstrdup(grant->note) : NULL,
                              .by = grant->by ? xstrdup(grant->by) : NULL,
                              .before = true};
    return true;
}
