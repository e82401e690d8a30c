/* test_reference.c: the image decides as the reference does, over generated policies and acts.
 *
 * A disagreement is shown small: rules and arguments that do not matter to it are dropped first.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "generate.h"
#include "print.h"
#include "reference.h"

#define POLICIES 900
#define ACTS_PER_POLICY 60

static struct generator generator;

/* What the two say of one act, and the parts of a command line with it. */
struct saying {
    struct decision decision;
    struct runs runs;
    size_t script;
    const char *text;
};

static struct image *compiled(const struct policy *policy)
{
    struct diagnostics diagnostics = {0};
    struct image *image = NULL;
    size_t size;
    const char *why;
    if (policy_compile(policy, &image, &size, &diagnostics) != 0 || !image_check(image, size, &why)) {
        diagnostics_print(&diagnostics, stderr);
        print_policy(stderr, policy);
        fail_msg("a generated policy does not compile");
    }
    diagnostics_free(&diagnostics);
    return image;
}

static void ask_image(const struct image *image, const struct act *act, struct saying *says)
{
    memset(says, 0, sizeof *says);
    policy_decide(image, act, &says->decision, NULL);
    if (act->kind != ACT_EXEC) return;
    command_runs(image, act, &says->runs);
    says->script = command_script(image, act);
    says->text = command_shell_text(image, act);
}

static void ask_reference(const struct policy *policy, const struct act *act, struct saying *says)
{
    memset(says, 0, sizeof *says);
    reference_decide(policy, act, &says->decision);
    if (act->kind != ACT_EXEC) return;
    reference_runs(policy, act, &says->runs);
    says->script = reference_script(policy, act);
    says->text = reference_shell_text(policy, act);
}

static bool agree(const struct saying *one, const struct saying *other)
{
    return one->decision.verdict == other->decision.verdict && one->decision.rule == other->decision.rule &&
           one->decision.needs == other->decision.needs && one->runs.kind == other->runs.kind &&
           one->runs.shift == other->runs.shift && one->script == other->script && one->text == other->text;
}

static bool disagree_over(const struct policy *policy, const struct act *act)
{
    struct saying image_says;
    struct saying reference_says;
    struct image *image = compiled(policy);
    ask_image(image, act, &image_says);
    ask_reference(policy, act, &reference_says);
    free(image);
    return !agree(&image_says, &reference_says);
}

/* ---- A small report ---- */

static void drop_rules(struct policy *policy, const struct act *act)
{
    for (size_t i = policy->rule_count; i-- > 0;) {
        struct rule dropped = policy->rules[i];
        size_t behind = policy->rule_count - i - 1;
        memmove(&policy->rules[i], &policy->rules[i + 1], behind * sizeof dropped);
        policy->rule_count--;
        if (disagree_over(policy, act)) continue;
        memmove(&policy->rules[i + 1], &policy->rules[i], behind * sizeof dropped);
        policy->rules[i] = dropped;
        policy->rule_count++;
    }
}

static void drop_commands(struct policy *policy, const struct act *act)
{
    for (size_t i = policy->command_count; i-- > 0;) {
        struct command dropped = policy->commands[i];
        size_t behind = policy->command_count - i - 1;
        memmove(&policy->commands[i], &policy->commands[i + 1], behind * sizeof dropped);
        policy->command_count--;
        if (disagree_over(policy, act)) continue;
        memmove(&policy->commands[i + 1], &policy->commands[i], behind * sizeof dropped);
        policy->commands[i] = dropped;
        policy->command_count++;
    }
}

static void drop_arguments(const struct policy *policy, struct made_act *made)
{
    for (size_t i = made->act.argc; i-- > 1;) {
        struct made_act without = *made;
        without.act.argv = without.argv;
        memmove(&without.argv[i], &without.argv[i + 1], (made->act.argc - i - 1) * sizeof *without.argv);
        without.act.argc--;
        if (!disagree_over(policy, &without.act)) continue;
        memcpy(made->argv, without.argv, sizeof made->argv);
        made->act.argc--;
    }
}

static void print_decision(FILE *to, const struct decision *decision)
{
    fprintf(to, "%s by ", printed_verdicts[decision->verdict]);
    if (decision->rule == RULE_NONE)
        fprintf(to, "otherwise");
    else
        fprintf(to, "rule %u", decision->rule + 1);
    fprintf(to, " needs %#x", decision->needs);
}

static void print_saying(const char *who, const struct saying *says)
{
    fprintf(stderr, "%s: ", who);
    print_decision(stderr, &says->decision);
    fprintf(stderr, "; runs %d+%zu, script %zd, text %s\n", (int)says->runs.kind, says->runs.shift,
            (ssize_t)says->script, says->text ? says->text : "none");
}

static void report(struct policy *policy, struct made_act *made)
{
    struct saying image_says;
    struct saying reference_says;
    drop_rules(policy, &made->act);
    drop_commands(policy, &made->act);
    drop_arguments(policy, made);
    number_rules(policy->rules, policy->rule_count);
    struct image *image = compiled(policy);
    ask_image(image, &made->act, &image_says);
    ask_reference(policy, &made->act, &reference_says);
    print_policy(stderr, policy);
    print_act(stderr, &made->act);
    print_saying("image", &image_says);
    print_saying("reference", &reference_says);
    free(image);
}

/* ---- The run ---- */

static void one_policy(void)
{
    struct policy policy;
    make_policy(&generator, &policy);
    struct image *image = compiled(&policy);
    for (size_t i = 0; i < ACTS_PER_POLICY; i++) {
        struct made_act made;
        struct saying image_says;
        struct saying reference_says;
        enum act_kind kind = policy.rules[below(&generator.chance, policy.rule_count)].act;
        make_act(&generator.chance, kind, &made);
        ask_image(image, &made.act, &image_says);
        ask_reference(&policy, &made.act, &reference_says);
        if (agree(&image_says, &reference_says)) continue;
        report(&policy, &made);
        free(image);
        fail_msg("the image and the reference disagree");
    }
    free(image);
}

static void the_image_decides_as_the_reference_does(void **state)
{
    generator.chance.state = *(const uint64_t *)*state;
    for (size_t i = 0; i < POLICIES; i++)
        one_policy();
}

/* The seed is part of a test's name, so that it is told wherever the test is. */
static struct CMUnitTest test_of(uint64_t seed)
{
    static const char name[] = "the_image_decides_as_the_reference_does_seed_";
    uint64_t *state = malloc(sizeof *state);
    char *whole = malloc(sizeof name + 20);
    if (!state || !whole) abort();
    *state = seed;
    sprintf(whole, "%s%#llx", name, (unsigned long long)seed);
    return (struct CMUnitTest){whole, the_image_decides_as_the_reference_does, NULL, NULL, state};
}

/* test_reference [SEED [COUNT]]: some seeds that are always the same, and one from the clock; or the one that
 * is given, and so many that follow from it. */
int main(int argc, char **argv)
{
    static const uint64_t always[] = {0x5eed, 0xa11ce, 0xb0b0};
    size_t count = argc > 2 ? strtoul(argv[2], NULL, 0) : argc > 1 ? 1 : 1 + LENGTH(always);
    if (count == 0) count = 1;
    uint64_t seed = (uint64_t)time(NULL) * 2654435761u | 1;
    if (argc > 1 && strcmp(argv[1], "clock") != 0) seed = strtoull(argv[1], NULL, 0);
    struct CMUnitTest *tests = calloc(count, sizeof *tests);
    if (!tests) abort();
    tests[0] = test_of(seed);
    for (size_t i = 1; i < count; i++)
        tests[i] = test_of(argc > 1 ? (seed += UINT64_C(0x9e3779b97f4a7c16)) : always[i - 1]);
    int failed = _cmocka_run_group_tests("reference", tests, count, NULL, NULL);
    for (size_t i = 0; i < count; i++) {
        free((char *)tests[i].name);
        free(tests[i].initial_state);
    }
    free(tests);
    return failed;
}
