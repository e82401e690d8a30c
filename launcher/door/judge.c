/* judge.c: one act, from its verdict to an answer: recorded, asked about, looked at again
 * (parts.h). */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../look/input.h"
#include "../look/line.h"
#include "../look/process.h"
#include "../plain/memory.h"
#include "../plain/show.h"
#include "../questions/choices.h"
#include "../questions/questions.h"
#include "../records/audit.h"
#include "hidden.h"
#include "message.h"
#include "parts.h"

#define SAID_MS 1000
#define LONGEST_SUBJECT 400u

struct matter *matter_new(struct connection *connection)
{
    struct matter *matter = xcalloc(1, sizeof *matter);
    matter->door = connection->door;
    matter->connection = connection;
    matter->caller = connection->caller;
    matter->process = &connection->process;
    connection->matter = matter;
    return matter;
}

struct matter *matter_replying(struct door *door, const struct caller *caller, matter_replied *replied,
                               void *context)
{
    struct matter *matter = xcalloc(1, sizeof *matter);
    matter->door = door;
    matter->caller = *caller;
    matter->replied = replied;
    matter->context = context;
    return matter;
}

void matter_free(struct matter *matter)
{
    if (!matter->waits) question_free(matter->question);
    if (matter->free_own) matter->free_own(matter->own);
    free(matter->cwd);
    free(matter);
}

/* ---- what a question has in any case ---- */

/* The command itself has none. */
static void put_chain(struct question *question, const struct matter *matter)
{
    const struct session *session = matter->door->session;
    pid_t top = session->keeper ? session->keeper : getpid();
    if (matter->process)
        question->chain_length = known_chain(matter->door->known, matter->process, top, &question->chain);
    else if (question->pid != getpid())
        question->chain_length = process_chain(question->pid, top, &question->chain);
}

void matter_question(struct matter *matter, enum act_kind act, uint64_t python)
{
    struct session *session = matter->door->session;
    struct question *question = xcalloc(1, sizeof *question);
    question->id = questions_next_id(session->questions);
    question->asked_at = facts_wall_clock();
    question->act = act;
    question->pid = matter->caller.pid;
    question->cwd = matter->cwd ? steal_pointer(&matter->cwd) : facts_cwd(&matter->caller);
    put_chain(question, matter);
    /* Under guard kernel nobody tells where the notes lie, if there are any. */
    if (!python && !hellos_wanted(session)) python = WIRE_NOTES_PLACE;
    facts_python(question, &matter->caller, python, &matter->noted);
    matter->question = question;
}

/* What a person is told where no rule has a reason of its own. */
static const char *const otherwise_because[ACT_KINDS] = {
    [ACT_READ] = "no rule says that this may be read",
    [ACT_WRITE] = "no rule says that this may be changed",
    [ACT_EXEC] = "no rule says that this may be run",
    [ACT_CONNECT] = "reaches out: what is sent there is gone, and what is loaded from there may be run",
    [ACT_DEBUG] = "looks into a process, and can change what it does",
};

void matter_rule(struct matter *matter, const struct decision *decision)
{
    const struct image *image = matter->door->session->image;
    struct question *question = matter->question;
    struct image_rule rule;
    question->verdict = decision->verdict;
    if (decision->rule != RULE_NONE && image_rule(image, decision->rule, &rule)) {
        question->rule_place = xasprintf("%s:%u", rule.file, rule.line);
        question->rule_text = xstrdup(rule.text);
        question->because = xstrdup(rule.because);
        return;
    }
    enum verdict verdict;
    const char *file;
    uint32_t line;
    image_otherwise(image, question->act, &verdict, &file, &line);
    question->rule_place = *file ? xasprintf("otherwise (%s:%u)", file, line) : xstrdup("otherwise");
    question->rule_text = xstrdup("");
    question->because = xstrdup(otherwise_because[question->act]);
}

void matter_unfit(struct matter *matter, const char *reason)
{
    struct question *question = matter->question;
    free(question->rule_place);
    free(question->rule_text);
    free(question->because);
    question->verdict = VERDICT_DENY;
    question->unfit = hellos_wanted(matter->door->session);
    question->rule_place = xasprintf("guard %s", guard_name(matter->door->session->options->guard));
    question->rule_text = xstrdup("");
    question->because = xstrdup(reason);
}

/* ---- deciding ---- */

void needs_free(struct needs *needs)
{
    free(needs->cwd);
    free(needs->parent);
    free(needs->program);
}

static void find_out(struct act *act, struct needs *needs, unsigned wanted)
{
    if (wanted & NEED_STDIN && !needs->stdin_unknown)
        act->stdin_kind = facts_stdin(needs->caller, needs->documents);
    if (wanted & NEED_CWD && !needs->cwd) act->cwd = needs->cwd = facts_cwd(needs->caller);
    if (wanted & NEED_PARENT && !needs->parent)
        act->parent = needs->parent = process_program(needs->caller->pid);
    if (wanted & NEED_PROGRAM && !needs->program)
        act->program = needs->program = process_surely(needs->caller->pid);
    if (wanted & NEED_SHA256 && needs->found && found_sha256(needs->found, needs->sum))
        act->sha256 = needs->sum;
}

void matter_judge(const struct session *session, struct act *act, struct needs *needs,
                  struct decision *decision)
{
    policy_decide(session->image, act, decision, NULL);
    if (!decision->needs) return;
    find_out(act, needs, decision->needs);
    policy_decide(session->image, act, decision, NULL);
}

/* ---- the end ---- */

/* Takes the connection back from the matter, which is over. */
static struct connection *released(struct matter *matter)
{
    struct connection *connection = matter->connection;
    if (connection) connection->matter = NULL;
    return connection;
}

static void go(struct matter *matter, const struct answer *answer)
{
    if (answer && matter->question && matter->question->act == ACT_EXEC)
        hidden_approved(matter->door->hidden, matter->caller.pid);
    if (matter->went) matter->went(matter, answer);
    struct connection *connection = released(matter);
    struct matter was = *matter;
    if (connection) door_go(connection);                /* nobody waits for the tidying up */
    if (was.replied) was.replied(was.context, 0, NULL); /* it may still look at what was judged */
    matter_free(matter);
    audit_rest(was.door->session->audit);
    if (was.decided) was.decided(was.context, true, NULL);
}

void matter_refuse(struct matter *matter, int error, const char *message)
{
    struct connection *connection = released(matter);
    door_decided *decided = matter->decided;
    matter_replied *replied = matter->replied;
    void *context = matter->context;
    matter_free(matter);
    if (connection) {
        door_no(connection, error, message);
        return;
    }
    if (replied) {
        replied(context, error, message);
        return;
    }
    cleanup_free char *plain = xasprintf("askfirst: the command: %s\n", strerror(error));
    decided(context, false, message ? message : plain);
}

/* Whoever is refused a program may find it again in PATH's next directory: that is said once. */
static bool was_just_said(struct matter *matter, const struct question *question)
{
    struct said said = {.caller = matter->caller, .at = loop_now()}, *last = &matter->door->said;
    if (!matter->called) return false;
    likeness_exact(question, &said.likeness);
    likeness_directory(ACT_EXEC, matter->called, strlen(matter->called), &said.called);
    bool same = last->caller.pid == said.caller.pid && last->caller.started == said.caller.started &&
                said.at - last->at < SAID_MS &&
                memcmp(&last->likeness, &said.likeness, sizeof said.likeness) == 0 &&
                memcmp(&last->called, &said.called, sizeof said.called) != 0;
    *last = said;
    return same;
}

static void deny(struct matter *matter, const struct question *question, const struct answer *answer)
{
    cleanup_free char *message = NULL;
    if (!was_just_said(matter, question)) message = message_denied(question, answer, matter->door->session);
    matter->door->session->denied++;
    matter_refuse(matter, EACCES, message);
}

void matter_refuse_unjudged(struct matter *matter, const char *event, const char *subject, int error,
                            const char *why)
{
    cleanup_free char *shown = show_string(subject, LONGEST_SUBJECT);
    cleanup_free char *message = xasprintf("askfirst: denied: %s\naskfirst:   why: %s\n", shown, why);
    cleanup_free char *text = xasprintf("%s: %s", subject, why);
    door_event(matter->door, event, matter->caller.pid, text);
    matter->door->session->denied++;
    matter_refuse(matter, error, message);
}

static void deny_unrecorded(struct matter *matter)
{
    matter->door->session->denied++;
    matter_refuse(matter, EACCES,
                  "askfirst: denied: the record of this run cannot be written\n"
                  "askfirst:   next: make room where askfirst keeps its records\n");
}

/* A person has ended the run: it is recorded, and whoever asked hears nothing more until it is ended too. A
 * no would only let a script go on to its next line. */
static bool is_held(struct matter *matter, const struct question *question, const struct answer *answer)
{
    const struct answer cancelled = {.outcome = OUTCOME_CANCELLED};
    struct session *session = matter->door->session;
    if (!session->interrupted || matter->decided) return false;
    audit_act(session->audit, question, question->verdict, answer ? answer : &cancelled, 0);
    session->denied++;
    return true;
}

/* Somebody has answered. The question lives until this returns. */
static void settled(void *context, const struct question *question, const struct answer *answer)
{
    struct matter *matter = context;
    struct session *session = matter->door->session;
    struct audit *audit = session->audit;
    struct answer told = *answer;
    const char *changed = NULL;
    if (is_held(matter, question, answer)) {
        matter->waits = false;
        matter->question = NULL; /* it is not ours any more */
        return;
    }
    bool approved = answer->outcome == OUTCOME_APPROVED;
    if (approved && matter->unchanged && !matter->unchanged(matter, &changed)) {
        approved = false;
        told.note = (char *)(uintptr_t)changed; /* only read */
    }
    enum verdict verdict = changed ? VERDICT_DENY : question->verdict;
    if (!audit_act(audit, question, verdict, &told, loop_now() - matter->began))
        deny_unrecorded(matter);
    else if (approved)
        go(matter, answer);
    else
        deny(matter, question, &told);
}

static bool is_core(const struct session *session, const struct decision *decision)
{
    struct image_rule rule;
    return decision->rule != RULE_NONE && image_rule(session->image, decision->rule, &rule) &&
           rule.layer == LAYER_CORE;
}

static void ask(struct matter *matter, const struct act *act, const struct decision *decision)
{
    struct session *session = matter->door->session;
    if (questions_would_ask(session->questions, matter->question)) {
        if (matter->question->from_input) matter->question->input = input_source(session, &matter->caller);
        choices_fill(matter->question, session, act, is_core(session, decision));
    }
    matter->began = loop_now();
    matter->waits = true;
    questions_put(session->questions, matter->question, settled, matter);
}

/* Nothing is stopped and everything is recorded, with what it would have come to. */
static void observe(struct matter *matter)
{
    if (audit_act(matter->door->session->audit, matter->question, matter->question->verdict, NULL, 0))
        go(matter, NULL);
    else
        deny_unrecorded(matter);
}

/* The run's own environment is no secret to it. That of others is no question either: ps looks at every
 * process there is, and the kernel guard could not let it be read after a yes (Landlock keeps a run from
 * looking into other processes). */
static bool settle_environ(struct matter *matter, const struct act *act)
{
    const char *digits = act->path + strlen("/proc/");
    if (act->kind != ACT_READ || strncmp(act->path, "/proc/", strlen("/proc/")) != 0) return false;
    char *rest;
    long pid = strtol(digits, &rest, 10);
    if (rest == digits || strcmp(rest, "/environ") != 0) return false;
    if (pid > 0 && pid <= INT_MAX && process_is_below((pid_t)pid, matter->door->session->keeper)) {
        question_free(steal_pointer(&matter->question));
        go(matter, NULL);
    } else {
        matter_refuse(matter, EACCES, NULL);
    }
    return true;
}

/* Shown empty. Who could not read it in any case is told so, as if there were no guard. */
static void hide(struct matter *matter)
{
    struct session *session = matter->door->session;
    struct question *question = matter->question;
    if (access(question->path, R_OK) < 0) {
        matter_refuse(matter, errno, NULL);
        return;
    }
    if (!audit_act(session->audit, question, question->verdict, NULL, 0)) {
        deny_unrecorded(matter);
        return;
    }
    session->hidden++;
    hidden_note(matter->door->hidden, question);
    matter_refuse(matter, WIRE_HIDDEN, NULL);
}

void matter_decide(struct matter *matter, const struct act *act, const struct decision *decision)
{
    const struct session *session = matter->door->session;
    struct question *question = matter->question;
    line_check(matter->question, &matter->caller, &matter->noted);
    if (question->verdict != VERDICT_ALLOW) {
        caller_since(&matter->caller);
        origins_find(matter->door->origins, matter->question);
    }
    if (matter->approved_before) {
        question_free(steal_pointer(&matter->question));
        go(matter, NULL);
        return;
    }
    if (is_held(matter, question, NULL)) return;
    if (session->options->mode == MODE_OBSERVE) {
        observe(matter);
        return;
    }
    if (question->verdict == VERDICT_HIDE) {
        if (!hidden_is_asked(matter->door->hidden, question)) {
            hide(matter);
            return;
        }
        question->verdict = VERDICT_ASK;
    }
    if (question->verdict == VERDICT_ASK) {
        if (settle_environ(matter, act)) return;
        ask(matter, act, decision);
        return;
    }
    bool record = question->verdict == VERDICT_DENY || matter->recorded_always;
    if (record && !audit_act(session->audit, question, question->verdict, NULL, 0))
        deny_unrecorded(matter);
    else if (question->verdict == VERDICT_DENY)
        deny(matter, question, NULL);
    else
        go(matter, NULL);
}

void matter_refused_or_decided(struct matter *matter, const struct act *act, const struct decision *decision)
{
    matter_rule(matter, decision);
    bool refused = matter->connection && matter->connection->head.flags & WIRE_REFUSED;
    if (refused) matter->question->verdict = VERDICT_DENY;
    matter_decide(matter, act, decision);
}

void matter_cancel(struct matter *matter)
{
    const struct session *session = matter->door->session;
    const struct answer cancelled = {.outcome = OUTCOME_CANCELLED};
    if (matter->waits) {
        audit_act(session->audit, matter->question, matter->question->verdict, &cancelled,
                  loop_now() - matter->began);
        questions_withdraw(session->questions, matter);
    }
    matter_free(matter);
}
