/* pattern.h: what is wrong with a pattern that somebody wrote, in words; NULL when nothing is.
 *
 * For the loader, after variables and `~` have been followed. The strings are constant. */
#ifndef ASKFIRST_PATTERN_H
#define ASKFIRST_PATTERN_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

const char *path_pattern_error(const char *pattern); /* begins with / or with a double star and a slash */
const char *glob_error(const char *glob); /* a word, a bare program, a shell text, an abstract name */

/* How long the first name of a path is: up to a slash, or to the end. Most are short, and of many it is
 * asked: strcspn(3) takes as long to begin. */
static inline size_t name_length(const char *path)
{
    return (size_t)(strchrnul(path, '/') - path);
}

/* Whether so much of it is more than a literal. */
bool pattern_has_glob(const char *text, size_t length);

#define PATTERN_BYTES 4096
#define PATTERN_NAMES 64 /* names in a path pattern, double stars included */
#define PATTERN_STARS 4  /* double stars in a path pattern */

#endif
