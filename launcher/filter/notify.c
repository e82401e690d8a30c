/* notify.c: see notify.h. */
#include "notify.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV
#define SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV (1UL << 5)
#endif
#ifndef SECCOMP_IOCTL_NOTIF_SET_FLAGS
#define SECCOMP_IOCTL_NOTIF_SET_FLAGS SECCOMP_IOW(4, __u64)
#define SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP (1UL << 0)
#endif

int notify_install(const struct sock_fprog *filter)
{
    static const unsigned long flags[] = {
        SECCOMP_FILTER_FLAG_NEW_LISTENER | SECCOMP_FILTER_FLAG_SPEC_ALLOW |
            SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV,
        SECCOMP_FILTER_FLAG_NEW_LISTENER | SECCOMP_FILTER_FLAG_SPEC_ALLOW, /* before 5.19 */
    };
    int listener = -1;
    for (size_t i = 0; i < sizeof flags / sizeof *flags && listener < 0; i++) {
        listener = (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags[i], filter);
        if (listener < 0 && errno != EINVAL) break;
    }
    return listener;
}

/* It looks at the flags before it looks for the filter. */
bool notify_knows_killable(void)
{
    const unsigned long flags = SECCOMP_FILTER_FLAG_NEW_LISTENER | SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV;
    return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, NULL) < 0 && errno == EFAULT;
}

/* Said by number: sendmsg, which could hand it over, is itself a call that traps. */
struct handover {
    pid_t pid;
    int listener;
};

int notify_send_listener(int socket, int listener)
{
    const struct handover handover = {getpid(), listener};
    return send(socket, &handover, sizeof handover, MSG_NOSIGNAL) == sizeof handover ? 0 : -1;
}

int notify_take_listener(int socket)
{
    struct handover handover;
    ssize_t length = recv(socket, &handover, sizeof handover, 0);
    if (length != sizeof handover) {
        if (length >= 0) errno = EPROTO;
        return -1;
    }
    int process = (int)syscall(SYS_pidfd_open, handover.pid, 0);
    int listener = process < 0 ? -1 : (int)syscall(SYS_pidfd_getfd, process, handover.listener, 0);
    int error = errno;
    if (process >= 0) close(process);
    errno = error;
    return listener;
}

bool notify_open(struct notify *notify, int listener)
{
    struct seccomp_notif_sizes sizes;
    if (syscall(SYS_seccomp, SECCOMP_GET_NOTIF_SIZES, 0, &sizes)) return false;
    notify->listener = listener;
    notify->size = sizes.seccomp_notif > sizeof(struct seccomp_notif) ? sizes.seccomp_notif
                                                                      : sizeof(struct seccomp_notif);
    notify->buffer = calloc(1, notify->size);
    if (!notify->buffer) return false;
    notify->synchronous = !ioctl(listener, SECCOMP_IOCTL_NOTIF_SET_FLAGS, SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP);
    return true;
}

void notify_close(struct notify *notify)
{
    if (notify->listener >= 0) close(notify->listener);
    free(notify->buffer);
    *notify = (struct notify){.listener = -1};
}

bool notify_is_there(const struct notify *notify)
{
    struct pollfd ready = {.fd = notify->listener, .events = POLLIN};
    return poll(&ready, 1, 0) == 1 && ready.revents & POLLIN;
}

int notify_receive(struct notify *notify, struct seccomp_notif **call)
{
    memset(notify->buffer, 0, notify->size); /* the kernel refuses a buffer that is not empty */
    if (ioctl(notify->listener, SECCOMP_IOCTL_NOTIF_RECV, notify->buffer))
        return errno == ENOENT || errno == EINTR || errno == EAGAIN ? 0 : -1;
    *call = notify->buffer;
    return 1;
}

bool notify_valid(const struct notify *notify, uint64_t id)
{
    return !ioctl(notify->listener, SECCOMP_IOCTL_NOTIF_ID_VALID, &id);
}

static bool answer(const struct notify *notify, struct seccomp_notif_resp *response)
{
    int result;
    do
        result = ioctl(notify->listener, SECCOMP_IOCTL_NOTIF_SEND, response);
    while (result && errno == EINTR);
    return !result;
}

bool notify_return(const struct notify *notify, uint64_t id, int64_t value)
{
    struct seccomp_notif_resp response = {.id = id};
    if (value < 0)
        response.error = (int32_t)value;
    else
        response.val = value;
    return answer(notify, &response);
}

bool notify_continue(const struct notify *notify, uint64_t id)
{
    struct seccomp_notif_resp response = {.id = id, .flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE};
    return answer(notify, &response);
}

/* The number that the descriptor has got there, or -1 with errno. */
static int hand_over(const struct notify *notify, uint64_t id, int fd, bool cloexec, unsigned flags)
{
    struct seccomp_notif_addfd give = {
        .id = id, .srcfd = (uint32_t)fd, .flags = flags, .newfd_flags = cloexec ? O_CLOEXEC : 0};
    int number;
    do
        number = ioctl(notify->listener, SECCOMP_IOCTL_NOTIF_ADDFD, &give);
    while (number < 0 && errno == EINTR);
    return number;
}

int notify_add(const struct notify *notify, uint64_t id, int fd, bool cloexec)
{
    int number = hand_over(notify, id, fd, cloexec, 0);
    return number >= 0 ? number : errno == ENOENT ? -EBADF : -errno;
}

bool notify_give(const struct notify *notify, uint64_t id, int fd, bool cloexec)
{
    return notify_return(notify, id, notify_add(notify, id, fd, cloexec));
}

/* Where it was interrupted the call has its answer. */
bool notify_give_at_once(const struct notify *notify, uint64_t id, int fd, bool cloexec)
{
    if (hand_over(notify, id, fd, cloexec, SECCOMP_ADDFD_FLAG_SEND) >= 0) return true;
    if (errno == EINVAL) return notify_give(notify, id, fd, cloexec); /* before 5.14 */
    if (errno == EINPROGRESS || errno == ENOENT) return false;
    return notify_return(notify, id, -errno);
}
