/* test_packed.c: what is built in is what its YAML says: the same tree, the same image; and from its reading
 * the same policy as from its tree. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../policy/load.h"
#include "../../policy/sha256.h"

#define EMBED(name)                                                                                          \
    __asm__(".pushsection .rodata\n" #name "_yaml:\n.incbin \"policy/" #name ".yaml\"\n" #name               \
            "_yaml_end:\n.byte 0\n.popsection\n");                                                           \
    extern const char name##_yaml[] __attribute__((visibility("hidden")));                                   \
    extern const char name##_yaml_end[] __attribute__((visibility("hidden")))
EMBED(core);
EMBED(default);
EMBED(strict);
EMBED(commands);

static const struct {
    const char *name;
    const char *begin;
    const char *end;
} sources[] = {
    {"core", core_yaml, core_yaml_end},
    {"default", default_yaml, default_yaml_end},
    {"strict", strict_yaml, strict_yaml_end},
    {"commands", commands_yaml, commands_yaml_end},
};
#define SOURCES (sizeof sources / sizeof *sources)

/* What is taken from `arena` can be had, or the test has failed. */
struct memory {
    struct arena *arena;
    jmp_buf none;
};

static void take_memory(struct memory *memory)
{
    memory->arena = arena_new();
    assert_non_null(memory->arena);
    if (setjmp(memory->none)) fail_msg("there is no memory");
    arena_on_failure(memory->arena, &memory->none);
}

static const struct packed *packed_source(size_t i)
{
    const struct packed *packed = packed_policy(sources[i].name);
    assert_non_null(packed);
    return packed;
}

static struct node *yaml_tree(struct arena *arena, size_t i)
{
    struct diagnostics diagnostics = {0};
    struct node *root = tree_read(arena, packed_source(i)->file, sources[i].begin,
                                  (size_t)(sources[i].end - sources[i].begin), &diagnostics);
    assert_int_equal(diagnostics.count, 0);
    assert_non_null(root);
    return root;
}

static size_t same_nodes(const struct node *a, const struct node *b)
{
    size_t nodes = 1;
    assert_int_equal(a->kind, b->kind);
    assert_string_equal(a->place.file, b->place.file);
    assert_int_equal(a->place.line, b->place.line);
    assert_int_equal(a->place.column, b->place.column);
    assert_int_equal(a->count, b->count);
    assert_int_equal(a->unfolded, b->unfolded);
    assert_true(a->finished && b->finished);
    if (a->kind == NODE_SCALAR) assert_string_equal(a->text, b->text);
    for (size_t i = 0; i < a->count; i++) {
        if (a->kind == NODE_MAP) nodes += same_nodes(a->keys[i], b->keys[i]);
        nodes += same_nodes(a->items[i], b->items[i]);
    }
    return nodes;
}

static void the_trees_are_those_of_the_yaml(void **state)
{
    (void)state;
    for (size_t i = 0; i < SOURCES; i++) {
        struct memory memory;
        take_memory(&memory);
        size_t nodes =
            same_nodes(yaml_tree(memory.arena, i), packed_tree(memory.arena, packed_source(i), NULL));
        assert_true(nodes > 20);
        arena_free(memory.arena);
    }
    assert_null(packed_policy("nothing"));
}

static void sizes_and_sums_are_those_of_the_yaml(void **state)
{
    (void)state;
    for (size_t i = 0; i < SOURCES; i++) {
        unsigned char sum[32];
        size_t size = (size_t)(sources[i].end - sources[i].begin);
        sha256(sources[i].begin, size, sum);
        assert_int_equal(packed_source(i)->source_size, size);
        assert_memory_equal(packed_source(i)->source_sha256, sum, sizeof sum);
    }
}

static void only_the_key_that_nobody_wants_is_left_out(void **state)
{
    struct memory memory;
    (void)state;
    take_memory(&memory);
    struct node *whole = yaml_tree(memory.arena, 1);
    struct node *less = packed_tree(memory.arena, packed_source(1), "tests");
    assert_non_null(tree_value(whole, "tests"));
    assert_null(tree_value(less, "tests"));
    assert_int_equal(less->count, whole->count - 1);
    for (size_t i = 0; i < less->count; i++)
        same_nodes(less->items[i], tree_value(whole, less->keys[i]->text));
    same_nodes(whole, packed_tree(memory.arena, packed_source(1), "no such key"));
    arena_free(memory.arena);
}

static const struct places places = {
    .home = "/home/ada",
    .user = "ada",
    .workspace = "/home/ada/work",
    .tmp = "/tmp",
    .runtime_dir = "/run/user/7",
    .config_dir = "/home/ada/.config",
    .cache_dir = "/home/ada/.cache",
    .data_dir = "/home/ada/.local/share",
    .state_dir = "/home/ada/.local/state",
    .session_dir = "/run/user/7/askfirst/s",
    .install_dir = "/usr/lib/askfirst",
    .search_path = "/nowhere",
};

enum form { FORM_YAML, FORM_PACKED };

static struct image *image_of(size_t i, enum form form, size_t *size)
{
    const struct policy_options options = {
        .places = &places, .no_files = true, .no_links = true, .all_tests = true};
    struct diagnostics diagnostics = {0};
    struct so_far so_far = {0};
    struct loaded file = {.name = packed_source(i)->file, .identity = "one of them"};
    struct image *image = NULL;
    struct memory memory;
    take_memory(&memory);
    struct reader reader = {.arena = memory.arena,
                            .diagnostics = &diagnostics,
                            .options = &options,
                            .file = &file,
                            .so_far = &so_far};
    if (form == FORM_YAML)
        read_file(&reader, sources[i].begin, (size_t)(sources[i].end - sources[i].begin));
    else
        read_packed(&reader, packed_source(i));
    struct policy policy = {.rules = file.rules,
                            .rule_count = file.rule_count,
                            .commands = file.commands,
                            .command_count = file.command_count,
                            .tests = file.tests,
                            .test_count = file.test_count};
    assert_true(policy.rule_count + policy.command_count > 0);
    assert_int_equal(policy_compile(&policy, &image, size, &diagnostics), 0);
    assert_int_equal(diagnostics.count, 0);
    arena_free(memory.arena);
    return image;
}

static void the_images_are_those_of_the_yaml(void **state)
{
    (void)state;
    for (size_t i = 0; i < SOURCES; i++) {
        size_t size[2];
        struct image *yaml = image_of(i, FORM_YAML, &size[0]);
        struct image *packed = image_of(i, FORM_PACKED, &size[1]);
        assert_int_equal(size[0], size[1]);
        assert_memory_equal(yaml, packed, size[0]);
        free(yaml);
        free(packed);
    }
}

/* ---- Readings ---- */

enum taken { FROM_TREES, FROM_READINGS };

static struct policy *policy_of(const char *name, const struct places *at, enum taken taken,
                                struct image **image, size_t *size)
{
    const struct policy_options options = {.places = at,
                                           .policy_file = name,
                                           .no_files = true,
                                           .no_tests = true,
                                           .all_tests = taken == FROM_TREES};
    struct diagnostics diagnostics = {0};
    struct policy *policy = policy_load_image(&options, image, size, &diagnostics);
    diagnostics_print(&diagnostics, stderr);
    assert_int_equal(diagnostics.count, 0);
    assert_non_null(policy);
    return policy;
}

static void same_strings(const struct strings *a, const struct strings *b)
{
    assert_int_equal(a->count, b->count);
    for (size_t i = 0; i < a->count; i++)
        assert_string_equal(a->items[i], b->items[i]);
}

static void same_commands(const struct policy *a, const struct policy *b)
{
    assert_int_equal(a->command_count, b->command_count);
    for (size_t i = 0; i < a->command_count; i++) {
        const struct command *one = &a->commands[i], *other = &b->commands[i];
        same_strings(&one->names, &other->names);
        same_strings(&one->same, &other->same);
        assert_string_equal(one->place.file, other->place.file);
        assert_int_equal(one->place.line, other->place.line);
        assert_int_equal(one->kind, other->kind);
        assert_int_equal(one->skip_words, other->skip_words);
        assert_int_equal(one->subcommands, other->subcommands);
        assert_int_equal(one->single_dash, other->single_dash);
    }
}

static void same_policies(const struct policy *a, const struct policy *b)
{
    assert_int_equal(a->env_count, b->env_count);
    for (size_t i = 0; i < a->env_count; i++) {
        same_strings(&a->env[i].drop, &b->env[i].drop);
        same_strings(&a->env[i].keep, &b->env[i].keep);
        same_strings(&a->env[i].set, &b->env[i].set);
    }
    assert_memory_equal(&a->limits, &b->limits, sizeof a->limits);
    assert_int_equal(a->ask_timeout_seconds, b->ask_timeout_seconds);
    assert_int_equal(a->refusals_sticky, b->refusals_sticky);
    same_commands(a, b);
}

/* The image has all of the rules, and where they were written. */
static void hold_against_trees(const char *name, const struct places *at)
{
    size_t sizes[2];
    struct image *images[2];
    struct policy *trees = policy_of(name, at, FROM_TREES, &images[0], &sizes[0]);
    struct policy *readings = policy_of(name, at, FROM_READINGS, &images[1], &sizes[1]);
    assert_int_equal(sizes[0], sizes[1]);
    assert_memory_equal(images[0], images[1], sizes[0]);
    same_policies(trees, readings);
    for (size_t i = 0; i < 2; i++)
        free(images[i]);
    policy_free(trees);
    policy_free(readings);
}

static void readings_come_to_what_the_trees_do(void **state)
{
    struct places here, few = places, odd = places, root = places;
    (void)state;
    assert_int_equal(places_find(&here, NULL), 0);
    few.runtime_dir = few.session_dir = few.install_dir = NULL;
    odd.home = "/home/a[d]a*";
    odd.user = "a*";
    odd.workspace = "/home/a[d]a*/w?rk\\";
    root.home = root.workspace = "/";
    const struct places *const all[] = {&here, &places, &few, &odd, &root};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        hold_against_trees("default", all[i]);
        hold_against_trees("strict", all[i]);
    }
    places_free(&here);
}

static void what_makes_a_pattern_too_long_is_an_error_in_both(void **state)
{
    static char deep[4090];
    (void)state;
    for (size_t i = 0; i < sizeof deep - 1; i++)
        deep[i] = i % 20 ? 'x' : '/';
    struct places at = places;
    at.home = deep;
    for (int taken = FROM_TREES; taken <= FROM_READINGS; taken++) {
        const struct policy_options options = {.places = &at,
                                               .policy_file = "default",
                                               .no_files = true,
                                               .no_links = true,
                                               .all_tests = taken == FROM_TREES};
        struct diagnostics diagnostics = {0};
        assert_null(policy_load(&options, &diagnostics));
        assert_true(diagnostics.errors > 0);
        diagnostics_free(&diagnostics);
    }
}

static void what_is_known_of_commands_is_what_the_compiler_makes_of_it(void **state)
{
    struct image *image, *made;
    size_t size, made_size;
    struct diagnostics diagnostics = {0};
    (void)state;
    struct policy *policy = policy_of("default", &places, FROM_READINGS, &image, &size);
    assert_true(policy->usual_commands);
    policy->usual_commands = false;
    assert_int_equal(policy_compile(policy, &made, &made_size, &diagnostics), 0);
    assert_int_equal(size, made_size);
    assert_memory_equal(image, made, size);
    free(image);
    free(made);
    policy_free(policy);
}

/* A user's file may use the variables of what it extends. */
static void a_reading_has_its_variables(void **state)
{
    struct memory memory;
    (void)state;
    take_memory(&memory);
    const struct policy_options options = {.places = &places, .no_files = true, .no_links = true};
    struct diagnostics diagnostics = {0};
    struct so_far so_far = {0};
    struct reader reader = {
        .arena = memory.arena, .diagnostics = &diagnostics, .options = &options, .so_far = &so_far};
    const struct loaded *file = load_builtin(&reader, "default");
    assert_non_null(file);
    assert_string_equal(file->variables.items[0].name, "vaults");
    assert_string_equal(file->variables.items[0].pattern.items[0], "/home/ada/.ssh/**");
    arena_free(memory.arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_trees_are_those_of_the_yaml),
        cmocka_unit_test(sizes_and_sums_are_those_of_the_yaml),
        cmocka_unit_test(only_the_key_that_nobody_wants_is_left_out),
        cmocka_unit_test(the_images_are_those_of_the_yaml),
        cmocka_unit_test(readings_come_to_what_the_trees_do),
        cmocka_unit_test(what_makes_a_pattern_too_long_is_an_error_in_both),
        cmocka_unit_test(what_is_known_of_commands_is_what_the_compiler_makes_of_it),
        cmocka_unit_test(a_reading_has_its_variables),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
