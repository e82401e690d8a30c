/* signal.c: signals. Nobody reaches out of the run, and whoever tries is told; a group that has others in it
 * gets the signal as far as the run goes. Where the floor holds signals (Landlock from its version 6 on) the
 * kernel does that, and here are the words.
 */
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
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

/* ---- words ---- */

static void refuse(struct call *call, const char *subject)
{
    struct watch *watch = call->watch;
    if (watch->scoped && !watch_stops(watch)) {
        watch_event(watch, "process", call->caller.pid, subject);
        call_continue(call); /* the floor stops it all the same */
        return;
    }
    struct matter *matter = call_matter(call, call_continue);
    if (matter) matter_refuse_unjudged(matter, "process", subject, EPERM, "it does not belong to the run");
}

static void refuse_one(struct call *call, pid_t pid)
{
    char *program cleanup_free = process_program(pid);
    char *subject cleanup_free =
        xasprintf("reaching process %d%s%s", (int)pid, program ? ": " : "", program ? program : "");
    refuse(call, subject);
}

static void refuse_group(struct call *call)
{
    refuse(call, "reaching a group of processes");
}

/* ---- groups ---- */

/* Whether the kernel has somebody to signal, beside the caller where it means everybody. */
static bool has_one_of_run(const struct call *call, pid_t group)
{
    pid_t *pids cleanup_free = NULL;
    size_t count = process_of_group(group == EVERYBODY ? 0 : group, &pids);
    for (size_t i = 0; i < count; i++)
        if (is_of_run(call, pids[i]) && (group != EVERYBODY || pids[i] != call->caller.pid)) return true;
    return false;
}

static void signal_group(struct call *call, pid_t target, int number)
{
    struct reached reached = {0};
    if (number < 0 || number > SIGRTMAX) {
        call_return(call, -EINVAL);
        return;
    }
    if (!call->watch->scoped && !call_is_own(call, EPERM)) return;
    pid_t group = group_meant(call, target);
    if (call->watch->scoped) {
        if (!group || has_one_of_run(call, group))
            call_continue(call);
        else
            refuse_group(call);
        return;
    }
    for (int i = 0; i < ROUNDS && group && signal_round(call, group, number, &reached); i++) {
    }
    free(reached.pids);
    if (!reached.count && group)
        refuse_group(call);
    else
        call_return(call, reached.count ? 0 : -ESRCH);
}

/* ---- one ---- */

/* A process's directory in /proc stands for it too. 0: it is none. */
static pid_t process_of_directory(int descriptor)
{
    char path[64], text[64];
    int pid = 0;
    snprintf(path, sizeof path, "/proc/self/fd/%d", descriptor);
    ssize_t length = readlink(path, text, sizeof text - 1);
    text[length > 0 ? length : 0] = 0;
    const char *name = strrchr(text, '/');
    return name && sscanf(name, "/%d", &pid) == 1 ? pid : 0;
}

/* Whose pidfd it is; -1: nobody's that lives, 0: it is none. */
static pid_t process_of(int descriptor)
{
    char path[64], line[256];
    int pid = 0;
    snprintf(path, sizeof path, "/proc/self/fdinfo/%d", descriptor);
    cleanup_file FILE *file = fopen(path, "re");
    while (file && fgets(line, sizeof line, file))
        if (sscanf(line, "Pid: %d", &pid) == 1) return pid;
    return process_of_directory(descriptor);
}

/* The descriptor can be swapped for another: a duplicate is asked whose it is, and used. What else a signal
 * may carry lies behind a pointer: such a one is for nobody. */
static void signal_by_descriptor(struct call *call)
{
    const uint64_t *args = (const uint64_t *)call->notification.data.args;
    if (!call->watch->scoped && !call_is_own(call, EPERM)) return;
    cleanup_fd int process = call_descriptor(call, (int)args[0]);
    int error = process < 0 ? errno : EPERM;
    pid_t target = process < 0 ? 0 : process_of(process);
    if (target > 0 && !is_of_run(call, target)) {
        refuse_one(call, target);
        return;
    }
    if (call->watch->scoped) {
        call_continue(call);
        return;
    }
    if (target > 0 && !args[2])
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
    struct process process;
    if (!call_find_caller(call)) return;
    if (number == __NR_pidfd_send_signal)
        signal_by_descriptor(call);
    else if (number == __NR_kill && target <= 0)
        signal_group(call, target, (int)args[1]);
    else if ((owner && !target) || (target > 0 && is_of_run(call, target)))
        call_continue(call);
    else if (target > 0 && process_look(target, &process))
        refuse_one(call, target);
    else
        call_return(call, target > 0 ? -ESRCH : -EPERM);
}
