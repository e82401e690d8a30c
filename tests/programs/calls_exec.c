/* calls_exec.c: starts programs in every way that the C library knows, in all the ways that succeed and fail,
 * and prints what came of each. Run bare and guarded by a policy that allows everything, it has to print the
 * same. It works in the current directory, which has to be empty. What it starts is itself: "calls_exec print
 * …".
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#ifdef __GLIBC__
#include <wordexp.h>
#endif

extern char **environ;
static char self[4096];
static char *arguments[] = {"zeroth", "print", "two words", "", "-x", NULL};
static char *no_arguments[] = {"zeroth", NULL};

static int is_ours(const char *entry)
{
    return !strncmp(entry, "LD_PRELOAD=", 11) || !strncmp(entry, "ASKFIRST_", 9);
}

static int print(int argc, char **argv)
{
    printf("  argv:");
    for (int i = 0; i < argc; i++)
        printf(" [%s]", argv[i]);
    printf("\n  env:");
    for (char **entry = environ; *entry; entry++)
        if (!is_ours(*entry)) printf(" [%s]", *entry);
    sigset_t blocked;
    sigprocmask(SIG_BLOCK, NULL, &blocked);
    printf("\n  blocked usr1 %d, int ignored %d, umask %o\n", sigismember(&blocked, SIGUSR1),
           signal(SIGINT, SIG_DFL) == SIG_IGN, (unsigned)umask(0));
    for (int fd = 3; fd < 20; fd++)
        if (fcntl(fd, F_GETFD) >= 0) printf("  open: %d\n", fd);
    return 7;
}

/* Waits for a child and says how it ended. */
static void await(const char *what, pid_t pid)
{
    int status;
    if (pid < 0 || waitpid(pid, &status, 0) != pid)
        printf("%s: no child: %s\n", what, strerror(errno));
    else if (WIFSIGNALED(status))
        printf("%s: signal %d\n", what, WTERMSIG(status));
    else
        printf("%s: exit %d\n", what, WEXITSTATUS(status));
    fflush(stdout);
}

/* Each in a child of its own, by fork and by vfork: there an error shows as the exit status. */
#define EXEC(call)                                                                                           \
    do {                                                                                                     \
        printf("%s\n", #call);                                                                               \
        fflush(stdout);                                                                                      \
        pid_t pid = fork();                                                                                  \
        if (!pid) {                                                                                          \
            errno = 0;                                                                                       \
            int result = call;                                                                               \
            printf("  returned %d: %s\n", result, strerror(errno));                                          \
            fflush(stdout);                                                                                  \
            _exit(99);                                                                                       \
        }                                                                                                    \
        await("fork", pid);                                                                                  \
        pid = vfork();                                                                                       \
        if (!pid) {                                                                                          \
            (void)(call);                                                                                    \
            _exit(errno);                                                                                    \
        }                                                                                                    \
        await("vfork", pid);                                                                                 \
    } while (0)

static void script(const char *path, const char *text, mode_t mode)
{
    FILE *file = fopen(path, "w");
    fputs(text, file);
    fclose(file);
    chmod(path, mode);
}

static void execs(void)
{
    char *environment[] = {"ONE=1", "EMPTY=", "odd", NULL}, *none[] = {NULL};
    char *preloaded[] = {"LD_PRELOAD=", "ASKFIRST_SESSION=/nowhere", "X=y", NULL};
    char line[4200];
    snprintf(line, sizeof line, "#!%s print\n", self);
    script("script", line, 0755);
    script("plain-text", "echo plain text: \"$0\" \"$@\"; exit 5\n", 0755);
    script("not-executable", line, 0644);
    script("no-interpreter", "#!/missing/interpreter\n", 0755);
    script("garbage", "\177BAD program", 0755);
    mkdir("directory", 0755);
    mkdir("bin", 0755);
    mkdir("bin/shadowed", 0755);
    script("bin/only-text", "echo only: \"$0\" \"$@\"; exit 6\n", 0755);
    script("bin/forbidden", line, 0644);
    if (symlink(self, "linked") || symlink("missing", "dangling") || symlink(self, "bin/found"))
        perror("symlink");
    int fd = open(self, O_RDONLY | O_CLOEXEC), path = open(self, O_PATH | O_CLOEXEC),
        plain = open("script", O_RDONLY);
    close(plain);
    int here = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);

    EXEC(execve(self, arguments, environment));
    EXEC(execve(self, arguments, none));
    EXEC(execve(self, arguments, NULL));
    EXEC(execve(self, arguments, preloaded));
    EXEC(execve("linked", arguments, environment));
    EXEC(execve("./script", arguments, environment));
    EXEC(execve("script", no_arguments, environment));
    EXEC(execve("plain-text", arguments, environment));
    EXEC(execve("not-executable", arguments, environment));
    EXEC(execve("no-interpreter", arguments, environment));
    EXEC(execve("garbage", arguments, environment));
    EXEC(execve("directory", arguments, environment));
    EXEC(execve("missing", arguments, environment));
    EXEC(execve("dangling", arguments, environment));
    EXEC(execve("", arguments, environment));
    EXEC(execve("linked/x", arguments, environment));
    EXEC(execv(self, arguments));
    EXEC(execl(self, "a", "print", "b", NULL));
    EXEC(execl(self, "a", "print", "1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12", "13", "14",
               "15", "16", "17", "18", "19", "20", "21", "22", "23", "24", "25", "26", "27", "28", "29", "30",
               "31", "32", NULL));
    EXEC(execle(self, "a", "print", NULL, environment));
    EXEC(execle("missing", "a", "print", NULL, environment));
    EXEC(fexecve(fd, arguments, environment));
    EXEC(fexecve(path, arguments, environment));
    EXEC(fexecve(-1, arguments, environment));
    EXEC(fexecve(77, arguments, environment));
    EXEC((int)syscall(SYS_execve, self, arguments, environment));
    EXEC((int)syscall(SYS_execveat, here, "linked", arguments, environment, 0));
    EXEC((int)syscall(SYS_execveat, here, "linked", arguments, environment, AT_SYMLINK_NOFOLLOW));
    EXEC((int)syscall(SYS_execveat, fd, "", arguments, environment, AT_EMPTY_PATH));
    EXEC((int)syscall(SYS_execveat, fd, "", arguments, environment, 0));

    setenv("PATH", "/missing:bin::/bin", 1);
    EXEC(execvp("found", arguments));
    EXEC(execvp("script", arguments));
    EXEC(execvp("forbidden", arguments));
    EXEC(execvp("shadowed", arguments));
    EXEC(execvp("missing", arguments));
    EXEC(execvp("", arguments));
    EXEC(execvp("bin/found", arguments));
    EXEC(execlp("found", "a", "print", NULL));
    EXEC(execlp("missing", "a", "print", NULL));
#ifdef __GLIBC__
    EXEC(execvp("only-text", arguments));
    EXEC(execvp("./plain-text", arguments));
    EXEC(execvpe("found", arguments, environment));
#endif
    unsetenv("PATH");
    EXEC(execvp("true", arguments));
    setenv("PATH", "/usr/bin:/bin", 1);
    close(fd), close(path), close(here);
}

#define SPAWN(call)                                                                                          \
    do {                                                                                                     \
        pid_t pid = -1;                                                                                      \
        fflush(stdout);                                                                                      \
        int error = call;                                                                                    \
        printf("%s = %s\n", #call, strerror(error));                                                         \
        if (!error) await("spawned", pid);                                                                   \
    } while (0)

static void spawns(void)
{
    char *environment[] = {"ONE=1", NULL};
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setsigmask(&attributes, &set);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETPGROUP);
    SPAWN(posix_spawn(&pid, self, NULL, NULL, arguments, environment));
    SPAWN(posix_spawn(&pid, self, NULL, &attributes, arguments, environment));
    SPAWN(posix_spawn(&pid, "missing", NULL, NULL, arguments, environment));
    SPAWN(posix_spawn(&pid, "directory", NULL, NULL, arguments, environment));
    SPAWN(posix_spawn(&pid, "no-interpreter", NULL, NULL, arguments, environment));
    SPAWN(posix_spawn(&pid, self, NULL, NULL, arguments, NULL));
    setenv("PATH", "/missing:bin::/bin", 1);
    SPAWN(posix_spawnp(&pid, "found", NULL, NULL, arguments, environment));
    SPAWN(posix_spawnp(&pid, "missing", NULL, NULL, arguments, environment));
    SPAWN(posix_spawnp(&pid, "forbidden", NULL, NULL, arguments, environment));
    SPAWN(posix_spawnp(&pid, "bin/found", NULL, NULL, arguments, environment));
    setenv("PATH", "/usr/bin:/bin", 1);
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 9, "opened", O_WRONLY | O_CREAT, 0600);
    posix_spawn_file_actions_adddup2(&actions, 9, 11);
    posix_spawn_file_actions_addclose(&actions, 9);
    SPAWN(posix_spawn(&pid, self, &actions, NULL, arguments, environment));
    posix_spawn_file_actions_addchdir_np(&actions, "bin");
    posix_spawn_file_actions_addopen(&actions, 12, "in-bin", O_WRONLY | O_CREAT, 0600);
    SPAWN(posix_spawn(&pid, "found", &actions, NULL, arguments, environment));
    SPAWN(posix_spawn(&pid, "linked", &actions, NULL, arguments, environment));
    printf("made in bin: %d\n", access("bin/in-bin", F_OK));
    posix_spawn_file_actions_addopen(&actions, 13, "/dev/fd/12", O_WRONLY, 0);
    SPAWN(posix_spawn(&pid, "found", &actions, NULL, arguments, environment));
    posix_spawn_file_actions_addopen(&actions, 9, "/missing/file", O_RDONLY, 0);
    SPAWN(posix_spawn(&pid, "found", &actions, NULL, arguments, environment));
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
}

static void shells(void)
{
    char line[256];
    printf("system: %d\n", system("echo from system; exit 3"));
    printf("system: %d\n", system(NULL) != 0);
    printf("system: %d\n", system("kill -TERM $$"));
    fflush(stdout);
    FILE *pipe = popen("echo from popen; exit 4", "r");
    if (pipe && fgets(line, sizeof line, pipe)) printf("popen: %s", line);
    printf("pclose: %d\n", pclose(pipe));
    pipe = popen("cat; exit 1", "w");
    fputs("to popen\n", pipe);
    printf("pclose: %d\n", pclose(pipe));
    printf("popen: %d\n", popen("true", "z") == NULL);
    clearenv();
    printf("system: %d\n", system("echo without environment"));
#ifdef __GLIBC__
    wordexp_t words;
    printf("wordexp: %d\n", wordexp("plain $(echo substituted words) `echo more`", &words, 0));
    for (size_t i = 0; i < words.we_wordc; i++)
        printf(" [%s]", words.we_wordv[i]);
    printf("\nwordexp: %d\n", wordexp("$(echo x)", &words, WRDE_NOCMD));
#endif
}

/* Calls by number that nobody judges: six arguments, errors, and one that comes back twice. */
static void numbers(void)
{
    int status = -1;
    printf("getpid: %d\n", syscall(SYS_getpid) == getpid());
    errno = 0;
    printf("unknown: %ld", syscall(12345, 1, 2, 3, 4, 5, 6));
    printf(" %s\n", strerror(errno));
    char *memory =
        (char *)syscall(SYS_mmap, NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    memory[4095] = 1;
    printf("munmap: %ld\n", syscall(SYS_munmap, memory, 4096));
    fflush(stdout);
    long pid = syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, NULL);
    if (!pid) syscall(SYS_exit_group, 33);
    waitpid((pid_t)pid, &status, 0);
    printf("clone: exit %d\n", WEXITSTATUS(status));
}

int main(int argc, char **argv)
{
    if (argc > 1) return print(argc, argv);
    ssize_t length = readlink("/proc/self/exe", self, sizeof self - 1);
    if (length < 0) return 1;
    setvbuf(stdout, NULL, _IOFBF, 1 << 16);
    execs();
    spawns();
    shells();
    numbers();
    return 0;
}
