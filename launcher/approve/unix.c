/* unix.c: `--approve unix:PATH`: lines with whoever listens at a socket. */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "../plain/memory.h"
#include "kinds.h"
#include "link.h"

enum { CONNECT_MS = 500, RETRY_MS = 20 };

char *unix_malformed(const char *argument)
{
    struct sockaddr_un address;

    if (!*argument) return xstrdup("a socket's path is wanted: unix:PATH");
    if (strlen(argument) >= sizeof address.sun_path)
        return xasprintf("the path is longer than %zu bytes", sizeof address.sun_path - 1);
    return NULL;
}

/* A listener whose backlog is full gets a moment. */
static int connect_soon(int fd, const struct sockaddr_un *address)
{
    int64_t until = loop_now() + CONNECT_MS;

    while (connect(fd, (const struct sockaddr *)address, sizeof *address) < 0) {
        if ((errno != EAGAIN && errno != EINTR) || loop_now() >= until) return -1;
        poll(NULL, 0, RETRY_MS);
    }
    return 0;
}

/* In a directory that others may write, anybody could listen under that name. */
static bool is_trusted(int fd, uid_t *user)
{
    struct ucred peer;
    socklen_t size = sizeof peer;

    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) < 0) return false;
    *user = peer.uid;
    return peer.uid == geteuid() || peer.uid == 0;
}

struct approver *unix_open(const char *argument, struct loop *loop, const struct approve_session *session,
                           const struct approve_events *events, char **why)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    uid_t user = (uid_t)-1;

    cleanup_fd int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    memcpy(address.sun_path, argument, strlen(argument) + 1);
    if (fd < 0 || connect_soon(fd, &address) < 0) {
        *why = xasprintf("cannot connect: %s", strerror(errno));
        return NULL;
    }
    if (!is_trusted(fd, &user)) {
        *why = xasprintf("who listens there is user %u, neither you nor root", (unsigned)user);
        return NULL;
    }
    int link = steal_fd(&fd);
    return link_open("unix", link, link, loop, session, events, why);
}
