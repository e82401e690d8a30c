/* approve.c: the table of the ways of answering, and opening the one that `--approve` names. */
#include "approve.h"

#include <string.h>

#include "../plain/memory.h"
#include "../plain/show.h"
#include "../plain/text.h"
#include "kinds.h"

static const struct approver_kind kinds[] = {
    {"tty", "tty", tty_open, NULL},
    {"fd", "fd:R,W", pipe_open, pipe_malformed},
    {"unix", "unix:PATH", unix_open, unix_malformed},
    {"exec", "exec:COMMAND", exec_open, exec_malformed},
    {"deny", "deny", deny_open, NULL},
    {"allow", "allow", allow_open, NULL},
};

enum { KINDS = sizeof kinds / sizeof *kinds };

const char *approve_variable(const struct approve_session *session, const char *name)
{
    size_t length = strlen(name);

    for (char *const *at = session->environment; at && *at; at++)
        if (strncmp(*at, name, length) == 0 && (*at)[length] == '=') return *at + length + 1;
    return NULL;
}

void approve_no_settled(struct approver *approver, uint64_t id, enum outcome outcome)
{
    (void)approver, (void)id, (void)outcome;
}

void approve_no_waiting(struct approver *approver, uint64_t id, unsigned seconds)
{
    (void)approver, (void)id, (void)seconds;
}

void approve_no_bye(struct approver *approver, int status, uint64_t asked, uint64_t denied)
{
    (void)approver, (void)status, (void)asked, (void)denied;
}

static char *unknown(const char *spec)
{
    struct text text = {0};
    cleanup_free char *shown = show_string(spec, 60);

    text_format(&text, "%s: no such way of answering: use ", shown);
    for (size_t i = 0; i < KINDS; i++)
        text_format(&text, "%s%s", kinds[i].syntax, i + 2 < KINDS ? ", " : i + 1 < KINDS ? " or " : "");
    return text_take(&text);
}

static const struct approver_kind *find(const char *spec)
{
    size_t length = strcspn(spec, ":");

    for (size_t i = 0; i < KINDS; i++)
        if (strlen(kinds[i].name) == length && strncmp(spec, kinds[i].name, length) == 0) return &kinds[i];
    return NULL;
}

/* The part behind the colon, where this kind has one; NULL with `*why`. */
static const char *find_argument(const struct approver_kind *kind, const char *spec, char **why)
{
    const char *colon = strchr(spec, ':');

    if (!kind->malformed && !colon) return "";
    if (!kind->malformed)
        *why = xasprintf("%s stands alone", kind->name);
    else if (!colon)
        *why = xasprintf("%s is wanted", kind->syntax);
    else if (!(*why = kind->malformed(colon + 1)))
        return colon + 1;
    return NULL;
}

struct approver *approve_open(const char *spec, struct loop *loop, const struct approve_session *session,
                              const struct approve_events *events, bool *malformed, char **why)
{
    const struct approver_kind *kind = find(spec);
    struct approver *approver = NULL;

    *malformed = true;
    if (!kind) {
        *why = unknown(spec);
        return NULL;
    }
    const char *argument = find_argument(kind, spec, why);
    if (argument) {
        *malformed = false;
        approver = kind->open(argument, loop, session, events, why);
    }
    if (!approver) {
        cleanup_free char *shown = show_string(spec, 200);
        cleanup_free char *reason = *why;
        *why = xasprintf("%s: %s", shown, reason);
    }
    return approver;
}
