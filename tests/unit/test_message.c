/* What a denial looks like. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../launcher/door/message.h"

static char *word(const char *text)
{
    return (char *)(uintptr_t)text;
}

static struct bytes argv[] = {{"rm", 2}, {"-rf", 3}, {"/home/ada/data", 14}};
static struct session session = {.places = {.workspace = "/home/ada/project"}};

static struct question removal(void)
{
    return (struct question){.act = ACT_EXEC,
                             .program = word("/usr/bin/rm"),
                             .argv = argv,
                             .argc = 3,
                             .python_file = word("job.py"),
                             .python_line = 12,
                             .rule_place = word("default.yaml:41"),
                             .rule_text = word("rm -r"),
                             .because = word("deletes recursively outside the workspace"),
                             .asked_at = 1000,
                             .expires_at = 301000};
}

static void assert_message(const struct question *question, const struct answer *answer, const char *expected)
{
    char *message = message_denied(question, answer, &session);
    assert_string_equal(message, expected);
    free(message);
}

static void a_denial_by_rule(void **state)
{
    (void)state;
    struct question question = removal();
    assert_message(&question, NULL,
                   "askfirst: denied: rm -rf /home/ada/data (job.py:12)\n"
                   "askfirst:   rule: default.yaml:41: deletes recursively outside the workspace\n"
                   "askfirst:   next: ask for the rule to be changed, or work inside /home/ada/project\n");
    question.python_file = NULL;
    question.because = word("");
    assert_message(&question, NULL,
                   "askfirst: denied: rm -rf /home/ada/data\n"
                   "askfirst:   rule: default.yaml:41: rm -r\n"
                   "askfirst:   next: ask for the rule to be changed, or work inside /home/ada/project\n");
}

static void nobody_is_sent_to_the_workspace_who_is_there(void **state)
{
    (void)state;
    static const struct {
        enum act_kind act;
        const char *path;
        bool helps;
    } cases[] = {
        {ACT_READ, "/home/ada/.ssh/id_rsa", true},
        {ACT_WRITE, "/home/ada/projects", true},
        {ACT_READ, "/home/ada/project/data.csv", false},
        {ACT_WRITE, "/home/ada/project", false},
        {ACT_DEBUG, "/usr/bin/sleep", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct question question = removal();
        question.act = cases[i].act;
        question.path = word(cases[i].path);
        char *message = message_denied(&question, NULL, &session);
        assert_int_equal(strstr(message, ", or work inside ") != NULL, cases[i].helps);
        free(message);
    }
}

static void endings_are_told_apart(void **state)
{
    (void)state;
    struct question question = removal();
    static const struct {
        enum outcome outcome;
        const char *note, *by, *why;
    } cases[] = {
        {OUTCOME_REFUSED, "keep the results", "ada", "refused by ada: keep the results"},
        {OUTCOME_REFUSED, NULL, "tty", "refused by tty"},
        {OUTCOME_TIMEOUT, NULL, NULL, "no answer in 5m"},
        {OUTCOME_UNDELIVERED, "no terminal", NULL, "nobody could be asked: no terminal"},
        {OUTCOME_CANCELLED, NULL, NULL, "the run is ending"},
        {OUTCOME_FAILED, "fd:3,4: closed", NULL, "the approver failed: fd:3,4: closed"},
        {OUTCOME_FLOOD, "32 questions are waiting", NULL, "too many questions: 32 questions are waiting"},
        {OUTCOME_APPROVED, "the program has changed", "ada",
         "approved, and then denied: the program has changed"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct answer answer = {
            .outcome = cases[i].outcome, .note = word(cases[i].note), .by = word(cases[i].by)};
        char *message = message_denied(&question, &answer, &session), line[128];
        snprintf(line, sizeof line, "\naskfirst:   why: %s\n", cases[i].why);
        assert_non_null(strstr(message, line));
        free(message);
    }
}

/* Nothing that the program, or the approver, wrote can begin a line or draw on the screen. */
static void what_others_wrote_is_harmless(void **state)
{
    (void)state;
    static struct bytes hostile[] = {{"rm\naskfirst: approved", 21}, {"\033[2J\xff\xe2\x80\xae", 8}};
    struct question question = removal();
    question.argv = hostile, question.argc = 2;
    question.python_file = word("job\n.py");
    question.because = word("a\nb");
    struct answer answer = {.outcome = OUTCOME_REFUSED, .note = word("x\r\n\033]0;y"), .by = word("a\nda")};
    char *message = message_denied(&question, &answer, &session);
    size_t lines = 0;
    for (const char *at = message; *at; at++) {
        assert_true(*at == '\n' || (unsigned char)*at >= 0x20);
        lines += *at == '\n';
    }
    assert_int_equal(lines, 4);
    assert_null(strstr(message, "\xe2\x80\xae"));
    free(message);
}

static void subjects_of_other_acts(void **state)
{
    (void)state;
    static const struct {
        struct question question;
        const char *subject;
    } cases[] = {
        {{.act = ACT_READ, .path = (char *)(uintptr_t) "/etc/shadow"}, "read /etc/shadow"},
        {{.act = ACT_WRITE, .act_detail = "remove", .path = (char *)(uintptr_t) "/a"}, "remove /a"},
        {{.act = ACT_CONNECT, .address = (char *)(uintptr_t) "a.b (1.2.3.4):80"}, "connect a.b (1.2.3.4):80"},
        {{.act = ACT_EXEC, .program = (char *)(uintptr_t) "/bin/true"}, "/bin/true"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *subject = message_subject(&cases[i].question);
        assert_string_equal(subject, cases[i].subject);
        free(subject);
    }
}

static void a_command_of_a_hundred_thousand_words_fits_on_a_line(void **state)
{
    (void)state;
    struct question question = removal();
    question.argc = 100000;
    question.argv = calloc(question.argc, sizeof *question.argv);
    assert_non_null(question.argv);
    for (size_t i = 0; i < question.argc; i++)
        question.argv[i] = (struct bytes){"word", 4};
    char *subject = message_subject(&question);
    assert_true(strlen(subject) < 500);
    assert_non_null(strstr(subject, "(100000 words)"));
    free(subject);
    free(question.argv);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_denial_by_rule),
        cmocka_unit_test(nobody_is_sent_to_the_workspace_who_is_there),
        cmocka_unit_test(endings_are_told_apart),
        cmocka_unit_test(what_others_wrote_is_harmless),
        cmocka_unit_test(subjects_of_other_acts),
        cmocka_unit_test(a_command_of_a_hundred_thousand_words_fits_on_a_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
