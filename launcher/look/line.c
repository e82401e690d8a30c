/* line.c: see line.h. */
#include "line.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "../../policy/plain.h"

#define ACTS(act) (1u << (act))
#define FILES (ACTS(ACT_READ) | ACTS(ACT_WRITE))

/* Which acts an event announces: the first that fits. */
static const struct {
    const char *begins;
    unsigned acts;
} events[] = {
    {"open", FILES},
    {"sqlite3.connect", FILES},
    {"subprocess.Popen", ACTS(ACT_EXEC)},
    {"os.system", ACTS(ACT_EXEC)},
    {"os.exec", ACTS(ACT_EXEC)},
    {"os.posix_spawn", ACTS(ACT_EXEC)},
    {"os.spawn", ACTS(ACT_EXEC)},
    {"os.", FILES},
    {"socket.bind", ACTS(ACT_WRITE)},
    {"socket.", ACTS(ACT_CONNECT)},
    {"ctypes.get_errno", 0},
    {"ctypes.set_errno", 0},
    {"ctypes.", FILES | ACTS(ACT_EXEC) | ACTS(ACT_CONNECT) | ACTS(ACT_DEBUG)},
};

static bool announces(const char *event, enum act_kind act)
{
    for (size_t i = 0; i < sizeof events / sizeof *events; i++)
        if (strncmp(event, events[i].begins, strlen(events[i].begins)) == 0)
            return events[i].acts & ACTS(act);
    return false;
}

static bool leads_there(const char *subject, const char *path, const struct caller *caller)
{
    struct found found;
    if (strcmp(last_name(subject), last_name(path)) == 0) return true;
    if (!found_open(&found, caller, subject, 0)) return false;
    bool there = strcmp(found.path, path) == 0;
    found_close(&found);
    return there;
}

/* The end of its last word, or the beginning of the shell's text. */
static bool is_run(const char *subject, const struct question *question)
{
    size_t length = strlen(subject);
    const struct bytes *last = question->argc ? &question->argv[question->argc - 1] : NULL;
    if (!last || last->length < length) return !last;
    return memcmp(last->data, subject, length) == 0 ||
           memcmp(last->data + last->length - length, subject, length) == 0;
}

static bool is_about(const char *subject, const struct question *question, const struct caller *caller)
{
    if (!*subject) return true; /* it does not say */
    switch (question->act) {
    case ACT_READ:
    case ACT_WRITE: return !question->path || leads_there(subject, question->path, caller);
    case ACT_EXEC: return is_run(subject, question);
    case ACT_CONNECT: return !question->address || strstr(question->address, subject);
    case ACT_DEBUG:
    default: return true;
    }
}

void line_check(struct question *question, const struct caller *caller, const struct python_note *note)
{
    if (!question->python_file) return;
    if (announces(note->event, question->act) && is_about(note->subject, question, caller)) return;
    free(question->python_file);
    free(question->python_function);
    question->python_file = question->python_function = NULL;
    question->python_line = 0;
}
