/* facts.h: what the launcher finds out by itself about whoever asks and about what they want: real paths,
 * working directory, standard input, the line of Python.
 *
 * Looks, and decides nothing. Everything here may find a process that is gone, or that lies.
 */
#ifndef ASKFIRST_FACTS_H
#define ASKFIRST_FACTS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>

#include "../questions/question.h"

struct caller {
    pid_t pid;
    pid_t tid;        /* the thread that asks: it may have a directory and descriptors of its own */
    uint64_t started; /* with the pid, nobody else (process.h); 0: not looked up yet (caller_since()) */
    int thread;       /* as long as its call stands still: a descriptor of it (pidfd_open(2)); 0: none */
    bool elsewhere;   /* its root, or what is mounted where, is not the launcher's */
};

struct process;

/* False: there is no such process. A tid that is none of its threads is taken for its first. */
bool caller_find(struct caller *caller, pid_t pid, pid_t tid);
/* The same of a process that was looked at just now; and only who it is, where nothing is looked up for
 * it. */
void caller_name(struct caller *caller, const struct process *process);
void caller_take(struct caller *caller, const struct process *process, pid_t tid);
/* The same where everybody has the launcher's root and mounts, and `tid` is one of its threads. */
void caller_native(struct caller *caller, const struct process *process, pid_t tid);
/* Looks up when it began, where that is not known: while it is sure to be there. */
void caller_since(struct caller *caller);
bool caller_alive(const struct caller *caller);

/* Whether a process runs a program that it, and not its parent, began: it is no mere fork. */
bool facts_executed(pid_t pid);

/* Opens PATH with `flags` (O_PATH…) as the caller would: from its directory, in its root. -1 with errno. */
int facts_open(const struct caller *caller, const char *path, int flags);

/* The real path behind a descriptor; malloc'd. NULL with errno: longer than the kernel can say. */
char *facts_path(int fd);

/* One file, found by the launcher itself: an O_PATH descriptor, its real path and its identity. */
struct found {
    int fd;
    char *path;
    struct stat status;
};
bool found_open(struct found *found, const struct caller *caller, const char *path,
                int flags); /* false: errno */
bool found_same(const struct found *found,
                const struct stat *other); /* the same file with the same content */
int found_read(const struct found *found); /* a descriptor to read from, or -1 with errno */
/* The digest of what a descriptor holds. False: it cannot be read, or is larger than anybody would wait
 * for (FILE_SUMMED): everybody's calls stand still meanwhile. Then the digest is not known, which no allow
 * fits. */
#define FILE_SUMMED (32u << 20)
bool file_sha256(int fd, unsigned char sum[32]);
bool found_sha256(const struct found *found, unsigned char sum[32]);
/* Whether the program that a process runs has this digest. */
bool facts_runs_sum(pid_t pid, const unsigned char sum[32]);
void found_close(struct found *found);

char *facts_cwd(const struct caller *caller); /* NULL: not known */
/* `documents`: here_document.h. */
struct documents;
enum stdin_kind facts_stdin(const struct caller *caller, struct documents *documents);

/* What it noted of the act itself (line.h). */
struct python_note {
    char event[64];
    char subject[128]; /* "": it does not say */
};

/* The note that the shim's Python hook left among those at `address` in the caller's memory, if it makes
 * sense. */
void facts_python(struct question *question, const struct caller *caller, uint64_t address,
                  struct python_note *note);

int64_t facts_wall_clock(void); /* milliseconds since 1970 */

#endif
