/* file.c: files that are opened, and paths that are changed (parts.h). */
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../../shim/lane.h"
#include "../../shim/wire.h"
#include "../callers/memory_of.h"
#include "../carry/aside.h"
#include "../carry/change.h"
#include "../carry/opening.h"
#include "../carry/shortcut.h"
#include "../carry/walker.h"
#include "../door/hidden.h"
#include "../filter/numbers.h"
#include "../look/process.h"
#include "../names/above.h"
#include "../plain/memory.h"
#include "parts.h"

struct deed {
    struct acts acts;
    bool is_change;
    struct opening opening;
    struct change change;
};

static void free_deed(void *own)
{
    struct deed *deed = own;
    acts_free(&deed->acts);
    if (deed->is_change)
        change_free(&deed->change);
    else
        opening_free(&deed->opening);
    free(deed);
}

static void add_act(struct deed *deed, enum act_kind kind, const char *path, const char *detail,
                    const struct spot *spot)
{
    acts_add(&deed->acts, kind, path, detail, spot->target >= 0 ? &spot->status : NULL);
}

/* A file that was found protected keeps its protection under every name. */
static void add_protected(struct deed *deed, struct protected *protected, enum act_kind kind,
                          const char *detail, const struct spot *spot)
{
    const struct protected_file *file;
    if (spot->target < 0) return;
    protected_look_for(protected, spot->path, &spot->status);
    for (size_t at = 0; (file = protected_next(protected, spot->target, &spot->status, &at));)
        if (strcmp(file->path, spot->path) != 0 && !acts_have(&deed->acts, kind, file->path))
            add_act(deed, kind, file->path, detail, spot);
}

static void add(struct call *call, enum act_kind kind, const char *detail, const struct spot *spot)
{
    struct deed *deed = call->own;
    if (!spot->path) return;
    add_act(deed, kind, spot->path, detail, spot);
    add_protected(deed, call->watch->protected, kind, detail, spot);
}

/* ---- opening ---- */

struct blocking {
    struct opening opening;
    mode_t mask;
};

/* In a thread of its own: the other end of a FIFO may be long in coming, and so may the end of a lease. */
static void open_aside(const struct aside_call *call, void *own)
{
    struct blocking *blocking = own;
    int fd = opening_do(&blocking->opening, blocking->mask, OPENING_WAITS);
    if (fd < 0)
        notify_return(&call->notify, call->id, aside_result(fd));
    else
        notify_give(&call->notify, call->id, fd, blocking->opening.flags & O_CLOEXEC);
    if (fd >= 0) close(fd);
    opening_free(&blocking->opening);
    free(blocking);
}

static bool open_blocking(struct call *call, mode_t mask)
{
    struct deed *deed = call->own;
    struct blocking *blocking = xcalloc(1, sizeof *blocking);
    *blocking = (struct blocking){deed->opening, mask};
    const struct aside_call by = call_aside(call);
    if (!aside(open_aside, blocking, &by)) {
        free(blocking);
        return false;
    }
    deed->opening.spot = (struct spot){.parent = -1, .target = -1}; /* it is the thread's now */
    return true;
}

/* What anybody may read of another process. For the rest the kernel would look at who asks, and that would be
 * the launcher. */
static bool is_public(const char *of_process)
{
    static const char *const names[] = {"stat",      "status", "statm",     "cmdline",  "comm",
                                        "cgroup",    "limits", "oom_score", "loginuid", "sessionid",
                                        "schedstat", "sched",  "wchan",     "mounts",   "mountinfo",
                                        "task",      ""};
    const char *name = strncmp(of_process, "task/", 5) ? of_process : strchr(of_process + 5, '/');
    if (!name) return true; /* a thread's directory */
    if (*name == '/') name++;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (!strcmp(name, names[i])) return true;
    return false;
}

static bool is_in_proc(const struct spot *spot)
{
    return spot->kernel && spot->path && !strncmp(spot->path, "/proc/", 6);
}

/* In /proc what the caller may do to itself and to whom it traces the launcher may do for it; it may read of
 * the run's other processes what the kernel would let it, and of others what everybody may. */
static bool may_open_in_proc(const struct call *call, const struct deed *deed)
{
    int pid, at = 0;
    const char *path = deed->opening.spot.path;
    if (!path || sscanf(path, "/proc/%d%n", &pid, &at) != 1) return true;
    if (pid == call->caller.pid || pid == call->tid || process_traces(call->caller.pid, pid)) return true;
    if (deed->opening.writes) return false;
    if (is_public(path + at + (path[at] == '/'))) return true;
    if (!strcmp(strrchr(path, '/'), "/mem")) return false; /* process_vm_readv is a question */
    return !call->watch->strangers && process_is_below(pid, call->watch->session->keeper);
}

/* What anybody may read at any time under this name need not come by again; not what this program may,
 * because it is this one. */
static void open_lane(const struct call *call, const struct deed *deed)
{
    const struct spot *spot = &deed->opening.spot;
    bool plain = !deed->acts.asked && deed->acts.count == 1 && deed->opening.reads && !spot->kernel;
    if (!plain || !call->watch->lane) return;
    const struct act act = {.kind = ACT_READ, .path = spot->path, .path_length = strlen(spot->path)};
    struct decision decision;
    policy_decide(call->watch->session->image, &act, &decision, NULL);
    if (decision.verdict == VERDICT_ALLOW) lane_add(call->watch->lane, spot->path);
}

static void carry_out_opening(struct call *call)
{
    const struct deed *deed = call->own;
    const struct opening *opening = &deed->opening;
    bool terminal = opening->spot.kernel && call_is_own_terminal(&opening->spot);
    if ((terminal || is_in_proc(&opening->spot)) && !call_find_caller(call)) return;
    if (opening->spot.kernel && !may_open_in_proc(call, deed)) {
        call_return(call, -EACCES);
        return;
    }
    if (call->watch->lane && lane_is(call->watch->lane, &opening->spot.status)) {
        call_return(call, -EACCES);
        return;
    }
    mode_t mask = opening_makes(opening) ? call_umask(call) : 022;
    if (!call_act(call, EACCES)) return;
    open_lane(call, deed);
    int fd = terminal ? call_open_own_terminal(call, opening->flags)
                      : opening_do(opening, mask, OPENING_NEVER_WAITS);
    bool blocks = fd == -EWOULDBLOCK && !(opening->flags & O_NONBLOCK),
         begun = blocks && open_blocking(call, mask);
    call_acted(call);
    if (begun)
        call_leave(call);
    else if (blocks)
        call_return(call, -EAGAIN);
    else if (fd < 0)
        call_return(call, fd);
    else
        call_give(call, fd, opening->flags & O_CLOEXEC);
}

/* A descriptor that only looks gives nothing that a stat would not, and cannot be handed over: the kernel
 * makes it. openat2 has its flags in memory, where they could become others by then; programs go back to
 * openat. */
static void look(struct call *call)
{
    if (call->notification.data.nr == __NR_openat2)
        call_return(call, -ENOSYS);
    else
        call_continue(call);
}

/* What is to be read shows as an empty file. */
static void show_empty(struct call *call)
{
    const struct deed *deed = call->own;
    int fd = hidden_open();
    if (fd < 0)
        call_return(call, -EACCES);
    else
        call_give(call, fd, deed->opening.flags & O_CLOEXEC);
}

static bool may_be_hidden(const struct opening *opening)
{
    return opening->reads && !opening->writes && opening->spot.target >= 0 &&
           S_ISREG(opening->spot.status.st_mode);
}

static struct grounds grounds_of(struct watch *watch)
{
    return (struct grounds){watch->session->image, watch->protected, watch->lane, &watch->leads};
}

/* Its caller can do it by itself, when it is told where in the lane the name stands. */
static bool open_by_lane(struct call *call)
{
    char name[LANE_SLOT];
    const struct watch *watch = call->watch;
    const struct seccomp_data *data = &call->notification.data;
    const struct grounds grounds = grounds_of(call->watch);
    int result;
    if (!watch->lane || watch->strangers || !(opening_more(&call->notification) & WIRE_OPENING_BY_SLOT) ||
        memory_string(call->tid, data->args[4], name, sizeof name) ||
        !shortcut_by_lane(&grounds, name, data->args[2], &result))
        return false;
    struct lane *lane = watch->lane;
    const struct image *image = watch->session->image;
    bool directory = result <= -WIRE_SLOT && data->args[2] & O_DIRECTORY;
    call_return(call, result);
    if (directory) walker_seen(image, lane, name);
    return true;
}

/* A descriptor can be given to nobody but this call's own caller, so whether it still waits need not be
 * asked. */
static bool open_by_shortcut(struct call *call, const struct request *request)
{
    const struct grounds grounds = grounds_of(call->watch);
    int result;
    if (call->watch->strangers || !shortcut(&grounds, request, call->tid, &result)) return false;
    if (result < 0)
        call_return(call, result);
    else
        call_give(call, result, request->flags & O_CLOEXEC);
    return true;
}

static void judge_opening(struct call *call)
{
    struct deed *deed = call->own;
    const struct opening *opening = &deed->opening;
    if (opening->look_only) {
        look(call);
        return;
    }
    if (opening->flags & O_DIRECTORY && opening->spot.target >= 0 && !S_ISDIR(opening->spot.status.st_mode)) {
        call_return(call, -ENOTDIR);
        return;
    }
    if (call_at_others_terminal(call, &opening->spot)) {
        call_refuse_terminal(call, &opening->spot);
        return;
    }
    if (may_be_hidden(opening)) call->hidden = show_empty;
    if (opening->reads) add(call, ACT_READ, NULL, &opening->spot);
    if (opening->writes) add(call, ACT_WRITE, opening->detail, &opening->spot);
    call_acts(call, &deed->acts, carry_out_opening);
}

void watch_file_open(struct call *call)
{
    struct request request;
    if (open_by_lane(call)) return;
    int error = opening_request(&call->notification, &request);
    if (!error && open_by_shortcut(call, &request)) return;
    struct deed *deed = xcalloc(1, sizeof *deed);
    call->own = deed;
    call->free_own = free_deed;
    deed->acts.actor.pid = call->tid;
    if (!call_look(call)) return;
    if (!error) error = opening_find(&request, call_viewer(call), &deed->opening);
    call_acted(call);
    if (!notify_valid(&call->watch->notify, call->notification.id)) error = ESRCH;
    if (error)
        call_return(call, -error);
    else
        judge_opening(call);
}

/* ---- changing ---- */

static void carry_out_change(struct call *call);

static void found_above(void *context, enum act_kind kind, char *path)
{
    struct deed *deed = context;
    if (!acts_have(&deed->acts, kind, path)) acts_add(&deed->acts, kind, path, deed->change.detail, NULL);
    free(path);
}

struct moving {
    struct call *call;
    const struct spot *from;
};

static void look_below(void *context, const char *rest)
{
    const struct moving *moving = context;
    struct deed *deed = moving->call->own;
    struct open_how how = {.flags = O_PATH | O_NOFOLLOW | O_CLOEXEC,
                           .resolve = RESOLVE_NO_SYMLINKS | RESOLVE_BENEATH};
    cleanup_fd int fd = (int)syscall(SYS_openat2, moving->from->target, rest, &how, sizeof how);
    cleanup_free char *path = xasprintf("%s/%s", moving->from->path, rest);
    struct spot spot = {.parent = -1, .target = fd, .path = path};
    if (fd >= 0 && !fstat(fd, &spot.status) && S_ISREG(spot.status.st_mode) && spot.status.st_nlink > 1)
        add_protected(deed, moving->call->watch->protected, ACT_READ, deed->change.detail, &spot);
}

/* Whoever is just about to open by a name of the lane may find what lies there a moment later, also when the
 * name has been taken away by then. */
static void add_in_lane(struct call *call, const struct spot *from, const struct spot *to)
{
    struct moving moving = {call, from};
    if (call->watch->lane) lane_below(call->watch->lane, to->path, look_below, &moving);
}

/* What lies below a directory keeps its protection when that gets another name; a link is followed wherever
 * it lies. */
static void add_moved(struct call *call, const struct spot *from, const struct spot *to)
{
    const struct session *session = call->watch->session;
    struct deed *deed = call->own;
    struct above above = {session->policy, session->image, &deed->acts.actor, found_above, deed};
    if (!from->path || !to->path || from->target < 0) return;
    if (S_ISDIR(from->status.st_mode)) {
        above_moved(&above, from->target, from->path, to->path);
        add_in_lane(call, from, to);
    }
    if (S_ISLNK(from->status.st_mode)) above_linked(&above, to->path);
}

static void add_linked(struct call *call, const struct spot *spot)
{
    const struct session *session = call->watch->session;
    struct deed *deed = call->own;
    struct above above = {session->policy, session->image, &deed->acts.actor, found_above, deed};
    if (spot->path) above_linked(&above, spot->path);
}

static void add_above(struct call *call)
{
    const struct deed *deed = call->own;
    const struct change *change = &deed->change;
    const struct spot *from = &change->spots[0], *to = &change->spots[1];
    switch (change_names(change)) {
    case CHANGE_EXCHANGES:
        add_moved(call, from, to);
        add_moved(call, to, from);
        break;
    case CHANGE_MOVES: add_moved(call, from, to); break;
    case CHANGE_LINKS: add_linked(call, from); break;
    case CHANGE_NAMES_NOTHING: break;
    }
}

/* Somebody has a lease on the file, which it is given time to end. */
static void change_aside(const struct aside_call *call, void *own)
{
    struct change *change = own;
    notify_return(&call->notify, call->id, aside_result(change_wait(change)));
    change_free(change);
    free(change);
}

static bool change_blocking(struct call *call)
{
    struct deed *deed = call->own;
    struct change *change = xmalloc(sizeof *change);
    const struct aside_call by = call_aside(call);
    *change = deed->change;
    if (!aside(change_aside, change, &by)) {
        free(change);
        return false;
    }
    deed->change = (struct change){0}; /* it is the thread's now */
    return true;
}

/* What comes to lie under a name of the lane was not looked at there: it may be a protected file by another
 * name. */
static void forget_below(struct call *call, const struct spot *from, const struct spot *to)
{
    bool directory = from->target >= 0 && S_ISDIR(from->status.st_mode);
    if (directory && to->path) lane_forget(call->watch->lane, to->path);
}

static void forget_moved(struct call *call)
{
    const struct deed *deed = call->own;
    const struct spot *spots = deed->change.spots;
    enum change_names names = change_names(&deed->change);
    if (names != CHANGE_NAMES_NOTHING) leads_forget(&call->watch->leads);
    if (!call->watch->lane) return;
    if (names == CHANGE_MOVES || names == CHANGE_EXCHANGES) forget_below(call, &spots[0], &spots[1]);
    if (names == CHANGE_EXCHANGES) forget_below(call, &spots[1], &spots[0]);
}

static void refuse_changed(struct call *call)
{
    const char *path = ((const struct deed *)call->own)->change.spots[0].path;
    if (!call_find_caller(call)) return;
    watch_event(call->watch, "changed", call->caller.pid, path ? path : "");
    call_tell(call, acts_changed);
    call_return(call, -EPERM);
}

/* Others of the run went on while somebody was asked. False: what lies below by now has to be judged
 * first, or it has been refused. */
static bool is_still_judged(struct call *call)
{
    struct deed *deed = call->own;
    size_t judged = deed->acts.count;
    if (!deed->acts.asked) return true;
    if (!change_is_as_found(&deed->change)) {
        refuse_changed(call);
        return false;
    }
    add_above(call);
    if (deed->acts.count == judged && !deed->acts.too_many) return true;
    call_acts(call, &deed->acts, carry_out_change);
    return false;
}

static void carry_out_change(struct call *call)
{
    struct deed *deed = call->own;
    if (!is_still_judged(call)) return;
    mode_t mask = change_makes(&deed->change) ? call_umask(call) : 022; /* looking for it takes time */
    if (!call_act(call, EPERM)) return;
    forget_moved(call);
    int64_t done = change_do(&deed->change, mask);
    bool blocks = done == -EWOULDBLOCK, begun = blocks && change_blocking(call);
    call_acted(call);
    if (begun)
        call_leave(call);
    else
        call_return(call, blocks ? -EAGAIN : done);
}

/* Its name is taken away or given to another file, and what has other names stays as it is by those. */
static void add_act_of_change(struct call *call, const struct spot *spot)
{
    struct deed *deed = call->own;
    if (wire_changes_file(deed->change.what))
        add(call, ACT_WRITE, deed->change.detail, spot);
    else if (spot->path)
        add_act(deed, ACT_WRITE, spot->path, deed->change.detail, spot);
}

void watch_file_change(struct call *call)
{
    struct deed *deed = xcalloc(1, sizeof *deed);
    struct change *change = &deed->change;
    deed->is_change = true;
    call->own = deed;
    call->free_own = free_deed;
    deed->acts.actor.pid = call->tid;
    if (!call_look(call)) return;
    int error = change_read(&call->notification, call_viewer(call).top, change);
    call_acted(call);
    if (!notify_valid(&call->watch->notify, call->notification.id)) error = ESRCH;
    if (error) {
        call_return(call, -error);
        return;
    }
    /* Under another name its content would have another protection. */
    for (size_t i = 0; i < change->spot_count; i++) {
        const struct spot *spot = &change->spots[i];
        if (call_at_others_terminal(call, spot)) {
            call_refuse_terminal(call, spot);
            return;
        }
        bool renamed = change->spot_count == 2 && (i == 0 || change_names(change) == CHANGE_EXCHANGES);
        if (renamed) add(call, ACT_READ, change->detail, spot);
        add_act_of_change(call, spot);
        if (spot->path && wire_changes_devices(spot->path, change->what))
            acts_add(&deed->acts, ACT_WRITE, WIRE_DEVICES, change->detail, NULL);
        if (renamed && spot->path && spot->target >= 0 && S_ISSOCK(spot->status.st_mode))
            acts_add(&deed->acts, ACT_CONNECT, spot->path, NULL, NULL);
    }
    add_above(call);
    call_acts(call, &deed->acts, carry_out_change);
}
