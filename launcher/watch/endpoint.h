/* endpoint.h: a socket of the caller's and the address that it names with it, which was copied from its
 * memory and is what is judged and used.
 */
#ifndef ASKFIRST_WATCH_ENDPOINT_H
#define ASKFIRST_WATCH_ENDPOINT_H

#include <sys/socket.h>
#include <sys/un.h>

#include "parts.h"

struct endpoint {
    int socket; /* a duplicate of the caller's */
    int domain, type, protocol;
    struct sockaddr_storage address;
    socklen_t size;   /* 0: none */
    struct spot spot; /* where a UNIX path leads */
    struct ids *ids;  /* in whose name it is used, where it is another user's (malloc'd) */
};

void endpoint_begin(struct endpoint *endpoint);
void endpoint_end(struct endpoint *endpoint);

/* Each: 0, or an errno. The caller is being looked at (call_look). */
int endpoint_socket(struct endpoint *endpoint, const struct call *call, int descriptor);
int endpoint_address(struct endpoint *endpoint, const struct call *call, uint64_t at, uint32_t size);
int endpoint_find(struct endpoint *endpoint, const struct call *call, unsigned resolve_flags);

/* The path of a UNIX address that has one, which need not end with a NUL there. */
void endpoint_path(const struct endpoint *endpoint, char path[sizeof(struct sockaddr_un)]);

/* As address_judge(): what is told of a path is where it leads. */
bool endpoint_judge(const struct endpoint *endpoint, struct matter *matter);

/* The address to use, in `room` where it is one that names what was found. */
const struct sockaddr *endpoint_found(const struct endpoint *endpoint, struct sockaddr_un *room,
                                      socklen_t *size);

#endif
