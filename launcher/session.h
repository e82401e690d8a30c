/* session.h: one run of `askfirst run`, passed along; there is no global state.
 *
 * session.c fills it in the order of its members and takes it down in the opposite one. Each part is behind a header of
 * its own and keeps what it knows to itself.
 */
#ifndef ASKFIRST_SESSION_H
#define ASKFIRST_SESSION_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "../policy/image.h"
#include "../policy/policy.h"
#include "loop.h"

enum guard { GUARD_AUTO, GUARD_KERNEL, GUARD_SHIM };
enum mode { MODE_ENFORCE, MODE_OBSERVE };

struct run_options {
    const char *policy;
    const char *const *approve; /* in order; none: the default order of approvers */
    size_t approve_count;
    enum guard guard;
    enum mode mode;
    const char *workspace;
    int64_t timeout_ms;     /* 0: none */
    int64_t ask_timeout_ms; /* -1: what the policy says; 0: never */
    const char *audit;      /* directory; NULL: the usual one */
    const char *const *env; /* NAME=VALUE to set, NAME to pass through whatever the policy drops */
    size_t env_count;
    bool quiet;
    char **command;         /* NULL-terminated */
};

struct audit;     /* audit.h */
struct grants;    /* grants.h */
struct questions; /* questions.h */
struct door;      /* door.h */

struct session {
    const struct run_options *options;
    char id[64];
    struct places places;
    struct policy *policy;
    struct image *image;
    size_t image_size;
    char policy_digest[65]; /* hex SHA-256 of the image */
    char *dir;              /* the private runtime directory: door, policy */
    char *shim;             /* path of libaskfirst.so */
    char *cwd;
    struct loop *loop;
    struct audit *audit;
    struct grants *grants;
    struct questions *questions;
    struct door *door;
    pid_t child;            /* 0 until it is started */
    bool ending;            /* the run is being taken down: whatever asks now is denied as cancelled */
    int64_t waited_ms;      /* time spent waiting for answers, which --timeout does not count */
    uint64_t asked;
    uint64_t denied;
};

/* Ends the run as a person's Ctrl-C at a prompt would: everything pending is cancelled, the command is interrupted. */
void session_interrupt(struct session *session);

#endif
