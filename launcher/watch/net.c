/* net.c: sockets (parts.h). A connect is made by the launcher on a duplicate of the caller's socket, to the
 * address that was copied and judged; what cannot be held at its use is judged when it is made.
 */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "../callers/guise.h"
#include "../plain/memory.h"
#include "endpoint.h"

struct connecting {
    struct endpoint endpoint;
    struct acts acts; /* that binding comes to */
};

static void free_connecting(void *own)
{
    struct connecting *connecting = own;
    endpoint_end(&connecting->endpoint);
    acts_free(&connecting->acts);
    free(connecting);
}

static int read_endpoint(struct call *call, struct endpoint *endpoint, unsigned resolve_flags)
{
    const uint64_t *args = (const uint64_t *)call->notification.data.args;
    int error = endpoint_socket(endpoint, call, (int)args[0]);
    if (!error) error = endpoint_address(endpoint, call, args[1], (uint32_t)args[2]);
    return error ? error : endpoint_find(endpoint, call, resolve_flags);
}

static struct connecting *take(struct call *call, unsigned resolve_flags)
{
    struct connecting *connecting = xcalloc(1, sizeof *connecting);
    endpoint_begin(&connecting->endpoint);
    call->own = connecting;
    call->free_own = free_connecting;
    if (!call_find_caller(call) || !call_look(call)) return NULL;
    int error = read_endpoint(call, &connecting->endpoint, resolve_flags);
    call_acted(call);
    if (!notify_valid(&call->watch->notify, call->notification.id)) error = ESRCH;
    if (!error) return connecting;
    call_return(call, -error);
    return NULL;
}

/* ---- connecting ---- */

static int connect_now(const struct endpoint *endpoint)
{
    struct sockaddr_un room;
    socklen_t size;
    const struct sockaddr *address = endpoint_found(endpoint, &room, &size);
    return connect(endpoint->socket, address, size) ? -errno : 0;
}

/* Who listens is told who connects: not the launcher's ids, where the caller has others. */
static void connect_aside(const struct aside_call *call, void *own)
{
    const struct endpoint *endpoint = &((struct connecting *)own)->endpoint;
    int result = !endpoint->ids || guise_become(endpoint->ids) ? connect_now(endpoint) : -EACCES;
    notify_return(&call->notify, call->id, aside_result(result));
    free_connecting(own);
}

static void carry_out(struct call *call)
{
    struct endpoint *endpoint = &((struct connecting *)call->own)->endpoint;
    call->matter = NULL;
    if (!call_is_served(call, EACCES, &endpoint->ids)) return;
    /* Whether it waits another thread of the caller may decide at any time, so none is connected from the
     * loop that could. */
    if (!endpoint->ids && endpoint->type != SOCK_STREAM && endpoint->type != SOCK_SEQPACKET) {
        call_return(call, connect_now(endpoint));
        return;
    }
    const struct aside_call by = call_aside(call);
    call->free_own = NULL;
    if (aside(connect_aside, call->own, &by)) {
        call_leave(call);
        return;
    }
    call->free_own = free_connecting;
    call_return(call, -EAGAIN);
}

/* Without a family it takes a connection apart, of datagrams as well. */
static bool disconnects(const struct endpoint *endpoint)
{
    return endpoint->address.ss_family == AF_UNSPEC &&
           (endpoint->type == SOCK_STREAM || endpoint->type == SOCK_DGRAM);
}

void watch_connect(struct call *call)
{
    struct connecting *connecting = take(call, RESOLVE_FOLLOW);
    if (!connecting) return;
    if (disconnects(&connecting->endpoint)) {
        call_return(call, connect_now(&connecting->endpoint));
        return;
    }
    struct matter *matter = call_matter(call, carry_out);
    if (!matter || endpoint_judge(&connecting->endpoint, matter)) return;
    call->matter = NULL;
    matter_free(matter);
    call_return(call, -EINVAL);
}

/* ---- binding ---- */

static bool is_same(int fd, int other)
{
    struct stat one, two;
    return !fstat(fd, &one) && !fstat(other, &two) && one.st_dev == two.st_dev && one.st_ino == two.st_ino;
}

/* Whether the address's own words still lead into the directory that was judged, in the launcher's eyes too.
 */
static bool leads_into(const char *path, int parent)
{
    const char *slash = strrchr(path, '/');
    cleanup_free char *directory = slash ? xstrndup(path, (size_t)(slash + 1 - path)) : xstrdup(".");
    cleanup_fd int fd = open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
    return fd >= 0 && is_same(fd, parent);
}

/* The name of a socket is the address as it was written, so it is bound by that, in the caller's directory.
 * Nobody in the run can make another directory of a name meanwhile: that is done by this same thread. Where
 * the words mean another thing here, it is bound by its last name, in the directory that was judged. */
static int64_t bind_in(const struct endpoint *endpoint, int directory)
{
    char path[sizeof(struct sockaddr_un)];
    struct sockaddr_un bare = {.sun_family = AF_UNIX};
    endpoint_path(endpoint, path);
    const struct sockaddr *address = (const struct sockaddr *)&endpoint->address;
    socklen_t size = endpoint->size;
    if (path[strlen(path) - 1] == '/') return -ENOENT;
    if (fchdir(directory)) return -errno;
    if (!leads_into(path, endpoint->spot.parent)) {
        if (fchdir(endpoint->spot.parent)) return -errno;
        memcpy(bare.sun_path, endpoint->spot.name, strlen(endpoint->spot.name));
        address = (const struct sockaddr *)&bare;
        size = sizeof bare;
    }
    return bind(endpoint->socket, address, size) ? -errno : 0;
}

static int64_t bind_now(const struct call *call, mode_t mask)
{
    cleanup_fd int directory = resolve_descriptor(call->tid, AT_FDCWD);
    mode_t own = umask(mask);
    const struct connecting *connecting = call->own;
    int64_t result = directory < 0 ? -errno : bind_in(&connecting->endpoint, directory);
    umask(own);
    return result;
}

/* Where the floor judges what the kernel makes of the address, whatever it says by then, the caller makes it
 * itself. */
static void carry_out_bind(struct call *call)
{
    const struct endpoint *endpoint = &((struct connecting *)call->own)->endpoint;
    call->matter = NULL;
    if (floor_plan_grants(call->watch->plan, ACT_WRITE, endpoint->spot.path)) {
        call_continue(call);
        return;
    }
    if (endpoint->spot.target >= 0 || endpoint->spot.parent < 0) {
        call_return(call, -EADDRINUSE);
        return;
    }
    mode_t mask = call_umask(call);
    cleanup_fd int own = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (!call_act(call, EACCES)) return;
    int64_t result = own < 0 ? -errno : bind_now(call, mask);
    call_acted(call);
    bool back = own < 0 || !fchdir(own) || !chdir("/");
    call_return(call, back ? result : -EACCES);
}

/* An address of IPv6 that means another thing on each device binds the socket to that, even where it is taken
 * already: from then on what is for this machine leaves it. */
static bool binds_to_device(const struct endpoint *endpoint)
{
    const struct sockaddr_in6 *address = (const struct sockaddr_in6 *)&endpoint->address;
    if (endpoint->domain != AF_INET6 || endpoint->address.ss_family != AF_INET6) return false;
    return IN6_IS_ADDR_LINKLOCAL(&address->sin6_addr) || IN6_IS_ADDR_MC_LINKLOCAL(&address->sin6_addr) ||
           IN6_IS_ADDR_MC_NODELOCAL(&address->sin6_addr);
}

/* What is bound to a port or an abstract name is nobody's but the run's; the socket cannot become one with a
 * path by then: the floor holds what the kernel makes of an address that has changed. But it could become one
 * of IPv6, or the address another of IPv6. */
static void bind_number(struct call *call)
{
    const struct endpoint *endpoint = &((struct connecting *)call->own)->endpoint;
    if (binds_to_device(endpoint)) {
        call_return(call, -EPERM);
    } else if (endpoint->domain != AF_INET6 && call_is_alone(call)) {
        call_continue(call);
    } else if (call_act(call, EACCES)) {
        const struct sockaddr *address = (const struct sockaddr *)&endpoint->address;
        int64_t result = bind(endpoint->socket, address, endpoint->size) ? -errno : 0;
        call_acted(call);
        call_return(call, result);
    }
}

/* A socket's file is a file. */
void watch_bind(struct call *call)
{
    struct connecting *connecting = take(call, RESOLVE_MAY_MISS | RESOLVE_BY_PARENT);
    if (!connecting) return;
    const char *path = connecting->endpoint.spot.path;
    if (!path) {
        bind_number(call);
        return;
    }
    connecting->acts.actor.pid = call->tid;
    acts_add(&connecting->acts, ACT_WRITE, path, change_name(WIRE_CHANGE_SOCKET), NULL);
    call_acts(call, &connecting->acts, carry_out_bind);
}

/* ---- making, and joining ---- */

void watch_socket(struct call *call)
{
    const uint64_t *args = (const uint64_t *)call->notification.data.args;
    struct matter *matter = call_matter(call, call_continue); /* what was judged lies in registers */
    if (matter) socket_judge(matter, (int)args[0], (int)args[1]);
}

/* Which group it is lies in memory. Whoever may send to all addresses may be in any. */
void watch_group(struct call *call)
{
    struct matter *matter = call_matter(call, call_continue);
    if (matter) socket_judge(matter, AF_INET, SOCK_DGRAM);
}
