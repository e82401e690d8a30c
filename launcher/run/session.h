/* session.h: one run of `askfirst run`, passed along; there is no global state.
 *
 * session.c fills it in the order of its members and takes it down in the opposite one. Each part is behind a
 * header of its own and keeps what it knows to itself.
 */
#ifndef ASKFIRST_SESSION_H
#define ASKFIRST_SESSION_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "../../policy/image.h"
#include "../../policy/policy.h"
#include "../plain/loop.h"

enum guard { GUARD_AUTO, GUARD_KERNEL, GUARD_SHIM };
static inline const char *guard_name(enum guard guard)
{
    return guard == GUARD_KERNEL ? "kernel" : guard == GUARD_SHIM ? "shim" : "auto";
}

enum mode { MODE_ENFORCE, MODE_OBSERVE };

struct run_options {
    const char *policy;
    const char *const *approve; /* in order; none: the default order of approvers */
    size_t approve_count;
    enum guard guard;
    /* Why an auto did not take guard kernel (NULL: it did, or none was asked for), and what guard kernel does
     * without here, up to a NULL (NULL: it is not this guard). */
    const char *guard_missing;
    const char *const *guard_without;
    enum mode mode;
    const char *workspace;
    int64_t timeout_ms;     /* 0: none */
    int64_t ask_timeout_ms; /* -1: what the policy says; 0: never */
    const char *audit;      /* directory; NULL: the usual one */
    const char *const *env; /* NAME=VALUE to set, NAME to pass through whatever the policy drops */
    size_t env_count;
    bool quiet;
    bool no_lane;
    char **command; /* NULL-terminated */
};

struct audit;      /* audit.h */
struct grants;     /* grants.h */
struct questions;  /* questions.h */
struct door;       /* door.h */
struct runtime;    /* runtime.h */
struct supervisor; /* supervise.h */

struct session {
    const struct run_options *options;
    char id[64];
    struct places places;
    struct policy *policy;
    struct image *image;
    size_t image_size;
    char policy_digest[65]; /* hex SHA-256 over those of its files, in their order */
    struct runtime *runtime;
    const char *dir; /* the private runtime directory: door, policy */
    char *install;   /* the directory of askfirst itself; NULL: not known */
    char *shim;      /* path of libaskfirst.so */
    char *cwd;
    struct loop *loop;
    struct audit *audit;
    struct grants *grants;
    struct questions *questions;
    struct door *door;
    struct supervisor *supervisor; /* supervise.c: the command while it runs */
    pid_t child;                   /* the command; 0 until it is started */
    pid_t keeper;      /* its parent, and of all that its descendants leave behind (keeper.h); 0 until then */
    bool interrupted;  /* a person wants it to end at once: what asks now gets no answer any more */
    bool ending;       /* the run is being taken down: whatever asks now is denied as cancelled */
    bool prompting;    /* a prompt has the terminal, and has stopped the run's processes there meanwhile */
    int64_t waited_ms; /* time spent waiting for answers, which --timeout does not count */
    uint64_t asked;
    uint64_t denied;
    uint64_t hidden; /* files that were shown empty */
};

/* Fills `session` for `options`, which must outlive it; reads the policy; then, when the guard has been
 * chosen, opens what others see of it: the record, the questions, the door. 0, or the exit status with which
 * the run ends before it has begun: what was wrong has been said. Either way session_close() follows. */
int session_open(struct session *session, const struct run_options *options);
int session_read(struct session *session, struct scout *scout); /* or NULL: ../../policy/scout.h */
int session_begin(struct session *session);

/* Takes it down: waiting questions are cancelled, approvers and audit are told how it ended. */
void session_close(struct session *session, int exit_status);

/* Ends the run as a person's Ctrl-C at a prompt would: everything pending is cancelled, the command is
 * interrupted. */
void session_interrupt(struct session *session);

#endif
