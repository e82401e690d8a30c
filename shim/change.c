/* change.c: the calls that change paths (change.h).
 *
 * Two shapes: what changes a name is done by that name in its directory, which is held by a descriptor; what
 * changes a file is done through a descriptor of that file. So what was judged is what is changed.
 */
#include "change.h"

#include <linux/fs.h>

#include "../policy/plain.h"
#include "judge.h"
#include "wrap.h"

#define NOT_JUDGED 1 /* make the call as the program made it */

/* A name in its directory; `place` is to be ended in any case. */
static APART long find_name(struct place *place, int dirfd, const char *path)
{
    where_begin(place);
    if (!session_get() || !path) return NOT_JUDGED;
    long result = where_name(place, dirfd, path, 0);
    return result == WHERE_NO_NAME ? NOT_JUDGED : result;
}

/* The same of a name that has to be there, with what stands there now. */
static APART long find_name_there(struct place *place, int dirfd, const char *path)
{
    struct stat status;
    long result = find_name(place, dirfd, path);
    if (!result) result = raw_stat(place->fd, place->name, &status, AT_SYMLINK_NOFOLLOW);
    if (result) return result;
    place->mode = status.st_mode;
    place->several = where_has_several_names(&status);
    place->device = status.st_dev;
    place->inode = status.st_ino;
    return 0;
}

/* A name that is going to change, and has to be there: nobody is asked about one that is not. */
static APART long name_there_may(struct place *place, int dirfd, const char *path, unsigned deeds,
                                 enum wire_change change)
{
    long result = find_name_there(place, dirfd, path);
    return result ? result : judge_place(session_get(), deeds, change, place, path);
}

/* A file that is going to change; `flags` as for the *at calls. */
static APART long file_may(struct place *place, int dirfd, const char *path, int flags,
                           enum wire_change change)
{
    const struct session *session = session_get();
    where_begin(place);
    if (!session || !path) return NOT_JUDGED;
    bool of_descriptor = flags & AT_EMPTY_PATH && !*path;
    long result = of_descriptor && dirfd != AT_FDCWD
                      ? where_descriptor(place, dirfd)
                      : where_file(place, dirfd, of_descriptor ? "." : path,
                                   flags & AT_SYMLINK_NOFOLLOW ? O_NOFOLLOW : 0, 0);
    return result ? result : judge_place(session, DEED_WRITE, change, place, path);
}

static APART bool is_device(int fd)
{
    struct stat status;
    return !raw_fstat(fd, &status) && (S_ISCHR(status.st_mode) || S_ISBLK(status.st_mode));
}

/* What is changed through a descriptor: a duplicate of it, which no other thread can make another file's.
 * Where the descriptor is open for writing, that was judged when it was opened; but more is to a device. */
static APART long descriptor_may(struct place *place, int fd, enum wire_change change)
{
    const struct session *session = session_get();
    where_begin(place);
    long flags = raw_fcntl(fd, F_GETFL, 0);
    if (!session || flags < 0 || flags & O_PATH) return NOT_JUDGED;
    if ((flags & O_ACCMODE) != O_RDONLY && !is_device(fd)) return NOT_JUDGED;
    long result = where_descriptor(place, fd);
    return result ? result : judge_place(session, DEED_WRITE, change, place, place->path.bytes);
}

long change_unlink(int dirfd, const char *path, int flags)
{
    struct place place;
    enum wire_change change = flags & AT_REMOVEDIR ? WIRE_CHANGE_RMDIR : WIRE_CHANGE_REMOVE;
    long result = name_there_may(&place, dirfd, path, DEED_WRITE, change);
    if (result == NOT_JUDGED)
        result = raw_call(__NR_unlinkat, dirfd, path, flags);
    else if (!result)
        result = raw_call(__NR_unlinkat, place.fd, place.name, flags);
    where_end(&place);
    return result;
}

static bool is_kind(const struct place *place, unsigned kind)
{
    return (place->mode & S_IFMT) == kind;
}

/* What has more to its name than its own content: the launcher judges whether it may have another. */
static bool leads_on(const struct place *place)
{
    return is_kind(place, S_IFDIR) || is_kind(place, S_IFLNK) || is_kind(place, S_IFSOCK);
}

/* What is renamed or linked gets another name, so it can be read by that name afterwards: it must be allowed
 * to be read by its own. */
static APART long names_may(enum wire_change change, const struct place *old, const char *from,
                            const struct place *new, const char *to, bool exchange)
{
    const struct session *session = session_get();
    unsigned reach = exchange ? DEED_READ | DEED_WRITE : DEED_WRITE, whole = DEED_READ | DEED_WRITE;
    if (leads_on(old) || (exchange && leads_on(new)))
        return judge_move(session, change, old, new, exchange ? WIRE_EXCHANGES : 0);
    /* Nobody is asked about the one name where the other is denied. */
    bool new_first = judge_path(session, reach, new->path.bytes, new->length) == VERDICT_DENY &&
                     judge_path(session, whole, old->path.bytes, old->length) != VERDICT_DENY;
    long result = new_first ? judge_place(session, reach, change, new, to) : 0;
    if (!result) result = judge_place(session, whole, change, old, from);
    if (!result && !new_first) result = judge_place(session, reach, change, new, to);
    return result;
}

long change_rename(int from_dirfd, const char *from, int to_dirfd, const char *to, unsigned flags)
{
    struct place old, new;
    bool exchange = flags & RENAME_EXCHANGE;
    long result = find_name_there(&old, from_dirfd, from), other = 0;
    where_begin(&new);
    if (result >= 0) other = exchange ? find_name_there(&new, to_dirfd, to) : find_name(&new, to_dirfd, to);
    if (result < 0 || other < 0)
        result = result < 0 ? result : other;
    else if (result == NOT_JUDGED || other == NOT_JUDGED)
        result = raw_call(__NR_renameat2, from_dirfd, from, to_dirfd, to, flags);
    else if (new.path.length > new.length && !is_kind(&old, S_IFDIR) && !exchange)
        result = -ENOTDIR;
    else if (!(result = names_may(WIRE_CHANGE_RENAME, &old, from, &new, to, exchange)))
        result = raw_call(__NR_renameat2, old.fd, old.name, new.fd, new.name, flags);
    where_end(&new);
    where_end(&old);
    return result;
}

/* A second name lets what is linked be read and written by that name. */
long change_link(int from_dirfd, const char *from, int to_dirfd, const char *to, int flags)
{
    const struct session *session = session_get();
    struct place old, new;
    char checked[FD_PATH];
    bool of_descriptor = flags & AT_EMPTY_PATH && from && !*from;
    if (!session || !from || !to) return raw_call(__NR_linkat, from_dirfd, from, to_dirfd, to, flags);
    long result = of_descriptor
                      ? where_descriptor(&old, from_dirfd)
                      : where_file(&old, from_dirfd, from, flags & AT_SYMLINK_FOLLOW ? 0 : O_NOFOLLOW, 0);
    long other = find_name(&new, to_dirfd, to);
    bytes_fd_path(checked, old.fd);
    if (result || other < 0)
        result = result ? result : other;
    else if (other == NOT_JUDGED)
        result = -EEXIST;
    else
        result = names_may(WIRE_CHANGE_LINK, &old, from, &new, to, false);
    if (!result &&
        is_kind(&old, S_IFLNK)) /* a descriptor's name would be followed no further than to the link */
        result = raw_call(__NR_linkat, from_dirfd, from, new.fd, new.name, 0);
    else if (!result)
        result = raw_call(__NR_linkat, AT_FDCWD, checked, new.fd, new.name, AT_SYMLINK_FOLLOW);
    where_end(&new);
    where_end(&old);
    return result;
}

static APART bool is_there(int dirfd, const char *path)
{
    struct stat status;
    return !raw_stat(dirfd, path, &status, AT_SYMLINK_NOFOLLOW);
}

/* What exists already is not asked about: making it fails. */
static APART long find_new_name(struct place *place, int dirfd, const char *path)
{
    where_begin(place);
    return path && session_get() && is_there(dirfd, path) ? -EEXIST : find_name(place, dirfd, path);
}

static APART long new_name_may(struct place *place, int dirfd, const char *path, enum wire_change change)
{
    long result = find_new_name(place, dirfd, path);
    return result ? result : judge_place(session_get(), DEED_WRITE, change, place, path);
}

/* A link of most names is a name like any other: only of some the launcher has to be asked. */
static APART long link_may(const struct place *place, const char *path)
{
    const struct session *session = session_get();
    size_t length;
    const char *name = last_part(place->path.bytes, place->length, &length);
    const struct image *image = session_image(session);
    if (image && !image_turns_on(image, name, length))
        return judge_place(session, DEED_WRITE, WIRE_CHANGE_LINK, place, path);
    return judge_move(session, WIRE_CHANGE_LINK, place, place, 0);
}

long change_symlink(const char *target, int dirfd, const char *path)
{
    struct place place;
    long result = find_new_name(&place, dirfd, path);
    if (!result) result = link_may(&place, path);
    if (result == NOT_JUDGED)
        result = raw_call(__NR_symlinkat, target, dirfd, path);
    else if (!result)
        result = raw_call(__NR_symlinkat, target, place.fd, place.name);
    where_end(&place);
    return result;
}

long change_mkdir(int dirfd, const char *path, unsigned mode)
{
    struct place place;
    long result = new_name_may(&place, dirfd, path, WIRE_CHANGE_MKDIR);
    if (result == NOT_JUDGED)
        result = raw_call(__NR_mkdirat, dirfd, path, mode);
    else if (!result)
        result = raw_call(__NR_mkdirat, place.fd, place.name, mode);
    where_end(&place);
    return result;
}

long change_mknod(int dirfd, const char *path, unsigned mode, unsigned long device)
{
    struct place place;
    long result = new_name_may(&place, dirfd, path, WIRE_CHANGE_NODE);
    if (result == NOT_JUDGED)
        result = raw_call(__NR_mknodat, dirfd, path, mode, device);
    else if (!result)
        result = raw_call(__NR_mknodat, place.fd, place.name, mode, device);
    where_end(&place);
    return result;
}

long change_truncate(const char *path, long size)
{
    struct place place;
    char checked[FD_PATH];
    long result = file_may(&place, AT_FDCWD, path, 0, WIRE_CHANGE_TRUNCATE);
    bytes_fd_path(checked, place.fd);
    if (result == NOT_JUDGED)
        result = raw_call(__NR_truncate, path, size);
    else if (!result)
        result = raw_call(__NR_truncate, checked, size);
    where_end(&place);
    return result;
}

long change_mode(int dirfd, const char *path, unsigned mode, int flags)
{
    struct place place;
    char checked[FD_PATH];
    long result = file_may(&place, dirfd, path, flags, WIRE_CHANGE_MODE);
    bytes_fd_path(checked, place.fd);
    if (result == NOT_JUDGED) {
        result = flags ? raw_call(__NR_fchmodat2, dirfd, path, mode, flags)
                       : raw_call(__NR_fchmodat, dirfd, path, mode);
    } else if (!result) {
        /* A link's own mode cannot be changed. */
        bool link = is_kind(&place, S_IFLNK);
        result = link ? -EOPNOTSUPP : raw_call(__NR_fchmodat, AT_FDCWD, checked, mode);
    }
    where_end(&place);
    return result;
}

long change_mode_of(int fd, unsigned mode)
{
    struct place place;
    long result = descriptor_may(&place, fd, WIRE_CHANGE_MODE);
    if (result >= 0) result = raw_call(__NR_fchmod, result == NOT_JUDGED ? fd : place.fd, mode);
    where_end(&place);
    return result;
}

long change_owner(int dirfd, const char *path, unsigned user, unsigned group, int flags)
{
    struct place place;
    long result = file_may(&place, dirfd, path, flags, WIRE_CHANGE_OWNER);
    if (result == NOT_JUDGED)
        result = raw_call(__NR_fchownat, dirfd, path, user, group, flags);
    else if (!result)
        result = raw_call(__NR_fchownat, place.fd, "", user, group, AT_EMPTY_PATH);
    where_end(&place);
    return result;
}

long change_owner_of(int fd, unsigned user, unsigned group)
{
    struct place place;
    long result = descriptor_may(&place, fd, WIRE_CHANGE_OWNER);
    if (result >= 0) result = raw_call(__NR_fchown, result == NOT_JUDGED ? fd : place.fd, user, group);
    where_end(&place);
    return result;
}

static long change_times_of(int fd, const void *times)
{
    struct place place;
    long result = descriptor_may(&place, fd, WIRE_CHANGE_TIMES);
    if (result >= 0) result = raw_call(__NR_utimensat, result == NOT_JUDGED ? fd : place.fd, 0, times, 0);
    where_end(&place);
    return result;
}

long change_times(int dirfd, const char *path, const void *times, int flags)
{
    struct place place;
    char checked[FD_PATH];
    if (!path) return change_times_of(dirfd, times);
    bool of_name = flags & AT_SYMLINK_NOFOLLOW && *path;
    long result = of_name ? name_there_may(&place, dirfd, path, DEED_WRITE, WIRE_CHANGE_TIMES)
                          : file_may(&place, dirfd, path, flags, WIRE_CHANGE_TIMES);
    bytes_fd_path(checked, place.fd);
    if (result == NOT_JUDGED)
        result = raw_call(__NR_utimensat, dirfd, path, times, flags);
    else if (!result && of_name)
        result = raw_call(__NR_utimensat, place.fd, place.name, times, AT_SYMLINK_NOFOLLOW);
    else if (!result)
        result = raw_call(__NR_utimensat, AT_FDCWD, checked, times, 0);
    where_end(&place);
    return result;
}

long change_attribute(long number, const char *path, const char *name, const void *value, unsigned long size,
                      int flags)
{
    struct place place;
    char checked[FD_PATH];
    long result = file_may(&place, AT_FDCWD, path, 0, WIRE_CHANGE_XATTR);
    bytes_fd_path(checked, place.fd);
    if (result >= 0)
        result = raw_call(number, result == NOT_JUDGED ? path : checked, name, value, size, flags);
    where_end(&place);
    return result;
}

/* There is no form of it with a directory's descriptor; the directory's name in /proc does as well. */
long change_attribute_link(long number, const char *path, const char *name, const void *value,
                           unsigned long size, int flags)
{
    struct place place;
    char checked[FD_PATH + NAME_MAX + 2];
    long result = name_there_may(&place, AT_FDCWD, path, DEED_WRITE, WIRE_CHANGE_XATTR);
    if (!result) {
        char *end = bytes_fd_path(checked, place.fd);
        *end++ = '/';
        memcpy(end, place.name, strlen(place.name) + 1);
    }
    if (result >= 0)
        result = raw_call(number, result == NOT_JUDGED ? path : checked, name, value, size, flags);
    where_end(&place);
    return result;
}

long change_attribute_of(long number, int fd, const char *name, const void *value, unsigned long size,
                         int flags)
{
    struct place place;
    long result = descriptor_may(&place, fd, WIRE_CHANGE_XATTR);
    if (result >= 0)
        result = raw_call(number, result == NOT_JUDGED ? fd : place.fd, name, value, size, flags);
    where_end(&place);
    return result;
}

long change_mount(const char *path)
{
    struct place place;
    long result = file_may(&place, AT_FDCWD, path, 0, WIRE_CHANGE_MOUNT);
    where_end(&place);
    return result == NOT_JUDGED ? 0 : result;
}

/* Typing into a terminal is no change of a file, and nobody's but the user's. */
long change_ioctl(int fd, unsigned long request, void *argument)
{
    enum { TYPE_IN_TERMINAL = 0x5412, LINUX_CONSOLE = 0x541c };
    static const unsigned changes[] = {
        0x40086602, 0x40046602, /* FS_IOC_SETFLAGS and its 32-bit twin */
        0x401c5820,             /* FS_IOC_FSSETXATTR */
        0x40087602, 0x40047602, /* FS_IOC_SETVERSION */
        0x400c6613, 0x40806685, /* encryption policies, verity */
    };
    struct place place;
    long result = NOT_JUDGED;
    unsigned number = (unsigned)request;
    if (session_get() && (number == TYPE_IN_TERMINAL || number == LINUX_CONSOLE)) return -EPERM;
    where_begin(&place);
    for (size_t i = 0; i < sizeof changes / sizeof *changes && result == NOT_JUDGED; i++)
        if (changes[i] == number) result = descriptor_may(&place, fd, WIRE_CHANGE_FLAGS);
    if (result >= 0) result = raw_call(__NR_ioctl, result == NOT_JUDGED ? fd : place.fd, request, argument);
    where_end(&place);
    return result;
}
