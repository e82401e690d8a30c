/* here_document.c: see here_document.h. */
#include "here_document.h"

#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "../../policy/sha256.h"
#include "../plain/memory.h"
#include "here_text.h"
#include "process.h"
#include "terminal.h"

#ifndef PIPEFS_MAGIC
#define PIPEFS_MAGIC 0x50495045
#endif
#define MOST_TEXT ((size_t)1 << 20)
#define MOST_CONTENT 65536
#define PATIENCE_MS 50 /* everybody waits meanwhile */
#define MOST_SHELLS 8  /* processes, upwards */
#define DEEPEST_SOURCED 2
#define MOST_HEAP ((size_t)16 << 20)
#define MOST_KEPT 32u /* with more at a time, the oldest asks */

struct document {
    dev_t device; /* with the inode, the pipe */
    ino_t inode;
    unsigned char sum[32]; /* of what is in it */
};

struct documents {
    struct document of[MOST_KEPT]; /* a ring; those that are not taken yet are of no pipe */
    size_t next;
};

struct documents *documents_new(void)
{
    return xcalloc(1, sizeof(struct documents));
}

void documents_free(struct documents *documents)
{
    free(documents);
}

static bool document_of(struct document *document, int fd, const char *content, size_t length)
{
    struct stat status;
    if (fstat(fd, &status) != 0) return false;
    *document = (struct document){.device = status.st_dev, .inode = status.st_ino};
    sha256(content, length, document->sum);
    return true;
}

static bool is_kept(const struct documents *documents, const struct document *document)
{
    for (size_t i = 0; i < MOST_KEPT; i++) {
        const struct document *kept = &documents->of[i];
        if (kept->device == document->device && kept->inode == document->inode &&
            !memcmp(kept->sum, document->sum, sizeof kept->sum))
            return true;
    }
    return false;
}

static void keep(struct documents *documents, const struct document *document)
{
    documents->of[documents->next] = *document;
    documents->next = (documents->next + 1) % MOST_KEPT;
}

static bool same_program(pid_t one, pid_t other)
{
    struct stat first, second;
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/exe", (int)one);
    if (stat(path, &first) != 0) return false;
    snprintf(path, sizeof path, "/proc/%d/exe", (int)other);
    return stat(path, &second) == 0 && first.st_dev == second.st_dev && first.st_ino == second.st_ino;
}

static bool has_open(pid_t pid, int fd)
{
    char path[128];
    struct stat wanted, status;
    bool found = false;
    if (fstat(fd, &wanted) != 0) return false;
    snprintf(path, sizeof path, "/proc/%d/fd", (int)pid);
    DIR *directory = opendir(path);
    for (struct dirent *entry; directory && !found && (entry = readdir(directory));) {
        snprintf(path, sizeof path, "/proc/%d/fd/%.16s", (int)pid, entry->d_name);
        found = stat(path, &status) == 0 && status.st_dev == wanted.st_dev && status.st_ino == wanted.st_ino;
    }
    if (directory) closedir(directory);
    return found;
}

/* dash has a fork of itself write what is longer than PIPE_BUF, and does not wait for it. It is gone in a
 * moment, unless there is more than the pipe holds. */
static bool is_written_by_a_fork(const struct caller *caller, int fd)
{
    struct process process;
    pid_t *pids cleanup_free = NULL;
    if (facts_executed(caller->pid) || !process_look(caller->pid, &process)) return false;
    size_t count = process_descendants(process.parent, &pids);
    for (size_t i = 0; i < count; i++) {
        if (pids[i] == caller->pid || facts_executed(pids[i])) continue;
        if (same_program(pids[i], caller->pid) && has_open(pids[i], fd)) return true;
    }
    return false;
}

/* Nobody may write to it any more. */
static bool is_closed(const struct caller *caller, int fd, int patience)
{
    struct pollfd state = {.fd = fd, .events = POLLIN};
    if (poll(&state, 1, 0) == 1 && state.revents & POLLHUP) return true;
    if (!patience) return false;
    /* Who was not found may have ended while it was looked for. */
    int left = is_written_by_a_fork(caller, fd) ? patience : 0;
    state.events = 0; /* what is in it already is no reason to stop waiting */
    return poll(&state, 1, left) == 1 && state.revents & POLLHUP;
}

/* What is in the pipe, left in it; 0: nothing, too much, a FIFO that has a name, or somebody may write to it
 * still. */
static size_t content_of(const struct caller *caller, int fd, char *content, int patience)
{
    struct statfs where;
    int waiting = 0, copy[2];
    if (fstatfs(fd, &where) != 0 || where.f_type != PIPEFS_MAGIC || !is_closed(caller, fd, patience))
        return 0;
    if (ioctl(fd, FIONREAD, &waiting) != 0 || waiting <= 0 || waiting > MOST_CONTENT) return 0;
    if (pipe2(copy, O_CLOEXEC | O_NONBLOCK) != 0) return 0;
    ssize_t copied = tee(fd, copy[1], (size_t)waiting, SPLICE_F_NONBLOCK);
    ssize_t got = copied == waiting ? read(copy[0], content, (size_t)waiting) : -1;
    close(copy[0]);
    close(copy[1]);
    return got == waiting ? (size_t)got : 0;
}

/* What a shell may have had from its own text, and whose shell it is. */
struct wanted {
    const char *content;
    size_t length;
    const struct caller *caller;
};

static ssize_t read_whole(int fd, char *text, size_t most)
{
    size_t got = 0;
    ssize_t more;
    while (got < most && (more = read(fd, text + got, most - got)) > 0)
        got += (size_t)more;
    return (ssize_t)got;
}

static bool in_sourced(const struct wanted *wanted, const char *text, size_t length, const char *script,
                       int depth);

static bool in_file(const struct wanted *wanted, int fd, const char *path, int depth)
{
    cleanup_free char *text = xmalloc(MOST_TEXT + 1);
    size_t length = (size_t)read_whole(fd, text, MOST_TEXT);
    text[length] = 0;
    return here_text_in(text, length, wanted->content, wanted->length) ||
           in_sourced(wanted, text, length, path, depth);
}

/* Only a file that is one: /proc has files that say nothing of their length. */
static bool in_file_at(const struct wanted *wanted, const char *path, int depth)
{
    struct stat status;
    if (stat(path, &status) != 0 || !S_ISREG(status.st_mode)) return false;
    if (status.st_size <= 0 || status.st_size > (off_t)MOST_TEXT) return false;
    cleanup_fd int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    return fd >= 0 && in_file(wanted, fd, path, depth);
}

/* ---- files that a script has read, and closed ---- */

/* The word after `source` or `.`, as it stands. 0: there is none here. */
static size_t sourced_word(const char *at, const char *end, const char **word)
{
    size_t length = 0;
    if (end - at > 7 && !memcmp(at, "source", 6) && isblank((unsigned char)at[6]))
        at += 7;
    else if (end - at > 2 && *at == '.' && isblank((unsigned char)at[1]))
        at += 2;
    else
        return 0;
    while (at < end && (isblank((unsigned char)*at) || *at == '"' || *at == '\''))
        at++;
    for (*word = at; at + length < end && at[length] && !strchr("\n;&|<>\"'", at[length]);)
        length++;
    return length;
}

/* "$(dirname "$0")/lib.sh", ${here}/lib.sh: what comes behind whatever the shell puts in, which is some
 * directory. */
static const char *name_behind(const char *word, const char *end)
{
    const char *at = end;
    while (at > word && (isalnum((unsigned char)at[-1]) || strchr("_./+@-", at[-1])))
        at--;
    if (at == word) return at;
    const char *slash = memchr(at, '/', (size_t)(end - at));
    return slash ? slash + 1 : NULL;
}

static bool in_sourced_name(const struct wanted *wanted, const char *name, size_t length, const char *script,
                            int depth)
{
    char path[PATH_MAX];
    cleanup_free char *directory = facts_cwd(wanted->caller);
    const char *home = getenv("HOME"), *slash = script ? strrchr(script, '/') : NULL;
    if (*name == '/')
        return snprintf(path, sizeof path, "%.*s", (int)length, name) < PATH_MAX &&
               in_file_at(wanted, path, depth);
    const struct {
        const char *path;
        int length;
    } places[] = {{directory, directory ? (int)strlen(directory) : 0},
                  {script, slash ? (int)(slash - script) : 0},
                  {home, home ? (int)strlen(home) : 0}};
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        if (!places[i].length) continue;
        int all =
            snprintf(path, sizeof path, "%.*s/%.*s", places[i].length, places[i].path, (int)length, name);
        if (all < PATH_MAX && in_file_at(wanted, path, depth)) return true;
    }
    return false;
}

static bool in_sourced(const struct wanted *wanted, const char *text, size_t length, const char *script,
                       int depth)
{
    const char *end = text + length, *word;
    if (depth == DEEPEST_SOURCED) return false;
    for (const char *at = text; at < end; at++) {
        if (at > text && at[-1] && !strchr(" \t\n;&|({'\"", at[-1])) continue;
        size_t found = sourced_word(at, end, &word);
        if (!found) continue;
        const char *word_end = word + found;
        while (word_end > word && isblank((unsigned char)word_end[-1]))
            word_end--;
        const char *name = name_behind(word, word_end);
        if (name && name < word_end &&
            in_sourced_name(wanted, name, (size_t)(word_end - name), script, depth + 1))
            return true;
    }
    return false;
}

/* ---- what a process has ---- */

static bool in_command_line(const struct wanted *wanted, pid_t pid)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/cmdline", (int)pid);
    cleanup_fd int fd = open(path, O_RDONLY | O_CLOEXEC);
    return fd >= 0 && in_file(wanted, fd, NULL, 0);
}

/* A shell has the script that it reads open; its child may have closed it before it executes. */
static bool in_open_file(const struct wanted *wanted, pid_t pid)
{
    char path[128], real[PATH_MAX];
    bool found = false;
    snprintf(path, sizeof path, "/proc/%d/fd", (int)pid);
    DIR *directory = opendir(path);
    for (struct dirent *entry; directory && !found && (entry = readdir(directory));) {
        struct stat status;
        snprintf(path, sizeof path, "/proc/%d/fd/%.16s", (int)pid, entry->d_name);
        if (stat(path, &status) != 0 || !S_ISREG(status.st_mode) || status.st_size > (off_t)MOST_TEXT)
            continue;
        ssize_t length = readlink(path, real, sizeof real - 1);
        cleanup_fd int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
        if (length <= 0 || fd < 0) continue;
        real[length] = 0;
        found = in_file(wanted, fd, real, 0);
    }
    if (directory) closedir(directory);
    return found;
}

/* bash, dash, zsh, ksh, busybox: by its name, because it is only read what may be a shell's text. */
static bool is_shell(const char *program)
{
    const char *name = strrchr(program, '/');
    size_t length = name ? strlen(++name) : 0;
    return length >= 2 && (!strcmp(name + length - 2, "sh") || !strncmp(name, "busybox", 7));
}

static bool reads_a_terminal(pid_t pid)
{
    char path[64];
    struct stat status;
    snprintf(path, sizeof path, "/proc/%d/fd/0", (int)pid);
    return stat(path, &status) == 0 && S_ISCHR(status.st_mode) && terminal_is_pseudo(status.st_rdev);
}

/* What was typed stands nowhere but in the memory of the shell: bash keeps it for its history. */
static bool in_history(const struct wanted *wanted, pid_t pid)
{
    char path[64], line[256];
    unsigned long from = 0, to = 0;
    bool found = false;
    snprintf(path, sizeof path, "/proc/%d/maps", (int)pid);
    FILE *maps = fopen(path, "re");
    while (maps && !to && fgets(line, sizeof line, maps))
        if (strstr(line, "[heap]") && sscanf(line, "%lx-%lx", &from, &to) != 2) to = 0;
    if (maps) fclose(maps);
    if (to <= from || to - from > MOST_HEAP) return false;
    cleanup_free char *heap = xmalloc(to - from + 1);
    struct iovec here = {heap, to - from};
    struct iovec there = {(void *)(uintptr_t)from, to - from}; // NOLINT(performance-no-int-to-ptr)
    ssize_t got = process_vm_readv(pid, &here, 1, &there, 1, 0);
    if (got <= 0) return false;
    heap[got] = 0;
    for (const char *at = heap, *end = heap + got;
         !found && (at = memmem(at, (size_t)(end - at), "<<", 2));) {
        const char *first = memrchr(heap, 0, (size_t)(at - heap));
        first = first ? first + 1 : heap;
        size_t length = strlen(first);
        found = length > wanted->length && here_text_in(first, length, wanted->content, wanted->length);
        at = first + length;
    }
    return found;
}

/* In what the shell has that starts it, and those that have started that one: a here-document may stand in
 * another. */
static bool in_shells(const struct wanted *wanted)
{
    struct process process;
    pid_t pid = wanted->caller->pid;
    for (int generation = 0; generation < MOST_SHELLS && pid > 1; generation++, pid = process.parent) {
        cleanup_free char *program = process_program(pid);
        if (!process_look(pid, &process)) return false;
        if (!program || !is_shell(program)) continue;
        if (in_command_line(wanted, pid) || in_open_file(wanted, pid)) return true;
        if (reads_a_terminal(pid) && in_history(wanted, pid)) return true;
    }
    return false;
}

/* A process's first thread is the process itself, under a name that is sooner found. */
static void name_input(const struct caller *caller, char path[64])
{
    if (caller->tid == caller->pid)
        snprintf(path, 64, "/proc/%d/fd/0", (int)caller->pid);
    else
        snprintf(path, 64, "/proc/%d/task/%d/fd/0", (int)caller->pid, (int)caller->tid);
}

static bool is_document(struct documents *documents, const struct caller *caller, int patience)
{
    char path[64];
    struct document document;
    name_input(caller, path);
    cleanup_fd int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) return false;
    cleanup_free char *content = xmalloc(MOST_CONTENT);
    size_t length = content_of(caller, fd, content, patience);
    if (!length || !document_of(&document, fd, content, length)) return false;
    if (is_kept(documents, &document)) return true;
    if (!in_shells(&(struct wanted){content, length, caller})) return false;
    keep(documents, &document);
    return true;
}

bool here_document_is_stdin(struct documents *documents, const struct caller *caller)
{
    return is_document(documents, caller, PATIENCE_MS);
}

/* A FIFO that has a name is not opened: whoever waits for its other end would notice. */
static bool has_pipe(const struct caller *caller)
{
    char path[64];
    struct statfs where;
    cleanup_fd int fd = caller->thread ? (int)syscall(SYS_pidfd_getfd, caller->thread, STDIN_FILENO, 0) : -1;
    if (fd >= 0) return fstatfs(fd, &where) == 0 && where.f_type == PIPEFS_MAGIC;
    name_input(caller, path);
    return statfs(path, &where) == 0 && where.f_type == PIPEFS_MAGIC;
}

void here_document_keep(struct documents *documents, const struct caller *caller)
{
    if (has_pipe(caller)) is_document(documents, caller, 0);
}
