/* approval.c: see approval.h. */
#include "approval.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

extern char **environ;

static bool answered(void *context, uint64_t id, struct answer *answer)
{
    struct approval *approval = context;

    assert_true(approval->answered < TOLD);
    approval->answers[approval->answered] = *answer;
    approval->ids[approval->answered++] = id;
    if (approval->destroy_when_answered) {
        approval->approver->operations->destroy(approval->approver);
        approval->approver = NULL;
    }
    return !approval->unknown;
}

static void broken(void *context, const char *why)
{
    struct approval *approval = context;

    assert_null(approval->broken);
    approval->broken = strdup(why);
}

static void interrupted(void *context)
{
    ((struct approval *)context)->interrupted++;
}

void approval_open(struct approval *approval, const char *spec)
{
    static char *command[] = {(char *)"python3", (char *)"job.py", NULL};
    bool malformed;
    char *why = NULL;

    *approval = (struct approval){.loop = loop_new()};
    approval->events = (struct approve_events){answered, broken, interrupted, approval, NULL};
    approval->session = (struct approve_session){.session = "20261120-1",
                                                 .command = command,
                                                 .cwd = "/home/ada/work",
                                                 .guard = "shim",
                                                 .policy = "default",
                                                 .environment = environ};
    approval->approver =
        approve_open(spec, approval->loop, &approval->session, &approval->events, &malformed, &why);
    if (!approval->approver) fail_msg("%s", why);
}

void approval_close(struct approval *approval)
{
    if (approval->approver) approval->approver->operations->destroy(approval->approver);
    for (size_t i = 0; i < approval->answered; i++) {
        free(approval->answers[i].note);
        free(approval->answers[i].by);
    }
    free(approval->broken);
    loop_free(approval->loop);
}

/* The loop has no end of its own: it is stopped from a timer that looks every few milliseconds. */
struct wait {
    struct approval *approval;
    size_t count;
    int64_t until;
};

static void look(void *context)
{
    struct wait *wait = context;

    if (wait->approval->answered >= wait->count || wait->approval->broken || loop_now() >= wait->until)
        loop_stop(wait->approval->loop);
    else
        loop_after(wait->approval->loop, 2, look, wait);
}

void approval_run(struct approval *approval, size_t count, int64_t milliseconds)
{
    struct wait wait = {approval, count, loop_now() + milliseconds};

    loop_after(approval->loop, 0, look, &wait);
    assert_int_equal(loop_run(approval->loop), 0);
}

static void stop(void *context)
{
    loop_stop(context);
}

void approval_idle(struct approval *approval, int64_t milliseconds)
{
    loop_after(approval->loop, milliseconds, stop, approval->loop);
    assert_int_equal(loop_run(approval->loop), 0);
}

void approval_ask(struct approval *approval, const struct question *question)
{
    approval->approver->operations->ask(approval->approver, question);
}

void approval_withdraw(struct approval *approval, uint64_t id, enum outcome outcome)
{
    approval->approver->operations->withdraw(approval->approver, id, outcome);
}

struct question approval_question(uint64_t id)
{
    static struct bytes argv[] = {{"rm", 2}, {"-rf", 3}, {"out", 3}};
    static struct ancestor chain[] = {{811, (char *)"/usr/bin/python3.11"}};

    return (struct question){
        .id = id,
        .asked_at = 1763635849123,
        .expires_at = 1763636149123,
        .act = ACT_EXEC,
        .program = (char *)"/usr/bin/rm",
        .argv = argv,
        .argc = 3,
        .cwd = (char *)"/home/ada/work",
        .pid = 812,
        .chain = chain,
        .chain_length = 1,
        .python_file = (char *)"job.py",
        .python_line = 12,
        .python_function = (char *)"tidy",
        .verdict = VERDICT_ASK,
        .rule_place = (char *)"default.yaml:41",
        .rule_text = (char *)"rm -r",
        .because = (char *)"deletes recursively",
        .device = 2049,
        .inode = UINT64_MAX,
        .choices = {{SCOPE_ONCE, NULL},
                    {SCOPE_EXACT, (char *)"rm -rf out"},
                    {SCOPE_LIKE, (char *)"rm -r ..."},
                    {SCOPE_TREE, (char *)"all that python3.11 (811) starts"},
                    {SCOPE_ALWAYS, (char *)"rm -rf out, in every run"}},
        .choice_count = 5,
        .always_rule = (char *)"- allow: rm -rf out",
    };
}
