/* mounts.c: see mounts.h. */
#include "mounts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../plain/memory.h"

enum { FIELD = 4 }; /* of a line: the mount point, counted from 0 */

static int by_path(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool is_octal(char c)
{
    return c >= '0' && c <= '7';
}

/* Blanks and the like are written as \040. */
static void unescape(char *text)
{
    char *to = text;
    for (const char *at = text; *at; at++)
        if (at[0] == '\\' && is_octal(at[1]) && is_octal(at[2]) && is_octal(at[3])) {
            *to++ = (char)((at[1] - '0') << 6 | (at[2] - '0') << 3 | (at[3] - '0'));
            at += 3;
        } else
            *to++ = *at;
    *to = 0;
}

static void add(struct mounts *mounts, char *line)
{
    char *rest = line, *field = NULL;
    for (int i = 0; i <= FIELD; i++)
        if (!(field = strsep(&rest, " "))) return;
    unescape(field);
    mounts->points = xrealloc(mounts->points, mounts->count + 1, sizeof *mounts->points);
    mounts->points[mounts->count++] = xstrdup(field);
}

void mounts_read(struct mounts *mounts)
{
    cleanup_free char *line = NULL;
    size_t room = 0;
    *mounts = (struct mounts){0};
    FILE *file = fopen("/proc/self/mountinfo", "re");
    mounts->unknown = !file;
    if (!file) return;
    while (getline(&line, &room, file) > 0)
        add(mounts, line);
    mounts->unknown = ferror(file) != 0;
    fclose(file);
    if (mounts->count) qsort(mounts->points, mounts->count, sizeof *mounts->points, by_path);
}

void mounts_free(struct mounts *mounts)
{
    for (size_t i = 0; i < mounts->count; i++)
        free(mounts->points[i]);
    free(mounts->points);
}

bool mounts_are_below(const struct mounts *mounts, const char *directory)
{
    cleanup_free char *beginning = xasprintf("%s/", strcmp(directory, "/") ? directory : "");
    size_t from = 0, to = mounts->count;
    while (from < to) {
        size_t middle = from + (to - from) / 2;
        if (strcmp(mounts->points[middle], beginning) < 0)
            from = middle + 1;
        else
            to = middle;
    }
    return mounts->unknown ||
           (from < mounts->count && !strncmp(mounts->points[from], beginning, strlen(beginning)));
}
