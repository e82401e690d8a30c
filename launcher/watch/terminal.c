/* terminal.c: the caller's own terminal, by the name that is another one for each, and other people's
 * (parts.h). Who opens one of those reads what is typed there, a password for one, whatever the policy says
 * of terminals: those that the run makes have names like any other.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "../look/process.h"
#include "../look/terminal.h"
#include "../plain/memory.h"
#include "parts.h"

/* ---- the caller's own ---- */

bool call_is_own_terminal(const struct spot *spot)
{
    return S_ISCHR(spot->status.st_mode) && spot->status.st_rdev == makedev(TERMINAL_ALTERNATIVES, 0);
}

int call_open_own_terminal(const struct call *call, uint64_t flags)
{
    char path[64];
    struct process caller;
    if (!process_look(call->caller.pid, &caller) || !caller.terminal) return -ENXIO;
    dev_t device = terminal_of_number(caller.terminal);
    if (terminal_is_pseudo(device))
        snprintf(path, sizeof path, "/dev/pts/%u", (major(device) - TERMINAL_PSEUDO) * 256 + minor(device));
    else
        snprintf(path, sizeof path, "/dev/char/%u:%u", major(device), minor(device));
    int fd = open(path, (int)((flags & ~(uint64_t)(O_CREAT | O_EXCL)) | O_NOCTTY | O_CLOEXEC));
    return fd < 0 ? -errno : fd;
}

/* ---- other people's ---- */

static bool controls(dev_t terminal, pid_t pid)
{
    struct process process;
    return process_look(pid, &process) && terminal_of_number(process.terminal) == terminal;
}

/* Where the run was started, or what it was given. */
static bool is_launchers(const struct stat *status)
{
    struct stat given;
    for (int fd = 0; fd <= STDERR_FILENO; fd++)
        if (!fstat(fd, &given) && S_ISCHR(given.st_mode) && given.st_rdev == status->st_rdev) return true;
    return controls(status->st_rdev, getpid());
}

static bool controls_others(const struct call *call, dev_t terminal)
{
    pid_t *pids cleanup_free = NULL, keeper = call->watch->session->keeper;
    size_t count = process_of_group(0, &pids);
    for (size_t i = 0; i < count; i++)
        if (controls(terminal, pids[i]) && !process_is_below(pids[i], keeper)) return true;
    return false;
}

bool call_at_others_terminal(const struct call *call, const struct spot *spot)
{
    dev_t device = spot->status.st_rdev;
    bool terminal = spot->target >= 0 && S_ISCHR(spot->status.st_mode) && terminal_is_named(device);
    if (!watch_stops(call->watch) || !terminal || is_launchers(&spot->status)) return false;
    return !controls(device, call->tid) && controls_others(call, device);
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
