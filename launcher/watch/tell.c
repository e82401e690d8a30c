/* tell.c: words for whoever was refused, on its own standard error (parts.h): at no time does the launcher
 * wait for somebody to read them.
 */
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../plain/memory.h"
#include "parts.h"

static void tell_through_pipe(int fd, const char *message)
{
    int own[2];
    if (pipe2(own, O_CLOEXEC | O_NONBLOCK)) return;
    ssize_t written = write(own[1], message, strlen(message));
    if (written > 0) splice(own[0], NULL, fd, NULL, (size_t)written, SPLICE_F_NONBLOCK);
    close(own[0]);
    close(own[1]);
}

struct telling {
    int fd;
    char *message;
};

static void free_telling(struct telling *telling)
{
    if (telling->fd >= 0) close(telling->fd);
    free(telling->message);
    free(telling);
}

/* Its call has ended by then, so that it is interrupted soon where the terminal stands still
 * (aside_look()). */
static void tell_aside(const struct aside_call *call, void *own)
{
    const struct telling *telling = own;
    (void)call;
    ssize_t written = write(telling->fd, telling->message, strlen(telling->message));
    (void)written;
    free_telling(own);
}

/* A terminal may stop at any time, and only the program decides whether a write to it waits. */
static void tell_through_terminal(const struct call *call, int fd, const char *message)
{
    struct pollfd ready = {.fd = fd, .events = POLLOUT};
    const struct aside_call by = call_aside(call);
    if (poll(&ready, 1, 0) != 1 || !(ready.revents & POLLOUT)) return;
    struct telling *telling = xmalloc(sizeof *telling);
    *telling = (struct telling){fcntl(fd, F_DUPFD_CLOEXEC, 0), xstrdup(message)};
    if (telling->fd < 0 || !aside(tell_aside, telling, &by)) free_telling(telling);
}

/* Never waits: somebody may fill a pipe just between a look at it and the write, so it is opened anew,
 * without blocking; or it is another user's, and cannot be. What its owner cannot write to is left alone. */
static void tell(const struct call *call, int fd, const char *message)
{
    char link[32];
    struct stat status;
    int flags = fcntl(fd, F_GETFL);
    if (flags < 0 || flags & O_PATH || (flags & O_ACCMODE) == O_RDONLY || fstat(fd, &status)) return;
    if (S_ISSOCK(status.st_mode)) {
        send(fd, message, strlen(message), MSG_DONTWAIT | MSG_NOSIGNAL);
        return;
    }
    bool file = S_ISREG(status.st_mode);
    if (file && (flags & O_ACCMODE) == O_RDWR && !(flags & O_APPEND))
        return; /* more likely data than a log */
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    cleanup_fd int again = file ? -1 : open(link, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (!file && again < 0) {
        if (S_ISFIFO(status.st_mode))
            tell_through_pipe(fd, message);
        else
            tell_through_terminal(call, fd, message);
        return;
    }
    ssize_t written = write(file ? fd : again, message, strlen(message));
    (void)written; /* it closed its ears */
}

/* Written to the standard error of whoever was refused: without the shim nobody else would tell it. */
void call_tell(const struct call *call, const char *message)
{
    if (call->watch->session->options->quiet) return;
    cleanup_fd int fd = call_descriptor(call, STDERR_FILENO);
    if (fd >= 0 && notify_valid(&call->watch->notify, call->notification.id)) tell(call, fd, message);
}
