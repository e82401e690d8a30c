/* seen.h: what the file system said while a policy is read: which names are links, and where programs lie.
 *
 * A policy names the same directories and programs again and again. All of it is in an arena, and holds for
 * one reading: nothing is remembered beyond that.
 */
#ifndef ASKFIRST_SEEN_H
#define ASKFIRST_SEEN_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arena.h"

struct seen;

struct seen *seen_new(struct arena *arena);

/* A name in a directory. `target` is where it leads if it is a link; NULL: it is none, and where it is also
 * missing, nothing below it is there either. */
struct sight {
    const char *target;
    size_t target_length;
    bool missing;
};

/* Places in the tree of what was seen: the root, and a name below another; each was asked about once.
 * `path` is the whole path of the name, for the first time. */
#define SEEN_ROOT 0
uint32_t seen_below(struct seen *seen, uint32_t above, const char *name, size_t length, const char *path);
uint32_t seen_above(const struct seen *seen, uint32_t at);
const struct sight *seen_sight(const struct seen *seen, uint32_t at);

/* Where a program lies in PATH, which has to be the same each time; NULL: nowhere. `*is_link` (unless it is
 * NULL): whether that is a link: else its last name is the real one. */
const char *seen_program(struct seen *seen, const char *name, const char *search_path, bool *is_link);

#endif
