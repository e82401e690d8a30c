/* guard.c: see guard.h. */
#include "guard.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "../memory.h"
#include "capabilities.h"
#include "filter.h"
#include "landlock.h"
#include "memory_of.h"
#include "notify.h"

bool guard_prepare(struct guard_setup *guard, const struct session *session, char **why)
{
    int abi = floor_abi(), pair[2];
    const struct filter_options options = {.signals_scoped = abi >= 6};
    *guard = (struct guard_setup){.ruleset = -1, .ours = -1, .theirs = -1};
    guard->plan = floor_plan(session->policy, session->image, session->places.workspace, FLOOR_BUDGET);
    guard->ruleset = floor_build(guard->plan, abi);
    if (guard->ruleset < 0) {
        *why = xasprintf("the floor (Landlock) cannot be laid: %s", strerror(errno));
    } else if (!filter_make(&options, &guard->filter)) {
        *why = xstrdup("the filter cannot be made");
    } else if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair)) {
        *why = xasprintf("a pair of sockets: %s", strerror(errno));
    } else {
        guard->ours = pair[0];
        guard->theirs = pair[1];
        return true;
    }
    guard_release(guard);
    return false;
}

void guard_release(struct guard_setup *guard)
{
    if (guard->ruleset >= 0) close(guard->ruleset);
    if (guard->ours >= 0) close(guard->ours);
    if (guard->theirs >= 0) close(guard->theirs);
    free(guard->filter.filter);
    floor_plan_free(guard->plan);
    *guard = (struct guard_setup){.ruleset = -1, .ours = -1, .theirs = -1};
}

int guard_enter(const struct guard_setup *guard)
{
    if (capabilities_drop() || floor_enter(guard->ruleset)) return -1;
    int listener = notify_install(&guard->filter);
    if (listener < 0 || notify_send_listener(guard->theirs, listener)) return -1;
    return close(listener);
}

/* ---- trying it ---- */

enum trial { TRIAL_RULESET = 1, TRIAL_FILTER, TRIAL_LISTENER, TRIAL_CALL };

/* The child of a trial: goes behind an empty floor, and makes one call that the launcher has to answer. */
static void try_in_child(int ruleset, const struct sock_fprog *filter, int socket)
{
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    if (floor_enter(ruleset)) _exit(TRIAL_RULESET);
    int listener = notify_install(filter);
    if (listener < 0) _exit(errno == EBUSY ? TRIAL_FILTER + 16 : TRIAL_FILTER);
    if (notify_send_listener(socket, listener)) _exit(TRIAL_LISTENER);
    close(listener);
    int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    _exit(fd < 0 ? TRIAL_CALL : 0);
}

/* Answers it as the watch would: looks at the caller, opens in its stead, hands the descriptor over. */
static const char *answer_trial(int listener)
{
    struct notify notify = {.listener = -1};
    struct seccomp_notif *call;
    const char *missing = NULL;
    char path[64];
    int tries = 1000;
    if (!notify_open(&notify, listener)) missing = "seccomp notifications cannot be received";
    while (!missing && notify_receive(&notify, &call) != 1) {
        if (!--tries) missing = "seccomp notifications do not arrive";
        const struct timespec pause = {.tv_nsec = 1000000};
        nanosleep(&pause, NULL);
    }
    if (!missing) {
        pid_t pid = (pid_t)call->pid;
        int process = (int)syscall(SYS_pidfd_open, pid, 0), standard = -1;
        int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
        if (process >= 0) standard = (int)syscall(SYS_pidfd_getfd, process, 0, 0);
        bool duplicated = standard >= 0 || errno == EBADF;
        if (memory_string(pid, call->data.args[1], path, sizeof path))
            missing = "a guarded process's memory cannot be read (ptrace is restricted: see "
                      "kernel.yama.ptrace_scope)";
        else if (!notify_valid(&notify, call->id))
            missing = "seccomp notifications cannot be told to be valid";
        else if (!duplicated)
            missing = "a guarded process's descriptors cannot be duplicated (pidfd_getfd)";
        else if (ptrace(PTRACE_SEIZE, pid, 0, PTRACE_O_TRACEEXEC))
            missing = "a guarded process cannot be stopped at its exec (ptrace)";
        if (fd < 0 || !notify_give(&notify, call->id, fd, true))
            missing = "descriptors cannot be handed over";
        if (fd >= 0) close(fd);
        if (standard >= 0) close(standard);
        if (process >= 0) close(process);
    }
    notify_close(&notify);
    return missing;
}

static const char *why_failed(int status)
{
    static const char *const reasons[] = {
        [TRIAL_RULESET] = "Landlock refuses to be entered",
        [TRIAL_FILTER] = "the seccomp filter is refused",
        [TRIAL_LISTENER] = "the seccomp listener cannot be handed over",
        [TRIAL_CALL] = "a trapped call did not get its answer",
    };
    if (!WIFEXITED(status)) return "the trial was killed";
    int code = WEXITSTATUS(status);
    if (code == TRIAL_FILTER + 16)
        return "another seccomp listener is in place already (a container's, WSL's, or another guard's)";
    return code < TRIAL_RULESET || code > TRIAL_CALL ? NULL : reasons[code];
}

static const char *try_all(int ruleset, const struct sock_fprog *filter)
{
    int pair[2], status = 0;
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair)) return strerror(errno);
    pid_t child = fork();
    if (!child) try_in_child(ruleset, filter, pair[1]);
    close(pair[1]);
    int listener = child < 0 ? -1 : notify_take_listener(pair[0]);
    const char *missing = child < 0 ? strerror(errno) : listener < 0 ? NULL : answer_trial(listener);
    close(pair[0]);
    if (missing && child > 0) kill(child, SIGKILL);
    if (child > 0 && waitpid(child, &status, __WALL) < 0) return strerror(errno);
    const char *failed = why_failed(status);
    return missing ? missing : failed;
}

char *guard_missing(void)
{
    const struct filter_options options = {.signals_scoped = true};
    const struct floor_plan empty = {0};
    struct sock_fprog filter;
    int abi = floor_abi();
    if (!abi)
        return xstrdup("this kernel has no Landlock, or it is switched off (Linux 5.13, lsm=…,landlock)");
    if (!filter_make(&options, &filter)) return xstrdup("the filter cannot be made");
    cleanup_fd int ruleset = floor_build(&empty, abi);
    const char *missing = ruleset < 0 ? "Landlock refuses a ruleset" : try_all(ruleset, &filter);
    free(filter.filter);
    return missing ? xstrdup(missing) : NULL;
}
