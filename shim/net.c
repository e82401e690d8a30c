/* net.c: sockets (net.h).
 *
 * A stream is judged when it is connected, everything else already when it is made. What lies on this machine
 * is decided here from the policy; any other address goes to the launcher, which alone knows what names stand
 * for it.
 */
#include "net.h"

#include <asm/socket.h>
#include <linux/in.h>
#include <linux/in6.h>
#include <linux/uio.h>
#include <linux/un.h>

#include "../policy/plain.h"
#include "bytes.h"
#include "door.h"
#include "judge.h"
#include "where.h"
#include "wire.h"
#include "wrap.h"

#define ADDRESS_MOST 128 /* the largest that the kernel takes */

union address {
    unsigned short family;
    struct sockaddr_in inet;
    struct sockaddr_in6 inet6;
    struct sockaddr_un local;
    char bytes[ADDRESS_MOST + 1]; /* a path in it always has its end */
};

struct message { /* struct msghdr */
    void *name;
    unsigned name_length;
    void *vector;
    size_t vector_length;
    void *control;
    size_t control_length;
    int flags;
};
struct message_sent { /* struct mmsghdr */
    struct message message;
    unsigned sent;
};

static bool allowed(const struct session *session, const struct act *act)
{
    struct decision decision;
    const struct image *image = session_image(session);
    if (!image) return false;
    policy_decide(image, act, &decision, NULL);
    return decision.verdict == VERDICT_ALLOW;
}

/* What it sends is judged by its address. */
static bool makes(const struct session *session, enum socket_kind kind)
{
    const struct image *image = session_image(session);
    return image && policy_makes(image, kind);
}

long net_socket(int domain, int type, int protocol)
{
    const struct session *session = session_get();
    enum socket_kind kind = socket_kind_of(domain, type);
    bool later = session && socket_is_judged_by_address(domain, type, protocol) && makes(session, kind);
    if (session && kind != SOCKET_STREAM && !later) {
        struct act act = {.kind = ACT_CONNECT, .socket = kind};
        struct request request = {.kind = WIRE_SOCKET,
                                  .detail = (uint32_t)domain << 16 | (uint32_t)(type & TYPE_MASK)};
        long result = allowed(session, &act) ? 0 : door_ask(session, &request);
        if (result) return result;
    }
    return raw_call(__NR_socket, domain, type, protocol);
}

static int socket_option(int fd, int option)
{
    int value = 0;
    unsigned size = sizeof value;
    return raw_call(__NR_getsockopt, fd, SOL_SOCKET, option, &value, &size) ? 0 : value;
}

static bool is_loopback(const unsigned char address[16])
{
    static const unsigned char mapped[12] = {[10] = 0xff, [11] = 0xff}, nothing[15];
    if (!memcmp(address, mapped, sizeof mapped))
        return address[12] == 127 || !memcmp(address + 12, nothing, 4);
    return !memcmp(address, nothing, sizeof nothing) && address[15] <= 1;
}

/* Fills the act's address; false: it is no internet address. Datagram sockets take "unspecified" for IPv4. */
static bool read_internet(struct act *act, const union address *address, unsigned length)
{
    bool inet = address->family == FAMILY_INET || address->family == FAMILY_UNSPEC;
    if (inet && length >= sizeof address->inet) {
        act->address[10] = act->address[11] = 0xff;
        memcpy(act->address + 12, &address->inet.sin_addr, 4);
        act->port = __builtin_bswap16(address->inet.sin_port);
    } else if (address->family == FAMILY_INET6 && length >= 24) { /* without a scope it is complete as well */
        memcpy(act->address, &address->inet6.sin6_addr, 16);
        act->port = __builtin_bswap16(address->inet6.sin6_port);
    } else {
        return false;
    }
    act->has_address = act->has_port = true;
    return true;
}

/* One address that is to be reached. `address` is a copy, which may be changed to what was judged. */
struct reaching {
    const struct session *session;
    enum wire_kind wire; /* CONNECT or SEND */
    uint32_t socket;     /* domain << 16 | type */
    struct act act;
    union address *address;
    unsigned *length;
    int *held; /* a descriptor that has to stay open until it was reached */
};

static long ask_address(const struct reaching *reaching, const union address *address, size_t length)
{
    struct request request = {
        .kind = reaching->wire, .detail = reaching->socket, .bytes = address, .size = length};
    return door_ask(reaching->session, &request);
}

/* The launcher is told the real path, as far as it fits into an address. */
static APART long ask_path(const struct reaching *reaching, const struct place *place)
{
    union address real = {.family = FAMILY_UNIX};
    if (place->length >= sizeof real.local.sun_path)
        return ask_address(reaching, reaching->address, *reaching->length);
    memcpy(real.local.sun_path, place->path.bytes, place->length + 1);
    return ask_address(reaching, &real, offsetof(struct sockaddr_un, sun_path) + place->length + 1);
}

/* A socket with a path: found first, and reached by the name in /proc of what was found. */
static APART long judge_path_socket(struct reaching *reaching)
{
    struct sockaddr_un *local = &reaching->address->local;
    struct place place;
    long result = where_file(&place, AT_FDCWD, local->sun_path, 0, 0);
    if (!result) {
        reaching->act.unix_path = place.path.bytes;
        reaching->act.unix_length = place.length;
        bool plain = !place.several && allowed(reaching->session, &reaching->act);
        if (!plain) result = ask_path(reaching, &place);
    }
    if (!result) {
        char *end = bytes_fd_path(local->sun_path, place.fd);
        *reaching->length = (unsigned)(end + 1 - (char *)local);
        *reaching->held = place.fd;
        place.fd = -1;
    }
    where_end(&place);
    return result;
}

static long judge_unix(struct reaching *reaching)
{
    const unsigned start = offsetof(struct sockaddr_un, sun_path), length = *reaching->length;
    const struct sockaddr_un *local = &reaching->address->local;
    if (length <= start) return 0; /* it has no name: the kernel refuses it */
    if (local->sun_path[0]) return judge_path_socket(reaching);
    reaching->act.unix_abstract = true;
    reaching->act.unix_path = local->sun_path + 1;
    reaching->act.unix_length = length - start - 1;
    return allowed(reaching->session, &reaching->act) ? 0 : ask_address(reaching, reaching->address, length);
}

/* Whether that may be reached through this socket. */
static long judge_address(int fd, enum wire_kind wire, union address *address, unsigned *length, int *held)
{
    struct reaching reaching = {
        .session = session_get(), .wire = wire, .address = address, .length = length, .held = held};
    if (!reaching.session) return 0;
    int domain = socket_option(fd, SO_DOMAIN), type = socket_option(fd, SO_TYPE);
    reaching.socket = (uint32_t)domain << 16 | (uint32_t)type;
    reaching.act = (struct act){.kind = ACT_CONNECT, .socket = socket_kind_of(domain, type)};
    if (address->family == FAMILY_UNSPEC && wire == WIRE_CONNECT) return 0; /* it ends a connection */
    if (address->family == FAMILY_UNIX) return judge_unix(&reaching);
    bool here = read_internet(&reaching.act, address, *length) && is_loopback(reaching.act.address);
    if (here && allowed(reaching.session, &reaching.act)) return 0;
    return ask_address(&reaching, address, *length);
}

/* Copies an address so that nobody changes it between the question and the act; false: it cannot be one. */
static bool copy_address(union address *copy, const void *address, unsigned length)
{
    if (!address || length < sizeof copy->family || length > ADDRESS_MOST) return false;
    memset(copy, 0, sizeof *copy);
    memcpy(copy, address, length);
    return true;
}

static void release(int held)
{
    if (held >= 0) raw_close(held);
}

long net_connect(int fd, const void *address, unsigned length)
{
    union address copy;
    int held = -1;
    if (!copy_address(&copy, address, length)) return raw_call(__NR_connect, fd, address, length);
    long result = judge_address(fd, WIRE_CONNECT, &copy, &length, &held);
    if (!result) {
        int before = cancel_begin();
        result = raw_call(__NR_connect, fd, &copy, length);
        cancel_end(before);
    }
    release(held);
    return result;
}

/* A socket with a path is a file that is made. It is bound by the address as it was written, which is its
 * name from then on. */
static APART long judge_bound(union address *address)
{
    const struct session *session = session_get();
    struct place place;
    long result = where_name(&place, AT_FDCWD, address->local.sun_path, 0);
    struct stat status;
    if (!result && raw_stat(place.fd, place.name, &status, AT_SYMLINK_NOFOLLOW))
        result = judge_place(session, DEED_WRITE, WIRE_CHANGE_SOCKET, &place, address->local.sun_path);
    where_end(&place);
    return result == WHERE_NO_NAME ? 0 : result; /* what is there already the kernel refuses */
}

long net_bind(int fd, const void *address, unsigned length)
{
    union address copy;
    long result = 0;
    if (!copy_address(&copy, address, length)) return raw_call(__NR_bind, fd, address, length);
    bool path = copy.family == FAMILY_UNIX && length > offsetof(struct sockaddr_un, sun_path) &&
                copy.local.sun_path[0];
    if (path && session_get()) result = judge_bound(&copy);
    return result ? result : raw_call(__NR_bind, fd, &copy, length);
}

long net_sendto(int fd, const void *bytes, size_t size, int flags, const void *address, unsigned length)
{
    union address copy;
    int held = -1;
    long result = 0;
    bool named = copy_address(&copy, address, length);
    if (named) result = judge_address(fd, WIRE_SEND, &copy, &length, &held);
    if (!result) {
        int before = cancel_begin();
        result = raw_call(__NR_sendto, fd, bytes, size, flags, named ? &copy : address, length);
        cancel_end(before);
    }
    release(held);
    return result;
}

/* Only bytes. Under guard kernel sendmsg traps, for what it sends to lies in memory; the same can be sent by
 * calls of which the filter sees in its registers that there is no more. */
static bool is_bare(const struct message *message)
{
    bool named = message->name && message->name_length;
    return !named && !message->control_length && message->vector && message->vector_length;
}

/* From several places only by a stream: what has bounds may have to be sent though it is empty. */
static bool can_be_written(int fd, int flags)
{
    return !flags && socket_option(fd, SO_TYPE) == TYPE_STREAM;
}

static bool send_bare(int fd, const struct message *message, int flags, long *result)
{
    const struct iovec *part = message->vector;
    bool one = message->vector_length == 1;
    if (!one && !can_be_written(fd, flags)) return false;
    int before = cancel_begin();
    *result = one ? raw_call(__NR_sendto, fd, part->iov_base, part->iov_len, flags, NULL, 0)
                  : raw_call(__NR_writev, fd, part, message->vector_length);
    cancel_end(before);
    return true;
}

long net_sendmsg(int fd, const void *message, int flags)
{
    union address copy;
    struct message own;
    int held = -1;
    long result = 0;
    if (message && session_is_watched() && is_bare(message) && send_bare(fd, message, flags, &result))
        return result;
    if (!message) return raw_call(__NR_sendmsg, fd, message, flags);
    memcpy(&own, message, sizeof own);
    if (copy_address(&copy, own.name, own.name_length)) {
        own.name = &copy;
        result = judge_address(fd, WIRE_SEND, &copy, &own.name_length, &held);
    }
    if (!result) {
        int before = cancel_begin();
        result = raw_call(__NR_sendmsg, fd, &own, flags);
        cancel_end(before);
    }
    release(held);
    return result;
}

/* One by one where any of them names an address: each is judged just before it is sent. */
long net_sendmmsg(int fd, void *messages, unsigned count, int flags)
{
    struct message_sent *all = messages;
    bool named = false;
    for (unsigned i = 0; all && i < count && session_get(); i++)
        named = named || all[i].message.name;
    if (!named) return raw_call(__NR_sendmmsg, fd, messages, count, flags);
    for (unsigned i = 0; i < count; i++) {
        long result = net_sendmsg(fd, &all[i].message, flags);
        if (result < 0) return i ? (long)i : result;
        all[i].sent = (unsigned)result;
    }
    return count;
}

WRAP(int, socket, int domain, int type, int protocol)
{
    return (int)give_result(net_socket(domain, type, protocol));
}
SAME(__socket, socket);

WRAP(int, connect, int fd, const void *address, unsigned length)
{
    return (int)give_result(net_connect(fd, address, length));
}
SAME(__connect, connect);

WRAP(int, bind, int fd, const void *address, unsigned length)
{
    return (int)give_result(net_bind(fd, address, length));
}

WRAP(long, sendto, int fd, const void *bytes, size_t size, int flags, const void *address, unsigned length)
{
    return give_result(net_sendto(fd, bytes, size, flags, address, length));
}

WRAP(long, sendmsg, int fd, const void *message, int flags)
{
    return give_result(net_sendmsg(fd, message, flags));
}

WRAP(int, sendmmsg, int fd, void *messages, unsigned count, int flags)
{
    return (int)give_result(net_sendmmsg(fd, messages, count, flags));
}
SAME(__sendmmsg, sendmmsg);
