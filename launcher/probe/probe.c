/* probe.c: see probe.h. A child goes behind an empty floor and a filter that traps one kind of call, and
 * makes calls that its parent answers as the watch would. What the child saw, it leaves in a page that both
 * share.
 */
#include "probe.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../callers/memory_of.h"
#include "../floor/floor.h"
#include "../lane/lane.h"
#include "../plain/memory.h"
#include "trial.h"

#define PATIENCE_MS 2000
#define PARTS_SIZE (PROBE_PARTS * sizeof(struct probe))

void probe_holds(struct probe *probe)
{
    probe->state = PROBE_HOLDS;
}

void probe_lacks(struct probe *probe, const char *why, int error)
{
    probe->state = PROBE_LACKS;
    snprintf(probe->detail, sizeof probe->detail, "%s%s%s", why, error ? ": " : "",
             error ? strerror(error) : "");
}

/* ---- the child ---- */

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

/* Installs a filter that traps one call. A run's own takes the kernel longer than all the rest of a trial;
 * that it cannot be installed would be seen before the run has executed anything. */
static int install_filter(void)
{
    struct sock_filter code[] = {
        {BPF_LD | BPF_W | BPF_ABS, 0, 0, offsetof(struct seccomp_data, nr)},
        {BPF_JMP | BPF_JEQ | BPF_K, 0, 1, __NR_openat},
        {BPF_RET | BPF_K, 0, 0, SECCOMP_RET_USER_NOTIF},
        {BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW},
    };
    const struct sock_fprog filter = {sizeof code / sizeof *code, code};
    return notify_install(&filter);
}

static void go_behind(const struct trial *trial, int socket)
{
    struct report *report = trial->report;
    /* It holds the listener of its own call, which would wait for ever. */
    if (prctl(PR_SET_PDEATHSIG, SIGKILL)) give_up(report, PROBE_FILTER, errno);
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)) give_up(report, PROBE_FILTER, errno);
    if (floor_enter(trial->ruleset)) give_up(report, PROBE_FLOOR, errno);
    if (open("/dev/null", O_WRONLY | O_CLOEXEC) >= 0 || errno != EACCES) give_up(report, PROBE_FLOOR, 0);
    int listener = install_filter(), error = errno;
    if (listener < 0 && error == EBUSY) give_up(report, PROBE_ALONE, 0);
    if (listener < 0) give_up(report, filter_is_refused() ? PROBE_FILTER : PROBE_LISTENER, error);
    if (notify_send_listener(socket, listener)) give_up(report, PROBE_LISTENER, errno);
    report->behind = 1;
}

int trial_call(void)
{
    int fd = open("/dev/null", O_RDONLY | O_CLOEXEC), error = errno;
    if (fd < 0) return error;
    close(fd);
    return 0;
}

/* ---- the parent ---- */

static const char *why_no_landlock(int error)
{
    return error == ENOSYS       ? "this kernel has none, or a container hides it"
           : error == EOPNOTSUPP ? "it is switched off here"
                                 : "it is kept from us";
}

static bool make_trial(struct trial *trial, struct probe *parts)
{
    const struct floor_plan empty = {0};
    int abi = floor_abi(), error = errno;
    *trial = (struct trial){
        .parts = parts, .ruleset = -1, .socket = -1, .notify = {.listener = -1}, .report = MAP_FAILED};
    if (!abi) {
        probe_lacks(&parts[PROBE_LANDLOCK], why_no_landlock(error), error);
        return false;
    }
    trial->ruleset = floor_build(&empty, abi);
    trial->report =
        mmap(NULL, sizeof *trial->report, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (trial->ruleset < 0)
        probe_lacks(&parts[PROBE_LANDLOCK], "a ruleset is refused", errno);
    else if (trial->report == MAP_FAILED)
        probe_lacks(&parts[PROBE_FILTER], "there is no memory for the trial", errno);
    else
        probe_holds(&parts[PROBE_LANDLOCK]);
    return parts[PROBE_FILTER].state != PROBE_LACKS && parts[PROBE_LANDLOCK].state == PROBE_HOLDS;
}

static void free_trial(struct trial *trial)
{
    if (trial->ruleset >= 0) close(trial->ruleset);
    if (trial->report != MAP_FAILED) munmap(trial->report, sizeof *trial->report);
}

static void start(struct trial *trial, int (*body)(void))
{
    int pair[2];
    *trial->report = (struct report){.part = -1, .result = -1};
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair)) return;
    trial->child = fork();
    if (!trial->child) {
        go_behind(trial, pair[1]);
        trial->report->result = body();
        _exit(0);
    }
    if (trial->child < 0) probe_lacks(&trial->parts[PROBE_FILTER], "no process for the trial", errno);
    close(pair[1]);
    trial->socket = pair[0];
}

/* False: it did not come so far. */
static bool take(struct trial *trial)
{
    errno = EPROTO;
    int listener = trial->child <= 0 ? -1 : notify_take_listener(trial->socket);
    if (listener < 0 && errno != EPROTO) { /* what it said itself is in its report */
        trial->report->behind = 1;         /* it may be killed before it says so */
        probe_lacks(&trial->parts[PROBE_DUPLICATE], "its listener cannot be had by pidfd_getfd", errno);
    }
    if (trial->socket >= 0) close(steal_fd(&trial->socket));
    if (listener < 0) return false;
    if (notify_open(&trial->notify, listener)) return true;
    probe_lacks(&trial->parts[PROBE_RECEIVE], "the sizes of notifications are not told", errno);
    close(listener);
    return false;
}

bool trial_begin(struct trial *trial, int (*body)(void))
{
    start(trial, body);
    return take(trial);
}

void trial_finish(struct trial *trial)
{
    if (trial->socket >= 0) close(steal_fd(&trial->socket));
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

struct seccomp_notif *trial_next(struct trial *trial)
{
    struct seccomp_notif *call;
    struct pollfd ready = {trial->notify.listener, POLLIN, 0};
    int got = 0;
    for (int i = 0; !got && i < 100 && poll(&ready, 1, PATIENCE_MS) == 1 && ready.revents & POLLIN; i++)
        got = notify_receive(&trial->notify, &call);
    if (!got) errno = 0;
    return got == 1 ? call : NULL;
}

bool trial_give(struct trial *trial, uint64_t id)
{
    cleanup_fd int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    return fd >= 0 && notify_give(&trial->notify, id, fd, true);
}

static void try_memory(struct trial *trial, const struct seccomp_notif *call)
{
    char path[64];
    int error = memory_string((pid_t)call->pid, call->data.args[1], path, sizeof path);
    if (error || strcmp(path, "/dev/null") != 0)
        probe_lacks(&trial->parts[PROBE_MEMORY], "process_vm_readv", error);
    else
        probe_holds(&trial->parts[PROBE_MEMORY]);
}

/* Descriptor 0 may be closed; then a pidfd that says so has been looked at as well. */
static void try_duplicate(struct trial *trial)
{
    cleanup_fd int process = (int)syscall(SYS_pidfd_open, trial->child, 0);
    cleanup_fd int standard = process < 0 ? -1 : (int)syscall(SYS_pidfd_getfd, process, 0, 0);
    if (standard < 0 && errno != EBADF)
        probe_lacks(&trial->parts[PROBE_DUPLICATE], process < 0 ? "pidfd_open" : "pidfd_getfd", errno);
    else
        probe_holds(&trial->parts[PROBE_DUPLICATE]);
}

static void try_trace(struct trial *trial)
{
    if (ptrace(PTRACE_SEIZE, trial->child, 0, PTRACE_O_TRACEEXEC | PTRACE_O_EXITKILL))
        probe_lacks(&trial->parts[PROBE_TRACE], "ptrace", errno);
    else
        probe_holds(&trial->parts[PROBE_TRACE]);
}

static void answer(struct trial *trial)
{
    struct probe *parts = trial->parts;
    const struct seccomp_notif *call = trial_next(trial);
    if (!call) {
        probe_lacks(&parts[PROBE_RECEIVE], errno ? "they cannot be received" : "none came", errno);
        kill(trial->child, SIGKILL);
        return;
    }
    uint64_t id = call->id;
    if (notify_valid(&trial->notify, id))
        probe_holds(&parts[PROBE_RECEIVE]);
    else
        probe_lacks(&parts[PROBE_RECEIVE], "they cannot be told to be still waiting", errno);
    try_memory(trial, call);
    try_duplicate(trial);
    try_trace(trial);
    if (trial_give(trial, id)) return;
    probe_lacks(&parts[PROBE_GIVE], "it is refused", errno);
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
        probe_lacks(&parts[PROBE_FLOOR], "who entered it died", 0);
        return;
    }
    for (int i = PROBE_FLOOR; i <= PROBE_LISTENER && (part < 0 || i < part); i++)
        probe_holds(&parts[i]);
    if (part >= PROBE_FLOOR && part <= PROBE_LISTENER) {
        probe_lacks(&parts[part], whys[part], trial->report->error);
    } else if (parts[PROBE_GIVE].state == PROBE_UNTRIED && parts[PROBE_RECEIVE].state == PROBE_HOLDS) {
        if (trial->report->result)
            probe_lacks(&parts[PROBE_GIVE], "a trapped call did not get its answer", trial->report->result);
        else
            probe_holds(&parts[PROBE_GIVE]);
    }
}

/* Whether the kernel knows what the guard can do without; whether it also does it, only the doctor has time
 * to see. */
static void look_at_rest(const struct trial *trial)
{
    const bool known[PROBE_PARTS] = {
        [PROBE_KILLABLE] = notify_knows_killable(),
        [PROBE_SYNCHRONOUS] = trial->notify.synchronous,
        [PROBE_LANE] = lane_is_known(),
    };
    for (int i = PROBE_KILLABLE; i < PROBE_PARTS; i++) {
        struct probe *part = &trial->parts[i];
        if (known[i])
            probe_holds(part);
        else
            probe_lacks(part, "this kernel does not know it", 0);
    }
}

static bool all_needed_hold(const struct trial *trial)
{
    for (int i = 0; i < PROBE_PARTS; i++)
        if (probe_is_needed((enum probe_part)i) && trial->parts[i].state != PROBE_HOLDS) return false;
    return true;
}

/* Makes the trial, which is to be freed, and tries what the guard needs. Whether all of it holds. */
static bool try_needed(struct trial *trial, struct probe *parts, void (*meanwhile)(void *), void *context)
{
    if (!make_trial(trial, parts)) return false;
    start(trial, trial_call);
    meanwhile(context); /* it goes behind the guard by itself, and waits there */
    if (take(trial)) {
        look_at_rest(trial);
        answer(trial);
    }
    trial_finish(trial);
    if (parts[PROBE_FILTER].state != PROBE_LACKS) read_report(trial);
    return all_needed_hold(trial);
}

static void nothing(void *context)
{
    (void)context;
}

void probe(struct probe parts[PROBE_PARTS])
{
    struct trial trial;
    memset(parts, 0, PROBE_PARTS * sizeof *parts);
    if (try_needed(&trial, parts, nothing, NULL)) {
        probe_exec(&trial);
        probe_killable(&trial);
        probe_synchronous(&trial);
        probe_lane(&trial);
    }
    free_trial(&trial);
}

/* ---- for a run ---- */

struct guard_trial {
    struct probe *parts; /* shared with who tries; NULL: there was no memory for it */
    pid_t trier;         /* 0: it has ended */
};

struct guard_trial *guard_try(void (*meanwhile)(void *), void *context)
{
    struct guard_trial *trial = xcalloc(1, sizeof *trial);
    void *parts = mmap(NULL, PARTS_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (parts == MAP_FAILED) return trial;
    trial->parts = parts;
    trial->trier = fork();
    if (trial->trier < 0) probe_lacks(&trial->parts[PROBE_FILTER], "no process for the trial", errno);
    if (trial->trier) return trial;
    struct trial own;
    try_needed(&own, trial->parts, meanwhile, context);
    _exit(0);
}

static void wait_for_end(struct guard_trial *trial)
{
    while (trial->trier > 0 && waitpid(trial->trier, NULL, 0) < 0 && errno == EINTR) {
    }
    trial->trier = 0;
}

void guard_forget(struct guard_trial *trial)
{
    if (!trial) return;
    wait_for_end(trial);
    if (trial->parts) munmap(trial->parts, PARTS_SIZE);
    free(trial);
}

/* What the guard can do without, and has to. */
static char **name_lacking(const struct probe parts[PROBE_PARTS])
{
    char **names = xcalloc(FLOOR_VERSIONS + PROBE_PARTS + 1, sizeof *names);
    size_t count = 0;
    for (int version = floor_abi() + 1; version <= FLOOR_VERSIONS; version++)
        names[count++] = xasprintf("%s: %s", probe_name(PROBE_LANDLOCK), floor_version_knows(version));
    for (int i = 0; i < PROBE_PARTS; i++)
        if (!probe_is_needed((enum probe_part)i) && parts[i].state == PROBE_LACKS)
            names[count++] = xstrdup(probe_name((enum probe_part)i));
    return names;
}

void guard_free_names(char **names)
{
    for (size_t i = 0; names && names[i]; i++)
        free(names[i]);
    free(names);
}

char *guard_missing(struct guard_trial *trial, const char **next, char ***without)
{
    const struct probe *parts = trial->parts;
    wait_for_end(trial);
    if (!parts) {
        *without = NULL;
        *next = probe_next(PROBE_FILTER);
        return xasprintf("%s: there is no memory for the trial", probe_name(PROBE_FILTER));
    }
    const int none = -1;
    int first = none;
    for (int i = 0; i < PROBE_PARTS; i++) {
        if (parts[i].state == PROBE_HOLDS || !probe_is_needed((enum probe_part)i)) continue;
        if (first == none || (parts[first].state == PROBE_UNTRIED && parts[i].state == PROBE_LACKS))
            first = i;
    }
    *without = name_lacking(parts);
    if (first == none) return NULL;
    *next = probe_next((enum probe_part)first);
    return xasprintf("%s: %s", probe_name((enum probe_part)first),
                     parts[first].state == PROBE_LACKS ? parts[first].detail : "it could not be tried");
}
