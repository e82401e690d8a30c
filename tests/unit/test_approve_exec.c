/* test_approve_exec.c: exec:, deny and allow. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "../../launcher/approve/split.h"
#include "approval.h"

/* A shell that has read the question into $q. */
#define SHELL(script) "exec:sh -c 'read -r q; " script "'"
#define ALLOW "{\\\"type\\\":\\\"answer\\\",\\\"id\\\":7,\\\"decision\\\":\\\"allow\\\"}"

static void answers(const char *spec, enum outcome outcome, const char *note)
{
    struct approval approval;
    struct question question = approval_question(7);

    question.choice_count = 2;
    approval_open(&approval, spec);
    approval_ask(&approval, &question);
    assert_int_equal(approval.answered, 0);
    approval_run(&approval, 1, 5000);
    assert_int_equal(approval.answered, 1);
    assert_int_equal(approval.ids[0], 7);
    const char *given = approval.answers[0].note ? approval.answers[0].note : "";
    if (approval.answers[0].outcome != outcome || !strstr(given, note))
        fail_msg("%s: outcome %d, %s", spec, approval.answers[0].outcome, given);
    assert_null(approval.broken);
    approval_close(&approval);
}

static void a_command_answers(void **state)
{
    (void)state;
    answers(SHELL("echo \"" ALLOW "\""), OUTCOME_APPROVED, "");
    answers(SHELL("printf \"%s\" \"" ALLOW "\""), OUTCOME_APPROVED, ""); /* no newline */
    answers("exec:sh -c 'echo \"" ALLOW "\"'", OUTCOME_APPROVED, "");    /* it need not read */
    answers(SHELL("echo \"" ALLOW "\"; exit 3"), OUTCOME_APPROVED, "");
    answers(SHELL("echo "
                  "\"{\\\"type\\\":\\\"answer\\\",\\\"id\\\":7,\\\"decision\\\":\\\"deny\\\",\\\"note\\\":"
                  "\\\"no\\\"}\""),
            OUTCOME_REFUSED, "no");
}

static void a_command_reads_the_question(void **state)
{
    (void)state;
    answers(SHELL("case $q in *\\\"id\\\":7*\\\"argv\\\":[[]\\\"rm\\\",*) echo \"" ALLOW "\";; esac"),
            OUTCOME_APPROVED, "");
}

static void a_command_that_fails_has_failed_the_question(void **state)
{
    (void)state;
    answers("exec:false", OUTCOME_FAILED, "ended with status 1 and gave no answer");
    answers("exec:true", OUTCOME_FAILED, "ended with status 0 and gave no answer");
    answers(SHELL("kill -9 $$"), OUTCOME_FAILED, "killed by signal 9");
    answers(SHELL("echo yes"), OUTCOME_FAILED, "no JSON");
    answers(SHELL("echo \"" ALLOW "\"; echo \"" ALLOW "\""), OUTCOME_FAILED, "behind its closing");
    answers(SHELL("echo \"{\\\"type\\\":\\\"answer\\\",\\\"id\\\":8,\\\"decision\\\":\\\"allow\\\"}\""),
            OUTCOME_FAILED, "answered question 8 and was asked 7");
    answers(SHELL("echo \"{\\\"type\\\":\\\"answer\\\",\\\"decision\\\":\\\"allow\\\"}\""), OUTCOME_FAILED,
            "no \"id\"");
    answers(SHELL("echo "
                  "\"{\\\"type\\\":\\\"answer\\\",\\\"id\\\":7,\\\"decision\\\":\\\"allow\\\",\\\"scope\\\":"
                  "\\\"tree\\\"}\""),
            OUTCOME_FAILED, "not among the choices");
    answers("exec:head -c 2000000 /dev/zero", OUTCOME_FAILED, "more than 1048576 bytes");
}

static void a_command_that_fails_once_may_answer_the_next(void **state)
{
    struct approval approval;
    struct question first = approval_question(6), second = approval_question(7);
    (void)state;

    approval_open(&approval, SHELL("case $q in *\\\"id\\\":7*) echo \"" ALLOW "\";; esac"));
    approval_ask(&approval, &first);
    approval_ask(&approval, &second);
    approval_run(&approval, 2, 5000);
    assert_int_equal(approval.answered, 2);
    for (size_t i = 0; i < 2; i++)
        assert_int_equal(approval.answers[i].outcome,
                         approval.ids[i] == 7 ? OUTCOME_APPROVED : OUTCOME_FAILED);
    approval_close(&approval);
}

static void a_huge_question_to_one_that_does_not_read(void **state)
{
    struct approval approval;
    struct question question = approval_question(7);
    static char word[900000];
    struct bytes argv[] = {{word, sizeof word}};
    (void)state;

    memset(word, 'x', sizeof word);
    question.argv = argv;
    question.argc = 1;
    approval_open(&approval, "exec:sh -c 'echo \"" ALLOW "\"'");
    approval_ask(&approval, &question);
    approval_run(&approval, 1, 5000);
    assert_int_equal(approval.answered, 1);
    assert_int_equal(approval.answers[0].outcome, OUTCOME_APPROVED);
    approval_close(&approval);
}

/* The command writes its process's number and then sleeps: it must be gone when the question is. */
static void a_withdrawn_question_ends_its_command(void **state)
{
    struct approval approval;
    struct question question = approval_question(7);
    char file[] = "/tmp/askfirst-test-XXXXXX", spec[200], text[32] = "";
    int fd = mkstemp(file);
    (void)state;

    snprintf(spec, sizeof spec, "exec:sh -c 'sleep 60 & echo $! >%s; wait'", file);
    approval_open(&approval, spec);
    approval_ask(&approval, &question);
    for (int i = 0; i < 500 && !strchr(text, '\n'); i++) {
        approval_idle(&approval, 5);
        (void)!pread(fd, text, sizeof text - 1, 0);
    }
    int pid = atoi(text);
    assert_true(pid > 0);
    approval_withdraw(&approval, 7, OUTCOME_TIMEOUT);
    approval_idle(&approval, 20);
    snprintf(text, sizeof text, "/proc/%d/cmdline", pid);
    FILE *proc = fopen(text, "r");
    assert_true(!proc || fgetc(proc) == EOF); /* gone, or a zombie that init has not collected yet */
    if (proc) fclose(proc);
    assert_int_equal(approval.answered, 0);
    approval_close(&approval);
    close(fd);
    unlink(file);
}

static void a_session_that_ends_ends_its_commands(void **state)
{
    struct approval approval;
    struct question question = approval_question(7);
    int64_t start = loop_now();
    (void)state;

    approval_open(&approval, "exec:sleep 60");
    approval_ask(&approval, &question);
    approval_idle(&approval, 5);
    approval_close(&approval);
    assert_true(loop_now() - start < 5000);
}

static void the_session_may_end_with_its_answer(void **state)
{
    struct approval approval;
    struct question first = approval_question(7), second = approval_question(8);
    (void)state;

    approval_open(&approval, SHELL("echo \"" ALLOW "\""));
    approval.destroy_when_answered = true;
    approval_ask(&approval, &first);
    approval_ask(&approval, &second);
    approval_run(&approval, 1, 5000);
    approval_idle(&approval, 20);
    assert_int_equal(approval.answered, 1);
    approval_close(&approval);
}

static void a_command_that_is_not_there_is_said_so(void **state)
{
    static const struct {
        const char *spec, *reason;
        bool malformed;
    } cases[] = {
        {"exec:", "a command is wanted", true},
        {"exec:   ", "a command is wanted", true},
        {"exec:sh -c 'x", "not closed", true},
        {"exec:no-such-command-anywhere", "no such command", false},
        {"exec:/etc/passwd", "not executable", false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct loop *loop = loop_new();
        struct approve_session session = {0};
        bool malformed = !cases[i].malformed;
        char *why = NULL;
        assert_null(
            approve_open(cases[i].spec, loop, &session, &(struct approve_events){0}, &malformed, &why));
        assert_int_equal(malformed, cases[i].malformed);
        if (!strstr(why, cases[i].reason)) fail_msg("%s", why);
        free(why);
        loop_free(loop);
    }
}

static void splits(const char *command, const char *expected)
{
    char *why = NULL, joined[200] = "";

    char **words = split_command(command, &why);
    if (!words) fail_msg("%s: %s", command, why);
    for (size_t i = 0; words[i]; i++) {
        strcat(joined, words[i]);
        strcat(joined, "|");
    }
    assert_string_equal(joined, expected);
    split_free(words);
}

static void words_are_split_as_plainly_as_can_be(void **state)
{
    (void)state;
    splits("ask", "ask|");
    splits("  ask \t --now ", "ask|--now|");
    splits("ask 'a b' \"c d\" e\\ f", "ask|a b|c d|e f|");
    splits("ask a'b'\"c\"", "ask|abc|");
    splits("ask '' \"\"", "ask|||");
    splits("ask \"a\\\"b\\\\c\\d\" 'e\\f'", "ask|a\"b\\c\\d|e\\f|");
    splits("ask $HOME *", "ask|$HOME|*|");
}

static void deny_and_allow_answer_from_the_loop(void **state)
{
    (void)state;
    answers("deny", OUTCOME_REFUSED, "");
    answers("allow", OUTCOME_APPROVED, "");
}

static void deny_answers_all_but_what_was_withdrawn(void **state)
{
    struct approval approval;
    struct question questions[3];
    (void)state;

    approval_open(&approval, "deny");
    for (uint64_t i = 0; i < 3; i++) {
        questions[i] = approval_question(i + 1);
        approval_ask(&approval, &questions[i]);
    }
    approval_withdraw(&approval, 2, OUTCOME_CANCELLED);
    approval_run(&approval, 2, 1000);
    approval_idle(&approval, 5);
    assert_int_equal(approval.answered, 2);
    assert_int_equal(approval.ids[0], 1);
    assert_int_equal(approval.ids[1], 3);
    assert_string_equal(approval.answers[0].by, "deny");
    assert_string_equal(approval.answers[0].note, "nobody is asked in this run");
    approval_close(&approval);
}

static void allow_says_yes_once(void **state)
{
    struct approval approval;
    struct question question = approval_question(7);
    (void)state;

    approval_open(&approval, "allow");
    approval.destroy_when_answered = true;
    approval_ask(&approval, &question);
    approval_run(&approval, 1, 1000);
    assert_int_equal(approval.answers[0].scope, SCOPE_ONCE);
    assert_string_equal(approval.answers[0].by, "allow");
    approval_close(&approval);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_command_answers),
        cmocka_unit_test(a_command_reads_the_question),
        cmocka_unit_test(a_command_that_fails_has_failed_the_question),
        cmocka_unit_test(a_command_that_fails_once_may_answer_the_next),
        cmocka_unit_test(a_huge_question_to_one_that_does_not_read),
        cmocka_unit_test(a_withdrawn_question_ends_its_command),
        cmocka_unit_test(a_session_that_ends_ends_its_commands),
        cmocka_unit_test(the_session_may_end_with_its_answer),
        cmocka_unit_test(a_command_that_is_not_there_is_said_so),
        cmocka_unit_test(words_are_split_as_plainly_as_can_be),
        cmocka_unit_test(deny_and_allow_answer_from_the_loop),
        cmocka_unit_test(deny_answers_all_but_what_was_withdrawn),
        cmocka_unit_test(allow_says_yes_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
