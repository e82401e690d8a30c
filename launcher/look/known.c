/* known.c: a small table, searched from end to end (known.h). */
#include "known.h"

#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../plain/memory.h"

struct entry {
    pid_t pid; /* 0: this place is free */
    int fd;    /* its /proc/PID/stat */
    int pidfd; /* or -1 */
    uint64_t started;
    uint64_t used; /* when it was looked at last, by the count of looks */
    bool below;
};

struct known {
    uint64_t looks;
    size_t most;
    struct entry entries[];
};

struct known *known_new(size_t most)
{
    struct known *known = xcalloc(1, sizeof *known + most * sizeof *known->entries);
    known->most = most;
    return known;
}

static void drop(struct entry *entry)
{
    if (entry->pid) close(entry->fd);
    if (entry->pid && entry->pidfd >= 0) close(entry->pidfd);
    *entry = (struct entry){0};
}

void known_free(struct known *known)
{
    if (!known) return;
    for (size_t i = 0; i < known->most; i++)
        drop(&known->entries[i]);
    free(known);
}

static struct entry *find(const struct known *known, pid_t pid)
{
    for (size_t i = 0; i < known->most; i++)
        if (known->entries[i].pid == pid) return (struct entry *)(uintptr_t)&known->entries[i];
    return NULL;
}

uint64_t known_since(const struct known *known, pid_t pid)
{
    const struct entry *entry = pid > 0 ? find(known, pid) : NULL;
    return entry ? entry->started : 0;
}

void known_forget(struct known *known, pid_t pid)
{
    struct entry *entry = pid > 0 ? find(known, pid) : NULL;
    if (entry) drop(entry);
}

static struct entry *free_place(struct known *known)
{
    struct entry *oldest = &known->entries[0];
    for (size_t i = 1; i < known->most; i++)
        if (known->entries[i].used < oldest->used) oldest = &known->entries[i];
    drop(oldest);
    return oldest;
}

static struct entry *look(struct known *known, pid_t pid, struct process *process)
{
    if (pid <= 0) return NULL;
    struct entry *entry = find(known, pid);
    if (entry && !process_read(entry->fd, pid, process)) {
        drop(entry); /* it has ended; another may have its number */
        entry = NULL;
    }
    if (!entry) {
        int fd = process_open(pid);
        if (fd < 0) return NULL;
        if (!process_read(fd, pid, process)) {
            close(fd);
            return NULL;
        }
        entry = free_place(known);
        *entry = (struct entry){.pid = pid, .fd = fd, .pidfd = -1, .started = process->started};
    }
    entry->used = ++known->looks;
    return entry;
}

bool known_look(struct known *known, pid_t pid, struct process *process)
{
    return look(known, pid, process) != NULL;
}

static bool look_as(void *context, pid_t pid, struct process *process)
{
    return known_look(context, pid, process);
}

static void keep_below(const struct known *known, pid_t pid)
{
    struct entry *entry = find(known, pid);
    if (entry) entry->below = true;
}

/* One who was below, or whose parent was, need not be followed further. */
static bool was_below(struct known *known, const struct process *process)
{
    struct process parent;
    const struct entry *entry = find(known, process->pid);
    if (entry && entry->started == process->started && entry->below) return true;
    entry = look(known, process->parent, &parent);
    return entry && entry->below;
}

bool known_parent_is_below(const struct known *known, const struct process *process)
{
    struct process parent;
    const struct entry *entry = process->parent > 0 ? find(known, process->parent) : NULL;
    return entry && entry->below && process_read(entry->fd, entry->pid, &parent);
}

bool known_is_below(struct known *known, const struct process *process, pid_t top)
{
    pid_t met[PROCESS_DEEPEST];
    size_t length = 1;
    met[0] = process->pid;
    if (!was_below(known, process)) length = process_way(process->pid, top, look_as, known, met);
    for (size_t i = 0; i < length; i++)
        keep_below(known, met[i]);
    return length > 0;
}

/* Only whose child it is. Should somebody else have had the number when the descriptor was opened, it has
 * ended by the look after that, and nothing is heard of it. */
static bool look_at_parent(struct known *known, pid_t pid, struct process *process)
{
    struct entry *entry = find(known, pid);
    if (entry && process_ask(entry->pidfd, process)) {
        entry->used = ++known->looks;
        return true;
    }
    int pidfd = entry && entry->pidfd >= 0 ? -1 : (int)syscall(SYS_pidfd_open, pid, 0);
    entry = look(known, pid, process);
    if (entry && entry->pidfd < 0)
        entry->pidfd = pidfd;
    else if (pidfd >= 0)
        close(pidfd);
    return entry;
}

/* The way up from one that need not be looked at again. */
struct beginning {
    struct known *known;
    const struct process *process;
};

static bool look_from(void *context, pid_t pid, struct process *process)
{
    const struct beginning *from = context;
    if (pid != from->process->pid) return look_at_parent(from->known, pid, process);
    *process = *from->process;
    return true;
}

size_t known_chain(struct known *known, const struct process *process, pid_t top, struct ancestor **chain)
{
    pid_t met[PROCESS_DEEPEST];
    struct beginning from = {known, process};
    size_t length = process_way(process->pid, top, look_from, &from, met);
    *chain = length ? process_name(met, length) : NULL;
    return length;
}
