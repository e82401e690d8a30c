/* other.c: who a process is, what it does to others, and calls of another ABI (parts.h). */
#include <errno.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>

#include "../filter/numbers.h"
#include "../lane/lane.h"
#include "../look/process.h"
#include "../plain/memory.h"
#include "parts.h"

/* The lane's names are those of the run's own root. */
static void refuse_other_root(struct call *call)
{
    cleanup_free char *message =
        xasprintf("askfirst: denied: %s: the run's fast lane knows one tree of files\n"
                  "askfirst:   next: askfirst run --no-lane\n",
                  filter_call_name(call->notification.data.nr));
    watch_event(call->watch, "other-root", call->caller.pid, filter_call_name(call->notification.data.nr));
    call_tell(call, message);
    call_return(call, -EPERM);
}

/* All of them say which ids, and none are other than what the run began with. */
static bool changes_nothing(const struct call *call)
{
    const uint64_t *args = (const uint64_t *)call->notification.data.args;
    const struct ids *own = &call->watch->own.ids;
    size_t count;
    bool group = false;
    switch (call->notification.data.nr) {
    case __NR_clone:
    case __NR_unshare:
        return !(args[0] & (CLONE_NEWNS | CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC |
                            CLONE_NEWUTS | CLONE_NEWCGROUP | CLONE_NEWTIME));
    case __NR_setgid: group = true; /* fall through */
    case __NR_setuid: count = 1; break;
    case __NR_setregid: group = true; /* fall through */
    case __NR_setreuid: count = 2; break;
    case __NR_setresgid: group = true; /* fall through */
    case __NR_setresuid: count = 3; break;
    default: return false;
    }
    bool same = call->watch->known;
    for (size_t i = 0; i < count; i++)
        for (size_t j = 0; j < ID_KINDS; j++) {
            unsigned wanted = (unsigned)args[i];
            same = same && (wanted == UINT_MAX || wanted == (group ? own->groups[j] : own->users[j]));
        }
    return same;
}

static void others_from_now_on(struct watch *watch)
{
    if (!watch->strangers && watch->lane) lane_share(watch->lane);
    watch->strangers = true;
}

/* The rest of these changes what capabilities are left after the next exec. */
static void note_prctl(struct call *call)
{
    struct watch *watch = call->watch;
    switch ((uint32_t)call->notification.data.args[0]) { /* the kernel looks at no more */
    case PR_SET_CHILD_SUBREAPER: fences_reaper(&watch->fences, call->caller.pid); break;
    case PR_SET_SECCOMP: verifier_beware(watch->verifier); break;
    default: others_from_now_on(watch);
    }
}

/* The kernel decides whether it may; from now on everybody is looked at before the launcher acts for them. */
void watch_identity(struct call *call)
{
    struct watch *watch = call->watch;
    int number = call->notification.data.nr;
    if (number == __NR_prctl && call->notification.data.args[0] == WIRE_CALL) {
        if (call->notification.data.args[1] == WIRE_CALL_NO_LANE)
            watch_laneless(call);
        else
            watch_door(call);
        return;
    }
    if (!call_find_caller(call)) return;
    if (watch->lane && (number == __NR_chroot || number == __NR_setns)) {
        refuse_other_root(call);
        return;
    }
    if (number == __NR_clone && (call->notification.data.args[0] & CLONE_FILES)) watch->shares = true;
    if (number == __NR_prctl) {
        note_prctl(call);
    } else if (number == __NR_seccomp) {
        verifier_beware(watch->verifier);
    } else if (!changes_nothing(call)) {
        others_from_now_on(watch);
        if (number == __NR_landlock_restrict_self) fences_add(&watch->fences, call->caller.pid);
    }
    call_continue(call);
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
    switch (call->notification.data.nr) {
    case __NR_ptrace: return args[0] == PTRACE_TRACEME ? call->caller.pid : (pid_t)args[1];
    default: return (pid_t)args[0];
    }
}

/* Only those that look into a process, or change what it does. The run's own turns and limits are its own
 * affair. */
static bool is_debugging(int number)
{
    static const int debugging[] = {__NR_ptrace, __NR_process_vm_readv, __NR_process_vm_writev};
    for (size_t i = 0; i < sizeof debugging / sizeof *debugging; i++)
        if (debugging[i] == number) return true;
    return false;
}

/* From now on no new program is let out of sight before it has the lane; one that was, and has not got there
 * yet, is nobody's to stop. */
static void let_debug(struct call *call)
{
    const struct watch *watch = call->watch;
    call->matter = NULL;
    verifier_beware(watch->verifier);
    if (watch->lane && !lane_is_sealed(target_of(call)))
        call_return(call, -EPERM);
    else
        call_continue(call);
}

static void judge_debugging(struct call *call, pid_t target)
{
    char *program cleanup_free = process_program(target);
    if (!program) {
        call_return(call, -ESRCH);
        return;
    }
    struct matter *matter = call_matter(call, let_debug);
    if (matter) debug_judge(matter, program, filter_call_name(call->notification.data.nr));
}

/* Reading and changing a sibling's memory is a question; its limits and its like are the run's own affair.
 * Nobody reaches out of the run. */
void watch_debug(struct call *call)
{
    int number = call->notification.data.nr;
    if (!call_find_caller(call)) return;
    pid_t target = target_of(call);
    bool descriptor = number == __NR_pidfd_getfd || number == __NR_process_madvise;
    bool own = !target || target == call->caller.pid || target == call->tid;
    if (descriptor) {
        call_return(call, -EPERM); /* a descriptor of a process can be swapped for another's */
    } else if (!own && !process_is_below(target, call->watch->session->keeper)) {
        call_return(call, -EPERM);
    } else if (is_debugging(number) && (!own || number == __NR_ptrace) &&
               !process_traces(call->caller.pid, target)) {
        judge_debugging(call, target);
    } else {
        call_continue(call);
    }
}
