/* lint.c: what is allowed to stand in a policy, and is likely not meant: rules that can never match, allows
 * for programs that the guarded code may write, and policies that it may write. */
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "covers.h"
#include "image.h"
#include "lint.h"
#include "policy.h"
#include "resolve.h"

static const char *const NAMES[VERDICTS] = {"allow", "ask", "hide", "deny"};

/* Two rules that say the same are one too many, but not where they are the same on this machine only. */
static bool is_chance(const struct rule *earlier, const struct rule *later)
{
    return earlier->verdict == later->verdict && strcmp(earlier->text, later->text) != 0 &&
           (strpbrk(earlier->text, "$~") || strpbrk(later->text, "$~"));
}

/* Who extends a file may decide differently: that is said only where it lifts what the file denies. */
static bool is_override(const struct rule *earlier, const struct rule *later)
{
    return later->layer == LAYER_EXTENDED && strcmp(earlier->place.file, later->place.file) != 0 &&
           !(later->verdict == VERDICT_DENY && earlier->verdict != VERDICT_DENY);
}

/* Whether it is a mistake where the one leaves nothing to the other. */
static bool is_rival(const struct rule *earlier, const struct rule *later)
{
    return earlier->act == later->act && earlier->set == later->set && !is_override(earlier, later) &&
           !is_chance(earlier, later);
}

/* A rule of several patterns, of which each is taken by another rule. */
static void lint_together(const struct policy *policy, size_t index, struct diagnostics *diagnostics)
{
    const struct rule *later = &policy->rules[index], *first = NULL, *last = NULL;
    for (size_t i = 0; i < later->patterns.count; i++) {
        struct rule part = *later;
        part.patterns = (struct patterns){&later->patterns.items[i], 1};
        size_t k = 0;
        while (k < index && !(is_rival(&policy->rules[k], later) && rule_covers(&policy->rules[k], &part)))
            k++;
        if (k == index) return;
        if (!first || &policy->rules[k] < first) first = &policy->rules[k];
        if (!last || &policy->rules[k] > last) last = &policy->rules[k];
    }
    if (first == last) return;
    diagnostics_add(diagnostics, SEVERITY_WARNING, later->place,
                    "the rule \"%s\" can never match: what comes from \"%s: %s\" (%s:%" PRIu32 ":%" PRIu32
                    ") to \"%s: %s\" (%s:%" PRIu32 ":%" PRIu32
                    ") takes all that it would; remove it, or move it before them",
                    later->text, NAMES[first->verdict], first->text, first->place.file, first->place.line,
                    first->place.column, NAMES[last->verdict], last->text, last->place.file, last->place.line,
                    last->place.column);
}

static void lint_order(const struct policy *policy, size_t index, struct diagnostics *diagnostics)
{
    const struct rule *later = &policy->rules[index];
    for (size_t i = 0; i < index; i++) {
        const struct rule *earlier = &policy->rules[i];
        const struct place *place = &earlier->place;
        if (!is_rival(earlier, later)) continue;
        if (!rule_covers(earlier, later)) {
            if (later->verdict == VERDICT_ALLOW || !rule_covers_installed(earlier, later)) continue;
            diagnostics_add(diagnostics, SEVERITY_WARNING, later->place,
                            "the rule \"%s\" matches no program that is installed: \"allow: %s\" (%s:%" PRIu32
                            ":%" PRIu32
                            ") takes all but those that the guarded code may write; move it before that one",
                            later->text, earlier->text, place->file, place->line, place->column);
            return;
        }
        diagnostics_add(diagnostics, SEVERITY_WARNING, later->place,
                        "the rule \"%s\" can never match: \"%s: %s\" (%s:%" PRIu32 ":%" PRIu32
                        ") takes all that it would; remove it, or move it before that one",
                        later->text, NAMES[earlier->verdict], earlier->text, place->file, place->line,
                        place->column);
        return;
    }
    lint_together(policy, index, diagnostics);
}

/* Who extends a policy may lift what it says, and often lifts more than was meant: said once, at the rule
 * that does it. */
static void lint_lifts(const struct policy *policy, size_t index, struct diagnostics *diagnostics)
{
    const struct rule *rule = &policy->rules[index], *first = NULL;
    size_t count = 0;
    if (rule->verdict != VERDICT_ALLOW || rule->layer == LAYER_EXTENDED || rule->set != SET_MAIN) return;
    for (size_t i = index + 1; i < policy->rule_count; i++) {
        const struct rule *later = &policy->rules[i];
        if (later->act != rule->act || later->set != SET_MAIN || later->layer != LAYER_EXTENDED) continue;
        bool said = later->verdict == VERDICT_DENY && rule_covers(rule, later); /* by lint_order() */
        if (said || !rule_lifts(rule, later)) continue;
        if (!count++) first = later;
    }
    if (!count) return;
    diagnostics_add(
        diagnostics, SEVERITY_WARNING, rule->place,
        "\"allow: %s\" lifts %zu rule%s of what this extends, the first of them \"%s: %s\" (%s:%" PRIu32
        "): if that is not meant, allow less, such as \"%s\"",
        rule->text, count, count == 1 ? "" : "s", NAMES[first->verdict], first->text, first->place.file,
        first->place.line, rule->act == ACT_EXEC ? "git status" : "~/notes/**");
}

/* Whether the guarded code may write `path`, and what says so. */
static bool may_write(const struct image *image, const char *path, struct place *by)
{
    struct act act = {.kind = ACT_WRITE, .path = path, .path_length = strlen(path), .by_any = true};
    struct decision decision;
    struct image_rule rule;
    enum verdict otherwise;
    policy_decide(image, &act, &decision, NULL);
    if (decision.verdict != VERDICT_ALLOW) return false;
    if (decision.rule != RULE_NONE && image_rule(image, decision.rule, &rule))
        *by = (struct place){rule.file, rule.line, rule.column};
    else
        image_otherwise(image, ACT_WRITE, &otherwise, &by->file, &by->line);
    return true;
}

/* A file that the pattern would match: each name as it is written, or made up where it is a glob. False: none
 * was thought of. */
static bool imagine_path(const char *pattern, char *path, size_t room)
{
    size_t size = 0;
    if (pattern[0] != '/') return false;
    for (const char *at = pattern; *at && size + 2 < room; at++) {
        if (*at == '[' || *at == '?') return false;
        if (*at == '\\' && at[1])
            path[size++] = *++at;
        else if (*at != '*')
            path[size++] = *at;
        else if (at[1] != '*')
            path[size++] = 'x';
    }
    path[size] = '\0';
    return size + 2 < room;
}

static void lint_path_program(const struct rule *rule, const struct pattern *pattern,
                              const struct image *image, struct diagnostics *diagnostics)
{
    char path[PATH_MAX];
    struct place by = {0};
    if (!imagine_path(pattern->text, path, sizeof path) || !may_write(image, path, &by)) return;
    diagnostics_add(diagnostics, SEVERITY_WARNING, rule->place,
                    "\"allow: %s\" lets the guarded code run what it may write (%s:%" PRIu32
                    "): it then runs whatever it likes, so ask here, or pin the program with sha256",
                    rule->text, by.file, by.line);
}

static void lint_path_actor(const struct rule *rule, const struct pattern *pattern, const struct image *image,
                            struct diagnostics *diagnostics)
{
    char path[PATH_MAX];
    struct place by = {0};
    if (!imagine_path(pattern->text, path, sizeof path) || !may_write(image, path, &by)) return;
    diagnostics_add(diagnostics, SEVERITY_WARNING, rule->place,
                    "\"allow: %s\" holds for a program that the guarded code may write (%s:%" PRIu32
                    "): it then does whatever it likes, so name one that lies elsewhere",
                    rule->text, by.file, by.line);
}

/* Whether it does what others tell it to: a shell, an interpreter, many programs in one. */
static bool is_anybody(const struct policy *policy, const char *pattern)
{
    const char *slash = strrchr(pattern, '/'), *name = slash ? slash + 1 : pattern;
    for (size_t i = 0; i < policy->command_count; i++) {
        const struct command *command = &policy->commands[i];
        for (size_t k = 0; k < command->names.count; k++)
            if (name_covers(command->names.items[k], name))
                return command->kind != COMMAND_PLAIN && command->kind != COMMAND_WRAPPER;
    }
    return false;
}

static void lint_anybody(const struct policy *policy, const struct rule *rule, const struct pattern *pattern,
                         struct diagnostics *diagnostics)
{
    if (!is_anybody(policy, pattern->text)) return;
    diagnostics_add(diagnostics, SEVERITY_WARNING, rule->place,
                    "\"allow: %s\" holds for every script that %s runs: ask here instead", rule->text,
                    pattern->text);
}

/* A bare name stands for a program in PATH; one that may be written is not allowed by its name. */
static void lint_bare_program(const struct rule *rule, const struct pattern *pattern,
                              const struct image *image, struct diagnostics *diagnostics)
{
    char found[PATH_MAX], real[PATH_MAX];
    struct place by = {0};
    const char *search_path = getenv("PATH");
    if (strpbrk(pattern->text, "*?[\\/") || !search_path ||
        !resolve_program(pattern->text, search_path, found) || !resolve_path(found, LAST_FOLLOW, real) ||
        !may_write(image, real, &by))
        return;
    diagnostics_add(diagnostics, SEVERITY_WARNING, rule->place,
                    "\"allow: %s\" does not fit %s, which the guarded code may write (%s:%" PRIu32
                    "): protect that file, or name it by its path if that is meant",
                    rule->text, real, by.file, by.line);
}

/* A file that certain programs may read or write. */
static void lint_actors(const struct policy *policy, const struct rule *rule, const struct image *image,
                        struct diagnostics *diagnostics)
{
    if (rule->verdict != VERDICT_ALLOW || rule->set != SET_MAIN) return;
    size_t before = diagnostics->count;
    for (size_t i = 0; i < rule->program.count && diagnostics->count == before; i++) {
        const struct pattern *pattern = &rule->program.items[i];
        lint_anybody(policy, rule, pattern, diagnostics);
        if (diagnostics->count != before) continue;
        if (pattern->bare)
            lint_bare_program(rule, pattern, image, diagnostics);
        else
            lint_path_actor(rule, pattern, image, diagnostics);
    }
}

static void lint_allow(const struct rule *rule, const struct image *image, struct diagnostics *diagnostics)
{
    if (rule->act != ACT_EXEC || rule->verdict != VERDICT_ALLOW || rule->set != SET_MAIN ||
        rule->sha256_count > 0)
        return;
    size_t before = diagnostics->count;
    for (size_t i = 0; i < rule->patterns.count && diagnostics->count == before; i++) {
        if (rule->patterns.items[i].bare)
            lint_bare_program(rule, &rule->patterns.items[i], image, diagnostics);
        else
            lint_path_program(rule, &rule->patterns.items[i], image, diagnostics);
    }
}

static void lint_file(const struct policy_file *file, const struct image *image,
                      struct diagnostics *diagnostics)
{
    char path[PATH_MAX];
    struct place by = {0};
    if (file->layer == LAYER_PROJECT || file->name[0] != '/') return;
    if (!resolve_path(file->name, LAST_FOLLOW, path) || !may_write(image, path, &by)) return;
    diagnostics_add(diagnostics, SEVERITY_WARNING, (struct place){file->name, 0, 0},
                    "the guarded code may write this file (%s:%" PRIu32
                    "), and so change what is allowed next time: "
                    "keep it elsewhere, or deny writing it",
                    by.file, by.line);
}

void policy_lint(const struct policy *policy, const struct image *image, struct diagnostics *diagnostics)
{
    for (size_t i = 0; i < policy->rule_count; i++) {
        lint_order(policy, i, diagnostics);
        lint_lifts(policy, i, diagnostics);
        lint_allow(&policy->rules[i], image, diagnostics);
        lint_actors(policy, &policy->rules[i], image, diagnostics);
        lint_shell_signs(&policy->rules[i], diagnostics);
    }
    for (size_t i = 0; i < policy->file_count; i++)
        lint_file(&policy->files[i], image, diagnostics);
    diagnostics_sort(diagnostics);
}
