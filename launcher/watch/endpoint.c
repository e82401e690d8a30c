/* endpoint.c: see endpoint.h. */
#include "endpoint.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../callers/memory_of.h"

void endpoint_begin(struct endpoint *endpoint)
{
    *endpoint = (struct endpoint){.socket = -1, .spot = {.parent = -1, .target = -1}};
}

void endpoint_end(struct endpoint *endpoint)
{
    if (endpoint->socket >= 0) close(endpoint->socket);
    spot_close(&endpoint->spot);
    free(endpoint->ids);
}

static int option(int socket, int name)
{
    int value = -1;
    socklen_t size = sizeof value;
    return getsockopt(socket, SOL_SOCKET, name, &value, &size) ? -1 : value;
}

int endpoint_socket(struct endpoint *endpoint, const struct call *call, int descriptor)
{
    endpoint->socket = call_descriptor(call, descriptor);
    if (endpoint->socket < 0) return errno == EPERM ? EACCES : errno;
    endpoint->domain = option(endpoint->socket, SO_DOMAIN);
    endpoint->type = option(endpoint->socket, SO_TYPE);
    endpoint->protocol = option(endpoint->socket, SO_PROTOCOL);
    return endpoint->domain < 0 ? ENOTSOCK : 0;
}

int endpoint_address(struct endpoint *endpoint, const struct call *call, uint64_t at, uint32_t size)
{
    if (size < sizeof(sa_family_t) || size > sizeof endpoint->address) return EINVAL;
    int error = memory_copy(call->tid, at, &endpoint->address, size);
    endpoint->size = size;
    if (error || endpoint->address.ss_family != AF_UNIX) return error;
    return size > sizeof(struct sockaddr_un) ? EINVAL : 0;
}

void endpoint_path(const struct endpoint *endpoint, char path[sizeof(struct sockaddr_un)])
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

int endpoint_find(struct endpoint *endpoint, const struct call *call, unsigned resolve_flags)
{
    if (!has_path(endpoint)) return 0;
    char path[sizeof(struct sockaddr_un)];
    endpoint_path(endpoint, path);
    return resolve(call_viewer(call), AT_FDCWD, path, resolve_flags, 0, &endpoint->spot);
}

bool endpoint_judge(const struct endpoint *endpoint, struct matter *matter)
{
    struct sockaddr_storage told = endpoint->address;
    socklen_t size = endpoint->size;
    const char *path = endpoint->spot.path;
    if (path && strlen(path) < sizeof((struct sockaddr_un *)0)->sun_path) {
        struct sockaddr_un *real = (struct sockaddr_un *)&told;
        strcpy(real->sun_path, path);
        size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(path) + 1);
    }
    return address_judge(matter, endpoint->domain, endpoint->type, (const struct sockaddr *)&told, size);
}

const struct sockaddr *endpoint_found(const struct endpoint *endpoint, struct sockaddr_un *room,
                                      socklen_t *size)
{
    *size = endpoint->size;
    if (endpoint->spot.target < 0) return (const struct sockaddr *)&endpoint->address;
    *room = (struct sockaddr_un){.sun_family = AF_UNIX};
    snprintf(room->sun_path, sizeof room->sun_path, "/proc/self/fd/%d", endpoint->spot.target);
    *size = sizeof *room;
    return (const struct sockaddr *)room;
}
