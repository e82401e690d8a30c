/* arena.c: blocks of memory in a chain, freed together. */
#include "arena.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK_SIZE 65536

struct block {
    struct block *next;
    size_t size;
    size_t used;
    max_align_t bytes[];
};

struct deferred {
    struct deferred *next;
    void (*clean)(void *);
    void *what;
};

struct arena {
    struct block *blocks;
    struct deferred *deferred;
    jmp_buf *jump;
    struct arena **owner; /* where the arena that this one is below has it */
};

struct arena *arena_new(void)
{
    return calloc(1, sizeof(struct arena));
}

void arena_free(struct arena *arena)
{
    if (!arena) return;
    for (struct deferred *d = arena->deferred; d; d = d->next)
        d->clean(d->what);
    for (struct block *b = arena->blocks, *next; b; b = next) {
        next = b->next;
        free(b);
    }
    free(arena);
}

static void free_below(void *what)
{
    arena_free(*(struct arena **)what);
}

struct arena *arena_below(struct arena *above)
{
    struct arena **owned = arena_take(above, 1, sizeof *owned);
    arena_defer(above, free_below, owned);
    *owned = arena_new();
    if (!*owned) longjmp(*above->jump, 1);
    (*owned)->jump = above->jump;
    (*owned)->owner = owned;
    return *owned;
}

void arena_end(struct arena *arena)
{
    *arena->owner = NULL;
    arena_free(arena);
}

void arena_on_failure(struct arena *arena, jmp_buf *jump)
{
    arena->jump = jump;
}

void *arena_take(struct arena *arena, size_t count, size_t size)
{
    size_t wanted = 0;
    const size_t unit = sizeof(max_align_t);
    if (__builtin_mul_overflow(count, size, &wanted) || wanted > SIZE_MAX / 2) longjmp(*arena->jump, 1);
    wanted = (wanted + unit - 1) / unit * unit;
    struct block *block = arena->blocks;
    if (!block || block->size - block->used < wanted) {
        size_t room = wanted > BLOCK_SIZE / 4 ? wanted : BLOCK_SIZE;
        block = calloc(1, sizeof *block + room);
        if (!block) longjmp(*arena->jump, 1);
        block->size = room;
        if (room == BLOCK_SIZE || !arena->blocks) {
            block->next = arena->blocks;
            arena->blocks = block;
        } else { /* a large one goes behind, so that the rest of the first is still used */
            block->next = arena->blocks->next;
            arena->blocks->next = block;
        }
    }
    void *taken = (char *)block->bytes + block->used;
    block->used += wanted;
    return taken;
}

void arena_defer(struct arena *arena, void (*clean)(void *), void *what)
{
    struct deferred *deferred = arena_take(arena, 1, sizeof *deferred);
    *deferred = (struct deferred){.next = arena->deferred, .clean = clean, .what = what};
    arena->deferred = deferred;
}

char *arena_copy(struct arena *arena, const char *text, size_t length)
{
    char *copy = arena_take(arena, length + 1, 1);
    if (length > 0) memcpy(copy, text, length);
    return copy;
}

char *arena_string(struct arena *arena, const char *text)
{
    return arena_copy(arena, text, strlen(text));
}

char *arena_join(struct arena *arena, const char *begin, const char *end)
{
    size_t first = strlen(begin), second = strlen(end);
    char *joined = arena_take(arena, first + second + 1, 1);
    memcpy(joined, begin, first);
    memcpy(joined + first, end, second);
    return joined;
}

char *arena_vformat(struct arena *arena, const char *format, va_list values)
{
    va_list again;
    va_copy(again, values);
    int length = vsnprintf(NULL, 0, format, again);
    va_end(again);
    if (length < 0) longjmp(*arena->jump, 1);
    char *text = arena_take(arena, (size_t)length + 1, 1);
    vsnprintf(text, (size_t)length + 1, format, values);
    return text;
}

char *arena_format(struct arena *arena, const char *format, ...)
{
    va_list values;
    va_start(values, format);
    char *text = arena_vformat(arena, format, values);
    va_end(values);
    return text;
}

void *arena_grow(struct arena *arena, void *items, size_t count, size_t size)
{
    /* It is full where the count is 0 or a power of two: room then doubles. */
    if (count > 0 && (count & (count - 1)) != 0) return items;
    void *larger = arena_take(arena, count ? count * 2 : 1, size);
    if (count > 0) memcpy(larger, items, count * size);
    return larger;
}
