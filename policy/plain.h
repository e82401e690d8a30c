/* plain.h: two things that the policy, the shim and the launcher must see alike: the last part of a path, and
 * what kind a socket is. Freestanding, and nothing but this header.
 */
#ifndef ASKFIRST_POLICY_PLAIN_H
#define ASKFIRST_POLICY_PLAIN_H

#include <stddef.h>

#include "decide.h"

/* What comes after the last slash; the whole where there is none. */
static inline const char *last_part(const char *path, size_t length, size_t *part_length)
{
    size_t start = length;
    while (start && path[start - 1] != '/')
        start--;
    *part_length = length - start;
    return path + start;
}

/* The same of a string. */
static inline const char *last_name(const char *path)
{
    const char *name = path;
    for (; *path; path++)
        if (*path == '/') name = path + 1;
    return name;
}

/* As the kernel numbers them on every processor that is known here. */
enum socket_family {
    FAMILY_UNSPEC = 0,
    FAMILY_UNIX = 1,
    FAMILY_INET = 2,
    FAMILY_INET6 = 10,
    FAMILY_NETLINK = 16,
    FAMILY_PACKET = 17,
    FAMILY_VSOCK = 40
};
enum socket_type {
    TYPE_ANY = 0,
    TYPE_STREAM = 1,
    TYPE_DATAGRAM = 2,
    TYPE_RAW = 3,
    TYPE_SEQPACKET = 5,
    TYPE_MASK = 0xf /* beside it there are flags */
};

static inline enum socket_kind socket_kind_of(int family, int type)
{
    static const struct {
        unsigned char family, type, kind;
    } known[] = {
        {FAMILY_INET, TYPE_STREAM, SOCKET_STREAM},
        {FAMILY_INET6, TYPE_STREAM, SOCKET_STREAM},
        {FAMILY_UNIX, TYPE_STREAM, SOCKET_STREAM},
        {FAMILY_UNIX, TYPE_SEQPACKET, SOCKET_STREAM},
        {FAMILY_INET, TYPE_DATAGRAM, SOCKET_UDP},
        {FAMILY_INET6, TYPE_DATAGRAM, SOCKET_UDP},
        {FAMILY_INET, TYPE_RAW, SOCKET_RAW},
        {FAMILY_INET6, TYPE_RAW, SOCKET_RAW},
        {FAMILY_UNIX, TYPE_DATAGRAM, SOCKET_UNIX_DATAGRAM},
        {FAMILY_UNIX, TYPE_RAW, SOCKET_UNIX_DATAGRAM},
        {FAMILY_PACKET, TYPE_ANY, SOCKET_PACKET},
        {FAMILY_NETLINK, TYPE_ANY, SOCKET_NETLINK},
        {FAMILY_VSOCK, TYPE_ANY, SOCKET_VSOCK},
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (known[i].family == family && (!known[i].type || known[i].type == (type & TYPE_MASK)))
            return (enum socket_kind)known[i].kind;
    return SOCKET_OTHER;
}

/* Whether all that such a socket sends is judged by the address it goes to. By UDP's kin more goes out: echo
 * requests, for one. */
static inline bool socket_is_judged_by_address(int family, int type, int protocol)
{
    enum { UDP = 17 };
    enum socket_kind kind = socket_kind_of(family, type);
    return kind == SOCKET_UNIX_DATAGRAM || (kind == SOCKET_UDP && (!protocol || protocol == UDP));
}

#endif
