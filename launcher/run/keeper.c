/* keeper.c: the launcher's end of the keeper. What the keeper does is in keep.c. */
#include "keeper.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "../look/process.h"
#include "../plain/memory.h"
#include "keep.h"

/* How long what must end may take to be gone. */
#define PATIENCE_MS 2000

static const struct timespec moment = {.tv_nsec = 1000000};

struct keeper {
    pid_t pid;
    int link, birth; /* -1: closed */
    int pidfd;       /* of the keeper; -1: this kernel has none */
    struct loop_source *link_source, *birth_source;
    bool failed, empty;
    struct keeper_events events;
};

static void on_birth(void *context, int fd, uint32_t events)
{
    struct keeper *keeper = context;
    struct child_news news;
    (void)events;
    ssize_t length = read(fd, &news, sizeof news);
    if (length < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (length != (ssize_t)sizeof news) {
        loop_close(&keeper->birth_source, &keeper->birth);
        if (!keeper->failed) keeper->events.started(keeper->events.context);
    } else if (news.kind == CHILD_PID) {
        keeper->events.born(keeper->events.context, news.pid);
    } else {
        keeper->failed = true;
        keeper->events.failed(keeper->events.context, news.stage, news.error);
    }
}

static void on_link(void *context, int fd, uint32_t events)
{
    struct keeper *keeper = context;
    struct keep_news news;
    (void)events;
    ssize_t length = recv(fd, &news, sizeof news, MSG_DONTWAIT);
    /* A keeper that ends before it has read its last order resets the link; what it had said comes behind
     * that. */
    if (length < 0 && (errno == EAGAIN || errno == EINTR || errno == ECONNRESET)) return;
    if (length != (ssize_t)sizeof news) {
        loop_close(&keeper->link_source, &keeper->link);
        if (!keeper->empty) keeper->events.lost(keeper->events.context);
        return;
    }
    /* A command that could not be executed has no end of its own. */
    if (news.kind == KEEP_EMPTY)
        keeper->empty = true;
    else if (news.kind == KEEP_ENDED && !keeper->failed)
        keeper->events.ended(keeper->events.context, news.value);
    else if (news.kind == KEEP_STOPPED)
        keeper->events.stopped(keeper->events.context, news.value);
    if (keeper->empty) keeper->events.empty(keeper->events.context);
}

struct keeper *keeper_start(struct loop *loop, const struct child_plan *plan, int lock,
                            const struct keeper_events *events)
{
    int link[2] = {-1, -1}, birth[2] = {-1, -1};
    struct keeper *keeper = xcalloc(1, sizeof *keeper);
    *keeper = (struct keeper){.link = -1, .birth = -1, .pidfd = -1, .events = *events};
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, link) < 0) goto failed;
    keeper->link = link[0];
    if (pipe2(birth, O_CLOEXEC) < 0) goto failed;
    keeper->birth = birth[0];
    keeper->birth_source = loop_add(loop, birth[0], EPOLLIN, on_birth, keeper);
    keeper->link_source = loop_add(loop, link[0], EPOLLIN, on_link, keeper);
    if (!keeper->birth_source || !keeper->link_source) goto failed;

    pid_t launcher = getpid();
    keeper->pid = fork();
    if (keeper->pid < 0) goto failed;
    if (keeper->pid == 0) keep(plan, launcher, link[1], birth[1], lock);
    keeper->pidfd = (int)syscall(SYS_pidfd_open, keeper->pid, 0);
    close(link[1]);
    close(birth[1]);
    return keeper;

failed:;
    int error = errno;
    loop_close(&keeper->birth_source, &keeper->birth);
    loop_close(&keeper->link_source, &keeper->link);
    if (link[1] >= 0) close(link[1]);
    if (birth[1] >= 0) close(birth[1]);
    free(keeper);
    errno = error;
    return NULL;
}

pid_t keeper_pid(const struct keeper *keeper)
{
    return keeper->pid;
}

static void order(struct keeper *keeper, enum keep_order_kind kind, int value)
{
    struct keep_order what = {.kind = kind, .value = value};
    if (keeper->link >= 0) send(keeper->link, &what, sizeof what, MSG_NOSIGNAL | MSG_DONTWAIT);
}

void keeper_signal(struct keeper *keeper, int number)
{
    order(keeper, KEEP_SIGNAL, number);
}

void keeper_signal_all(struct keeper *keeper, int number)
{
    order(keeper, KEEP_SIGNAL_ALL, number);
}

void keeper_end(struct keeper *keeper, int grace_ms)
{
    order(keeper, KEEP_END, grace_ms);
}

/* Kills everything below this process until nothing is left, collecting what becomes its child. */
static void kill_below(int64_t patience_ms)
{
    int64_t until = loop_now() + patience_ms;
    for (;;) {
        pid_t *pids cleanup_free = NULL;
        size_t count = process_descendants(getpid(), &pids);
        for (size_t i = 0; i < count; i++)
            kill(pids[i], SIGKILL);
        while (waitpid(-1, NULL, WNOHANG) > 0)
            ;
        if (count == 0 || loop_now() >= until) return;
        nanosleep(&moment, NULL);
    }
}

/* Until the keeper has ended, but no longer than this. */
static void wait_for_end(const struct keeper *keeper, int64_t most_ms)
{
    struct pollfd ended = {keeper->pidfd, POLLIN, 0};
    if (keeper->pidfd < 0)
        nanosleep(&moment, NULL); /* before Linux 5.3 */
    else
        poll(&ended, 1, (int)most_ms);
}

/* Whether the keeper, with its link cut, has done its work and ended. */
static bool did_its_work(const struct keeper *keeper, int64_t patience_ms)
{
    int64_t until = loop_now() + patience_ms;
    for (;;) {
        int status;
        pid_t pid = waitpid(keeper->pid, &status, WNOHANG);
        int64_t left = until - loop_now();
        if (pid == keeper->pid) return WIFEXITED(status);
        if ((pid < 0 && errno != EINTR) || left <= 0) return false;
        wait_for_end(keeper, left);
    }
}

void keeper_free(struct keeper *keeper)
{
    if (!keeper) return;
    loop_close(&keeper->birth_source, &keeper->birth);
    loop_close(&keeper->link_source, &keeper->link);
    if (!did_its_work(keeper, PATIENCE_MS)) {
        kill(keeper->pid, SIGKILL);
        kill_below(PATIENCE_MS);
    }
    if (keeper->pidfd >= 0) close(keeper->pidfd);
    free(keeper);
}
