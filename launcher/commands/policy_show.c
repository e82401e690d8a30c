/* policy_show.c: see policy_show.h. */
#include "policy_show.h"

#include <inttypes.h>
#include <string.h>

#include "../plain/json.h"
#include "../plain/memory.h"
#include "../plain/show.h"
#include "../questions/question.h"
#include "shown.h"

enum { TEXT_LIMIT = 2000 };

static const char *const layer_names[] = {
    [LAYER_CORE] = "core",         [LAYER_SYSTEM] = "system",   [LAYER_USER] = "user",
    [LAYER_EXTENDED] = "extended", [LAYER_PROJECT] = "project", [LAYER_APPROVALS] = "approvals",
};

static const char *const set_names[] = {
    [SET_MAIN] = "main", [SET_PROJECT] = "project", [SET_APPROVALS] = "approvals"};

static const char *const set_titles[] = {
    [SET_MAIN] = "",
    [SET_PROJECT] = ", project: these can only tighten what stands above",
    [SET_APPROVALS] = ", approvals: these turn an ask into an allow",
};

static const char *const layer_titles[] = {
    [LAYER_CORE] = "built in: askfirst itself, which nothing can lift",
    [LAYER_SYSTEM] = "the system's",
    [LAYER_USER] = "yours",
    [LAYER_EXTENDED] = "what those extend",
    [LAYER_PROJECT] = "the project's: it can only tighten",
    [LAYER_APPROVALS] = "what was approved for always",
};

/* `limits:`, with what 0 means left out. */
struct limit_name {
    const char *name;
    size_t offset;
    const char *unit;
};

static const struct limit_name limit_names[] = {
    {"memory", offsetof(struct limits, memory), " bytes"},
    {"processes", offsetof(struct limits, processes), ""},
    {"file_size", offsetof(struct limits, file_size), " bytes"},
    {"open_files", offsetof(struct limits, open_files), ""},
    {"time", offsetof(struct limits, seconds), " s"},
    {"cpu", offsetof(struct limits, cpu_seconds), " s"},
};

enum { LIMITS = sizeof limit_names / sizeof *limit_names };

static uint64_t limit_of(const struct policy *policy, size_t i)
{
    return *(const uint64_t *)(const void *)((const char *)&policy->limits + limit_names[i].offset);
}

/* ---- For people ---- */

static void print_patterns(const struct rule *rule)
{
    for (size_t i = 0; i < rule->patterns.count; i++) {
        printf("%*s", SHOWN_PLACE + 8, "");
        shown_print(rule->patterns.items[i].text, TEXT_LIMIT);
        putchar('\n');
    }
}

/* The reason is said once for the items that share it. */
static bool has_same_reason(const struct rule *rule, const struct rule *before)
{
    return before && before->because && strcmp(rule->because, before->because) == 0;
}

static void print_rule(const struct rule *rule, const struct rule *before, bool patterns)
{
    shown_place(&rule->place);
    printf("%-6s ", verdict_name(rule->verdict));
    shown_print(rule->text, TEXT_LIMIT);
    if (rule->because && !has_same_reason(rule, before)) {
        fputs("  # ", stdout);
        shown_print(rule->because, TEXT_LIMIT);
    }
    putchar('\n');
    if (patterns) print_patterns(rule);
}

static bool was_said(const struct place *place)
{
    return place->file && *place->file;
}

static void print_otherwise(const struct policy *policy, enum rule_set set, enum act_kind act)
{
    if (set == SET_MAIN && !was_said(&policy->otherwise_place[set][act]))
        printf("  %-*s%-6s otherwise, as nobody said anything\n", SHOWN_PLACE - 1, "", "ask");
    else if (set == SET_MAIN || policy->has_otherwise[set][act]) {
        shown_place(&policy->otherwise_place[set][act]);
        printf("%-6s otherwise\n", verdict_name(policy->otherwise[set][act]));
    }
}

static void print_section(const struct policy *policy, enum rule_set set, enum act_kind act, bool patterns)
{
    size_t count = 0;
    const struct rule *before = NULL;
    for (size_t i = 0; i < policy->rule_count; i++) {
        const struct rule *rule = &policy->rules[i];
        if (rule->set != set || rule->act != act) continue;
        if (!count++) printf("\n%s%s\n", act_name(act), set_titles[set]);
        print_rule(rule, before, patterns);
        before = rule;
    }
    if (!count && set != SET_MAIN && !policy->has_otherwise[set][act]) return;
    if (!count) printf("\n%s%s\n", act_name(act), set_titles[set]);
    print_otherwise(policy, set, act);
}

static void print_strings(const char *what, const struct strings *strings)
{
    if (!strings->count) return;
    printf("  %s", what);
    for (size_t i = 0; i < strings->count; i++) {
        putchar(' ');
        shown_print(strings->items[i], TEXT_LIMIT);
    }
    putchar('\n');
}

static void print_env(const struct policy *policy)
{
    for (size_t i = 0; i < policy->env_count; i++) {
        const struct env_rules *env = &policy->env[i];
        if (!env->drop.count && !env->keep.count && !env->set.count) continue;
        printf("\nenv, from %s\n", layer_titles[env->layer]);
        print_strings("keep", &env->keep);
        print_strings("drop", &env->drop);
        print_strings("set", &env->set);
    }
}

static void print_settings(const struct policy *policy)
{
    bool any = false;
    for (size_t i = 0; i < LIMITS; i++) {
        uint64_t limit = limit_of(policy, i);
        if (!limit) continue;
        if (!any) puts("\nlimits");
        any = true;
        printf("  %-10s %" PRIu64 "%s\n", limit_names[i].name, limit, limit_names[i].unit);
    }
    puts("\nask");
    if (policy->ask_timeout_seconds)
        printf("  timeout    %" PRIu64 " s\n", policy->ask_timeout_seconds);
    else
        puts("  timeout    never");
    printf("  refusals   %s\n", policy->refusals_sticky ? "sticky" : "once");
}

static void print_files(const struct policy *policy)
{
    puts("files, strongest first");
    for (size_t i = 0; i < policy->file_count; i++) {
        char *name cleanup_free = show_string(policy->files[i].name, 0);
        bool chosen = policy->files[i].layer == LAYER_USER && policy->files[i].built_in;
        printf("  %-24s %s\n", name, chosen ? "built in" : layer_titles[policy->files[i].layer]);
    }
}

void policy_show(const struct policy *policy, bool patterns)
{
    print_files(policy);
    for (int set = SET_MAIN; set < RULE_SETS; set++)
        for (int act = 0; act < ACT_KINDS; act++)
            print_section(policy, (enum rule_set)set, (enum act_kind)act, patterns);
    print_env(policy);
    print_settings(policy);
}

/* ---- For programs ---- */

static void json_strings(struct json *json, const char *key, const struct strings *strings)
{
    if (!strings->count) return;
    json_open(json, key, '[');
    for (size_t i = 0; i < strings->count; i++)
        shown_json(json, NULL, strings->items[i]);
    json_close(json, ']');
}

static void json_patterns(struct json *json, const char *key, const struct patterns *patterns)
{
    if (!patterns->count) return;
    json_open(json, key, '[');
    for (size_t i = 0; i < patterns->count; i++)
        shown_json(json, NULL, patterns->items[i].text);
    json_close(json, ']');
}

static void json_place(struct json *json, const struct place *place)
{
    shown_json(json, "file", place->file);
    json_number(json, "line", place->line);
    json_number(json, "column", place->column);
}

static void json_rule(struct json *json, const struct rule *rule)
{
    json_open(json, NULL, '{');
    json_string(json, "act", act_name(rule->act));
    json_string(json, "verdict", verdict_name(rule->verdict));
    json_string(json, "set", set_names[rule->set]);
    json_string(json, "layer", layer_names[rule->layer]);
    json_place(json, &rule->place);
    shown_json(json, "text", rule->text);
    if (rule->because) shown_json(json, "because", rule->because);
    json_patterns(json, "patterns", &rule->patterns);
    json_strings(json, "words", &rule->words);
    json_strings(json, "options", &rule->options);
    json_strings(json, "without", &rule->without);
    json_strings(json, "shell", &rule->shell);
    json_patterns(json, "cwd", &rule->cwd);
    json_patterns(json, "parent", &rule->parent);
    json_patterns(json, "program", &rule->program);
    json_close(json, '}');
}

static void json_otherwise(struct json *json, const struct policy *policy, enum rule_set set)
{
    json_open(json, set == SET_MAIN ? "otherwise" : "project_otherwise", '{');
    for (int act = 0; act < ACT_KINDS; act++) {
        if (set != SET_MAIN && !policy->has_otherwise[set][act]) continue;
        json_open(json, act_name((enum act_kind)act), '{');
        json_string(json, "verdict", verdict_name(policy->otherwise[set][act]));
        if (was_said(&policy->otherwise_place[set][act]))
            json_place(json, &policy->otherwise_place[set][act]);
        json_close(json, '}');
    }
    json_close(json, '}');
}

static void json_settings(struct json *json, const struct policy *policy)
{
    json_open(json, "env", '[');
    for (size_t i = 0; i < policy->env_count; i++) {
        json_open(json, NULL, '{');
        json_string(json, "layer", layer_names[policy->env[i].layer]);
        json_strings(json, "keep", &policy->env[i].keep);
        json_strings(json, "drop", &policy->env[i].drop);
        json_strings(json, "set", &policy->env[i].set);
        json_close(json, '}');
    }
    json_close(json, ']');
    json_open(json, "limits", '{');
    for (size_t i = 0; i < LIMITS; i++)
        if (limit_of(policy, i)) json_number(json, limit_names[i].name, limit_of(policy, i));
    json_close(json, '}');
    json_open(json, "ask", '{');
    json_number(json, "timeout", policy->ask_timeout_seconds);
    json_string(json, "refusals", policy->refusals_sticky ? "sticky" : "once");
    json_close(json, '}');
}

static void json_files(struct json *json, const struct policy *policy)
{
    json_open(json, "files", '[');
    for (size_t i = 0; i < policy->file_count; i++) {
        const struct policy_file *file = &policy->files[i];
        char digest[2 * sizeof file->sha256 + 1];
        for (size_t k = 0; k < sizeof file->sha256; k++)
            snprintf(digest + 2 * k, 3, "%02x", file->sha256[k]);
        json_open(json, NULL, '{');
        shown_json(json, "name", file->name);
        json_string(json, "layer", layer_names[file->layer]);
        json_number(json, "size", file->size);
        json_string(json, "sha256", digest);
        json_close(json, '}');
    }
    json_close(json, ']');
}

void policy_show_json(const struct policy *policy)
{
    struct json json = {0};
    json_open(&json, NULL, '{');
    json_files(&json, policy);
    json_open(&json, "rules", '[');
    for (size_t i = 0; i < policy->rule_count; i++)
        json_rule(&json, &policy->rules[i]);
    json_close(&json, ']');
    json_otherwise(&json, policy, SET_MAIN);
    json_otherwise(&json, policy, SET_PROJECT);
    json_settings(&json, policy);
    json_close(&json, '}');
    puts(json.text.data);
    text_free(&json.text);
}
