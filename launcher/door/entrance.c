/* entrance.c: the session's directory, where the door is: its two sockets, the policy beside them, and who
 * says hello there (parts.h, wire.h). */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "../look/process.h"
#include "../plain/memory.h"
#include "../plain/write.h"
#include "parts.h"

/* Since Linux 6.5: with each datagram comes a descriptor of who sent it. */
#ifndef SO_PASSPIDFD
#define SO_PASSPIDFD 76
#endif
#ifndef SCM_PIDFD
#define SCM_PIDFD 0x04
#endif

#define BACKLOG 4096
#define MOST_CONNECTIONS 512u
#define FEWEST_CONNECTIONS 16u
#define MOST_HELLOS 64 /* at a time */

/* ---- hellos ---- */

struct sender {
    struct ucred peer; /* pid 0: the kernel does not say */
    int pidfd;         /* -1: the kernel has none */
};

static bool receive(int fd, struct sender *sender)
{
    char byte;
    struct iovec part = {&byte, 1};
    union {
        struct cmsghdr header;
        char space[CMSG_SPACE(sizeof(struct ucred)) + CMSG_SPACE(sizeof(int))];
    } control;
    struct msghdr message = {
        .msg_iov = &part, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control};
    *sender = (struct sender){.pidfd = -1};
    if (recvmsg(fd, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC) < 0) return false;
    for (struct cmsghdr *header = CMSG_FIRSTHDR(&message); header; header = CMSG_NXTHDR(&message, header)) {
        if (header->cmsg_level != SOL_SOCKET) continue;
        if (header->cmsg_type == SCM_CREDENTIALS)
            memcpy(&sender->peer, CMSG_DATA(header), sizeof sender->peer);
        else if (header->cmsg_type == SCM_PIDFD)
            memcpy(&sender->pidfd, CMSG_DATA(header), sizeof sender->pidfd);
    }
    return true;
}

/* Nobody is kept whom the door has not met: a connection that waits there may be older. */
static bool is_of_the_run(const struct door *door, const struct process *process)
{
    return known_parent_is_below(door->known, process) || process_is_below(process->pid, door_top(door));
}

static void heard(struct door *door, const struct sender *sender)
{
    struct process process;
    struct caller caller;
    pid_t pid = sender->peer.pid;
    bool foreign = pid <= 0 || sender->peer.uid != geteuid();
    if (!foreign && (!process_look(pid, &process) || process_ended(sender->pidfd))) return; /* it was short */
    if (!foreign && is_of_the_run(door, &process)) {
        caller_name(&caller, &process);
        hellos_heard(door->hellos, &caller, &process);
    } else if (foreign || (process_look(pid, &process) && !process_ended(sender->pidfd))) {
        door_event(door, "foreign", pid, "a hello of a process that does not belong to the run");
    }
}

static void somebody_says_hello(void *context, int fd, uint32_t events)
{
    struct sender sender;
    (void)events;
    for (int i = 0; i < MOST_HELLOS && receive(fd, &sender); i++) {
        heard(context, &sender);
        if (sender.pidfd >= 0) close(sender.pidfd);
    }
}

void entrance_hear(struct door *door)
{
    somebody_says_hello(door, door->hello, EPOLLIN);
}

/* ---- opening and closing ---- */

static int fail(char **why, const char *what, const char *name)
{
    *why = xasprintf("%s: %s: %s", what, name, strerror(errno));
    return -1;
}

static int bind_at(const char *directory, const char *name, int type, char **why)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int length = snprintf(address.sun_path, sizeof address.sun_path, "%s/%s", directory, name);
    if (length < 0 || (size_t)length >= sizeof address.sun_path) {
        errno = ENAMETOOLONG;
        return fail(why, "the door", directory);
    }
    int fd = socket(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) return fail(why, "the door", "socket");
    if (bind(fd, (struct sockaddr *)&address, sizeof address) == 0 && chmod(address.sun_path, 0600) == 0)
        return fd;
    fail(why, "the door", address.sun_path);
    close(fd);
    return -1;
}

static bool open_door(struct door *door, char **why)
{
    door->fd = bind_at(door->session->dir, WIRE_DOOR, SOCK_SEQPACKET, why);
    if (door->fd < 0) return false;
    if (!listen(door->fd, BACKLOG))
        door->source = loop_add(door->session->loop, door->fd, EPOLLIN, door_came, door);
    if (!door->source) fail(why, "the door", "epoll");
    return door->source != NULL;
}

static bool open_hello(struct door *door, char **why)
{
    const int yes = 1;
    door->hello = bind_at(door->session->dir, WIRE_HELLO, SOCK_DGRAM, why);
    if (door->hello < 0) return false;
    setsockopt(door->hello, SOL_SOCKET, SO_PASSPIDFD, &yes, sizeof yes);
    if (!setsockopt(door->hello, SOL_SOCKET, SO_PASSCRED, &yes, sizeof yes))
        door->hello_source = loop_add(door->session->loop, door->hello, EPOLLIN, somebody_says_hello, door);
    if (!door->hello_source) fail(why, "the door", "epoll");
    return door->hello_source != NULL;
}

/* Whole, then under its name: nobody ever maps half of it. */
static bool write_policy(struct door *door, char **why)
{
    const struct session *session = door->session;
    cleanup_free char *draft = xasprintf("%s/%s.new", session->dir, WIRE_POLICY);
    cleanup_free char *path = xasprintf("%s/%s", session->dir, WIRE_POLICY);
    int fd = open(draft, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0400);
    if (fd < 0) {
        fail(why, "the policy's image", draft);
        return false;
    }
    bool written =
        lseek(fd, WIRE_NAMES_SIZE, SEEK_SET) > 0 && write_whole(fd, session->image, session->image_size);
    if (written && rename(draft, path) == 0) {
        door->names = names_new(door, fd);
        return true;
    }
    fail(why, "the policy's image", path);
    close(fd);
    unlink(draft);
    return false;
}

size_t entrance_room(void)
{
    struct rlimit files;
    if (getrlimit(RLIMIT_NOFILE, &files) != 0 || files.rlim_cur == RLIM_INFINITY) return MOST_CONNECTIONS;
    /* Each may need others for a moment; the launcher needs some for itself. */
    rlim_t room = files.rlim_cur > 64 ? (files.rlim_cur - 64) / 3 : 0;
    if (room > MOST_CONNECTIONS) return MOST_CONNECTIONS;
    return room < FEWEST_CONNECTIONS ? FEWEST_CONNECTIONS : (size_t)room;
}

/* Under guard kernel the shim asks by a call, and has nothing to judge by itself: there is no socket, at
 * which the launcher, who connects for everybody, would only meet itself. */
bool entrance_open(struct door *door, char **why)
{
    door->fd = door->hello = door->reserve = -1;
    if (!hellos_wanted(door->session)) return true;
    if (!write_policy(door, why) || !open_hello(door, why) || !open_door(door, why)) {
        entrance_close(door);
        return false;
    }
    door->reserve = open("/dev/null", O_RDONLY | O_CLOEXEC);
    return true;
}

void entrance_close(struct door *door)
{
    loop_close(&door->source, &door->fd);
    loop_close(&door->hello_source, &door->hello);
    if (door->reserve >= 0) close(door->reserve);
}
