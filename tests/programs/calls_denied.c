/* calls_denied.c: tries to read and to change what a policy denies (secret/ in the current directory), by
 * every call and every spelling, and prints each that did not fail with EACCES. The last line says how
 * many were tried.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <glob.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>
#include <utime.h>
#ifdef __GLIBC__
#include <fts.h>
#else /* what musl does not have */
#define RENAME_NOREPLACE 1
#define RENAME_EXCHANGE 2
#define renameat2(...) syscall(SYS_renameat2, __VA_ARGS__)
#endif

static int tried;

static void judge(const char *what, int refused)
{
    tried++;
    if (refused && (errno == EACCES || errno == ENOSYS)) return; /* ENOSYS: where openat2 is missing */
    printf("got through: %s (%s)\n", what, refused ? strerror(errno) : "no error");
}

#define NUMBER(call) judge(#call, (errno = 0, (long)(call) < 0))
#define POINTER(call) judge(#call, (errno = 0, (call) == NULL))

static int nothing(const char *path, const struct stat *st, int type, struct FTW *at)
{
    (void)path, (void)st, (void)type, (void)at;
    return 0;
}

/* By every spelling that leads to secret/key. */
static void spellings(int dir, int path, int key)
{
    char here[4096], name[8300];
    if (!getcwd(here, sizeof here)) return;
    NUMBER(open("secret/key", O_RDONLY));
    NUMBER(open("./secret//key", O_RDONLY));
    NUMBER(open("public/../secret/key", O_RDONLY));
    NUMBER(open("secret/../secret/./key", O_RDONLY));
    NUMBER(open("to-secret/key", O_RDONLY));
    NUMBER(open("to-key", O_RDONLY));
    NUMBER(open("to-to-key", O_RDONLY));
    NUMBER(open("public/up/secret/key", O_RDONLY));
    NUMBER(open("/proc/self/cwd/secret/key", O_RDONLY));
    NUMBER(open("/proc/thread-self/cwd/to-key", O_RDONLY));
    snprintf(name, sizeof name, "%s/secret/key", here);
    NUMBER(open(name, O_RDONLY));
    snprintf(name, sizeof name, "/proc/self/root%s/secret/key", here);
    NUMBER(open(name, O_RDONLY));
    snprintf(name, sizeof name, "/proc/%d/root/%s/secret/key", getpid(), here);
    NUMBER(open(name, O_RDONLY));
    snprintf(name, sizeof name, "/proc/self/fd/%d", key);
    NUMBER(open(name, O_RDONLY));
    snprintf(name, sizeof name, "/dev/fd/%d", key);
    NUMBER(open(name, O_RDONLY));
    snprintf(name, sizeof name, "/proc/self/fd/%d/key", dir);
    NUMBER(open(name, O_RDONLY));
    snprintf(name, sizeof name, "/proc/self/task/%d/fd/%d/key", getpid(), path);
    NUMBER(open(name, O_RDONLY));
    NUMBER(openat(dir, "key", O_RDONLY));
    NUMBER(openat(path, "key", O_RDONLY));
    NUMBER(openat(path, "../secret/key", O_RDONLY));
    struct {
        unsigned long long flags, mode, resolve;
    } how = {0}, beneath = {.resolve = 8}, rooted = {.resolve = 16}; /* RESOLVE_BENEATH, RESOLVE_IN_ROOT */
    NUMBER(syscall(SYS_openat2, path, "key", &how, sizeof how));
    NUMBER(syscall(SYS_openat2, path, "key", &beneath, sizeof beneath));
    NUMBER(syscall(SYS_openat2, path, "/../key", &rooted, sizeof rooted));
    NUMBER(syscall(SYS_openat, AT_FDCWD, "secret/key", O_RDONLY));
    memset(name, '/', 3000);
    snprintf(name + 3000, sizeof name - 3000, "%s/secret/key", here);
    NUMBER(open(name, O_RDONLY));
    if (chdir("secret")) return;
    NUMBER(open("key", O_RDONLY));
    NUMBER(open("new", O_WRONLY | O_CREAT, 0600));
    NUMBER(open(".", O_RDONLY));
    if (chdir("..")) return;
}

static void openings(void)
{
    NUMBER(open64("secret/key", O_RDONLY));
    NUMBER(open("secret/key", O_WRONLY));
    NUMBER(open("secret/key", O_RDWR));
    NUMBER(open("secret/key", O_RDONLY | O_TRUNC));
    NUMBER(open("secret/new", O_WRONLY | O_CREAT, 0600));
    NUMBER(open("secret/new", O_RDONLY | O_CREAT, 0600));
    NUMBER(open("secret/new", O_WRONLY | O_CREAT | O_EXCL, 0600));
    NUMBER(open("to-new", O_WRONLY | O_CREAT, 0600));
    NUMBER(open("public/to-new", O_WRONLY | O_CREAT, 0600));
    NUMBER(open("secret", O_RDWR | O_TMPFILE, 0600));
    NUMBER(open("secret", O_RDONLY | O_DIRECTORY));
    NUMBER(creat("secret/key", 0600));
    NUMBER(creat("secret/new", 0600));
    NUMBER(openat64(AT_FDCWD, "secret/key", O_RDONLY));
    POINTER(fopen("secret/key", "r"));
    POINTER(fopen64("secret/key", "r+"));
    POINTER(fopen("secret/new", "w"));
    POINTER(fopen("secret/key", "r,ccs=UTF-8"));
    POINTER(freopen("secret/key", "r", fopen("public/file", "r")));
    POINTER(freopen("secret/new", "w", fopen("public/file", "r")));
    POINTER(opendir("secret"));
    POINTER(opendir("to-secret"));
    struct dirent **list;
    NUMBER(scandir("secret", &list, NULL, NULL));
    NUMBER(nftw("secret", nothing, 4, 0));
#ifdef __GLIBC__
    char *const paths[] = {"secret", NULL};
    POINTER(fts_open(paths, FTS_PHYSICAL, NULL));
    NUMBER(scandirat(AT_FDCWD, "secret", &list, NULL, NULL));
#endif
    glob_t found;
    NUMBER(glob("secret/*", 0, NULL, &found) == GLOB_ABORTED ? -1 : 0);
    char a[] = "secret/XXXXXX", b[] = "to-secret/XXXXXX.c", c[] = "secret/XXXXXX";
    NUMBER(mkstemp(a));
    NUMBER(mkstemps(b, 2));
    POINTER(mkdtemp(c));
}

static void changes(int dir, int readable)
{
    struct timeval micro[2] = {{0}};
    struct timespec times[2] = {{0}};
    struct utimbuf seconds = {0};
    NUMBER(unlink("secret/key"));
    NUMBER(unlink("to-secret/key"));
    NUMBER(unlinkat(dir, "key", 0));
    NUMBER(remove("secret/key"));
    NUMBER(rmdir("secret/folder"));
    NUMBER(rmdir("secret/folder/"));
    NUMBER(unlinkat(AT_FDCWD, "secret/folder", AT_REMOVEDIR));
    NUMBER(rename("secret/key", "public/key"));
    NUMBER(rename("secret", "moved"));
    NUMBER(rename("public/file", "secret/file"));
    NUMBER(rename("public/file", "secret/key"));
    NUMBER(renameat(dir, "key", AT_FDCWD, "public/key"));
    NUMBER(renameat2(AT_FDCWD, "public/file", AT_FDCWD, "secret/key", RENAME_EXCHANGE));
    NUMBER(link("secret/key", "public/hard"));
    NUMBER(link("public/file", "secret/hard"));
    NUMBER(linkat(AT_FDCWD, "to-key", AT_FDCWD, "public/hard", AT_SYMLINK_FOLLOW));
    NUMBER(linkat(dir, "key", AT_FDCWD, "public/hard", 0));
    NUMBER(symlink("anything", "secret/link"));
    NUMBER(mkdir("secret/dir", 0700));
    NUMBER(mkdir("to-secret/dir/", 0700));
    NUMBER(mkdirat(dir, "dir", 0700));
    NUMBER(mkfifo("secret/fifo", 0600));
    NUMBER(mkfifoat(dir, "fifo", 0600));
    NUMBER(mknod("secret/node", S_IFREG | 0600, 0));
    NUMBER(mknodat(dir, "node", S_IFREG | 0600, 0));
    NUMBER(truncate("secret/key", 0));
    NUMBER(truncate("to-key", 0));
    NUMBER(chmod("secret/key", 0777));
    NUMBER(chmod("to-key", 0777));
    NUMBER(fchmodat(dir, "key", 0777, 0));
    NUMBER(fchmod(readable, 0777));
    NUMBER(chown("secret/key", 0, 0));
    NUMBER(lchown("secret/key", 0, 0));
    NUMBER(fchown(readable, 0, 0));
    NUMBER(fchownat(dir, "key", 0, 0, 0));
    NUMBER(fchownat(readable, "", 0, 0, AT_EMPTY_PATH));
    NUMBER(utime("secret/key", &seconds));
    NUMBER(utimes("to-key", micro));
    NUMBER(lutimes("secret/key", micro));
    NUMBER(futimes(readable, micro));
    NUMBER(futimens(readable, times));
    NUMBER(futimesat(dir, "key", micro));
    NUMBER(utimensat(dir, "key", times, 0));
    NUMBER(setxattr("to-key", "user.x", "y", 1, 0));
    NUMBER(lsetxattr("secret/key", "user.x", "y", 1, 0));
    NUMBER(fsetxattr(readable, "user.x", "y", 1, 0));
    NUMBER(removexattr("secret/key", "user.x"));
    NUMBER(lremovexattr("secret/key", "user.x"));
    NUMBER(fremovexattr(readable, "user.x"));
    NUMBER(syscall(SYS_unlinkat, dir, "key", 0));
    NUMBER(syscall(SYS_renameat2, dir, "key", AT_FDCWD, "public/key", 0));
    NUMBER(syscall(SYS_mkdirat, dir, "dir", 0700));
#ifdef SYS_open
    NUMBER(syscall(SYS_open, "secret/key", O_RDONLY));
    NUMBER(syscall(SYS_unlink, "secret/key"));
    NUMBER(syscall(SYS_rename, "secret/key", "public/key"));
    NUMBER(syscall(SYS_chmod, "secret/key", 0777));
#endif
}

/* A spawned process opens files as well. */
static void spawned(void)
{
    posix_spawn_file_actions_t actions;
    char *const argv[] = {"true", NULL};
    pid_t pid;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 9, "secret/key", O_RDONLY, 0);
    errno = posix_spawn(&pid, "/bin/true", &actions, NULL, argv, NULL);
    judge("posix_spawn that opens secret/key", errno != 0);
    posix_spawn_file_actions_destroy(&actions);
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addchdir_np(&actions, "secret");
    posix_spawn_file_actions_addopen(&actions, 9, "new", O_WRONLY | O_CREAT, 0600);
    errno = posix_spawn(&pid, "/bin/true", &actions, NULL, argv, NULL);
    judge("posix_spawn that makes a file in secret", errno != 0);
    posix_spawn_file_actions_destroy(&actions);
}

/* `calls_denied FD`: descriptor FD is open for reading on secret/key. */
int main(int argc, char **argv)
{
    int readable = argc > 1 ? atoi(argv[1]) : -1;
    int dir = open("secret", O_PATH | O_DIRECTORY), path = open("secret", O_PATH),
        key = open("secret/key", O_PATH);
    spellings(dir, path, key);
    openings();
    changes(dir, readable);
    spawned();
    printf("%d tried\n", tried);
    return 0;
}
