/* How command lines are read (launcher/options.h). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "../../launcher/options.h"

enum { POLICY, QUIET };

static const struct option table[] = {{POLICY, "policy", "FILE", "a file"},
                                      {QUIET, "quiet", NULL, "say less"}};

enum { WORDS = 8, OUTPUT = 512 };

/* A command line being read, and what was said on standard error about it. */
struct line {
    struct options options;
    char *argv[WORDS];
    char said[OUTPUT];
};

static void begin(struct line *line, ...)
{
    int argc = 0;
    va_list words;
    va_start(words, line);
    memset(line, 0, sizeof *line);
    line->argv[argc++] = (char *)"tool";
    for (char *word; (word = va_arg(words, char *));)
        line->argv[argc++] = word;
    va_end(words);
    line->options = (struct options){.usage = "tool",
                                     .about = "a tool",
                                     .table = table,
                                     .count = 2,
                                     .argc = argc,
                                     .argv = line->argv,
                                     .next = 1};
}

/* options_next() with standard error kept in line->said. */
static int next(struct line *line)
{
    FILE *file = tmpfile();
    int saved = dup(STDERR_FILENO);
    fflush(stderr);
    dup2(fileno(file), STDERR_FILENO);
    int id = options_next(&line->options);
    fflush(stderr);
    dup2(saved, STDERR_FILENO);
    close(saved);
    rewind(file);
    line->said[fread(line->said, 1, sizeof line->said - 1, file)] = '\0';
    fclose(file);
    return id;
}

static void assert_fails(struct line *line, const char *said)
{
    assert_int_equal(next(line), OPTION_ERROR);
    assert_string_equal(line->said, said);
    assert_int_equal(options_status(OPTION_ERROR), 125);
}

static void values_come_after_a_blank_or_an_equals_sign(void **state)
{
    struct line line;
    (void)state;
    begin(&line, "--policy", "a", "--policy=b=c", "--quiet", NULL);
    assert_int_equal(next(&line), POLICY);
    assert_string_equal(line.options.value, "a");
    assert_int_equal(next(&line), POLICY);
    assert_string_equal(line.options.value, "b=c");
    assert_int_equal(next(&line), QUIET);
    assert_null(line.options.value);
    assert_int_equal(next(&line), OPTION_END);
    assert_int_equal(line.options.next, 5);
}

static void a_value_may_look_like_an_option(void **state)
{
    struct line line;
    (void)state;
    begin(&line, "--policy", "--quiet", NULL);
    assert_int_equal(next(&line), POLICY);
    assert_string_equal(line.options.value, "--quiet");
}

static void the_first_operand_ends_them(void **state)
{
    struct line line;
    (void)state;
    begin(&line, "--quiet", "word", "--policy=x", NULL);
    assert_int_equal(next(&line), QUIET);
    assert_int_equal(next(&line), OPTION_END);
    assert_int_equal(line.options.next, 2);
    line.options.next++;
    assert_int_equal(next(&line), POLICY);
}

static void two_dashes_end_them_for_good(void **state)
{
    struct line line;
    (void)state;
    begin(&line, "--", "--quiet", NULL);
    assert_int_equal(next(&line), OPTION_END);
    assert_true(line.options.dashes);
    assert_int_equal(line.options.next, 2);
    assert_int_equal(next(&line), OPTION_END);
    assert_int_equal(line.options.next, 2);
}

static void one_dash_is_an_operand(void **state)
{
    struct line line;
    (void)state;
    begin(&line, "-", NULL);
    assert_int_equal(next(&line), OPTION_END);
    assert_int_equal(line.options.next, 1);
}

static void mistakes_are_named_with_what_to_do(void **state)
{
    struct line line;
    (void)state;
    begin(&line, "--polciy=x", NULL);
    assert_fails(&line, "askfirst: --polciy: unknown option: did you mean --policy?\n");
    begin(&line, "--colour", NULL);
    assert_fails(&line, "askfirst: --colour: unknown option: askfirst tool --help lists them\n");
    begin(&line, "-q", NULL);
    assert_fails(&line,
                 "askfirst: -q: unknown option: options are spelt out (askfirst tool --help lists them)\n");
    begin(&line, "--quiet=yes", NULL);
    assert_fails(&line, "askfirst: --quiet: takes no value: leave out the \"=\" and what follows it\n");
    begin(&line, "--policy", NULL);
    assert_fails(&line, "askfirst: --policy: needs a value: --policy=FILE\n");
    begin(&line, "--policy=", NULL);
    assert_fails(&line, "askfirst: --policy: needs a value: --policy=FILE\n");
}

static void names_are_never_guessed(void **state)
{
    struct line line;
    (void)state;
    begin(&line, "--pol=x", NULL);
    assert_int_equal(next(&line), OPTION_ERROR);
    begin(&line, "--", NULL);
    line.argv[1] = (char *)"--=x";
    assert_int_equal(next(&line), OPTION_ERROR);
}

static void what_was_written_is_shown_harmlessly(void **state)
{
    struct line line;
    (void)state;
    begin(&line, "--\033[2J", NULL);
    assert_int_equal(next(&line), OPTION_ERROR);
    assert_null(strchr(line.said, '\033'));
}

static void a_very_long_name_is_cut(void **state)
{
    struct line line;
    char name[10000];
    (void)state;
    memset(name, 'x', sizeof name);
    memcpy(name, "--", 2);
    name[sizeof name - 1] = '\0';
    begin(&line, name, NULL);
    assert_int_equal(next(&line), OPTION_ERROR);
    assert_true(strlen(line.said) < 200);
}

static void words_that_are_near(void **state)
{
    static const char *const words[] = {"read", "write", "connect"};
    (void)state;
    assert_string_equal(nearest_word("raed", words, 3), "read");
    assert_string_equal(nearest_word("conect", words, 3), "connect");
    assert_null(nearest_word("banana", words, 3));
    assert_null(nearest_word("x", words, 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_come_after_a_blank_or_an_equals_sign),
        cmocka_unit_test(a_value_may_look_like_an_option),
        cmocka_unit_test(the_first_operand_ends_them),
        cmocka_unit_test(two_dashes_end_them_for_good),
        cmocka_unit_test(one_dash_is_an_operand),
        cmocka_unit_test(mistakes_are_named_with_what_to_do),
        cmocka_unit_test(names_are_never_guessed),
        cmocka_unit_test(what_was_written_is_shown_harmlessly),
        cmocka_unit_test(a_very_long_name_is_cut),
        cmocka_unit_test(words_that_are_near),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
