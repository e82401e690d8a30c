/* watch.c: receives trapped calls, hands each to its family, and ends it (watch.h).
 *
 * Nothing in here waits: what has to be asked about is put aside until its answer comes, and everybody else
 * goes on.
 */
#include "watch.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../../shim/wire.h"
#include "../callers/guise.h"
#include "../carry/opening.h"
#include "../guard/capabilities.h"
#include "../look/process.h"
#include "../plain/memory.h"
#include "../questions/questions.h"
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
};

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
 * the others stay on theirs, which may take ten times as long as the call to wake up. */
static bool can_give_at_once(const struct call *call)
{
    const struct watch *watch = call->watch;
    bool alone = watch->alone && watch->last == call->tid, asked = call->acts && call->acts->asked;
    return alone && !asked && opening_more(&call->notification) & WIRE_OPENING_NEVER_ZERO;
}

void call_give(struct call *call, int fd, bool cloexec)
{
    (can_give_at_once(call) ? notify_give_at_once : notify_give)(&call->watch->notify, call->notification.id,
                                                                 fd, cloexec);
    close(fd);
    free_call(call);
}

/* ---- who calls ---- */

/* Most have one thread: asking whether it is there by both ids is quicker than reading. */
static pid_t process_of(pid_t tid)
{
    if (!syscall(SYS_tgkill, tid, tid, 0)) return tid;
    return (pid_t)process_number(tid, "Tgid", 10, 0);
}

bool call_find_caller(struct call *call)
{
    if (call->caller.pid) return true;
    pid_t pid = process_of(call->tid);
    if (!pid || !process_look(pid, &call->process)) {
        call_return(call, -ESRCH);
        return false;
    }
    caller_take(&call->caller, &call->process, call->tid);
    return true;
}

struct viewer call_viewer(const struct call *call)
{
    /* Another user's processes are nothing to look through. */
    return (struct viewer){call->tid, call->guised ? 0 : call->watch->session->keeper};
}

struct aside_call call_aside(const struct call *call)
{
    return (struct aside_call){call->watch->notify, call->notification.id, call->tid};
}

#ifndef PIDFD_THREAD
#define PIDFD_THREAD O_EXCL /* since Linux 6.9 */
#endif

/* Whether a duplicate from a thread's process is what the thread itself has under this number. */
static bool is_descriptor_of(pid_t tid, int descriptor, int duplicate)
{
    char path[64];
    struct stat its, ours;
    snprintf(path, sizeof path, "/proc/%d/fd/%d", tid, descriptor);
    return !stat(path, &its) && !fstat(duplicate, &ours) && its.st_dev == ours.st_dev &&
           its.st_ino == ours.st_ino;
}

/* An older kernel gives out the descriptors of a process's first thread only. One that has others gets
 * none. */
int call_descriptor(const struct call *call, int descriptor)
{
    cleanup_fd int thread = (int)syscall(SYS_pidfd_open, call->tid, PIDFD_THREAD);
    bool older = thread < 0 && errno == EINVAL;
    if (older) thread = (int)syscall(SYS_pidfd_open, call->caller.pid, 0);
    if (thread < 0) return -1;
    int fd = (int)syscall(SYS_pidfd_getfd, thread, descriptor, 0);
    if (fd < 0 || !older || call->tid == call->caller.pid || is_descriptor_of(call->tid, descriptor, fd))
        return fd;
    close(fd);
    errno = EPERM;
    return -1;
}

mode_t call_umask(const struct call *call)
{
    return (mode_t)process_number(call->tid, "Umask", 8, 077);
}

/* The first call of all is the command's exec: nobody has run anything yet, so this is who everybody should
 * be. */
static void learn_own(struct call *call)
{
    struct watch *watch = call->watch;
    watch->known = identity_of(call->tid, &watch->own);
    if (!watch->known) watch->strangers = true;
}

/* ---- judging ---- */

static void tell_through_pipe(int fd, const char *message)
{
    int own[2];
    if (pipe2(own, O_CLOEXEC | O_NONBLOCK)) return;
    ssize_t written = write(own[1], message, strlen(message));
    if (written > 0) splice(own[0], NULL, fd, NULL, (size_t)written, SPLICE_F_NONBLOCK);
    close(own[0]);
    close(own[1]);
}

struct telling {
    int fd;
    char *message;
};

static void free_telling(struct telling *telling)
{
    if (telling->fd >= 0) close(telling->fd);
    free(telling->message);
    free(telling);
}

/* Its call has ended by then, so that it is interrupted soon where the terminal stands still
 * (aside_look()). */
static void tell_aside(const struct aside_call *call, void *own)
{
    const struct telling *telling = own;
    (void)call;
    ssize_t written = write(telling->fd, telling->message, strlen(telling->message));
    (void)written;
    free_telling(own);
}

/* A terminal may stop at any time, and only the program decides whether a write to it waits. */
static void tell_through_terminal(const struct call *call, int fd, const char *message)
{
    struct pollfd ready = {.fd = fd, .events = POLLOUT};
    const struct aside_call by = call_aside(call);
    if (poll(&ready, 1, 0) != 1 || !(ready.revents & POLLOUT)) return;
    struct telling *telling = xmalloc(sizeof *telling);
    *telling = (struct telling){fcntl(fd, F_DUPFD_CLOEXEC, 0), xstrdup(message)};
    if (telling->fd < 0 || !aside(tell_aside, telling, &by)) free_telling(telling);
}

/* Never waits: somebody may fill a pipe just between a look at it and the write, so it is opened anew,
 * without blocking; or it is another user's, and cannot be. What its owner cannot write to is left alone. */
static void tell(const struct call *call, int fd, const char *message)
{
    char link[32];
    struct stat status;
    int flags = fcntl(fd, F_GETFL);
    if (flags < 0 || flags & O_PATH || (flags & O_ACCMODE) == O_RDONLY || fstat(fd, &status)) return;
    if (S_ISSOCK(status.st_mode)) {
        send(fd, message, strlen(message), MSG_DONTWAIT | MSG_NOSIGNAL);
        return;
    }
    bool file = S_ISREG(status.st_mode);
    if (file && (flags & O_ACCMODE) == O_RDWR && !(flags & O_APPEND))
        return; /* more likely data than a log */
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    cleanup_fd int again = file ? -1 : open(link, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (!file && again < 0) {
        if (S_ISFIFO(status.st_mode))
            tell_through_pipe(fd, message);
        else
            tell_through_terminal(call, fd, message);
        return;
    }
    ssize_t written = write(file ? fd : again, message, strlen(message));
    (void)written; /* it closed its ears */
}

/* Written to the standard error of whoever was refused: without the shim nobody else would tell it. */
void call_tell(const struct call *call, const char *message)
{
    if (call->watch->session->options->quiet) return;
    cleanup_fd int fd = call_descriptor(call, STDERR_FILENO);
    if (fd >= 0 && notify_valid(&call->watch->notify, call->notification.id)) tell(call, fd, message);
}

/* Who a caller is beside what the run began as. */
enum standing { OWN, OTHER_USER, STRANGER };

static enum standing standing_of(struct call *call, struct identity *identity, const char **why)
{
    struct watch *watch = call->watch;
    /* Once the caller has ended, its number may be another's. */
    if (!watch->known || !identity_of(call->tid, identity) ||
        !notify_valid(&watch->notify, call->notification.id)) {
        *why = "who it is cannot be seen";
        return STRANGER;
    }
    if (!identity_same_place(identity, &watch->own)) {
        *why = "it has another root or other namespaces than the run began with";
        return STRANGER;
    }
    if (fences_hold(&watch->fences, call->caller.pid, watch->session->keeper, watch->session->child)) {
        *why = "it has, or may have, a Landlock fence of its own";
        return STRANGER;
    }
    *why = "it has another user, or other capabilities, than the run began with";
    return identity_same_ids(&identity->ids, &watch->own.ids) ? OWN : OTHER_USER;
}

static void refuse_stranger(struct call *call, const char *why, int error)
{
    struct watch *watch = call->watch;
    cleanup_free char *message =
        xasprintf("askfirst: denied: %s: askfirst acts for no process that is not what it is itself\n"
                  "askfirst:   why: %s\n"
                  "askfirst:   next: do this as the user that askfirst runs as, without a sandbox inside\n",
                  filter_call_name(call->notification.data.nr), why);
    watch_event(watch, "stranger", call->caller.pid, why);
    if (watch->told != call->caller.pid) call_tell(call, message); /* once: a loader tries many files */
    watch->told = call->caller.pid;
    call_return(call, -error);
}

bool call_is_own(struct call *call, int error)
{
    struct identity identity;
    const char *why;
    if (!call->watch->strangers) return true;
    if (!call_find_caller(call)) return false;
    if (standing_of(call, &identity, &why) == OWN) return true;
    refuse_stranger(call, why, error);
    return false;
}

bool call_act(struct call *call, int error)
{
    struct identity identity;
    const char *why;
    if (!call->watch->strangers) return true;
    if (!call_find_caller(call)) return false;
    enum standing standing = standing_of(call, &identity, &why);
    call->guised = standing == OTHER_USER && guise_fits(&identity.ids) && guise_on(&identity.ids);
    if (standing == OWN || call->guised) return true;
    refuse_stranger(call, why, error);
    return false;
}

bool call_is_served(struct call *call, int error, struct ids **ids)
{
    struct identity identity;
    const char *why;
    *ids = NULL;
    if (!call->watch->strangers) return true;
    if (!call_find_caller(call)) return false;
    enum standing standing = standing_of(call, &identity, &why);
    if (standing == OWN) return true;
    if (standing == STRANGER || !guise_fits(&identity.ids)) {
        refuse_stranger(call, why, error);
        return false;
    }
    *ids = xmalloc(sizeof **ids);
    **ids = identity.ids;
    return true;
}

/* Strangers are refused when it comes to acting. */
bool call_look(struct call *call)
{
    struct identity identity;
    const char *why;
    if (!call->watch->strangers) return true;
    if (!call_find_caller(call)) return false;
    call->guised = standing_of(call, &identity, &why) == OTHER_USER && guise_fits(&identity.ids) &&
                   guise_on(&identity.ids);
    return true;
}

void call_acted(struct call *call)
{
    if (call->guised) guise_off();
    call->guised = false;
}

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
    if (!watch->known && !watch->strangers) learn_own(call);
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

struct watch *watch_open(struct session *session, int listener, struct floor_plan *plan, struct lane *lane,
                         const char *program, char **why)
{
    struct watch *watch = xcalloc(1, sizeof *watch);
    watch->session = session;
    watch->plan = plan;
    watch->lane = lane;
    watch->protected = protected_new(session->policy, session->image, &session->places, PROTECTED_AT_MOST);
    watch->program = xstrdup(program);
    watch->verifier = verifier_new(session->loop, lane, watch_exec_done, watch);
    if (notify_open(&watch->notify, listener) && watch->verifier && !capabilities_lower())
        watch->source = loop_add_near(session->loop, listener, ready, watch);
    if (!watch->source) {
        *why = xasprintf("the watch cannot be set up: %s", strerror(errno));
        watch_close(watch);
        return NULL;
    }
    watch->sweep = loop_after(session->loop, SWEEP_MS, sweep, watch);
    watch->looking = loop_after(session->loop, PROTECTED_BEGINS_MS, look_on, watch);
    return watch;
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
    free(watch->program);
    fences_free(&watch->fences);
    free(watch);
}
