/* keep.c: the keeper's whole life: start the command, collect what ends, and end what is left.
 *
 * It is small and slow to anger: no loop but its own, nothing held but the link and the lock, every signal
 * blocked.
 */
#include "keep.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../look/process.h"
#include "../plain/loop.h"
#include "../plain/memory.h"

/* How often what must die is looked for, at first and in the end. */
enum { KILL_SOON_MS = 5, KILL_LATER_MS = 500 };

struct keeping {
    int link, children; /* to the launcher; SIGCHLD */
    pid_t launcher;
    pid_t command; /* 0: it has ended, or never began */
    bool stopped;
    bool orphaned;      /* the launcher has gone */
    int64_t kill_at;    /* INT64_MAX: nothing has to end yet */
    int64_t kill_pause; /* until it is tried again */
};

static void tell(struct keeping *keeping, enum keep_news_kind kind, int value)
{
    struct keep_news news = {.kind = kind, .value = value};
    if (!keeping->orphaned) send(keeping->link, &news, sizeof news, MSG_NOSIGNAL);
}

static void signal_all(int number)
{
    pid_t *pids cleanup_free = NULL;
    size_t count = process_descendants(getpid(), &pids);
    for (size_t i = 0; i < count; i++)
        kill(pids[i], number);
}

static int ascending(const void *one, const void *other)
{
    return *(const int *)one - *(const int *)other;
}

/* Closes all but what the keeper needs, so that the command's pipes end with the command and the door with
 * the launcher; stands in the way of no file system; and leaves the process group, so that it outlives its
 * end. */
static void let_go(const struct keeping *keeping, int lock)
{
    int kept[] = {keeping->link, keeping->children, lock};
    unsigned next = 0;
    qsort(kept, 3, sizeof *kept, ascending);
    for (int i = 0; i < 3; i++) {
        if (kept[i] < 0) continue; /* it could not be made: the link has to say so */
        if ((unsigned)kept[i] > next) close_range(next, (unsigned)kept[i] - 1, 0);
        next = (unsigned)kept[i] + 1;
    }
    close_range(next, ~0U, 0);
    setsid();
    if (chdir("/") < 0) return; /* it does its work from anywhere */
}

static void command_changed(struct keeping *keeping, int status)
{
    if (WIFSTOPPED(status)) {
        keeping->stopped = true;
        tell(keeping, KEEP_STOPPED, WSTOPSIG(status));
    } else if (WIFCONTINUED(status)) {
        /* The launcher stopped with the command; somebody has continued the command alone. */
        keeping->stopped = false;
        if (getppid() == keeping->launcher) kill(keeping->launcher, SIGCONT);
    } else {
        keeping->command = 0;
        tell(keeping, KEEP_ENDED, status);
    }
}

/* Whether anything of the run is left. */
static bool collect(struct keeping *keeping)
{
    for (;;) {
        int status;
        pid_t pid = waitpid(-1, &status, WNOHANG | WUNTRACED | WCONTINUED);
        if (pid == 0 || (pid < 0 && errno != ECHILD)) return true;
        if (pid < 0) return false;
        if (pid == keeping->command) command_changed(keeping, status);
    }
}

static void end_everything(struct keeping *keeping, int grace_ms)
{
    signal_all(SIGTERM);
    signal_all(SIGCONT); /* what is stopped cannot end */
    keeping->kill_at = loop_now() + grace_ms;
}

static void obey(struct keeping *keeping, const struct keep_order *order)
{
    bool needless = order->value == SIGCONT && !keeping->stopped;
    switch (order->kind) {
    case KEEP_SIGNAL:
        if (keeping->command && !needless) kill(keeping->command, order->value);
        break;
    case KEEP_SIGNAL_ALL: signal_all(order->value); break;
    case KEEP_END: end_everything(keeping, order->value); break;
    }
}

static void read_link(struct keeping *keeping)
{
    struct keep_order order;
    ssize_t length = recv(keeping->link, &order, sizeof order, MSG_DONTWAIT);
    if (length == (ssize_t)sizeof order) {
        obey(keeping, &order);
    } else if (length >= 0 || (errno != EAGAIN && errno != EINTR)) {
        keeping->orphaned = true;
        keeping->kill_at = loop_now();
    }
}

static void kill_when_due(struct keeping *keeping)
{
    if (loop_now() < keeping->kill_at) return;
    signal_all(SIGKILL);
    keeping->kill_at = loop_now() + keeping->kill_pause;
    if (keeping->kill_pause < KILL_LATER_MS) keeping->kill_pause *= 2;
}

static int until(int64_t moment)
{
    int64_t left = moment - loop_now();
    if (moment == INT64_MAX) return -1;
    return left < 0 ? 0 : left < INT32_MAX ? (int)left : INT32_MAX;
}

static int open_children(void)
{
    sigset_t children;
    sigemptyset(&children);
    sigaddset(&children, SIGCHLD);
    return signalfd(-1, &children, SFD_CLOEXEC | SFD_NONBLOCK);
}

/* The command borrows this process's memory until its exec: nothing needs to be copied for it, and there is
 * nothing to do here before that. */
static void start(struct keeping *keeping, const struct child_plan *plan, int birth)
{
    pid_t self = getpid();
    keeping->children = open_children();
    keeping->command = keeping->children < 0 || prctl(PR_SET_CHILD_SUBREAPER, 1) < 0 ? -1 : vfork();
    if (keeping->command == 0) child_become(plan, self, birth);
    if (keeping->command > 0) return;
    child_failed(birth, CHILD_FORK, errno);
    keeping->command = 0;
}

void keep(const struct child_plan *plan, pid_t launcher, int link, int birth, int lock)
{
    struct keeping keeping = {
        .link = link, .launcher = launcher, .kill_at = INT64_MAX, .kill_pause = KILL_SOON_MS};
    start(&keeping, plan, birth);
    let_go(&keeping, lock);
    while (collect(&keeping)) {
        struct pollfd fds[] = {{.fd = keeping.children, .events = POLLIN}, {.fd = link, .events = POLLIN}};
        struct signalfd_siginfo info;
        if (keeping.orphaned) fds[1].fd = -1;
        poll(fds, 2, until(keeping.kill_at));
        while (read(keeping.children, &info, sizeof info) > 0)
            ;
        if (fds[1].revents) read_link(&keeping);
        kill_when_due(&keeping);
    }
    tell(&keeping, KEEP_EMPTY, 0);
    _exit(0);
}
