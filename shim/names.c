/* names.c: the C library's names for the calls that change paths (change.h). */
#include <linux/time_types.h>

#include "bytes.h"
#include "change.h"
#include "wrap.h"

#define GIVE(call) return (int)give_result(call)
#define CURRENT AT_FDCWD

WRAP(int, ioctl, int fd, unsigned long request, ...)
{
    va_list arguments;
    va_start(arguments, request);
    void *argument = va_arg(arguments, void *);
    va_end(arguments);
    GIVE(change_ioctl(fd, request, argument));
}
WRAP(int, unlink, const char *path)
{
    GIVE(change_unlink(CURRENT, path, 0));
}
WRAP(int, unlinkat, int dirfd, const char *path, int flags)
{
    GIVE(change_unlink(dirfd, path, flags));
}
WRAP(int, rmdir, const char *path)
{
    GIVE(change_unlink(CURRENT, path, AT_REMOVEDIR));
}
WRAP(int, remove, const char *path)
{
    struct stat status;
    bool directory =
        !raw_stat(CURRENT, path, &status, AT_SYMLINK_NOFOLLOW) && (status.st_mode & S_IFMT) == S_IFDIR;
    GIVE(change_unlink(CURRENT, path, directory ? AT_REMOVEDIR : 0));
}
WRAP(int, rename, const char *from, const char *to)
{
    GIVE(change_rename(CURRENT, from, CURRENT, to, 0));
}
WRAP(int, renameat, int from_dirfd, const char *from, int to_dirfd, const char *to)
{
    GIVE(change_rename(from_dirfd, from, to_dirfd, to, 0));
}
WRAP(int, renameat2, int from_dirfd, const char *from, int to_dirfd, const char *to, unsigned flags)
{
    GIVE(change_rename(from_dirfd, from, to_dirfd, to, flags));
}
WRAP(int, link, const char *from, const char *to)
{
    GIVE(change_link(CURRENT, from, CURRENT, to, 0));
}
WRAP(int, linkat, int from_dirfd, const char *from, int to_dirfd, const char *to, int flags)
{
    GIVE(change_link(from_dirfd, from, to_dirfd, to, flags));
}
WRAP(int, symlink, const char *target, const char *path)
{
    GIVE(change_symlink(target, CURRENT, path));
}
WRAP(int, symlinkat, const char *target, int dirfd, const char *path)
{
    GIVE(change_symlink(target, dirfd, path));
}
WRAP(int, mkdir, const char *path, unsigned mode)
{
    GIVE(change_mkdir(CURRENT, path, mode));
}
WRAP(int, mkdirat, int dirfd, const char *path, unsigned mode)
{
    GIVE(change_mkdir(dirfd, path, mode));
}
WRAP(int, mkfifo, const char *path, unsigned mode)
{
    GIVE(change_mknod(CURRENT, path, mode | S_IFIFO, 0));
}
WRAP(int, mkfifoat, int dirfd, const char *path, unsigned mode)
{
    GIVE(change_mknod(dirfd, path, mode | S_IFIFO, 0));
}
WRAP(int, mknod, const char *path, unsigned mode, unsigned long device)
{
    GIVE(change_mknod(CURRENT, path, mode, device));
}
WRAP(int, mknodat, int dirfd, const char *path, unsigned mode, unsigned long device)
{
    GIVE(change_mknod(dirfd, path, mode, device));
}
WRAP(int, __xmknod, int version, const char *path, unsigned mode, const unsigned long *device)
{
    (void)version;
    GIVE(change_mknod(CURRENT, path, mode, *device));
}
WRAP(int, __xmknodat, int version, int dirfd, const char *path, unsigned mode, const unsigned long *device)
{
    (void)version;
    GIVE(change_mknod(dirfd, path, mode, *device));
}
WRAP(int, truncate, const char *path, long size)
{
    GIVE(change_truncate(path, size));
}
SAME(truncate64, truncate);

WRAP(int, chmod, const char *path, unsigned mode)
{
    GIVE(change_mode(CURRENT, path, mode, 0));
}
WRAP(int, lchmod, const char *path, unsigned mode)
{
    GIVE(change_mode(CURRENT, path, mode, AT_SYMLINK_NOFOLLOW));
}
WRAP(int, fchmodat, int dirfd, const char *path, unsigned mode, int flags)
{
    GIVE(flags & ~(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH) ? -EINVAL : change_mode(dirfd, path, mode, flags));
}
/* musl goes on by the descriptor's name in /proc where the kernel does not take an O_PATH descriptor. */
static bool goes_on_by_name(long result, int fd, char *path)
{
    if (result != -EBADF || libc_is_glibc() || raw_fcntl(fd, F_GETFD, 0) < 0) return false;
    bytes_fd_path(path, fd);
    return true;
}

WRAP(int, fchmod, int fd, unsigned mode)
{
    char path[FD_PATH];
    long result = change_mode_of(fd, mode);
    GIVE(goes_on_by_name(result, fd, path) ? change_mode(CURRENT, path, mode, 0) : result);
}
WRAP(int, chown, const char *path, unsigned user, unsigned group)
{
    GIVE(change_owner(CURRENT, path, user, group, 0));
}
WRAP(int, lchown, const char *path, unsigned user, unsigned group)
{
    GIVE(change_owner(CURRENT, path, user, group, AT_SYMLINK_NOFOLLOW));
}
WRAP(int, fchownat, int dirfd, const char *path, unsigned user, unsigned group, int flags)
{
    GIVE(flags & ~(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH) ? -EINVAL
                                                        : change_owner(dirfd, path, user, group, flags));
}
WRAP(int, fchown, int fd, unsigned user, unsigned group)
{
    char path[FD_PATH];
    long result = change_owner_of(fd, user, group);
    GIVE(goes_on_by_name(result, fd, path) ? change_owner(CURRENT, path, user, group, 0) : result);
}

/* The older forms of times, in seconds or in microseconds. */
struct seconds_pair {
    long access, change;
};
struct micro_pair {
    struct {
        long seconds, micro;
    } time[2];
};

static const void *from_seconds(struct __kernel_timespec to[2], const struct seconds_pair *from)
{
    if (!from) return NULL;
    to[0] = (struct __kernel_timespec){.tv_sec = from->access};
    to[1] = (struct __kernel_timespec){.tv_sec = from->change};
    return to;
}

/* An impossible count of microseconds must stay impossible. */
static const void *from_micro(struct __kernel_timespec to[2], const struct micro_pair *from)
{
    if (!from) return NULL;
    for (int i = 0; i < 2; i++) {
        long micro = from->time[i].micro;
        to[i].tv_sec = from->time[i].seconds;
        to[i].tv_nsec = micro >= 0 && micro < 1000000 ? micro * 1000 : -1;
    }
    return to;
}

WRAP(int, utime, const char *path, const struct seconds_pair *times)
{
    struct __kernel_timespec exact[2];
    GIVE(path ? change_times(CURRENT, path, from_seconds(exact, times), 0) : -EFAULT);
}
WRAP(int, utimes, const char *path, const struct micro_pair *times)
{
    struct __kernel_timespec exact[2];
    GIVE(path ? change_times(CURRENT, path, from_micro(exact, times), 0) : -EFAULT);
}
WRAP(int, lutimes, const char *path, const struct micro_pair *times)
{
    struct __kernel_timespec exact[2];
    GIVE(path ? change_times(CURRENT, path, from_micro(exact, times), AT_SYMLINK_NOFOLLOW) : -EFAULT);
}
WRAP(int, futimesat, int dirfd, const char *path, const struct micro_pair *times)
{
    struct __kernel_timespec exact[2];
    GIVE(change_times(dirfd, path, from_micro(exact, times), 0));
}
WRAP(int, futimes, int fd, const struct micro_pair *times)
{
    struct __kernel_timespec exact[2];
    GIVE(fd < 0 ? -EBADF : change_times(fd, NULL, from_micro(exact, times), 0));
}
WRAP(int, futimens, int fd, const void *times)
{
    GIVE(fd < 0 ? -EBADF : change_times(fd, NULL, times, 0));
}
WRAP(int, utimensat, int dirfd, const char *path, const void *times, int flags)
{
    GIVE(path ? change_times(dirfd, path, times, flags) : -EINVAL);
}

WRAP(int, setxattr, const char *path, const char *name, const void *value, size_t size, int flags)
{
    GIVE(change_attribute(__NR_setxattr, path, name, value, size, flags));
}
WRAP(int, lsetxattr, const char *path, const char *name, const void *value, size_t size, int flags)
{
    GIVE(change_attribute_link(__NR_lsetxattr, path, name, value, size, flags));
}
WRAP(int, fsetxattr, int fd, const char *name, const void *value, size_t size, int flags)
{
    GIVE(change_attribute_of(__NR_fsetxattr, fd, name, value, size, flags));
}
WRAP(int, removexattr, const char *path, const char *name)
{
    GIVE(change_attribute(__NR_removexattr, path, name, NULL, 0, 0));
}
WRAP(int, lremovexattr, const char *path, const char *name)
{
    GIVE(change_attribute_link(__NR_lremovexattr, path, name, NULL, 0, 0));
}
WRAP(int, fremovexattr, int fd, const char *name)
{
    GIVE(change_attribute_of(__NR_fremovexattr, fd, name, NULL, 0, 0));
}

/* A call about mounts or roots, once it was judged. */
#define MOUNT_CALL(path, number, ...)                                                                        \
    do {                                                                                                     \
        long judged = change_mount(path);                                                                    \
        GIVE(judged ? judged : raw_call(number, __VA_ARGS__));                                               \
    } while (0)

WRAP(int, chroot, const char *path)
{
    MOUNT_CALL(path, __NR_chroot, path);
}
WRAP(int, mount, const char *source, const char *path, const char *type, unsigned long flags,
     const void *data)
{
    MOUNT_CALL(path, __NR_mount, source, path, type, flags, data);
}
WRAP(int, umount, const char *path)
{
    MOUNT_CALL(path, __NR_umount2, path, 0);
}
WRAP(int, umount2, const char *path, int flags)
{
    MOUNT_CALL(path, __NR_umount2, path, flags);
}
WRAP(int, pivot_root, const char *path, const char *old)
{
    MOUNT_CALL(path, __NR_pivot_root, path, old);
}
WRAP(int, move_mount, int from_dirfd, const char *from, int dirfd, const char *path, unsigned flags)
{
    MOUNT_CALL(path && *path ? path : "/", __NR_move_mount, from_dirfd, from, dirfd, path, flags);
}
WRAP(int, mount_setattr, int dirfd, const char *path, unsigned flags, void *attributes, size_t size)
{
    MOUNT_CALL(path && *path ? path : "/", __NR_mount_setattr, dirfd, path, flags, attributes, size);
}
WRAP(int, swapon, const char *path, int flags)
{
    MOUNT_CALL(path, __NR_swapon, path, flags);
}
WRAP(int, swapoff, const char *path)
{
    MOUNT_CALL(path, __NR_swapoff, path);
}
WRAP(int, acct, const char *path)
{
    MOUNT_CALL(path, __NR_acct, path);
}
