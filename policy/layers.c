/* layers.c: puts the files of a policy together, strongest first, and says what is wrong with the whole. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "image.h"
#include "load.h"
#include "scout.h"
#include "seen.h"

#define SYSTEM_FILE "/etc/askfirst/policy.yaml"

/* A file in the order of strength. */
struct ranked {
    struct loaded *file;
    enum layer layer;
    enum rule_set set;
};

struct stack {
    struct arena *arena;
    struct ranked *items;
    size_t count;
};

/* A file that is met twice counts at its first place. */
static void push(struct stack *stack, struct loaded *file, enum layer layer, enum rule_set set)
{
    if (!file) return;
    for (size_t i = 0; i < stack->count; i++)
        if (stack->items[i].file == file) return;
    stack->items = arena_grow(stack->arena, stack->items, stack->count, sizeof *stack->items);
    stack->items[stack->count++] = (struct ranked){file, layer, set};
}

static void push_extended(struct stack *stack, const struct loaded *file)
{
    for (struct loaded *next = file ? file->extends : NULL; next; next = next->extends)
        push(stack, next, LAYER_EXTENDED, SET_MAIN);
}

/* The file that is named, else the usual one if it is there. */
static struct loaded *load_usual(struct reader *reader, const char *named, const char *directory,
                                 const char *name, enum file_kind kind)
{
    if (named) return load_path(reader, named, kind, MISSING_IS_ERROR);
    if (reader->options->no_files) return NULL;
    return load_path(reader, arena_format(reader->arena, "%s%s", directory, name), kind, MISSING_IS_FINE);
}

static struct loaded *load_user(struct reader *reader)
{
    const char *named = reader->options->policy_file;
    if (named && (strcmp(named, "default") == 0 || strcmp(named, "strict") == 0))
        return load_builtin(reader, named);
    return load_usual(reader, named, reader->options->places->config_dir, "/askfirst/policy.yaml",
                      FILE_POLICY);
}

static void load_stack(struct reader *reader, struct stack *stack)
{
    const struct policy_options *options = reader->options;
    struct loaded *system = load_usual(reader, options->system_file, "", SYSTEM_FILE, FILE_POLICY);
    struct loaded *user = load_user(reader);
    push(stack, load_builtin(reader, "core"), LAYER_CORE, SET_MAIN);
    push(stack, system, LAYER_SYSTEM, SET_MAIN);
    push(stack, user, LAYER_USER, SET_MAIN);
    if (!system && !user) push(stack, load_builtin(reader, "default"), LAYER_EXTENDED, SET_MAIN);
    push_extended(stack, user);
    push_extended(stack, system);
    push(stack,
         load_usual(reader, options->project_file, options->places->workspace, "/.askfirst.yaml",
                    FILE_PROJECT),
         LAYER_PROJECT, SET_PROJECT);
    push(stack,
         load_usual(reader, options->approvals_file, options->places->config_dir, "/askfirst/approvals.yaml",
                    FILE_APPROVALS),
         LAYER_APPROVALS, SET_APPROVALS);
}

static void add_rules(struct policy *policy, const struct stack *stack)
{
    size_t count = 0;
    for (size_t i = 0; i < stack->count; i++)
        count += stack->items[i].file->rule_count;
    policy->rules = arena_take(stack->arena, count, sizeof *policy->rules);
    for (size_t i = 0; i < stack->count; i++) {
        const struct ranked *ranked = &stack->items[i];
        for (size_t k = 0; k < ranked->file->rule_count; k++) {
            struct rule *rule = &policy->rules[policy->rule_count++];
            *rule = ranked->file->rules[k];
            rule->layer = ranked->layer;
            rule->set = ranked->set;
        }
    }
}

static void add_commands(struct policy *policy, const struct stack *stack, const struct loaded *builtin)
{
    size_t count = builtin->command_count;
    for (size_t i = 0; i < stack->count; i++)
        count += stack->items[i].file->command_count;
    policy->usual_commands = count == builtin->command_count;
    policy->commands = arena_take(stack->arena, count, sizeof *policy->commands);
    for (size_t i = 0; i <= stack->count; i++) {
        const struct loaded *file = i < stack->count ? stack->items[i].file : builtin;
        for (size_t k = 0; k < file->command_count; k++)
            policy->commands[policy->command_count++] = file->commands[k];
    }
}

static void add_tests(struct policy *policy, const struct stack *stack)
{
    size_t count = 0;
    for (size_t i = 0; i < stack->count; i++)
        count += stack->items[i].file->test_count;
    policy->tests = arena_take(stack->arena, count, sizeof *policy->tests);
    for (size_t i = 0; i < stack->count; i++) {
        for (size_t k = 0; k < stack->items[i].file->test_count; k++) {
            struct policy_test *test = &policy->tests[policy->test_count++];
            *test = stack->items[i].file->tests[k];
            test->layer = stack->items[i].layer;
            test->built_in = stack->items[i].file->directory == NULL;
        }
    }
}

static void add_files(struct policy *policy, const struct stack *stack)
{
    policy->files = arena_take(stack->arena, stack->count, sizeof *policy->files);
    policy->env = arena_take(stack->arena, stack->count, sizeof *policy->env);
    for (size_t i = 0; i < stack->count; i++) {
        const struct loaded *file = stack->items[i].file;
        struct policy_file *into = &policy->files[policy->file_count++];
        into->name = arena_string(stack->arena, file->name);
        into->layer = stack->items[i].layer;
        into->built_in = file->directory == NULL;
        into->size = file->size;
        memcpy(into->sha256, file->sha256, sizeof into->sha256);
        if (!file->env.drop.count && !file->env.keep.count && !file->env.set.count) continue;
        policy->env[policy->env_count] = file->env;
        policy->env[policy->env_count++].layer = stack->items[i].layer;
    }
}

static void combine_otherwise(struct policy *policy, const struct stack *stack)
{
    for (size_t act = 0; act < ACT_KINDS; act++) {
        for (size_t set = 0; set < RULE_SETS; set++) {
            policy->otherwise[set][act] = VERDICT_ASK;
            policy->otherwise_place[set][act].file = "";
        }
        for (size_t i = 0; i < stack->count; i++) {
            const struct ranked *ranked = &stack->items[i];
            if (!ranked->file->has_otherwise[act] || policy->has_otherwise[ranked->set][act]) continue;
            policy->has_otherwise[ranked->set][act] = true;
            policy->otherwise[ranked->set][act] = ranked->file->otherwise[act];
            policy->otherwise_place[ranked->set][act] = ranked->file->otherwise_place[act];
        }
    }
}

/* What the strongest layer says that says anything. */
static struct said strongest(const struct stack *stack, size_t offset)
{
    for (size_t i = 0; i < stack->count; i++) {
        const struct said *said = (const struct said *)((const char *)stack->items[i].file + offset);
        if (stack->items[i].set == SET_MAIN && said->is_said) return *said;
    }
    return (struct said){0};
}

static const struct loaded *find_project(const struct stack *stack)
{
    for (size_t i = 0; i < stack->count; i++)
        if (stack->items[i].set == SET_PROJECT) return stack->items[i].file;
    return NULL;
}

static uint64_t lower(uint64_t main, const struct said *project)
{
    return project && project->is_said && (main == 0 || project->value < main) ? project->value : main;
}

static void combine_limits(struct policy *policy, const struct stack *stack)
{
    uint64_t *const into[LIMITS] = {
        [LIMIT_MEMORY] = &policy->limits.memory,       [LIMIT_PROCESSES] = &policy->limits.processes,
        [LIMIT_FILE_SIZE] = &policy->limits.file_size, [LIMIT_OPEN_FILES] = &policy->limits.open_files,
        [LIMIT_TIME] = &policy->limits.seconds,        [LIMIT_CPU] = &policy->limits.cpu_seconds,
    };
    const struct loaded *project = find_project(stack);
    for (size_t i = 0; i < LIMITS; i++) {
        uint64_t main = strongest(stack, offsetof(struct loaded, limits) + i * sizeof(struct said)).value;
        *into[i] = lower(main, project ? &project->limits[i] : NULL);
    }
}

static void combine_ask(struct policy *policy, const struct stack *stack, struct diagnostics *diagnostics)
{
    const struct loaded *project = find_project(stack);
    struct said timeout = strongest(stack, offsetof(struct loaded, ask_timeout));
    struct said refusals = strongest(stack, offsetof(struct loaded, refusals_sticky));
    policy->ask_timeout_seconds = lower(timeout.value, project ? &project->ask_timeout : NULL);
    policy->refusals_sticky =
        !refusals.is_said || refusals.value == 1 || (project && project->refusals_sticky.is_said);
    if (project && project->ask_timeout.is_said && timeout.value &&
        project->ask_timeout.value > timeout.value)
        diagnostics_add(diagnostics, SEVERITY_ERROR, project->ask_timeout.place,
                        "a project file can only tighten: make the timeout at most the policy's %" PRIu64
                        " seconds, or remove it",
                        timeout.value);
}

static struct policy *build_policy(struct arena *arena, const struct policy_options *options,
                                   struct diagnostics *diagnostics)
{
    struct so_far so_far = {.seen = options->no_links ? NULL : seen_new(arena)};
    struct reader reader = {
        .arena = arena, .diagnostics = diagnostics, .options = options, .so_far = &so_far};
    struct stack stack = {.arena = arena};
    struct loaded *commands = load_builtin(&reader, "commands");
    load_stack(&reader, &stack);
    if (options->scout) scout_recall(options->scout);
    struct policy *policy = arena_take(arena, 1, sizeof *policy);
    policy->memory = arena;
    add_rules(policy, &stack);
    add_commands(policy, &stack, commands);
    add_tests(policy, &stack);
    add_files(policy, &stack);
    combine_otherwise(policy, &stack);
    combine_limits(policy, &stack);
    combine_ask(policy, &stack, diagnostics);
    return policy;
}

static struct policy *load_into(struct arena *arena, const struct policy_options *options,
                                struct diagnostics *diagnostics)
{
    jmp_buf no_memory;
    if (setjmp(no_memory) != 0) {
        diagnostics_add(diagnostics, SEVERITY_ERROR, (struct place){0},
                        "there is not enough memory to read it: make it smaller");
        return NULL;
    }
    arena_on_failure(arena, &no_memory);
    return build_policy(arena, options, diagnostics);
}

/* The policy's own tests, on the whole. */
static void compile_and_test(const struct policy *policy, const struct policy_options *options,
                             struct image **image, size_t *size, struct diagnostics *diagnostics)
{
    if (policy_compile(policy, image, size, diagnostics) == 0 && !options->no_tests)
        policy_run_tests(policy, *image, options->places, diagnostics);
}

struct policy *policy_load_image(const struct policy_options *options, struct image **image, size_t *size,
                                 struct diagnostics *diagnostics)
{
    size_t errors_before = diagnostics->errors;
    struct arena *arena = arena_new();
    struct policy *policy = arena ? load_into(arena, options, diagnostics) : NULL;
    *image = NULL;
    if (policy && diagnostics->errors == errors_before)
        compile_and_test(policy, options, image, size, diagnostics);
    diagnostics_sort(diagnostics);
    if (policy && diagnostics->errors == errors_before) return policy;
    if (!arena)
        diagnostics_add(diagnostics, SEVERITY_ERROR, (struct place){0},
                        "there is not enough memory to read it");
    free(*image);
    *image = NULL;
    arena_free(arena);
    return NULL;
}

struct policy *policy_load(const struct policy_options *options, struct diagnostics *diagnostics)
{
    struct image *image;
    size_t size;
    struct policy *policy = policy_load_image(options, &image, &size, diagnostics);
    free(image);
    return policy;
}

void policy_free(struct policy *policy)
{
    if (policy) arena_free(policy->memory);
}
