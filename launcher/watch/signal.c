/* signal.c: signals, where the floor does not hold them (Landlock before its version 6). As there,
 * nobody reaches out of the run, and a group that has others in it gets the signal as far as the run goes.
 */
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../filter/numbers.h"
#include "../look/process.h"
#include "../plain/memory.h"
#include "parts.h"

#define ROUNDS 8 /* who is forked while a group is gone through is met in the next one */
#define EVERYBODY (-1)

static bool is_of_run(const struct call *call, pid_t pid)
{
    return process_is_below(pid, call->watch->session->keeper);
}

/* Whose number was given to another process meanwhile is nobody of the run, and is not reached. */
static bool signal_one(const struct call *call, pid_t pid, int number)
{
    cleanup_fd int process = (int)syscall(SYS_pidfd_open, pid, 0);
    return process >= 0 && is_of_run(call, pid) && !syscall(SYS_pidfd_send_signal, process, number, NULL, 0);
}

struct reached {
    pid_t *pids;
    size_t count;
};

static bool was_reached(const struct reached *reached, pid_t pid)
{
    for (size_t i = 0; i < reached->count; i++)
        if (reached->pids[i] == pid) return true;
    return false;
}

/* Whether this round has reached somebody new. */
static bool signal_round(const struct call *call, pid_t group, int number, struct reached *reached)
{
    pid_t *pids cleanup_free = NULL;
    size_t count = process_descendants(call->watch->session->keeper, &pids), before = reached->count;
    reached->pids = xrealloc(reached->pids, before + count + 1, sizeof *pids);
    for (size_t i = 0; i < count; i++) {
        struct process process;
        if (was_reached(reached, pids[i]) || !process_look(pids[i], &process)) continue;
        bool meant = group == EVERYBODY ? pids[i] != call->caller.pid : process.group == group;
        if (meant && signal_one(call, pids[i], number)) reached->pids[reached->count++] = pids[i];
    }
    return reached->count > before;
}

/* The group that kill(2) means by a number below 1; 0: there is none. */
static pid_t group_meant(const struct call *call, pid_t target)
{
    struct process caller;
    if (target == EVERYBODY) return EVERYBODY;
    if (!target) target = process_look(call->caller.pid, &caller) ? -caller.group : 0;
    return target == INT_MIN || !target || (kill(target, 0) && errno == ESRCH) ? 0 : -target;
}

static void signal_group(struct call *call, pid_t target, int number)
{
    struct reached reached = {0};
    if (number < 0 || number > SIGRTMAX) {
        call_return(call, -EINVAL);
        return;
    }
    if (!call_is_own(call, EPERM)) return;
    pid_t group = group_meant(call, target);
    for (int i = 0; i < ROUNDS && group && signal_round(call, group, number, &reached); i++) {
    }
    free(reached.pids);
    call_return(call, reached.count ? 0 : group ? -EPERM : -ESRCH);
}

/* Whose pidfd it is; -1: nobody's that lives, 0: it is none. */
static pid_t process_of(int descriptor)
{
    char path[64], line[256];
    int pid = 0;
    snprintf(path, sizeof path, "/proc/self/fdinfo/%d", descriptor);
    cleanup_file FILE *file = fopen(path, "re");
    while (file && fgets(line, sizeof line, file))
        if (sscanf(line, "Pid: %d", &pid) == 1) break;
    return pid;
}

/* The descriptor can be swapped for another: a duplicate is asked whose it is, and used. What else a signal
 * may carry lies behind a pointer: such a one is for nobody. */
static void signal_by_descriptor(struct call *call)
{
    const uint64_t *args = (const uint64_t *)call->notification.data.args;
    if (!call_is_own(call, EPERM)) return;
    cleanup_fd int process = call_descriptor(call, (int)args[0]);
    pid_t target = process < 0 ? 0 : process_of(process);
    int error = process < 0 ? errno : EPERM;
    if (target > 0 && !args[2] && is_of_run(call, target))
        error = syscall(SYS_pidfd_send_signal, process, (int)args[1], NULL, (unsigned)args[3]) ? errno : 0;
    call_return(call, target < 0 ? -ESRCH : -error);
}

/* A pid may be given to another process between the look and the call, but not to one outside while ours
 * lives. */
void watch_signal(struct call *call)
{
    const uint64_t *args = (const uint64_t *)call->notification.data.args;
    int number = call->notification.data.nr;
    bool owner = number == __NR_fcntl;
    pid_t target = (pid_t)args[owner ? 2 : 0];
    if (!call_find_caller(call)) return;
    if (number == __NR_pidfd_send_signal)
        signal_by_descriptor(call);
    else if (number == __NR_kill && target <= 0)
        signal_group(call, target, (int)args[1]);
    else if ((owner && !target) || (target > 0 && is_of_run(call, target)))
        call_continue(call);
    else
        call_return(call, -EPERM);
}
