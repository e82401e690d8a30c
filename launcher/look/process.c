/* process.c: reading /proc, and nothing else: no process is changed here. */
#include "process.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../plain/memory.h"

/* A process on the way up may end while the way is walked, and its children then have a new parent. */
#define TRIES 8

#define EXITING 0x4u /* PF_EXITING, in the flags */

/* The fields of /proc/PID/stat that are looked at, by their number in proc(5). */
enum field { STATE = 3, PARENT = 4, GROUP = 5, TERMINAL = 7, FLAGS = 9, THREADS = 20, STARTED = 22 };

/* "PID (NAME) STATE PARENT …": the name may hold anything, blanks and brackets too. */
static bool take_fields(char *text, struct process *process)
{
    unsigned long long fields[STARTED + 1];
    char *at = strrchr(text, ')');
    if (!at || at[1] != ' ' || !at[2] || at[3] != ' ') return false;
    process->state = at[2];
    at += 3;
    for (int field = PARENT; field <= STARTED; field++) {
        char *end;
        fields[field] = strtoull(at, &end, 10); /* a minus sign is understood */
        if (end == at) return false;
        at = end;
    }
    process->parent = (pid_t)fields[PARENT];
    process->group = (pid_t)fields[GROUP];
    process->terminal = (int)fields[TERMINAL];
    process->threads = (unsigned)fields[THREADS];
    process->started = fields[STARTED];
    process->ending = fields[FLAGS] & EXITING;
    /* Its first thread has ended, the others have not. */
    if (process->state == 'Z' && fields[THREADS] > 1) process->state = 'S';
    return true;
}

int process_open(pid_t pid)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 && errno == ENOENT) errno = ESRCH;
    return fd;
}

bool process_read(int fd, pid_t pid, struct process *process)
{
    char text[1024];
    ssize_t length = pread(fd, text, sizeof text - 1, 0);
    if (length < 0) return false;
    text[length] = '\0';
    process->pid = pid;
    if (take_fields(text, process)) return true;
    errno = EPROTO;
    return false;
}

bool process_look(pid_t pid, struct process *process)
{
    cleanup_fd int fd = process_open(pid);
    return fd >= 0 && process_read(fd, pid, process);
}

/* struct pidfd_info and its call, as they came with 6.13. */
struct information {
    uint64_t mask, cgroup;
    uint32_t tid, pid, parent, ids[8], exit_code;
};
#define GET_INFORMATION _IOWR(0xff, 11, struct information)
#define ABOUT_PIDS 1u

#ifndef PIDFD_THREAD
#define PIDFD_THREAD O_EXCL /* since Linux 6.9 */
#endif

bool process_ask(int pidfd, struct process *process)
{
    struct information information = {.mask = ABOUT_PIDS};
    *process = (struct process){0};
    if (pidfd < 0 || ioctl(pidfd, GET_INFORMATION, &information) || !(information.mask & ABOUT_PIDS))
        return false;
    process->pid = (pid_t)information.pid;
    process->parent = (pid_t)information.parent;
    return process->pid > 0;
}

int process_meet(pid_t tid, struct process *process)
{
    int pidfd = (int)syscall(SYS_pidfd_open, tid, PIDFD_THREAD);
    if (process_ask(pidfd, process)) return pidfd;
    if (pidfd >= 0) close(pidfd);
    return -1;
}

bool process_ended(int pidfd)
{
    struct pollfd process = {.fd = pidfd, .events = POLLIN};
    return pidfd >= 0 && poll(&process, 1, 0) != 0;
}

bool process_is_held(pid_t pid)
{
    char path[64];
    bool held = false;
    snprintf(path, sizeof path, "/proc/%d/task", (int)pid);
    DIR *directory = opendir(path);
    if (!directory) return false;
    for (struct dirent *entry; !held && (entry = readdir(directory));) {
        struct process thread;
        held = isdigit((unsigned char)entry->d_name[0]) &&
               process_look((pid_t)atoi(entry->d_name), &thread) && thread.state == 'D';
    }
    closedir(directory);
    return held;
}

unsigned process_number(pid_t pid, const char *field, int base, unsigned unknown)
{
    char path[64], text[4096], key[32]; /* what is asked for stands at its beginning */
    snprintf(path, sizeof path, "/proc/%d/status", (int)pid);
    snprintf(key, sizeof key, "\n%s:", field);
    cleanup_fd int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t length = fd < 0 ? -1 : read(fd, text, sizeof text - 1);
    if (length < 0) return unknown;
    text[length] = 0;
    const char *at = strstr(text, key);
    return at ? (unsigned)strtoul(at + strlen(key), NULL, base) : unknown;
}

bool process_traces(pid_t pid, pid_t target)
{
    pid_t tracer = (pid_t)process_number(target, "TracerPid", 10, 0);
    return tracer && (pid_t)process_number(tracer, "Tgid", 10, 0) == pid;
}

char *process_program(pid_t pid)
{
    char path[64], target[PATH_MAX + 16]; /* room for " (deleted)" */
    snprintf(path, sizeof path, "/proc/%d/exe", (int)pid);
    ssize_t length = readlink(path, target, sizeof target);
    if (length < 0) {
        if (errno == ENOENT) errno = ESRCH;
        return NULL;
    }
    if ((size_t)length == sizeof target) {
        errno = ENAMETOOLONG;
        return NULL;
    }
    return xstrndup(target, (size_t)length);
}

/* What lies at its path may be something else: the program was removed or replaced, or is hidden by what only
 * the process has mounted there. */
char *process_surely(pid_t pid)
{
    char name[64];
    struct stat runs, lies;
    char *path = process_program(pid);
    snprintf(name, sizeof name, "/proc/%d/exe", (int)pid);
    if (path && stat(name, &runs) == 0 && stat(path, &lies) == 0 && runs.st_dev == lies.st_dev &&
        runs.st_ino == lies.st_ino)
        return path;
    free(path);
    return NULL;
}

/* Walks up once. The pids that were met, `pid` first, go to `met`. 0: did not arrive at `top`; *again:
 * because somebody on the way ended meanwhile. */
static size_t walk_up(pid_t pid, pid_t top, process_looker *look, void *context, pid_t *met, bool *again)
{
    *again = false;
    for (size_t depth = 0; depth < PROCESS_DEEPEST; depth++) {
        struct process process;
        if (pid <= 1 || pid == top) return 0;
        if (!look(context, pid, &process)) {
            *again = depth > 0;
            return 0;
        }
        met[depth] = pid;
        if (process.parent == top) return depth + 1;
        pid = process.parent;
    }
    return 0;
}

size_t process_way(pid_t pid, pid_t top, process_looker *look, void *context, pid_t met[PROCESS_DEEPEST])
{
    bool again = true;
    size_t length = 0;
    for (int i = 0; again && !length && i < TRIES; i++)
        length = walk_up(pid, top, look, context, met, &again);
    return length;
}

static bool look_anew(void *context, pid_t pid, struct process *process)
{
    (void)context;
    return process_look(pid, process);
}

bool process_is_below(pid_t pid, pid_t top)
{
    pid_t met[PROCESS_DEEPEST];
    return process_way(pid, top, look_anew, NULL, met) > 0;
}

struct ancestor *process_name(const pid_t *pids, size_t count)
{
    struct ancestor *chain = xcalloc(count, sizeof *chain);
    for (size_t i = 0; i < count; i++) {
        char *program = process_program(pids[i]);
        chain[i] = (struct ancestor){.pid = pids[i], .program = program ? program : xstrdup("?")};
    }
    return chain;
}

size_t process_chain(pid_t pid, pid_t top, struct ancestor **chain)
{
    pid_t met[PROCESS_DEEPEST];
    size_t length = process_way(pid, top, look_anew, NULL, met);
    *chain = length ? process_name(met, length) : NULL;
    return length;
}

static size_t all_processes(struct process **all)
{
    size_t count = 0, room = 0;
    *all = NULL;
    DIR *directory = opendir("/proc");
    if (!directory) return 0;
    for (struct dirent *entry; (entry = readdir(directory));) {
        struct process process;
        if (!isdigit((unsigned char)entry->d_name[0])) continue;
        if (!process_look((pid_t)atoi(entry->d_name), &process)) continue;
        if (count == room) *all = xrealloc(*all, room = room ? 2 * room : 256, sizeof **all);
        (*all)[count++] = process;
    }
    closedir(directory);
    return count;
}

size_t process_of_group(pid_t group, pid_t **pids)
{
    struct process *all cleanup_free = NULL;
    size_t total = all_processes(&all), found = 0;
    *pids = xcalloc(total + 1, sizeof **pids);
    for (size_t i = 0; i < total; i++)
        if ((!group || all[i].group == group) && all[i].state != 'Z' && all[i].state != 'X')
            (*pids)[found++] = all[i].pid;
    return found;
}

static bool is_in(const pid_t *pids, size_t count, pid_t pid)
{
    for (size_t i = 0; i < count; i++)
        if (pids[i] == pid) return true;
    return false;
}

size_t process_descendants(pid_t top, pid_t **pids)
{
    struct process *all cleanup_free = NULL;
    size_t total = all_processes(&all), found = 0, before;
    *pids = xcalloc(total + 1, sizeof **pids);
    /* A child may have a smaller number than its parent, so look until nothing more is found. */
    do {
        before = found;
        for (size_t i = 0; i < total; i++) {
            if (all[i].pid == 0 || all[i].state == 'Z' || all[i].state == 'X') continue;
            if (all[i].parent != top && !is_in(*pids, found, all[i].parent)) continue;
            (*pids)[found++] = all[i].pid;
            all[i].pid = 0;
        }
    } while (found > before);
    return found;
}
