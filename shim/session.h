/* session.h: what the shim knows of the run that it guards: found once, when the program starts, and never
 * changed.
 *
 * There is no other state but what looking again would show again. A wrapper may run in a vfork child, whose
 * writes land in its parent, in a signal handler or in several threads at once; so what is found at the start
 * is put together aside and published with one write.
 */
#ifndef ASKFIRST_SHIM_SESSION_H
#define ASKFIRST_SHIM_SESSION_H

#include <linux/un.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../policy/image.h"
#include "libc.h"
#include "wire.h"

struct session {
    bool judges; /* guard shim. Not: guard kernel, where the launcher sees the calls themselves */
    /* NULL: the policy could not be had, and everything that is judged is denied. */
    const struct image *mapped;
    size_t mapped_size;
    const struct wire_names *names; /* before the policy */
    const char *fault;              /* why, when it is NULL */
    struct sockaddr_un door;
    unsigned door_length;
    const char *preload; /* the shim's own path, as it has to stand in LD_PRELOAD */
    const char *entry;   /* "ASKFIRST_SESSION=…" */
    const char *directory;
    uint64_t key[2]; /* of this process alone, from the kernel; 0: there is none */
    struct libc libc;
    char text[]; /* what the strings above point to */
};

/* The session in which the shim judges, or NULL when there is nothing to judge: then every wrapper does what
 * it would have done. */
const struct session *session_get(void);

/* The policy to decide by. All of it is read when something is first to be decided, to see that it is
 * whole: a program that only starts another has no need of it, and one that does neither need not look at it.
 * NULL: everything is denied, and the program was told. */
const struct image *session_image(const struct session *session);

/* Whether it was had, and not found broken yet: somebody may be asked. */
bool session_has_image(const struct session *session);

/* Whether this program has the fast lane: guard kernel's. */
bool session_has_lane(const struct session *session);

/* The session of this program, whoever judges: for what only the shim can do. NULL when it is not guarded. */
const struct session *session_any(void);

/* Whether it is guard kernel that guards this program. */
static inline bool session_is_watched(void)
{
    const struct session *session = session_any();
    return session && !session->judges;
}

/* The C library's own function of that name, in a guarded program or not; NULL and ENOSYS: it has none. */
void *session_function(const char *name);

#endif
