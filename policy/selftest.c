/* selftest.c: runs the tests that a policy holds.
 *
 * A test speaks for its own file and for what that extends. Where the whole policy says otherwise, the test
 * is run again without what is stronger: a person may decide differently than the file that they build on,
 * and a project may be stricter; neither makes that file wrong.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "address.h"
#include "image.h"
#include "plain.h"
#include "policy.h"
#include "resolve.h"

/* A test's act, and what it points to. */
struct trial {
    struct act act;
    struct address_pattern address;
    const char *host;
    char path[PATH_MAX];
    char program[PATH_MAX];
};

/* The real path of a program as a shell would find it; one that is not here is taken to be in /usr/bin. */
static void find_program(const char *name, const char *search_path, char out[PATH_MAX])
{
    char found[PATH_MAX];
    if (strchr(name, '/'))
        snprintf(found, sizeof found, "%s", name);
    else if (!resolve_program(name, search_path, found))
        snprintf(found, sizeof found, "/usr/bin/%s", name);
    if (!resolve_path(found, LAST_FOLLOW, out)) snprintf(out, PATH_MAX, "%s", found);
}

static void set_path(struct trial *trial)
{
    trial->act.path = trial->path;
    trial->act.path_length = strlen(trial->path);
}

/* `busybox APPLET` and `ld.so PROGRAM` are what they run; each may run the other, but not for ever. */
static void unwrap_command(const struct image *image, const struct places *places, struct trial *trial)
{
    struct act *act = &trial->act;
    for (int i = 0; i < 4; i++) {
        struct runs runs;
        command_runs(image, act, &runs);
        if ((runs.kind != RUNS_APPLET && runs.kind != RUNS_LOADER) || runs.shift >= act->argc) return;
        act->argv += runs.shift;
        act->argc -= runs.shift;
        const char *word = act->argv[0];
        if (runs.kind == RUNS_LOADER) {
            find_program(word, places->search_path, trial->path);
        } else {
            char *slash = strrchr(trial->path, '/');
            size_t room = sizeof trial->path - (size_t)(slash - trial->path) - 1;
            snprintf(slash + 1, room, "%s", last_name(word));
        }
        act->name = last_name(word);
        set_path(trial);
        if (runs.kind == RUNS_APPLET && runs.shift == 0) return;
    }
}

static void set_command(struct trial *trial, const struct policy_test *test, const struct image *image,
                        const struct places *places)
{
    struct act *act = &trial->act;
    find_program(test->subject, places->search_path, trial->path);
    set_path(trial);
    act->name = last_name(test->subject);
    act->argv = (const char *const *)test->argv.items;
    act->argc = test->argv.count;
    act->stdin_kind = test->stdin_kind == STDIN_UNKNOWN ? STDIN_OTHER : test->stdin_kind;
    act->cwd = test->cwd ? test->cwd : places->workspace;
    act->parent = test->parent;
    unwrap_command(image, places, trial);
}

/* The loader has seen to it that it is one address. */
static void set_address(struct trial *trial, const char *subject)
{
    struct act *act = &trial->act;
    struct address_pattern *address = &trial->address;
    const char *why;
    if (address_pattern_parse(subject, address, &why) != 0) return;
    act->has_port = address->low == address->high;
    act->port = address->low;
    trial->host = address->kind == ADDRESS_LOCAL ? "localhost" : address->text;
    switch (address->kind) {
    case ADDRESS_RANGE:
        act->has_address = true;
        memcpy(act->address, address->address, sizeof act->address);
        break;
    case ADDRESS_UNIX:
    case ADDRESS_ABSTRACT:
        act->unix_path = address->text;
        act->unix_length = strlen(address->text);
        act->unix_abstract = address->kind == ADDRESS_ABSTRACT;
        break;
    case ADDRESS_SOCKET: act->socket = address->socket; break;
    default:
        act->names = &trial->host;
        act->name_count = 1;
        break;
    }
}

static void decide(const struct image *image, const struct policy_test *test, const struct places *places,
                   struct decision *decision)
{
    struct trial trial = {.act.kind = test->act};
    if (test->act == ACT_EXEC) {
        set_command(&trial, test, image, places);
    } else if (test->act == ACT_CONNECT) {
        set_address(&trial, test->subject);
    } else {
        trial.act.path = test->subject;
        trial.act.path_length = strlen(test->subject);
        if (test->program) {
            find_program(test->program, places->search_path, trial.program);
            trial.act.program = trial.program;
        }
    }
    policy_decide(image, &trial.act, decision, NULL);
}

static size_t rank_of(const struct policy *policy, const char *file)
{
    size_t i = 0;
    while (i < policy->file_count && strcmp(policy->files[i].name, file) != 0)
        i++;
    return i;
}

/* A policy without what is stronger than one of its files; the core stays. */
struct lesser {
    struct policy policy;
    struct image *image;
    size_t rank; /* of the file it was made for; 0: none yet */
};

static void free_lesser(struct lesser *lesser)
{
    free(lesser->policy.rules);
    free(lesser->image);
    *lesser = (struct lesser){0};
}

static bool is_kept(const struct policy *policy, const struct rule *rule, size_t rank)
{
    return rule->set == SET_MAIN && (rule->layer == LAYER_CORE || rank_of(policy, rule->place.file) >= rank);
}

/* False: there is no memory for it, or it could not be compiled (which was said). */
static bool make_lesser(const struct policy *policy, size_t rank, struct lesser *lesser,
                        struct diagnostics *diagnostics)
{
    if (lesser->rank == rank && lesser->image) return true;
    free_lesser(lesser);
    lesser->policy = *policy;
    lesser->policy.rule_count = 0;
    lesser->policy.rules = calloc(policy->rule_count + 1, sizeof *policy->rules);
    if (!lesser->policy.rules) return false;
    for (size_t i = 0; i < policy->rule_count; i++)
        if (is_kept(policy, &policy->rules[i], rank))
            lesser->policy.rules[lesser->policy.rule_count++] = policy->rules[i];
    memset(lesser->policy.has_otherwise[SET_PROJECT], 0, sizeof lesser->policy.has_otherwise[SET_PROJECT]);
    size_t size = 0;
    lesser->rank = rank;
    return policy_compile(&lesser->policy, &lesser->image, &size, diagnostics) == 0;
}

static void complain(const struct policy *policy, const struct image *image, const struct policy_test *test,
                     const struct decision *decision, struct diagnostics *diagnostics)
{
    static const char *const names[VERDICTS] = {"allow", "ask", "hide", "deny"};
    struct image_rule rule;
    enum severity severity = test->built_in ? SEVERITY_WARNING : SEVERITY_ERROR;
    const char *expected = names[test->expect], *got = names[decision->verdict];
    if (decision->rule != RULE_NONE && image_rule(image, decision->rule, &rule)) {
        diagnostics_add(diagnostics, severity, test->place,
                        "the test fails: expected %s, got %s by %s:%" PRIu32
                        " (%s): change that rule or the test",
                        expected, got, rule.file, rule.line, rule.text);
        return;
    }
    enum rule_set set = policy->has_otherwise[SET_PROJECT][test->act] &&
                                policy->otherwise[SET_MAIN][test->act] != decision->verdict
                            ? SET_PROJECT
                            : SET_MAIN;
    const struct place *place = &policy->otherwise_place[set][test->act];
    if (place->line > 0)
        diagnostics_add(diagnostics, severity, test->place,
                        "the test fails: expected %s, got %s by otherwise (%s:%" PRIu32
                        "): write a rule for it or change the test",
                        expected, got, place->file, place->line);
    else
        diagnostics_add(
            diagnostics, severity, test->place,
            "the test fails: expected %s, got %s because no rule fits: write a rule for it or change the "
            "test",
            expected, got);
}

/* Whether a stronger file's `otherwise` decided. */
static bool is_overruled(const struct policy *policy, const struct policy_test *test,
                         const struct decision *decision, size_t rank)
{
    const struct place *place = &policy->otherwise_place[SET_MAIN][test->act];
    return decision->rule == RULE_NONE && place->line > 0 && rank_of(policy, place->file) < rank;
}

static bool passes(const struct policy *policy, const struct image *image, const struct places *places,
                   const struct policy_test *test, struct lesser *lesser, struct diagnostics *diagnostics)
{
    struct decision decision;
    decide(image, test, places, &decision);
    if (decision.verdict == test->expect) return true;
    if (test->layer == LAYER_PROJECT) {
        complain(policy, image, test, &decision, diagnostics);
        return false;
    }
    size_t rank = rank_of(policy, test->place.file);
    if (!make_lesser(policy, rank, lesser, diagnostics)) {
        diagnostics_add(diagnostics, SEVERITY_ERROR, test->place,
                        "the test could not be run: there is not enough "
                        "memory");
        return false;
    }
    decide(lesser->image, test, places, &decision);
    if (decision.verdict == test->expect || is_overruled(policy, test, &decision, rank)) return true;
    complain(&lesser->policy, lesser->image, test, &decision, diagnostics);
    return false;
}

size_t policy_run_tests(const struct policy *policy, const struct image *image, const struct places *places,
                        struct diagnostics *diagnostics)
{
    struct lesser lesser = {0};
    size_t failed = 0;
    for (size_t i = 0; i < policy->test_count; i++)
        failed += !passes(policy, image, places, &policy->tests[i], &lesser, diagnostics);
    free_lesser(&lesser);
    return failed;
}
