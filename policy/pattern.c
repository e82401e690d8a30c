/* pattern.c: judges the form of globs and path patterns (pattern.h). */
#include "pattern.h"

#include <string.h>

#include "glob.h"

static const char *span_error(const char *at, const char *end)
{
    bool hit;
    while (at < end) {
        if (*at == '\\') {
            if (++at == end) return "a \\ at the end quotes nothing: write \\\\ for a backslash";
            at++;
        } else if (*at == '[') {
            at = glob_class(at + 1, end, 0, &hit);
            if (!at)
                return "bad [...]: it is not closed, is empty, or a range in it runs backwards; write \\[ "
                       "for a [";
        } else {
            at++;
        }
    }
    return NULL;
}

const char *glob_error(const char *glob)
{
    size_t length = strlen(glob);
    if (!length) return "empty pattern";
    if (length > PATTERN_BYTES) return "pattern longer than 4096 bytes";
    return span_error(glob, glob + length);
}

static bool is(const char *at, size_t length, const char *text)
{
    return length == strlen(text) && !memcmp(at, text, length);
}

/* Most names are letters like any other: nothing in them can be wrong. */
static bool has_special(const char *at, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (at[i] == '*' || at[i] == '[' || at[i] == '\\') return true;
    return false;
}

static const char *name_error(const char *at, size_t length)
{
    if (!length) return "empty name between two slashes";
    if (at[0] == '.' && (length == 1 || (length == 2 && at[1] == '.')))
        return "`.` and `..` are no names: write the path itself";
    if (is(at, length, "**")) return NULL;
    if (!has_special(at, length)) return NULL;
    for (size_t i = 0; i + 1 < length; i++) {
        if (at[i] == '\\') {
            i++;
        } else if (at[i] == '*' && at[i + 1] == '*') {
            return "** must stand alone between slashes: write * within a name";
        }
    }
    return span_error(at, at + length);
}

const char *path_pattern_error(const char *pattern)
{
    size_t length = strlen(pattern), names = 0, stars = 0;
    if (!length) return "empty pattern";
    if (length > PATTERN_BYTES) return "pattern longer than 4096 bytes";
    if (pattern[0] != '/' && strncmp(pattern, "**/", 3) != 0)
        return "a path pattern begins with /, ~, ${name} or **/";
    if (length > 1 && pattern[length - 1] == '/')
        return "ends in a slash: write dir/** for all that is in it";

    const char *at = pattern + (pattern[0] == '/');
    while (*at) {
        size_t name = name_length(at);
        const char *error = name_error(at, name);
        if (error) return error;
        if (++names > PATTERN_NAMES) return "more than 64 names in a path pattern";
        if (is(at, name, "**") && ++stars > PATTERN_STARS) return "more than four ** in a path pattern";
        at += name + (at[name] == '/');
    }
    return NULL;
}

bool pattern_has_glob(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        if (text[i] == '\\')
            i++;
        else if (text[i] == '*' || text[i] == '?' || text[i] == '[')
            return true;
    }
    return false;
}
