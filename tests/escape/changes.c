/* changes.c: ways to change what may be read and not changed. */
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/time.h>
#include <sys/un.h>
#include <sys/xattr.h>
#include <utime.h>

#include "attack.h"

static int reading(void)
{
    return open(PRECIOUS, O_RDONLY);
}

ATTACK(write_by_number, GOAL_CHANGE, "", "openat for writing as a raw system call")
{
    int fd = (int)syscall(SYS_openat, AT_FDCWD, PRECIOUS, O_WRONLY | O_APPEND);
    if (write(fd, "x", 1) < 0) perror("write");
}

ATTACK(truncated_by_a_reader, GOAL_CHANGE, "", "O_RDONLY|O_TRUNC")
{
    open(PRECIOUS, O_RDONLY | O_TRUNC);
}

ATTACK(truncated_by_path, GOAL_CHANGE, "", "truncate")
{
    if (truncate(PRECIOUS, 1)) perror("truncate");
}

ATTACK(created_anew, GOAL_CHANGE, "", "creat")
{
    syscall(SYS_creat, PRECIOUS, 0600);
}

ATTACK(reopened_for_writing, GOAL_CHANGE, "", "a descriptor for reading, opened again for writing")
{
    char path[64];
    snprintf(path, sizeof path, "/proc/self/fd/%d", reading());
    int fd = open(path, O_WRONLY | O_APPEND);
    if (write(fd, "x", 1) < 0) perror("write");
}

ATTACK(outside_by_dots, GOAL_CHANGE, "", "../outside")
{
    int fd = open("../outside", O_WRONLY | O_APPEND);
    if (write(fd, "x", 1) < 0) perror("write");
}

ATTACK(outside_by_link, GOAL_CHANGE, "", "a symbolic link to a file outside")
{
    if (symlink("../outside", "link")) return;
    int fd = open("link", O_WRONLY | O_APPEND);
    if (write(fd, "x", 1) < 0) perror("write");
}

ATTACK(outside_by_a_hard_link_from_before, GOAL_CHANGE, "", "a hard link from before to a file elsewhere")
{
    int fd = open(OLD_WRITABLE, O_WRONLY | O_APPEND);
    if (write(fd, "x", 1) < 0) perror("write");
}

ATTACK(outside_emptied_by_a_hard_link_from_before, GOAL_CHANGE, "", "the same by O_RDONLY|O_TRUNC")
{
    open(OLD_WRITABLE, O_RDONLY | O_TRUNC);
}

ATTACK(outside_truncated_by_a_hard_link_from_before, GOAL_CHANGE, "", "the same by truncate")
{
    if (truncate(OLD_WRITABLE, 1)) perror("truncate");
}

ATTACK(outside_opened_up_by_a_hard_link_from_before, GOAL_CHANGE, "", "the same by fchmod of a reader")
{
    if (fchmod(open(OLD_WRITABLE, O_RDONLY), 0777)) perror("fchmod");
}

ATTACK(outside_described_by_a_hard_link_from_before, GOAL_CHANGE, "", "the same by an extended attribute")
{
    if (setxattr(OLD_WRITABLE, "user.new", "x", 1, 0)) perror("setxattr");
}

ATTACK(outside_by_hard_link, GOAL_CHANGE, "", "a hard link to a file outside")
{
    if (link("../outside", "link")) return;
    int fd = open("link", O_WRONLY | O_APPEND);
    if (write(fd, "x", 1) < 0) perror("write");
}

ATTACK(a_dangling_link, GOAL_CHANGE, "", "O_CREAT through a link to what is not there yet")
{
    if (symlink("kept/new", "link")) return;
    open("link", O_CREAT | O_WRONLY, 0600);
}

ATTACK(removed, GOAL_CHANGE, "", "unlink")
{
    unlink(PRECIOUS);
}

ATTACK(removed_at, GOAL_CHANGE, "", "unlinkat beside a descriptor")
{
    unlinkat(open("kept", O_PATH), "precious", 0);
}

ATTACK(directory_removed, GOAL_CHANGE, "", "rmdir")
{
    rmdir("kept/empty");
}

ATTACK(moved_away, GOAL_CHANGE, "", "rename")
{
    rename(PRECIOUS, "away");
}

ATTACK(moved_over, GOAL_CHANGE, "", "another file renamed over it")
{
    rename("plain", PRECIOUS);
}

ATTACK(exchanged, GOAL_CHANGE, "", "RENAME_EXCHANGE")
{
    syscall(SYS_renameat2, AT_FDCWD, PRECIOUS, AT_FDCWD, "plain", 2);
}

ATTACK(linked_into, GOAL_CHANGE, "", "a hard link in a directory that is kept")
{
    if (link("plain", "kept/new")) perror("link");
}

ATTACK(symlinked_into, GOAL_CHANGE, "", "a symbolic link in it")
{
    if (symlink("plain", "kept/new")) perror("symlink");
}

ATTACK(directory_made, GOAL_CHANGE, "", "mkdir in it")
{
    mkdir("kept/new", 0700);
}

ATTACK(fifo_made, GOAL_CHANGE, "", "mknod in it")
{
    mknod("kept/new", S_IFIFO | 0600, 0);
}

ATTACK(unnamed_and_linked, GOAL_CHANGE, "", "O_TMPFILE, and linkat of its descriptor")
{
    char path[64];
    snprintf(path, sizeof path, "/proc/self/fd/%d", open(".", O_TMPFILE | O_RDWR, 0600));
    if (linkat(AT_FDCWD, path, AT_FDCWD, "kept/new", AT_SYMLINK_FOLLOW)) perror("linkat");
}

ATTACK(a_socket_made, GOAL_CHANGE, "", "bind of a UNIX socket in it")
{
    struct sockaddr_un address = {AF_UNIX, "kept/new"};
    bind(socket(AF_UNIX, SOCK_STREAM, 0), (struct sockaddr *)&address, sizeof address);
}

ATTACK(mode_changed, GOAL_CHANGE, "", "chmod")
{
    chmod(PRECIOUS, 0700);
}

ATTACK(mode_changed_by_descriptor, GOAL_CHANGE, "", "fchmod of a descriptor for reading")
{
    fchmod(reading(), 0700);
}

ATTACK(mode_changed_through_proc, GOAL_CHANGE, "", "fchmodat of /proc/self/fd/N of an O_PATH descriptor")
{
    char path[64];
    snprintf(path, sizeof path, "/proc/self/fd/%d", open(PRECIOUS, O_PATH));
    fchmodat(AT_FDCWD, path, 0700, 0);
}

ATTACK(mode_changed_newly, GOAL_CHANGE, "", "fchmodat2 with AT_EMPTY_PATH")
{
    syscall(452, reading(), "", 0700, AT_EMPTY_PATH);
}

ATTACK(owner_changed, GOAL_CHANGE, "root", "chown")
{
    if (chown(PRECIOUS, 1, 1)) perror("chown");
}

ATTACK(owner_changed_by_descriptor, GOAL_CHANGE, "root", "fchown of a descriptor for reading")
{
    if (fchown(reading(), 1, 1)) perror("fchown");
}

ATTACK(owner_changed_at, GOAL_CHANGE, "root", "fchownat with AT_EMPTY_PATH")
{
    if (fchownat(open(PRECIOUS, O_PATH), "", 1, 1, AT_EMPTY_PATH)) perror("fchownat");
}

ATTACK(times_changed, GOAL_CHANGE, "", "utimensat")
{
    const struct timespec times[2] = {{1, 0}, {1, 0}};
    utimensat(AT_FDCWD, PRECIOUS, times, 0);
}

ATTACK(times_changed_by_descriptor, GOAL_CHANGE, "", "futimens of a descriptor for reading")
{
    const struct timespec times[2] = {{1, 0}, {1, 0}};
    futimens(reading(), times);
}

ATTACK(times_changed_the_old_way, GOAL_CHANGE, "", "utime")
{
    const struct utimbuf times = {1, 1};
    syscall(SYS_utime, PRECIOUS, &times);
}

ATTACK(times_changed_the_other_old_way, GOAL_CHANGE, "", "futimesat")
{
    const struct timeval times[2] = {{1, 0}, {1, 0}};
    syscall(SYS_futimesat, AT_FDCWD, PRECIOUS, times);
}

ATTACK(attribute_set, GOAL_CHANGE, "", "setxattr")
{
    setxattr(PRECIOUS, "user.new", "x", 1, 0);
}

ATTACK(attribute_set_by_descriptor, GOAL_CHANGE, "", "fsetxattr of a descriptor for reading")
{
    fsetxattr(reading(), "user.new", "x", 1, 0);
}

ATTACK(attribute_removed, GOAL_CHANGE, "", "removexattr")
{
    removexattr(PRECIOUS, "user.old");
}

ATTACK(attribute_removed_by_descriptor, GOAL_CHANGE, "", "fremovexattr")
{
    fremovexattr(reading(), "user.old");
}

ATTACK(attribute_set_newly, GOAL_CHANGE, "", "setxattrat")
{
    struct {
        uint64_t value;
        uint32_t size, flags;
    } args = {(uint64_t)(uintptr_t) "x", 1, 0};
    syscall(463, AT_FDCWD, PRECIOUS, 0, "user.new", &args, sizeof args);
}

ATTACK(flags_set, GOAL_CHANGE, "", "FS_IOC_SETFLAGS on a descriptor for reading")
{
    int fd = reading(), flags = 0;
    ioctl(fd, FS_IOC_GETFLAGS, &flags);
    flags |= FS_NODUMP_FL;
    ioctl(fd, FS_IOC_SETFLAGS, &flags);
}

ATTACK(flags_set_the_other_way, GOAL_CHANGE, "", "FS_IOC_FSSETXATTR")
{
    struct fsxattr attributes;
    int fd = reading();
    if (ioctl(fd, FS_IOC_FSGETXATTR, &attributes)) return;
    attributes.fsx_xflags |= FS_XFLAG_NODUMP;
    ioctl(fd, FS_IOC_FSSETXATTR, &attributes);
}

ATTACK(flags_set_newly, GOAL_CHANGE, "", "file_setattr")
{
    struct {
        uint64_t flags;
        uint32_t extent, count, project, cow;
    } attributes = {0};
    syscall(468, AT_FDCWD, PRECIOUS, &attributes, sizeof attributes, 0);
    attributes.flags |= FS_XFLAG_NODUMP;
    syscall(469, AT_FDCWD, PRECIOUS, &attributes, sizeof attributes, 0);
}

ATTACK(a_hook_beside_its_directory, GOAL_CHANGE, "", "mv .git x, a hook written to x/hooks, mv x .git")
{
    rename(".git", "x");
    put_file("x/hooks/pre-commit", "#!/bin/sh\n");
    rename("x", ".git");
}

ATTACK(a_hook_brought_along, GOAL_CHANGE, "",
       "a directory made elsewhere and renamed to one that is above what is kept")
{
    mkdir("new", 0700);
    mkdir("new/hooks", 0700);
    put_file("new/hooks/pre-commit", "#!/bin/sh\n");
    syscall(SYS_renameat2, AT_FDCWD, "new", AT_FDCWD, ".git", 2);
}

ATTACK(a_hook_by_a_link_above, GOAL_CHANGE, "", "the directory above replaced by a link")
{
    mkdir("new", 0700);
    mkdir("new/hooks", 0700);
    put_file("new/hooks/pre-commit", "#!/bin/sh\n");
    rename(".git", "old");
    if (symlink("new", ".git")) perror("symlink");
}
