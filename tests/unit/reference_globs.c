/* reference_globs.c: what a glob and a path pattern fit, slowly and plainly. See reference.h. */
#include <string.h>

#include "reference_parts.h"

/* Whether the class that begins behind a '[' holds `byte`; *end is set behind its ']'. */
static bool in_class(const char *class, unsigned char byte, const char **end)
{
    bool negated = *class == '!' || *class == '^';
    bool found = false;
    const char *at = class + negated;
    do {
        if (*at == '\\') at++;
        unsigned char low = (unsigned char)*at++;
        unsigned char high = low;
        if (at[0] == '-' && at[1] != ']') {
            at += at[1] == '\\' ? 2 : 1;
            high = (unsigned char)*at++;
        }
        found |= low <= byte && byte <= high;
    } while (*at != ']');
    *end = at + 1;
    return found != negated;
}

/* The whole text against the whole glob. '*' takes any bytes; for a path, the caller has cut it into names.
 */
bool reference_glob(const char *glob, const char *glob_end, const char *text, const char *text_end)
{
    if (glob == glob_end) return text == text_end;
    if (*glob == '*')
        return reference_glob(glob + 1, glob_end, text, text_end) ||
               (text < text_end && reference_glob(glob, glob_end, text + 1, text_end));
    if (text == text_end) return false;
    const char *rest = glob + 1;
    bool same = true;
    if (*glob == '[')
        same = in_class(glob + 1, (unsigned char)*text, &rest);
    else if (*glob == '\\')
        same = *rest++ == *text;
    else if (*glob != '?')
        same = *glob == *text;
    return same && reference_glob(rest, glob_end, text + 1, text_end);
}

bool reference_text(const char *glob, const char *text)
{
    return reference_glob(glob, glob + strlen(glob), text, text + strlen(text));
}

/* Names of a path: `path` stands at the beginning of one, or at the end of all. */
static const char *name_end(const char *path)
{
    return path + strcspn(path, "/");
}

static const char *next_name(const char *path)
{
    const char *end = name_end(path);
    return *end == '/' ? end + 1 : end;
}

static bool names_fit(const char *pattern, const char *path)
{
    if (*pattern == '\0') return *path == '\0';
    if (strncmp(pattern, "**", 2) == 0 && name_end(pattern) == pattern + 2)
        return names_fit(next_name(pattern), path) || (*path && names_fit(pattern, next_name(path)));
    return *path && reference_glob(pattern, name_end(pattern), path, name_end(path)) &&
           names_fit(next_name(pattern), next_name(path));
}

/* A path pattern begins with a slash or with a double star, a path with a slash. */
bool reference_path(const char *pattern, const char *path)
{
    return path && *path == '/' && names_fit(*pattern == '/' ? pattern + 1 : pattern, path + 1);
}
