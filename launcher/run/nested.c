/* nested.c: see nested.h. */
#include "nested.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "../../shim/wire.h"
#include "../look/process.h"
#include "../plain/memory.h"

#define NAME "askfirst"

bool nested_has_shim(void)
{
    Dl_info found;
    void *first = dlsym(RTLD_DEFAULT, "execve");
    if (!first || !dladdr(first, &found) || !found.dli_fname) return false;
    const char *slash = strrchr(found.dli_fname, '/');
    return !strcmp(slash ? slash + 1 : found.dli_fname, WIRE_SHIM);
}

static bool is_askfirst(pid_t pid)
{
    char path[64], name[32];
    snprintf(path, sizeof path, "/proc/%d/comm", (int)pid);
    int fd cleanup_fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t length = fd < 0 ? -1 : read(fd, name, sizeof name);
    return length == sizeof NAME && !memcmp(name, NAME "\n", sizeof NAME);
}

/* Every process of a run is below its keeper, whose parent is the launcher. An approver's command is below a
 * launcher alone: it is no part of the run. */
static bool has_keeper(void)
{
    struct process process;
    bool below = false;
    for (pid_t pid = getppid(); pid > 1 && process_look(pid, &process); pid = process.parent) {
        bool is = is_askfirst(pid);
        if (is && below) return true;
        below = is;
    }
    return false;
}

bool nested_in_run(void)
{
    return nested_has_shim() || (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1 && has_keeper());
}
