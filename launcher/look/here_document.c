/* here_document.c: see here_document.h. */
#include "here_document.h"

#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "../../policy/sha256.h"
#include "../plain/memory.h"
#include "process.h"

#ifndef PIPEFS_MAGIC
#define PIPEFS_MAGIC 0x50495045
#endif
#define MOST_TEXT ((size_t)1 << 20)
#define MOST_CONTENT 65536
#define MOST_SHELLS 4 /* a shell within a shell */
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

/* What is in the pipe, left in it; 0: nothing, too much, a FIFO that has a name, or somebody may write to it
 * still. */
static size_t content_of(int fd, char *content)
{
    struct statfs where;
    struct pollfd state = {.fd = fd, .events = POLLIN};
    int waiting = 0, copy[2];
    if (fstatfs(fd, &where) != 0 || where.f_type != PIPEFS_MAGIC) return 0;
    if (poll(&state, 1, 0) != 1 || !(state.revents & POLLHUP)) return 0;
    if (ioctl(fd, FIONREAD, &waiting) != 0 || waiting <= 0 || waiting > MOST_CONTENT) return 0;
    if (pipe2(copy, O_CLOEXEC | O_NONBLOCK) != 0) return 0;
    ssize_t copied = tee(fd, copy[1], (size_t)waiting, SPLICE_F_NONBLOCK);
    ssize_t got = copied == waiting ? read(copy[0], content, (size_t)waiting) : -1;
    close(copy[0]);
    close(copy[1]);
    return got == waiting ? (size_t)got : 0;
}

/* <<'WORD', <<"WORD" or << WORD at the end of what is before: its word begins at the result. <<-WORD takes
 * tabs away, so that the content would stand nowhere. */
static const char *delimiter(const char *text, const char *content, size_t *length)
{
    if (content - text < 2 || content[-1] != '\n') return NULL;
    const char *line = memrchr(text, '\n', (size_t)(content - 1 - text));
    line = line ? line + 1 : text;
    const char *mark = memmem(line, (size_t)(content - line), "<<", 2);
    if (!mark || mark[2] == '<') return NULL;
    const char *word = mark + 2;
    while (*word == ' ' || *word == '\t' || *word == '\'' || *word == '"' || *word == '\\')
        word++;
    *length = 0;
    while (isalnum((unsigned char)word[*length]) || word[*length] == '_')
        ++*length;
    return *length ? word : NULL;
}

/* The content is whole lines, after the line that announces them and before the line that ends them. `quote`
 * may follow on that. */
static bool is_document(const char *text, const char *end, const char *content, size_t length, char quote)
{
    size_t word_length;
    const char *word = delimiter(text, content, &word_length), *after = content + length;
    if (!word || content[length - 1] != '\n') return false;
    if ((size_t)(end - after) < word_length || memcmp(after, word, word_length) != 0) return false;
    if (after + word_length == end) return true;
    char next = after[word_length];
    return next == '\n' || !next || (quote && next == quote);
}

/* <<< 'content': a here-string has a newline of its own at its end. */
static bool is_string(const char *text, const char *end, const char *content, size_t length)
{
    if (content == text || content + length - 1 >= end) return false;
    char quote = content[-1];
    if ((quote != '\'' && quote != '"') || content[length - 1] != quote) return false;
    const char *before = content - 1;
    while (before > text && (before[-1] == ' ' || before[-1] == '\t'))
        before--;
    return before - text >= 3 && !memcmp(before - 3, "<<<", 3);
}

static bool is_in(const char *text, const char *end, const char *content, size_t length, char quote)
{
    for (const char *at = text; (at = memmem(at, (size_t)(end - at), content, length - 1)); at++) {
        bool whole_lines = end - at >= (ptrdiff_t)length && at[length - 1] == '\n';
        if (whole_lines ? is_document(text, end, at, length, quote) : is_string(text, end, at, length))
            return true;
    }
    return false;
}

/* How a character is written inside a quoted word, where that takes more than itself. */
static const struct escape {
    char quote, stands_for;
    const char *text;
} escapes[] = {
    {'\'', '\'', "'\\''"}, {'\'', '\'', "'\"'\"'"}, {'"', '"', "\\\""},
    {'"', '\\', "\\\\"},   {'"', '$', "\\$"},       {'"', '`', "\\`"},
};

static const struct escape *escape_at(const char *at, const char *end, char quote)
{
    for (size_t i = 0; i < sizeof escapes / sizeof *escapes; i++) {
        size_t length = strlen(escapes[i].text);
        if (escapes[i].quote == quote && (size_t)(end - at) >= length && !memcmp(at, escapes[i].text, length))
            return &escapes[i];
    }
    return NULL;
}

/* Agents have a shell eval a command that stands in its own command line as one quoted word. */
static bool is_in_quoted(const char *text, const char *end, const char *content, size_t length, char quote)
{
    cleanup_free char *inside = xmalloc((size_t)(end - text) + 1);
    char *to = inside;
    for (const char *at = text; at < end;) {
        const struct escape *escape = escape_at(at, end, quote);
        *to++ = escape ? escape->stands_for : *at;
        at += escape ? strlen(escape->text) : 1;
    }
    return is_in(inside, to, content, length, quote);
}

bool here_document_in(const char *text, size_t text_length, const char *content, size_t length)
{
    const char *end = text + text_length;
    if (length < 2 || content[length - 1] != '\n') return false;
    return is_in(text, end, content, length, 0) || is_in_quoted(text, end, content, length, '\'') ||
           is_in_quoted(text, end, content, length, '"');
}

static bool in_file(int fd, const char *content, size_t length)
{
    cleanup_free char *text = xmalloc(MOST_TEXT + 1);
    size_t got = 0;
    ssize_t more;
    while (got < MOST_TEXT && (more = read(fd, text + got, MOST_TEXT - got)) > 0)
        got += (size_t)more;
    text[got] = 0;
    return here_document_in(text, got, content, length);
}

static bool in_command_line(const struct caller *caller, const char *content, size_t length)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/cmdline", (int)caller->pid);
    cleanup_fd int fd = open(path, O_RDONLY | O_CLOEXEC);
    return fd >= 0 && in_file(fd, content, length);
}

static bool in_open_file(pid_t pid, const char *content, size_t length)
{
    char path[128];
    bool found = false;
    snprintf(path, sizeof path, "/proc/%d/fd", (int)pid);
    DIR *directory = opendir(path);
    for (struct dirent *entry; directory && !found && (entry = readdir(directory));) {
        struct stat status;
        snprintf(path, sizeof path, "/proc/%d/fd/%.16s", (int)pid, entry->d_name);
        if (stat(path, &status) != 0 || !S_ISREG(status.st_mode) || status.st_size > (off_t)MOST_TEXT)
            continue;
        int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
        if (fd < 0) continue;
        found = in_file(fd, content, length);
        close(fd);
    }
    if (directory) closedir(directory);
    return found;
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

/* A shell has the script that it reads open; its child may have closed it before it executes. */
static bool in_script(const struct caller *caller, const char *content, size_t length)
{
    struct process process;
    pid_t pid = caller->pid;
    for (int generation = 0; generation < MOST_SHELLS; generation++) {
        if (in_open_file(pid, content, length)) return true;
        if (!process_look(pid, &process) || !same_program(pid, process.parent)) return false;
        pid = process.parent;
    }
    return false;
}

bool here_document_is_stdin(struct documents *documents, const struct caller *caller)
{
    char path[64];
    struct document document;
    snprintf(path, sizeof path, "/proc/%d/task/%d/fd/0", (int)caller->pid, (int)caller->tid);
    cleanup_fd int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) return false;
    cleanup_free char *content = xmalloc(MOST_CONTENT);
    size_t length = content_of(fd, content);
    if (!length || !document_of(&document, fd, content, length)) return false;
    if (is_kept(documents, &document)) return true;
    if (!in_command_line(caller, content, length) && !in_script(caller, content, length)) return false;
    keep(documents, &document);
    return true;
}

void here_document_keep(struct documents *documents, const struct caller *caller)
{
    char path[64];
    struct statfs where;
    snprintf(path, sizeof path, "/proc/%d/task/%d/fd/0", (int)caller->pid, (int)caller->tid);
    /* A FIFO that has a name is not opened: whoever waits for its other end would notice. */
    if (statfs(path, &where) == 0 && where.f_type == PIPEFS_MAGIC) here_document_is_stdin(documents, caller);
}
