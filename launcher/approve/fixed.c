/* fixed.c: `--approve deny` and `--approve allow`: nobody is asked. */
#include <string.h>

#include "../plain/memory.h"
#include "kinds.h"

struct fixed {
    struct approver approver;
    struct loop *loop;
    struct approve_events events;
    enum outcome outcome;
    uint64_t *ids; /* in the order in which they were asked */
    size_t count, room;
    struct loop_timer *timer;
    bool busy, destroyed; /* as in link.c: the session may destroy it from within an answer */
};

static void fixed_free(struct fixed *fixed)
{
    loop_cancel(fixed->timer);
    free(fixed->ids);
    free(fixed);
}

static void forget(struct fixed *fixed, size_t place)
{
    memmove(fixed->ids + place, fixed->ids + place + 1, (--fixed->count - place) * sizeof *fixed->ids);
}

static void answer_all(void *context)
{
    struct fixed *fixed = context;

    fixed->timer = NULL;
    fixed->busy = true;
    while (fixed->count && !fixed->destroyed) {
        uint64_t id = fixed->ids[0];
        struct answer answer = {.outcome = fixed->outcome, .by = xstrdup(fixed->approver.name)};
        if (fixed->outcome == OUTCOME_REFUSED) answer.note = xstrdup("nobody is asked in this run");
        forget(fixed, 0);
        fixed->events.answered(fixed->events.context, id, &answer);
    }
    fixed->busy = false;
    if (fixed->destroyed) fixed_free(fixed);
}

/* From the loop, so that the answer never comes before the asking has returned. */
static void fixed_ask(struct approver *approver, const struct question *question)
{
    struct fixed *fixed = (struct fixed *)approver;

    if (fixed->count == fixed->room) {
        fixed->room = fixed->room ? 2 * fixed->room : 8;
        fixed->ids = xrealloc(fixed->ids, fixed->room, sizeof *fixed->ids);
    }
    fixed->ids[fixed->count++] = question->id;
    if (!fixed->timer && !fixed->busy) fixed->timer = loop_after(fixed->loop, 0, answer_all, fixed);
}

static void fixed_withdraw(struct approver *approver, uint64_t id, enum outcome outcome)
{
    struct fixed *fixed = (struct fixed *)approver;

    (void)outcome;
    for (size_t i = 0; i < fixed->count; i++)
        if (fixed->ids[i] == id) forget(fixed, i--);
}

static void fixed_destroy(struct approver *approver)
{
    struct fixed *fixed = (struct fixed *)approver;

    if (fixed->busy)
        fixed->destroyed = true;
    else
        fixed_free(fixed);
}

static const struct approver_operations operations = {
    .ask = fixed_ask,
    .withdraw = fixed_withdraw,
    .settled = approve_no_settled,
    .waiting = approve_no_waiting,
    .bye = approve_no_bye,
    .destroy = fixed_destroy,
};

static struct approver *open_fixed(const char *name, enum outcome outcome, struct loop *loop,
                                   const struct approve_events *events)
{
    struct fixed *fixed = xcalloc(1, sizeof *fixed);

    *fixed =
        (struct fixed){.approver = {&operations, name}, .loop = loop, .events = *events, .outcome = outcome};
    return &fixed->approver;
}

struct approver *deny_open(const char *argument, struct loop *loop, const struct approve_session *session,
                           const struct approve_events *events, char **why)
{
    (void)argument, (void)session, (void)why;
    return open_fixed("deny", OUTCOME_REFUSED, loop, events);
}

struct approver *allow_open(const char *argument, struct loop *loop, const struct approve_session *session,
                            const struct approve_events *events, char **why)
{
    (void)argument, (void)session, (void)why;
    return open_fixed("allow", OUTCOME_APPROVED, loop, events);
}
