/* tree.h: a YAML document as a tree of nodes with places, read strictly.
 *
 * It knows nothing of policies: it says only what YAML a policy may be written in (one document; no tags, no
 * directives; keys are strings and stand once in a map; bounded in size, depth and what aliases unfold to).
 */
#ifndef ASKFIRST_TREE_H
#define ASKFIRST_TREE_H

#include <stdbool.h>
#include <stddef.h>

#include "arena.h"
#include "policy.h"

#define TREE_SIZE_MAX (1024 * 1024)
#define TREE_DEPTH_MAX 32
#define TREE_KEYS_MAX 1000
#define TREE_ANCHORS_MAX 1000
#define TREE_ALIASED_MAX 100000

enum node_kind { NODE_SCALAR, NODE_LIST, NODE_MAP };

/* There are thousands of them: it is kept small. */
struct node {
    struct place place;
    union {
        char *text;         /* SCALAR; holds no NUL */
        struct node **keys; /* MAP: scalars, beside their values in `items` */
    };
    struct node **items; /* LIST, MAP */
    uint32_t count;
    uint32_t unfolded; /* how many nodes it is with everything below it, aliases unfolded */
    enum node_kind kind;
    bool finished; /* false while it is being read: an alias to it would never end */
};

/* The root, which lives in `arena`; NULL with errors where it cannot be read to its end. Smaller errors (a
 * key that stands twice) are said and reading goes on: it is whole only if no error was added. */
struct node *tree_read(struct arena *arena, const char *file, const char *bytes, size_t size,
                       struct diagnostics *diagnostics);

/* The value of a key; NULL: there is none. */
struct node *tree_value(const struct node *map, const char *key);

/* A node as a person would write it on one line. */
char *tree_show(struct arena *arena, const struct node *node);

#endif
