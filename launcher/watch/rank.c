/* rank.c: whose turn at the processor or at a disk comes before whose (parts.h). A process of the run may be
 * ranked by the run, and nobody else; a group or a user that has others in it is ranked as far as the run
 * goes.
 */
#include <errno.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../filter/numbers.h"
#include "../look/process.h"
#include "../plain/memory.h"
#include "parts.h"

/* Two calls with a count each for the same three. */
enum whose { OF_PROCESS, OF_GROUP, OF_USER, OF_NOBODY };

static enum whose whose(const struct call *call)
{
    bool disk = call->notification.data.nr == __NR_ioprio_set; /* which begins with 1 */
    uint32_t which = (uint32_t)call->notification.data.args[0] - disk;
    return which < OF_NOBODY ? (enum whose)which : OF_NOBODY;
}

static int rank_one(const struct call *call, pid_t pid)
{
    const uint64_t *args = (const uint64_t *)call->notification.data.args;
    int number = call->notification.data.nr, which = number == __NR_ioprio_set ? 1 : PRIO_PROCESS;
    return syscall(number, which, pid, (int)args[2]) ? -errno : 0;
}

static int rank_all(const struct call *call, pid_t group)
{
    pid_t *pids cleanup_free = NULL;
    size_t count = process_descendants(call->watch->session->keeper, &pids);
    int result = -ESRCH;
    for (size_t i = 0; i < count; i++) {
        struct process process;
        if (group && (!process_look(pids[i], &process) || process.group != group)) continue;
        int error = rank_one(call, pids[i]);
        if (result == -ESRCH || error) result = error;
    }
    return result;
}

static pid_t group_of(pid_t pid)
{
    struct process process;
    return process_look(pid, &process) ? process.group : -1;
}

void watch_rank(struct call *call)
{
    pid_t who = (pid_t)call->notification.data.args[1];
    if (!call_find_caller(call)) return;
    switch (whose(call)) {
    case OF_PROCESS:
        if (who == call->caller.pid || who == call->tid ||
            process_is_below(who, call->watch->session->keeper))
            call_continue(call);
        else
            call_return(call, -EPERM);
        break;
    case OF_GROUP:
        if (call_is_own(call, EPERM))
            call_return(call, rank_all(call, who ? who : group_of(call->caller.pid)));
        break;
    case OF_USER:
        if (who && who != (pid_t)getuid())
            call_return(call, -EPERM);
        else if (call_is_own(call, EPERM))
            call_return(call, rank_all(call, 0));
        break;
    case OF_NOBODY: call_return(call, -EINVAL); break;
    }
}
