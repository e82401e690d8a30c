/* questions.c: see questions.h. */
#include "questions.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../approve/approve.h"
#include "../command.h"
#include "../look/facts.h"
#include "../look/process.h"
#include "../plain/memory.h"
#include "../plain/show.h"
#include "../records/audit.h"
#include "approvals.h"
#include "grants.h"
#include "likeness.h"

#define MOST_WAITING 32u
#define REMIND_MS 10000

/* A person's patience: so many questions at once, and so many more a minute. An approval gives its share
 * back, so that only what is refused, or goes unanswered, wears it out. */
#define PATIENCE 120
#define PATIENCE_BACK_MS 500

/* One who waits for an answer. */
struct waiter {
    struct waiter *next;
    struct question *question;
    question_settled *settled; /* NULL: it has gone */
    void *context;
};

/* One question that somebody is being asked, and all who put the same. */
struct asked {
    struct asked *next;
    struct questions *owner;
    struct link *link;
    struct likeness likeness;
    struct waiter *waiters; /* the first one's question is the one that is shown */
    struct loop_timer *expiry;
    struct loop_timer *reminder;
    int64_t began;
};

/* One approver. It is destroyed at the end only: it may be speaking when it breaks. */
struct link {
    struct questions *owner;
    struct approver *approver;
    char *spec;
    char *lost; /* why; NULL: it can be asked */
};

struct questions {
    struct session *session;
    struct link *links;
    size_t link_count;
    char *nobody; /* why nobody can be asked */
    struct asked *asked;
    size_t waiting;
    uint64_t last_id;
    int64_t waiting_since;
    int64_t patience;
    int64_t patience_at;
};

uint64_t questions_next_id(struct questions *questions)
{
    return ++questions->last_id;
}

bool questions_waiting(const struct questions *questions)
{
    return questions->waiting > 0;
}

static void free_answer(struct answer *answer)
{
    free(answer->note);
    free(answer->by);
    *answer = (struct answer){.outcome = OUTCOME_FAILED};
}

static const char *outcome_by(const struct link *link)
{
    return link->approver->name ? link->approver->name : link->spec;
}

/* ---- how long one may be asked ---- */

static bool has_patience(struct questions *questions)
{
    int64_t now = loop_now(), back = (now - questions->patience_at) / PATIENCE_BACK_MS;
    questions->patience_at += back * PATIENCE_BACK_MS;
    questions->patience += back;
    if (questions->patience >= PATIENCE) {
        questions->patience = PATIENCE;
        questions->patience_at = now;
    }
    if (questions->patience <= 0) return false;
    questions->patience--;
    return true;
}

/* Approvers behind which there is no person do not tire. */
static bool never_tires(const struct link *link)
{
    const char *name = outcome_by(link);
    return strcmp(name, "deny") == 0 || strcmp(name, "allow") == 0;
}

static int64_t time_limit(const struct session *session)
{
    if (session->options->ask_timeout_ms >= 0) return session->options->ask_timeout_ms;
    uint64_t seconds = session->policy ? session->policy->ask_timeout_seconds : 0;
    return seconds > INT64_MAX / 1000 ? 0 : (int64_t)seconds * 1000;
}

/* ---- settling ---- */

static void take_out(struct asked *asked)
{
    struct questions *questions = asked->owner;
    for (struct asked **at = &questions->asked; *at; at = &(*at)->next) {
        if (*at != asked) continue;
        *at = asked->next;
        break;
    }
    loop_cancel(asked->expiry);
    loop_cancel(asked->reminder);
    asked->expiry = asked->reminder = NULL;
    if (--questions->waiting == 0) questions->session->waited_ms += loop_now() - questions->waiting_since;
}

/* Whoever joined a question hears the same, but for a tree: the one that was shown is another process's. */
static void settle_waiters(struct waiter *waiters, const struct answer *answer)
{
    struct answer told = *answer;
    while (waiters) {
        struct waiter *waiter = waiters;
        waiters = waiter->next;
        if (waiter->settled) waiter->settled(waiter->context, waiter->question, &told);
        if (told.scope == SCOPE_TREE && !told.before) told.scope = SCOPE_ONCE;
        question_free(waiter->question);
        free(waiter);
    }
}

/* Ends one question for all who wait for it. Frees it, and the answer's strings. */
static void finish(struct asked *asked, struct answer *answer)
{
    struct waiter *waiters = asked->waiters;
    free(asked);
    settle_waiters(waiters, answer);
    free_answer(answer);
}

/* Ends one that nobody has answered. It is out of the list before its approver hears of it, who may break
 * then. */
static void give_up(struct asked *asked, enum outcome outcome)
{
    struct approver *approver = asked->link->approver;
    struct answer answer = {.outcome = outcome};
    take_out(asked);
    if (!asked->link->lost) approver->operations->withdraw(approver, asked->waiters->question->id, outcome);
    finish(asked, &answer);
}

static void expired(void *context)
{
    struct asked *asked = context;
    asked->expiry = NULL;
    give_up(asked, OUTCOME_TIMEOUT);
}

static void remind(void *context)
{
    struct asked *asked = context;
    struct approver *approver = asked->link->approver;
    int64_t waited = loop_now() - asked->began;
    asked->reminder = loop_after(asked->owner->session->loop, REMIND_MS - waited % REMIND_MS, remind, asked);
    if (!asked->link->lost)
        approver->operations->waiting(approver, asked->waiters->question->id, (unsigned)(waited / 1000));
}

/* ---- what approvers say ---- */

static struct asked *find_open(const struct link *link, uint64_t id)
{
    for (struct asked *asked = link->owner->asked; asked; asked = asked->next)
        if (asked->link == link && asked->waiters->question->id == id) return asked;
    return NULL;
}

static void write_always(struct session *session, const struct question *question,
                         const struct answer *answer)
{
    cleanup_free char *why = NULL;
    if (approvals_add(session, question, answer, &why)) return;
    cleanup_free char *shown = show_string(why, 0);
    complain("approval not written, it holds for this run only: %s", shown);
    audit_event(session->audit, "approval-not-written", question->pid, why);
}

static void remember(struct session *session, const struct question *question, const struct answer *answer)
{
    grants_remember(session->grants, question, answer);
    if (answer->outcome == OUTCOME_APPROVED && answer->scope == SCOPE_ALWAYS)
        write_always(session, question, answer);
}

static bool answered(void *context, uint64_t id, struct answer *answer)
{
    struct link *link = context;
    struct asked *asked = find_open(link, id);
    bool plain_no = answer->outcome != OUTCOME_APPROVED && answer->scope == SCOPE_ONCE;
    bool sound = asked && (plain_no || question_offers(asked->waiters->question, answer->scope));
    if (!sound) {
        free_answer(answer);
        return false;
    }
    if (!answer->by) answer->by = xstrdup(outcome_by(link));
    if (answer->outcome == OUTCOME_APPROVED) link->owner->patience++;
    remember(link->owner->session, asked->waiters->question, answer);
    enum outcome outcome = answer->outcome;
    take_out(asked);
    finish(asked, answer);
    if (!link->lost) link->approver->operations->settled(link->approver, id, outcome);
    return true;
}

static void broken(void *context, const char *why)
{
    struct link *link = context;
    struct questions *questions = link->owner;
    if (link->lost) return;
    link->lost = xasprintf("%s: %s", link->spec, why);
    free(questions->nobody);
    questions->nobody = xstrdup(link->lost);
    audit_event(questions->session->audit, "approver-lost", 0, link->lost);
    for (struct asked *asked = questions->asked; asked;) {
        if (asked->link != link) {
            asked = asked->next;
            continue;
        }
        struct answer answer = {.outcome = OUTCOME_FAILED, .note = xstrdup(link->lost)};
        take_out(asked);
        finish(asked, &answer);
        asked = questions->asked; /* whoever was settled may have put or withdrawn others */
    }
}

static void interrupted(void *context)
{
    struct link *link = context;
    session_interrupt(link->owner->session);
}

static void prompting(void *context, bool begins)
{
    struct link *link = context;
    link->owner->session->prompting = begins;
}

/* ---- opening ---- */

static bool open_link(struct questions *questions, struct link *link, const char *spec, bool *malformed,
                      char **why)
{
    struct session *session = questions->session;
    struct approve_session told = {.session = session->id,
                                   .command = session->options->command,
                                   .cwd = session->cwd,
                                   .guard = guard_name(session->options->guard),
                                   .policy = session->policy_digest,
                                   .environment = environ};
    struct approve_events events = {answered, broken, interrupted, link, prompting};
    *link = (struct link){.owner = questions, .spec = xstrdup(spec)};
    link->approver = approve_open(spec, session->loop, &told, &events, malformed, why);
    if (!link->approver) link->lost = xstrdup(*why);
    return link->approver != NULL;
}

static void close_links(struct questions *questions)
{
    for (size_t i = 0; i < questions->link_count; i++) {
        struct link *link = &questions->links[i];
        if (link->approver) link->approver->operations->destroy(link->approver);
        free(link->spec);
        free(link->lost);
    }
    free(questions->links);
}

static struct link *first_link(struct questions *questions)
{
    for (size_t i = 0; i < questions->link_count; i++)
        if (!questions->links[i].lost) return &questions->links[i];
    return NULL;
}

/* All of them are opened at once, so that a malformed one is found before anything runs. False: it was
 * malformed. */
static bool open_links(struct questions *questions, const char *const *specs, size_t count)
{
    questions->links = xcalloc(count, sizeof *questions->links);
    for (size_t i = 0; i < count; i++) {
        struct link *link = &questions->links[questions->link_count++];
        cleanup_free char *why = NULL;
        bool malformed = false;
        if (open_link(questions, link, specs[i], &malformed, &why)) continue;
        free(questions->nobody);
        questions->nobody = xstrdup(link->lost);
        if (malformed) return false;
    }
    return true;
}

struct questions *questions_new(struct session *session, char **why)
{
    static const char *const usual[] = {"tty"};
    struct questions *questions = xcalloc(1, sizeof *questions);
    questions->session = session;
    questions->patience = PATIENCE;
    questions->patience_at = loop_now();
    questions->nobody = xstrdup("no approver");
    bool chosen = session->options->approve_count > 0;
    const char *const *specs = chosen ? session->options->approve : usual;
    size_t count = chosen ? session->options->approve_count : sizeof usual / sizeof *usual;
    if (open_links(questions, specs, count) && (first_link(questions) || !chosen)) {
        session->grants = grants_new(session->policy, session->places.home);
        return questions;
    }
    close_links(questions);
    *why = questions->nobody;
    free(questions);
    return NULL;
}

/* ---- putting ---- */

static struct waiter *new_waiter(struct question *question, question_settled *settled, void *context)
{
    struct waiter *waiter = xcalloc(1, sizeof *waiter);
    *waiter = (struct waiter){.question = question, .settled = settled, .context = context};
    return waiter;
}

static bool join(struct questions *questions, const struct likeness *likeness, struct waiter *waiter)
{
    for (struct asked *asked = questions->asked; asked; asked = asked->next) {
        if (memcmp(asked->likeness.sum, likeness->sum, sizeof likeness->sum) != 0) continue;
        struct waiter **last = &asked->waiters;
        while (*last)
            last = &(*last)->next;
        *last = waiter;
        return true;
    }
    return false;
}

static void ask(struct questions *questions, struct link *link, const struct likeness *likeness,
                struct waiter *waiter)
{
    struct session *session = questions->session;
    struct asked *asked = xcalloc(1, sizeof *asked);
    int64_t limit = time_limit(session);
    *asked = (struct asked){.next = questions->asked,
                            .owner = questions,
                            .link = link,
                            .likeness = *likeness,
                            .waiters = waiter,
                            .began = loop_now()};
    questions->asked = asked;
    if (questions->waiting++ == 0) questions->waiting_since = asked->began;
    if (limit) asked->expiry = loop_after(session->loop, limit, expired, asked);
    asked->reminder = loop_after(session->loop, REMIND_MS, remind, asked);
    waiter->question->expires_at = limit ? waiter->question->asked_at + limit : 0;
    waiter->question->number = ++session->asked;
    /* It may be answered, and gone, before this returns. */
    link->approver->operations->ask(link->approver, waiter->question);
}

/* Why it cannot be asked at all; false: it can. */
static bool cannot_ask(struct questions *questions, struct link *link, struct answer *answer)
{
    *answer = (struct answer){.outcome = OUTCOME_CANCELLED};
    if (questions->session->ending) return true;
    answer->outcome = OUTCOME_UNDELIVERED;
    if (!link) {
        answer->note = xstrdup(questions->nobody);
        return true;
    }
    answer->outcome = OUTCOME_FLOOD;
    if (questions->waiting >= MOST_WAITING) {
        answer->note = xasprintf("%u questions are waiting", MOST_WAITING);
        return true;
    }
    if (never_tires(link) || has_patience(questions)) return false;
    answer->note = xasprintf("more than %d questions in too short a time", PATIENCE);
    return true;
}

bool questions_would_ask(struct questions *questions, const struct question *question)
{
    struct answer answer;
    if (questions->session->ending || !first_link(questions) || questions->waiting >= MOST_WAITING)
        return false;
    if (!grants_find(questions->session->grants, question, &answer)) return true;
    free_answer(&answer);
    return false;
}

void questions_put(struct questions *questions, struct question *question, question_settled *settled,
                   void *context)
{
    struct waiter *waiter = new_waiter(question, settled, context);
    struct answer answer;
    struct likeness likeness;
    struct link *link = first_link(questions);
    likeness_exact(question, &likeness);
    bool known = !questions->session->ending && grants_find(questions->session->grants, question, &answer);
    bool joins = !known && !questions->session->ending && !question->from_input;
    if (joins && join(questions, &likeness, waiter)) return;
    if (known || cannot_ask(questions, link, &answer)) {
        settle_waiters(waiter, &answer);
        free_answer(&answer);
        return;
    }
    ask(questions, link, &likeness, waiter);
}

static bool somebody_waits(const struct asked *asked)
{
    for (const struct waiter *waiter = asked->waiters; waiter; waiter = waiter->next)
        if (waiter->settled) return true;
    return false;
}

void questions_withdraw(struct questions *questions, void *context)
{
    for (struct asked *asked = questions->asked, *next; asked; asked = next) {
        next = asked->next;
        bool found = false;
        for (struct waiter *waiter = asked->waiters; waiter; waiter = waiter->next) {
            if (!waiter->settled || waiter->context != context) continue;
            waiter->settled = NULL;
            found = true;
        }
        if (!found || somebody_waits(asked)) continue;
        give_up(asked, OUTCOME_CANCELLED);
        next = questions->asked;
    }
}

void questions_close(struct questions *questions, int exit_status)
{
    if (!questions) return;
    struct session *session = questions->session;
    session->ending = true;
    while (questions->asked)
        give_up(questions->asked, OUTCOME_CANCELLED);
    for (size_t i = 0; i < questions->link_count; i++) {
        struct link *link = &questions->links[i];
        if (!link->lost)
            link->approver->operations->bye(link->approver, exit_status, session->asked, session->denied);
    }
    close_links(questions);
    grants_free(session->grants);
    session->grants = NULL;
    session->questions = NULL;
    free(questions->nobody);
    free(questions);
}
