/* shown.c: see shown.h. */
#include "shown.h"

#include <stdio.h>
#include <string.h>

#include "../plain/memory.h"
#include "../plain/show.h"

void shown_print(const char *text, size_t limit)
{
    char *shown cleanup_free = show_string(text, limit);
    fputs(shown, stdout);
}

void shown_place(const struct place *place)
{
    char *file cleanup_free = show_string(place->file, 0);
    int width = printf("  %s:%u", file, place->line);
    printf("%*s ", width < SHOWN_PLACE ? SHOWN_PLACE - width : 0, "");
}

void shown_json(struct json *json, const char *key, const char *text)
{
    char *shown cleanup_free = show_is_utf8(text, strlen(text)) ? xstrdup(text) : show_string(text, 0);
    json_string(json, key, shown);
}
