/* watch_other.c: who a process is, what it does to others, and calls of another ABI (watch_parts.h). */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/ptrace.h>

#include "../memory.h"
#include "../process.h"
#include "numbers.h"
#include "watch_parts.h"

/* The kernel decides whether it may; from now on everybody is looked at before the launcher acts for them. */
void watch_identity(struct call *call)
{
    struct watch *watch = call->watch;
    watch->strangers = true;
    if (call->notification.data.nr == __NR_landlock_restrict_self) {
        watch->fenced = xrealloc(watch->fenced, watch->fenced_count + 1, sizeof *watch->fenced);
        watch->fenced[watch->fenced_count++] = call->tid;
    }
    call_continue(call);
}

bool watch_is_fenced(const struct watch *watch, pid_t tid)
{
    struct process process;
    if (!watch->fenced_count) return false;
    for (pid_t pid = tid; pid > 1 && pid != watch->session->keeper;) {
        for (size_t i = 0; i < watch->fenced_count; i++)
            if (watch->fenced[i] == pid) return true;
        if (!process_look(pid, &process)) return true;
        pid = process.parent;
    }
    /* A thread's fence is its own, and a child's parent may have ended: whoever descends from a fence must not be taken
     * for one without. Where any fence is, only those whose whole line is known are without. */
    return false;
}

void watch_foreign(struct call *call)
{
    char text[96];
    snprintf(text, sizeof text, "a call of another ABI: number %d, architecture %#x",
             call->notification.data.nr, call->notification.data.arch);
    if (!call_find_caller(call)) return;
    watch_event(call->watch, "foreign-call", call->caller.pid, text);
    call_return(call, -ENOSYS);
}

/* Whose memory or limits a call is about. */
static pid_t target_of(const struct call *call)
{
    const uint64_t *args = (const uint64_t *)call->notification.data.args;
    return (pid_t)(call->notification.data.nr == __NR_ptrace ? args[1] : args[0]);
}

static void let(struct call *call)
{
    call->matter = NULL;
    call_continue(call);
}

static void judge_debugging(struct call *call, pid_t target)
{
    char *program cleanup_free = process_program(target);
    if (!program) {
        call_return(call, -ESRCH);
        return;
    }
    struct act act = {.kind = ACT_DEBUG, .path = program, .path_length = strlen(program)};
    struct decision decision;
    policy_decide(call->watch->session->image, &act, &decision, NULL);
    struct matter *matter = call_matter(call, let);
    if (!matter) return;
    matter_question(matter, ACT_DEBUG, 0);
    matter->question->program = process_program(matter->caller.pid);
    matter->question->path = xstrdup(program);
    matter->question->act_detail = filter_call_name(call->notification.data.nr);
    matter_rule(matter, &decision);
    matter_decide(matter, &act, &decision);
}

/* Reading and changing a sibling's memory is a question; its limits and its like are the run's own affair. Nobody reaches
 * out of the run. */
void watch_debug(struct call *call)
{
    int number = call->notification.data.nr;
    if (!call_find_caller(call)) return;
    pid_t target = target_of(call);
    bool descriptor = number == __NR_pidfd_getfd || number == __NR_process_madvise;
    if (number == __NR_ptrace && call->notification.data.args[0] == PTRACE_TRACEME) target = call->caller.pid;
    if (descriptor) {
        call_return(call, -EPERM); /* a descriptor of a process can be swapped for another's */
    } else if (!target || target == call->caller.pid) {
        if (number == __NR_ptrace)
            judge_debugging(call, call->caller.pid);
        else
            call_continue(call);
    } else if (!process_is_below(target, call->watch->session->keeper)) {
        call_return(call, -EPERM);
    } else if (number == __NR_prlimit64 || number == __NR_kcmp || number == __NR_migrate_pages ||
               number == __NR_move_pages) {
        call_continue(call);
    } else {
        judge_debugging(call, target);
    }
}

/* Only where the floor does not hold signals. A pid may be given to another process between the look and the call, but not
 * to one outside while ours lives. */
void watch_signal(struct call *call)
{
    pid_t target = (pid_t)call->notification.data.args[0];
    bool by_descriptor = call->notification.data.nr == __NR_pidfd_send_signal;
    if (!by_descriptor && target > 0 && process_is_below(target, call->watch->session->keeper))
        call_continue(call);
    else
        call_return(call, -EPERM);
}
