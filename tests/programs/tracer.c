/* tracer.c: traces children of its own: `tracer run PROGRAM…` lets one execute and says how it ended; `tracer
 * swap ROUNDS ONE OTHER WORD` has children execute ONE, and meanwhile changes its name to OTHER, which is as
 * long, and back. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

static char name[4096];

static pid_t begin(char **argv)
{
    pid_t child = fork();
    if (child) return child;
    if (ptrace(PTRACE_TRACEME, 0, NULL, NULL)) _exit(99);
    raise(SIGSTOP);
    execv(name, argv);
    _exit(98);
}

/* Its end is told; what it is signalled is handed on. */
static int follow(pid_t child)
{
    int status;
    while (waitpid(child, &status, __WALL) == child && WIFSTOPPED(status)) {
        int signal = WSTOPSIG(status) == SIGSTOP || WSTOPSIG(status) == SIGTRAP ? 0 : WSTOPSIG(status);
        ptrace(PTRACE_CONT, child, NULL, (void *)(long)signal);
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static void swap(pid_t child, const char *one, const char *other)
{
    struct iovec there = {name, strlen(one) + 1};
    siginfo_t stopped = {0};
    for (int i = 0; i < 20000 && !stopped.si_pid; i++) {
        struct iovec here = {(void *)(i % 2 ? one : other), there.iov_len};
        if (process_vm_writev(child, &here, 1, &there, 1, 0) < 0) return;
        waitid(P_PID, (id_t)child, &stopped, WEXITED | WSTOPPED | WNOHANG | WNOWAIT);
    }
}

int main(int argc, char **argv)
{
    int status;
    if (argc > 2 && !strcmp(argv[1], "run")) {
        snprintf(name, sizeof name, "%s", argv[2]);
        printf("ended: %d\n", follow(begin(argv + 2)));
        return 0;
    }
    if (argc != 6) return 2;
    for (int i = 0; i < atoi(argv[2]); i++) {
        char *words[] = {argv[3], argv[5], NULL};
        snprintf(name, sizeof name, "%s", argv[3]);
        pid_t child = begin(words);
        if (waitpid(child, &status, 0) != child || !WIFSTOPPED(status)) return 3;
        ptrace(PTRACE_CONT, child, NULL, NULL);
        swap(child, argv[3], argv[4]);
        follow(child);
    }
    return 0;
}
