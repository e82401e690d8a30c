/* packed.c: packed trees become trees of nodes (packed.h). The bytes are our own: nothing in them is doubted.
 */
#include "packed.h"

#include <string.h>

struct unpacking {
    struct arena *arena;
    const char *file;
    const unsigned char *at;
};

static uint32_t take_number(struct unpacking *from)
{
    uint32_t number = 0;
    for (unsigned shift = 0;; shift += 7) {
        number |= (uint32_t)(*from->at & 0x7f) << shift;
        if (!(*from->at++ & 0x80)) return number;
    }
}

static struct node *take_node(struct unpacking *from, const char *without);

/* Whether the key that stands here is the one that nobody wants: then it and its value are behind us. */
static bool leaves_out(struct unpacking *from, const char *without)
{
    struct unpacking ahead = *from;
    if (!without) return false;
    size_t length = take_number(&ahead) >> PACKED_KIND_BITS;
    take_number(&ahead);
    take_number(&ahead);
    if (strcmp((const char *)ahead.at, without) != 0) return false;
    ahead.at += length + 1;
    uint32_t head = take_number(&ahead);
    take_number(&ahead);
    take_number(&ahead);
    size_t size = (head & ((1u << PACKED_KIND_BITS) - 1)) == NODE_SCALAR ? (head >> PACKED_KIND_BITS) + 1
                                                                         : take_number(&ahead);
    from->at = ahead.at + size;
    return true;
}

static void take_items(struct unpacking *from, struct node *node, size_t count, const char *without)
{
    bool is_map = node->kind == NODE_MAP;
    node->items = arena_take(from->arena, count * (is_map ? 2 : 1), sizeof *node->items);
    if (is_map) node->keys = node->items + count;
    for (size_t i = 0; i < count; i++) {
        if (is_map && leaves_out(from, without)) continue;
        if (is_map) node->keys[node->count] = take_node(from, NULL);
        node->items[node->count] = take_node(from, NULL);
        node->unfolded += node->items[node->count++]->unfolded + is_map;
    }
}

static struct node *take_node(struct unpacking *from, const char *without)
{
    struct node *node = arena_take(from->arena, 1, sizeof *node);
    uint32_t head = take_number(from);
    size_t length = head >> PACKED_KIND_BITS;
    node->kind = head & ((1u << PACKED_KIND_BITS) - 1);
    node->place.file = from->file;
    node->place.line = take_number(from);
    node->place.column = take_number(from);
    node->unfolded = 1;
    node->finished = true;
    if (node->kind == NODE_SCALAR) {
        node->text = (char *)from->at;
        from->at += length + 1;
        return node;
    }
    take_number(from);
    take_items(from, node, length, without);
    return node;
}

struct node *packed_tree(struct arena *arena, const struct packed *packed, const char *without)
{
    struct unpacking from = {arena, packed->file, packed->bytes};
    return take_node(&from, without);
}
