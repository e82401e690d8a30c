/* tree.c: libyaml's events -> a tree of nodes. */
#include "tree.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

struct anchor {
    const char *name;
    struct node *node;
};

struct source {
    struct arena *arena;
    struct diagnostics *diagnostics;
    const char *file;
    yaml_parser_t parser;
    yaml_event_t event; /* the one that was read last: deleted when the next is read, and with the arena */
    struct anchor *anchors;
    size_t anchor_count;
    size_t aliased;
};

static void close_source(void *what)
{
    struct source *source = what;
    yaml_event_delete(&source->event);
    yaml_parser_delete(&source->parser);
}

static struct place place_at(const struct source *source, yaml_mark_t mark)
{
    return (struct place){source->file, (uint32_t)mark.line + 1, (uint32_t)mark.column + 1};
}

static struct place place_of_offset(const char *file, const char *bytes, size_t offset)
{
    struct place place = {file, 1, 1};
    for (size_t i = 0; i < offset; i++) {
        if (bytes[i] == '\n') {
            place.line++;
            place.column = 1;
        } else if (((unsigned char)bytes[i] & 0xc0) != 0x80) {
            place.column++;
        }
    }
    return place;
}

/* The length of the UTF-8 character at `at`; 0: it is none (RFC 3629: shortest form, no surrogates). */
static size_t utf8_length(const unsigned char *at, size_t left)
{
    static const struct {
        unsigned char first, last, second_first, second_last;
        size_t length;
    } forms[] = {
        {0x00, 0x7f, 0, 0, 1},       {0xc2, 0xdf, 0x80, 0xbf, 2}, {0xe0, 0xe0, 0xa0, 0xbf, 3},
        {0xe1, 0xec, 0x80, 0xbf, 3}, {0xed, 0xed, 0x80, 0x9f, 3}, {0xee, 0xef, 0x80, 0xbf, 3},
        {0xf0, 0xf0, 0x90, 0xbf, 4}, {0xf1, 0xf3, 0x80, 0xbf, 4}, {0xf4, 0xf4, 0x80, 0x8f, 4},
    };
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        size_t length = forms[i].length;
        if (at[0] < forms[i].first || at[0] > forms[i].last) continue;
        if (length == 1) return 1;
        if (left < length || at[1] < forms[i].second_first || at[1] > forms[i].second_last) return 0;
        for (size_t k = 2; k < length; k++)
            if ((at[k] & 0xc0) != 0x80) return 0;
        return length;
    }
    return 0;
}

static bool check_bytes(const char *file, const char *bytes, size_t size, struct diagnostics *diagnostics)
{
    if (size > TREE_SIZE_MAX) {
        diagnostics_add(diagnostics, SEVERITY_ERROR, (struct place){file, 0, 0},
                        "the file is larger than 1 MiB: split it with extends:, or use wider patterns");
        return false;
    }
    for (size_t at = 0; at < size;) {
        size_t length = utf8_length((const unsigned char *)bytes + at, size - at);
        if (length == 0 || bytes[at] == '\0') {
            diagnostics_add(
                diagnostics, SEVERITY_ERROR, place_of_offset(file, bytes, at),
                "the byte 0x%02x is no UTF-8 text: save the file as UTF-8, and match other bytes in a "
                "name with \"?\" or \"*\"",
                (unsigned)(unsigned char)bytes[at]);
            return false;
        }
        at += length;
    }
    return true;
}

static void complain_of_yaml(struct source *source, const char *bytes, size_t size)
{
    const yaml_parser_t *parser = &source->parser;
    const char *problem = parser->problem ? parser->problem : "it cannot be parsed";
    struct place place = place_at(source, parser->problem_mark);
    if (parser->error == YAML_READER_ERROR)
        place = place_of_offset(source->file, bytes,
                                parser->problem_offset < size ? parser->problem_offset : size);
    if (parser->error == YAML_MEMORY_ERROR) problem = "there is not enough memory";
    diagnostics_add(source->diagnostics, SEVERITY_ERROR, place,
                    "this is not YAML (%s): check indentation (spaces, no tabs), colons and quotes; a value "
                    "that begins with one of "
                    "*&!%%@`[{ has to stand in quotes",
                    problem);
}

static void next_event(struct source *source)
{
    yaml_event_delete(&source->event);
    if (!yaml_parser_parse(&source->parser, &source->event)) source->event.type = YAML_NO_EVENT;
}

static struct node *read_node(struct source *source, size_t depth);

/* NULL: there are too many anchors, which was said. */
static struct node *new_node(struct source *source, enum node_kind kind, const yaml_char_t *anchor)
{
    struct node *node = arena_take(source->arena, 1, sizeof *node);
    *node = (struct node){.kind = kind, .place = place_at(source, source->event.start_mark), .unfolded = 1};
    if (!anchor) return node;
    if (source->anchor_count == TREE_ANCHORS_MAX) {
        diagnostics_add(source->diagnostics, SEVERITY_ERROR, node->place,
                        "the file has more than %d anchors: remove those that nothing refers to",
                        TREE_ANCHORS_MAX);
        return NULL;
    }
    source->anchors =
        arena_grow(source->arena, source->anchors, source->anchor_count, sizeof *source->anchors);
    source->anchors[source->anchor_count++] =
        (struct anchor){arena_string(source->arena, (const char *)anchor), node};
    return node;
}

static void check_tag(struct source *source, const yaml_char_t *tag, bool is_text)
{
    if (!tag || (is_text && strcmp((const char *)tag, YAML_STR_TAG) == 0)) return;
    diagnostics_add(source->diagnostics, SEVERITY_ERROR, place_at(source, source->event.start_mark),
                    "the tag \"%s\" has no meaning here: remove it", (const char *)tag);
}

static struct node *read_scalar(struct source *source)
{
    const yaml_event_t *event = &source->event;
    const char *value = (const char *)event->data.scalar.value;
    size_t length = event->data.scalar.length;
    check_tag(source, event->data.scalar.tag, true);
    struct node *node = new_node(source, NODE_SCALAR, event->data.scalar.anchor);
    if (!node) return NULL;
    if (memchr(value, '\0', length))
        diagnostics_add(source->diagnostics, SEVERITY_ERROR, node->place,
                        "the text holds a NUL character: no path, word or name can, so remove it");
    node->text = arena_copy(source->arena, value, length);
    node->finished = true;
    return node;
}

/* An alias is the very node that its anchor names. */
static struct node *read_alias(struct source *source)
{
    const char *name = (const char *)source->event.data.alias.anchor;
    struct place place = place_at(source, source->event.start_mark);
    struct node *node = NULL;
    for (size_t i = source->anchor_count; i > 0 && !node; i--)
        if (strcmp(source->anchors[i - 1].name, name) == 0) node = source->anchors[i - 1].node;
    if (!node) {
        diagnostics_add(
            source->diagnostics, SEVERITY_ERROR, place,
            "the alias \"*%s\" has no anchor before it: write \"&%s\" at what it stands for, or put the "
            "text in quotes if it is a pattern",
            name, name);
        return NULL;
    }
    if (!node->finished) {
        diagnostics_add(
            source->diagnostics, SEVERITY_ERROR, place,
            "the alias \"*%s\" stands inside what it stands for: it would never end, so remove it", name);
        return NULL;
    }
    source->aliased += node->unfolded;
    if (source->aliased > TREE_ALIASED_MAX) {
        diagnostics_add(source->diagnostics, SEVERITY_ERROR, place,
                        "the aliases unfold to more than %d values: write out fewer of them",
                        TREE_ALIASED_MAX);
        return NULL;
    }
    return node;
}

static void add_item(struct source *source, struct node *to, struct node *key, struct node *item)
{
    if (key) {
        to->keys = arena_grow(source->arena, to->keys, to->count, sizeof *to->keys);
        to->keys[to->count] = key;
    }
    to->items = arena_grow(source->arena, to->items, to->count, sizeof *to->items);
    to->items[to->count++] = item;
    to->unfolded += item->unfolded + (key ? 1 : 0);
}

static struct node *read_list(struct source *source, size_t depth)
{
    check_tag(source, source->event.data.sequence_start.tag, false);
    struct node *list = new_node(source, NODE_LIST, source->event.data.sequence_start.anchor);
    if (!list) return NULL;
    for (;;) {
        next_event(source);
        if (source->event.type == YAML_SEQUENCE_END_EVENT) break;
        struct node *item = read_node(source, depth + 1);
        if (!item) return NULL;
        add_item(source, list, NULL, item);
    }
    list->finished = true;
    return list;
}

/* Whether the pair may be added; false is an error that was said. */
static bool check_key(struct source *source, const struct node *map, const struct node *key)
{
    if (key->kind != NODE_SCALAR) {
        diagnostics_add(
            source->diagnostics, SEVERITY_ERROR, key->place,
            "a key has to be a word, not a list or a map: put it in quotes if it is meant as text");
        return false;
    }
    for (size_t i = 0; i < map->count; i++) {
        if (strcmp(map->keys[i]->text, key->text) != 0) continue;
        diagnostics_add(source->diagnostics, SEVERITY_ERROR, key->place,
                        "the key \"%s\" stands here a second time (first in line %" PRIu32 "): join the two",
                        key->text, map->keys[i]->place.line);
        return false;
    }
    return true;
}

static struct node *read_map(struct source *source, size_t depth)
{
    check_tag(source, source->event.data.mapping_start.tag, false);
    struct node *map = new_node(source, NODE_MAP, source->event.data.mapping_start.anchor);
    if (!map) return NULL;
    for (;;) {
        next_event(source);
        if (source->event.type == YAML_MAPPING_END_EVENT) break;
        struct node *key = read_node(source, depth + 1);
        if (!key) return NULL;
        next_event(source);
        struct node *item = read_node(source, depth + 1);
        if (!item) return NULL;
        if (map->count == TREE_KEYS_MAX) {
            diagnostics_add(source->diagnostics, SEVERITY_ERROR, key->place,
                            "the map has more than %d keys: split it", TREE_KEYS_MAX);
            return NULL;
        }
        if (check_key(source, map, key)) add_item(source, map, key, item);
    }
    map->finished = true;
    return map;
}

/* Reads the node that the event at hand begins. NULL: reading cannot go on; either an error was said, or
 * libyaml has one (the event is YAML_NO_EVENT). */
static struct node *read_node(struct source *source, size_t depth)
{
    if (depth > TREE_DEPTH_MAX) {
        diagnostics_add(
            source->diagnostics, SEVERITY_ERROR, place_at(source, source->event.start_mark),
            "lists and maps are nested more than %d deep: no policy needs that, so write it flatter",
            TREE_DEPTH_MAX);
        return NULL;
    }
    switch (source->event.type) {
    case YAML_SCALAR_EVENT: return read_scalar(source);
    case YAML_ALIAS_EVENT: return read_alias(source);
    case YAML_SEQUENCE_START_EVENT: return read_list(source, depth);
    case YAML_MAPPING_START_EVENT: return read_map(source, depth);
    default: return NULL;
    }
}

static void check_directives(struct source *source)
{
    const yaml_event_t *event = &source->event;
    if (event->data.document_start.version_directive ||
        event->data.document_start.tag_directives.start != event->data.document_start.tag_directives.end)
        diagnostics_add(source->diagnostics, SEVERITY_ERROR, place_at(source, event->start_mark),
                        "a policy has no YAML directives: remove the line that begins with \"%%\"");
}

/* The one document of the stream. NULL as in read_node(). */
static struct node *read_document(struct source *source)
{
    next_event(source); /* the stream's beginning */
    if (source->event.type == YAML_NO_EVENT) return NULL;
    next_event(source);
    if (source->event.type == YAML_STREAM_END_EVENT) {
        diagnostics_add(source->diagnostics, SEVERITY_ERROR, (struct place){source->file, 1, 1},
                        "the file is empty: begin it with \"askfirst: 1\"");
        return NULL;
    }
    if (source->event.type == YAML_NO_EVENT) return NULL;
    check_directives(source);
    next_event(source);
    struct node *root = read_node(source, 0);
    if (!root) return NULL;
    next_event(source); /* the document's end */
    if (source->event.type == YAML_NO_EVENT) return NULL;
    next_event(source);
    if (source->event.type == YAML_DOCUMENT_START_EVENT) {
        diagnostics_add(
            source->diagnostics, SEVERITY_ERROR, place_at(source, source->event.start_mark),
            "a second document begins here: a policy is one, so remove this line or use another file");
        return NULL;
    }
    return source->event.type == YAML_STREAM_END_EVENT ? root : NULL;
}

struct node *tree_read(struct arena *arena, const char *file, const char *bytes, size_t size,
                       struct diagnostics *diagnostics)
{
    if (!check_bytes(file, bytes, size, diagnostics)) return NULL;
    struct source *source = arena_take(arena, 1, sizeof *source);
    *source = (struct source){.arena = arena, .diagnostics = diagnostics, .file = file};
    if (!yaml_parser_initialize(&source->parser)) {
        diagnostics_add(diagnostics, SEVERITY_ERROR, (struct place){file, 0, 0},
                        "there is not enough memory");
        return NULL;
    }
    arena_defer(arena, close_source, source);
    yaml_parser_set_encoding(&source->parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&source->parser, (const unsigned char *)bytes, size);
    struct node *root = read_document(source);
    if (source->parser.error != YAML_NO_ERROR) complain_of_yaml(source, bytes, size);
    return root;
}

struct node *tree_value(const struct node *map, const char *key)
{
    for (size_t i = 0; map->kind == NODE_MAP && i < map->count; i++)
        if (strcmp(map->keys[i]->text, key) == 0) return map->items[i];
    return NULL;
}

/* Text that can be long; grows by doubling. */
struct shown {
    struct arena *arena;
    char *text;
    size_t length;
    size_t room;
};

static void show_text(struct shown *shown, const char *text)
{
    size_t length = strlen(text);
    if (shown->length + length > shown->room) {
        shown->room = 2 * (shown->length + length) + 64;
        char *larger = arena_take(shown->arena, shown->room, 1);
        if (shown->length > 0) memcpy(larger, shown->text, shown->length);
        shown->text = larger;
    }
    memcpy(shown->text + shown->length, text, length);
    shown->length += length;
}

/* YAML's indicators: text that has one of them somewhere is quoted, more often than it must be. */
static void show_scalar(struct shown *shown, const char *text, bool inside)
{
    bool quoted = inside && (text[0] == '\0' || text[strcspn(text, ",[]{}#&*!|>'\"%@`:? ")] != '\0');
    if (quoted) show_text(shown, "\"");
    show_text(shown, text);
    if (quoted) show_text(shown, "\"");
}

static void show_node(struct shown *shown, const struct node *node, bool inside)
{
    if (node->kind == NODE_SCALAR) {
        show_scalar(shown, node->text, inside);
        return;
    }
    show_text(shown, node->kind == NODE_LIST ? "[" : "{");
    for (size_t i = 0; i < node->count; i++) {
        if (i > 0) show_text(shown, ", ");
        if (node->kind == NODE_MAP) {
            show_scalar(shown, node->keys[i]->text, true);
            show_text(shown, ": ");
        }
        show_node(shown, node->items[i], true);
    }
    show_text(shown, node->kind == NODE_LIST ? "]" : "}");
}

char *tree_show(struct arena *arena, const struct node *node)
{
    struct shown shown = {.arena = arena};
    if (node->kind == NODE_SCALAR) return arena_string(arena, node->text);
    show_node(&shown, node, false);
    return arena_copy(arena, shown.text ? shown.text : "", shown.length);
}
