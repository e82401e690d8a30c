/* lane.h: the fast lane of guard kernel: names that the policy lets be read without condition, in memory
 * that every guarded program sees and none can change.
 *
 * The launcher puts that memory into each program at its exec, before the program's first instruction, and
 * seals it there. The filter lets openat2 pass whose path and flags both lie in it; so a call that passes
 * opens a name that was judged, with demands that were chosen by the launcher: to read, and through no
 * link, which makes the name the real path. Nothing has to be asked, whoever makes the call and from
 * wherever.
 *
 * A path that leads through links to such a name can stand beside it as an alias, which says in which slot
 * that name is. It says so of the time when it was written: whoever opens by it looks whether the path
 * still leads there. The filter knows nothing of aliases.
 *
 * Names lie in slots of one size, and the filter takes the beginning of a slot only: the end of a name may
 * be another name. A slot is written once, and emptied when a directory on the way to what it names
 * becomes another.
 */
#ifndef ASKFIRST_LANE_H
#define ASKFIRST_LANE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LANE_AT UINT64_C(0x7e9a00000000) /* where neither the kernel nor a sanitizer puts anything */
#define LANE_MAGIC UINT32_C(0x61736b6c)  /* "askl" */

#define LANE_SLOT 256u
#define LANE_SLOTS 16384u
#define LANE_BUCKETS 32768u /* a power of two */

#define LANE_HOW 32u /* bytes for each struct open_how, of which 24 are used */
#define LANE_HOWS 64u
#define LANE_HOW_SIZE 24u

#define LANE_HOWS_AT 2048u
#define LANE_INDEX_AT 4096u
#define LANE_ALIASES 1024u
#define LANE_ALIAS_BUCKETS 2048u /* a power of two */
#define LANE_ALIAS_INDEX_AT (LANE_INDEX_AT + LANE_BUCKETS * 4u)
#define LANE_TARGETS_AT (LANE_ALIAS_INDEX_AT + LANE_ALIAS_BUCKETS * 4u) /* the slot of each alias */
#define LANE_ALIASES_AT (LANE_TARGETS_AT + LANE_ALIASES * 4u)

#define LANE_NAMES_AT (LANE_ALIASES_AT + LANE_ALIASES * LANE_SLOT)
#define LANE_SIZE (LANE_NAMES_AT + LANE_SLOTS * LANE_SLOT)

_Static_assert(LANE_HOWS_AT + LANE_HOWS * LANE_HOW <= LANE_INDEX_AT, "the demands fit before the index");
_Static_assert(!(LANE_NAMES_AT % LANE_SLOT), "slots are aligned to their size");
_Static_assert(!(uint32_t)LANE_AT, "the filter compares offsets");

struct lane_head {
    uint32_t magic;
    uint32_t used; /* slots */
    uint32_t aliases;
};

/* The flags that may be added to O_RDONLY: bit N of a number from 0 to LANE_HOWS - 1 stands for the Nth. */
#define LANE_FLAGS                                                                                           \
    {                                                                                                        \
        O_CLOEXEC, O_NOFOLLOW, O_NONBLOCK, O_DIRECTORY, O_NOATIME, O_NOCTTY                                  \
    }

/* What every file is opened with on 64 bits, or large ones could not be. */
#if defined(__x86_64__)
#define LANE_LARGE 0100000u
#else
#define LANE_LARGE 0400000u
#endif

/* Buckets hold a slot's or an alias's number plus one; 0: none. The next bucket is the next to look into. */
static inline uint32_t lane_hash(const char *name, size_t length)
{
    uint32_t hash = UINT32_C(2166136261);
    for (size_t i = 0; i < length; i++)
        hash = (hash ^ (unsigned char)name[i]) * UINT32_C(16777619);
    return hash ^ hash >> 15;
}
static inline uint32_t lane_bucket(const char *name, size_t length)
{
    return lane_hash(name, length) & (LANE_BUCKETS - 1);
}
static inline uint32_t lane_alias_bucket(const char *path, size_t length)
{
    return lane_hash(path, length) & (LANE_ALIAS_BUCKETS - 1);
}

/* The shim's side. Whether this program has a lane; the slot of a real path, or NULL;
 * that of the name to which another path led, or NULL; a slot by its number;
 * the demands for open()'s flags, or NULL: they ask for more than the lane has. */
bool lane_is_there(void);
const char *lane_find(const char *name, size_t length);
const char *lane_find_alias(const char *path, size_t length);
const char *lane_slot(unsigned slot);
const void *lane_how(int flags);

#endif
