/* packed.h: the built-in YAML files as they are embedded, in two forms that take no parsing: trees (tree.h),
 * and readings, which are what a loader made of the tree: rules, commands, settings, with variables filled
 * in. Only what differs from one machine to another is left to be done: built-in names and links.
 *
 * pack.c makes them when askfirst is built; tests hold them against the YAML that they were made from, and
 * against each other.
 *
 * A node is a number that is its kind and, above that, its length (of a text) or count (of items); its line;
 * its column; then a text's bytes and a NUL, a list's items, or a map's keys and items in turn, before which
 * the map or the list says how many bytes they are. Numbers are LEB128. What a reading is made of,
 * pack_reading.c writes and reading.c reads, one after the other. In its texts a built-in name is a mark and
 * a letter, and the slash before it if it is a path's.
 */
#ifndef ASKFIRST_PACKED_H
#define ASKFIRST_PACKED_H

#include "tree.h"

#define PACKED_KIND_BITS 2
#define PACKED_MARK '\1'
#define PACKED_LETTER 'A' /* of the first built-in name (expand.h) */

/* What a pattern in a reading is compared with. */
enum packed_subject { PACKED_PATHS, PACKED_PROGRAMS, PACKED_ADDRESSES };
static inline enum packed_subject packed_subject(enum act_kind act)
{
    return act == ACT_EXEC ? PACKED_PROGRAMS : act == ACT_CONNECT ? PACKED_ADDRESSES : PACKED_PATHS;
}

struct packed {
    const char *name;             /* "default" */
    const char *file;             /* "default.yaml", as in struct place */
    const unsigned char *bytes;   /* the tree */
    const unsigned char *reading; /* NULL: while they are packed there is none */
    size_t source_size;           /* of the YAML */
    unsigned char source_sha256[32];
};

/* The files that are built in: core, default, strict, commands. NULL: no such name. */
const struct packed *packed_policy(const char *name);

/* The programs that they name without a slash or a glob: each once, in the order in which they are read, with
 * a NUL behind each and one more behind the last. */
const char *packed_programs(void);

/* The tree, in `arena` but for its texts, which lie in the packed form. `without` is a key of the root that
 * is left out, with its value; NULL: none is. */
struct node *packed_tree(struct arena *arena, const struct packed *packed, const char *without);

#endif
