/* scout.c: see scout.h. Who reads asks in the order in which the names are packed, with others between. */
#include "scout.h"

#include <stdatomic.h>
#include <stdint.h>
#include <string.h>

#include "packed.h"
#include "seen.h"

#define NEAR 8 /* names that may be left out, because they were met in another file */

struct scout {
    atomic_size_t past;       /* who reads has come so far */
    size_t number;            /* of the name that he asks for next */
    const char *name;         /* that name; NULL: the first */
    atomic_bool is_no_link[]; /* by number */
};

static const char *behind(const char *name)
{
    return name + strlen(name) + 1;
}

size_t scout_size(void)
{
    size_t size = sizeof(struct scout);
    for (const char *name = packed_programs(); *name; name = behind(name))
        size += sizeof(atomic_bool);
    return size;
}

void scout_look(struct scout *scout, const char *search_path)
{
    jmp_buf no_memory;
    struct arena *arena = arena_new();
    if (!arena || setjmp(no_memory)) return;
    arena_on_failure(arena, &no_memory);
    struct seen *seen = seen_new(arena);
    const char *name = packed_programs();
    for (size_t i = 0; *name; i++, name = behind(name)) {
        bool is_link = false;
        if (i < atomic_load_explicit(&scout->past, memory_order_relaxed)) continue;
        seen_program(seen, name, search_path, &is_link);
        atomic_store_explicit(&scout->is_no_link[i], !is_link, memory_order_relaxed);
    }
    arena_free(arena);
}

bool scout_saw_no_link(struct scout *scout, const char *name)
{
    const char *at = scout->name ? scout->name : packed_programs();
    size_t number = scout->number, end = number + NEAR;
    while (*at && number < end && strcmp(at, name) != 0)
        at = behind(at), number++;
    if (!*at || number == end) return false;
    scout->name = behind(at);
    scout->number = number + 1;
    atomic_store_explicit(&scout->past, number + 1, memory_order_relaxed);
    return atomic_load_explicit(&scout->is_no_link[number], memory_order_relaxed);
}

void scout_recall(struct scout *scout)
{
    atomic_store_explicit(&scout->past, SIZE_MAX, memory_order_relaxed);
}
