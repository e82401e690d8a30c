/* spawn.c: posix_spawn and its like: judged here, carried out by the C library.
 *
 * The new process may change its directory and open files first (file actions). What is to be done there can
 * be asked of no function, so both C libraries' own lists are read: their layouts have not changed since they
 * learned to change directories (glibc 2.29, musl 1.1.24). An action that is not known here is refused.
 */
#include "../policy/plain.h"
#include "door.h"
#include "environ.h"
#include "exec.h"
#include "open.h"
#include "wire.h"
#include "wrap.h"

enum action_kind { ACTION_OPEN, ACTION_CHDIR, ACTION_FCHDIR, ACTION_OTHER, ACTION_UNKNOWN };

#define NOT_KNOWN (-EOPNOTSUPP) /* what no kernel call here comes to */

struct action {
    enum action_kind kind;
    int fd;
    const char *path;
    int flags;
};

/* glibc: an array. */
struct glibc_action {
    int tag;
    union {
        int fd;           /* FCHDIR */
        const char *path; /* CHDIR */
        struct {
            int fd;
            const char *path;
            int flags;
            unsigned mode;
        } open;
    };
};
struct glibc_actions {
    int room;
    int count;
    const struct glibc_action *list;
};

static struct action read_glibc(const struct glibc_action *from)
{
    enum { CLOSE, DUP2, OPEN, CHDIR, FCHDIR, CLOSEFROM, TCSETPGRP };
    switch (from->tag) {
    case OPEN: return (struct action){ACTION_OPEN, from->open.fd, from->open.path, from->open.flags};
    case CHDIR: return (struct action){.kind = ACTION_CHDIR, .path = from->path};
    case FCHDIR: return (struct action){.kind = ACTION_FCHDIR, .fd = from->fd};
    case CLOSE:
    case DUP2:
    case CLOSEFROM:
    case TCSETPGRP: return (struct action){.kind = ACTION_OTHER};
    default: return (struct action){.kind = ACTION_UNKNOWN};
    }
}

/* musl: a list, the latest first. */
struct musl_action {
    const struct musl_action *next, *before;
    int command, fd, source, flags;
    unsigned mode;
    char path[];
};
struct musl_actions {
    int unused[2];
    const struct musl_action *list;
};

static struct action read_musl(const struct musl_action *from)
{
    enum { CLOSE = 1, DUP2, OPEN, CHDIR, FCHDIR };
    switch (from->command) {
    case OPEN: return (struct action){ACTION_OPEN, from->fd, from->path, from->flags};
    case CHDIR: return (struct action){.kind = ACTION_CHDIR, .path = from->path};
    case FCHDIR: return (struct action){.kind = ACTION_FCHDIR, .fd = from->fd};
    case CLOSE:
    case DUP2: return (struct action){.kind = ACTION_OTHER};
    default: return (struct action){.kind = ACTION_UNKNOWN};
    }
}

static void change_directory(int *dirfd, long fresh)
{
    if (*dirfd != AT_FDCWD) raw_close(*dirfd);
    *dirfd = (int)fresh;
}

/* What opening it will come to as well, in the new process: that is left to say so. It may be there that
 * the file is, too, under the name of a descriptor that an earlier action has made. */
static bool will_fail_by_itself(long result)
{
    return result == -ENOENT || result == -ENOTDIR || result == -EEXIST || result == -EISDIR ||
           result == -ELOOP;
}

/* Judges one action; `*dirfd` follows the directory that the new process will be in. */
static long judge_action(const struct action *action, int *dirfd)
{
    long fresh;
    switch (action->kind) {
    case ACTION_OPEN:
        fresh = open_may(*dirfd, action->path, action->flags);
        return will_fail_by_itself(fresh) ? 0 : fresh;
    case ACTION_CHDIR: fresh = raw_openat(*dirfd, action->path, O_PATH | O_DIRECTORY | O_CLOEXEC, 0); break;
    case ACTION_FCHDIR: fresh = raw_fcntl(action->fd, F_DUPFD_CLOEXEC, 0); break;
    case ACTION_OTHER: return 0;
    default: return NOT_KNOWN;
    }
    if (fresh < 0) return fresh;
    change_directory(dirfd, fresh);
    return 0;
}

static long judge_actions(const void *actions, int *dirfd)
{
    long result = 0;
    if (!actions) return 0;
    if (libc_is_glibc()) {
        const struct glibc_actions *all = actions;
        for (int i = 0; i < all->count && !result; i++) {
            struct action action = read_glibc(&all->list[i]);
            result = judge_action(&action, dirfd);
        }
        return result;
    }
    const struct musl_action *one = ((const struct musl_actions *)actions)->list;
    while (one && one->next)
        one = one->next;
    for (; one && !result; one = one->before) {
        struct action action = read_musl(one);
        result = judge_action(&action, dirfd);
    }
    return result;
}

/* posix_spawn's arguments, and pidfd_spawn's. */
struct spawning {
    const char *own;      /* the C library's function of the same name */
    const char *function; /* the one that takes a path */
    int *result;
    const void *actions, *attributes;
    const char *const *argv, *const *envp;
};

typedef int spawn(int *, const char *, const void *, const void *, const char *const *, const char *const *);

static int spawn_kept(const struct spawning *spawning, const struct session *session, spawn *real,
                      const char *path)
{
    struct environ_kept kept;
    const char *const *right = environ_keep(&kept, session, spawning->envp);
    if (spawning->envp && !right) return ENOMEM;
    int error = real(spawning->result, path, spawning->actions, spawning->attributes, spawning->argv, right);
    environ_end(&kept);
    return error;
}

/* Asks for one path and spawns it. A positive errno, as these functions give it. */
static int spawn_path(const struct spawning *spawning, const struct session *session, spawn *real, int dirfd,
                      const char *path)
{
    struct approved approved;
    bool refused;
    if (!session->judges) return spawn_kept(spawning, session, real, path);
    long result = exec_ask(&approved, session, dirfd, path, 0, WIRE_SPAWN, spawning->argv, &refused);
    if (result) return (int)-result;
    result = exec_same(&approved, dirfd, path, 0);
    if (!result) result = -spawn_kept(spawning, session, real, path);
    door_done(approved.door, result);
    return (int)-result;
}

static int spawn_searched(const struct spawning *spawning, const struct session *session, spawn *real,
                          int dirfd, const char *name)
{
    struct search search;
    search_begin(&search, dirfd, name);
    int error = search_next(&search) ? spawn_path(spawning, session, real, dirfd, search.path.bytes)
                                     : (int)-search.error;
    search_end(&search);
    return error;
}

enum lookup { BY_PATH, BY_SEARCH };

/* Under guard kernel the new process's own calls are judged. A name is searched for here all the same,
 * because the C library would try to execute it wherever it is not; but not where the actions do not say in
 * which directory that is. */
static int spawn_watched(const struct spawning *spawning, const struct session *session, const char *name,
                         enum lookup lookup)
{
    spawn *own = session_function(spawning->own), *by_path = session_function(spawning->function);
    int dirfd = AT_FDCWD, error;
    if (!own || !by_path) return ENOSYS;
    if (lookup == BY_SEARCH && !judge_actions(spawning->actions, &dirfd))
        error = spawn_searched(spawning, session, by_path, dirfd, name);
    else
        error = spawn_kept(spawning, session, own, name);
    change_directory(&dirfd, AT_FDCWD);
    return error;
}

static int spawn_judged(const struct spawning *spawning, const char *name, enum lookup lookup)
{
    const struct session *session = session_any();
    spawn *real = session_function(session ? spawning->function : spawning->own);
    int dirfd = AT_FDCWD;
    if (!real) return ENOSYS;
    if (last_name(name) != name) lookup = BY_PATH;
    if (!session)
        return real(spawning->result, name, spawning->actions, spawning->attributes, spawning->argv,
                    spawning->envp);
    if (!session->judges) return spawn_watched(spawning, session, name, lookup);
    long result = judge_actions(spawning->actions, &dirfd);
    if (result == NOT_KNOWN) {
        door_complain("posix_spawn has a file action that is not known");
        result = -EACCES;
    }
    int error = (int)-result;
    if (!result)
        error = lookup == BY_SEARCH ? spawn_searched(spawning, session, real, dirfd, name)
                                    : spawn_path(spawning, session, real, dirfd, name);
    change_directory(&dirfd, AT_FDCWD);
    return error;
}

WRAP(int, posix_spawn, int *pid, const char *path, const void *actions, const void *attributes,
     const char *const *argv, const char *const *envp)
{
    struct spawning spawning = {"posix_spawn", "posix_spawn", pid, actions, attributes, argv, envp};
    return spawn_judged(&spawning, path, BY_PATH);
}

WRAP(int, posix_spawnp, int *pid, const char *name, const void *actions, const void *attributes,
     const char *const *argv, const char *const *envp)
{
    struct spawning spawning = {"posix_spawnp", "posix_spawn", pid, actions, attributes, argv, envp};
    return spawn_judged(&spawning, name, BY_SEARCH);
}

WRAP(int, pidfd_spawn, int *pidfd, const char *path, const void *actions, const void *attributes,
     const char *const *argv, const char *const *envp)
{
    struct spawning spawning = {"pidfd_spawn", "pidfd_spawn", pidfd, actions, attributes, argv, envp};
    return spawn_judged(&spawning, path, BY_PATH);
}

WRAP(int, pidfd_spawnp, int *pidfd, const char *name, const void *actions, const void *attributes,
     const char *const *argv, const char *const *envp)
{
    struct spawning spawning = {"pidfd_spawnp", "pidfd_spawn", pidfd, actions, attributes, argv, envp};
    return spawn_judged(&spawning, name, BY_SEARCH);
}
