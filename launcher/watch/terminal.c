/* terminal.c: other people's terminals (parts.h). Who opens one reads what is typed there, a password for
 * one, whatever the policy says of terminals: those that the run makes have names like any other.
 */
#include <errno.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "../look/process.h"
#include "../plain/memory.h"
#include "parts.h"

static bool is_terminal(const struct stat *status)
{
    enum { CONSOLES = 4, FIRST_PSEUDO = 136, LAST_PSEUDO = 143 };
    unsigned kind = major(status->st_rdev);
    return S_ISCHR(status->st_mode) && (kind == CONSOLES || (kind >= FIRST_PSEUDO && kind <= LAST_PSEUDO));
}

/* As /proc has its number. */
static int number_of(const struct stat *status)
{
    unsigned high = major(status->st_rdev), low = minor(status->st_rdev);
    return (int)((low & 0xff) | high << 8 | (low & ~0xffu) << 12);
}

static bool controls(int terminal, pid_t pid)
{
    struct process process;
    return process_look(pid, &process) && process.terminal == terminal;
}

/* Where the run was started, or what it was given. */
static bool is_launchers(const struct stat *status)
{
    struct stat given;
    for (int fd = 0; fd <= STDERR_FILENO; fd++)
        if (!fstat(fd, &given) && S_ISCHR(given.st_mode) && given.st_rdev == status->st_rdev) return true;
    return controls(number_of(status), getpid());
}

static bool controls_others(const struct call *call, int terminal)
{
    pid_t *pids cleanup_free = NULL, keeper = call->watch->session->keeper;
    size_t count = process_of_group(0, &pids);
    for (size_t i = 0; i < count; i++)
        if (controls(terminal, pids[i]) && !process_is_below(pids[i], keeper)) return true;
    return false;
}

bool call_at_others_terminal(const struct call *call, const struct spot *spot)
{
    bool stops = call->watch->session->options->mode != MODE_OBSERVE;
    if (!stops || spot->target < 0 || !is_terminal(&spot->status) || is_launchers(&spot->status))
        return false;
    return !controls(number_of(&spot->status), call->tid) && controls_others(call, number_of(&spot->status));
}

void call_refuse_terminal(struct call *call, const struct spot *spot)
{
    const char *path = spot->path ? spot->path : "a terminal";
    cleanup_free char *message =
        xasprintf("askfirst: denied: %s: it is the terminal of somebody outside of the run\n"
                  "askfirst:   next: start the command there\n",
                  path);
    if (!call_find_caller(call)) return;
    watch_event(call->watch, "foreign-terminal", call->caller.pid, path);
    call_tell(call, message);
    call->watch->session->denied++;
    call_return(call, -EACCES);
}
