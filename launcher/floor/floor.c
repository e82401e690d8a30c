/* floor.c: the ruleset of a plan (floor.h), with as much as this kernel knows to hold back. */
#include "floor.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/stat.h>

#include "../plain/memory.h"
#include "landlock.h"

#define READING (FLOOR_READ_FILE | FLOOR_READ_DIR)
#define WRITING                                                                                              \
    (FLOOR_WRITE_FILE | FLOOR_REMOVE_DIR | FLOOR_REMOVE_FILE | FLOOR_MAKE_DIR | FLOOR_MAKE_REG |             \
     FLOOR_MAKE_SOCK | FLOOR_MAKE_FIFO | FLOOR_MAKE_SYM | FLOOR_REFER | FLOOR_TRUNCATE | FLOOR_IOCTL_DEV)
#define DEVICES (FLOOR_MAKE_CHAR | FLOOR_MAKE_BLOCK) /* nobody is granted these */
#define OF_FILES (FLOOR_READ_FILE | FLOOR_WRITE_FILE | FLOOR_TRUNCATE | FLOOR_IOCTL_DEV)

/* What each version of Landlock was the first to know. Programs are not here: an exec is the watch's to
 * judge. */
static const struct {
    int abi;
    uint64_t files;
    uint64_t net;
    uint64_t scopes;
    const char *knows;
    const char *without; /* NULL: the watch holds it as well */
} versions[] = {
    {1, (READING | WRITING | DEVICES) & ~(uint64_t)(FLOOR_REFER | FLOOR_TRUNCATE | FLOOR_IOCTL_DEV), 0, 0,
     "files", NULL},
    {2, FLOOR_REFER, 0, 0, "moves between directories", NULL},
    {3, FLOOR_TRUNCATE, 0, 0, "truncation", NULL},
    {4, 0, FLOOR_CONNECT_TCP, 0, "TCP connections", NULL}, /* what is bound is the run's own affair */
    {5, FLOOR_IOCTL_DEV, 0, 0, "commands to devices", "whoever may open a device may command it"},
    {6, 0, 0, FLOOR_SCOPE_ABSTRACT | FLOOR_SCOPE_SIGNAL, "signals and abstract sockets", NULL},
};

_Static_assert(sizeof versions / sizeof *versions == FLOOR_VERSIONS, "floor.h says how many there are");

const char *floor_version_knows(int version)
{
    for (size_t i = 0; i < FLOOR_VERSIONS; i++)
        if (versions[i].abi == version) return versions[i].knows;
    return NULL;
}

const char *floor_version_without(int version)
{
    for (size_t i = 0; i < FLOOR_VERSIONS; i++)
        if (versions[i].abi == version && versions[i].without) return versions[i].without;
    return "the watch alone holds it";
}

int floor_abi(void)
{
    int abi = landlock_create(NULL, 0, LANDLOCK_VERSION);
    return abi > 0 ? abi : 0;
}

static struct landlock_ruleset everything(const struct floor_plan *plan, int abi)
{
    struct landlock_ruleset ruleset = {0};
    for (size_t i = 0; i < sizeof versions / sizeof *versions && versions[i].abi <= abi; i++) {
        ruleset.handled_access_fs |= versions[i].files;
        ruleset.handled_access_net |= versions[i].net;
        ruleset.scoped |= versions[i].scopes;
    }
    if (!plan->holds_reads) ruleset.handled_access_fs &= ~(uint64_t)READING;
    return ruleset;
}

/* An older kernel takes only the beginning of the structure that it knows. */
static size_t size_for(int abi)
{
    return abi >= 6   ? sizeof(struct landlock_ruleset)
           : abi >= 4 ? offsetof(struct landlock_ruleset, scoped)
                      : offsetof(struct landlock_ruleset, handled_access_net);
}

/* A terminal or a null device that may be read may also be asked about itself. */
static int add(int ruleset, uint64_t handled, const struct floor_grant *grant)
{
    cleanup_fd int fd = open(grant->path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    struct stat status;
    if (fd < 0 || fstat(fd, &status)) return errno == ENOENT || errno == ENOTDIR || errno == EACCES ? 0 : -1;
    struct landlock_beneath beneath = {.parent_fd = fd};
    if (grant->read) beneath.allowed_access |= READING | FLOOR_IOCTL_DEV;
    if (grant->write) beneath.allowed_access |= WRITING;
    beneath.allowed_access &= handled;
    if (!S_ISDIR(status.st_mode)) beneath.allowed_access &= OF_FILES;
    return beneath.allowed_access ? landlock_add_beneath(ruleset, &beneath) : 0;
}

int floor_build(const struct floor_plan *plan, int abi)
{
    struct landlock_ruleset ruleset = everything(plan, abi);
    int fd = landlock_create(&ruleset, size_for(abi), 0);
    if (fd < 0) return -1;
    for (size_t i = 0; i < plan->grant_count; i++)
        if (add(fd, ruleset.handled_access_fs, &plan->grants[i])) {
            int error = errno;
            close(fd);
            errno = error;
            return -1;
        }
    return fd;
}

int floor_enter(int ruleset)
{
    return landlock_restrict(ruleset);
}
