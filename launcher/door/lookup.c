/* lookup.c: see lookup.h. */
#include "lookup.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../plain/memory.h"

#define MOST_AT_ONCE 64u
#define MOST_ADDRESSES 64u
#define LIMIT_MS 60000
#define MOST_REMEMBERED 4096u

/* What the helper process sends back, in one packet. */
struct reply {
    int32_t error;
    uint32_t count;
    char canonical[NI_MAXHOST];
    struct wire_address addresses[MOST_ADDRESSES];
};

/* The process that does it; it is waited for when it has ended, which may be after its lookup was given up.
 */
struct helper {
    struct lookups *owner;
    struct helper *next;
    int pidfd;
    struct loop_source *source;
};

struct lookup {
    struct lookups *owner;
    struct lookup *next;
    struct helper *helper; /* NULL: it has ended */
    char *node;
    int fd;
    struct loop_source *source;
    struct loop_timer *timer;
    lookup_done *done;
    void *context;
};

/* One name that gave one address. */
struct known {
    unsigned char address[16];
    char *name;
};

struct lookups {
    struct loop *loop;
    struct lookup *running;
    struct helper *helpers;
    size_t count;
    struct known *known; /* a ring of MOST_REMEMBERED, once there is something to remember */
    size_t known_next;
};

struct lookups *lookups_new(struct loop *loop)
{
    struct lookups *lookups = xcalloc(1, sizeof *lookups);
    lookups->loop = loop;
    return lookups;
}

/* ---- in the helper ---- */

static void take_address(struct reply *reply, const struct addrinfo *info)
{
    struct wire_address *to = &reply->addresses[reply->count];
    *to = (struct wire_address){.family = (uint32_t)info->ai_family};
    if (info->ai_family == AF_INET) {
        memcpy(to->address, &((const struct sockaddr_in *)info->ai_addr)->sin_addr, 4);
    } else if (info->ai_family == AF_INET6) {
        const struct sockaddr_in6 *address = (const struct sockaddr_in6 *)info->ai_addr;
        memcpy(to->address, &address->sin6_addr, 16);
        to->scope = address->sin6_scope_id;
    } else {
        return;
    }
    reply->count++;
}

static void resolve(const char *node, uint32_t hints, struct reply *reply)
{
    bool four = hints & WIRE_LOOKUP_INET, six = hints & WIRE_LOOKUP_INET6;
    struct addrinfo wanted = {.ai_family = four == six ? AF_UNSPEC
                                           : four      ? AF_INET
                                                       : AF_INET6,
                              .ai_socktype = SOCK_STREAM};
    struct addrinfo *found = NULL;
    if (hints & WIRE_LOOKUP_NUMERIC) wanted.ai_flags |= AI_NUMERICHOST;
    if (hints & WIRE_LOOKUP_CANON) wanted.ai_flags |= AI_CANONNAME;
    reply->error = getaddrinfo(node, NULL, &wanted, &found);
    if (reply->error) return;
    if (found->ai_canonname) strncpy(reply->canonical, found->ai_canonname, sizeof reply->canonical - 1);
    for (const struct addrinfo *info = found; info && reply->count < MOST_ADDRESSES; info = info->ai_next)
        take_address(reply, info);
    freeaddrinfo(found);
}

/* Others' ends of connections must not stay open here. */
static void close_all_but(int fd)
{
    if (fd > 3) syscall(SYS_close_range, 3U, (unsigned)fd - 1, 0U);
    syscall(SYS_close_range, (unsigned)fd + 1, ~0U, 0U);
}

/* The launcher's signals are blocked and its descriptors are others' ends of connections: neither belongs
 * here. */
static void help(const char *node, uint32_t hints, int fd, pid_t launcher) __attribute__((noreturn));
static void help(const char *node, uint32_t hints, int fd, pid_t launcher)
{
    sigset_t none;
    struct reply reply = {0};
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != launcher) _exit(1);
    close_all_but(fd);
    resolve(node, hints, &reply);
    send(fd, &reply, sizeof reply, MSG_NOSIGNAL);
    _exit(0);
}

/* ---- in the launcher ---- */

static void remember(struct lookups *lookups, const struct wire_address *address, const char *name)
{
    struct known known = {.name = xstrdup(name)};
    if (!lookups->known) lookups->known = xcalloc(MOST_REMEMBERED, sizeof *lookups->known);
    if (address->family == AF_INET) {
        known.address[10] = known.address[11] = 0xff;
        memcpy(known.address + 12, address->address, 4);
    } else {
        memcpy(known.address, address->address, 16);
    }
    for (size_t i = 0; i < MOST_REMEMBERED && lookups->known[i].name; i++) {
        if (memcmp(lookups->known[i].address, known.address, 16) != 0) continue;
        if (strcasecmp(lookups->known[i].name, name) != 0) continue;
        free(known.name);
        return;
    }
    struct known *place = &lookups->known[lookups->known_next];
    free(place->name);
    *place = known;
    lookups->known_next = (lookups->known_next + 1) % MOST_REMEMBERED;
}

size_t lookup_names(const struct lookups *lookups, const unsigned char address[16], const char **names,
                    size_t capacity)
{
    size_t count = 0;
    for (size_t i = 0; lookups->known && i < MOST_REMEMBERED && count < capacity; i++) {
        size_t at = (lookups->known_next + MOST_REMEMBERED - 1 - i) % MOST_REMEMBERED;
        const struct known *known = &lookups->known[at];
        if (!known->name) break;
        if (memcmp(known->address, address, 16) == 0) names[count++] = known->name;
    }
    return count;
}

static void bury(struct helper *helper)
{
    for (struct helper **at = &helper->owner->helpers; *at; at = &(*at)->next) {
        if (*at != helper) continue;
        *at = helper->next;
        break;
    }
    for (struct lookup *lookup = helper->owner->running; lookup; lookup = lookup->next)
        if (lookup->helper == helper) lookup->helper = NULL;
    helper->owner->count--;
    loop_remove(helper->source);
    close(helper->pidfd);
    free(helper);
}

static void helper_ended(void *context, int pidfd, uint32_t events)
{
    (void)events;
    siginfo_t ignored;
    waitid(P_PIDFD, (id_t)pidfd, &ignored, WEXITED | WNOHANG);
    bury(context);
}

static void stop_helper(const struct helper *helper)
{
    if (helper) syscall(SYS_pidfd_send_signal, helper->pidfd, SIGKILL, NULL, 0);
}

/* NULL: there is no room for another process. */
static struct helper *start_helper(struct lookups *lookups, const char *node, uint32_t hints, int fd)
{
    pid_t launcher = getpid(), pid = fork();
    if (pid == 0) help(node, hints, fd, launcher);
    if (pid < 0) return NULL;
    struct helper *helper = xcalloc(1, sizeof *helper);
    *helper = (struct helper){.owner = lookups, .pidfd = (int)syscall(SYS_pidfd_open, pid, 0)};
    if (helper->pidfd >= 0)
        helper->source = loop_add(lookups->loop, helper->pidfd, EPOLLIN, helper_ended, helper);
    if (!helper->source) {
        kill(pid, SIGKILL);
        waitpid(pid, NULL, 0);
        if (helper->pidfd >= 0) close(helper->pidfd);
        free(helper);
        return NULL;
    }
    helper->next = lookups->helpers;
    lookups->helpers = helper;
    lookups->count++;
    return helper;
}

static void drop(struct lookup *lookup)
{
    struct lookups *lookups = lookup->owner;
    for (struct lookup **at = &lookups->running; *at; at = &(*at)->next) {
        if (*at != lookup) continue;
        *at = lookup->next;
        break;
    }
    loop_remove(lookup->source);
    loop_cancel(lookup->timer);
    close(lookup->fd);
    free(lookup->node);
    free(lookup);
}

void lookup_cancel(struct lookup *lookup)
{
    if (!lookup) return;
    stop_helper(lookup->helper);
    drop(lookup);
}

void lookups_free(struct lookups *lookups)
{
    if (!lookups) return;
    while (lookups->running)
        lookup_cancel(lookups->running);
    for (size_t i = 0; lookups->known && i < MOST_REMEMBERED; i++)
        free(lookups->known[i].name);
    free(lookups->known);
    free(lookups);
}

static void end(struct lookup *lookup, const struct reply *reply)
{
    lookup_done *done = lookup->done;
    void *context = lookup->context;
    for (size_t i = 0; i < reply->count; i++) {
        struct in6_addr scratch;
        bool is_number = inet_pton(AF_INET, lookup->node, &scratch) == 1 || strchr(lookup->node, ':');
        if (!is_number) remember(lookup->owner, &reply->addresses[i], lookup->node);
    }
    drop(lookup);
    done(context, reply->error, reply->addresses, reply->count, reply->canonical);
}

static void answered(void *context, int fd, uint32_t events)
{
    (void)events;
    struct reply reply;
    ssize_t got = recv(fd, &reply, sizeof reply, MSG_DONTWAIT);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (got != (ssize_t)sizeof reply || reply.count > MOST_ADDRESSES)
        reply = (struct reply){.error = EAI_FAIL};
    reply.canonical[sizeof reply.canonical - 1] = '\0';
    end(context, &reply);
}

static void took_too_long(void *context)
{
    struct lookup *lookup = context;
    struct reply reply = {.error = EAI_AGAIN};
    lookup->timer = NULL;
    stop_helper(lookup->helper);
    end(lookup, &reply);
}

struct lookup *lookup_begin(struct lookups *lookups, const char *node, uint32_t hints, lookup_done *done,
                            void *context)
{
    int ends[2];
    if (lookups->count >= MOST_AT_ONCE) return NULL;
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) return NULL;
    struct lookup *lookup = xcalloc(1, sizeof *lookup);
    *lookup = (struct lookup){.owner = lookups,
                              .next = lookups->running,
                              .helper = start_helper(lookups, node, hints, ends[1]),
                              .node = xstrdup(node),
                              .fd = ends[0],
                              .done = done,
                              .context = context};
    close(ends[1]);
    lookups->running = lookup;
    if (lookup->helper) lookup->source = loop_add(lookups->loop, ends[0], EPOLLIN, answered, lookup);
    if (!lookup->source) {
        stop_helper(lookup->helper);
        drop(lookup);
        return NULL;
    }
    lookup->timer = loop_after(lookups->loop, LIMIT_MS, took_too_long, lookup);
    return lookup;
}
