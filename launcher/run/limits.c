/* limits.c: see limits.h. */
#include "limits.h"

#include <ctype.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../plain/memory.h"

/* Between SIGXCPU, which a program may handle to save its work, and SIGKILL. */
#define CPU_GRACE 5

static rlim_t count_threads(const char *process)
{
    char *path cleanup_free = xasprintf("/proc/%s/task", process);
    struct stat status;
    /* A directory of directories has a link for each of them, for itself, and for its name above. */
    return stat(path, &status) == 0 && status.st_nlink > 2 ? status.st_nlink - 2 : 1;
}

/* RLIMIT_NPROC counts all tasks of the user on the machine, not those of the run: what is there already is
 * added to what the run may have, or it could not start anything on a busy machine. */
static rlim_t tasks_of_user(void)
{
    rlim_t tasks = 0;
    struct stat status;
    DIR *directory = opendir("/proc");
    if (!directory) return 0;
    for (struct dirent *entry; (entry = readdir(directory));)
        if (isdigit((unsigned char)entry->d_name[0]) &&
            fstatat(dirfd(directory), entry->d_name, &status, 0) == 0 && status.st_uid == getuid())
            tasks += count_threads(entry->d_name);
    closedir(directory);
    return tasks;
}

static void add(struct resource_limits *plan, __rlimit_resource_t resource, rlim_t wanted, rlim_t grace)
{
    struct rlimit limit;
    if (!wanted || getrlimit(resource, &limit) < 0) return;
    if (wanted < limit.rlim_cur) limit.rlim_cur = wanted;
    if (wanted + grace < limit.rlim_max) limit.rlim_max = wanted + grace;
    plan->items[plan->count].resource = resource;
    plan->items[plan->count++].limit = limit;
}

void limits_plan(const struct limits *limits, struct resource_limits *plan)
{
    plan->count = 0;
    add(plan, RLIMIT_AS, limits->memory, 0);
    add(plan, RLIMIT_NPROC, limits->processes ? limits->processes + tasks_of_user() : 0, 0);
    add(plan, RLIMIT_FSIZE, limits->file_size, 0);
    add(plan, RLIMIT_NOFILE, limits->open_files, 0);
    add(plan, RLIMIT_CPU, limits->cpu_seconds, CPU_GRACE);
}

int limits_apply(const struct resource_limits *plan)
{
    for (size_t i = 0; i < plan->count; i++)
        if (setrlimit(plan->items[i].resource, &plan->items[i].limit) < 0) return -1;
    return 0;
}
