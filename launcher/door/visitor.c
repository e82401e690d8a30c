/* visitor.c: who comes to the door, and whether it is still who connected when its request is whole
 * (parts.h). */
#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../look/process.h"
#include "parts.h"

#ifndef SO_PEERPIDFD
#define SO_PEERPIDFD 77
#endif

/* Guarded programs live below the keeper. */
pid_t door_top(const struct door *door)
{
    return door->session->keeper ? door->session->keeper : getpid();
}

static const char *const not_of_the_run = "a process that does not belong to the run";

/* ---- when its request is whole ---- */

/* That it is who connected: who was known by then under this number, or else is one with the descriptor. Who
 * is known by what it, or a child of it, has asked since cannot be meant by a connection that is older,
 * because all of those were accepted before. */
static bool is_who_connected(const struct connection *connection)
{
    if (connection->known_since) return connection->process.started == connection->known_since;
    return !process_ended(connection->pidfd);
}

/* The thread is known only when the request has come. */
const char *visitor_find(struct connection *connection)
{
    struct known *known = connection->door->known;
    pid_t pid = connection->caller.pid;
    if (!known_look(known, pid, &connection->process)) return "a process that cannot be seen";
    if (!is_who_connected(connection)) {
        known_forget(known, pid);
        return "a process that has ended";
    }
    caller_take(&connection->caller, &connection->process, connection->head.tid);
    return known_is_below(known, &connection->process, door_top(connection->door)) ? NULL : not_of_the_run;
}

bool visitor_ended(const struct connection *connection)
{
    return !connection->caller.started || process_ended(connection->pidfd) ||
           !caller_alive(&connection->caller);
}

/* ---- when it comes ---- */

static size_t connections_of(const struct door *door, pid_t pid)
{
    size_t count = 0;
    for (const struct connection *other = door->connections; other; other = other->next)
        count += other->caller.pid == pid;
    return count;
}

/* NULL: welcome. Else what is recorded of who came. Whether it belongs to the run is looked up when it has
 * said what it wants, or at once where room is getting scarce. */
static const char *stranger(const struct door *door, const struct ucred *peer)
{
    if (peer->pid <= 0) return "a process that cannot be seen from here";
    if (peer->uid != geteuid()) return "a process of another user";
    if (door->count >= door->most / 4 && !process_is_below(peer->pid, door_top(door))) return not_of_the_run;
    return NULL;
}

static int descriptor_of_peer(int fd)
{
    int pidfd;
    socklen_t size = sizeof pidfd;
    return getsockopt(fd, SOL_SOCKET, SO_PEERPIDFD, &pidfd, &size) == 0 ? pidfd : -1;
}

static void meet(struct door *door, int fd)
{
    struct ucred peer = {0};
    socklen_t size = sizeof peer;
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) {
        close(fd);
        return;
    }
    const char *who = stranger(door, &peer);
    /* One process may not take all the room. */
    bool greedy = door->count >= door->most / 2 && connections_of(door, peer.pid) >= door->most / 2;
    if (!who && !greedy) {
        uint64_t since = known_since(door->known, peer.pid);
        door_welcome(door, fd, peer.pid, since, since ? -1 : descriptor_of_peer(fd));
        return;
    }
    struct process process;
    bool ended = peer.pid > 0 && !process_look(peer.pid, &process); /* it came and went */
    if (!who || !ended)
        door_event(door, who ? "foreign" : "flood", peer.pid,
                   who ? who : "too many connections of one process");
    close(fd);
}

/* No descriptor is left: the first who waits is turned away, rather than all of them left waiting. */
static void turn_away(struct door *door)
{
    if (door->reserve >= 0) close(door->reserve);
    int fd = accept4(door->fd, NULL, NULL, SOCK_CLOEXEC);
    if (fd >= 0) close(fd);
    door->reserve = open("/dev/null", O_RDONLY | O_CLOEXEC);
    door_event(door, "flood", 0, "no descriptors are left");
}

void door_came(void *context, int listener, uint32_t events)
{
    struct door *door = context;
    (void)events;
    /* One at a time: the loop says whether there is another. */
    int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd >= 0)
        meet(door, fd);
    else if (errno == EMFILE || errno == ENFILE)
        turn_away(door);
}
