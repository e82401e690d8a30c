/* calls_files.c: makes every call on files that the shim wraps, in all the ways that succeed and fail, and
 * prints what came of each. Run bare and guarded by a policy that allows everything, it has to print the
 * same. It works in the current directory, which has to be empty.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <glob.h>
#include <limits.h>
#include <mntent.h>
#include <mqueue.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/un.h>
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

#define SAY(what) say(#what, (errno = 0, (long)(what)))
#define FD(what) say_fd(#what, (errno = 0, (what)))

static void say(const char *what, long result)
{
    printf("%s = %ld%s%s\n", what, result, result < 0 ? ", " : "", result < 0 ? strerror(errno) : "");
}

/* A descriptor: what it can do and what it leads to, but not its number. */
static void say_fd(const char *what, int fd)
{
    struct stat st;
    if (fd < 0) {
        say(what, fd);
        return;
    }
    int flags = fcntl(fd, F_GETFL), close_on_exec = fcntl(fd, F_GETFD);
    fstat(fd, &st);
    printf("%s: flags %o, cloexec %d, mode %o, size %ld, lowest %d\n", what, (unsigned)(flags & ~O_NOFOLLOW),
           close_on_exec, st.st_mode, S_ISDIR(st.st_mode) ? 0L : (long)st.st_size, fd);
    close(fd);
}

static const char *volatile nothing; /* NULL that the compiler does not see */

static void put(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);
    if (write(fd, text, strlen(text)) < 0) perror(path);
    close(fd);
}

static void opens(void)
{
    put("file", "text");
    mkdir("dir", 0755);
    put("dir/inner", "inner");
    symlink("file", "link");
    symlink("dir", "dirlink");
    symlink("nowhere", "dangling");
    symlink("dir/made", "to-make");
    symlink("loop", "loop");
    mkfifo("fifo", 0644);
    umask(027);
    FD(open("file", O_RDONLY));
    FD(open("./file", O_RDONLY));
    FD(open("dir/../file", O_RDONLY));
    FD(open("dirlink/../file", O_RDONLY));
    FD(open("dir//inner", O_RDONLY));
    FD(open("file", O_RDWR));
    FD(open("file", O_WRONLY | O_APPEND));
    FD(open("file", O_RDONLY | O_CLOEXEC));
    FD(open("file", O_RDONLY | O_NONBLOCK | O_NOATIME));
    FD(open("file", O_PATH));
    FD(open("link", O_PATH | O_NOFOLLOW));
    FD(open("link", O_RDONLY));
    FD(open("link", O_RDONLY | O_NOFOLLOW));
    FD(open("dirlink", O_RDONLY | O_DIRECTORY | O_NOFOLLOW));
    FD(open("dirlink/inner", O_RDONLY | O_NOFOLLOW));
    FD(open("link", O_RDWR | O_CREAT, 0600));
    FD(open("link", O_RDWR | O_CREAT | O_EXCL, 0600));
    FD(open("dangling", O_RDONLY));
    FD(open("dangling", O_RDWR | O_CREAT | O_EXCL, 0600));
    FD(open("dangling", O_RDWR | O_CREAT | O_NOFOLLOW, 0600));
    FD(open("to-make", O_RDWR | O_CREAT, 0666));
    SAY(access("dir/made", F_OK));
    FD(open("loop", O_RDONLY));
    FD(open("loop", O_RDWR | O_CREAT, 0600));
    FD(open("new", O_RDWR | O_CREAT, 0777));
    FD(open("new", O_RDWR | O_CREAT | O_EXCL, 0777));
    FD(open("new", O_RDONLY | O_CREAT, 0777));
    FD(open("new2", O_RDONLY | O_CREAT, 0666));
    FD(open("dir/newer", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0640));
    FD(open("missing/new", O_RDWR | O_CREAT, 0777));
    FD(open("new3/", O_RDWR | O_CREAT, 0777));
    FD(open("file/", O_RDONLY));
    FD(open("file/x", O_RDONLY));
    FD(open("file/x", O_RDONLY | O_CREAT, 0600));
    FD(open("dir", O_RDONLY));
    FD(open("dir/", O_RDONLY));
    FD(open("dir/.", O_RDONLY | O_DIRECTORY));
    FD(open("dir", O_RDWR));
    FD(open("dir", O_RDONLY | O_CREAT, 0600));
    FD(open("dirlink", O_RDONLY | O_CREAT, 0600));
    FD(open("file", O_RDONLY | O_DIRECTORY));
    FD(open(".", O_RDWR | O_TMPFILE, 0644));
    FD(open("dirlink", O_RDWR | O_TMPFILE, 0644));
    FD(open("file", O_RDWR | O_TMPFILE, 0644));
    FD(open("file", O_RDONLY | O_TRUNC));
    FD(open("", O_RDONLY));
    FD(open("", O_RDONLY | O_CREAT, 0600));
    FD(open(nothing, O_RDONLY));
    FD(open("/", O_RDONLY));
    FD(open("//", O_RDONLY));
    FD(open("..", O_RDONLY | O_DIRECTORY));
    FD(open("missing", O_RDONLY));
    FD(open("missing/..", O_RDONLY));
    FD(open("fifo", O_RDONLY | O_NONBLOCK));
    FD(open("fifo", O_WRONLY | O_NONBLOCK));
    FD(open("fifo", O_RDWR));
    FD(open("file", O_WRONLY | O_RDWR));
    FD(open("/dev/null", O_RDWR | O_CREAT | O_TRUNC, 0666));
    FD(open("/dev/stdin", O_RDONLY));
    FD(open("/proc/self/status", O_RDONLY));
    FD(open("/proc/self/exe", O_RDONLY));
    FD(open("/proc/self/root/etc/passwd", O_RDONLY));
    FD(open("/proc/self/cwd/link", O_RDONLY));
    FD(open("/proc/thread-self/fd/0", O_RDONLY));
    FD(open("/proc/self/fd/77", O_RDONLY));
    char name[5000];
    memset(name, 'n', sizeof name - 1);
    name[sizeof name - 1] = 0;
    FD(open(name, O_RDONLY));
    name[256] = 0;
    FD(open(name, O_RDONLY | O_CREAT, 0600));
    name[255] = 0;
    FD(open(name, O_RDONLY | O_CREAT, 0600));
    unlink(name);
    memset(name, '/', 4090);
    strcpy(name + 4000, "etc/passwd");
    FD(open(name, O_RDONLY));
    FD(creat("created", 0666));
    FD(open("file", O_RDONLY | 0x40000000)); /* an unknown flag is no error */
}

static void opens_at(void)
{
    int dir = open("dir", O_RDONLY | O_DIRECTORY), path = open("dir", O_PATH), file = open("file", O_RDONLY);
    put("file", "text");
    FD(openat(dir, "inner", O_RDONLY));
    FD(openat(path, "inner", O_RDONLY));
    FD(openat(dir, "../link", O_RDONLY));
    FD(openat(dir, "fresh", O_RDWR | O_CREAT, 0666));
    FD(openat(dir, ".", O_RDONLY));
    FD(openat(dir, "", O_RDONLY));
    FD(openat(file, "x", O_RDONLY));
    FD(openat(99, "inner", O_RDONLY));
    FD(openat(99, "/etc/passwd", O_RDONLY));
    FD(openat(-1, "inner", O_RDONLY | O_CREAT, 0600));
    char name[64];
    snprintf(name, sizeof name, "/proc/self/fd/%d", file);
    FD(open(name, O_RDONLY));
    FD(open(name, O_WRONLY));
    snprintf(name, sizeof name, "/dev/fd/%d", file);
    FD(open(name, O_WRONLY | O_CREAT | O_TRUNC, 0600));
    snprintf(name, sizeof name, "/proc/self/fd/%d/inner", dir);
    FD(open(name, O_RDONLY));
    snprintf(name, sizeof name, "/proc/self/fd/%d/fresh2", path);
    FD(open(name, O_WRONLY | O_CREAT, 0600));
    int memory = memfd_create("m", 0), pipes[2];
    snprintf(name, sizeof name, "/proc/self/fd/%d", memory);
    FD(open(name, O_RDWR));
    FD(open(name, O_RDWR | O_CREAT | O_TRUNC, 0600));
    if (pipe(pipes)) return;
    snprintf(name, sizeof name, "/dev/fd/%d", pipes[1]);
    FD(open(name, O_WRONLY));
    FD(open(name, O_WRONLY | O_CREAT | O_TRUNC, 0600));
    put("gone", "deleted");
    int gone = open("gone", O_RDONLY);
    unlink("gone");
    snprintf(name, sizeof name, "/proc/self/fd/%d", gone);
    FD(open(name, O_RDWR));
    put("odd (deleted)", "not deleted");
    FD(open("odd (deleted)", O_RDONLY));
    SAY(syscall(SYS_openat, AT_FDCWD, "missing", O_RDONLY));
    FD((int)syscall(SYS_openat, AT_FDCWD, "link", O_RDONLY | O_CLOEXEC));
    close(dir), close(path), close(file), close(memory), close(pipes[0]), close(pipes[1]), close(gone);
}

static void say_stream(const char *what, FILE *stream, const char *more)
{
    char line[64] = "";
    if (!stream) {
        say(what, -1);
        return;
    }
    long where = ftell(stream);
    int flags = fcntl(fileno(stream), F_GETFL), cloexec = fcntl(fileno(stream), F_GETFD);
    if (more) fputs(more, stream), fflush(stream);
    rewind(stream);
    if (!fgets(line, sizeof line, stream)) strcpy(line, "-");
    printf("%s: at %ld, flags %o, cloexec %d, reads %s\n", what, where, (unsigned)(flags & ~O_NOFOLLOW),
           cloexec, line);
    fclose(stream);
}
#define STREAM(what, more) say_stream(#what, (errno = 0, (what)), more)

static void streams(void)
{
    static const char *modes[] = {"r",   "r+", "a",   "a+",   "w", "w+",          "wx",           "wxe",
                                  "re",  "rb", "r+b", "rb+e", "z", "r,ccs=UTF-8", "w+,ccs=UTF-8", "rm",
                                  "rce", NULL};
    for (int i = 0; modes[i]; i++) {
        char what[64];
        put("stream", "first line");
        snprintf(what, sizeof what, "fopen stream %s", modes[i]);
        errno = 0;
        say_stream(what, fopen("stream", modes[i]), strchr(modes[i], 'c') ? NULL : "more");
    }
    STREAM(fopen("link", "r"), NULL);
    STREAM(fopen("missing", "r"), NULL);
    STREAM(fopen("fresh-stream", "wx"), "x");
    STREAM(fopen("dir", "r"), NULL);
    STREAM(fopen("dir", "w"), NULL);
    put("stream", "first line");
    FILE *stream = fopen("file", "r");
    int before = fileno(stream);
    FILE *again = freopen("stream", "r+", stream);
    SAY(fileno(again) == before);
    say_stream("freopen", again, "changed");
    STREAM(freopen("missing", "r", fopen("file", "r")), NULL);
    STREAM(freopen("reopened", "w+x", fopen("file", "r")), "x");
    STREAM(freopen("reopened", "w+x", fopen("file", "r")), "x");
    STREAM(freopen(NULL, "r", fopen("file", "r+")), NULL);
    STREAM(freopen(NULL, "r+", fopen("file", "r")), NULL);
    STREAM(freopen(NULL, "a", fopen("file", "w")), NULL);
    STREAM(tmpfile(), "x");
    FILE *mounts = setmntent("/proc/mounts", "r");
    SAY(mounts != NULL);
    if (mounts) endmntent(mounts);
}

static int walked;
static int walk(const char *path, const struct stat *st, int type, struct FTW *at)
{
    (void)path, (void)st, (void)type, (void)at;
    walked++;
    return 0;
}
static int any(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

static void directories(void)
{
    DIR *dir = opendir("dirlink");
    SAY(dir != NULL);
    SAY(fcntl(dirfd(dir), F_GETFD));
    closedir(dir);
    SAY(opendir("file") != NULL);
    SAY(opendir("missing") != NULL);
    SAY(opendir("") != NULL);
    struct dirent **list;
    SAY(scandir("dir", &list, any, alphasort));
    SAY(scandir("missing", &list, any, alphasort));
#ifdef __GLIBC__
    SAY(scandirat(AT_FDCWD, "dir/.", &list, any, alphasort));
#endif
    SAY(nftw(".", walk, 8, FTW_PHYS));
    SAY(walked);
    SAY(nftw("missing", walk, 8, FTW_PHYS));
#ifdef __GLIBC__
    char *const paths[] = {"dir", NULL};
    FTS *fts = fts_open(paths, FTS_PHYSICAL, NULL);
    int entries = 0;
    while (fts && fts_read(fts))
        entries++;
    SAY(entries);
    if (fts) fts_close(fts);
#endif
    glob_t found;
    SAY(glob("di?/in*", 0, NULL, &found));
    SAY(found.gl_pathc);
    SAY(glob("missing/*", 0, NULL, &found));
    SAY(glob("/etc/pass*d", 0, NULL, &found));
    SAY(strcmp(found.gl_pathv[0], "/etc/passwd"));
}

static void temporaries(void)
{
    char a[] = "tmp.XXXXXX", b[] = "tmpXXXXXX.end", c[] = "noX", d[] = "missing/XXXXXX", e[] = "dir.XXXXXX",
         f[] = "aXXXXXb";
    FD(mkstemp(a));
    SAY(access(a, R_OK | W_OK));
    FD(mkostemps(b, 4, O_CLOEXEC | O_APPEND));
    SAY(strcmp(b + 9, ".end"));
    FD(mkstemp(c));
    FD(mkstemp(d));
    FD(mkstemps(f, 1));
    FD(mkstemps(f, 99));
    SAY(mkdtemp(e) == e);
    SAY(rmdir(e));
    char name[64];
    snprintf(name, sizeof name, "/calls-%d", getpid());
#define SHM(what, more) say_fd("shm_open " #what, (errno = 0, shm_open(name, what, more)))
    SHM(O_RDWR | O_CREAT | O_EXCL, 0600);
    SHM(O_RDWR | O_CREAT | O_EXCL, 0600);
    SHM(O_RDONLY, 0);
    SAY(shm_unlink(name));
    SAY(shm_unlink(name));
    FD(shm_open("a/b", O_RDONLY, 0));
    FD(shm_open("/", O_RDONLY, 0));
    sem_t *semaphore = sem_open(name, O_CREAT, 0600, 3);
    int value = -1;
    SAY(semaphore != SEM_FAILED);
    sem_getvalue(semaphore, &value);
    SAY(value);
    sem_close(semaphore);
    SAY(sem_unlink(name));
    SAY(sem_unlink(name));
    SAY(sem_open("/missing-semaphore", 0) == SEM_FAILED);
    mqd_t queue = mq_open(name, O_CREAT | O_RDWR, 0600, NULL);
    SAY(queue != (mqd_t)-1);
    SAY(mq_unlink(name));
    SAY(mq_unlink(name));
}

static void say_mode(const char *path)
{
    struct stat st;
    errno = 0;
    if (lstat(path, &st)) {
        say(path, -1);
        return;
    }
    printf("%s: mode %o, size %ld, links %ld, atime %ld.%09ld, mtime %ld\n", path, st.st_mode,
           S_ISDIR(st.st_mode) ? 0L : (long)st.st_size, S_ISDIR(st.st_mode) ? 0L : (long)st.st_nlink,
           st.st_atim.tv_sec > 5000 ? 0 : st.st_atim.tv_sec,
           st.st_atim.tv_sec > 5000 ? 0 : st.st_atim.tv_nsec, st.st_mtime > 5000 ? 0 : (long)st.st_mtime);
}

static void names(void)
{
    put("one", "1");
    put("two", "22");
    symlink("one", "to-one");
    mkdir("folder", 0755);
    mkdir("full", 0755);
    put("full/x", "");
    SAY(unlink("missing"));
    SAY(unlink("folder"));
    SAY(unlink("folder/"));
    SAY(unlink("one/"));
    SAY(unlink("."));
    SAY(unlink(".."));
    SAY(unlink("/"));
    SAY(unlink(""));
    SAY(unlink(nothing));
    SAY(rmdir("one"));
    SAY(rmdir("full"));
    SAY(rmdir("."));
    SAY(rmdir("full/.."));
    SAY(rmdir("dirlink"));
    SAY(rmdir("dirlink/"));
    SAY(rmdir("missing/x"));
    SAY(rename("one", "uno"));
    SAY(rename("uno", "one"));
    SAY(rename("one/", "uno"));
    SAY(rename("one", "uno/"));
    SAY(rename("missing", "uno"));
    SAY(rename("one", "missing/uno"));
    SAY(rename("folder", "full"));
    SAY(rename("folder/", "folder2/"));
    SAY(rename("folder2", "folder"));
    SAY(rename("full", "full/inside"));
    SAY(rename(".", "x"));
    SAY(rename("one", ".."));
    SAY(rename("to-one", "to-uno"));
    SAY(rename("to-uno", "to-one"));
    SAY(renameat2(AT_FDCWD, "one", AT_FDCWD, "two", RENAME_NOREPLACE));
    SAY(renameat2(AT_FDCWD, "one", AT_FDCWD, "two", RENAME_EXCHANGE));
    say_mode("one");
    SAY(renameat2(AT_FDCWD, "one", AT_FDCWD, "two", 77));
    SAY(link("one", "hard"));
    SAY(link("one", "hard"));
    SAY(link("to-one", "hard-link"));
    say_mode("hard-link");
    SAY(linkat(AT_FDCWD, "to-one", AT_FDCWD, "hard-file", AT_SYMLINK_FOLLOW));
    say_mode("hard-file");
    SAY(link("folder", "hard-folder"));
    SAY(link("missing", "x"));
    SAY(link("one", "x/"));
    SAY(link("one", "."));
    int unnamed = open(".", O_TMPFILE | O_RDWR, 0600);
    char name[64];
    snprintf(name, sizeof name, "/proc/self/fd/%d", unnamed);
    SAY(linkat(AT_FDCWD, name, AT_FDCWD, "named", AT_SYMLINK_FOLLOW));
    say_mode("named");
    close(unnamed);
    SAY(symlink("anything", "sym"));
    SAY(symlink("anything", "sym"));
    SAY(symlink("anything", "missing/sym"));
    SAY(symlink("", "sym2"));
    SAY(mkdir("folder", 0777));
    SAY(mkdir("made/", 0777));
    say_mode("made");
    SAY(mkdir("dangling", 0777));
    SAY(mkdir("missing/x", 0777));
    SAY(mkdir("folder/..", 0777));
    SAY(mkdir("/", 0777));
    SAY(mkdir("one/x", 0777));
    SAY(mkdir("", 0777));
    SAY(mkfifo("pipe", 0666));
    SAY(mkfifo("pipe", 0666));
    say_mode("pipe");
    SAY(mknod("plain", S_IFREG | 0666, 0));
    say_mode("plain");
    SAY(remove("plain"));
    SAY(remove("made"));
    SAY(remove("full"));
    SAY(remove("missing"));
    SAY(unlink("to-one"));
    SAY(unlink("hard"));
    SAY(unlinkat(AT_FDCWD, "folder", AT_REMOVEDIR));
    SAY(unlinkat(AT_FDCWD, "two", AT_REMOVEDIR));
    SAY(unlinkat(99, "two", 0));
    SAY(unlinkat(AT_FDCWD, "two", 12345));
}

static void attributes(void)
{
    struct timespec times[2] = {{1000, 5}, {2000, 6}}, bad[2] = {{0, 2000000000}, {0, 0}};
    struct timeval micro[2] = {{300, 7}, {400, 8}}, bad_micro[2] = {{0, 2000000}, {0, 0}};
    struct utimbuf seconds = {500, 600};
    put("attr", "1234567890");
    symlink("attr", "to-attr");
    int readable = open("attr", O_RDONLY), writable = open("attr", O_RDWR), path = open("attr", O_PATH);
    SAY(truncate("attr", 5));
    SAY(truncate("to-attr", 4));
    SAY(truncate("missing", 4));
    SAY(truncate("dir", 4));
    SAY(truncate("attr", -1));
    say_mode("attr");
    SAY(chmod("attr", 0600));
    SAY(chmod("to-attr", 0640));
    SAY(chmod("missing", 0640));
    SAY(lchmod("attr", 0644));
    SAY(lchmod("to-attr", 0644));
    SAY(fchmodat(AT_FDCWD, "to-attr", 0611, 0));
    SAY(fchmodat(AT_FDCWD, "to-attr", 0611, AT_SYMLINK_NOFOLLOW));
    SAY(fchmodat(AT_FDCWD, "attr", 0611, 0x4000));
    SAY(fchmod(readable, 0600));
    SAY(fchmod(writable, 0622));
    SAY(fchmod(path, 0622));
    SAY(fchmod(99, 0622));
    say_mode("attr");
    SAY(chown("attr", getuid(), getgid()));
    SAY(chown("missing", getuid(), getgid()));
    SAY(lchown("to-attr", getuid(), getgid()));
    SAY(lchown("dangling", getuid(), getgid()));
    SAY(chown("dangling", getuid(), getgid()));
    SAY(fchown(readable, getuid(), getgid()));
    SAY(fchownat(AT_FDCWD, "to-attr", getuid(), getgid(), AT_SYMLINK_NOFOLLOW));
    SAY(fchownat(path, "", getuid(), getgid(), AT_EMPTY_PATH));
    SAY(fchownat(AT_FDCWD, "", getuid(), getgid(), 0));
    SAY(utimensat(AT_FDCWD, "attr", times, 0));
    say_mode("attr");
    SAY(utimensat(AT_FDCWD, "attr", bad, 0));
    SAY(utimensat(AT_FDCWD, "to-attr", times, AT_SYMLINK_NOFOLLOW));
    say_mode("to-attr");
    SAY(utimensat(AT_FDCWD, "missing", times, 0));
    SAY(utimes("attr", micro));
    say_mode("attr");
    SAY(utimes("attr", bad_micro));
    SAY(lutimes("to-attr", micro));
    SAY(futimes(readable, micro));
    SAY(futimens(readable, times));
    SAY(futimens(99, times));
    SAY(futimens(-1, times));
    SAY(futimens(path, times));
    say_mode("attr");
    SAY(utime("to-attr", &seconds));
    say_mode("attr");
    SAY(utime("attr", NULL));
    SAY(futimesat(AT_FDCWD, "attr", micro));
    SAY(setxattr("to-attr", "user.test", "value", 5, 0));
    SAY(setxattr("attr", "user.test", "value", 5, XATTR_CREATE));
    SAY(setxattr("missing", "user.test", "value", 5, 0));
    SAY(lsetxattr("to-attr", "user.test", "value", 5, 0));
    SAY(fsetxattr(readable, "user.more", "value", 5, 0));
    SAY(fsetxattr(path, "user.more", "value", 5, 0));
    SAY(getxattr("attr", "user.more", NULL, 0));
    SAY(removexattr("attr", "user.more"));
    SAY(removexattr("attr", "user.more"));
    SAY(lremovexattr("attr", "user.test"));
    SAY(fremovexattr(writable, "user.test"));
    close(readable), close(writable), close(path);
}

/* From a directory that has been removed, and from one whose path is longer than any path may be. */
static void strange_directories(void)
{
    char part[200];
    memset(part, 'd', sizeof part - 1);
    part[sizeof part - 1] = 0;
    SAY(mkdir("leaving", 0755));
    SAY(chdir("leaving"));
    SAY(rmdir("../leaving"));
    FD(open("x", O_RDWR | O_CREAT, 0600));
    FD(open(".", O_RDONLY));
    SAY(mkdir("x", 0755));
    SAY(unlink("x"));
    SAY(chdir(".."));
    FD(open("/etc/passwd", O_RDONLY));
}

int main(void)
{
    setvbuf(stdout, NULL, _IOFBF, 1 << 20);
    opens();
    opens_at();
    streams();
    directories();
    temporaries();
    names();
    attributes();
    strange_directories();
    return 0;
}
