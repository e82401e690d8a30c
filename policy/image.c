/* image.c: whether bytes are an image, and what it says of its rules (image.h). */
#include "image.h"

#include "address.h"
#include "layout.h"

static const char *head_error(const void *bytes, size_t size)
{
    const struct image *image = bytes;
    if ((uintptr_t)bytes % 8) return "it does not begin at a multiple of 8";
    if (size < sizeof *image) return "it is shorter than its head";
    if (image->magic != IMAGE_MAGIC) return "it is no compiled policy";
    if (image->version != IMAGE_VERSION) return "it was made by another version";
    if (image->size != size || size > IMAGE_MAX || size % 8) return "its size is not what it says";
    return NULL;
}

static const char *seal_error(const void *bytes, size_t size)
{
    const struct image *image = bytes;
    const char *why = head_error(bytes, size);
    return why || image_checksum(image) == image->checksum ? why : "its checksum is wrong";
}

bool image_check_head(const void *bytes, size_t size)
{
    return !head_error(bytes, size);
}

bool image_check_seal(const void *bytes, size_t size)
{
    return !seal_error(bytes, size);
}

static const char *extents_error(const struct image *image)
{
    uint64_t at = sizeof *image;
    for (unsigned i = 0; i < SECTIONS; i++) {
        const struct extent *extent = &image->sections[i];
        if (extent->offset != at) return "a section is not where it belongs";
        at += ((uint64_t)extent->count * record_size(i) + 7) & ~UINT64_C(7);
        if (at > image->size) return "a section reaches beyond the end";
    }
    return at == image->size ? NULL : "something follows the last section";
}

/* ---- What the decider relies on ---- */

static uint32_t count_of(const struct image *image, enum section section)
{
    return image->sections[section].count;
}

static bool within(const struct image *image, enum section section, struct range range)
{
    return range.first <= count_of(image, section) && range.count <= count_of(image, section) - range.first;
}

/* A string of a known length: its NUL is where it says. */
static bool text_good(const struct image *image, uint32_t text, uint32_t length)
{
    uint32_t count = count_of(image, SECTION_STRINGS);
    return text < count && length < count - text && !image_string(image, text)[length];
}

static bool string_good(const struct image *image, uint32_t text)
{
    return text < count_of(image, SECTION_STRINGS);
}

static const char *sections_error(const struct image *image)
{
    uint32_t strings = count_of(image, SECTION_STRINGS);
    if (!strings || image_string(image, 0)[0] || image_string(image, 0)[strings - 1])
        return "its strings do not end";
    if (!count_of(image, SECTION_DEMANDS) || !count_of(image, SECTION_NODES) ||
        !count_of(image, SECTION_FANS) || !count_of(image, SECTION_GROUPS) ||
        !count_of(image, SECTION_LISTS) || *image_list(image, 0))
        return "a section lacks its empty record";
    return NULL;
}

static bool rule_good(const struct image *image, const struct rule_record *rule)
{
    return rule->act < ACT_KINDS && rule->verdict < VERDICTS && rule->set < RULE_SETS &&
           rule->layer <= LAYER_APPROVALS && rule->demand < count_of(image, SECTION_DEMANDS) &&
           string_good(image, rule->file) && string_good(image, rule->because) &&
           string_good(image, rule->text);
}

static bool term_good(const struct image *image, const struct term *term)
{
    bool option = term->flags & TERM_OPTION;
    return text_good(image, term->text, term->length) && term->name_length <= term->length &&
           (!option || (term->length >= 2 && term->name_length >= 1));
}

static bool all_options(const struct image *image, struct range range)
{
    if (!within(image, SECTION_TERMS, range)) return false;
    const struct term *terms = image_terms(image) + range.first;
    for (uint32_t i = 0; i < range.count; i++)
        if (!(terms[i].flags & TERM_OPTION)) return false;
    return true;
}

static bool demand_good(const struct image *image, const struct demand *demand)
{
    return within(image, SECTION_TERMS, demand->words) && all_options(image, demand->options) &&
           all_options(image, demand->without) && within(image, SECTION_TERMS, demand->shell) &&
           within(image, SECTION_DIGESTS, demand->digests) && within(image, SECTION_TERMS, demand->cwd) &&
           within(image, SECTION_TERMS, demand->parent) && within(image, SECTION_TERMS, demand->program) &&
           demand->stdin_kind <= STDIN_OTHER && demand->exact <= 1;
}

static bool host_good(const struct image *image, const struct host *host)
{
    return host->rule < count_of(image, SECTION_RULES) && host->kind <= ADDRESS_SOCKET &&
           host->prefix <= 128 && host->socket < SOCKET_KINDS && text_good(image, host->text, host->length);
}

/* A hash table: a search in it ends, because a place is empty. */
static bool table_size_good(struct range table)
{
    return !(table.count & (table.count - 1));
}

static bool tool_good(const struct image *image, const struct tool *tool)
{
    if (tool->kind > COMMAND_WRAPPER || !within(image, SECTION_KNOBS, tool->knobs) ||
        !table_size_good(tool->knobs) || tool->same.count % 2 || !all_options(image, tool->same))
        return false;
    const struct knob *knobs = image_knobs(image) + tool->knobs.first;
    bool room = !tool->knobs.count;
    for (uint32_t i = 0; i < tool->knobs.count; i++) {
        if (!knobs[i].bits)
            room = true;
        else if (!text_good(image, knobs[i].text, knobs[i].length))
            return false;
    }
    return room;
}

#define EACH_GOOD(section, type, good)                                                                       \
    static bool all_##good(const struct image *image)                                                        \
    {                                                                                                        \
        const struct type *records = image_section(image, section);                                          \
        for (uint32_t i = 0; i < count_of(image, section); i++)                                              \
            if (!good(image, &records[i])) return false;                                                     \
        return true;                                                                                         \
    }

EACH_GOOD(SECTION_RULES, rule_record, rule_good)
EACH_GOOD(SECTION_TERMS, term, term_good)
EACH_GOOD(SECTION_DEMANDS, demand, demand_good)
EACH_GOOD(SECTION_HOSTS, host, host_good)
EACH_GOOD(SECTION_TOOLS, tool, tool_good)

/* ---- The trees ---- */

/* Whether a thing in a list or a table may be there; `node` is the one that it hangs from, or NULL. */
typedef bool item_good(const struct image *image, const struct node *node, uint32_t item);

static bool entry_good(const struct image *image, const struct node *node, uint32_t item)
{
    (void)node;
    return entry_rule(item) < count_of(image, SECTION_RULES);
}

static bool list_good(const struct image *image, const struct node *node, uint32_t list, item_good *good)
{
    uint32_t count = count_of(image, SECTION_LISTS);
    if (list >= count || *image_list(image, list) >= count - list) return false;
    const uint32_t *items = image_list(image, list);
    for (uint32_t i = 1; i <= items[0]; i++)
        if (!good(image, node, items[i])) return false;
    return true;
}

/* Every child lies one deeper than its parent: no circles, and a search's stack is large enough. */
static bool child_good(const struct image *image, const struct node *node, uint32_t item)
{
    const unsigned kind = NODE_GROUP | NODE_TOOL;
    if (!item || item >= count_of(image, SECTION_NODES)) return false;
    const struct node *child = &image_nodes(image)[item];
    return child->depth == node->depth + 1 && ((child->flags ^ node->flags) & kind) == 0;
}

static bool entries_good(const struct image *image, const struct node *node, uint32_t item)
{
    return list_good(image, node, item, entry_good);
}

static bool children_good(const struct image *image, const struct node *node, uint32_t item)
{
    return list_good(image, node, item, child_good);
}

static bool slots_good(const struct image *image, const struct node *node, struct range table,
                       item_good *good)
{
    if (!within(image, SECTION_SLOTS, table) || !table_size_good(table)) return false;
    const struct slot *slots = image_slots(image) + table.first;
    bool room = !table.count;
    for (uint32_t i = 0; i < table.count; i++) {
        if (!slots[i].value)
            room = true;
        else if (!good(image, node, slots[i].value))
            return false;
    }
    return room;
}

static bool fan_slot_good(const struct image *image, const struct node *node, uint32_t item)
{
    return item & SLOT_SINGLE ? child_good(image, node, item & ~SLOT_SINGLE)
                              : children_good(image, node, item);
}

/* How many globs are in a table of a fan. */
static uint64_t globs_in(const struct image *image, struct range table)
{
    const struct slot *slots = image_slots(image) + table.first;
    uint64_t count = 0;
    for (uint32_t i = 0; i < table.count; i++)
        count += slots[i].value & SLOT_SINGLE ? 1 : *image_list(image, slots[i].value);
    return count;
}

static bool fan_good(const struct image *image, const struct node *node)
{
    if (node->fan >= count_of(image, SECTION_FANS)) return false;
    const struct fan *fan = &image_fans(image)[node->fan];
    return slots_good(image, node, fan->by_end, fan_slot_good) &&
           slots_good(image, node, fan->by_begin, fan_slot_good) && children_good(image, node, fan->others) &&
           globs_in(image, fan->by_end) + globs_in(image, fan->by_begin) + *image_list(image, fan->others) <=
               INDEX_GLOBS;
}

static bool node_good(const struct image *image, const struct node *node)
{
    uint32_t ends = count_of(image, node->flags & NODE_TOOL ? SECTION_TOOLS : SECTION_RULES);
    if (node->depth > INDEX_DEPTH || node->mark > INDEX_MARKS) return false;
    if (node->here != RULE_NONE && node->here >= ends) return false;
    if (node->flags & NODE_GROUP ? node->list >= count_of(image, SECTION_GROUPS)
                                 : !entries_good(image, node, node->list))
        return false;
    return text_good(image, node->label, node->label_length) &&
           slots_good(image, node, node->literals, child_good) && fan_good(image, node) &&
           (!node->star || child_good(image, node, node->star));
}

static bool group_good(const struct image *image, const struct group *group)
{
    return entries_good(image, NULL, group->all) && entries_good(image, NULL, group->plain) &&
           slots_good(image, NULL, group->words, entries_good);
}

EACH_GOOD(SECTION_NODES, node, node_good)
EACH_GOOD(SECTION_GROUPS, group, group_good)

/* ---- The head ---- */

static bool root_good(const struct image *image, uint32_t index, unsigned kind)
{
    if (index >= count_of(image, SECTION_NODES)) return false;
    const struct node *root = &image_nodes(image)[index];
    return !root->depth && (root->flags & (NODE_GROUP | NODE_TOOL)) == kind;
}

static bool set_good(const struct image *image, const struct set_record *set)
{
    for (unsigned act = 0; act < ACT_KINDS; act++) {
        const struct otherwise *otherwise = &set->otherwise[act];
        if (otherwise->verdict >= VERDICTS || !string_good(image, otherwise->file)) return false;
        if (!root_good(image, set->paths[act], act == ACT_EXEC ? NODE_GROUP : 0)) return false;
    }
    return root_good(image, set->names, NODE_GROUP) && set->any < count_of(image, SECTION_GROUPS) &&
           within(image, SECTION_HOSTS, set->hosts);
}

static const char *structure_error(const struct image *image)
{
    const char *error = extents_error(image);
    if (!error) error = sections_error(image);
    if (error) return error;
    if (!all_rule_good(image)) return "a rule in it is broken";
    if (!all_term_good(image)) return "a word in it is broken";
    if (!all_demand_good(image)) return "what a rule demands is broken";
    if (!all_host_good(image)) return "an address in it is broken";
    if (!all_tool_good(image)) return "what it knows of a command is broken";
    if (!all_group_good(image)) return "a group of rules in it is broken";
    if (!all_node_good(image)) return "a tree in it is broken";
    for (unsigned set = 0; set < RULE_SETS; set++)
        if (!set_good(image, &image->sets[set])) return "a set of rules in it is broken";
    return root_good(image, image->tool_names, NODE_TOOL) ? NULL : "its names of commands are broken";
}

bool image_check(const void *bytes, size_t size, const char **why)
{
    *why = seal_error(bytes, size);
    if (!*why) *why = structure_error(bytes);
    return !*why;
}

uint32_t image_rule_count(const struct image *image)
{
    return image->sections[SECTION_RULES].count;
}

bool image_rule(const struct image *image, uint32_t index, struct image_rule *rule)
{
    if (index >= image_rule_count(image)) return false;
    const struct rule_record *record = &image_rules(image)[index];
    rule->act = (enum act_kind)record->act;
    rule->verdict = (enum verdict)record->verdict;
    rule->set = record->set;
    rule->layer = record->layer;
    rule->file = image_string(image, record->file);
    rule->line = record->line;
    rule->column = record->column;
    rule->because = image_string(image, record->because);
    rule->text = image_string(image, record->text);
    return true;
}

void image_otherwise(const struct image *image, enum act_kind act, enum verdict *verdict, const char **file,
                     uint32_t *line)
{
    const struct otherwise *own = &image->sets[SET_MAIN].otherwise[act];
    const struct otherwise *project = &image->sets[SET_PROJECT].otherwise[act];
    if (project->said && project->verdict > own->verdict) own = project;
    *verdict = (enum verdict)own->verdict;
    *file = image_string(image, own->file);
    *line = own->line;
}
