/* builder.c: memory, strings and lists of an image while it is made (builder.h). */
#include "builder.h"

#include <stdlib.h>
#include <string.h>

#include "pattern.h"

/* What is never touched costs nothing; what has to be moved does. */
#define FIRST_ROOM 40000

void builder_grow(struct builder *builder, struct buffer *buffer, size_t size)
{
    size_t room = buffer->room * 2 + size + FIRST_ROOM;
    char *bytes = realloc(buffer->bytes, room);
    if (!bytes) longjmp(builder->out_of_memory, 1);
    buffer->bytes = bytes;
    buffer->room = room;
}

size_t builder_places(size_t count)
{
    size_t places = 2;
    while (places < count * 2)
        places *= 2;
    return places;
}

struct interned {
    uint32_t offset; /* 0: an empty place */
    uint32_t hash;
};

#define INTERNED_FIRST 4096

static void grow_interned(struct builder *builder)
{
    struct buffer old = builder->interned;
    const struct interned *from = (const struct interned *)(void *)old.bytes;
    size_t count = old.size / sizeof *from, places = count ? count * 2 : INTERNED_FIRST;
    builder->interned = (struct buffer){0};
    struct interned *to = builder_take(builder, &builder->interned, places * sizeof *to);
    for (size_t i = 0; i < count; i++) {
        if (!from[i].offset) continue;
        size_t at = from[i].hash & (places - 1);
        while (to[at].offset)
            at = (at + 1) & (places - 1);
        to[at] = from[i];
    }
    free(old.bytes);
}

uint32_t builder_intern(struct builder *builder, const char *text, size_t length)
{
    return text && length ? builder_intern_hashed(builder, text, length, hash_bytes(text, length)) : 0;
}

uint32_t builder_intern_hashed(struct builder *builder, const char *text, size_t length, uint32_t hash)
{
    if ((builder->interned_count + 1) * 2 * sizeof(struct interned) > builder->interned.size)
        grow_interned(builder);
    struct interned *places = (struct interned *)(void *)builder->interned.bytes;
    size_t mask = builder->interned.size / sizeof *places - 1, at = hash & mask;
    for (; places[at].offset; at = (at + 1) & mask) {
        if (places[at].hash != hash) continue;
        const char *have = builder_string(builder, places[at].offset);
        if (strncmp(have, text, length) == 0 && !have[length]) return places[at].offset;
    }
    uint32_t offset = builder_count(builder, SECTION_STRINGS);
    memcpy(builder_add(builder, SECTION_STRINGS, length + 1), text, length);
    places[at] = (struct interned){offset, hash};
    builder->interned_count++;
    return offset;
}

/* Most labels are plain: they are hashed on the way through. */
static bool is_plain(const char *text, size_t length, uint32_t *hash)
{
    uint32_t sum = HASH_START;
    for (size_t i = 0; i < length; i++) {
        if (text[i] == '*' || text[i] == '?' || text[i] == '[' || text[i] == '\\') return false;
        sum = hash_byte(sum, text[i]);
    }
    *hash = hash_end(sum);
    return length > 0;
}

struct term builder_label(struct builder *builder, const char *text, size_t length)
{
    char plain[PATTERN_BYTES];
    size_t size = 0;
    uint32_t hash;
    if (is_plain(text, length, &hash))
        return (struct term){.text = builder_intern_hashed(builder, text, length, hash),
                             .length = (uint32_t)length};
    if (pattern_has_glob(text, length))
        return (struct term){
            .text = builder_intern(builder, text, length), .length = (uint32_t)length, .flags = TERM_GLOB};
    for (size_t i = 0; i < length && size < sizeof plain; i++) {
        if (text[i] == '\\' && i + 1 < length) i++;
        plain[size++] = text[i];
    }
    return (struct term){.text = builder_intern(builder, plain, size), .length = (uint32_t)size};
}

uint32_t builder_list(struct builder *builder, const uint32_t *items, size_t count)
{
    if (!count) return 0;
    uint32_t list = builder_count(builder, SECTION_LISTS);
    uint32_t *to = builder_add(builder, SECTION_LISTS, count + 1);
    to[0] = (uint32_t)count;
    memcpy(to + 1, items, count * sizeof *items);
    return list;
}
