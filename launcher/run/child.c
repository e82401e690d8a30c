/* child.c: see child.h. */
#include "child.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../guard/guard.h"
#include "../look/elf.h"
#include "../plain/memory.h"

/* 0, or why it cannot be executed. */
static int look_at(const char *path)
{
    struct stat status;
    if (stat(path, &status) < 0) return errno;
    if (!S_ISREG(status.st_mode)) return EACCES;
    return faccessat(AT_FDCWD, path, X_OK, AT_EACCESS) < 0 ? errno : 0;
}

char *child_find(const char *name, const char *search)
{
    if (strchr(name, '/')) {
        int error = look_at(name);
        if (!error) return xstrdup(name);
        errno = error == ENOTDIR ? ENOENT : error;
        return NULL;
    }
    int seen = ENOENT;
    const char *at = search ? search : "/bin:/usr/bin";
    while (*name) {
        size_t length = strcspn(at, ":");
        char *path = xasprintf("%.*s%s%s", (int)length, at, length ? "/" : "", name);
        int error = look_at(path);
        if (!error) return path;
        free(path);
        if (error == EACCES) seen = EACCES;
        if (!at[length]) break;
        at += length + 1;
    }
    errno = seen;
    return NULL;
}

enum child_shape child_shape(const char *program)
{
    struct elf elf;
    struct hashbang hashbang;
    int fd cleanup_fd = open(program, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) return CHILD_PROGRAM; /* one that may be executed and not read */
    elf_look(fd, &elf);
    if (elf.kind != ELF_NONE) return CHILD_PROGRAM;
    if (!elf_hashbang(fd, &hashbang)) return CHILD_TEXT;
    return access(hashbang.interpreter, F_OK) < 0 ? CHILD_NO_INTERPRETER : CHILD_PROGRAM;
}

static void tell(int birth, const struct child_news *news)
{
    ssize_t written = write(birth, news, sizeof *news);
    (void)
        written; /* nobody is there to be told: the launcher has gone, and the keeper will end this one too */
}

void child_failed(int birth, enum child_stage stage, int error)
{
    tell(birth, &(struct child_news){.kind = CHILD_FAILED, .stage = stage, .error = error});
}

static void require(bool done, int birth, enum child_stage stage)
{
    if (done) return;
    child_failed(birth, stage, errno);
    _exit(125);
}

void child_become(const struct child_plan *plan, pid_t parent, int birth)
{
    tell(birth, &(struct child_news){.kind = CHILD_PID, .pid = getpid()});
    /* Without its keeper nobody would end it. It may have gone before this was set: then there is another
     * parent. */
    require(prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 && getppid() == parent, birth, CHILD_PARENT);
    require(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0, birth, CHILD_PRIVILEGES);
    require(limits_apply(plan->limits) == 0, birth, CHILD_LIMITS);
    signals_restore(plan->signals);
    require(!plan->guard || guard_enter(plan->guard) == 0, birth, CHILD_GUARD);
    execve(plan->program, plan->argv, plan->environment);
    require(false, birth, CHILD_EXEC);
    _exit(125);
}

const char *child_stage_name(enum child_stage stage)
{
    static const char *const names[] = {
        [CHILD_FORK] = "a new process",
        [CHILD_PARENT] = "its keeper",
        [CHILD_LIMITS] = "its resource limits",
        [CHILD_PRIVILEGES] = "giving up set-user-id programs (no_new_privs)",
        [CHILD_GUARD] = "going behind the guard",
        [CHILD_EXEC] = "executing it",
    };
    return names[stage];
}
