/* caller.c: who makes a call, what belongs to it, and whether the launcher may act in its stead (parts.h). */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../callers/guise.h"
#include "../look/process.h"
#include "../plain/memory.h"
#include "parts.h"

/* Most have one thread: asking whether it is there by both ids is quicker than reading. */
static pid_t process_of(pid_t tid)
{
    if (!syscall(SYS_tgkill, tid, tid, 0)) return tid;
    return (pid_t)process_number(tid, "Tgid", 10, 0);
}

bool call_find_caller(struct call *call)
{
    if (call->caller.pid) return true;
    bool own = !call->watch->strangers;
    int thread = own ? process_meet(call->tid, &call->process) : -1;
    pid_t pid = thread >= 0 ? call->process.pid : process_of(call->tid);
    if (!pid || (thread < 0 && !process_look(pid, &call->process))) {
        call_return(call, -ESRCH);
        return false;
    }
    if (own)
        caller_native(&call->caller, &call->process, call->tid);
    else
        caller_take(&call->caller, &call->process, call->tid);
    if (thread >= 0) call->caller.thread = thread;
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

bool call_shares_objects(const struct call *call)
{
    char path[64];
    struct stat its, ours;
    snprintf(path, sizeof path, "/proc/%d/ns/ipc", call->tid);
    return !stat(path, &its) && !stat("/proc/self/ns/ipc", &ours) && its.st_dev == ours.st_dev &&
           its.st_ino == ours.st_ino;
}

mode_t call_umask(const struct call *call)
{
    return (mode_t)process_number(call->tid, "Umask", 8, 077);
}

void call_learn_own(struct call *call)
{
    struct watch *watch = call->watch;
    watch->known = identity_of(call->tid, &watch->own);
    if (!watch->known) watch->strangers = true;
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

bool call_is_alone(const struct call *call)
{
    return !call->watch->shares && call->process.threads == 1;
}
