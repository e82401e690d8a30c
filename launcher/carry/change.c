/* change.c: see change.h. One table says where each call keeps its paths and which deed it is; one function
 * does each deed, by directory and object descriptors only.
 */
#include "change.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/xattr.h>
#include <time.h>
#include <unistd.h>
#include <utime.h>

#include "../../shim/wire.h"
#include "../callers/memory_of.h"
#include "../filter/numbers.h"
#include "../plain/memory.h"
#include "../questions/question.h"

#define NONE (-1)
#define VALUE_LIMIT 65536 /* XATTR_SIZE_MAX */

enum follows {
    FOLLOWS,         /* a link at the end is followed */
    STAYS,           /* the link itself is meant */
    UNLESS_NOFOLLOW, /* AT_SYMLINK_NOFOLLOW among the flags says */
    IF_FOLLOW        /* AT_SYMLINK_FOLLOW does */
};

typedef int64_t deed(const struct change *change, mode_t mask);
typedef int extra(pid_t tid, struct change *change); /* what else lies in the caller's memory */

struct change_kind {
    int number;
    unsigned detail;     /* enum wire_change */
    int directory, path; /* arguments; directory NONE: the working directory; path NONE: a descriptor */
    int other_directory, other_path; /* of the second path; other_path NONE: there is none */
    int flags;                       /* argument with AT_ flags, or NONE */
    enum follows follows;
    bool makes; /* the (last) path is made: it may be missing */
    deed *deed;
    extra *extra;
};

static int result(int value)
{
    return value < 0 ? -errno : value;
}

static const struct spot *first(const struct change *change)
{
    return &change->spots[0];
}

static const struct spot *second(const struct change *change)
{
    return &change->spots[1];
}

/* Names a descriptor so that calls that know no descriptor reach what it holds. */
static const char *by_descriptor(const struct spot *spot, char link[32])
{
    snprintf(link, 32, "/proc/self/fd/%d", spot->target);
    return link;
}

static uint64_t flags_of(const struct change *change)
{
    return change->kind->flags == NONE ? 0 : change->args[change->kind->flags];
}

/* A spot without a name of its own ("/", "..") cannot be made, removed or renamed. */
static bool is_named(const struct spot *spot)
{
    return spot->parent >= 0 && spot->name[0];
}

static int64_t do_remove(const struct change *change, mode_t mask)
{
    (void)mask;
    const struct spot *spot = first(change);
    bool directory = change->kind->number == __NR_rmdir || flags_of(change) & AT_REMOVEDIR;
    if (flags_of(change) & ~(uint64_t)AT_REMOVEDIR) return -EINVAL;
    if (!is_named(spot)) return directory ? -EBUSY : -EISDIR;
    return result(unlinkat(spot->parent, spot->name, directory ? AT_REMOVEDIR : 0));
}

static int64_t do_rename(const struct change *change, mode_t mask)
{
    (void)mask;
    const struct spot *from = first(change), *to = second(change);
    if (!is_named(from) || !is_named(to)) return -EBUSY;
    return result(
        (int)syscall(SYS_renameat2, from->parent, from->name, to->parent, to->name, flags_of(change)));
}

static int64_t do_link(const struct change *change, mode_t mask)
{
    (void)mask;
    char link[32];
    const struct spot *to = second(change);
    if (!is_named(to)) return -EEXIST;
    if (is_named(first(change)) && S_ISLNK(first(change)->status.st_mode))
        return result(linkat(first(change)->parent, first(change)->name, to->parent, to->name, 0));
    return result(
        linkat(AT_FDCWD, by_descriptor(first(change), link), to->parent, to->name, AT_SYMLINK_FOLLOW));
}

static int64_t do_symlink(const struct change *change, mode_t mask)
{
    (void)mask;
    if (!is_named(first(change))) return -EEXIST;
    return result(symlinkat(change->text, first(change)->parent, first(change)->name));
}

static mode_t mode_of(const struct change *change)
{
    return (mode_t)change->args[change->kind->path + 1];
}

static int64_t do_mkdir(const struct change *change, mode_t mask)
{
    if (!is_named(first(change))) return -EEXIST;
    mode_t own = umask(mask);
    int64_t done = result(mkdirat(first(change)->parent, first(change)->name, mode_of(change)));
    umask(own);
    return done;
}

static int64_t do_mknod(const struct change *change, mode_t mask)
{
    mode_t mode = mode_of(change);
    if (!is_named(first(change))) return -EEXIST;
    if (S_ISBLK(mode) || S_ISCHR(mode)) return -EPERM;
    mode_t own = umask(mask);
    int64_t done = result(mknodat(first(change)->parent, first(change)->name, mode, 0));
    umask(own);
    return done;
}

/* truncate(2) would wait for whoever has a lease. */
static int64_t do_truncate(const struct change *change, mode_t mask)
{
    (void)mask;
    char link[32];
    mode_t type = first(change)->status.st_mode & S_IFMT;
    if (type != S_IFREG) return type == S_IFDIR ? -EISDIR : -EINVAL;
    cleanup_fd int fd = open(by_descriptor(first(change), link), O_WRONLY | O_NONBLOCK | O_CLOEXEC);
    return fd < 0 ? -errno : result(ftruncate(fd, (off_t)change->args[1]));
}

int64_t change_wait(const struct change *change)
{
    char link[32];
    return result(truncate(by_descriptor(first(change), link), (off_t)change->args[1]));
}

static int64_t do_chmod(const struct change *change, mode_t mask)
{
    (void)mask;
    char link[32];
    const struct change_kind *kind = change->kind;
    if (S_ISLNK(first(change)->status.st_mode)) return -EOPNOTSUPP;
    mode_t mode = (mode_t)change->args[kind->path == NONE ? 1 : kind->path + 1];
    return result(chmod(by_descriptor(first(change), link), mode));
}

static int64_t do_chown(const struct change *change, mode_t mask)
{
    (void)mask;
    const struct change_kind *kind = change->kind;
    size_t at = (size_t)(kind->path == NONE ? 1 : kind->path + 1);
    return result(fchownat(first(change)->target, "", (uid_t)change->args[at], (gid_t)change->args[at + 1],
                           AT_EMPTY_PATH));
}

static int64_t do_times(const struct change *change, mode_t mask)
{
    (void)mask;
    return result((int)syscall(SYS_utimensat, first(change)->target, "", change->value, AT_EMPTY_PATH));
}

/* Attributes go by path: a link of /proc follows to the object, and to a link itself only its directory
 * leads. */
static const char *attribute_path(const struct change *change, char path[512])
{
    const struct spot *spot = first(change);
    if (!S_ISLNK(spot->status.st_mode) || !is_named(spot))
        by_descriptor(spot, path);
    else
        snprintf(path, 512, "/proc/self/fd/%d/%s", spot->parent, spot->name);
    return path;
}

static int64_t do_set_attribute(const struct change *change, mode_t mask)
{
    (void)mask;
    char path[512];
    int flags = (int)change->args[4];
    attribute_path(change, path);
    bool link = S_ISLNK(first(change)->status.st_mode);
    return result(
        (link ? lsetxattr : setxattr)(path, change->text, change->value, change->value_size, flags));
}

static int64_t do_remove_attribute(const struct change *change, mode_t mask)
{
    (void)mask;
    char path[512];
    attribute_path(change, path);
    return result((S_ISLNK(first(change)->status.st_mode) ? lremovexattr : removexattr)(path, change->text));
}

/* Flags such as "immutable", on a descriptor of the launcher's own. */
static int64_t do_ioctl(const struct change *change, mode_t mask)
{
    (void)mask;
    char link[32];
    cleanup_fd int fd = open(by_descriptor(first(change), link), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    return fd < 0 ? -errno : result(ioctl(fd, (unsigned long)change->args[1], change->value));
}

/* Programs live well without these newer spellings: the C library does not use them. */
static int64_t do_nothing(const struct change *change, mode_t mask)
{
    (void)change;
    (void)mask;
    return -ENOSYS;
}

static int read_text(pid_t tid, uint64_t address, struct change *change, size_t limit)
{
    change->text = xmalloc(limit);
    return memory_string(tid, address, change->text, limit);
}

static int extra_symlink(pid_t tid, struct change *change)
{
    return read_text(tid, change->args[0], change, PATH_MAX);
}

static int extra_attribute(pid_t tid, struct change *change)
{
    return read_text(tid, change->args[1], change, 256);
}

static int extra_set_attribute(pid_t tid, struct change *change)
{
    int error = extra_attribute(tid, change);
    if (error || !change->args[3]) return error;
    if (change->args[3] > VALUE_LIMIT) return E2BIG;
    change->value_size = (size_t)change->args[3];
    change->value = xmalloc(change->value_size);
    return memory_copy(tid, change->args[2], change->value, change->value_size);
}

static int extra_ioctl(pid_t tid, struct change *change)
{
    change->value_size = (change->args[1] >> 16) & 0x3fff;
    change->value = xcalloc(1, change->value_size + 8);
    return memory_copy(tid, change->args[2], change->value, change->value_size);
}

/* Every spelling of times ends as two timespecs; none at all means now. */
static int times_from(pid_t tid, struct change *change, uint64_t address, size_t size,
                      void (*convert)(const void *from, struct timespec to[2]))
{
    union {
        struct timespec precise[2];
        struct timeval coarse[2];
        struct utimbuf old;
    } raw;
    if (!address) return 0;
    int error = memory_copy(tid, address, &raw, size);
    if (error) return error;
    change->value = xmalloc(sizeof(struct timespec[2]));
    convert(&raw, change->value);
    return 0;
}

static void from_timespec(const void *from, struct timespec to[2])
{
    memcpy(to, from, sizeof(struct timespec[2]));
}

static void from_timeval(const void *from, struct timespec to[2])
{
    const struct timeval *times = from;
    for (int i = 0; i < 2; i++)
        to[i] = (struct timespec){times[i].tv_sec, times[i].tv_usec * 1000};
}

static void from_utimbuf(const void *from, struct timespec to[2])
{
    const struct utimbuf *times = from;
    to[0] = (struct timespec){times->actime, 0};
    to[1] = (struct timespec){times->modtime, 0};
}

static int extra_utimensat(pid_t tid, struct change *change)
{
    return times_from(tid, change, change->args[2], sizeof(struct timespec[2]), from_timespec);
}

static int extra_futimesat(pid_t tid, struct change *change)
{
    return times_from(tid, change, change->args[2], sizeof(struct timeval[2]), from_timeval);
}

static int extra_utimes(pid_t tid, struct change *change)
{
    return times_from(tid, change, change->args[1], sizeof(struct timeval[2]), from_timeval);
}

static int extra_utime(pid_t tid, struct change *change)
{
    return times_from(tid, change, change->args[1], sizeof(struct utimbuf), from_utimbuf);
}

/* number, detail, directory, path, other directory, other path, flags, follows, makes, deed, extra */
static const struct change_kind kinds[] = {
    {__NR_unlink, WIRE_CHANGE_REMOVE, NONE, 0, NONE, NONE, NONE, STAYS, false, do_remove, NULL},
    {__NR_unlinkat, WIRE_CHANGE_REMOVE, 0, 1, NONE, NONE, 2, STAYS, false, do_remove, NULL},
    {__NR_rmdir, WIRE_CHANGE_RMDIR, NONE, 0, NONE, NONE, NONE, STAYS, false, do_remove, NULL},
    {__NR_rename, WIRE_CHANGE_RENAME, NONE, 0, NONE, 1, NONE, STAYS, true, do_rename, NULL},
    {__NR_renameat, WIRE_CHANGE_RENAME, 0, 1, 2, 3, NONE, STAYS, true, do_rename, NULL},
    {__NR_renameat2, WIRE_CHANGE_RENAME, 0, 1, 2, 3, 4, STAYS, true, do_rename, NULL},
    {__NR_link, WIRE_CHANGE_LINK, NONE, 0, NONE, 1, NONE, STAYS, true, do_link, NULL},
    {__NR_linkat, WIRE_CHANGE_LINK, 0, 1, 2, 3, 4, IF_FOLLOW, true, do_link, NULL},
    {__NR_symlink, WIRE_CHANGE_LINK, NONE, 1, NONE, NONE, NONE, STAYS, true, do_symlink, extra_symlink},
    {__NR_symlinkat, WIRE_CHANGE_LINK, 1, 2, NONE, NONE, NONE, STAYS, true, do_symlink, extra_symlink},
    {__NR_mkdir, WIRE_CHANGE_MKDIR, NONE, 0, NONE, NONE, NONE, STAYS, true, do_mkdir, NULL},
    {__NR_mkdirat, WIRE_CHANGE_MKDIR, 0, 1, NONE, NONE, NONE, STAYS, true, do_mkdir, NULL},
    {__NR_mknod, WIRE_CHANGE_NODE, NONE, 0, NONE, NONE, NONE, STAYS, true, do_mknod, NULL},
    {__NR_mknodat, WIRE_CHANGE_NODE, 0, 1, NONE, NONE, NONE, STAYS, true, do_mknod, NULL},
    {__NR_truncate, WIRE_CHANGE_TRUNCATE, NONE, 0, NONE, NONE, NONE, FOLLOWS, false, do_truncate, NULL},
    {__NR_chmod, WIRE_CHANGE_MODE, NONE, 0, NONE, NONE, NONE, FOLLOWS, false, do_chmod, NULL},
    {__NR_fchmodat, WIRE_CHANGE_MODE, 0, 1, NONE, NONE, NONE, FOLLOWS, false, do_chmod, NULL},
    {__NR_fchmodat2, WIRE_CHANGE_MODE, 0, 1, NONE, NONE, 3, UNLESS_NOFOLLOW, false, do_chmod, NULL},
    {__NR_fchmod, WIRE_CHANGE_MODE, 0, NONE, NONE, NONE, NONE, FOLLOWS, false, do_chmod, NULL},
    {__NR_chown, WIRE_CHANGE_OWNER, NONE, 0, NONE, NONE, NONE, FOLLOWS, false, do_chown, NULL},
    {__NR_lchown, WIRE_CHANGE_OWNER, NONE, 0, NONE, NONE, NONE, STAYS, false, do_chown, NULL},
    {__NR_fchownat, WIRE_CHANGE_OWNER, 0, 1, NONE, NONE, 4, UNLESS_NOFOLLOW, false, do_chown, NULL},
    {__NR_fchown, WIRE_CHANGE_OWNER, 0, NONE, NONE, NONE, NONE, FOLLOWS, false, do_chown, NULL},
    {__NR_utime, WIRE_CHANGE_TIMES, NONE, 0, NONE, NONE, NONE, FOLLOWS, false, do_times, extra_utime},
    {__NR_utimes, WIRE_CHANGE_TIMES, NONE, 0, NONE, NONE, NONE, FOLLOWS, false, do_times, extra_utimes},
    {__NR_futimesat, WIRE_CHANGE_TIMES, 0, 1, NONE, NONE, NONE, FOLLOWS, false, do_times, extra_futimesat},
    {__NR_utimensat, WIRE_CHANGE_TIMES, 0, 1, NONE, NONE, 3, UNLESS_NOFOLLOW, false, do_times,
     extra_utimensat},
    {__NR_setxattr, WIRE_CHANGE_XATTR, NONE, 0, NONE, NONE, NONE, FOLLOWS, false, do_set_attribute,
     extra_set_attribute},
    {__NR_lsetxattr, WIRE_CHANGE_XATTR, NONE, 0, NONE, NONE, NONE, STAYS, false, do_set_attribute,
     extra_set_attribute},
    {__NR_fsetxattr, WIRE_CHANGE_XATTR, 0, NONE, NONE, NONE, NONE, FOLLOWS, false, do_set_attribute,
     extra_set_attribute},
    {__NR_removexattr, WIRE_CHANGE_XATTR, NONE, 0, NONE, NONE, NONE, FOLLOWS, false, do_remove_attribute,
     extra_attribute},
    {__NR_lremovexattr, WIRE_CHANGE_XATTR, NONE, 0, NONE, NONE, NONE, STAYS, false, do_remove_attribute,
     extra_attribute},
    {__NR_fremovexattr, WIRE_CHANGE_XATTR, 0, NONE, NONE, NONE, NONE, FOLLOWS, false, do_remove_attribute,
     extra_attribute},
    {__NR_ioctl, WIRE_CHANGE_FLAGS, 0, NONE, NONE, NONE, NONE, FOLLOWS, false, do_ioctl, extra_ioctl},
    {__NR_setxattrat, WIRE_CHANGE_XATTR, 0, 1, NONE, NONE, 2, UNLESS_NOFOLLOW, false, do_nothing, NULL},
    {__NR_removexattrat, WIRE_CHANGE_XATTR, 0, 1, NONE, NONE, 2, UNLESS_NOFOLLOW, false, do_nothing, NULL},
    {__NR_file_setattr, WIRE_CHANGE_FLAGS, 0, 1, NONE, NONE, 4, UNLESS_NOFOLLOW, false, do_nothing, NULL},
};

static const struct change_kind *kind_of(int number)
{
    for (size_t i = 0; number >= 0 && i < sizeof kinds / sizeof *kinds; i++)
        if (kinds[i].number == number) return &kinds[i];
    return NULL;
}

static unsigned flags_for(const struct change *change, bool made)
{
    uint64_t flags = flags_of(change);
    enum follows follows = change->kind->follows;
    bool follow = follows == FOLLOWS || (follows == UNLESS_NOFOLLOW && !(flags & AT_SYMLINK_NOFOLLOW)) ||
                  (follows == IF_FOLLOW && flags & AT_SYMLINK_FOLLOW);
    unsigned wanted = made ? RESOLVE_MAY_MISS : follow ? RESOLVE_FOLLOW : 0;
    return flags & AT_EMPTY_PATH && !made && change->kind->deed != do_remove ? wanted | RESOLVE_EMPTY_PATH
                                                                             : wanted;
}

static int descriptor_of(const struct change *change, int argument)
{
    return argument == NONE ? AT_FDCWD : (int)change->args[argument];
}

/* By name: the directory is walked to and the last name looked at in it, also where the object is there. */
static int read_named(struct viewer viewer, struct change *change, int directory, int path, bool made)
{
    char text[PATH_MAX];
    uint64_t address = change->args[path];
    if (!address && change->kind->deed == do_times) { /* utimensat without a path is futimens */
        text[0] = 0;
        return resolve(viewer, descriptor_of(change, directory), text, RESOLVE_EMPTY_PATH, 0,
                       &change->spots[change->spot_count++]);
    }
    int error = memory_string(viewer.tid, address, text, sizeof text);
    if (error) return error;
    unsigned flags = flags_for(change, made);
    bool by_parent = change->kind->deed == do_remove || change->kind->deed == do_rename ||
                     change->kind->deed == do_link || change->kind->follows == STAYS;
    return resolve(viewer, descriptor_of(change, directory), text,
                   by_parent ? flags | RESOLVE_BY_PARENT : flags, 0, &change->spots[change->spot_count++]);
}

static int read_descriptor(struct viewer viewer, struct change *change)
{
    struct spot *spot = &change->spots[change->spot_count++];
    return resolve(viewer, (int)change->args[0], "", RESOLVE_EMPTY_PATH, 0, spot);
}

int change_read(const struct seccomp_notif *call, pid_t top, struct change *change)
{
    const struct change_kind *kind = kind_of(call->data.nr);
    *change =
        (struct change){.kind = kind, .spots = {{.parent = -1, .target = -1}, {.parent = -1, .target = -1}}};
    if (!kind) return ENOSYS;
    for (size_t i = 0; i < 6; i++)
        change->args[i] = call->data.args[i];

    bool directory = kind->deed == do_remove && flags_of(change) & AT_REMOVEDIR;
    change->what = directory ? WIRE_CHANGE_RMDIR : kind->detail;
    change->detail = change_name(change->what);

    struct viewer viewer = {(pid_t)call->pid, top};
    bool two = kind->other_path != NONE;
    int error = kind->path == NONE
                    ? read_descriptor(viewer, change)
                    : read_named(viewer, change, kind->directory, kind->path, kind->makes && !two);
    if (!error && two) error = read_named(viewer, change, kind->other_directory, kind->other_path, true);
    /* What is there already is not made again: `mkdir -p` tries every directory on its way, and changes
     * none. */
    const struct spot *last = &change->spots[change->spot_count - 1];
    if (!error && kind->makes && kind->deed != do_rename && last->target >= 0) error = EEXIST;
    if (!error && kind->extra) error = kind->extra(viewer.tid, change);
    return error;
}

bool change_makes(const struct change *change)
{
    return change->kind->deed == do_mkdir || change->kind->deed == do_mknod;
}

enum change_names change_names(const struct change *change)
{
    if (change->kind->deed == do_symlink) return CHANGE_LINKS;
    if (change->kind->deed == do_link) return CHANGE_MOVES; /* of a symbolic link, perhaps */
    if (change->kind->deed != do_rename) return CHANGE_NAMES_NOTHING;
    return flags_of(change) & RENAME_EXCHANGE ? CHANGE_EXCHANGES : CHANGE_MOVES;
}

bool change_is_as_found(const struct change *change)
{
    const struct change_kind *kind = change->kind;
    const struct spot *last = &change->spots[change->spot_count - 1];
    bool by_name = kind->deed == do_remove || kind->deed == do_rename ||
                   (kind->deed == do_link && S_ISLNK(first(change)->status.st_mode));
    return (!by_name || spot_is_as_found(first(change))) && (!kind->makes || spot_is_as_found(last));
}

int64_t change_do(const struct change *change, mode_t mask)
{
    return change->kind->deed(change, mask);
}

void change_free(struct change *change)
{
    for (size_t i = 0; i < change->spot_count; i++)
        spot_close(&change->spots[i]);
    free(change->text);
    free(change->value);
}
