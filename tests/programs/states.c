/* states.c: calls a wrapper where little can be counted on: `states WHERE`. Each prints what the call came
 * to, or ends badly. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;
static const char *target; /* what is opened or executed */

static void say(const char *what, long result)
{
    char line[256];
    int length = snprintf(line, sizeof line, "%s: %s\n", what, result < 0 ? strerror(errno) : "done");
    if (write(1, line, (size_t)length) < 0) _exit(9);
}

static void open_it(const char *what)
{
    int fd = open(target, O_RDONLY);
    say(what, fd);
    if (fd >= 0) close(fd);
}

static void end_well(void)
{
    _exit(0);
}

/* Runs `target` by `start`, which is fork or vfork, and says how it ended. */
static void run_it(const char *what, pid_t pid)
{
    char *const argv[] = {"it", NULL};
    int status = 0;
    if (!pid) {
        execve(target, argv, environ);
        _exit(errno);
    }
    if (waitpid(pid, &status, 0) != pid) status = -1;
    errno = WEXITSTATUS(status);
    say(what, status ? -1 : 0);
}

static void in_handler(int number)
{
    (void)number;
    open_it("handler");
}

static void *in_thread(void *unused)
{
    (void)unused;
    for (int i = 0; i < 20; i++) {
        pid_t pid = fork();
        char *const argv[] = {"it", NULL};
        int status;
        if (!pid) {
            execve(target, argv, environ);
            _exit(99);
        }
        if (waitpid(pid, &status, 0) != pid || status) return "bad";
    }
    return NULL;
}

static int small_stack(void *unused)
{
    (void)unused;
    int fd = open(target, O_RDONLY);
    char *const argv[] = {"it", NULL};
    if (fd < 0) _exit(errno);
    close(fd);
    symlink("nowhere", "public/../link-on-small-stack");
    rename("link-on-small-stack", "public/../link-on-small-stack2");
    execve("/bin/true", argv, environ);
    _exit(errno);
}

/* How deep the stack was written below `stack`, which was filled with a pattern. */
static size_t depth(const unsigned char *stack, size_t size)
{
    size_t untouched = 0;
    while (untouched < size && stack[untouched] == 0xa5)
        untouched++;
    return size - untouched;
}

static void use_small_stack(size_t size)
{
    unsigned char *stack = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    int status;
    memset(stack, 0xa5, size);
    pid_t pid = clone(small_stack, stack + size, CLONE_VM | CLONE_VFORK | SIGCHLD, NULL);
    if (waitpid(pid, &status, 0) != pid) status = -1;
    errno = WEXITSTATUS(status);
    say("small stack", status ? -1 : 0);
    printf("depth %zu\n", depth(stack, size));
}

static void before_main(void) __attribute__((constructor(101)));
static void before_main(void)
{
    const char *when = getenv("STATES_BEFORE_MAIN");
    if (!when) return;
    target = when;
    open_it("before main");
}

static void at_exit(void)
{
    open_it("at exit");
}

static void *blocked_in_open(void *path)
{
    int fd = open(path, O_RDONLY);
    say("blocked open", fd);
    return NULL;
}

/* A thread that waits in open() can be cancelled. */
static void cancel(void)
{
    pthread_t thread;
    void *result = NULL;
    struct timespec while_it_waits = {.tv_nsec = 200000000};
    pthread_create(&thread, NULL, blocked_in_open, (void *)target);
    nanosleep(&while_it_waits, NULL);
    pthread_cancel(thread);
    pthread_join(thread, &result);
    printf("cancelled %d\n", result == PTHREAD_CANCELED);
}

/* Lets a link lead to what is denied and to what is not, in turn, as fast as it goes. */
static void *swap_link(void *stop)
{
    while (!*(volatile int *)stop) {
        unlink("new-link");
        if (symlink("secret-place", "new-link") || rename("new-link", "link")) return "bad";
        unlink("new-link");
        if (symlink("public-place", "new-link") || rename("new-link", "link")) return "bad";
    }
    return NULL;
}

static void race(int rounds)
{
    pthread_t thread;
    int stop = 0, secret = 0, public = 0;
    pthread_create(&thread, NULL, swap_link, &stop);
    for (int i = 0; i < rounds; i++) {
        char byte = 0;
        int fd = open("link/file", O_RDONLY);
        if (fd >= 0 && read(fd, &byte, 1) == 1) secret += byte == 's', public += byte == 'p';
        if (fd >= 0) close(fd);
        unlink("link/victim");
        fd = open("link/made", O_WRONLY | O_CREAT | O_TRUNC, 0600);
        if (fd >= 0) close(fd);
    }
    stop = 1;
    pthread_join(thread, NULL);
    printf("%d of the secret, %s of the public\n", secret, public ? "some" : "none");
}

static void use_up_descriptors(void)
{
    struct rlimit few = {.rlim_cur = 64, .rlim_max = 64};
    setrlimit(RLIMIT_NOFILE, &few);
    while (dup(0) >= 0)
        continue;
    open_it("no descriptors left");
    say("remove", unlink("missing/../nothing-there"));
    run_it("execute", vfork());
    close(63), close(62), close(61), close(60);
    open_it("a few left");
    run_it("execute", vfork());
}

int main(int argc, char **argv)
{
    if (argc < 3) return 2;
    const char *where = argv[1];
    target = argv[2];
    if (!strcmp(where, "vfork")) {
        pid_t pid = vfork();
        run_it("vfork", pid);
        open_it("afterwards");
    } else if (!strcmp(where, "handler")) {
        signal(SIGUSR1, in_handler);
        raise(SIGUSR1);
        open_it("afterwards");
    } else if (!strcmp(where, "alarm")) {
        struct sigaction action = {.sa_handler = in_handler};
        sigaction(SIGALRM, &action, NULL);
        target = "/dev/null";
        alarm(1);
        int fd = open(argv[2], O_RDONLY);
        say("interrupted", fd);
    } else if (!strcmp(where, "threads")) {
        pthread_t threads[200];
        const char *worst = "all well";
        for (int i = 0; i < 200; i++)
            pthread_create(&threads[i], NULL, in_thread, NULL);
        for (int i = 0; i < 200; i++) {
            void *result;
            pthread_join(threads[i], &result);
            if (result) worst = result;
        }
        puts(worst);
    } else if (!strcmp(where, "small-stack")) {
        use_small_stack(8192);
    } else if (!strcmp(where, "closed")) {
        for (int fd = 0; fd < 1024; fd++)
            if (fd != 1) close(fd);
        open_it("closed");
        run_it("execute", vfork());
    } else if (!strcmp(where, "all-closed")) {
        for (int fd = 0; fd < 1024; fd++)
            close(fd);
        int fd = open(target, O_RDONLY);
        _exit(fd == 0 ? 0 : 20 + errno);
    } else if (!strcmp(where, "no-environment")) {
        char *const words[] = {"it", NULL}, *const none[] = {NULL};
        execve(target, words, none);
    } else if (!strcmp(where, "exit")) {
        atexit(end_well);
        atexit(at_exit);
    } else if (!strcmp(where, "cancel")) {
        cancel();
    } else if (!strcmp(where, "descriptors")) {
        use_up_descriptors();
    } else if (!strcmp(where, "race")) {
        race(atoi(target));
    } else if (!strcmp(where, "many")) {
        size_t count = (size_t)atol(argv[3]);
        char **words = calloc(count + 2, sizeof *words);
        for (size_t i = 0; i < count; i++)
            words[i] = "an argument";
        words[0] = "it";
        execve(target, words, environ);
        say("execute", -1);
    } else if (!strcmp(where, "errno")) {
        errno = 77;
        close(open(target, O_RDONLY));
        close(open("public/../", O_RDONLY));
        rename("nothing-there", "nothing-there-either");
        printf("errno %d\n", errno);
        errno = 77;
        close(open(target, O_RDONLY));
        symlink("x", "a-link");
        unlink("a-link");
        printf("errno %d\n", errno);
    } else {
        return 2;
    }
    fflush(stdout);
    return 0;
}
