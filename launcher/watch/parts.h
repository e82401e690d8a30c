/* parts.h: what the watch's files share, and nobody else may know. watch.c receives calls and ends them,
 * caller.c knows who makes them, tell.c tells who was refused; each of the others knows a family.
 */
#ifndef ASKFIRST_WATCH_PARTS_H
#define ASKFIRST_WATCH_PARTS_H

#include <linux/seccomp.h>

#include "../callers/fences.h"
#include "../callers/identity.h"
#include "../carry/aside.h"
#include "../carry/leads.h"
#include "../door/acts.h"
#include "../door/parts.h"
#include "../filter/beside.h"
#include "../filter/filter.h"
#include "../filter/notify.h"
#include "../names/protected.h"
#include "../names/resolve.h"
#include "verify.h"
#include "watch.h"

struct objects;

struct watch {
    struct session *session;
    struct notify notify;
    struct beside beside;
    struct loop_source *source;
    struct loop_timer *sweep; /* looks whether callers of waiting questions still live */
    struct verifier *verifier;
    struct floor_plan *plan;
    struct lane *lane; /* NULL: none */
    struct leads leads;
    struct protected *protected;
    struct objects *objects;    /* System V's that the run has made */
    struct loop_timer *looking; /* for more of them */
    struct call *waiting;       /* calls that a question holds up */
    char *program;              /* the command, until its exec has come */
    struct identity own;        /* what the run's processes were when it began */
    bool known;                 /* `own` is filled */
    /* Somebody has changed who it is, or fenced itself in: everybody is looked at from now on. */
    bool strangers;
    bool scoped; /* the floor holds signals by itself */
    bool shares; /* somebody has the descriptors of a process that it is no thread of */
    struct fences fences;
    pid_t last; /* who has called last */
    bool alone; /* nobody else had called since its call before that */
    pid_t told; /* the stranger that was told last why it is refused */
    unsigned events;
};

/* One trapped call. */
struct call {
    struct watch *watch;
    struct call *next, **at; /* while it waits */
    struct seccomp_notif notification;
    pid_t tid;
    struct caller caller;   /* found when it is needed: pid 0 until then */
    struct process process; /* the caller's, then; of an own one only who it is and whose child */
    bool guised;            /* between call_look() or call_act(), and call_acted() */
    struct matter *matter;
    void (*allowed)(struct call *call); /* what was to be judged is allowed */
    struct acts *acts;                  /* where there may be several to judge, and then: */
    void (*all_allowed)(struct call *call);
    void (*hidden)(struct call *call); /* what was to be read is shown empty; NULL: it is refused */
    void (*free_own)(void *own);
    void *own;
};

/* Ends of a call: each answers the kernel and frees it. */
void call_return(struct call *call, int64_t value); /* negative: -errno */
void call_continue(struct call *call);
void call_give(struct call *call, int fd, bool cloexec); /* closes `fd` */
void call_leave(struct call *call);                      /* somebody else answers it (aside.h) */

/* The first call of all is the command's exec: nobody has run anything yet, so this is who everybody should
 * be. */
void call_learn_own(struct call *call);

/* False: the caller is gone, and the call has been ended. */
bool call_find_caller(struct call *call);

/* Whether the launcher may act for this thread as what it is itself. Not: the call has been ended with
 * `error`, and its caller told why. */
bool call_is_own(struct call *call, int error);

/* The same for what is then done to files, which ends with call_acted(): for another user's thread it is done
 * in that user's name (guise.h). */
bool call_act(struct call *call, int error);
void call_acted(struct call *call);

/* The same for what somebody else will do. `ids` (malloc'd): in whose name, NULL for the launcher's own. */
bool call_is_served(struct call *call, int error, struct ids **ids);

/* Before acting, for looking where a path leads; also ends with call_acted(). False: the caller is gone, and
 * the call has been ended. */
bool call_look(struct call *call);

/* Has one act of the call judged: `matter->question` is filled by the caller of this in between. `allowed` is
 * called when it was let go; otherwise the call ends with the error. NULL: the caller is gone, and the call
 * has been ended. */
struct matter *call_matter(struct call *call, void (*allowed)(struct call *call));

/* Has all acts judged that the call comes to; `acts` is part of the call's own. `allowed` is called when they
 * all are; otherwise the call ends with the error. */
void call_acts(struct call *call, struct acts *acts, void (*allowed)(struct call *call));

/* The call's answer comes later: should the caller be killed meanwhile, the call is freed, and its own with
 * it. */
void call_wait(struct call *call);

/* To observe is to stop nothing. */
bool watch_stops(const struct watch *watch);

void watch_event(struct watch *watch, const char *event, pid_t pid, const char *text);

struct viewer call_viewer(const struct call *call);

/* A duplicate of the thread's descriptor; -1 with errno. */
int call_descriptor(const struct call *call, int descriptor);

struct aside_call call_aside(const struct call *call);

/* Whether message queues, semaphores and shared memory are the same to the thread as to the launcher: not in
 * another namespace. */
bool call_shares_objects(const struct call *call);

/* Whether nobody can swap its descriptors meanwhile: there is no other thread, and nobody else has them. Only
 * after call_look(). */
bool call_is_alone(const struct call *call);

mode_t call_umask(const struct call *call);

/* Words for whoever was refused. */
void call_tell(const struct call *call, const char *message);

/* ---- terminal.c ---- */

/* /dev/tty: the one that controls the caller, which need not be the launcher's. A descriptor, or -errno. */
bool call_is_own_terminal(const struct spot *spot);
int call_open_own_terminal(const struct call *call, uint64_t flags);

/* Whether it is somebody's who is not of the run. Then the call is to be refused; to observe stops nothing.
 */
bool call_at_others_terminal(const struct call *call, const struct spot *spot);
void call_refuse_terminal(struct call *call, const struct spot *spot);

/* ---- objects.c ---- */

struct objects *objects_new(void);
void objects_free(struct objects *objects); /* NULL is fine */

/* The families. */
void watch_file_open(struct call *call);
void watch_file_change(struct call *call);
void watch_queue(struct call *call);
void watch_object(struct call *call);
void watch_exec(struct call *call);
void watch_exec_done(void *watch, pid_t pid, bool same, const char *why, void *tree);
void watch_laneless(struct call *call);
void watch_connect(struct call *call);
void watch_bind(struct call *call);
void watch_socket(struct call *call);
void watch_group(struct call *call);
void watch_send(struct call *call);
void watch_identity(struct call *call);
void watch_debug(struct call *call);
void watch_signal(struct call *call);
void watch_rank(struct call *call);
void watch_foreign(struct call *call);
void watch_door(struct call *call);

#endif
