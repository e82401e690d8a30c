/* send.c: messages that may name whom they are for, or what goes with them, in memory (parts.h): sendto with
 * an address, sendmsg, sendmmsg. A datagram is sent by the launcher from a duplicate of the caller's socket,
 * to the address that was copied and judged. On any other socket it does not matter what the memory says by
 * then: who is alone with its descriptors sends by itself; for who could swap the socket for one of datagrams
 * meanwhile the launcher sends.
 */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../../policy/plain.h"
#include "../callers/guise.h"
#include "../callers/memory_of.h"
#include "../filter/numbers.h"
#include "../plain/memory.h"
#include "endpoint.h"

#define MOST_BYTES (1u << 20) /* of a message; a stream takes the rest of it next time */
#define MOST_PARTS 1024u      /* the kernel's own limit */
#define MOST_CONTROL 16384u
#define MOST_PASSED 253u /* descriptors: the kernel's own limit */

struct sending {
    struct endpoint endpoint;
    int flags;
    bool waits;
    char *bytes;
    size_t length, sent;
    char *control; /* as it is sent */
    size_t control_length;
    int passed[MOST_PASSED];
    size_t passed_count;
    uint64_t told_at; /* sendmmsg: where the caller has its message's length; 0: nowhere */
};

static void free_sending(void *own)
{
    struct sending *sending = own;
    endpoint_end(&sending->endpoint);
    while (sending->passed_count)
        close(sending->passed[--sending->passed_count]);
    free(sending->bytes);
    free(sending->control);
    free(sending);
}

/* ---- what is sent ---- */

/* Whether each message may go elsewhere. Other kinds were judged when they were made. */
static bool is_judged(const struct endpoint *endpoint)
{
    return socket_is_judged_by_address(endpoint->domain, endpoint->type, endpoint->protocol);
}

static int read_part(struct sending *sending, pid_t tid, const struct iovec *part)
{
    size_t length = part->iov_len;
    if (length > MOST_BYTES - sending->length) {
        if (sending->endpoint.type != SOCK_STREAM) return EMSGSIZE;
        length = MOST_BYTES - sending->length;
    }
    if (!length) return 0;
    sending->bytes = xrealloc(sending->bytes, sending->length + length, 1);
    int error = memory_copy(tid, (uintptr_t)part->iov_base, sending->bytes + sending->length, length);
    sending->length += length;
    return error;
}

static int read_parts(struct sending *sending, pid_t tid, const struct msghdr *message)
{
    if (message->msg_iovlen > MOST_PARTS) return EMSGSIZE;
    cleanup_free struct iovec *parts = xcalloc(message->msg_iovlen + 1, sizeof *parts);
    size_t size = message->msg_iovlen * sizeof *parts;
    int error = size ? memory_copy(tid, (uintptr_t)message->msg_iov, parts, size) : 0;
    for (size_t i = 0; i < message->msg_iovlen && !error; i++)
        error = read_part(sending, tid, &parts[i]);
    return error;
}

/* "No family" stands for IPv4 where a socket of it sends, and for nobody where one of IPv6 does. */
static int read_name(struct sending *sending, const struct call *call, uint64_t at, uint32_t size)
{
    struct endpoint *endpoint = &sending->endpoint;
    if (!at || !size) return 0;
    int error = endpoint_address(endpoint, call, at, size);
    if (endpoint->domain == AF_INET6 && endpoint->address.ss_family == AF_UNSPEC) endpoint->size = 0;
    return error || !endpoint->size || !is_judged(endpoint) ? error
                                                            : endpoint_find(endpoint, call, RESOLVE_FOLLOW);
}

/* ---- what goes with it ---- */

/* Nothing that leads an internet datagram another way, and nothing that the launcher may say and its caller
 * may not. */
static bool may_go_with(const struct cmsghdr *item)
{
    static const struct {
        int level, type;
    } harmless[] = {
        {SOL_UDP, UDP_SEGMENT},        {SOL_SOCKET, SO_TIMESTAMPING}, {SOL_SOCKET, SO_TXTIME},
        {IPPROTO_IP, IP_TOS},          {IPPROTO_IP, IP_TTL},          {IPPROTO_IP, IP_PKTINFO},
        {IPPROTO_IPV6, IPV6_PKTINFO},  {IPPROTO_IPV6, IPV6_HOPLIMIT}, {IPPROTO_IPV6, IPV6_TCLASS},
        {IPPROTO_IPV6, IPV6_DONTFRAG},
    };
    for (size_t i = 0; i < sizeof harmless / sizeof *harmless; i++)
        if (item->cmsg_level == harmless[i].level && item->cmsg_type == harmless[i].type) return true;
    return false;
}

/* Its own address may be chosen, but not the device by which it goes: by that, what is for this machine would
 * leave it. */
static void forget_device(struct cmsghdr *item)
{
    const unsigned none = 0;
    size_t at = item->cmsg_level == IPPROTO_IP ? offsetof(struct in_pktinfo, ipi_ifindex)
                                               : offsetof(struct in6_pktinfo, ipi6_ifindex);
    bool told = item->cmsg_level == IPPROTO_IP     ? item->cmsg_type == IP_PKTINFO
                : item->cmsg_level == IPPROTO_IPV6 ? item->cmsg_type == IPV6_PKTINFO
                                                   : false;
    if (told && item->cmsg_len >= CMSG_LEN(at + sizeof none))
        memcpy(CMSG_DATA(item) + at, &none, sizeof none);
}

/* Descriptors are the caller's: what is passed on are duplicates. */
static int pass_descriptors(struct sending *sending, const struct call *call, struct cmsghdr *item)
{
    size_t count = (item->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (size_t i = 0; i < count; i++) {
        int number;
        if (sending->passed_count == MOST_PASSED) return ETOOMANYREFS;
        memcpy(&number, CMSG_DATA(item) + i * sizeof number, sizeof number);
        int duplicate = call_descriptor(call, number);
        if (duplicate < 0) return errno;
        memcpy(CMSG_DATA(item) + i * sizeof duplicate, &duplicate, sizeof duplicate);
        sending->passed[sending->passed_count++] = duplicate;
    }
    return 0;
}

static bool is_of_socket(const struct cmsghdr *item, int type)
{
    return item->cmsg_level == SOL_SOCKET && item->cmsg_type == type;
}

/* Makes one item fit to be sent by the launcher. `*left`: it is left out: whose process it is the kernel lets
 * nobody say of another, and says by itself. */
static int fit_item(struct sending *sending, const struct call *call, struct cmsghdr *item, bool *left)
{
    const struct endpoint *endpoint = &sending->endpoint;
    bool local = endpoint->domain == AF_UNIX;
    *left = local && is_of_socket(item, SCM_CREDENTIALS);
    if (local) return is_of_socket(item, SCM_RIGHTS) ? pass_descriptors(sending, call, item) : 0;
    if (!is_judged(endpoint) && item->cmsg_level != SOL_SOCKET) return 0;
    forget_device(item);
    return may_go_with(item) ? 0 : EPERM;
}

static int read_control(struct sending *sending, const struct call *call, const struct msghdr *message)
{
    if (!message->msg_controllen) return 0;
    if (message->msg_controllen > MOST_CONTROL) return ENOBUFS;
    cleanup_free char *copy = xcalloc(1, message->msg_controllen);
    struct msghdr whole = {.msg_control = copy, .msg_controllen = message->msg_controllen};
    int error = memory_copy(call->tid, (uintptr_t)message->msg_control, copy, message->msg_controllen);
    sending->control = xcalloc(1, message->msg_controllen + CMSG_ALIGN(1));
    for (struct cmsghdr *item = CMSG_FIRSTHDR(&whole); item && !error; item = CMSG_NXTHDR(&whole, item)) {
        bool left;
        if (item->cmsg_len < sizeof *item ||
            item->cmsg_len > (size_t)(copy + whole.msg_controllen - (char *)item))
            return EINVAL;
        error = fit_item(sending, call, item, &left);
        if (left) continue;
        memcpy(sending->control + sending->control_length, item, item->cmsg_len);
        sending->control_length += CMSG_ALIGN(item->cmsg_len);
    }
    return error;
}

/* ---- reading the call ---- */

static int read_message(struct sending *sending, const struct call *call)
{
    const uint64_t *args = (const uint64_t *)call->notification.data.args;
    struct msghdr message;
    int error = memory_copy(call->tid, args[1], &message, sizeof message);
    if (error) return error;
    if (message.msg_namelen > sizeof sending->endpoint.address)
        message.msg_namelen = sizeof sending->endpoint.address; /* as the kernel has it */
    error = read_name(sending, call, (uintptr_t)message.msg_name, message.msg_namelen);
    if (!error) error = read_parts(sending, call->tid, &message);
    return error ? error : read_control(sending, call, &message);
}

/* Of several messages the first is sent: whoever sends several has to see how many were. */
static int read_sending(struct sending *sending, const struct call *call)
{
    const uint64_t *args = (const uint64_t *)call->notification.data.args;
    const struct iovec part = {(void *)(uintptr_t)args[1], args[2]}; /* NOLINT: it is the caller's */
    switch (call->notification.data.nr) {
    case __NR_sendto: {
        int error = read_name(sending, call, args[4], (uint32_t)args[5]);
        return error ? error : read_part(sending, call->tid, &part);
    }
    case __NR_sendmmsg: sending->told_at = args[1] + offsetof(struct mmsghdr, msg_len); /* fall through */
    default: return read_message(sending, call);
    }
}

static int flags_of(const struct call *call)
{
    const uint64_t *args = (const uint64_t *)call->notification.data.args;
    return (int)args[call->notification.data.nr == __NR_sendmsg ? 2 : 3];
}

/* ---- sending ---- */

static int64_t send_once(const struct sending *sending, int flags)
{
    struct sockaddr_un room;
    socklen_t size = 0;
    const struct sockaddr *address = endpoint_found(&sending->endpoint, &room, &size);
    struct iovec part = {sending->bytes + sending->sent, sending->length - sending->sent};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
    if (size) message.msg_name = (void *)(uintptr_t)address; /* only read */
    message.msg_namelen = size;
    if (!sending->sent && sending->control_length) {
        message.msg_control = sending->control;
        message.msg_controllen = sending->control_length;
    }
    ssize_t count = sendmsg(sending->endpoint.socket, &message, flags);
    return count < 0 ? -errno : count;
}

/* What was sent, or -EAGAIN when it has to be waited for, or another error. */
static int64_t send_now(struct sending *sending, int more)
{
    const int flags = (sending->flags & ~MSG_DONTWAIT) | more | MSG_NOSIGNAL;
    for (;;) {
        int64_t count = send_once(sending, flags);
        if (count < 0) return count == -EAGAIN || !sending->sent ? count : (int64_t)sending->sent;
        sending->sent += (size_t)count;
        if (sending->sent >= sending->length || !sending->waits) return (int64_t)sending->sent;
    }
}

/* The caller's memory is held by a descriptor before the call is known to wait still, so that it is nobody
 * else's. */
static int64_t tell_length(const struct sending *sending, const struct aside_call *by, int64_t result)
{
    if (!sending->told_at || result < 0) return result;
    const unsigned length = (unsigned)result;
    char path[32];
    snprintf(path, sizeof path, "/proc/%d/mem", by->tid);
    cleanup_fd int memory = open(path, O_WRONLY | O_CLOEXEC);
    if (memory < 0 || !notify_valid(&by->notify, by->id)) return -ESRCH;
    return pwrite(memory, &length, sizeof length, (off_t)sending->told_at) == sizeof length ? 1 : -EFAULT;
}

/* Nobody listens any more: who sends on a stream gets a signal as well. */
static void signal_broken(const struct sending *sending, const struct aside_call *by, int64_t result)
{
    const int type = sending->endpoint.type;
    if (result != -EPIPE || sending->flags & MSG_NOSIGNAL) return;
    if (type == SOCK_STREAM && notify_valid(&by->notify, by->id)) syscall(SYS_tkill, by->tid, SIGPIPE);
}

static int64_t result_of(const struct sending *sending, const struct aside_call *by, int64_t result)
{
    if (result == -EAGAIN && sending->sent) result = (int64_t)sending->sent;
    signal_broken(sending, by, result);
    return tell_length(sending, by, result);
}

static void send_aside(const struct aside_call *by, void *own)
{
    struct sending *sending = own;
    const struct ids *ids = sending->endpoint.ids;
    int64_t result =
        !ids || guise_become(ids) ? send_now(sending, sending->waits ? 0 : MSG_DONTWAIT) : -EACCES;
    notify_return(&by->notify, by->id, aside_result(result_of(sending, by, result)));
    free_sending(own);
}

/* Where it waits it is sent by another thread; and in somebody else's name too. */
static void carry_out(struct call *call)
{
    struct sending *sending = call->own;
    const struct aside_call by = call_aside(call);
    call->matter = NULL;
    if (!call_is_served(call, EACCES, &sending->endpoint.ids)) return;
    int64_t result = sending->endpoint.ids ? -EAGAIN : send_now(sending, MSG_DONTWAIT);
    if (result != -EAGAIN || (!sending->waits && !sending->endpoint.ids)) {
        call_return(call, result_of(sending, &by, result));
        return;
    }
    call->free_own = NULL;
    if (aside(send_aside, sending, &by)) {
        call_leave(call);
        return;
    }
    call->free_own = free_sending;
    call_return(call, sending->sent ? (int64_t)sending->sent : -EAGAIN);
}

/* ---- the call ---- */

static bool waits(const struct sending *sending)
{
    int flags = fcntl(sending->endpoint.socket, F_GETFL);
    return !(sending->flags & MSG_DONTWAIT) && flags >= 0 && !(flags & O_NONBLOCK);
}

static void judge(struct call *call, const struct endpoint *endpoint)
{
    struct matter *matter = call_matter(call, carry_out);
    if (!matter) return;
    matter->went = datagram_went;
    if (endpoint_judge(endpoint, matter)) return;
    call->matter = NULL;
    matter_free(matter);
    call_return(call, -EINVAL);
}

static struct sending *take(struct call *call)
{
    struct sending *sending = xcalloc(1, sizeof *sending);
    endpoint_begin(&sending->endpoint);
    call->own = sending;
    call->free_own = free_sending;
    if (!call_find_caller(call) || !call_look(call)) return NULL;
    sending->flags = flags_of(call);
    int error = endpoint_socket(&sending->endpoint, call, (int)call->notification.data.args[0]);
    bool by_itself = !error && !is_judged(&sending->endpoint) && call_is_alone(call);
    if (!error && !by_itself) error = sending->flags & MSG_ZEROCOPY ? ENOBUFS : read_sending(sending, call);
    call_acted(call);
    if (!notify_valid(&call->watch->notify, call->notification.id)) error = ESRCH;
    if (!error && !by_itself) return sending;
    if (error)
        call_return(call, -error);
    else
        call_continue(call);
    return NULL;
}

void watch_send(struct call *call)
{
    const uint64_t *args = (const uint64_t *)call->notification.data.args;
    if (call->notification.data.nr == __NR_sendmmsg && !(uint32_t)args[2]) {
        call_return(call, 0);
        return;
    }
    struct sending *sending = take(call);
    if (!sending) return;
    sending->waits = waits(sending);
    if (sending->endpoint.size && is_judged(&sending->endpoint))
        judge(call, &sending->endpoint);
    else
        carry_out(call);
}
