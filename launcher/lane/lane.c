/* lane.c: the lane's memory, and the names in it (lane.h). */
#include "lane.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/ioctl.h>
#include <sys/ipc.h>
#include <sys/shm.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../shim/lane.h"
#include "../filter/numbers.h"
#include "../plain/memory.h"
#include "map.h"

struct lane {
    int segment;
    char *memory; /* NULL: not attached */
    dev_t device; /* of the file that the kernel keeps for it */
    ino_t inode;
    struct stat namespace; /* in which its number means it */
    bool listed[LANE_SLOTS];
};

static struct lane_head *head_of(const struct lane *lane)
{
    return (struct lane_head *)(void *)lane->memory;
}

/* Each set of flags that may be asked for, with the demand that the name be the real path. */
static void write_hows(char *memory)
{
    static const int flags[] = LANE_FLAGS;
    for (unsigned set = 0; set < LANE_HOWS; set++) {
        struct open_how how = {.flags = LANE_LARGE, .resolve = RESOLVE_NO_SYMLINKS};
        for (unsigned bit = 0; bit < sizeof flags / sizeof *flags; bit++)
            if (set & 1u << bit) how.flags |= (uint64_t)(unsigned)flags[bit];
        memcpy(memory + LANE_HOWS_AT + (size_t)set * LANE_HOW, &how, LANE_HOW_SIZE);
    }
}

/* linux/fs.h of Linux 6.11. */
struct map_query {
    uint64_t size, flags, address;
    uint64_t start, end, its_flags, page_size, offset, inode;
    uint32_t major, minor;
    uint32_t name_size, build_size;
    uint64_t name, build;
};
#define MAP_QUERY _IOWR('f', 17, struct map_query)

/* The kernel tells whose memory lies where. */
static bool find_file(struct lane *lane)
{
    struct map_query query = {.size = sizeof query, .address = (uint64_t)(uintptr_t)lane->memory};
    cleanup_fd int maps = open("/proc/self/maps", O_RDONLY | O_CLOEXEC);
    if (maps < 0 || ioctl(maps, MAP_QUERY, &query)) return false;
    lane->device = makedev(query.major, query.minor);
    lane->inode = query.inode;
    return true;
}

/* It looks at the flags first, of which there are none yet. */
bool lane_is_known(void)
{
    return lane_map_is_known() && syscall(__NR_mseal, NULL, 0, 1) < 0 && errno == EINVAL;
}

/* Whether a program could have it where it belongs: tried here, but for the sealing, which could not be
 * undone. */
static bool can_be_mapped(const struct lane *lane)
{
    void *at = (void *)(uintptr_t)LANE_AT; /* NOLINT(performance-no-int-to-ptr) */
    if (shmat(lane->segment, at, SHM_RDONLY) != at) return false;
    bool sealable = !syscall(__NR_mseal, at, 0, 0);
    return !shmdt(at) && sealable;
}

struct lane *lane_new(const char **why)
{
    if (!lane_map_is_known()) {
        *why = "askfirst has none for this processor yet";
        return NULL;
    }
    if (!getauxval(AT_SYSINFO_EHDR)) {
        *why = "programs have no code of the kernel's in them (vDSO), where it could be mapped from";
        return NULL;
    }
    struct lane *lane = xcalloc(1, sizeof *lane);
    lane->segment = shmget(IPC_PRIVATE, LANE_SIZE, IPC_CREAT | 0600);
    if (lane->segment < 0) {
        *why = "there is no shared memory (shmget)";
        free(lane);
        return NULL;
    }
    void *memory = shmat(lane->segment, NULL, 0);
    shmctl(lane->segment, IPC_RMID, NULL);           /* it goes with the last who has it */
    if (memory != (void *)-1) lane->memory = memory; /* NOLINT(performance-no-int-to-ptr) */
    if (!lane->memory || stat("/proc/self/ns/ipc", &lane->namespace)) {
        *why = "shared memory cannot be had (shmat)";
    } else if (!find_file(lane)) {
        *why = "whose memory lies where cannot be asked (PROCMAP_QUERY), which Linux 6.11 and newer can";
    } else if (!can_be_mapped(lane)) {
        *why = "memory cannot be sealed (mseal), which Linux 6.10 and newer can";
    } else {
        write_hows(lane->memory);
        __atomic_store_n(&head_of(lane)->magic, LANE_MAGIC, __ATOMIC_RELEASE);
        return lane;
    }
    lane_free(lane);
    return NULL;
}

void lane_free(struct lane *lane)
{
    if (!lane) return;
    if (lane->memory) shmdt(lane->memory);
    free(lane);
}

void lane_share(const struct lane *lane)
{
    struct shmid_ds segment;
    if (shmctl(lane->segment, IPC_STAT, &segment)) return;
    segment.shm_perm.mode = 0644;
    shmctl(lane->segment, IPC_SET, &segment);
}

int lane_segment(const struct lane *lane)
{
    return lane->segment;
}

bool lane_reaches(const struct lane *lane, pid_t tid)
{
    char path[64];
    struct stat namespace;
    snprintf(path, sizeof path, "/proc/%d/ns/ipc", tid);
    return !stat(path, &namespace) && namespace.st_dev == lane->namespace.st_dev &&
           namespace.st_ino == lane->namespace.st_ino;
}

bool lane_is_sealed(pid_t pid)
{
    static const char flags[] = "VmFlags:";
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/smaps", pid);
    FILE *maps cleanup_file = fopen(path, "re");
    char *line cleanup_free = NULL;
    size_t size = 0;
    bool here = false;
    while (maps && getline(&line, &size, maps) > 0) {
        unsigned long from, to;
        if (sscanf(line, "%lx-%lx ", &from, &to) == 2)
            here = from == LANE_AT && to >= LANE_AT + LANE_SIZE;
        else if (here && !strncmp(line, flags, sizeof flags - 1))
            return strstr(line, " sl") != NULL;
    }
    return false;
}

bool lane_is(const struct lane *lane, const struct stat *status)
{
    return status->st_dev == lane->device && status->st_ino == lane->inode;
}

/* Absolute, with no name in it that means another: as the kernel would print it. */
static bool is_plain(const char *name, size_t length)
{
    if (length < 2 || length >= LANE_SLOT || name[0] != '/') return false;
    for (const char *at = name; *at; at += strcspn(at, "/")) {
        size_t size = strcspn(++at, "/");
        if (!size || (size == 1 && at[0] == '.') || (size == 2 && at[0] == '.' && at[1] == '.')) return false;
    }
    return true;
}

/* The first byte of a name comes last, and its bucket after that: whoever reads meanwhile sees the whole or
 * nothing. */
static void write_name(struct lane *lane, uint32_t slot, const char *name, size_t length)
{
    char *to = lane->memory + LANE_NAMES_AT + (size_t)slot * LANE_SLOT;
    memcpy(to + 1, name + 1, length);
    __atomic_store_n(to, name[0], __ATOMIC_RELEASE);
}

/* The slot stays as it is apart from its first byte: whoever reads meanwhile opens that file still, or
 * nothing. */
void lane_forget(struct lane *lane, const char *directory)
{
    size_t length = strcmp(directory, "/") ? strlen(directory) : 0;
    for (uint32_t slot = 0; slot < head_of(lane)->used; slot++) {
        char *name = lane->memory + LANE_NAMES_AT + (size_t)slot * LANE_SLOT;
        if (!strncmp(name, directory, length) && (!name[length] || name[length] == '/'))
            __atomic_store_n(name, 0, __ATOMIC_RELEASE);
    }
}

void lane_below(const struct lane *lane, const char *directory, void (*tell)(void *context, const char *rest),
                void *context)
{
    size_t length = strcmp(directory, "/") ? strlen(directory) : 0;
    for (uint32_t slot = 0; slot < head_of(lane)->used; slot++) {
        const char *name = lane->memory + LANE_NAMES_AT + (size_t)slot * LANE_SLOT;
        if (!length || (!strncmp(name + 1, directory + 1, length - 1) && name[length] == '/'))
            tell(context, name + length + 1);
    }
}

static char *name_in(const struct lane *lane, int slot)
{
    return lane->memory + LANE_NAMES_AT + (size_t)slot * LANE_SLOT;
}

/* The slot that a name has or had, or -1; `*at`: its bucket, or the empty one where it belongs. All begin
 * with the same byte, if it has not been taken away. */
static int find(const struct lane *lane, const char *name, size_t length, uint32_t *at)
{
    const uint32_t *buckets = (const uint32_t *)(const void *)(lane->memory + LANE_INDEX_AT);
    uint32_t slot;
    for (*at = lane_bucket(name, length); (slot = buckets[*at]); *at = (*at + 1) & (LANE_BUCKETS - 1))
        if (!strcmp(name_in(lane, (int)slot - 1) + 1, name + 1)) return (int)slot - 1;
    return -1;
}

bool lane_list_once(struct lane *lane, const char *name)
{
    uint32_t at;
    int slot = is_plain(name, strlen(name)) ? find(lane, name, strlen(name), &at) : -1;
    if (slot < 0 || !*name_in(lane, slot) || lane->listed[slot]) return false;
    lane->listed[slot] = true;
    return true;
}

/* A slot is only ever one name's: whoever has begun to read it reads that, and no mixture. */
static void bring_back(struct lane *lane, int slot)
{
    char *name = name_in(lane, slot);
    if (*name) return;
    lane->listed[slot] = false;
    __atomic_store_n(name, '/', __ATOMIC_RELEASE);
}

int lane_add(struct lane *lane, const char *name)
{
    size_t length = strlen(name);
    struct lane_head *head = head_of(lane);
    uint32_t *buckets = (uint32_t *)(void *)(lane->memory + LANE_INDEX_AT), at;
    if (!is_plain(name, length)) return -1;
    int slot = find(lane, name, length, &at);
    if (slot >= 0) bring_back(lane, slot);
    if (slot >= 0 || head->used == LANE_SLOTS) return slot;
    write_name(lane, head->used, name, length);
    head->used++;
    __atomic_store_n(&buckets[at], head->used, __ATOMIC_RELEASE);
    return (int)head->used - 1;
}

/* Its target comes first, and its bucket last. */
static void write_alias(struct lane *lane, uint32_t alias, const char *path, size_t length, int slot)
{
    uint32_t *targets = (uint32_t *)(void *)(lane->memory + LANE_TARGETS_AT);
    memcpy(lane->memory + LANE_ALIASES_AT + (size_t)alias * LANE_SLOT, path, length + 1);
    __atomic_store_n(&targets[alias], (uint32_t)slot, __ATOMIC_RELAXED);
}

void lane_add_alias(struct lane *lane, const char *path, int slot)
{
    size_t length = strlen(path);
    struct lane_head *head = head_of(lane);
    uint32_t *buckets = (uint32_t *)(void *)(lane->memory + LANE_ALIAS_INDEX_AT), alias;
    if (!is_plain(path, length)) return;
    uint32_t at = lane_alias_bucket(path, length);
    for (; (alias = buckets[at]); at = (at + 1) & (LANE_ALIAS_BUCKETS - 1))
        if (!strcmp(lane->memory + LANE_ALIASES_AT + (size_t)(alias - 1) * LANE_SLOT, path)) {
            write_alias(lane, alias - 1, path, length, slot);
            return;
        }
    if (head->aliases == LANE_ALIASES) return;
    write_alias(lane, head->aliases, path, length, slot);
    head->aliases++;
    __atomic_store_n(&buckets[at], head->aliases, __ATOMIC_RELEASE);
}
