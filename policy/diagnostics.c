/* diagnostics.c: what is wrong with a policy, with places, to be shown to a person. */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "policy.h"

static bool file_is_full(const struct diagnostics *all, const char *file)
{
    size_t count = 0;
    for (size_t i = 0; i < all->count; i++)
        count += all->items[i].severity == SEVERITY_ERROR && strcmp(all->items[i].place.file, file) == 0;
    return count >= DIAGNOSTICS_A_FILE;
}

static char *format_message(const char *format, va_list values)
{
    char *message = NULL;
    return vasprintf(&message, format, values) < 0 ? NULL : message;
}

/* An error that cannot be kept for lack of memory still counts, so that nothing goes on as if all were well.
 */
void diagnostics_add(struct diagnostics *all, enum severity severity, struct place place, const char *format,
                     ...)
{
    if (severity == SEVERITY_ERROR) all->errors++;
    const char *shown = place.file ? place.file : "policy";
    if (severity == SEVERITY_ERROR && file_is_full(all, shown)) return;
    struct diagnostic *items = realloc(all->items, (all->count + 1) * sizeof *items);
    if (!items) return;
    all->items = items;
    va_list values;
    va_start(values, format);
    char *message = format_message(format, values);
    va_end(values);
    /* The name is copied: a policy that did not load takes its own strings with it. */
    char *file = strdup(shown);
    if (!message || !file) {
        free(message);
        free(file);
        return;
    }
    place.file = file;
    items[all->count++] = (struct diagnostic){.severity = severity, .place = place, .message = message};
}

struct ranked {
    struct diagnostic item;
    size_t file;  /* the first with this file */
    size_t order; /* where it stood */
};

static int compare(const void *left, const void *right)
{
    const struct ranked *a = left, *b = right;
    const size_t keys[2][4] = {{a->file, a->item.place.line, a->item.place.column, a->order},
                               {b->file, b->item.place.line, b->item.place.column, b->order}};
    for (size_t i = 0; i < 4; i++)
        if (keys[0][i] != keys[1][i]) return keys[0][i] < keys[1][i] ? -1 : 1;
    return 0;
}

static size_t first_of_file(const struct diagnostics *all, const char *file)
{
    size_t i = 0;
    while (strcmp(all->items[i].place.file, file) != 0)
        i++;
    return i;
}

/* Without memory they stay as they are. */
void diagnostics_sort(struct diagnostics *all)
{
    struct ranked *ranked = all->count ? calloc(all->count, sizeof *ranked) : NULL;
    if (!ranked) return;
    for (size_t i = 0; i < all->count; i++)
        ranked[i] = (struct ranked){all->items[i], first_of_file(all, all->items[i].place.file), i};
    qsort(ranked, all->count, sizeof *ranked, compare);
    for (size_t i = 0; i < all->count; i++)
        all->items[i] = ranked[i].item;
    free(ranked);
}

void diagnostics_print(const struct diagnostics *all, FILE *to)
{
    for (size_t i = 0; i < all->count; i++) {
        const struct diagnostic *item = &all->items[i];
        fprintf(to, "%s:", item->place.file);
        if (item->place.line > 0) fprintf(to, "%u:%u:", item->place.line, item->place.column);
        fprintf(to, " %s%s\n", item->severity == SEVERITY_WARNING ? "warning: " : "", item->message);
    }
}

void diagnostics_free(struct diagnostics *all)
{
    for (size_t i = 0; i < all->count; i++) {
        free((char *)all->items[i].place.file);
        free(all->items[i].message);
    }
    free(all->items);
    *all = (struct diagnostics){0};
}
