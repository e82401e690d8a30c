/* net.h: the calls that reach out of this machine, as the kernel has them; each gives its result or a
 * negative errno. */
#ifndef ASKFIRST_SHIM_NET_H
#define ASKFIRST_SHIM_NET_H

#include <stddef.h>

struct user_msghdr;

long net_socket(int domain, int type, int protocol);
long net_connect(int fd, const void *address, unsigned length);
long net_bind(int fd, const void *address, unsigned length);
long net_sendto(int fd, const void *bytes, size_t size, int flags, const void *address, unsigned length);
long net_sendmsg(int fd, const void *message, int flags);
long net_sendmmsg(int fd, void *messages, unsigned count, int flags);

#endif
