/* net.c: sockets (parts.h). A connect is made by the launcher on a duplicate of the caller's
 * socket, to the address that was copied and judged; what cannot be held at its use is judged when it is
 * made.
 */
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "../callers/guise.h"
#include "../callers/memory_of.h"
#include "../carry/aside.h"
#include "../names/resolve.h"
#include "../plain/memory.h"
#include "parts.h"

struct endpoint {
    int socket; /* a duplicate of the caller's */
    int domain, type;
    struct sockaddr_storage address;
    socklen_t size;
    struct spot spot; /* where a UNIX path leads */
    struct ids *ids;  /* in whose name, where it is another user's */
    struct acts acts; /* that binding comes to */
};

static void free_endpoint(void *own)
{
    struct endpoint *endpoint = own;
    if (endpoint->socket >= 0) close(endpoint->socket);
    spot_close(&endpoint->spot);
    free(endpoint->ids);
    acts_free(&endpoint->acts);
    free(endpoint);
}

static int option(int socket, int name)
{
    int value = -1;
    socklen_t size = sizeof value;
    return getsockopt(socket, SOL_SOCKET, name, &value, &size) ? -1 : value;
}

/* The path of a UNIX address, which need not end with a NUL; "" for an abstract or an unnamed one. */
static void unix_path(const struct endpoint *endpoint, char path[sizeof(struct sockaddr_un)])
{
    const struct sockaddr_un *address = (const struct sockaddr_un *)&endpoint->address;
    size_t length = endpoint->size - offsetof(struct sockaddr_un, sun_path);
    memcpy(path, address->sun_path, length);
    path[length] = 0;
}

static bool has_path(const struct endpoint *endpoint)
{
    size_t at = offsetof(struct sockaddr_un, sun_path);
    return endpoint->address.ss_family == AF_UNIX && endpoint->size > at &&
           ((const char *)&endpoint->address)[at];
}

static int read_address(const struct call *call, struct endpoint *endpoint)
{
    const uint64_t *args = (const uint64_t *)call->notification.data.args;
    uint64_t size = (uint32_t)args[2];
    if (size < sizeof(sa_family_t) || size > sizeof endpoint->address) return EINVAL;
    int error = memory_copy(call->tid, args[1], &endpoint->address, (size_t)size);
    endpoint->size = (socklen_t)size;
    if (error || endpoint->address.ss_family != AF_UNIX) return error;
    return size > sizeof(struct sockaddr_un) ? EINVAL : 0;
}

static int read_endpoint(struct call *call, struct endpoint *endpoint, unsigned resolve_flags)
{
    endpoint->socket = call_descriptor(call, (int)call->notification.data.args[0]);
    if (endpoint->socket < 0) return errno == EPERM ? EACCES : errno;
    endpoint->domain = option(endpoint->socket, SO_DOMAIN);
    endpoint->type = option(endpoint->socket, SO_TYPE);
    if (endpoint->domain < 0) return ENOTSOCK;
    int error = read_address(call, endpoint);
    if (error || !has_path(endpoint)) return error;
    char path[sizeof(struct sockaddr_un) + 1];
    unix_path(endpoint, path);
    return resolve(call_viewer(call), AT_FDCWD, path, resolve_flags, 0, &endpoint->spot);
}

static struct endpoint *take_endpoint(struct call *call, unsigned resolve_flags)
{
    struct endpoint *endpoint = xcalloc(1, sizeof *endpoint);
    endpoint->socket = endpoint->spot.parent = endpoint->spot.target = -1;
    call->own = endpoint;
    call->free_own = free_endpoint;
    if (!call_find_caller(call) || !call_look(call)) return NULL;
    int error = read_endpoint(call, endpoint, resolve_flags);
    call_acted(call);
    if (!notify_valid(&call->watch->notify, call->notification.id)) error = ESRCH;
    if (!error) return endpoint;
    call_return(call, -error);
    return NULL;
}

/* ---- connecting ---- */

static int connect_now(const struct endpoint *endpoint)
{
    struct sockaddr_un by_descriptor = {.sun_family = AF_UNIX};
    const struct sockaddr *address = (const struct sockaddr *)&endpoint->address;
    socklen_t size = endpoint->size;
    if (endpoint->spot.target >= 0) {
        snprintf(by_descriptor.sun_path, sizeof by_descriptor.sun_path, "/proc/self/fd/%d",
                 endpoint->spot.target);
        address = (const struct sockaddr *)&by_descriptor;
        size = sizeof by_descriptor;
    }
    return connect(endpoint->socket, address, size) ? -errno : 0;
}

/* Who listens is told who connects: not the launcher's ids, where the caller has others. */
static void connect_aside(const struct aside_call *call, void *own)
{
    const struct endpoint *endpoint = own;
    int result = !endpoint->ids || guise_become(endpoint->ids) ? connect_now(endpoint) : -EACCES;
    notify_return(&call->notify, call->id, aside_result(result));
    free_endpoint(own);
}

static void carry_out(struct call *call)
{
    struct endpoint *endpoint = call->own;
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
    if (aside(connect_aside, endpoint, &by)) {
        call_leave(call);
        return;
    }
    call->free_own = free_endpoint;
    call_return(call, -EAGAIN);
}

void watch_connect(struct call *call)
{
    struct endpoint *endpoint = take_endpoint(call, RESOLVE_FOLLOW);
    if (!endpoint) return;
    if (endpoint->address.ss_family == AF_UNSPEC && endpoint->type == SOCK_STREAM) {
        call_return(call, connect_now(endpoint)); /* takes a connection apart */
        return;
    }
    struct matter *matter = call_matter(call, carry_out);
    if (!matter) return;
    struct sockaddr_storage told = endpoint->address;
    socklen_t size = endpoint->size;
    if (endpoint->spot.path && strlen(endpoint->spot.path) < sizeof((struct sockaddr_un *)0)->sun_path) {
        struct sockaddr_un *real = (struct sockaddr_un *)&told;
        strcpy(real->sun_path, endpoint->spot.path);
        size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(endpoint->spot.path) + 1);
    }
    if (!address_judge(matter, endpoint->domain, endpoint->type, (const struct sockaddr *)&told, size)) {
        call->matter = NULL;
        matter_free(matter);
        call_return(call, -EINVAL);
    }
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
    char path[sizeof(struct sockaddr_un) + 1];
    struct sockaddr_un bare = {.sun_family = AF_UNIX};
    unix_path(endpoint, path);
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
    int64_t result = directory < 0 ? -errno : bind_in(call->own, directory);
    umask(own);
    return result;
}

/* Where the floor judges what the kernel makes of the address, whatever it says by then, the caller makes it
 * itself. */
static void carry_out_bind(struct call *call)
{
    const struct endpoint *endpoint = call->own;
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

/* A socket's file is a file. What is bound to a port or an abstract name is nobody's but the run's; the
 * socket cannot become one with a path by then: the floor holds what the kernel makes of an address that has
 * changed. */
void watch_bind(struct call *call)
{
    struct endpoint *endpoint = take_endpoint(call, RESOLVE_MAY_MISS | RESOLVE_BY_PARENT);
    if (!endpoint) return;
    if (!endpoint->spot.path) {
        call_continue(call);
        return;
    }
    endpoint->acts.actor.pid = call->tid;
    acts_add(&endpoint->acts, ACT_WRITE, endpoint->spot.path, change_name(WIRE_CHANGE_SOCKET), NULL);
    call_acts(call, &endpoint->acts, carry_out_bind);
}

/* ---- making ---- */

void watch_socket(struct call *call)
{
    const uint64_t *args = (const uint64_t *)call->notification.data.args;
    struct matter *matter = call_matter(call, call_continue); /* what was judged lies in registers */
    if (matter) socket_judge(matter, (int)args[0], (int)args[1]);
}
