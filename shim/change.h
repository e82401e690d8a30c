/* change.h: the calls that change paths, as the kernel has them; each gives its result or a negative errno.
 */
#ifndef ASKFIRST_SHIM_CHANGE_H
#define ASKFIRST_SHIM_CHANGE_H

long change_unlink(int dirfd, const char *path, int flags);
long change_rename(int from_dirfd, const char *from, int to_dirfd, const char *to, unsigned flags);
long change_link(int from_dirfd, const char *from, int to_dirfd, const char *to, int flags);
long change_symlink(const char *target, int dirfd, const char *path);
long change_mkdir(int dirfd, const char *path, unsigned mode);
long change_mknod(int dirfd, const char *path, unsigned mode, unsigned long device);
long change_truncate(const char *path, long size);
long change_mode(int dirfd, const char *path, unsigned mode, int flags);
long change_mode_of(int fd, unsigned mode);
long change_owner(int dirfd, const char *path, unsigned user, unsigned group, int flags);
long change_owner_of(int fd, unsigned user, unsigned group);
long change_times(int dirfd, const char *path, const void *times,
                  int flags); /* two struct timespec, or NULL */

/* setxattr and removexattr in their three forms: `number` is the system call, `value` NULL for the latter. */
long change_attribute(long number, const char *path, const char *name, const void *value, unsigned long size,
                      int flags);
long change_attribute_link(long number, const char *path, const char *name, const void *value,
                           unsigned long size, int flags);
long change_attribute_of(long number, int fd, const char *name, const void *value, unsigned long size,
                         int flags);

long change_ioctl(int fd, unsigned long request, void *argument);

/* Whether the mounts and roots below a path may change: judged, and not done. */
long change_mount(const char *path);

#endif
