/* arena.h: memory that is freed as a whole, and never runs out in silence.
 *
 * Nothing taken from an arena is freed by itself. When there is no memory, the caller's jump is taken: code
 * that builds a policy need not check each small allocation, and nothing half-built is ever used.
 */
#ifndef ASKFIRST_ARENA_H
#define ASKFIRST_ARENA_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

struct arena;

struct arena *arena_new(void); /* NULL: no memory */
void arena_free(struct arena *arena);

/* Where to go when there is no memory; must be set before anything is taken. */
void arena_on_failure(struct arena *arena, jmp_buf *jump);

/* An arena for a while: it ends with arena_end(), or with the one that it is below. */
struct arena *arena_below(struct arena *above);
void arena_end(struct arena *arena);

/* `clean(what)` when the arena is freed: for what others allocated. */
void arena_defer(struct arena *arena, void (*clean)(void *), void *what);

void *arena_take(struct arena *arena, size_t count, size_t size); /* zeroed; aligned for anything */
char *arena_copy(struct arena *arena, const char *text, size_t length);
char *arena_string(struct arena *arena, const char *text);
char *arena_join(struct arena *arena, const char *begin, const char *end);
char *arena_format(struct arena *arena, const char *format, ...) __attribute__((format(printf, 2, 3)));
char *arena_vformat(struct arena *arena, const char *format, va_list values);

/* Makes room for one more item in an array of `count` that was only ever grown by this; the array may move.
 */
void *arena_grow(struct arena *arena, void *items, size_t count, size_t size);

#endif
