/* watch.c: receives trapped calls, hands each to its family, and ends it (watch.h).
 *
 * Nothing in here waits: what has to be asked about is put aside until its answer comes, and everybody else
 * goes on.
 */
#include "watch.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "../../shim/wire.h"
#include "../carry/opening.h"
#include "../guard/capabilities.h"
#include "../plain/memory.h"
#include "../records/audit.h"
#include "parts.h"

#define SWEEP_MS 250 /* how often callers of waiting questions are looked at */
#define IN_A_ROW 16  /* calls, of several callers, before anything else has its turn */
#define MOST_EVENTS 1000u

static void (*const handlers[])(struct call *call) = {
    [CALL_open] = watch_file_open,    [CALL_change] = watch_file_change, [CALL_exec] = watch_exec,
    [CALL_connect] = watch_connect,   [CALL_bind] = watch_bind,          [CALL_socket] = watch_socket,
    [CALL_identity] = watch_identity, [CALL_debug] = watch_debug,        [CALL_signal] = watch_signal,
    [CALL_foreign] = watch_foreign,   [CALL_rank] = watch_rank,          [CALL_queue] = watch_queue,
    [CALL_object] = watch_object,     [CALL_send] = watch_send,          [CALL_group] = watch_group,
};

bool watch_stops(const struct watch *watch)
{
    return watch->session->options->mode != MODE_OBSERVE;
}

void watch_event(struct watch *watch, const char *event, pid_t pid, const char *text)
{
    if (watch->events++ < MOST_EVENTS) audit_event(watch->session->audit, event, pid, text);
}

/* ---- the end of a call ---- */

static void unlink_call(struct call *call)
{
    if (!call->at) return;
    *call->at = call->next;
    if (call->next) call->next->at = call->at;
    call->at = NULL;
}

static void free_call(struct call *call)
{
    unlink_call(call);
    if (call->free_own) call->free_own(call->own);
    if (call->caller.thread) close(call->caller.thread);
    free(call);
}

void call_leave(struct call *call)
{
    free_call(call);
}

void call_return(struct call *call, int64_t value)
{
    notify_return(&call->watch->notify, call->notification.id, value);
    free_call(call);
}

void call_continue(struct call *call)
{
    notify_continue(&call->watch->notify, call->notification.id);
    free_call(call);
}

/* In one step to a caller that would make its call again, if nobody is asked twice by that; and to one that
 * calls by itself: of several, those that wait for the second step are woken on the launcher's processor, and
 * the others stay on theirs, which may take ten times as long as the call to wake up. Not to one that is kept
 * beside the launcher: it has its processors back before it runs. */
static bool can_give_at_once(const struct call *call)
{
    const struct watch *watch = call->watch;
    bool alone = watch->alone && watch->last == call->tid, asked = call->acts && call->acts->asked;
    return alone && !asked && opening_more(&call->notification) & WIRE_OPENING_NEVER_ZERO;
}

/* A kernel with the synchronous wake-up also keeps signals from a caller that waits for its answer: one that
 * is kept beside the launcher cannot run before. */
void call_give(struct call *call, int fd, bool cloexec)
{
    struct watch *watch = call->watch;
    const struct notify *notify = &watch->notify;
    uint64_t id = call->notification.id;
    bool kept = notify->synchronous && beside_begin(&watch->beside, call->tid);
    if (!kept && can_give_at_once(call)) {
        notify_give_at_once(notify, id, fd, cloexec);
        beside_end(&watch->beside);
    } else {
        int number = notify_add(notify, id, fd, cloexec);
        beside_end(&watch->beside);
        notify_return(notify, id, number);
    }
    close(fd);
    free_call(call);
}

/* ---- judging ---- */

static void replied(void *context, int error, const char *message)
{
    struct call *call = context;
    if (!error) {
        call->allowed(call);
        return;
    }
    call->matter = NULL;
    if (message) call_tell(call, message);
    if (error == WIRE_HIDDEN && call->hidden)
        call->hidden(call);
    else
        call_return(call, error == WIRE_HIDDEN ? -EACCES : -error);
}

void call_wait(struct call *call)
{
    struct watch *watch = call->watch;
    if (call->at) return;
    call->next = watch->waiting;
    if (call->next) call->next->at = &call->next;
    call->at = &watch->waiting;
    watch->waiting = call;
}

struct matter *call_matter(struct call *call, void (*allowed)(struct call *call))
{
    if (!call_find_caller(call)) return NULL;
    call->allowed = allowed;
    call_wait(call);
    call->matter = matter_replying(call->watch->session->door, &call->caller, replied, call);
    call->matter->process = &call->process;
    return call->matter;
}

/* A caller that was killed waits for nothing more: its question is taken back. */
static void sweep(void *context)
{
    struct watch *watch = context;
    for (struct call *call = watch->waiting, *next; call; call = next) {
        next = call->next;
        if (notify_valid(&watch->notify, call->notification.id)) continue;
        struct matter *matter = call->matter;
        free_call(call);
        if (matter) matter_cancel(matter);
    }
    aside_look();
    watch->sweep = loop_after(watch->session->loop, SWEEP_MS, sweep, watch);
}

/* Looks for more protected files, between calls. */
static void look_on(void *context)
{
    struct watch *watch = context;
    bool more = protected_look(watch->protected, PROTECTED_AT_ONCE);
    watch->looking = more ? loop_after(watch->session->loop, PROTECTED_EVERY_MS, look_on, watch) : NULL;
    const char *unseen = more ? NULL : protected_unseen(watch->protected);
    if (unseen) watch_event(watch, "not-seen", 0, unseen);
}

/* ---- receiving ---- */

static void handle(struct watch *watch, const struct seccomp_notif *notification)
{
    struct call *call = xcalloc(1, sizeof *call);
    call->watch = watch;
    call->notification = *notification;
    call->tid = (pid_t)notification->pid;
    if (!call->tid) { /* a process that the launcher cannot see: in another pid namespace, outside the run */
        call_return(call, -EPERM);
        return;
    }
    watch->alone = watch->last == call->tid;
    watch->last = call->tid;
    if (!verifier_called(watch->verifier, call->tid)) {
        call_return(call, -EACCES);
        return;
    }
    if (!watch->known && !watch->strangers) call_learn_own(call);
    enum call_handler handler = filter_handler(notification->data.arch, notification->data.nr);
    if (handler < sizeof handlers / sizeof *handlers && handlers[handler])
        handlers[handler](call);
    else
        call_return(call, -ENOSYS);
}

static void ready(void *context, int fd, uint32_t events)
{
    struct watch *watch = context;
    struct seccomp_notif *notification;
    (void)fd;
    if (events & (EPOLLHUP | EPOLLERR) && !(events & EPOLLIN)) { /* the last guarded task is gone */
        loop_remove(steal_pointer(&watch->source));
        return;
    }
    for (int left = IN_A_ROW; left; left--) {
        if (notify_receive(&watch->notify, &notification) == 1) handle(watch, notification);
        if (watch->alone || !notify_is_there(&watch->notify)) return;
    }
}

struct watch *watch_new(struct session *session, struct floor_plan *plan, struct lane *lane,
                        const char *program)
{
    struct watch *watch = xcalloc(1, sizeof *watch);
    watch->session = session;
    watch->notify.listener = -1;
    watch->plan = plan;
    watch->lane = lane;
    watch->scoped = floor_abi() >= FLOOR_HOLDS_SIGNALS;
    watch->protected = protected_new(session->policy, session->image, &session->places, PROTECTED_AT_MOST);
    watch->objects = objects_new();
    watch->program = xstrdup(program);
    watch->verifier = verifier_new(session->loop, lane, watch_exec_done, watch);
    return watch;
}

bool watch_listen(struct watch *watch, int listener, char **why)
{
    struct loop *loop = watch->session->loop;
    if (notify_open(&watch->notify, listener) && watch->verifier && !capabilities_lower())
        watch->source = loop_add_near(loop, listener, ready, watch);
    if (!watch->source) {
        *why = xasprintf("the watch cannot be set up: %s", strerror(errno));
        return false;
    }
    watch->sweep = loop_after(loop, SWEEP_MS, sweep, watch);
    watch->looking = loop_after(loop, PROTECTED_BEGINS_MS, look_on, watch);
    return true;
}

/* What still waits is refused by the kernel when the listener closes. */
void watch_close(struct watch *watch)
{
    if (!watch) return;
    loop_cancel(watch->sweep);
    loop_cancel(watch->looking);
    while (watch->waiting) {
        struct matter *matter = watch->waiting->matter;
        free_call(watch->waiting);
        if (matter) matter_cancel(matter);
    }
    verifier_free(watch->verifier);
    loop_remove(watch->source);
    notify_close(&watch->notify);
    protected_free(watch->protected);
    floor_plan_free(watch->plan);
    lane_free(watch->lane);
    objects_free(watch->objects);
    free(watch->program);
    fences_free(&watch->fences);
    free(watch);
}
