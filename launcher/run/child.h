/* child.h: how a command is found, and how a process becomes it. */
#ifndef ASKFIRST_CHILD_H
#define ASKFIRST_CHILD_H

#include <stdbool.h>
#include <sys/types.h>

#include "limits.h"
#include "signals.h"

/* The program that `name` stands for, as execvp(3) looks for it in `search` (NULL: the usual places);
 * malloc'd. NULL with errno: ENOENT when there is none, EACCES when there is one that cannot be executed. */
char *child_find(const char *name, const char *search);

/* What executing `program` would come to. A file that is neither a program nor a script with a #! line is
 * text for the shell, as in execvp(3); a #! line may name an interpreter that is not there. */
enum child_shape { CHILD_PROGRAM, CHILD_TEXT, CHILD_NO_INTERPRETER };
enum child_shape child_shape(const char *program);

/* All that is needed between fork and exec, made before. */
struct guard_setup; /* guard/guard.h */

struct child_plan {
    const char *program;
    char *const *argv;
    char *const *environment;
    const struct resource_limits *limits;
    const struct signals *signals;
    const struct guard_setup *guard; /* NULL: the door alone */
};

enum child_stage { CHILD_FORK, CHILD_PARENT, CHILD_LIMITS, CHILD_PRIVILEGES, CHILD_GUARD, CHILD_EXEC };

/* What arrives at the other end of the birth pipe: first its pid, then nothing more (it has executed the
 * program), or why it could not. Of a process that could not even be forked, only the reason. */
struct child_news {
    enum { CHILD_PID, CHILD_FAILED } kind;
    pid_t pid;
    enum child_stage stage;
    int error;
};

/* The calling process, a new child of `parent`, becomes the command, or says why not and ends. Only
 * async-signal-safe calls in here, and nothing that its parent, whose memory it uses, would not stand. */
void child_become(const struct child_plan *plan, pid_t parent, int birth) __attribute__((noreturn));

void child_failed(int birth, enum child_stage stage, int error);

const char *child_stage_name(enum child_stage stage); /* "its resource limits" */

#endif
