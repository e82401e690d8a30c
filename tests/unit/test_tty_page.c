/* test_tty_page.c: what the prompt shows fits the screen, whatever the question and however small the
 * screen. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../launcher/approve/tty_page.h"
#include "../../launcher/plain/characters.h"
#include "../../launcher/plain/text.h"
#include "../../shim/wire.h"
#include "approval.h"

static char *joined(const struct tty_page *page)
{
    struct text text = {0};

    for (size_t i = 0; i < page->count; i++)
        text_format(&text, "%s\n", page->lines[i].text);
    return text_take(&text);
}

static void assert_fits(const struct tty_page *page, unsigned columns)
{
    for (size_t i = 0; i < page->count; i++) {
        const char *line = page->lines[i].text;
        size_t length = strlen(line);
        uint32_t c;
        if (tty_width(line) > columns) fail_msg("%u columns: %s", columns, line);
        for (size_t at = 0, step; at < length; at += step) {
            step = character_read(line + at, length - at, &c);
            assert_true(step > 0 && !character_hidden(c));
        }
    }
}

static bool shows(const struct tty_page *page, const char *part)
{
    char *text = joined(page);
    bool found = strstr(text, part) != NULL;
    free(text);
    return found;
}

static void a_plain_question_is_shown_as_it_is(void **state)
{
    struct question question = approval_question(7);
    struct tty_page page;
    (void)state;

    question.number = 2; /* of those that were asked; the id counts all acts */
    tty_page_question(&page, &question, (struct tty_size){100, 40});
    char *text = joined(&page);
    assert_string_equal(text,
                        "askfirst: may it run a program? (question 2)\n"
                        "    rm -rf out\n"
                        "  program    /usr/bin/rm\n"
                        "  directory  /home/ada/work\n"
                        "  line       job.py:12 in tidy, as it says\n"
                        "  asked by   python3.11 (811)\n"
                        "  because    deletes recursively\n"
                        "  rule       default.yaml:41: rm -r\n"
                        "  y  yes, once\n"
                        "  e  yes, in this run: exactly rm -rf out\n"
                        "  l  yes, in this run: rm -r ...\n"
                        "  t  yes, in this run: all that python3.11 (811) starts\n"
                        "  a  always: rm -rf out, in every run\n"
                        "  n  no   L  no, to all of l   N  no, with a reason   v  show it whole   ?  help\n"
                        "  Ctrl-C  no, and end the run\n");
    free(text);
    tty_page_free(&page);
}

static void every_act_says_what_it_is_about(void **state)
{
    static const struct {
        enum act_kind act;
        const char *detail, *via, *expected;
        bool listing;
    } cases[] = {
        {ACT_READ, NULL, NULL, "may it read a file?", false},
        {ACT_READ, NULL, NULL, "may it list a directory?", true},
        {ACT_WRITE, NULL, NULL, "may it change a file?", false},
        {ACT_WRITE, "remove", NULL, "may it remove a file?", false},
        {ACT_WRITE, "remove directory", NULL, "may it remove a directory?", false},
        {ACT_WRITE, "change mode of", NULL, "may it change the mode of a file?", false},
        {ACT_WRITE, "mount", NULL, "may it change a file (mount)?", false},
        {ACT_CONNECT, NULL, NULL, "may it make a connection?", false},
        {ACT_DEBUG, NULL, NULL, "may it look into another process?", false},
        {ACT_EXEC, NULL, "popen", "may it run a program through popen?", false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct question question = approval_question(7);
        struct tty_page page;
        question.act = cases[i].act;
        question.act_detail = cases[i].detail;
        question.via = (char *)cases[i].via;
        question.listing = cases[i].listing;
        question.path = (char *)"/the/path";
        question.address = (char *)"the.address:443";
        tty_page_question(&page, &question, (struct tty_size){100, 40});
        assert_true(shows(&page, cases[i].expected));
        if (cases[i].act != ACT_EXEC)
            assert_true(
                shows(&page, cases[i].act == ACT_CONNECT ? "    the.address:443\n" : "    /the/path\n"));
        tty_page_free(&page);
    }
}

/* But for mounting, which no guarded program does. */
static void every_change_has_words_of_its_own(void **state)
{
    const char *name;
    unsigned change = WIRE_CHANGE_OPEN;
    (void)state;
    for (; (name = change_name(change)); change++) {
        struct question question = approval_question(7);
        struct tty_page page;
        question.act = ACT_WRITE;
        question.act_detail = name;
        question.path = (char *)"/the/path";
        tty_page_question(&page, &question, (struct tty_size){100, 40});
        assert_int_equal(shows(&page, "may it change a file ("), change == WIRE_CHANGE_MOUNT);
        tty_page_free(&page);
    }
    assert_int_equal(change, WIRE_CHANGE_SOCKET + 1);
}

static void a_long_rule_has_one_line_until_it_is_wanted_whole(void **state)
{
    struct question question = approval_question(7);
    char rule[600];
    (void)state;
    memset(rule, 'r', sizeof rule - 1);
    rule[sizeof rule - 1] = 0;
    question.rule_text = rule;
    for (unsigned columns = 60; columns <= 200; columns += 7) {
        struct tty_page page;
        tty_page_question(&page, &question, (struct tty_size){columns, 40});
        size_t at = 0;
        while (strncmp(page.lines[at].text, "  rule ", 7) != 0)
            at++;
        assert_true(shows(&page, " bytes "));
        assert_string_equal(page.lines[at + 1].text, "  y  yes, once");
        tty_page_free(&page);
        tty_page_whole(&page, &question);
        assert_false(shows(&page, " bytes "));
        tty_page_free(&page);
    }
}

static void what_a_line_started_names_that_line(void **state)
{
    struct question question = approval_question(7);
    struct tty_page page;
    (void)state;
    question.python_started = 811;
    tty_page_question(&page, &question, (struct tty_size){100, 40});
    assert_true(shows(&page, "  line       job.py:12 in tidy, which started 811, as it says\n"));
    tty_page_free(&page);
}

static void only_what_is_offered_has_a_key(void **state)
{
    struct question question = approval_question(7);
    struct tty_page page;
    enum scope scope;
    (void)state;

    question.choice_count = 2;
    tty_page_question(&page, &question, (struct tty_size){100, 40});
    assert_true(shows(&page, "  e  ") && !shows(&page, "  l  ") && !shows(&page, "  a  "));
    tty_page_free(&page);
    assert_true(tty_choice(&question, 'e', &scope));
    assert_int_equal(scope, SCOPE_EXACT);
    assert_false(tty_choice(&question, 'l', &scope));
    assert_false(tty_choice(&question, '\0', &scope));
}

/* A question whose every value is long and hostile. */
static struct question monster(char *value, struct bytes *words, size_t count)
{
    static struct ancestor chain[50];
    struct question question = approval_question(UINT64_MAX);

    for (size_t i = 0; i < 50; i++)
        chain[i] = (struct ancestor){4194304, value};
    for (size_t i = 0; i < count; i++)
        words[i] = (struct bytes){value, strlen(value)};
    question.argv = words;
    question.argc = count;
    question.program = question.cwd = question.python_file = question.python_function = value;
    question.rule_place = question.rule_text = question.because = question.always_rule = value;
    question.chain = chain;
    question.chain_length = 50;
    for (size_t i = 1; i < question.choice_count; i++)
        question.choices[i].covers = value;
    return question;
}

static void any_question_fits_any_screen(void **state)
{
    static const char *const parts[] = {"\033[2J", "\xe2\x80\xae", "\xff",     "\xe6\x97\xa5",
                                        "word ",   "\n",           "e\xcc\x81"};
    static char value[6000];
    static struct bytes words[300];
    (void)state;

    for (size_t i = 0; strlen(value) + 8 < sizeof value; i++)
        strcat(value, parts[i % 7]);
    struct question question = monster(value, words, 300);
    for (unsigned columns = 30; columns < 200; columns += 7) {
        for (unsigned rows = 10; rows < 60; rows += 5) {
            struct tty_page page;
            tty_page_question(&page, &question, (struct tty_size){columns, rows});
            assert_fits(&page, columns);
            if (columns >= 40 && rows >= 20) assert_true(page.count < rows);
            assert_true((shows(&page, "  y  yes, once") && shows(&page, "  n  no")) || shows(&page, "n: no"));
            tty_page_free(&page);
            tty_page_rule(&page, &question, (struct tty_size){columns, rows});
            assert_fits(&page, columns);
            tty_page_free(&page);
        }
    }
}

static void a_screen_of_one_column_is_no_trap(void **state)
{
    struct question question = approval_question(7);
    (void)state;

    question.program = (char *)"\xe6\x97\xa5\xe6\x9c\xac";
    for (unsigned columns = 1; columns < 20; columns++) {
        struct tty_page page;
        tty_page_question(&page, &question, (struct tty_size){columns, 1});
        tty_page_free(&page);
        tty_page_whole(&page, &question);
        tty_page_wrap(&page, columns);
        tty_page_free(&page);
    }
}

static void the_reason_stays_where_there_is_little_room(void **state)
{
    struct question question = approval_question(7);
    struct tty_page page;
    (void)state;

    tty_page_question(&page, &question, (struct tty_size){80, 11});
    assert_true(shows(&page, "rm -rf out") && shows(&page, "deletes recursively"));
    assert_false(shows(&page, "asked by"));
    tty_page_free(&page);
}

static void long_commands_are_shown_a_word_a_line(void **state)
{
    static struct bytes words[12];
    struct question question = approval_question(7);
    struct tty_page page;
    (void)state;

    for (size_t i = 0; i < 12; i++)
        words[i] = (struct bytes){"a-rather-long-word and another", 30};
    question.argv = words;
    question.argc = 12;
    tty_page_question(&page, &question, (struct tty_size){80, 50});
    assert_true(
        shows(&page, "\n    'a-rather-long-word and another'\n    'a-rather-long-word and another'\n"));
    assert_true(shows(&page, "12 words in all"));
    tty_page_free(&page);
}

static void a_small_screen_keeps_the_act_and_what_it_is_about(void **state)
{
    static const struct tty_size sizes[] = {{80, 8}, {60, 5}, {80, 4}, {40, 6}};
    static const enum act_kind acts[] = {ACT_EXEC, ACT_READ, ACT_CONNECT};
    (void)state;

    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        for (size_t j = 0; j < sizeof acts / sizeof *acts; j++) {
            struct question question = approval_question(7);
            struct tty_page page;
            question.act = acts[j];
            question.path = question.address = (char *)"/the/subject";
            tty_page_question(&page, &question, sizes[i]);
            assert_fits(&page, sizes[i].columns);
            assert_true(page.count < sizes[i].rows); /* or else it scrolls away */
            assert_true(shows(&page, "askfirst: may it"));
            assert_true(shows(&page, acts[j] == ACT_EXEC ? "    rm -rf out" : "    /the/subject"));
            if (sizes[i].rows > 4) assert_true(shows(&page, "n: no"));
            tty_page_free(&page);
            tty_page_rule(&page, &question, sizes[i]);
            assert_true(page.count < sizes[i].rows);
            assert_true(shows(&page, "- allow: rm -rf out"));
            tty_page_free(&page);
        }
    }
}

static void a_script_is_shown_as_its_lines(void **state)
{
    static const char script[] = "set -e\ncd \"$1\" && \\\n  rm -rf out\033[2J\n\n";
    struct bytes words[] = {{"bash", 4}, {"-c", 2}, {script, sizeof script - 1}, {"x", 1}};
    struct question question = approval_question(7);
    struct tty_page page;
    (void)state;

    question.argv = words;
    question.argc = 4;
    question.choices[1].covers = (char *)"bash -c 'set -e\ncd'";
    tty_page_question(&page, &question, (struct tty_size){100, 40});
    assert_true(shows(&page, "    bash -c\n"
                             "    | set -e\n"
                             "    | cd \"$1\" && \\\n"
                             "    |   rm -rf out\\e[2J\n"
                             "    | \n"
                             "    x\n"));
    assert_true(shows(&page, "  e  yes, in this run: exactly this\n"));
    tty_page_free(&page);
    tty_page_whole(&page, &question);
    assert_true(shows(&page, "    | cd \"$1\" && \\\n"));
    tty_page_free(&page);
}

static void a_long_script_is_cut_where_it_is_not_asked_for_whole(void **state)
{
    static char script[1000 * 8 + 1];
    struct bytes words[] = {{"sh", 2}, {"-c", 2}, {script, sizeof script - 1}};
    struct question question = approval_question(7);
    struct tty_page page;
    (void)state;

    for (int i = 0; i < 1000; i++)
        snprintf(script + 8 * i, 9, "echo%3d\n", i);
    question.argv = words;
    question.argc = 3;
    tty_page_question(&page, &question, (struct tty_size){100, 40});
    assert_true(shows(&page, "    | echo  2\n") && shows(&page, "1000 lines in all: v shows them"));
    assert_true(page.count < 40 && shows(&page, "deletes recursively"));
    tty_page_free(&page);
    tty_page_whole(&page, &question);
    assert_true(shows(&page, "    | echo999\n"));
    tty_page_free(&page);
}

static void the_rule_is_shown_as_it_will_be_written(void **state)
{
    struct question question = approval_question(7);
    struct tty_page page;
    (void)state;

    question.always_rule = (char *)"allow: {program: \"/usr/bin/rm\", words: [\"a\\nb\", \"\\\\*\"]}";
    tty_page_rule(&page, &question, (struct tty_size){100, 40});
    assert_true(shows(&page, question.always_rule));
    assert_true(
        shows(&page, "this command, word for word, in this directory (/home/ada/work), in every later run"));
    tty_page_free(&page);
}

static void where_a_piped_script_comes_from_is_shown(void **state)
{
    struct question question = approval_question(7);
    struct tty_page page;
    (void)state;

    question.input = (char *)"curl -s example.org | sh";
    tty_page_question(&page, &question, (struct tty_size){100, 40});
    assert_true(shows(&page, "  reads from curl -s example.org | sh\n"));
    tty_page_free(&page);
}

static void the_whole_is_uncut(void **state)
{
    static char value[200000];
    struct bytes words[] = {{"rm", 2}, {value, sizeof value - 1}};
    struct question question = approval_question(7);
    struct tty_page page;
    (void)state;

    memset(value, 'x', sizeof value - 1);
    question.argv = words;
    question.argc = 2;
    tty_page_whole(&page, &question);
    assert_true(shows(&page, value));
    assert_false(shows(&page, "bytes …"));
    tty_page_wrap(&page, 80);
    assert_fits(&page, 80);
    assert_true(page.count > 2 * 2500);
    tty_page_free(&page);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_plain_question_is_shown_as_it_is),
        cmocka_unit_test(every_act_says_what_it_is_about),
        cmocka_unit_test(every_change_has_words_of_its_own),
        cmocka_unit_test(a_long_rule_has_one_line_until_it_is_wanted_whole),
        cmocka_unit_test(what_a_line_started_names_that_line),
        cmocka_unit_test(only_what_is_offered_has_a_key),
        cmocka_unit_test(any_question_fits_any_screen),
        cmocka_unit_test(a_screen_of_one_column_is_no_trap),
        cmocka_unit_test(the_reason_stays_where_there_is_little_room),
        cmocka_unit_test(long_commands_are_shown_a_word_a_line),
        cmocka_unit_test(a_small_screen_keeps_the_act_and_what_it_is_about),
        cmocka_unit_test(a_script_is_shown_as_its_lines),
        cmocka_unit_test(a_long_script_is_cut_where_it_is_not_asked_for_whole),
        cmocka_unit_test(the_rule_is_shown_as_it_will_be_written),
        cmocka_unit_test(where_a_piped_script_comes_from_is_shown),
        cmocka_unit_test(the_whole_is_uncut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
