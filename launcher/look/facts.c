/* facts.c: see facts.h. */
#include "facts.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "../../policy/sha256.h"
#include "../../shim/wire.h"
#include "../plain/memory.h"
#include "here_document.h"
#include "process.h"
#include "terminal.h"

#define FORKED_NOT_EXECUTED 0x40u /* PF_FORKNOEXEC in the flags of /proc/PID/stat */

struct proc_name {
    char text[64];
};

static struct proc_name proc_name(const char *format, ...) __attribute__((format(printf, 1, 2)));
static struct proc_name proc_name(const char *format, ...)
{
    struct proc_name name;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(name.text, sizeof name.text, format, arguments);
    va_end(arguments);
    return name;
}

/* A process's first thread is the process itself, under a name that is sooner found. */
static struct proc_name thread_name(const struct caller *caller, const char *what)
{
    if (caller->tid == caller->pid) return proc_name("/proc/%d/%s", (int)caller->pid, what);
    return proc_name("/proc/%d/task/%d/%s", (int)caller->pid, (int)caller->tid, what);
}

static ssize_t read_file(const char *path, char *to, size_t size)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return -1;
    ssize_t got = read(fd, to, size - 1);
    close(fd);
    if (got >= 0) to[got] = '\0';
    return got;
}

bool facts_executed(pid_t pid)
{
    char line[1024];
    unsigned flags;
    if (read_file(proc_name("/proc/%d/stat", (int)pid).text, line, sizeof line) <= 0) return true;
    const char *rest = strrchr(line, ')');
    if (!rest || sscanf(rest + 1, " %*c %*d %*d %*d %*d %*d %u", &flags) != 1) return true;
    return !(flags & FORKED_NOT_EXECUTED);
}

/* The same root in the same mount namespace: a mount's id is its own among all namespaces. */
static bool same_root(const char *root)
{
    struct statx own, other;
    unsigned wanted = STATX_INO | STATX_MNT_ID;
    if (statx(AT_FDCWD, "/", 0, wanted, &own) != 0 || statx(AT_FDCWD, root, 0, wanted, &other) != 0)
        return false;
    if ((own.stx_mask & other.stx_mask & wanted) != wanted) return false;
    return own.stx_mnt_id == other.stx_mnt_id && own.stx_ino == other.stx_ino;
}

bool caller_find(struct caller *caller, pid_t pid, pid_t tid)
{
    struct process process;
    if (!process_look(pid, &process)) return false;
    caller_take(caller, &process, tid);
    return true;
}

void caller_name(struct caller *caller, const struct process *process)
{
    *caller = (struct caller){.pid = process->pid, .tid = process->pid, .started = process->started};
}

void caller_take(struct caller *caller, const struct process *process, pid_t tid)
{
    pid_t pid = process->pid;
    caller_name(caller, process);
    caller->tid = tid;
    if (tid != pid && (tid <= 0 || access(thread_name(caller, "stat").text, F_OK) != 0)) caller->tid = pid;
    caller->elsewhere = !same_root(thread_name(caller, "root").text);
}

void caller_native(struct caller *caller, const struct process *process, pid_t tid)
{
    caller_name(caller, process);
    caller->tid = tid;
}

void caller_since(struct caller *caller)
{
    struct process process;
    if (!caller->started && process_look(caller->pid, &process)) caller->started = process.started;
}

bool caller_alive(const struct caller *caller)
{
    struct process process;
    if (!caller->started || !process_look(caller->pid, &process) || process.started != caller->started)
        return false;
    return process.state != 'Z' && process.state != 'X';
}

/* What begins with /proc/self means the caller, not the launcher; so do its aliases under /dev. */
static char *name_caller(const struct caller *caller, const char *path)
{
    static const struct {
        const char *prefix;
        const char *become;
    } aliases[] = {
        {"/proc/self", "/proc/%d"},       {"/proc/thread-self", "/proc/%d/task/%d"},
        {"/dev/fd", "/proc/%d/fd"},       {"/dev/stdin", "/proc/%d/fd/0"},
        {"/dev/stdout", "/proc/%d/fd/1"}, {"/dev/stderr", "/proc/%d/fd/2"},
    };
    for (size_t i = 0; i < sizeof aliases / sizeof *aliases; i++) {
        size_t length = strlen(aliases[i].prefix);
        if (strncmp(path, aliases[i].prefix, length) != 0) continue;
        if (path[length] != '\0' && path[length] != '/') continue;
        bool thread = strstr(aliases[i].become, "task") != NULL;
        return thread ? xasprintf("/proc/%d/task/%d%s", (int)caller->pid, (int)caller->tid, path + length)
                      : xasprintf("/proc/%d%s%s", (int)caller->pid, aliases[i].become + strlen("/proc/%d"),
                                  path + length);
    }
    return xstrdup(path);
}

/* The caller has another root: what it calls / is resolved there. */
static int open_in_root(const struct caller *caller, const char *path, int flags)
{
    int root = open(thread_name(caller, "root").text, O_PATH | O_CLOEXEC);
    if (root < 0) return -1;
    char *inside = NULL;
    if (path[0] == '/') {
        inside = xstrdup(path);
    } else {
        char *root_path = facts_path(root), *cwd = facts_cwd(caller);
        size_t length = root_path ? strlen(root_path) : 0;
        if (root_path && cwd && strncmp(cwd, root_path, length) == 0)
            inside = xasprintf("%s/%s", cwd + length, path);
        free(root_path);
        free(cwd);
    }
    struct open_how how = {.flags = (unsigned)flags, .resolve = RESOLVE_IN_ROOT};
    int fd = -1;
    if (inside)
        fd = (int)syscall(SYS_openat2, root, inside, &how, sizeof how);
    else
        errno = EXDEV;
    int error = errno;
    close(root);
    free(inside);
    errno = error;
    return fd;
}

static int open_from_directory(const struct caller *caller, const char *path, int flags)
{
    int directory = open(thread_name(caller, "cwd").text, O_PATH | O_CLOEXEC);
    if (directory < 0) return -1;
    int fd = openat(directory, path, flags);
    int error = errno;
    close(directory);
    errno = error;
    return fd;
}

int facts_open(const struct caller *caller, const char *path, int flags)
{
    flags |= O_CLOEXEC;
    if (caller->elsewhere) return open_in_root(caller, path, flags);
    char *named = name_caller(caller, path);
    int fd = named[0] == '/' ? open(named, flags) : open_from_directory(caller, named, flags);
    int error = errno;
    free(named);
    errno = error;
    return fd;
}

static char *read_link(const char *path)
{
    char target[PATH_MAX + 1];
    ssize_t length = readlink(path, target, sizeof target);
    if (length < 0) return NULL;
    if ((size_t)length >= sizeof target) {
        errno = ENAMETOOLONG;
        return NULL;
    }
    return xstrndup(target, (size_t)length);
}

char *facts_path(int fd)
{
    return read_link(proc_name("/proc/self/fd/%d", fd).text);
}

bool found_open(struct found *found, const struct caller *caller, const char *path, int flags)
{
    *found = (struct found){.fd = facts_open(caller, path, O_PATH | flags)};
    if (found->fd < 0) return false;
    found->path = fstat(found->fd, &found->status) == 0 ? facts_path(found->fd) : NULL;
    if (found->path) return true;
    int error = errno;
    found_close(found);
    errno = error;
    return false;
}

bool found_same(const struct found *found, const struct stat *other)
{
    const struct stat *own = &found->status;
    return own->st_dev == other->st_dev && own->st_ino == other->st_ino && own->st_mode == other->st_mode &&
           own->st_size == other->st_size && own->st_mtim.tv_sec == other->st_mtim.tv_sec &&
           own->st_mtim.tv_nsec == other->st_mtim.tv_nsec && own->st_ctim.tv_sec == other->st_ctim.tv_sec &&
           own->st_ctim.tv_nsec == other->st_ctim.tv_nsec;
}

int found_read(const struct found *found)
{
    if (!S_ISREG(found->status.st_mode)) {
        errno = EACCES;
        return -1;
    }
    return open(proc_name("/proc/self/fd/%d", found->fd).text, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
}

bool file_sha256(int fd, unsigned char sum[32])
{
    struct sha256 state;
    unsigned char block[65536];
    size_t all = 0;
    ssize_t got;
    sha256_init(&state);
    while ((got = read(fd, block, sizeof block)) > 0) {
        all += (size_t)got;
        if (all > FILE_SUMMED) return false;
        sha256_update(&state, block, (size_t)got);
    }
    sha256_final(&state, sum);
    return got == 0;
}

bool found_sha256(const struct found *found, unsigned char sum[32])
{
    if (found->status.st_size > (off_t)FILE_SUMMED) return false;
    int fd = found_read(found);
    if (fd < 0) return false;
    bool known = file_sha256(fd, sum);
    close(fd);
    return known;
}

/* A file can be written to until it is executed, and no longer while it is. */
bool facts_runs_sum(pid_t pid, const unsigned char sum[32])
{
    unsigned char now[32];
    cleanup_fd int fd = open(proc_name("/proc/%d/exe", pid).text, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    return fd >= 0 && file_sha256(fd, now) && !memcmp(now, sum, sizeof now);
}

void found_close(struct found *found)
{
    if (found->fd >= 0) close(found->fd);
    free(found->path);
    *found = (struct found){.fd = -1};
}

char *facts_cwd(const struct caller *caller)
{
    return read_link(thread_name(caller, "cwd").text);
}

enum stdin_kind facts_stdin(const struct caller *caller, struct documents *documents)
{
    struct stat status;
    if (stat(thread_name(caller, "fd/0").text, &status) != 0) return STDIN_OTHER;
    if (S_ISFIFO(status.st_mode)) return here_document_is_stdin(documents, caller) ? STDIN_FILE : STDIN_PIPE;
    if (S_ISSOCK(status.st_mode)) return STDIN_PIPE;
    if (S_ISREG(status.st_mode)) return STDIN_FILE;
    if (!S_ISCHR(status.st_mode)) return STDIN_OTHER;
    return terminal_is(status.st_rdev) ? STDIN_TTY : STDIN_OTHER;
}

static bool read_memory(pid_t pid, uint64_t address, void *to, size_t size)
{
    struct iovec here = {to, size};
    struct iovec there = {(void *)(uintptr_t)address, size}; // NOLINT(performance-no-int-to-ptr)
    return process_vm_readv(pid, &here, 1, &there, 1, 0) == (ssize_t)size;
}

/* Whether it is of a thread that may have forked the process that asks, which has not become another
 * program. */
static bool of_a_parent(const struct wire_python *note, const struct caller *caller)
{
    struct process process;
    if (facts_executed(caller->pid) || !process_look(caller->pid, &process)) return false;
    return access(proc_name("/proc/%d/task/%u", (int)process.parent, note->tid).text, F_OK) == 0;
}

/* The note of the thread that asks, or else the last one of those that may have forked it. NULL: there is
 * none. */
static const struct wire_python *note_of(const struct wire_notes *notes, const struct wire_notes *again,
                                         const struct caller *caller)
{
    const struct wire_python *found = NULL;
    for (size_t i = 0; i < WIRE_NOTES; i++) {
        const struct wire_python *note = &notes->of[i];
        if (note->magic != WIRE_MAGIC || note->sequence % 2 || note->sequence != again->of[i].sequence)
            continue;
        if ((pid_t)note->tid == caller->tid) return note;
        if ((!found || note->sequence > found->sequence) && of_a_parent(note, caller)) found = note;
    }
    return found;
}

void facts_python(struct question *question, const struct caller *caller, uint64_t address,
                  struct python_note *of)
{
    struct wire_notes notes, again;
    *of = (struct python_note){0};
    if (!address) return;
    if (!read_memory(caller->tid, address, &notes, sizeof notes)) return;
    if (!read_memory(caller->tid, address, &again, sizeof again)) return;
    const struct wire_python *note = note_of(&notes, &again, caller);
    if (!note) return;
    size_t length = strnlen(note->file, sizeof note->file);
    size_t function = strnlen(note->function, sizeof note->function);
    if (!length) return;
    question->python_file = xstrndup(note->file, length);
    question->python_line = note->line;
    memcpy(of->event, note->event, strnlen(note->event, sizeof of->event - 1));
    memcpy(of->subject, note->subject, strnlen(note->subject, sizeof of->subject - 1));
    if (function) question->python_function = xstrndup(note->function, function);
}

int64_t facts_wall_clock(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}
