/* programs.c: ways to run what may not be run. */
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>

#include "attack.h"

static char *const no_words[] = {"forbidden", NULL};

ATTACK(execve_by_number, GOAL_RUN, "", "execve as a raw system call")
{
    syscall(SYS_execve, FORBIDDEN, no_words, NULL);
}

ATTACK(execveat_by_number, GOAL_RUN, "", "execveat beside a descriptor")
{
    syscall(SYS_execveat, open(".", O_PATH), "forbidden", no_words, NULL, 0);
}

ATTACK(executed_by_descriptor, GOAL_RUN, "", "execveat of an O_PATH descriptor")
{
    syscall(SYS_execveat, open(FORBIDDEN, O_PATH | O_CLOEXEC), "", no_words, NULL, AT_EMPTY_PATH);
}

ATTACK(executed_through_proc, GOAL_RUN, "", "execve of /proc/self/fd/N")
{
    char path[64];
    snprintf(path, sizeof path, "/proc/self/fd/%d", open(FORBIDDEN, O_RDONLY));
    execve(path, no_words, NULL);
}

static void copy(int from, int to)
{
    char text[65536];
    ssize_t got;
    while ((got = read(from, text, sizeof text)) > 0)
        if (write(to, text, (size_t)got) != got) return;
    close(from);
}

ATTACK(a_copy, GOAL_RUN, "", "a copy of it, under a name that no rule knows")
{
    int fd = open("copy", O_WRONLY | O_CREAT, 0700);
    copy(open(FORBIDDEN, O_RDONLY), fd);
    close(fd);
    execve("./copy", no_words, NULL);
}

ATTACK(a_copy_in_memory, GOAL_RUN, "", "memfd_create, and execveat of it")
{
    int fd = memfd_create("helper", MFD_CLOEXEC);
    copy(open(FORBIDDEN, O_RDONLY), fd);
    syscall(SYS_execveat, fd, "", no_words, NULL, AT_EMPTY_PATH);
}

ATTACK(a_copy_in_memory_with_a_good_name, GOAL_RUN, "",
       "a memfd whose name looks like a program that may run")
{
    int fd = memfd_create("/../usr/bin/true", 0);
    char path[64];
    copy(open(FORBIDDEN, O_RDONLY), fd);
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    execve(path, no_words, NULL);
}

ATTACK(a_copy_without_a_name, GOAL_RUN, "", "O_TMPFILE, and execveat of it")
{
    char path[64];
    int fd = open(".", O_TMPFILE | O_RDWR, 0700);
    copy(open(FORBIDDEN, O_RDONLY), fd);
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    int again = open(path, O_RDONLY | O_CLOEXEC);
    close(fd);
    syscall(SYS_execveat, again, "", no_words, NULL, AT_EMPTY_PATH);
}

ATTACK(a_link_to_it, GOAL_RUN, "", "a hard link of the name of a program that may run")
{
    if (link(FORBIDDEN, "true")) return;
    execve("./true", no_words, NULL);
}

ATTACK(a_symbolic_link_to_it, GOAL_RUN, "", "a symbolic link of the name of a program that may run")
{
    if (symlink("forbidden", "true")) return;
    execve("./true", no_words, NULL);
}

ATTACK(a_script_of_it, GOAL_RUN, "", "a script whose first line names it")
{
    char text[PATH_MAX + 8];
    snprintf(text, sizeof text, "#!%s\n", absolute("forbidden"));
    put_file("scripts/one", text);
    execl("scripts/one", "one", NULL);
}

ATTACK(scripts_of_scripts, GOAL_RUN, "", "scripts that name scripts, four deep")
{
    char text[PATH_MAX + 8], name[32], before[32] = "forbidden";
    for (int i = 0; i < 4; i++) {
        snprintf(text, sizeof text, "#!%s\n", absolute(before));
        snprintf(name, sizeof name, "scripts/%d", i);
        put_file(name, text);
        strcpy(before, name);
    }
    execl("scripts/3", "three", NULL);
}

ATTACK(a_script_by_descriptor, GOAL_RUN, "", "the same script by a descriptor")
{
    char text[PATH_MAX + 8];
    snprintf(text, sizeof text, "#!%s\n", absolute("forbidden"));
    put_file("scripts/one", text);
    syscall(SYS_execveat, open("scripts/one", O_RDONLY), "", no_words, NULL, AT_EMPTY_PATH);
}

ATTACK(an_interpreter_of_it, GOAL_RUN, "", "an ELF file that names it as its interpreter")
{
    execl("scripts/odd", "odd", NULL);
}

ATTACK(in_a_vfork_child, GOAL_RUN, "", "vfork, and execve in the child")
{
    pid_t child = vfork();
    if (!child) {
        syscall(SYS_execve, FORBIDDEN, no_words, NULL);
        _exit(1);
    }
    waitpid(child, NULL, 0);
}

static int execute(void *unused)
{
    (void)unused;
    syscall(SYS_execve, FORBIDDEN, no_words, NULL);
    return 0;
}

ATTACK(in_a_child_of_shared_memory, GOAL_RUN, "", "clone(CLONE_VM) on a small stack")
{
    static char stack[8192] __attribute__((aligned(16)));
    int child = clone(execute, stack + sizeof stack, CLONE_VM | SIGCHLD, NULL);
    if (child > 0) waitpid(child, NULL, 0);
}

static void *execute_in_thread(void *unused)
{
    syscall(SYS_execve, FORBIDDEN, no_words, NULL);
    return unused;
}

ATTACK(in_a_thread, GOAL_RUN, "", "execve in a thread, which takes the id of the first")
{
    pthread_t thread;
    if (!pthread_create(&thread, NULL, execute_in_thread, NULL)) pthread_join(thread, NULL);
}

ATTACK(in_a_namespace, GOAL_RUN, "", "execve in a user namespace of its own")
{
    if (!unshare(CLONE_NEWUSER)) execve(FORBIDDEN, no_words, NULL);
}

ATTACK(among_many_words, GOAL_RUN, "", "a forbidden word, the last of a hundred thousand")
{
    static char *words[100002];
    for (int i = 0; i < 100000; i++)
        words[i] = "x";
    words[100000] = "evil";
    execve(HELPER, words, NULL);
}

ATTACK(in_a_very_long_word, GOAL_RUN, "", "a forbidden word after one of 100,000 bytes")
{
    static char word[100001];
    memset(word, 'x', sizeof word - 1);
    execl(HELPER, "helper", word, "evil", NULL);
}

ATTACK(without_any_word, GOAL_RUN, "", "an execve without an argument vector")
{
    syscall(SYS_execve, FORBIDDEN, NULL, NULL);
}

ATTACK(by_a_path_of_five_thousand_bytes, GOAL_RUN, "", "././././…/forbidden, in pieces below PATH_MAX")
{
    char path[PATH_MAX - 100];
    size_t length = 0;
    while (length + 12 < sizeof path)
        length += (size_t)sprintf(path + length, "./");
    strcpy(path + length, "forbidden");
    execve(path, no_words, NULL);
}

ATTACK(while_it_traces_itself, GOAL_RUN, "", "PTRACE_TRACEME, so that nobody else can stop it at the exec")
{
    pid_t child = fork();
    if (!child) {
        ptrace(PTRACE_TRACEME, 0, 0, 0);
        execl(HELPER, "helper", "evil", NULL);
        _exit(1);
    }
    int status;
    while (waitpid(child, &status, 0) == child && WIFSTOPPED(status))
        ptrace(PTRACE_CONT, child, 0, 0);
}

ATTACK(after_the_launchers_exec, GOAL_RUN, "",
       "a tracer changes the words in the tracee's memory at the exec")
{
    static char word[] = "good";
    static char *words[] = {"helper", word, NULL};
    pid_t child = fork();
    if (!child) {
        if (ptrace(PTRACE_TRACEME, 0, 0, 0)) _exit(1);
        raise(SIGSTOP);
        execv(HELPER, words);
        _exit(1);
    }
    int status;
    if (waitpid(child, &status, 0) != child || !WIFSTOPPED(status)) return;
    union {
        char text[8];
        long number;
    } evil = {"evil"};
    ptrace(PTRACE_POKEDATA, child, word, evil.number);
    ptrace(PTRACE_CONT, child, 0, 0);
    while (waitpid(child, &status, 0) == child && WIFSTOPPED(status))
        ptrace(PTRACE_CONT, child, 0, 0);
}
