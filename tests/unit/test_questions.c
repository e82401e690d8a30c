/* Questions, from being put to being settled, with approvers that do what the test wants. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "../../launcher/approve/approve.h"
#include "../../launcher/plain/memory.h"
#include "../../launcher/questions/questions.h"
#include "../../launcher/records/audit.h"

#define MOST 64

/* An approver that writes down what it is told. Its name says how it takes to being opened. */
struct fake {
    struct approver approver;
    struct approve_events events;
    uint64_t asked[MOST];
    enum outcome ended[MOST];
    size_t ask_count, withdrawn, settled, waiting, bye;
    enum outcome last;
};

static struct fake fakes[4];
static size_t fake_count;

static void fake_ask(struct approver *approver, const struct question *question)
{
    struct fake *fake = (struct fake *)approver;
    assert_true(fake->ask_count < MOST);
    fake->asked[fake->ask_count++] = question->id;
}

static void fake_withdraw(struct approver *approver, uint64_t id, enum outcome outcome)
{
    struct fake *fake = (struct fake *)approver;
    (void)id;
    fake->withdrawn++;
    fake->last = outcome;
}

static void fake_settled(struct approver *approver, uint64_t id, enum outcome outcome)
{
    struct fake *fake = (struct fake *)approver;
    (void)id;
    fake->settled++;
    fake->last = outcome;
}

static void fake_waiting(struct approver *approver, uint64_t id, unsigned seconds)
{
    (void)id;
    (void)seconds;
    ((struct fake *)approver)->waiting++;
}

static void fake_bye(struct approver *approver, int status, uint64_t asked, uint64_t denied)
{
    (void)status;
    (void)asked;
    (void)denied;
    ((struct fake *)approver)->bye++;
}

static void fake_destroy(struct approver *approver)
{
    (void)approver;
}

/* In the place of the real table of approvers. */
struct approver *approve_open(const char *spec, struct loop *loop, const struct approve_session *session,
                              const struct approve_events *events, bool *malformed, char **why)
{
    static const struct approver_operations operations = {fake_ask,     fake_withdraw, fake_settled,
                                                          fake_waiting, fake_bye,      fake_destroy};
    (void)loop;
    (void)session;
    *malformed = strcmp(spec, "malformed") == 0;
    if (*malformed || strcmp(spec, "absent") == 0 || strcmp(spec, "tty") == 0) {
        *why = xasprintf("%s: %s", spec, *malformed ? "means nothing" : "is not there");
        return NULL;
    }
    struct fake *fake = &fakes[fake_count++];
    *fake = (struct fake){.approver = {&operations, spec}, .events = *events};
    return &fake->approver;
}

void session_interrupt(struct session *session)
{
    session->ending = true;
}

/* ---- a session around it ---- */

static char directory[64];
static struct run_options options;
static struct policy policy;
static struct session session;
static char *why;

static void stop(void *context)
{
    loop_stop(context);
}

static void run_for(int64_t milliseconds)
{
    loop_after(session.loop, milliseconds, stop, session.loop);
    loop_run(session.loop);
}

static struct questions *opened(const char *const *approve, size_t count)
{
    strcpy(directory, "/tmp/questions-XXXXXX");
    assert_non_null(mkdtemp(directory));
    fake_count = 0;
    options = (struct run_options){
        .approve = approve, .approve_count = count, .ask_timeout_ms = -1, .audit = directory, .quiet = true};
    policy = (struct policy){.refusals_sticky = true};
    session = (struct session){.options = &options, .policy = &policy, .id = "s", .loop = loop_new()};
    session.audit = audit_open(&session, &why);
    assert_non_null(session.audit);
    session.questions = questions_new(&session, &why);
    return session.questions;
}

static void closed(void)
{
    char path[128];
    questions_close(session.questions, 0);
    audit_close(session.audit, 0);
    loop_free(session.loop);
    snprintf(path, sizeof path, "%s/s.jsonl", directory);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(rmdir(directory), 0);
}

struct end {
    size_t count;
    enum outcome outcome;
    enum scope scope;
    bool before;
    uint64_t id;
    char note[128];
};

static void settled(void *context, const struct question *question, const struct answer *answer)
{
    struct end *end = context;
    end->count++;
    end->outcome = answer->outcome;
    end->scope = answer->scope;
    end->before = answer->before;
    end->id = question->id;
    snprintf(end->note, sizeof end->note, "%s", answer->note ? answer->note : "");
}

static struct question *about(const char *path)
{
    struct question *question = calloc(1, sizeof *question);
    assert_non_null(question);
    *question = (struct question){.id = questions_next_id(session.questions),
                                  .asked_at = 1000,
                                  .act = ACT_READ,
                                  .path = strdup(path),
                                  .verdict = VERDICT_ASK};
    question->choices[question->choice_count++] = (struct choice){.scope = SCOPE_ONCE};
    question->choices[question->choice_count++] =
        (struct choice){.scope = SCOPE_EXACT, .covers = strdup(path)};
    question->choices[question->choice_count++] =
        (struct choice){.scope = SCOPE_TREE, .covers = strdup("it")};
    return question;
}

static void put(const char *path, struct end *end)
{
    questions_put(session.questions, about(path), settled, end);
}

static bool say(struct fake *fake, uint64_t id, enum outcome outcome, enum scope scope)
{
    struct answer answer = {.outcome = outcome, .scope = scope};
    return fake->events.answered(fake->events.context, id, &answer);
}

static const char *const one[] = {"one"};
static const char *const two[] = {"one", "two"};

static void an_answer_settles_it(void **state)
{
    (void)state;
    struct end end = {0};
    opened(one, 1);
    put("/a", &end);
    assert_int_equal(fakes[0].ask_count, 1);
    assert_true(questions_waiting(session.questions));
    assert_int_equal(end.count, 0);
    assert_true(say(&fakes[0], fakes[0].asked[0], OUTCOME_APPROVED, SCOPE_ONCE));
    assert_int_equal(end.count, 1);
    assert_int_equal(end.outcome, OUTCOME_APPROVED);
    assert_int_equal(fakes[0].settled, 1);
    assert_false(questions_waiting(session.questions));
    closed();
    assert_int_equal(fakes[0].bye, 1);
}

static void a_second_answer_and_one_to_nothing_are_breaches(void **state)
{
    (void)state;
    struct end end = {0};
    opened(one, 1);
    put("/a", &end);
    uint64_t id = fakes[0].asked[0];
    assert_false(say(&fakes[0], id + 1, OUTCOME_APPROVED, SCOPE_ONCE));
    assert_true(say(&fakes[0], id, OUTCOME_APPROVED, SCOPE_ONCE));
    assert_false(say(&fakes[0], id, OUTCOME_APPROVED, SCOPE_ONCE));
    assert_int_equal(end.count, 1);
    closed();
}

static void a_scope_that_was_not_offered_is_a_breach(void **state)
{
    (void)state;
    struct end end = {0};
    opened(one, 1);
    put("/a", &end);
    assert_false(say(&fakes[0], fakes[0].asked[0], OUTCOME_APPROVED, SCOPE_ALWAYS));
    assert_int_equal(end.count, 0);
    closed();
    assert_int_equal(end.outcome, OUTCOME_CANCELLED);
}

static void an_answer_to_anothers_question_is_a_breach(void **state)
{
    (void)state;
    struct end end = {0};
    opened(two, 2);
    put("/a", &end);
    assert_int_equal(fakes[1].ask_count, 0);
    assert_false(say(&fakes[1], fakes[0].asked[0], OUTCOME_APPROVED, SCOPE_ONCE));
    assert_int_equal(end.count, 0);
    closed();
}

static void a_grant_answers_the_next_one(void **state)
{
    (void)state;
    struct end end = {0}, next = {0};
    opened(one, 1);
    put("/a", &end);
    say(&fakes[0], fakes[0].asked[0], OUTCOME_APPROVED, SCOPE_EXACT);
    put("/a", &next);
    assert_int_equal(next.outcome, OUTCOME_APPROVED);
    assert_true(next.before);
    assert_int_equal(fakes[0].ask_count, 1);
    closed();
}

static void the_same_is_asked_once_and_each_hears_the_end(void **state)
{
    (void)state;
    struct end first = {0}, second = {0}, other = {0};
    opened(one, 1);
    put("/a", &first);
    put("/a", &second);
    put("/b", &other);
    assert_int_equal(fakes[0].ask_count, 2);
    say(&fakes[0], fakes[0].asked[0], OUTCOME_REFUSED, SCOPE_ONCE);
    assert_int_equal(first.count + second.count + other.count, 2);
    assert_true(first.id != second.id);
    assert_int_equal(second.outcome, OUTCOME_REFUSED);
    closed();
}

static void a_tree_is_only_theirs_whose_question_was_shown(void **state)
{
    (void)state;
    struct end first = {0}, second = {0}, third = {0};
    opened(one, 1);
    put("/a", &first);
    put("/a", &second);
    put("/a", &third);
    say(&fakes[0], fakes[0].asked[0], OUTCOME_APPROVED, SCOPE_TREE);
    assert_int_equal(first.scope, SCOPE_TREE);
    assert_int_equal(second.outcome, OUTCOME_APPROVED);
    assert_int_equal(second.scope, SCOPE_ONCE);
    assert_int_equal(third.scope, SCOPE_ONCE);
    closed();
}

static void one_who_leaves_hears_nothing_more(void **state)
{
    (void)state;
    struct end first = {0}, second = {0};
    opened(one, 1);
    put("/a", &first);
    put("/a", &second);
    questions_withdraw(session.questions, &first);
    assert_int_equal(fakes[0].withdrawn, 0);
    questions_withdraw(session.questions, &second);
    assert_int_equal(fakes[0].withdrawn, 1);
    assert_int_equal(fakes[0].last, OUTCOME_CANCELLED);
    assert_int_equal(first.count + second.count, 0);
    assert_false(questions_waiting(session.questions));
    closed();
}

static void time_runs_out(void **state)
{
    (void)state;
    struct end end = {0};
    opened(one, 1);
    options.ask_timeout_ms = 50;
    put("/a", &end);
    run_for(150);
    assert_int_equal(end.outcome, OUTCOME_TIMEOUT);
    assert_int_equal(fakes[0].last, OUTCOME_TIMEOUT);
    assert_in_range(session.waited_ms, 50, 150);
    closed();
}

static void nobody_is_there(void **state)
{
    (void)state;
    struct end end = {0};
    assert_non_null(opened(NULL, 0)); /* the terminal is tried, and is not there */
    put("/a", &end);
    assert_int_equal(end.outcome, OUTCOME_UNDELIVERED);
    assert_string_equal(end.note, "tty: is not there");
    closed();
}

static void approvers_that_were_named_must_be_there(void **state)
{
    (void)state;
    static const char *const absent[] = {"absent"}, *const some[] = {"absent", "one"},
                             *const bad[] = {"one", "malformed"};
    assert_null(opened(absent, 1));
    assert_string_equal(why, "absent: is not there");
    free(why);
    closed();
    assert_null(opened(bad, 2));
    assert_string_equal(why, "malformed: means nothing");
    free(why);
    closed();
    assert_non_null(opened(some, 2));
    closed();
}

static void what_a_broken_one_owes_fails_and_the_next_takes_over(void **state)
{
    (void)state;
    struct end first = {0}, second = {0}, next = {0}, last = {0};
    opened(two, 2);
    put("/a", &first);
    put("/b", &second);
    fakes[0].events.broken(fakes[0].events.context, "died");
    assert_int_equal(first.outcome, OUTCOME_FAILED);
    assert_int_equal(second.outcome, OUTCOME_FAILED);
    assert_string_equal(first.note, "one: died");
    put("/a", &next);
    assert_int_equal(fakes[1].ask_count, 1);
    fakes[1].events.broken(fakes[1].events.context, "died as well");
    put("/a", &last);
    assert_int_equal(last.outcome, OUTCOME_UNDELIVERED);
    assert_string_equal(last.note, "two: died as well");
    closed();
    assert_int_equal(fakes[0].bye + fakes[1].bye, 0);
}

static void more_than_32_are_a_flood(void **state)
{
    (void)state;
    struct end ends[40] = {{0}};
    char path[16];
    opened(one, 1);
    for (size_t i = 0; i < 40; i++) {
        snprintf(path, sizeof path, "/%zu", i);
        put(path, &ends[i]);
    }
    assert_int_equal(fakes[0].ask_count, 32);
    for (size_t i = 32; i < 40; i++)
        assert_int_equal(ends[i].outcome, OUTCOME_FLOOD);
    closed();
    for (size_t i = 0; i < 32; i++)
        assert_int_equal(ends[i].outcome, OUTCOME_CANCELLED);
    assert_int_equal(fakes[0].withdrawn, 32);
}

static void waiting_time_of_many_counts_once(void **state)
{
    (void)state;
    struct end first = {0}, second = {0};
    opened(one, 1);
    put("/a", &first);
    put("/b", &second);
    run_for(100);
    say(&fakes[0], fakes[0].asked[0], OUTCOME_APPROVED, SCOPE_ONCE);
    assert_int_equal(session.waited_ms, 0); /* the other one still waits */
    run_for(100);
    say(&fakes[0], fakes[0].asked[1], OUTCOME_APPROVED, SCOPE_ONCE);
    assert_in_range(session.waited_ms, 200, 300);
    closed();
}

/* Whoever hears of one end may begin something else at once. */
static void put_another(void *context, const struct question *question, const struct answer *answer)
{
    struct end *end = context;
    settled(end, question, answer);
    if (end->count < 3) questions_put(session.questions, about("/again"), put_another, end);
}

static void one_end_may_begin_another(void **state)
{
    (void)state;
    struct end end = {0};
    opened(one, 1);
    questions_put(session.questions, about("/a"), put_another, &end);
    fakes[0].events.broken(fakes[0].events.context, "died");
    assert_int_equal(end.count, 3);
    assert_int_equal(end.outcome, OUTCOME_UNDELIVERED);
    closed();
}

static void nothing_is_asked_once_the_run_is_ending(void **state)
{
    (void)state;
    struct end end = {0};
    opened(one, 1);
    fakes[0].events.interrupted(fakes[0].events.context);
    put("/a", &end);
    assert_int_equal(end.outcome, OUTCOME_CANCELLED);
    assert_int_equal(fakes[0].ask_count, 0);
    closed();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_answer_settles_it),
        cmocka_unit_test(a_second_answer_and_one_to_nothing_are_breaches),
        cmocka_unit_test(a_scope_that_was_not_offered_is_a_breach),
        cmocka_unit_test(an_answer_to_anothers_question_is_a_breach),
        cmocka_unit_test(a_grant_answers_the_next_one),
        cmocka_unit_test(the_same_is_asked_once_and_each_hears_the_end),
        cmocka_unit_test(a_tree_is_only_theirs_whose_question_was_shown),
        cmocka_unit_test(one_who_leaves_hears_nothing_more),
        cmocka_unit_test(time_runs_out),
        cmocka_unit_test(nobody_is_there),
        cmocka_unit_test(approvers_that_were_named_must_be_there),
        cmocka_unit_test(what_a_broken_one_owes_fails_and_the_next_takes_over),
        cmocka_unit_test(more_than_32_are_a_flood),
        cmocka_unit_test(waiting_time_of_many_counts_once),
        cmocka_unit_test(one_end_may_begin_another),
        cmocka_unit_test(nothing_is_asked_once_the_run_is_ending),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
