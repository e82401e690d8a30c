/* probe.c: see probe.h. A child goes behind an empty floor and the filter of the watch, and makes calls that its parent answers
 * as the watch would. What the child saw, it leaves in a page that both share.
 */
#include "probe.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "../memory.h"
#include "filter.h"
#include "floor.h"
#include "memory_of.h"
#include "notify.h"

#define PATIENCE_MS 2000
#define ROUNDS 200 /* trapped calls that are timed */

static const struct {
    const char *name;
    const char *next;
    bool needed;
} table[PROBE_PARTS] = {
    [PROBE_LANDLOCK] =
        {"Landlock",
         "take Linux 5.13 or newer with landlock among its lsm= modules, or a container whose seccomp "
         "profile lets landlock_create_ruleset through",
         true},
    [PROBE_FLOOR] = {"Landlock's fence",
                     "take a container whose seccomp profile lets landlock_restrict_self through", true},
    [PROBE_FILTER] = {"seccomp filter",
                      "take a kernel with CONFIG_SECCOMP_FILTER, or a container whose seccomp profile lets "
                      "seccomp through",
                      true},
    [PROBE_ALONE] = {"no other seccomp listener",
                     "start askfirst outside of what listens already (a sandbox, a container's agent, "
                     "another guard): the "
                     "kernel lets only one listen",
                     true},
    [PROBE_LISTENER] =
        {"seccomp listener",
         "take Linux 5.9 or newer, or a container whose seccomp profile lets filters with a listener through",
         true},
    [PROBE_RECEIVE] = {"trapped calls arrive",
                       "take a container whose seccomp profile lets the ioctls of seccomp's listener through",
                       true},
    [PROBE_MEMORY] = {"reading a caller's memory",
                      "let processes look at their children: kernel.yama.ptrace_scope at most 1, and "
                      "process_vm_readv in the "
                      "container's seccomp profile",
                      true},
    [PROBE_DUPLICATE] =
        {"duplicating a caller's descriptors",
         "take Linux 5.6 or newer, and a container whose seccomp profile lets pidfd_open and pidfd_getfd "
         "through",
         true},
    [PROBE_TRACE] = {"stopping at an exec",
                     "let processes trace their children: kernel.yama.ptrace_scope at most 1, and ptrace in "
                     "the container's "
                     "seccomp profile",
                     true},
    [PROBE_GIVE] = {"handing an opened file over",
                    "take Linux 5.9 or newer, or a container whose seccomp profile lets the ioctls of "
                    "seccomp's listener "
                    "through",
                    true},
    [PROBE_KILLABLE] =
        {"calls that signals do not undo",
         "nothing has to be done: a program that gets a signal while it waits is asked anew; Linux 5.19 or "
         "newer spares it that",
         false},
    [PROBE_SYNCHRONOUS] =
        {"synchronous wake-up",
         "nothing has to be done: trapped calls cost more; Linux 6.6 or newer makes them cheap", false},
};

bool probe_is_needed(enum probe_part part)
{
    return table[part].needed;
}

const char *probe_name(enum probe_part part)
{
    return table[part].name;
}

const char *probe_next(enum probe_part part)
{
    return table[part].next;
}

static void holds(struct probe *probe)
{
    probe->state = PROBE_HOLDS;
}

static void lacks(struct probe *probe, const char *why, int error)
{
    probe->state = PROBE_LACKS;
    snprintf(probe->detail, sizeof probe->detail, "%s%s%s", why, error ? ": " : "",
             error ? strerror(error) : "");
}

/* ---- the child ---- */

/* What the child tells. */
struct report {
    _Atomic int part;   /* the part that it could not do; -1: none */
    _Atomic int behind; /* it is behind the guard */
    _Atomic int error;
    _Atomic int result; /* of its last call: 0 or an errno */
};

struct trial {
    struct probe *parts;
    int ruleset;
    struct sock_fprog filter;
    struct report *report;
    pid_t child;
    struct notify notify;
};

static void give_up(struct report *report, enum probe_part part, int error)
{
    report->error = error;
    report->part = (int)part;
    _exit(1);
}

/* A filter without a listener, to tell which of the two is refused. */
static bool filter_is_refused(void)
{
    struct sock_filter allow = {BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW};
    const struct sock_fprog program = {1, &allow};
    return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) != 0;
}

static void go_behind(const struct trial *trial, int socket)
{
    struct report *report = trial->report;
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)) give_up(report, PROBE_FILTER, errno);
    if (floor_enter(trial->ruleset)) give_up(report, PROBE_FLOOR, errno);
    if (open("/dev/null", O_WRONLY | O_CLOEXEC) >= 0 || errno != EACCES) give_up(report, PROBE_FLOOR, 0);
    int listener = notify_install(&trial->filter), error = errno;
    if (listener < 0 && error == EBUSY) give_up(report, PROBE_ALONE, 0);
    if (listener < 0) give_up(report, filter_is_refused() ? PROBE_FILTER : PROBE_LISTENER, error);
    if (notify_send_listener(socket, listener)) give_up(report, PROBE_LISTENER, errno);
    close(listener);
    report->behind = 1;
}

static int trapped_call(void)
{
    int fd = open("/dev/null", O_RDONLY | O_CLOEXEC), error = errno;
    if (fd < 0) return error;
    close(fd);
    return 0;
}

/* ---- the parent ---- */

static bool make_trial(struct trial *trial, struct probe *parts)
{
    const struct filter_options options = {.signals_scoped = true};
    const struct floor_plan empty = {0};
    int abi = floor_abi(), error = errno;
    *trial = (struct trial){.parts = parts, .ruleset = -1, .notify = {.listener = -1}, .report = MAP_FAILED};
    if (!abi) {
        lacks(&parts[PROBE_LANDLOCK], "this kernel has none, it is switched off, or it is kept from us",
              error);
        return false;
    }
    trial->ruleset = floor_build(&empty, abi);
    trial->report =
        mmap(NULL, sizeof *trial->report, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (trial->ruleset < 0)
        lacks(&parts[PROBE_LANDLOCK], "a ruleset is refused", errno);
    else if (trial->report == MAP_FAILED || !filter_make(&options, &trial->filter))
        lacks(&parts[PROBE_FILTER], "it cannot be made", errno);
    else
        holds(&parts[PROBE_LANDLOCK]);
    return parts[PROBE_FILTER].state != PROBE_LACKS && parts[PROBE_LANDLOCK].state == PROBE_HOLDS;
}

static void free_trial(struct trial *trial)
{
    if (trial->ruleset >= 0) close(trial->ruleset);
    if (trial->report != MAP_FAILED) munmap(trial->report, sizeof *trial->report);
    free(trial->filter.filter);
}

/* Starts a child that goes behind the guard and then does `body`. False: it did not come so far. */
static bool begin(struct trial *trial, int (*body)(void))
{
    int pair[2];
    *trial->report = (struct report){.part = -1, .result = -1};
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair)) return false;
    trial->child = fork();
    if (!trial->child) {
        go_behind(trial, pair[1]);
        trial->report->result = body();
        _exit(0);
    }
    close(pair[1]);
    int listener = trial->child < 0 ? -1 : notify_take_listener(pair[0]);
    close(pair[0]);
    if (listener < 0) return false;
    if (notify_open(&trial->notify, listener)) return true;
    lacks(&trial->parts[PROBE_RECEIVE], "the sizes of notifications are not told", errno);
    close(listener);
    return false;
}

/* The child's end; the listener closes first, so that whatever still waits is refused. */
static void finish(struct trial *trial)
{
    notify_close(&trial->notify);
    if (trial->child > 0) {
        struct pollfd ended = {(int)syscall(SYS_pidfd_open, trial->child, 0), POLLIN, 0};
        if (ended.fd < 0 || poll(&ended, 1, PATIENCE_MS) != 1) kill(trial->child, SIGKILL);
        if (ended.fd >= 0) close(ended.fd);
        while (waitpid(trial->child, NULL, __WALL) < 0 && errno == EINTR) {
        }
    }
    trial->child = 0;
}

/* A call that has trapped; NULL when none comes (errno 0) or it cannot be received. */
static struct seccomp_notif *next_call(struct trial *trial)
{
    struct seccomp_notif *call;
    struct pollfd ready = {trial->notify.listener, POLLIN, 0};
    int got = 0;
    for (int i = 0; !got && i < 100 && poll(&ready, 1, PATIENCE_MS) == 1 && ready.revents & POLLIN; i++)
        got = notify_receive(&trial->notify, &call);
    if (!got) errno = 0;
    return got == 1 ? call : NULL;
}

static bool give(struct trial *trial, uint64_t id)
{
    cleanup_fd int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    return fd >= 0 && notify_give(&trial->notify, id, fd, true);
}

static void try_memory(struct trial *trial, const struct seccomp_notif *call)
{
    char path[64];
    int error = memory_string((pid_t)call->pid, call->data.args[1], path, sizeof path);
    if (error || strcmp(path, "/dev/null") != 0)
        lacks(&trial->parts[PROBE_MEMORY], "process_vm_readv", error);
    else
        holds(&trial->parts[PROBE_MEMORY]);
}

/* Descriptor 0 may be closed; then a pidfd that says so has been looked at as well. */
static void try_duplicate(struct trial *trial)
{
    cleanup_fd int process = (int)syscall(SYS_pidfd_open, trial->child, 0);
    cleanup_fd int standard = process < 0 ? -1 : (int)syscall(SYS_pidfd_getfd, process, 0, 0);
    if (standard < 0 && errno != EBADF)
        lacks(&trial->parts[PROBE_DUPLICATE], process < 0 ? "pidfd_open" : "pidfd_getfd", errno);
    else
        holds(&trial->parts[PROBE_DUPLICATE]);
}

static void try_trace(struct trial *trial)
{
    if (ptrace(PTRACE_SEIZE, trial->child, 0, PTRACE_O_TRACEEXEC | PTRACE_O_EXITKILL))
        lacks(&trial->parts[PROBE_TRACE], "ptrace", errno);
    else
        holds(&trial->parts[PROBE_TRACE]);
}

static void answer(struct trial *trial)
{
    struct probe *parts = trial->parts;
    const struct seccomp_notif *call = next_call(trial);
    if (!call) {
        lacks(&parts[PROBE_RECEIVE], errno ? "they cannot be received" : "none came", errno);
        kill(trial->child, SIGKILL);
        return;
    }
    uint64_t id = call->id;
    if (notify_valid(&trial->notify, id))
        holds(&parts[PROBE_RECEIVE]);
    else
        lacks(&parts[PROBE_RECEIVE], "they cannot be told to be still waiting", errno);
    try_memory(trial, call);
    try_duplicate(trial);
    try_trace(trial);
    if (give(trial, id)) return;
    lacks(&parts[PROBE_GIVE], "it is refused", errno);
}

/* What the child could not do, or how its call ended. */
static void read_report(const struct trial *trial)
{
    static const char *const whys[PROBE_PARTS] = {
        [PROBE_FLOOR] = "it cannot be entered, or holds nothing back",
        [PROBE_FILTER] = "it is refused",
        [PROBE_ALONE] = "another one is in place already (a container's, WSL's, another guard's)",
        [PROBE_LISTENER] = "it is refused",
    };
    struct probe *parts = trial->parts;
    int part = trial->report->part;
    if (part < 0 && !trial->report->behind) {
        lacks(&parts[PROBE_FLOOR], "who entered it died", 0);
        return;
    }
    for (int i = PROBE_FLOOR; i <= PROBE_LISTENER && (part < 0 || i < part); i++)
        holds(&parts[i]);
    if (part >= PROBE_FLOOR && part <= PROBE_LISTENER) {
        lacks(&parts[part], whys[part], trial->report->error);
    } else if (parts[PROBE_GIVE].state == PROBE_UNTRIED && parts[PROBE_RECEIVE].state == PROBE_HOLDS) {
        if (trial->report->result)
            lacks(&parts[PROBE_GIVE], "a trapped call did not get its answer", trial->report->result);
        else
            holds(&parts[PROBE_GIVE]);
    }
}

static bool try_needed(struct trial *trial)
{
    if (begin(trial, trapped_call)) answer(trial);
    if (trial->child < 0) lacks(&trial->parts[PROBE_FILTER], "no process for the trial", errno);
    finish(trial);
    if (trial->parts[PROBE_FILTER].state != PROBE_LACKS) read_report(trial);
    for (int i = 0; i < PROBE_PARTS; i++)
        if (probe_is_needed((enum probe_part)i) && trial->parts[i].state != PROBE_HOLDS) return false;
    return true;
}

/* ---- what only the doctor has time for ---- */

/* The exec itself: this very program, stopped before its first instruction. */
static void try_exec(struct trial *trial)
{
    int gate[2], status;
    struct probe *part = &trial->parts[PROBE_TRACE];
    if (pipe2(gate, O_CLOEXEC)) return;
    pid_t child = fork();
    if (!child) {
        char byte;
        close(gate[1]);
        if (read(gate[0], &byte, 1) >= 0) execl("/proc/self/exe", "askfirst", "--version", (char *)NULL);
        _exit(1);
    }
    close(gate[0]);
    bool seized = child > 0 && !ptrace(PTRACE_SEIZE, child, 0, PTRACE_O_TRACEEXEC | PTRACE_O_EXITKILL);
    close(gate[1]);
    bool stopped = seized && waitpid(child, &status, __WALL) == child && WIFSTOPPED(status) &&
                   status >> 16 == PTRACE_EVENT_EXEC;
    if (child > 0) {
        kill(child, SIGKILL);
        waitpid(child, NULL, __WALL);
    }
    if (!stopped) lacks(part, "a process that was seized did not stop at its exec", 0);
}

static void heard(int number)
{
    (void)number;
}

static int call_with_handler(void)
{
    const struct sigaction action = {.sa_handler = heard};
    sigaction(SIGUSR1, &action, NULL);
    return trapped_call();
}

/* A signal that the caller handles comes between the call and its answer. */
static void try_killable(struct trial *trial)
{
    const struct timespec while_it_acts = {.tv_nsec = 5000000};
    struct probe *part = &trial->parts[PROBE_KILLABLE];
    const struct seccomp_notif *call = begin(trial, call_with_handler) ? next_call(trial) : NULL;
    bool given = false;
    if (call) {
        uint64_t id = call->id;
        kill(trial->child, SIGUSR1);
        nanosleep(&while_it_acts, NULL);
        given = notify_valid(&trial->notify, id) && give(trial, id);
    }
    finish(trial);
    if (given && !trial->report->result)
        holds(part);
    else
        lacks(part, "a handled signal takes a call back that waits for its answer", 0);
}

static int many_calls(void)
{
    for (int i = 0; i < ROUNDS; i++)
        trapped_call();
    return 0;
}

static int64_t microseconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static void try_synchronous(struct trial *trial)
{
    struct probe *part = &trial->parts[PROBE_SYNCHRONOUS];
    const struct seccomp_notif *call;
    int rounds = 0;
    int64_t began = microseconds();
    bool begun = begin(trial, many_calls), synchronous = begun && trial->notify.synchronous;
    for (; begun && rounds < ROUNDS && (call = next_call(trial)); rounds++)
        notify_return(&trial->notify, call->id, -EACCES);
    int64_t each = rounds ? (microseconds() - began) / rounds : 0;
    finish(trial);
    if (synchronous)
        holds(part);
    else
        lacks(part, "this kernel does not know it", 0);
    size_t at = strlen(part->detail);
    if (each)
        snprintf(part->detail + at, sizeof part->detail - at, "%sa trapped call costs %d microseconds",
                 at ? "; " : "", (int)each);
}

void probe(enum probe_depth depth, struct probe parts[PROBE_PARTS])
{
    struct trial trial;
    memset(parts, 0, PROBE_PARTS * sizeof *parts);
    if (make_trial(&trial, parts) && try_needed(&trial) && depth == PROBE_THOROUGHLY) {
        try_exec(&trial);
        try_killable(&trial);
        try_synchronous(&trial);
    }
    free_trial(&trial);
}

char *guard_missing(const char **next)
{
    struct probe parts[PROBE_PARTS];
    probe(PROBE_QUICKLY, parts);
    const int none = -1;
    int first = none;
    for (int i = 0; i < PROBE_PARTS; i++) {
        if (parts[i].state == PROBE_HOLDS || !probe_is_needed((enum probe_part)i)) continue;
        if (first == none || (parts[first].state == PROBE_UNTRIED && parts[i].state == PROBE_LACKS))
            first = i;
    }
    if (first == none) return NULL;
    *next = probe_next((enum probe_part)first);
    return xasprintf("%s: %s", probe_name((enum probe_part)first),
                     parts[first].state == PROBE_LACKS ? parts[first].detail : "it could not be tried");
}
