/* others.c: signals, limits and debuggers (others.h). Only the launcher knows who belongs to the run. */
#include "others.h"

#include <linux/ptrace.h>
#include <linux/resource.h>

#include "../policy/plain.h"
#include "bytes.h"
#include "door.h"
#include "wrap.h"

#define GROUP_MOST 256
#define SIGNAL_TO_GROUP 4u /* PIDFD_SIGNAL_PROCESS_GROUP */

static int own_pid(void)
{
    return (int)raw_call(__NR_getpid, 0);
}

/* Who is to be reached: nobody but `pids`, where there is a count. */
struct members {
    int pids[GROUP_MOST];
    size_t count;
};

static APART long reach(int pid, bool looks, struct members *members)
{
    const struct session *session = session_get();
    struct request request = {
        .kind = WIRE_PROCESS, .detail = (uint32_t)pid, .flags = looks ? WIRE_LOOKS : 0u};
    size_t size = sizeof members->pids;
    int some = 0;
    members->count = 0;
    if (!session || pid == own_pid()) return 0;
    long result = door_lookup(session, &request, members->pids, &size, &some);
    if (!result && some) members->count = size / sizeof members->pids[0];
    return result;
}

long others_reach(int pid)
{
    struct members members;
    return pid ? reach(pid, false, &members) : 0;
}

/* Most signals stay within the run, and cost nothing. */
static long signal_watched(int pid, int number)
{
    long result = raw_call(__NR_kill, pid, number, WIRE_SIGNAL);
    return result == -EPERM && number ? raw_call(__NR_kill, pid, number, 0) : result;
}

long others_signal(int pid, int number)
{
    struct members members;
    if (session_is_watched()) return signal_watched(pid, number);
    long result = reach(pid, number == 0, &members), done = -EPERM;
    if (result) return result;
    if (!members.count) return raw_call(__NR_kill, pid, number);
    for (size_t i = 0; i < members.count; i++)
        if (!raw_call(__NR_kill, members.pids[i], number)) done = 0;
    return done;
}

static int number_at(const char *at)
{
    int number = 0;
    for (; *at >= '0' && *at <= '9'; at++)
        number = number * 10 + (*at - '0');
    return number;
}

/* A process's directory in /proc stands for it too. 0: it is none. */
static int pid_of_directory(int fd)
{
    char path[FD_PATH], text[64];
    bytes_fd_path(path, fd);
    long size = raw_readlinkat(AT_FDCWD, path, text, sizeof text - 1);
    text[size > 0 ? size : 0] = 0;
    return number_at(last_name(text));
}

/* What /proc says of the descriptor: its line "Pid:". 0: it is of no process that is there. */
static APART int pid_behind(int pidfd)
{
    static const char directory[] = "/proc/thread-self/fdinfo", field[] = "\nPid:\t";
    char path[sizeof directory + FD_PATH], number[FD_PATH], text[512];
    bytes_fd_path(number, pidfd);
    const char *name = last_name(number);
    memcpy(path, directory, sizeof directory - 1);
    path[sizeof directory - 1] = '/';
    memcpy(path + sizeof directory, name, strlen(name) + 1);
    long fd = raw_openat(AT_FDCWD, path, O_RDONLY | O_CLOEXEC, 0);
    if (fd < 0) return 0;
    long size = raw_read((int)fd, text, sizeof text - 1);
    raw_close((int)fd);
    text[size > 0 ? size : 0] = 0;
    for (const char *at = text; *at; at++)
        if (bytes_begin(at, field)) return number_at(at + sizeof field - 1);
    return pid_of_directory(pidfd);
}

long others_signal_by(int pidfd, int number, void *info, unsigned flags)
{
    struct members members;
    int pid = session_get() ? pid_behind(pidfd) : 0;
    long result = pid ? reach(flags & SIGNAL_TO_GROUP ? -pid : pid, number == 0, &members) : 0;
    if (!result && pid && members.count) result = -EPERM; /* a group that is not the run's alone */
    return result ? result : raw_call(__NR_pidfd_send_signal, pidfd, number, info, flags);
}

long others_rank(int which, unsigned who, int rank)
{
    struct members members;
    bool user = which == PRIO_USER;
    int pid = which == PRIO_PROCESS ? (int)who : which == PRIO_PGRP ? -(int)who : -1;
    if (!session_get() || (which == PRIO_PROCESS && !who) || which < PRIO_PROCESS || which > PRIO_USER)
        return raw_call(__NR_setpriority, which, who, rank);
    long result = user && who ? -EPERM : reach(pid, false, &members), done = -ESRCH;
    if (result) return result;
    if (!members.count && !user) return raw_call(__NR_setpriority, which, who, rank);
    if (user) done = raw_call(__NR_setpriority, PRIO_PROCESS, 0, rank);
    for (size_t i = 0; i < members.count; i++) {
        result = raw_call(__NR_setpriority, PRIO_PROCESS, members.pids[i], rank);
        if (done == -ESRCH || result) done = result;
    }
    return done;
}

long others_debug(int pid, const char *call)
{
    const struct session *session = session_get();
    struct request request = {
        .kind = WIRE_DEBUG, .detail = (uint32_t)pid, .strings = {call}, .string_count = 1};
    return session ? door_ask(session, &request) : 0;
}

long others_trace(long request, int pid)
{
    switch (request) {
    case PTRACE_TRACEME: return others_debug(own_pid(), "ptrace");
    case PTRACE_ATTACH:
    case PTRACE_SEIZE: return others_debug(pid, "ptrace");
    default: return 0;
    }
}

WRAP(int, kill, int pid, int number)
{
    return (int)give_result(others_signal(pid, number));
}

WRAP(int, killpg, int group, int number)
{
    return (int)give_result(group < 0 ? -EINVAL : others_signal(-group, number));
}

WRAP(int, tgkill, int pid, int tid, int number)
{
    long result = pid > 0 ? others_reach(pid) : 0;
    if (!result) result = raw_call(__NR_tgkill, pid, tid, number);
    if (result == -EPERM && number && session_is_watched()) signal_watched(pid, number); /* to hear why */
    return (int)give_result(result);
}

/* The value is a number or a pointer; either way it fills a register. */
WRAP(int, sigqueue, int pid, int number, void *value)
{
    int (*real)(int, int, void *) = session_function("sigqueue");
    long result = pid > 0 ? others_reach(pid) : 0;
    if (result || !real) return (int)give_result(result ? result : -ENOSYS);
    return real(pid, number, value);
}

WRAP(int, pidfd_send_signal, int pidfd, int number, void *info, unsigned flags)
{
    return (int)give_result(others_signal_by(pidfd, number, info, flags));
}

/* A process's descriptors are its own: the number of one can be another's by the time that it is taken. */
WRAP(int, pidfd_getfd, int pidfd, int fd, unsigned flags)
{
    return (int)give_result(session_get() ? -EPERM : raw_call(__NR_pidfd_getfd, pidfd, fd, flags));
}

WRAP(int, prlimit, int pid, int resource, const void *limit, void *old)
{
    long result = others_reach(pid);
    return (int)give_result(result ? result : raw_call(__NR_prlimit64, pid, resource, limit, old));
}
SAME(prlimit64, prlimit);

WRAP(int, setpriority, int which, unsigned who, int priority)
{
    return (int)give_result(others_rank(which, who, priority));
}

WRAP(long, ptrace, int request, ...)
{
    va_list arguments;
    long (*real)(int, ...) = session_function("ptrace");
    va_start(arguments, request);
    int pid = va_arg(arguments, int);
    void *address = va_arg(arguments, void *), *data = va_arg(arguments, void *);
    va_end(arguments);
    long result = others_trace(request, pid);
    if (result || !real) return give_result(result ? result : -ENOSYS);
    return real(request, pid, address, data);
}

static long process_memory(long number, const char *call, int pid, const void *local, unsigned long count,
                           const void *remote, unsigned long remote_count, unsigned long flags)
{
    long result = pid == own_pid() ? 0 : others_debug(pid, call);
    return give_result(result ? result : raw_call(number, pid, local, count, remote, remote_count, flags));
}

WRAP(long, process_vm_readv, int pid, const void *local, unsigned long count, const void *remote,
     unsigned long remote_count, unsigned long flags)
{
    return process_memory(__NR_process_vm_readv, "process_vm_readv", pid, local, count, remote, remote_count,
                          flags);
}

WRAP(long, process_vm_writev, int pid, const void *local, unsigned long count, const void *remote,
     unsigned long remote_count, unsigned long flags)
{
    return process_memory(__NR_process_vm_writev, "process_vm_writev", pid, local, count, remote,
                          remote_count, flags);
}
