/* plant.c: makes the trees that patterns are found by (layout.h says what they look like).
 *
 * Patterns are planted one after the other; at the end the nodes get their tables, and each learns which is
 * the earliest rule below it. */
#include <stdlib.h>
#include <string.h>

#include "builder.h"
#include "glob.h"
#include "pattern.h"

/* What is known of a node beside its record, until the harvest. Nodes come after their parents. */
struct plant {
    uint32_t root;
    uint32_t parent;
    uint32_t first_child, next_sibling; /* literals and globs */
    uint32_t child_count;
    bool glob;
    bool below_star;
    uint16_t marks; /* of a root: how many it has given */
};

/* Something ends at a node: an entry, or a tool as if it were one. */
struct ending {
    uint32_t node;
    uint32_t entry;
};

static struct plant *plant_at(const struct builder *builder, uint32_t node)
{
    return (struct plant *)(void *)builder->plants.bytes + node;
}

static struct node *node_at(const struct builder *builder, uint32_t node)
{
    return builder_record(builder, SECTION_NODES, node);
}

static uint32_t new_node(struct builder *builder, unsigned flags)
{
    uint32_t index = builder_count(builder, SECTION_NODES);
    struct node *node = builder_add(builder, SECTION_NODES, 1);
    node->least = node->here = RULE_NONE;
    node->flags = (uint8_t)flags;
    builder_take(builder, &builder->plants, sizeof(struct plant));
    return index;
}

uint32_t plant_root(struct builder *builder, unsigned flags)
{
    if (!builder_count(builder, SECTION_NODES)) new_node(builder, 0);
    uint32_t root = new_node(builder, flags);
    plant_at(builder, root)->root = root;
    return root;
}

static uint32_t new_child(struct builder *builder, uint32_t parent, unsigned extra_flags)
{
    unsigned inherited = node_at(builder, parent)->flags & (NODE_GROUP | NODE_TOOL);
    uint32_t child = new_node(builder, inherited | extra_flags);
    struct plant *own = plant_at(builder, child), *above = plant_at(builder, parent);
    node_at(builder, child)->depth = (uint8_t)(node_at(builder, parent)->depth + 1);
    own->root = above->root;
    own->parent = parent;
    own->below_star = above->below_star || (node_at(builder, parent)->flags & NODE_STAR) != 0;
    return child;
}

static uint32_t star_below(struct builder *builder, uint32_t parent)
{
    if (node_at(builder, parent)->flags & NODE_STAR) return parent; /* two in a row are one */
    uint32_t star = node_at(builder, parent)->star;
    if (!star) {
        star = new_child(builder, parent, NODE_STAR);
        node_at(builder, parent)->star = star;
    }
    return star;
}

static uint32_t child_hash(uint32_t parent, const struct term *label)
{
    uint64_t key = ((uint64_t)parent << 32 | label->text) + (label->flags & TERM_GLOB);
    return (uint32_t)(key * UINT64_C(0x9e3779b97f4a7c15) >> 32);
}

static uint32_t *child_place(const struct builder *builder, uint32_t parent, const struct term *label)
{
    uint32_t *places = (uint32_t *)(void *)builder->children.bytes;
    size_t mask = builder->children.size / sizeof *places - 1, at = child_hash(parent, label) & mask;
    for (; places[at]; at = (at + 1) & mask) {
        const struct plant *plant = plant_at(builder, places[at]);
        bool glob = label->flags & TERM_GLOB;
        if (plant->parent == parent && plant->glob == glob &&
            node_at(builder, places[at])->label == label->text)
            break;
    }
    return &places[at];
}

static void grow_children(struct builder *builder)
{
    struct buffer old = builder->children;
    builder->children = (struct buffer){0};
    builder_take(builder, &builder->children, old.size ? old.size * 2 : 1024);
    const uint32_t *from = (const uint32_t *)(void *)old.bytes;
    for (size_t i = 0; i < old.size / sizeof *from; i++) {
        if (!from[i]) continue;
        const struct plant *plant = plant_at(builder, from[i]);
        struct term label = {.text = node_at(builder, from[i])->label, .flags = plant->glob ? TERM_GLOB : 0};
        *child_place(builder, plant->parent, &label) = from[i];
    }
    free(old.bytes);
}

static uint32_t child_below(struct builder *builder, uint32_t parent, const char *name, size_t length)
{
    struct term label = builder_label(builder, name, length);
    if ((builder_count(builder, SECTION_NODES) + 1) * 2 * sizeof(uint32_t) > builder->children.size)
        grow_children(builder);
    uint32_t *place = child_place(builder, parent, &label);
    uint32_t child = *place;
    if (child) return child;

    *place = child = new_child(builder, parent, 0);
    struct plant *own = plant_at(builder, child), *above = plant_at(builder, parent);
    own->glob = label.flags & TERM_GLOB;
    own->next_sibling = above->first_child;
    above->first_child = child;
    above->child_count++;
    struct node *node = node_at(builder, child);
    node->label = label.text;
    node->label_length = label.length;
    return child;
}

static void end_at(struct builder *builder, uint32_t node, uint32_t entry)
{
    struct ending *ending = builder_take(builder, &builder->entries, sizeof *ending);
    *ending = (struct ending){node, entry};
}

/* Where to begin with what is left of the pattern: behind the names that it shares with the one before it. */
static uint32_t begin_path(struct trail *trail, uint32_t root, const char **pattern, size_t *depth)
{
    const char *at = *pattern, *before = trail->root == root ? trail->pattern : "";
    uint32_t node = root;
    for (*depth = 0; *at && *at == *before; at++, before++) {
        if (*at != '/') continue;
        node = trail->nodes[(*depth)++];
        *pattern = at + 1;
    }
    trail->root = root;
    return node;
}

void plant_path(struct builder *builder, uint32_t root, const char *pattern, uint32_t entry)
{
    size_t depth;
    const char *at = pattern += *pattern == '/';
    uint32_t node = begin_path(&builder->trail, root, &at, &depth);
    while (*at) {
        size_t length = name_length(at);
        bool star = length == 2 && at[0] == '*' && at[1] == '*';
        node = star ? star_below(builder, node) : child_below(builder, node, at, length);
        if (depth < INDEX_DEPTH) builder->trail.nodes[depth++] = node;
        at += length + (at[length] == '/');
    }
    builder->trail.pattern = pattern;
    end_at(builder, node, entry);
}

void plant_name(struct builder *builder, uint32_t root, const char *name, uint32_t entry)
{
    end_at(builder, child_below(builder, root, name, strlen(name)), entry);
}

/* ---- What ends at a node ---- */

static uint32_t *scratch(struct builder *builder, size_t count)
{
    builder->scratch.size = 0;
    return builder_take(builder, &builder->scratch, (count + 1) * sizeof(uint32_t));
}

/* Puts an ending behind those of its node, which end at `at`, or among them: they come almost in order. */
static void settle(struct ending *sorted, uint32_t at, struct ending ending)
{
    for (; at && sorted[at - 1].node == ending.node && sorted[at - 1].entry > ending.entry; at--)
        sorted[at] = sorted[at - 1];
    sorted[at] = ending;
}

/* Sorted by node, then by entry: each goes to where those of its node are. */
static struct ending *sort_endings(struct builder *builder, size_t count)
{
    const struct ending *all = (const struct ending *)(void *)builder->entries.bytes;
    size_t nodes = builder_count(builder, SECTION_NODES);
    builder->blades.size = builder->sorted.size = 0;
    uint32_t *next = builder_take(builder, &builder->blades, (nodes + 1) * sizeof *next);
    struct ending *sorted = builder_take(builder, &builder->sorted, count * sizeof *sorted);
    for (size_t i = 0; i < count; i++)
        next[all[i].node + 1]++;
    for (size_t i = 0; i < nodes; i++)
        next[i + 1] += next[i];
    for (size_t i = 0; i < count; i++)
        settle(sorted, next[all[i].node]++, all[i]);
    return sorted;
}

static void set_endings(struct builder *builder)
{
    size_t count = builder->entries.size / sizeof(struct ending);
    const struct ending *all = sort_endings(builder, count);
    for (size_t first = 0, next; first < count; first = next) {
        size_t size = 0;
        for (next = first; next < count && all[next].node == all[first].node;)
            next++;
        uint32_t *entries = scratch(builder, next - first);
        for (next = first; next < count && all[next].node == all[first].node; next++) {
            /* Twice the same rule: the one that is not bare comes first, and asks less. */
            if (size && entry_rule(entries[size - 1]) == entry_rule(all[next].entry)) continue;
            entries[size++] = all[next].entry;
        }
        struct node *node = node_at(builder, all[first].node);
        node->here = entry_rule(entries[0]);
        if (node->flags & NODE_GROUP) {
            uint32_t group = builder_group(builder, entries, size);
            node_at(builder, all[first].node)->list = group;
        } else if (!(node->flags & NODE_TOOL)) {
            node->list = builder_list(builder, entries, size);
        }
    }
}

/* ---- Tables of children ---- */

static void put(struct builder *builder, struct range table, uint32_t hash, uint32_t value)
{
    struct slot *slots = builder_record(builder, SECTION_SLOTS, table.first);
    uint32_t mask = table.count - 1, at = hash & mask;
    while (slots[at].value)
        at = (at + 1) & mask;
    slots[at] = (struct slot){hash, value};
}

static struct range new_table(struct builder *builder, size_t count)
{
    if (!count) return (struct range){0, 0};
    struct range table = {builder_count(builder, SECTION_SLOTS), (uint32_t)builder_places(count)};
    builder_add(builder, SECTION_SLOTS, table.count);
    return table;
}

static bool has_below(const struct node *node)
{
    return (node->flags & NODE_ONWARD) || node->star;
}

static void set_literals(struct builder *builder, uint32_t index)
{
    size_t count = 0;
    bool last = true;
    for (uint32_t child = plant_at(builder, index)->first_child; child;
         child = plant_at(builder, child)->next_sibling) {
        if (plant_at(builder, child)->glob) continue;
        count++;
        if (has_below(node_at(builder, child))) last = false;
    }
    struct range table = new_table(builder, count);
    for (uint32_t child = plant_at(builder, index)->first_child; child;
         child = plant_at(builder, child)->next_sibling) {
        const struct node *node = node_at(builder, child);
        if (plant_at(builder, child)->glob) continue;
        put(builder, table, hash_bytes(builder_string(builder, node->label), node->label_length), child);
    }
    node_at(builder, index)->literals = table;
    if (last) node_at(builder, index)->flags |= NODE_LITERALS_LAST;
}

/* A glob child of a fan, by its key. */
struct blade {
    enum { BY_END, BY_BEGIN, BY_NOTHING } kind;
    uint32_t hash;
    uint32_t length; /* of the key */
    uint32_t least;
    uint32_t node;
};

/* How many bytes at its beginning and at its end a glob takes literally. */
static void literal_ends(const char *glob, size_t length, size_t *begin, size_t *end)
{
    *begin = strcspn(glob, "*?[\\");
    const char *at = glob, *stop = glob + length;
    size_t tail = 0;
    while (at < stop) {
        const char *next = NULL;
        bool hit;
        if (*at == '\\')
            next = at + 2;
        else if (*at == '[')
            next = glob_class(at + 1, stop, 0, &hit);
        else if (*at == '*' || *at == '?')
            next = at + 1;
        tail = next ? 0 : tail + 1;
        at = next ? next : at + 1;
    }
    *end = tail;
}

static struct blade blade_of(const struct builder *builder, uint32_t index)
{
    const struct node *node = node_at(builder, index);
    const char *glob = builder_string(builder, node->label);
    struct blade blade = {BY_NOTHING, HASH_START, 0, node->least, index};
    size_t begin, end;
    literal_ends(glob, node->label_length, &begin, &end);
    if (begin > end) {
        blade.kind = BY_BEGIN;
        blade.length = (uint32_t)(begin < FAN_KEY ? begin : FAN_KEY);
    } else if (end) {
        blade.kind = BY_END;
        blade.length = (uint32_t)(end < FAN_KEY ? end : FAN_KEY);
    }
    for (uint32_t i = 0; i < blade.length; i++)
        blade.hash =
            hash_byte(blade.hash, blade.kind == BY_BEGIN ? glob[i] : glob[node->label_length - 1 - i]);
    blade.hash = hash_end(blade.hash);
    return blade;
}

static int by_key(const void *a, const void *b)
{
    const struct blade *one = a, *other = b;
    if (one->kind != other->kind) return one->kind < other->kind ? -1 : 1;
    if (one->hash != other->hash && one->kind != BY_NOTHING) return one->hash < other->hash ? -1 : 1;
    if (one->least != other->least) return one->least < other->least ? -1 : 1;
    return one->node < other->node ? -1 : one->node > other->node;
}

static bool same_key(const struct blade *a, const struct blade *b)
{
    return a->kind == b->kind && (a->kind == BY_NOTHING || a->hash == b->hash);
}

static size_t run_length(const struct blade *blades, size_t count)
{
    size_t length = 1;
    while (length < count && same_key(&blades[0], &blades[length]))
        length++;
    return length;
}

static void measure(const struct blade *blades, size_t count, struct fan *fan, size_t keys[3])
{
    for (size_t i = 0; i < count; i += run_length(blades + i, count - i))
        keys[blades[i].kind]++;
    for (size_t i = 0; i < count; i++) {
        uint64_t bit = blades[i].length ? UINT64_C(1) << (blades[i].length - 1) : 0;
        if (blades[i].kind == BY_END) fan->ends |= bit;
        if (blades[i].kind == BY_BEGIN) fan->begins |= bit;
    }
}

static void bind(struct builder *builder, const struct blade *blades, size_t count, struct fan *fan)
{
    size_t keys[3] = {0}, length;
    measure(blades, count, fan, keys);
    fan->by_end = new_table(builder, keys[BY_END]);
    fan->by_begin = new_table(builder, keys[BY_BEGIN]);
    for (size_t i = 0; i < count; i += length) {
        length = run_length(blades + i, count - i);
        uint32_t *nodes = scratch(builder, length);
        for (size_t k = 0; k < length; k++)
            nodes[k] = blades[i + k].node;
        bool single = length == 1 && blades[i].kind != BY_NOTHING;
        uint32_t list = single ? nodes[0] | SLOT_SINGLE : builder_list(builder, nodes, length);
        if (blades[i].kind == BY_NOTHING)
            fan->others = list;
        else
            put(builder, blades[i].kind == BY_END ? fan->by_end : fan->by_begin, blades[i].hash, list);
    }
}

static void set_globs(struct builder *builder, uint32_t index)
{
    bool last = true;
    builder->blades.size = 0;
    for (uint32_t child = plant_at(builder, index)->first_child; child;
         child = plant_at(builder, child)->next_sibling) {
        if (!plant_at(builder, child)->glob) continue;
        struct blade blade = blade_of(builder, child);
        memcpy(builder_take(builder, &builder->blades, sizeof blade), &blade, sizeof blade);
        if (has_below(node_at(builder, child))) last = false;
    }
    if (last) node_at(builder, index)->flags |= NODE_GLOBS_LAST;
    struct blade *blades = (struct blade *)(void *)builder->blades.bytes;
    size_t count = builder->blades.size / sizeof *blades;
    if (!count) return;
    if (count > INDEX_GLOBS) builder->too_large = true;
    qsort(blades, count, sizeof *blades, by_key);
    struct fan fan = {0};
    bind(builder, blades, count, &fan);
    node_at(builder, index)->fan = builder_count(builder, SECTION_FANS);
    memcpy(builder_add(builder, SECTION_FANS, 1), &fan, sizeof fan);
}

/* ---- The harvest ---- */

/* From the last node to the first: children are done before their parents. */
static void look_down(struct builder *builder)
{
    for (uint32_t i = builder_count(builder, SECTION_NODES); i-- > 1;) {
        struct node *node = node_at(builder, i), *parent = node_at(builder, plant_at(builder, i)->parent);
        if (node->here < node->least) node->least = node->here;
        if (!node->depth) continue;
        if (node->least < parent->least) parent->least = node->least;
        if (!(node->flags & NODE_STAR) || (node->flags & NODE_ONWARD)) parent->flags |= NODE_ONWARD;
    }
}

/* A double star below another is reached again and again, but only its first visit can find anything
 * (index.c). */
static void set_mark(struct builder *builder, uint32_t index)
{
    struct node *node = node_at(builder, index);
    struct plant *root = plant_at(builder, plant_at(builder, index)->root);
    if (!(node->flags & NODE_STAR) || !(node->flags & NODE_ONWARD) || !plant_at(builder, index)->below_star)
        return;
    if (root->marks < INDEX_MARKS) node->mark = ++root->marks;
}

void plant_harvest(struct builder *builder)
{
    set_endings(builder);
    look_down(builder);
    for (uint32_t i = 1; i < builder_count(builder, SECTION_NODES); i++) {
        set_mark(builder, i);
        set_literals(builder, i);
        set_globs(builder, i);
    }
}

/* ---- Groups ---- */

/* The literal word that a command must hold for this rule to fit it; NULL when there is no such word. An
 * option before it may, for this or that command, make a value of it. */
static const struct term *first_word(const struct builder *builder, uint32_t entry)
{
    const struct rule_record *rule = builder_record(builder, SECTION_RULES, entry_rule(entry));
    const struct demand *demand = builder_record(builder, SECTION_DEMANDS, rule->demand);
    if (!rule->demand || !demand->words.count) return NULL;
    const struct term *term = builder_record(builder, SECTION_TERMS, demand->words.first);
    return term->flags & (TERM_OPTION | TERM_GLOB) ? NULL : term;
}

/* An entry whose rule is found by its first word. */
struct worded {
    uint32_t hash;
    uint32_t entry;
};

static int by_word(const void *a, const void *b)
{
    const struct worded *one = a, *other = b;
    if (one->hash != other->hash) return one->hash < other->hash ? -1 : 1;
    return one->entry < other->entry ? -1 : one->entry > other->entry;
}

static struct range table_of_words(struct builder *builder, const struct worded *worded, size_t count)
{
    size_t keys = 0, next;
    for (size_t i = 0; i < count; i++)
        keys += !i || worded[i].hash != worded[i - 1].hash;
    struct range table = new_table(builder, keys);
    for (size_t i = 0; i < count; i = next) {
        for (next = i; next < count && worded[next].hash == worded[i].hash;)
            next++;
        uint32_t *entries = scratch(builder, next - i);
        for (size_t k = i; k < next; k++)
            entries[k - i] = worded[k].entry;
        put(builder, table, worded[i].hash, builder_list(builder, entries, next - i));
    }
    return table;
}

uint32_t builder_group(struct builder *builder, const uint32_t *entries, size_t count)
{
    struct group group = {0};
    if (!count) return 0;
    group.all = builder_list(builder, entries, count);
    builder->worded.size = 0;
    uint32_t *plain = builder_take(builder, &builder->plain, count * sizeof *plain);
    size_t plain_count = 0;
    for (size_t i = 0; i < count; i++) {
        const struct term *word = first_word(builder, entries[i]);
        if (!word) {
            plain[plain_count++] = entries[i];
            continue;
        }
        struct worded *worded = builder_take(builder, &builder->worded, sizeof *worded);
        *worded = (struct worded){hash_bytes(builder_string(builder, word->text), word->length), entries[i]};
        if (word->length > group.longest) group.longest = word->length;
    }
    struct worded *worded = (struct worded *)(void *)builder->worded.bytes;
    size_t worded_count = builder->worded.size / sizeof *worded;
    if (worded_count > 1) qsort(worded, worded_count, sizeof *worded, by_word);
    group.plain = builder_list(builder, plain, plain_count);
    group.words = table_of_words(builder, worded, worded_count);
    builder->plain.size = 0;
    uint32_t index = builder_count(builder, SECTION_GROUPS);
    memcpy(builder_add(builder, SECTION_GROUPS, 1), &group, sizeof group);
    return index;
}
