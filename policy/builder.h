/* builder.h: an image while it is made. Between compile.c, which makes it, and plant.c, which makes its
 * trees.
 *
 * Memory that cannot be had ends the whole at once, by longjmp to policy_compile(): nothing of the outside is
 * touched before the end, and all that was taken is in the builder. */
#ifndef ASKFIRST_BUILDER_H
#define ASKFIRST_BUILDER_H

#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "layout.h"
#include "policy.h"

struct buffer {
    char *bytes;
    size_t size;
    size_t room;
};

struct builder {
    jmp_buf out_of_memory;
    const struct policy *policy;
    struct diagnostics *diagnostics;
    struct buffer sections[SECTIONS];
    struct image head;
    struct buffer interned; /* struct interned: a hash table of what is in SECTION_STRINGS */
    size_t interned_count;
    struct buffer plants;   /* struct plant, one a node (plant.c) */
    struct buffer entries;  /* what ends at which node */
    struct buffer children; /* uint32_t: a hash table of nodes by parent and label */
    struct buffer any;      /* uint32_t: entries of the set's exec rules that are for any program */
    struct buffer scratch;  /* uint32_t, for a moment; so are the next four */
    struct buffer blades;
    struct buffer sorted;
    struct buffer worded;
    struct buffer plain;
    struct trail {
        uint32_t root;
        const char *pattern;
        uint32_t nodes[INDEX_DEPTH]; /* behind its first name, its second, and so on */
    } trail; /* of the path that was planted last: the next begins as it does, mostly */
    size_t errors;
    bool too_large; /* for the layout */
};

void builder_grow(struct builder *builder, struct buffer *buffer, size_t size);

/* `size` more bytes of the buffer, all zero. They stay where they are until the next are taken. */
static inline void *builder_take(struct builder *builder, struct buffer *buffer, size_t size)
{
    if (buffer->size + size > buffer->room || !buffer->bytes) builder_grow(builder, buffer, size);
    void *taken = memset(buffer->bytes + buffer->size, 0, size);
    buffer->size += size;
    return taken;
}

/* New records of a section, all zero. They stay where they are until the next ones of the section are taken.
 */
static inline void *builder_add(struct builder *builder, enum section section, size_t count)
{
    return builder_take(builder, &builder->sections[section], count * record_size(section));
}

static inline uint32_t builder_count(const struct builder *builder, enum section section)
{
    return (uint32_t)(builder->sections[section].size / record_size(section));
}

static inline void *builder_record(const struct builder *builder, enum section section, uint32_t index)
{
    return builder->sections[section].bytes + index * record_size(section);
}

/* Where the string lies in the image; equal ones lie there once. NULL is the empty string. */
uint32_t builder_intern(struct builder *builder, const char *text, size_t length);
/* The same for text that is not empty, whose hash_bytes() is known. */
uint32_t builder_intern_hashed(struct builder *builder, const char *text, size_t length, uint32_t hash);
static inline const char *builder_string(const struct builder *builder, uint32_t offset)
{
    return builder->sections[SECTION_STRINGS].bytes + offset;
}

/* Text with the quoting undone, where it holds no glob; else as it is. */
struct term builder_label(struct builder *builder, const char *text, size_t length);

/* How many places a hash table needs for `count` things: a power of two, and more than they fill. */
size_t builder_places(size_t count);

/* A list (layout.h), and where it is; 0 for none. */
uint32_t builder_list(struct builder *builder, const uint32_t *items, size_t count);

/* ---- What is known of commands (compile.c) ---- */

/* All that was made when that is in an image and nothing else is: what packed_tools.h keeps of the usual
 * commands. */
#define BUILDER_OF_TOOLS(builder)                                                                            \
    {                                                                                                        \
        &(builder)->sections[SECTION_STRINGS], &(builder)->sections[SECTION_DEMANDS],                        \
            &(builder)->sections[SECTION_TERMS], &(builder)->sections[SECTION_TOOLS],                        \
            &(builder)->sections[SECTION_KNOBS], &(builder)->sections[SECTION_NODES],                        \
            &(builder)->sections[SECTION_FANS], &(builder)->sections[SECTION_GROUPS],                        \
            &(builder)->sections[SECTION_LISTS], &(builder)->interned, &(builder)->plants,                   \
            &(builder)->entries, &(builder)->children                                                        \
    }

/* For the program that packs it: `look` is shown the builder with the policy's commands. */
typedef void builder_look(void *context, struct builder *builder);
void compile_tools(const struct policy *policy, struct diagnostics *diagnostics, builder_look *look,
                   void *context);

/* ---- Trees of patterns (plant.c) ---- */

uint32_t plant_root(struct builder *builder, unsigned flags);
/* What ends where a path pattern, or a single name, leads from a root. Entries come in ascending order. */
void plant_path(struct builder *builder, uint32_t root, const char *pattern, uint32_t entry);
void plant_name(struct builder *builder, uint32_t root, const char *name, uint32_t entry);
/* Writes all that was planted into the image. */
void plant_harvest(struct builder *builder);

/* The group of these entries. */
uint32_t builder_group(struct builder *builder, const uint32_t *entries, size_t count);

#endif
