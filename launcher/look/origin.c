/* origin.c: see origin.h. */
#include "origin.h"

#include <stdlib.h>

#include "../plain/memory.h"
#include "process.h"

#define MOST 512u /* a run that starts more has forgotten the oldest */

struct origin {
    pid_t pid; /* with `began`: what was started */
    uint64_t began;
    char *file, *function;
    uint32_t line;
};

struct origins {
    struct origin *of[MOST]; /* a ring */
    size_t next;
};

struct origin *origin_new(const struct question *question)
{
    if (!question->python_file) return NULL;
    struct origin *origin = xcalloc(1, sizeof *origin);
    origin->file = xstrdup(question->python_file);
    origin->function = question->python_function ? xstrdup(question->python_function) : NULL;
    origin->line = question->python_line;
    return origin;
}

void origin_free(struct origin *origin)
{
    if (!origin) return;
    free(origin->file);
    free(origin->function);
    free(origin);
}

struct origins *origins_new(void)
{
    return xcalloc(1, sizeof(struct origins));
}

void origins_free(struct origins *origins)
{
    for (size_t i = 0; i < MOST; i++)
        origin_free(origins->of[i]);
    free(origins);
}

void origins_put(struct origins *origins, const struct caller *started, struct origin *origin)
{
    if (!origin) return;
    origin->pid = started->pid;
    origin->began = started->started;
    origin_free(origins->of[origins->next]);
    origins->of[origins->next] = origin;
    origins->next = (origins->next + 1) % MOST;
}

/* The last that was noted of a process, which may have become one program after another. */
static const struct origin *origin_of(const struct origins *origins, pid_t pid)
{
    struct process process;
    for (size_t back = 1; back <= MOST; back++) {
        const struct origin *origin = origins->of[(origins->next + MOST - back) % MOST];
        if (!origin) return NULL;
        if (origin->pid != pid) continue;
        return process_look(pid, &process) && process.started == origin->began ? origin : NULL;
    }
    return NULL;
}

void origins_find(const struct origins *origins, struct question *question)
{
    for (size_t i = 0; !question->python_file && i < question->chain_length; i++) {
        const struct origin *origin = origin_of(origins, question->chain[i].pid);
        if (!origin) continue;
        question->python_file = xstrdup(origin->file);
        question->python_line = origin->line;
        question->python_function = origin->function ? xstrdup(origin->function) : NULL;
        question->python_started = origin->pid;
    }
}
