/* lane.c: the shim's side of the fast lane: which slot a name has, and where the demands for some flags lie
 * (lane.h). */
#include "lane.h"

#include "bytes.h"
#include "raw/raw.h"

#define LANE ((const char *)(uintptr_t)LANE_AT)

bool lane_is_there(void)
{
    unsigned char state;
    return !raw_is_watched() && !raw_call(__NR_mincore, LANE_AT, 1, &state) &&
           __atomic_load_n(&((const struct lane_head *)(const void *)LANE)->magic, __ATOMIC_ACQUIRE) ==
               LANE_MAGIC;
}

const char *lane_slot(unsigned slot)
{
    return slot < LANE_SLOTS ? LANE + LANE_NAMES_AT + (size_t)slot * LANE_SLOT : NULL;
}

const char *lane_find(const char *name, size_t length)
{
    const uint32_t *buckets = (const uint32_t *)(const void *)(LANE + LANE_INDEX_AT);
    for (uint32_t at = lane_bucket(name, length), slot;
         (slot = __atomic_load_n(&buckets[at], __ATOMIC_ACQUIRE)); at = (at + 1) & (LANE_BUCKETS - 1)) {
        const char *there = lane_slot(slot - 1);
        if (length < LANE_SLOT && !memcmp(there, name, length + 1)) return there;
    }
    return NULL;
}

const char *lane_find_alias(const char *path, size_t length)
{
    const uint32_t *buckets = (const uint32_t *)(const void *)(LANE + LANE_ALIAS_INDEX_AT);
    const uint32_t *targets = (const uint32_t *)(const void *)(LANE + LANE_TARGETS_AT);
    for (uint32_t at = lane_alias_bucket(path, length), alias;
         (alias = __atomic_load_n(&buckets[at], __ATOMIC_ACQUIRE));
         at = (at + 1) & (LANE_ALIAS_BUCKETS - 1)) {
        const char *there = LANE + LANE_ALIASES_AT + (size_t)(alias - 1) * LANE_SLOT;
        if (length < LANE_SLOT && !memcmp(there, path, length + 1))
            return lane_slot(__atomic_load_n(&targets[alias - 1], __ATOMIC_RELAXED));
    }
    return NULL;
}

const void *lane_how(int flags)
{
    static const int known[] = LANE_FLAGS;
    unsigned set = 0;
    for (unsigned bit = 0; bit < sizeof known / sizeof *known; bit++)
        if (flags & known[bit]) {
            set |= 1u << bit;
            flags &= ~known[bit];
        }
    return flags & ~O_LARGEFILE ? NULL : LANE + LANE_HOWS_AT + (size_t)set * LANE_HOW;
}
