/* process.c: reading /proc, and nothing else: no process is changed here. */
#include "process.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../plain/memory.h"

/* No chain is longer; one that seems to be has been changed while it was walked. */
#define DEEPEST 4096

/* A process on the way up may end while the way is walked, and its children then have a new parent. */
#define TRIES 8

bool process_look(pid_t pid, struct process *process)
{
    char path[64], text[1024];
    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        if (errno == ENOENT) errno = ESRCH;
        return false;
    }
    ssize_t length = read(fd, text, sizeof text - 1);
    int failure = errno;
    close(fd);
    if (length < 0) {
        errno = failure;
        return false;
    }
    text[length] = '\0';

    /* "PID (NAME) STATE PARENT …": the name may hold anything, blanks and brackets too. The 22nd is the
     * start. */
    const char *after = strrchr(text, ')');
    int parent, group, terminal, threads;
    unsigned long long started;
    if (!after ||
        sscanf(after + 1, " %c %d %d %*d %d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %d %*d %llu",
               &process->state, &parent, &group, &terminal, &threads, &started) != 6) {
        errno = EPROTO;
        return false;
    }
    /* Its first thread has ended, the others have not. */
    if (process->state == 'Z' && threads > 1) process->state = 'S';
    process->pid = pid;
    process->parent = parent;
    process->group = group;
    process->terminal = terminal;
    process->started = started;
    return true;
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

static char *read_link(pid_t pid, const char *name)
{
    char path[64], target[PATH_MAX + 16]; /* room for " (deleted)" */
    snprintf(path, sizeof path, "/proc/%d/%s", (int)pid, name);
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

char *process_program(pid_t pid)
{
    return read_link(pid, "exe");
}

char *process_cwd(pid_t pid)
{
    return read_link(pid, "cwd");
}

/* Walks up once. The pids that were met, `pid` first, go to `met`. 0: did not arrive at `top`; *again:
 * because somebody on the way ended meanwhile. */
static size_t walk_up(pid_t pid, pid_t top, pid_t *met, bool *again)
{
    *again = false;
    for (size_t depth = 0; depth < DEEPEST; depth++) {
        struct process process;
        if (pid <= 1 || pid == top) return 0;
        if (!process_look(pid, &process)) {
            *again = depth > 0;
            return 0;
        }
        met[depth] = pid;
        if (process.parent == top) return depth + 1;
        pid = process.parent;
    }
    return 0;
}

static size_t find_way(pid_t pid, pid_t top, pid_t *met)
{
    bool again = true;
    size_t length = 0;
    for (int i = 0; again && !length && i < TRIES; i++)
        length = walk_up(pid, top, met, &again);
    return length;
}

bool process_is_below(pid_t pid, pid_t top)
{
    pid_t met[DEEPEST];
    return find_way(pid, top, met) > 0;
}

size_t process_chain(pid_t pid, pid_t top, struct ancestor **chain)
{
    pid_t met[DEEPEST];
    size_t length = find_way(pid, top, met);
    *chain = NULL;
    if (!length) return 0;
    *chain = xcalloc(length, sizeof **chain);
    for (size_t i = 0; i < length; i++) {
        char *program = process_program(met[i]);
        (*chain)[i] = (struct ancestor){.pid = met[i], .program = program ? program : xstrdup("?")};
    }
    return length;
}

void process_chain_free(struct ancestor *chain, size_t length)
{
    for (size_t i = 0; i < length; i++)
        free(chain[i].program);
    free(chain);
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
