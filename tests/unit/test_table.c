/* test_table.c: every row of tests/policy holds, of the image and of the reference alike. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "reference.h"
#include "rows.h"

#define LEAST_ROWS 350

static const char *const verdict_names[VERDICTS] = {"allow", "ask", "hide", "deny"};
static size_t rows_seen;

struct result {
    size_t failures;
};

static void describe(const struct row_policy *all, const struct decision *decision, char *text, size_t size)
{
    struct image_rule rule;
    const char *file = "otherwise";
    unsigned line = 0;
    if (decision->rule != RULE_NONE && image_rule(all->image, decision->rule, &rule)) {
        file = rule.file;
        line = rule.line;
    }
    snprintf(text, size, "%s by %s:%u needs %x", verdict_names[decision->verdict], file, line,
             decision->needs);
}

static void complain(struct result *result, const struct row *row, const char *who, const char *got)
{
    fprintf(stderr, "%s:%u: %s\n    %s says: %s\n", row->file, row->line, row->text, who, got);
    result->failures++;
}

static void check_decision(struct result *result, const struct row_policy *all, const struct row *row,
                           const char *who, const struct decision *decision)
{
    char got[256];
    if (decision->verdict == row->verdict && decision->needs == row->needs &&
        rows_is_labelled(all, decision->rule, row->label))
        return;
    describe(all, decision, got, sizeof got);
    complain(result, row, who, got);
}

static void check_act(struct result *result, const struct row_policy *all, struct row *row)
{
    struct decision decision;
    char path[1024];
    if (row->act.kind == ACT_EXEC) rows_present(all->image, &row->act, path);
    policy_decide(all->image, &row->act, &decision, NULL);
    check_decision(result, all, row, "the image", &decision);
    reference_decide(all->policy, &row->act, &decision);
    check_decision(result, all, row, "the reference", &decision);
}

static void name_script(size_t script, char *text, size_t size)
{
    if (script == SCRIPT_NONE)
        snprintf(text, size, "none");
    else if (script == SCRIPT_STDIN)
        snprintf(text, size, "stdin");
    else
        snprintf(text, size, "%zu", script);
}

static void name_runs(const struct runs *runs, char *text, size_t size)
{
    static const char *const kinds[] = {"plain", "applet", "loader", "wrapper"};
    if (runs->kind == RUNS_PLAIN)
        snprintf(text, size, "plain");
    else
        snprintf(text, size, "%s:%zu", kinds[runs->kind], runs->shift);
}

static void check_text(struct result *result, const struct row *row, const char *who, const char *got)
{
    if (strcmp(got, row->expected) != 0) complain(result, row, who, got);
}

static void check_splitting(struct result *result, const struct row_policy *all, const struct row *row)
{
    char engine[512] = "none";
    char reference[512] = "none";
    struct runs runs;
    if (row->kind == ROW_SCRIPT) {
        name_script(command_script(all->image, &row->act), engine, sizeof engine);
        name_script(reference_script(all->policy, &row->act), reference, sizeof reference);
    } else if (row->kind == ROW_RUNS) {
        command_runs(all->image, &row->act, &runs);
        name_runs(&runs, engine, sizeof engine);
        reference_runs(all->policy, &row->act, &runs);
        name_runs(&runs, reference, sizeof reference);
    } else {
        const char *text = command_shell_text(all->image, &row->act);
        snprintf(engine, sizeof engine, "%s", text ? text : "none");
        text = reference_shell_text(all->policy, &row->act);
        snprintf(reference, sizeof reference, "%s", text ? text : "none");
    }
    check_text(result, row, "the image", engine);
    check_text(result, row, "the reference", reference);
}

static void check_row(void *context, const struct row_policy *all, struct row *row)
{
    if (row->kind == ROW_ACT)
        check_act(context, all, row);
    else
        check_splitting(context, all, row);
}

static void every_row_holds(void **state)
{
    struct result result = {0};
    rows_seen += rows_read(*state, check_row, &result);
    assert_int_equal(result.failures, 0);
}

static void the_table_is_large(void **state)
{
    (void)state;
    assert_in_range(rows_seen, LEAST_ROWS, 100000);
}

/* Without an argument all tables; else the files named. */
int main(int argc, char **argv)
{
    char *paths[64];
    struct CMUnitTest tests[65];
    size_t count = argc > 1 ? 0 : rows_files(paths, 64);
    for (; count + 1 < (size_t)argc && count < 64; count++)
        paths[count] = strdup(argv[count + 1]);
    for (size_t i = 0; i < count; i++)
        tests[i] = (struct CMUnitTest){paths[i], every_row_holds, NULL, NULL, paths[i]};
    tests[count] = (struct CMUnitTest)cmocka_unit_test(the_table_is_large);
    int failed = _cmocka_run_group_tests("table", tests, argc > 1 ? count : count + 1, NULL, NULL);
    for (size_t i = 0; i < count; i++)
        free(paths[i]);
    return failed;
}
