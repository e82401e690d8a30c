/* fences.c: see fences.h. Whoever is older than the first fence and has put up none has none; whoever is
 * younger has the fence of its parent, if that is its parent: an orphan's is not. */
#include "fences.h"

#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "../look/process.h"
#include "../plain/memory.h"

static uint64_t now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_BOOTTIME, &time);
    return (uint64_t)time.tv_sec * (uint64_t)sysconf(_SC_CLK_TCK) +
           (uint64_t)time.tv_nsec / (1000000000 / (uint64_t)sysconf(_SC_CLK_TCK));
}

static bool has(const struct fenced *list, size_t count, const struct process *process)
{
    for (size_t i = 0; i < count; i++)
        if (list[i].pid == process->pid && list[i].started == process->started) return true;
    return false;
}

/* Those that have ended are forgotten on the way. */
static void add(struct fenced **list, size_t *count, pid_t pid)
{
    struct process process;
    size_t left = 0;
    for (size_t i = 0; i < *count; i++)
        if (process_look((*list)[i].pid, &process) && process.started == (*list)[i].started)
            (*list)[left++] = (*list)[i];
    *count = left;
    if (!process_look(pid, &process) || has(*list, *count, &process)) return;
    *list = xrealloc(*list, *count + 1, sizeof **list);
    (*list)[(*count)++] = (struct fenced){pid, process.started};
}

void fences_add(struct fences *fences, pid_t pid)
{
    if (!fences->first) fences->first = now();
    add(&fences->fenced, &fences->fenced_count, pid);
}

void fences_reaper(struct fences *fences, pid_t pid)
{
    add(&fences->reapers, &fences->reaper_count, pid);
}

bool fences_hold(const struct fences *fences, pid_t pid, pid_t keeper, pid_t command)
{
    struct process process, parent;
    if (!fences->first) return false;
    if (!process_look(pid, &process)) return true;
    for (;;) {
        if (has(fences->fenced, fences->fenced_count, &process)) return true;
        if (process.started < fences->first || process.pid == command) return false;
        if (process.parent == keeper || process.parent <= 1) return true;
        if (!process_look(process.parent, &parent) || parent.started > process.started) return true;
        if (has(fences->reapers, fences->reaper_count, &parent)) return true;
        process = parent;
    }
}

void fences_free(struct fences *fences)
{
    free(fences->fenced);
    free(fences->reapers);
    *fences = (struct fences){0};
}
