/* landlock.h: the kernel's interface as of ABI 7, whatever headers this was built with. */
#ifndef ASKFIRST_FLOOR_LANDLOCK_H
#define ASKFIRST_FLOOR_LANDLOCK_H

#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef __NR_landlock_create_ruleset
#define __NR_landlock_create_ruleset 444
#define __NR_landlock_add_rule 445
#define __NR_landlock_restrict_self 446
#endif

enum {
    FLOOR_EXECUTE = 1u << 0,
    FLOOR_WRITE_FILE = 1u << 1,
    FLOOR_READ_FILE = 1u << 2,
    FLOOR_READ_DIR = 1u << 3,
    FLOOR_REMOVE_DIR = 1u << 4,
    FLOOR_REMOVE_FILE = 1u << 5,
    FLOOR_MAKE_CHAR = 1u << 6,
    FLOOR_MAKE_DIR = 1u << 7,
    FLOOR_MAKE_REG = 1u << 8,
    FLOOR_MAKE_SOCK = 1u << 9,
    FLOOR_MAKE_FIFO = 1u << 10,
    FLOOR_MAKE_BLOCK = 1u << 11,
    FLOOR_MAKE_SYM = 1u << 12,
    FLOOR_REFER = 1u << 13,     /* ABI 2 */
    FLOOR_TRUNCATE = 1u << 14,  /* ABI 3 */
    FLOOR_IOCTL_DEV = 1u << 15, /* ABI 5 */

    FLOOR_BIND_TCP = 1u << 0, /* ABI 4 */
    FLOOR_CONNECT_TCP = 1u << 1,

    FLOOR_SCOPE_ABSTRACT = 1u << 0, /* ABI 6 */
    FLOOR_SCOPE_SIGNAL = 1u << 1,
};

struct landlock_ruleset {
    uint64_t handled_access_fs;
    uint64_t handled_access_net;
    uint64_t scoped;
};

struct landlock_beneath {
    uint64_t allowed_access;
    int32_t parent_fd;
} __attribute__((packed));

enum { LANDLOCK_BENEATH = 1, LANDLOCK_VERSION = 1 };

static inline int landlock_create(const struct landlock_ruleset *ruleset, size_t size, uint32_t flags)
{
    return (int)syscall(__NR_landlock_create_ruleset, ruleset, size, flags);
}

static inline int landlock_add_beneath(int fd, const struct landlock_beneath *beneath)
{
    return (int)syscall(__NR_landlock_add_rule, fd, LANDLOCK_BENEATH, beneath, 0);
}

static inline int landlock_restrict(int fd)
{
    return (int)syscall(__NR_landlock_restrict_self, fd, 0);
}

#endif
