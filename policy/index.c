/* index.c: goes down the trees of patterns (index.h), with a small stack of its own instead of recursion. */
#include "index.h"

#include "glob.h"

static bool bytes_are(const char *a, const char *b, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (a[i] != b[i]) return false;
    return true;
}

uint32_t index_slot(const struct image *image, struct range table, uint32_t hash, uint32_t *place)
{
    if (!table.count) return 0;
    const struct slot *slots = image_slots(image) + table.first;
    uint32_t mask = table.count - 1;
    for (uint32_t i = hash & mask; slots[i].value; i = (i + 1) & mask) {
        if (slots[i].hash != hash) continue;
        *place = i;
        return slots[i].value;
    }
    return 0;
}

static uint32_t literal_child(const struct image *image, const struct node *node, const char *name,
                              size_t length)
{
    if (!node->literals.count) return 0;
    const struct slot *slots = image_slots(image) + node->literals.first;
    uint32_t mask = node->literals.count - 1, hash = hash_bytes(name, length);
    for (uint32_t i = hash & mask; slots[i].value; i = (i + 1) & mask) {
        if (slots[i].hash != hash) continue;
        const struct node *child = &image_nodes(image)[slots[i].value];
        if (child->label_length == length && bytes_are(image_string(image, child->label), name, length))
            return slots[i].value;
    }
    return 0;
}

/* A name and the globs that it is held against, counted through all the lists of a fan. */
struct fan_search {
    const struct image *image;
    const char *name;
    size_t length;
    uint32_t limit;
    uint32_t seen;  /* globs in the lists so far */
    uint32_t begin; /* so many have had their turn */
};

/* The next of these globs that matches; `begin` moves behind it. */
static uint32_t from_items(struct fan_search *search, const uint32_t *items, uint32_t count)
{
    uint32_t base = search->seen;
    search->seen += count;
    for (uint32_t i = search->begin > base ? search->begin - base : 0; i < count; i++) {
        const struct node *node = &image_nodes(search->image)[items[i]];
        if (node->least >= search->limit) break;
        const char *glob = image_string(search->image, node->label);
        if (!glob_match(glob, node->label_length, search->name, search->length)) continue;
        search->begin = base + i + 1;
        return items[i];
    }
    return 0;
}

static uint32_t from_list(struct fan_search *search, uint32_t list)
{
    const uint32_t *items = image_list(search->image, list);
    return from_items(search, items + 1, items[0]);
}

static uint32_t from_slot(struct fan_search *search, uint32_t value)
{
    uint32_t node = value & ~SLOT_SINGLE;
    if (!value) return 0;
    return value & SLOT_SINGLE ? from_items(search, &node, 1) : from_list(search, value);
}

/* The next glob that matches among those with a key at this end of the name. */
static uint32_t from_table(struct fan_search *search, struct range table, uint64_t lengths, bool at_end)
{
    uint32_t hash = HASH_START, place;
    for (size_t i = 0; i < search->length && lengths; i++, lengths >>= 1) {
        hash = hash_byte(hash, search->name[at_end ? search->length - 1 - i : i]);
        uint32_t value = lengths & 1 ? index_slot(search->image, table, hash_end(hash), &place) : 0;
        uint32_t child = from_slot(search, value);
        if (child) return child;
    }
    return 0;
}

static uint32_t glob_child(const struct image *image, const struct node *node, const char *name,
                           size_t length, uint32_t limit, uint32_t *begin)
{
    const struct fan *fan = &image_fans(image)[node->fan];
    struct fan_search search = {image, name, length, limit, 0, *begin};
    uint32_t child = from_table(&search, fan->by_end, fan->ends, true);
    if (!child) child = from_table(&search, fan->by_begin, fan->begins, false);
    if (!child && fan->others) child = from_list(&search, fan->others);
    *begin = search.begin;
    return child;
}

/* ---- Paths ---- */

/* A node on the way down, and what was tried there. */
struct frame {
    uint32_t node;
    uint16_t at;   /* where the name begins that its children are held against */
    uint16_t step; /* TRY_STAR, TRY_LITERAL, or TRY_GLOBS and more: globs that had their turn */
};

enum { TRY_STAR, TRY_LITERAL, TRY_GLOBS };

struct walk {
    const struct index_search *search;
    const char *path;
    uint32_t length;
    uint32_t last; /* where the last name begins */
    uint32_t depth;
    uint64_t seen[INDEX_MARKS / 64]; /* double stars that the search came by (node.mark) */
    struct frame frames[INDEX_DEPTH + 1];
};

static const struct node *walk_node(const struct walk *walk, uint32_t node)
{
    return &image_nodes(walk->search->image)[node];
}

static void arrive(const struct walk *walk, const struct node *node)
{
    if (node->here < *walk->search->limit) walk->search->arrive(walk->search->context, node);
}

/* The earliest visit to a double star sees all that later ones would: they begin further down the path. */
static bool first_visit(struct walk *walk, const struct node *node)
{
    if (!node->mark) return true;
    uint64_t *word = &walk->seen[(node->mark - 1) / 64], bit = UINT64_C(1) << (node->mark - 1) % 64;
    bool first = !(*word & bit);
    *word |= bit;
    return first;
}

static void go_down(struct walk *walk, uint32_t index, uint32_t at)
{
    const struct node *node = walk_node(walk, index);
    const unsigned skips = NODE_STAR | NODE_LITERALS_LAST | NODE_GLOBS_LAST;
    bool only_last = (node->flags & skips) == skips;
    if (!(node->flags & NODE_ONWARD) || node->least >= *walk->search->limit || !first_visit(walk, node))
        return;
    walk->frames[walk->depth++] = (struct frame){index, (uint16_t)(only_last ? walk->last : at), TRY_STAR};
}

static uint32_t next_name(const struct walk *walk, uint32_t end)
{
    while (end < walk->length && walk->path[end] == '/')
        end++;
    return end;
}

/* The names before `at` lead to the node. A double star below it takes all that follow, or none. */
static void visit(struct walk *walk, uint32_t index, uint32_t at)
{
    const struct node *node = walk_node(walk, index);
    if (at == walk->length) arrive(walk, node);
    if (node->star) arrive(walk, walk_node(walk, node->star));
    if (at < walk->length) go_down(walk, index, at);
}

/* The next child whose label fits the name; 0 after the last. */
static uint32_t next_child(const struct walk *walk, struct frame *frame, const struct node *node,
                           uint32_t end)
{
    const struct image *image = walk->search->image;
    const char *name = walk->path + frame->at;
    size_t length = end - frame->at;
    bool last = end == walk->length;
    if (frame->step == TRY_LITERAL) {
        frame->step = TRY_GLOBS;
        uint32_t child =
            last || !(node->flags & NODE_LITERALS_LAST) ? literal_child(image, node, name, length) : 0;
        if (child && walk_node(walk, child)->least < *walk->search->limit) return child;
    }
    if (!node->fan || (!last && (node->flags & NODE_GLOBS_LAST))) return 0;
    uint32_t begin = frame->step - (uint32_t)TRY_GLOBS;
    uint32_t child = glob_child(image, node, name, length, *walk->search->limit, &begin);
    frame->step = (uint16_t)(TRY_GLOBS + begin);
    return child;
}

static void go_on(struct walk *walk)
{
    struct frame *frame = &walk->frames[walk->depth - 1];
    const struct node *node = walk_node(walk, frame->node);
    if (node->least >= *walk->search->limit) {
        walk->depth--;
        return;
    }
    if (frame->step == TRY_STAR) {
        frame->step = TRY_LITERAL;
        if (node->star) {
            go_down(walk, node->star, frame->at);
            return;
        }
    }
    uint32_t end = frame->at;
    while (end < walk->length && walk->path[end] != '/')
        end++;
    uint32_t child = next_child(walk, frame, node, end);
    if (child) {
        visit(walk, child, next_name(walk, end));
    } else if ((node->flags & NODE_STAR) && end < walk->length) {
        frame->at = (uint16_t)next_name(walk, end);
        frame->step = TRY_LITERAL;
    } else {
        walk->depth--;
    }
}

void index_path(const struct index_search *search, uint32_t root, const char *path, size_t length)
{
    struct walk walk;
    if (image_nodes(search->image)[root].least >= *search->limit) return;
    while (length && path[length - 1] == '/' && length > 1)
        length--;
    if (!length || *path != '/' || length > PATH_BYTES) return;
    walk.search = search;
    walk.path = path;
    walk.length = (uint32_t)length;
    walk.last = walk.length;
    walk.depth = 0;
    for (unsigned i = 0; i < INDEX_MARKS / 64; i++)
        walk.seen[i] = 0;
    while (path[walk.last - 1] != '/')
        walk.last--;
    visit(&walk, root, next_name(&walk, 0));
    while (walk.depth)
        go_on(&walk);
}

void index_name(const struct index_search *search, uint32_t root, const char *name, size_t length)
{
    const struct node *nodes = image_nodes(search->image), *node = &nodes[root];
    uint32_t child = literal_child(search->image, node, name, length), begin = 0;
    if (child && nodes[child].here < *search->limit) search->arrive(search->context, &nodes[child]);
    while (node->fan && (child = glob_child(search->image, node, name, length, *search->limit, &begin)))
        if (nodes[child].here < *search->limit) search->arrive(search->context, &nodes[child]);
}
