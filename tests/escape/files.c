/* files.c: ways to the content of a file that may not be read. */
#include <linux/openat2.h>
#include <sys/mount.h>
#include <sys/prctl.h>

#include "attack.h"

ATTACK(openat_by_number, GOAL_READ, "", "openat as a raw system call")
{
    show((int)syscall(SYS_openat, AT_FDCWD, SECRET, O_RDONLY, 0));
}

ATTACK(open_by_number, GOAL_READ, "", "the old open")
{
    show((int)syscall(SYS_open, SECRET, O_RDONLY, 0));
}

ATTACK(openat2_by_number, GOAL_READ, "", "openat2, whose flags lie in memory")
{
    struct open_how how = {.flags = O_RDONLY};
    show((int)syscall(SYS_openat2, AT_FDCWD, SECRET, &how, sizeof how));
}

ATTACK(openat2_in_root, GOAL_READ, "", "openat2 that takes a directory for its root")
{
    struct open_how how = {.flags = O_RDONLY, .resolve = RESOLVE_IN_ROOT};
    int here = open(".", O_PATH | O_DIRECTORY);
    show((int)syscall(SYS_openat2, here, "/../" SECRET, &how, sizeof how));
}

static void by_prefix(const char *prefix)
{
    char path[3 * PATH_MAX];
    snprintf(path, sizeof path, "%s%s", prefix, absolute(SECRET));
    show(open(path, O_RDONLY));
}

ATTACK(through_own_root, GOAL_READ, "", "/proc/self/root/…")
{
    by_prefix("/proc/self/root");
}

ATTACK(through_thread_root, GOAL_READ, "", "/proc/thread-self/root/…")
{
    by_prefix("/proc/thread-self/root");
}

ATTACK(through_own_directory, GOAL_READ, "", "/proc/self/cwd/secret")
{
    show(open("/proc/self/cwd/" SECRET, O_RDONLY));
}

ATTACK(through_parents_directory, GOAL_READ, "", "/proc/PID/cwd of another process in the run")
{
    char path[64];
    if (fork()) {
        wait(NULL);
        return;
    }
    snprintf(path, sizeof path, "/proc/%d/cwd/" SECRET, getppid());
    show(open(path, O_RDONLY));
    _exit(0);
}

static void reopen(const char *format)
{
    char path[64];
    int fd = open(SECRET, O_PATH);
    snprintf(path, sizeof path, format, fd);
    show(open(path, O_RDONLY));
}

ATTACK(looked_at_and_opened_again, GOAL_READ, "", "O_PATH, then /proc/self/fd/N")
{
    reopen("/proc/self/fd/%d");
}

ATTACK(looked_at_and_opened_by_dev_fd, GOAL_READ, "", "O_PATH, then /dev/fd/N")
{
    reopen("/dev/fd/%d");
}

ATTACK(looked_at_and_opened_by_thread, GOAL_READ, "", "O_PATH, then /proc/thread-self/fd/N")
{
    reopen("/proc/thread-self/fd/%d");
}

ATTACK(looked_at_removed_and_opened, GOAL_READ, "", "O_PATH, the name removed, then /proc/self/fd/N")
{
    char path[64];
    int fd = open(SECRET, O_PATH);
    unlink("innocent");
    unlink(SECRET);
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    show(open(path, O_RDONLY));
}

ATTACK(looked_at_removed_one_name_of_two, GOAL_READ, "", "the same while a second link keeps the file alive")
{
    char path[64];
    int fd = open("box/secret", O_PATH);
    unlink("box/secret");
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    show(open(path, O_RDONLY));
}

ATTACK(looked_at_and_replaced, GOAL_READ, "",
       "O_PATH, another file renamed over the name, then /proc/self/fd/N")
{
    char path[64];
    int fd = open(SECRET, O_PATH);
    rename("plain", SECRET);
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    show(open(path, O_RDONLY));
}

ATTACK(a_symbolic_link, GOAL_READ, "", "a symbolic link of another name")
{
    if (symlink(SECRET, "link")) return;
    show(open("link", O_RDONLY));
}

ATTACK(links_through_proc, GOAL_READ, "", "a link to a link through /proc/self/cwd")
{
    if (symlink("/proc/self/cwd/" SECRET, "one") || symlink("one", "two")) return;
    show(open("two", O_RDONLY));
}

ATTACK(a_hard_link, GOAL_READ, "", "a new hard link, opened by its name")
{
    if (link(SECRET, "other")) return;
    show(open("other", O_RDONLY));
}

ATTACK(a_hard_link_by_descriptor, GOAL_READ, "", "linkat of /proc/self/fd/N")
{
    char path[64];
    snprintf(path, sizeof path, "/proc/self/fd/%d", open(SECRET, O_PATH));
    if (linkat(AT_FDCWD, path, AT_FDCWD, "other", AT_SYMLINK_FOLLOW)) return;
    show(open("other", O_RDONLY));
}

ATTACK(a_hard_link_of_nothing_named, GOAL_READ, "root", "linkat of a descriptor with AT_EMPTY_PATH")
{
    if (linkat(open(SECRET, O_PATH), "", AT_FDCWD, "other", AT_EMPTY_PATH)) return;
    show(open("other", O_RDONLY));
}

ATTACK(a_hard_link_from_before, GOAL_READ, "", "a hard link that was there before the run")
{
    show(open("innocent", O_RDONLY));
}

ATTACK(a_hard_link_from_before_to_outside, GOAL_READ, "",
       "a hard link that was there before the run, to a file elsewhere")
{
    show(open(OLD_LINK, O_RDONLY));
}

ATTACK(a_hard_link_to_outside_by_number, GOAL_READ, "", "the same by a raw system call, through a link")
{
    if (symlink(OLD_LINK, "link")) return;
    show((int)syscall(SYS_openat, AT_FDCWD, "link", O_RDONLY));
}

ATTACK(a_hard_link_to_outside_for_both, GOAL_READ, "", "the same, opened for reading and writing")
{
    show(open(OLD_LINK, O_RDWR));
}

ATTACK(a_hard_link_to_outside_renamed, GOAL_READ, "", "the same, under a name that was plainly read before")
{
    for (int i = 0; i < 3; i++)
        close(open("public/key", O_RDONLY));
    rename(OLD_LINK, "public/key");
    show(open("public/key", O_RDONLY));
}

ATTACK(a_hard_link_to_outside_in_a_directory, GOAL_READ, "", "the same, whose directory gets another name")
{
    if (mkdir("d", 0700) || link(OLD_LINK, "d/x")) rename("boxes", "d");
    rename("d", "e");
    show(open("e/keepsake", O_RDONLY));
    show(open("e/x", O_RDONLY));
}

ATTACK(a_hard_link_to_outside_looked_at, GOAL_READ, "", "the same by O_PATH and /proc/self/fd")
{
    char path[64];
    snprintf(path, sizeof path, "/proc/self/fd/%d", open(OLD_LINK, O_PATH));
    show(open(path, O_RDONLY));
}

ATTACK(a_new_name, GOAL_READ, "", "rename, then open")
{
    rename(SECRET, "other");
    show(open("other", O_RDONLY));
}

ATTACK(a_new_name_for_its_directory, GOAL_READ, "", "rename of the directory that a rule names")
{
    rename("private", "other");
    show(open("other/key", O_RDONLY));
}

ATTACK(a_new_name_for_a_directory_above, GOAL_READ, "", "rename of a directory above one that a rule names")
{
    rename("vault", "other");
    show(open("other/inner/key", O_RDONLY));
}

ATTACK(directories_exchanged, GOAL_READ, "", "RENAME_EXCHANGE of a directory above, and another")
{
    syscall(SYS_renameat2, AT_FDCWD, "vault", AT_FDCWD, "public", 2);
    show(open("public/inner/key", O_RDONLY));
}

ATTACK(a_file_by_its_handle, GOAL_READ, "root", "open_by_handle_at")
{
    char room[sizeof(struct file_handle) + 128] = {0};
    struct file_handle *handle = (struct file_handle *)room;
    int mount, here = open(".", O_RDONLY | O_DIRECTORY);
    handle->handle_bytes = 128;
    if (name_to_handle_at(AT_FDCWD, SECRET, handle, &mount, 0)) return;
    show(open_by_handle_at(here, handle, O_RDONLY));
}

ATTACK(a_path_beyond_all_bounds, GOAL_READ, "",
       "a directory moved so deep that its path has no name any more")
{
    char name[201];
    memset(name, 'd', sizeof name - 1);
    name[sizeof name - 1] = 0;
    int box = open(".", O_PATH | O_DIRECTORY);
    for (int i = 0; i < 25; i++)
        if (mkdir(name, 0700) || chdir(name)) return;
    if (renameat(box, "box", AT_FDCWD, "box")) return;
    show(open("box/secret", O_RDONLY));
}

static void *alone_in_its_directory(void *unused)
{
    if (unshare(CLONE_FS) || chdir("private")) return unused;
    show(open("key", O_RDONLY));
    return unused;
}

ATTACK(a_thread_with_a_directory_of_its_own, GOAL_READ, "", "unshare(CLONE_FS) in a thread, a relative name")
{
    pthread_t thread;
    if (!pthread_create(&thread, NULL, alone_in_its_directory, NULL)) pthread_join(thread, NULL);
}

static void *alone_with_its_descriptors(void *own)
{
    int fd = *(int *)own;
    if (unshare(CLONE_FILES)) return own;
    dup2(open("private", O_PATH), fd);
    show(openat(fd, "key", O_RDONLY));
    return own;
}

ATTACK(a_thread_with_descriptors_of_its_own, GOAL_READ, "",
       "unshare(CLONE_FILES): the same number, another directory")
{
    pthread_t thread;
    int fd = open("public", O_PATH);
    if (!pthread_create(&thread, NULL, alone_with_its_descriptors, &fd)) pthread_join(thread, NULL);
}

ATTACK(a_namespace_of_its_own, GOAL_READ, "", "a user namespace, and the file bound over another")
{
    if (unshare(CLONE_NEWUSER | CLONE_NEWNS)) return;
    if (mount(SECRET, "plain", NULL, MS_BIND, NULL)) return;
    show(open("plain", O_RDONLY));
}

ATTACK(a_child_in_a_namespace, GOAL_READ, "", "clone with CLONE_NEWUSER, and a chroot in it")
{
    pid_t child = (pid_t)syscall(SYS_clone, CLONE_NEWUSER | CLONE_NEWNS | SIGCHLD, 0, 0, 0, 0);
    if (!child) {
        if (!chroot(".")) show(open("/" SECRET, O_RDONLY));
        _exit(0);
    }
    if (child > 0) waitpid(child, NULL, 0);
}

ATTACK(a_root_of_its_own, GOAL_READ, "root", "chroot, and the file by another path")
{
    if (!chroot(".")) show(open("/" SECRET, O_RDONLY));
}

ATTACK(another_user, GOAL_READ, "root", "setresuid, and then a read in another's name")
{
    if (!setresuid(65534, 65534, 65534)) show(open(SECRET, O_RDONLY));
}

ATTACK(a_mount_that_hangs_nowhere, GOAL_READ, "root", "open_tree, and a file in it")
{
    int tree = (int)syscall(428, AT_FDCWD, "private", 1 | AT_RECURSIVE);
    show(openat(tree, "key", O_RDONLY));
}

ATTACK(bound_over_another, GOAL_READ, "root", "mount --bind over a file that may be read")
{
    if (!mount(SECRET, "plain", NULL, MS_BIND, NULL)) show(open("plain", O_RDONLY));
    umount2("plain", MNT_DETACH);
}

ATTACK(a_fence_of_its_own, GOAL_READ, "", "Landlock rules of its own, which let everything be read")
{
    struct {
        uint64_t files, net, scoped;
    } ruleset = {.files = 4};
    struct {
        uint64_t access;
        int32_t parent;
    } __attribute__((packed)) beneath = {4, open("/", O_PATH)};
    int fd = (int)syscall(444, &ruleset, sizeof ruleset.files, 0);
    if (fd < 0 || syscall(445, fd, 1, &beneath, 0)) return;
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    if (!syscall(446, fd, 0)) show(open(SECRET, O_RDONLY));
}

ATTACK(a_filter_of_its_own, GOAL_READ, "", "a seccomp filter of its own, which lets everything pass")
{
    struct {
        uint16_t code;
        uint8_t yes, no;
        uint32_t k;
    } allow = {6, 0, 0, 0x7fff0000};
    struct {
        uint16_t length;
        void *filter;
    } program = {1, &allow};
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    if (!syscall(SYS_seccomp, 1, 0, &program)) show(open(SECRET, O_RDONLY));
}

ATTACK(a_shared_tables_child, GOAL_READ, "",
       "a child that shares memory, directory and descriptors, on a small stack")
{
    static char stack[8192] __attribute__((aligned(16)));
    extern int open_secret(void *unused);
    int child = clone(open_secret, stack + sizeof stack,
                      CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_VFORK | SIGCHLD, NULL);
    if (child > 0) waitpid(child, NULL, 0);
}

int open_secret(void *unused)
{
    (void)unused;
    show((int)syscall(SYS_openat, AT_FDCWD, SECRET, O_RDONLY));
    syscall(SYS_exit, 0);
    return 0;
}

ATTACK(with_no_descriptor_left, GOAL_READ, "", "all descriptors used up but one")
{
    int last = -1, fd;
    while ((fd = dup(0)) >= 0)
        last = fd;
    close(last);
    show(open(SECRET, O_RDONLY));
}

ATTACK(a_pipe_of_an_outsider, GOAL_READ, "", "/proc/PID/fd/N of a process outside the run")
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/fd/%d", number_of("OUTSIDER"), number_of("OUTSIDER_PIPE"));
    int fd = open(path, O_RDONLY | O_NONBLOCK);
    char text[200];
    ssize_t got = fd < 0 ? -1 : read(fd, text, sizeof text);
    if (got > 0 && write(STDOUT_FILENO, text, (size_t)got) < 0) perror("write");
}

ATTACK(a_descriptor_of_an_outsider, GOAL_READ, "", "pidfd_getfd from a process outside the run")
{
    int process = (int)syscall(SYS_pidfd_open, number_of("OUTSIDER"), 0);
    int fd = (int)syscall(SYS_pidfd_getfd, process, number_of("OUTSIDER_PIPE"), 0);
    char text[200];
    if (fd < 0) return;
    fcntl(fd, F_SETFL, O_NONBLOCK);
    ssize_t got = read(fd, text, sizeof text);
    if (got > 0 && write(STDOUT_FILENO, text, (size_t)got) < 0) perror("write");
}
