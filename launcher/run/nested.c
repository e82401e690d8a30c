/* nested.c: see nested.h. */
#include "nested.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <link.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "../../shim/wire.h"
#include "../look/process.h"
#include "../plain/memory.h"

#define NAME "askfirst"

/* An address, and what it lies in. */
struct object {
    uintptr_t address;
    const char *name; /* NULL: not known yet */
};

/* dladdr(3) would look through all of the C library's symbols. */
static int look_at(struct dl_phdr_info *info, size_t size, void *context)
{
    struct object *object = context;
    (void)size;
    for (size_t i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *part = &info->dlpi_phdr[i];
        if (part->p_type == PT_LOAD && object->address - (info->dlpi_addr + part->p_vaddr) < part->p_memsz)
            object->name = info->dlpi_name;
    }
    return object->name != NULL;
}

bool nested_has_shim(void)
{
    struct object first = {(uintptr_t)dlsym(RTLD_DEFAULT, "execve"), NULL};
    if (!first.address || !dl_iterate_phdr(look_at, &first)) return false;
    const char *slash = strrchr(first.name, '/');
    return !strcmp(slash ? slash + 1 : first.name, WIRE_SHIM);
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
