/* notify.h: the kernel's side of the watch: installing the filter, receiving calls, answering them. It knows
 * nothing of what a call means.
 */
#ifndef ASKFIRST_FILTER_NOTIFY_H
#define ASKFIRST_FILTER_NOTIFY_H

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct notify {
    int listener;
    bool synchronous; /* the caller and the launcher hand the processor to each other */
    size_t size;      /* of a notification, as this kernel sends it */
    void *buffer;
};

/* In the child, after NO_NEW_PRIVS: installs the filter. The listener, or -1 with errno. Async-signal-safe.
 */
int notify_install(const struct sock_fprog *filter);

/* Whether this kernel knows calls that a handled signal does not take back. */
bool notify_knows_killable(void);

/* Hands the listener over by a socket, and takes it. It is the sender's until its first trapped call has been
 * answered, and closed at its exec. -1 with errno. */
int notify_send_listener(int socket, int listener);
int notify_take_listener(int socket);

/* In the launcher. False with errno. */
bool notify_open(struct notify *notify, int listener);
void notify_close(struct notify *notify);

/* Whether a call is there to be received. */
bool notify_is_there(const struct notify *notify);

/* One call, which must be there: this would wait for it. 1: received. 0: there was none after all. -1 with
 * errno: the listener is broken. */
int notify_receive(struct notify *notify, struct seccomp_notif **call);

/* Whether the call still waits: after reading what belongs to its process, and before believing it. */
bool notify_valid(const struct notify *notify, uint64_t id);

/* Answers. False: nobody waits any more, which is normal. */
bool notify_return(const struct notify *notify, uint64_t id, int64_t value); /* negative: -errno */
bool notify_continue(const struct notify *notify, uint64_t id);

/* With a descriptor, which the caller is given. */
bool notify_give(const struct notify *notify, uint64_t id, int fd, bool cloexec);

/* The first of the two steps that this takes. The descriptor's number there, or -errno: the answer, for which
 * the caller still waits in the kernel. */
int notify_add(const struct notify *notify, uint64_t id, int fd, bool cloexec);

/* Both in one step, which spares a switch to the caller and back. Should the launcher be stopped, traced
 * or frozen in the middle of it, the caller is told 0 and has been given nothing: only for one that makes its
 * call again then. */
bool notify_give_at_once(const struct notify *notify, uint64_t id, int fd, bool cloexec);

#endif
