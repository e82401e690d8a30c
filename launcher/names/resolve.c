/* resolve.c: a walk, name by name (resolve.h). Most paths need none: the kernel follows them whole, and says
 * by ELOOP when it met a magic link. The walk is for the rest, and for names that do not exist yet.
 */
#include "resolve.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "../look/process.h"
#include "../plain/memory.h"

#define LINKS 40 /* as many as the kernel follows */
#define BOUNDS (RESOLVE_NO_XDEV | RESOLVE_BENEATH | RESOLVE_IN_ROOT)
#define KNOWN (BOUNDS | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS | RESOLVE_CACHED)

static int open_how(int directory, const char *path, uint64_t flags, uint64_t how)
{
    struct open_how open_how = {.flags = O_PATH | O_CLOEXEC | flags, .resolve = how};
    return (int)syscall(SYS_openat2, directory, path, &open_how, sizeof open_how);
}

int resolve_descriptor(pid_t tid, int descriptor)
{
    char link[64];
    if (descriptor == AT_FDCWD)
        snprintf(link, sizeof link, "/proc/%d/cwd", tid);
    else
        snprintf(link, sizeof link, "/proc/%d/fd/%d", tid, descriptor);
    int fd = open(link, O_PATH | O_CLOEXEC);
    if (fd < 0 && errno == ENOENT && descriptor != AT_FDCWD) errno = EBADF;
    return fd;
}

/* A file that has lost its name is still protected by it. One that only ever lay in memory never had any. */
static bool take_off_deleted(int fd, char *path)
{
    static const char mark[] = " (deleted)", memory[] = "/memfd:";
    size_t length = strlen(path), marked = sizeof mark - 1;
    struct stat own, named;
    struct statfs where;
    if (length <= marked || strcmp(path + length - marked, mark) != 0) return true;
    if (!fstat(fd, &own) && !lstat(path, &named) && own.st_dev == named.st_dev && own.st_ino == named.st_ino)
        return true; /* it is really called so */
    path[length - marked] = 0;
    bool in_memory = !fstatfs(fd, &where) && (where.f_type == TMPFS_MAGIC || where.f_type == HUGETLBFS_MAGIC);
    return !in_memory || strncmp(path, memory, sizeof memory - 1) != 0;
}

int resolve_path_of(int fd, char **path)
{
    char link[32], text[PATH_MAX];
    *path = NULL;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, text, sizeof text);
    if (length < 0) return errno;
    if (length == sizeof text) return ENAMETOOLONG;
    text[length] = 0;
    if (text[0] == '/' && take_off_deleted(fd, text)) *path = xstrdup(text);
    return 0;
}

static bool in_proc(int fd)
{
    struct statfs where;
    return !fstatfs(fd, &where) && where.f_type == PROC_SUPER_MAGIC;
}

bool spot_is_kernels(int fd, const struct stat *status)
{
    static const unsigned long kernels[] = {PROC_SUPER_MAGIC,   SYSFS_MAGIC,         DEVPTS_SUPER_MAGIC,
                                            CGROUP_SUPER_MAGIC, CGROUP2_SUPER_MAGIC, DEBUGFS_MAGIC,
                                            TRACEFS_MAGIC,      SECURITYFS_MAGIC};
    struct statfs where;
    if (S_ISCHR(status->st_mode) || S_ISBLK(status->st_mode)) return true;
    if (major(status->st_dev)) return false; /* on a disk */
    if (fstatfs(fd, &where)) return true;
    for (size_t i = 0; i < sizeof kernels / sizeof *kernels; i++)
        if ((unsigned long)where.f_type == kernels[i]) return true;
    return false;
}

struct walk {
    struct viewer viewer;
    uint64_t how;
    int at;                  /* O_PATH: the directory the walk has come to */
    int links;               /* followed so far */
    bool foreign;            /* a magic link of another process was met */
    char rest[2 * PATH_MAX]; /* what is still to be walked */
};

static int move_to(struct walk *walk, int fd)
{
    if (fd < 0) return errno;
    close(walk->at);
    walk->at = fd;
    return 0;
}

/* Puts a link's text in front of what is left. */
static int follow_text(struct walk *walk, const char *text, const char *rest)
{
    char joined[2 * PATH_MAX];
    if (walk->how & RESOLVE_NO_SYMLINKS || ++walk->links > LINKS) return ELOOP;
    int length = snprintf(joined, sizeof joined, "%s/%s", text, rest);
    if (!*rest) length = snprintf(joined, sizeof joined, "%s", text);
    if (length < 0 || (size_t)length >= sizeof joined) return ENAMETOOLONG;
    memcpy(walk->rest, joined, (size_t)length + 1);
    if (text[0] != '/') return 0;
    if (walk->how & RESOLVE_BENEATH) return EXDEV;
    return move_to(walk, open("/", O_PATH | O_DIRECTORY | O_CLOEXEC));
}

static pid_t group_of(pid_t tid)
{
    return (pid_t)process_number(tid, "Tgid", 10, (unsigned)tid);
}

/* /proc/self is whoever reads it: here the caller. True: `text` is what the link says to the caller. */
static bool own_link(const struct walk *walk, int fd, const char *name, char text[64])
{
    if (!in_proc(fd)) return false;
    if (!strcmp(name, "self"))
        snprintf(text, 64, "%d", group_of(walk->viewer.tid));
    else if (!strcmp(name, "thread-self"))
        snprintf(text, 64, "%d/task/%d", group_of(walk->viewer.tid), walk->viewer.tid);
    else
        return false;
    return true;
}

/* Whose magic link it is: /proc/PID, /proc/PID/fd, /proc/PID/task/TID… */
static pid_t owner_of(const struct walk *walk)
{
    char *path cleanup_free = NULL;
    int pid = 0;
    return !resolve_path_of(walk->at, &path) && path && sscanf(path, "/proc/%d", &pid) == 1 ? pid : 0;
}

static bool is_magic(const struct walk *walk, const char *name)
{
    if (!in_proc(walk->at)) return false;
    cleanup_fd int fd = open_how(walk->at, name, 0, RESOLVE_NO_MAGICLINKS);
    return fd < 0 && errno == ELOOP;
}

/* The launcher may look into every process; the caller may not look out of its run. */
static int look_through(struct walk *walk)
{
    pid_t owner = owner_of(walk);
    if (owner && group_of(owner) == group_of(walk->viewer.tid)) return 0;
    walk->foreign = true;
    return owner && walk->viewer.top && process_is_below(owner, walk->viewer.top) ? 0 : EACCES;
}

/* Takes the link `name` in walk->at, whose O_PATH|O_NOFOLLOW descriptor is `link`. `*jumped`: a magic link,
 * the walk stands at what it leads to. */
static int follow(struct walk *walk, int link, const char *name, const char *rest, bool *jumped)
{
    char text[PATH_MAX];
    *jumped = false;
    if (own_link(walk, walk->at, name, text)) return follow_text(walk, text, rest);
    if (is_magic(walk, name)) {
        if (walk->how & (RESOLVE_NO_MAGICLINKS | RESOLVE_NO_SYMLINKS) || ++walk->links > LINKS) return ELOOP;
        int error = look_through(walk);
        if (error) return error;
        int fd = openat(walk->at, name, O_PATH | O_CLOEXEC);
        if (fd < 0) return errno;
        memmove(walk->rest, rest, strlen(rest) + 1);
        *jumped = true;
        return move_to(walk, fd);
    }
    ssize_t length = readlinkat(link, "", text, sizeof text - 1);
    if (length < 0) return errno;
    if (!length) return ENOENT;
    text[length] = 0;
    return follow_text(walk, text, rest);
}

static char *join(const char *directory, const char *name)
{
    return directory ? xasprintf("%s/%s", strcmp(directory, "/") ? directory : "", name) : NULL;
}

/* The path of what `name` is in the directory. */
static int path_in(int directory, const char *name, char **path)
{
    char *above cleanup_free = NULL;
    int error = resolve_path_of(directory, &above);
    *path = join(above, name);
    return error;
}

bool spot_is_as_found(const struct spot *spot)
{
    struct stat now;
    char *path cleanup_free = NULL;
    if (spot->parent < 0 || !spot->name[0]) return true;
    bool there = !fstatat(spot->parent, spot->name, &now, AT_SYMLINK_NOFOLLOW);
    if (path_in(spot->parent, spot->name, &path) || !path || !spot->path || strcmp(path, spot->path) != 0)
        return false;
    return spot->target < 0 ? !there
                            : there && now.st_dev == spot->status.st_dev && now.st_ino == spot->status.st_ino;
}

/* The walk has ended at an object without a name of its own here: a root, "..", a descriptor, a magic link.
 */
static int end_at(struct walk *walk, struct spot *spot)
{
    spot->target = walk->at;
    walk->at = -1;
    if (fstat(spot->target, &spot->status)) return errno;
    int error = resolve_path_of(spot->target, &spot->path);
    return !error && !spot->path && walk->foreign ? EACCES : error; /* another's pipe */
}

static int end_in(struct walk *walk, struct spot *spot, const char *name, int target)
{
    spot->parent = walk->at;
    walk->at = -1;
    spot->target = target;
    strcpy(spot->name, name);
    if (target >= 0 && fstat(target, &spot->status)) return errno;
    return path_in(spot->parent, name, &spot->path);
}

/* One name. `*done`: the spot is filled. */
static int step(struct walk *walk, unsigned flags, struct spot *spot, bool *done)
{
    char name[256], rest[2 * PATH_MAX];
    const char *at = walk->rest + strspn(walk->rest, "/");
    size_t length = strcspn(at, "/");
    if (!length) {
        *done = true;
        return end_at(walk, spot);
    }
    if (length > NAME_MAX) return ENAMETOOLONG;
    memcpy(name, at, length);
    name[length] = 0;
    const char *after = at + length;
    bool slash = *after == '/', last = !after[strspn(after, "/")];
    strcpy(rest, after + strspn(after, "/"));

    if (!strcmp(name, ".") || !strcmp(name, "..")) {
        int error = move_to(walk, open_how(walk->at, name, O_DIRECTORY, 0));
        strcpy(walk->rest, rest);
        return error;
    }
    int fd = openat(walk->at, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0) {
        if (errno != ENOENT || !last || !(flags & RESOLVE_MAY_MISS)) return errno;
        *done = true;
        return end_in(walk, spot, name, -1);
    }
    struct stat status;
    if (fstat(fd, &status)) {
        close(fd);
        return errno;
    }
    if (S_ISLNK(status.st_mode) && (!last || slash || flags & RESOLVE_FOLLOW)) {
        bool jumped;
        int error = follow(walk, fd, name, rest, &jumped);
        close(fd);
        return error;
    }
    if (last) {
        if (slash && !S_ISDIR(status.st_mode)) {
            close(fd);
            return ENOTDIR;
        }
        *done = true;
        return end_in(walk, spot, name, fd);
    }
    strcpy(walk->rest, rest);
    return move_to(walk, fd);
}

static int walk_all(struct viewer viewer, int base, const char *path, unsigned flags, uint64_t how,
                    struct spot *spot)
{
    struct walk *walk = xcalloc(1, sizeof *walk);
    walk->viewer = viewer;
    walk->how = how;
    walk->at = base;
    int error = 0;
    bool done = false;
    snprintf(walk->rest, sizeof walk->rest, "%s", path);
    while (!error && !done)
        error = step(walk, flags, spot, &done);
    if (walk->at >= 0) close(walk->at);
    spot->kernel = walk->foreign;
    free(walk);
    return error;
}

/* What has a name in `spot->parent`, or may get it. False: the walk has to look. */
static bool look_in_directory(const char *name, unsigned flags, struct spot *spot)
{
    struct stat status;
    if (fstat(spot->parent, &status) || spot_is_kernels(spot->parent, &status)) return false;
    spot->target = openat(spot->parent, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    if (spot->target < 0) return errno == ENOENT && flags & RESOLVE_MAY_MISS;
    if (fstat(spot->target, &spot->status)) return false;
    spot->kernel = spot_is_kernels(spot->target, &spot->status);
    return !(S_ISLNK(spot->status.st_mode) && flags & RESOLVE_FOLLOW);
}

/* Where a name is wanted, which may be missing: the kernel follows the way to its directory. */
static bool resolve_in_directory(int base, const char *path, unsigned flags, uint64_t how, struct spot *spot)
{
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
    if (how & BOUNDS || strlen(name) > NAME_MAX || !*name || !strcmp(name, ".") || !strcmp(name, ".."))
        return false;
    cleanup_free char *directory = slash ? xstrndup(path, (size_t)(slash - path) + 1) : xstrdup(".");
    spot->parent = open_how(base, directory, O_DIRECTORY, how | RESOLVE_NO_MAGICLINKS);
    strcpy(spot->name, name);
    if (spot->parent >= 0 && look_in_directory(name, flags, spot) &&
        !path_in(spot->parent, name, &spot->path))
        return true;
    spot_close(spot);
    return false;
}

/* The way that most calls go: the kernel follows the whole path, and it is an object that exists. */
static bool resolve_whole(int base, const char *path, unsigned flags, uint64_t how, struct spot *spot)
{
    if (flags & (RESOLVE_MAY_MISS | RESOLVE_BY_PARENT))
        return resolve_in_directory(base, path, flags, how, spot);
    int fd = open_how(base, path, flags & RESOLVE_FOLLOW ? 0 : O_NOFOLLOW, how | RESOLVE_NO_MAGICLINKS);
    if (fd < 0) return false;
    spot->target = fd;
    if (!fstat(fd, &spot->status) && !resolve_path_of(fd, &spot->path) && spot->path) {
        spot->kernel = spot_is_kernels(fd, &spot->status);
        if (!spot->kernel || !in_proc(fd)) return true;
    }
    spot_close(spot);
    return false;
}

/* Bounds are the kernel's to keep, not the walk's: the directory is found under them, and the last name
 * opened in it. */
static int resolve_bounded(int base, const char *path, unsigned flags, uint64_t how, struct spot *spot)
{
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
    cleanup_free char *directory = slash ? xstrndup(path, (size_t)(slash - path) + 1) : xstrdup(".");
    int fd = open_how(base, path, flags & RESOLVE_FOLLOW ? 0 : O_NOFOLLOW, how | RESOLVE_NO_MAGICLINKS),
        error = errno;
    int parent = fd < 0 && error == ENOENT && flags & RESOLVE_MAY_MISS && *name
                     ? open_how(base, directory, O_DIRECTORY, how | RESOLVE_NO_MAGICLINKS)
                     : -1;
    close(base);
    if (fd >= 0) {
        spot->target = fd;
        return fstat(fd, &spot->status) ? errno : resolve_path_of(fd, &spot->path);
    }
    struct stat status;
    if (parent < 0) return error;
    if (strlen(name) > NAME_MAX ||
        !fstatat(parent, name, &status, AT_SYMLINK_NOFOLLOW)) { /* a link to nowhere */
        close(parent);
        return error;
    }
    spot->parent = parent;
    strcpy(spot->name, name);
    return path_in(parent, name, &spot->path);
}

int resolve(struct viewer viewer, int directory, const char *path, unsigned flags, uint64_t how,
            struct spot *spot)
{
    *spot = (struct spot){.parent = -1, .target = -1};
    if (how & ~(uint64_t)KNOWN) return EINVAL;
    if (!*path && !(flags & RESOLVE_EMPTY_PATH)) return ENOENT;
    if (strlen(path) >= PATH_MAX) return ENAMETOOLONG;

    bool absolute = path[0] == '/' && !(how & BOUNDS);
    if (absolute && resolve_whole(AT_FDCWD, path, flags, how, spot)) return 0;
    int base =
        absolute ? open("/", O_PATH | O_DIRECTORY | O_CLOEXEC) : resolve_descriptor(viewer.tid, directory);
    if (base < 0) return errno;
    if (*path && !absolute && resolve_whole(base, path, flags, how, spot)) {
        close(base);
        return 0;
    }
    int error = 0;
    if (how & BOUNDS)
        error = resolve_bounded(base, path, flags, how, spot);
    else
        error = walk_all(viewer, base, path, flags, how, spot);
    struct stat status;
    if (!error && spot->target >= 0 && spot_is_kernels(spot->target, &spot->status)) spot->kernel = true;
    if (!error && spot->parent >= 0 && !fstat(spot->parent, &status) &&
        spot_is_kernels(spot->parent, &status))
        spot->kernel = true;
    if (error) spot_close(spot);
    return error;
}

void spot_close(struct spot *spot)
{
    if (spot->parent >= 0) close(spot->parent);
    if (spot->target >= 0) close(spot->target);
    free(spot->path);
    *spot = (struct spot){.parent = -1, .target = -1};
}
