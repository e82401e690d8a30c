/* glob.h: globs against bytes, and path patterns against paths; freestanding, in linear space and at most
 * quadratic time, without recursion. What is no good glob (pattern.h says) matches something or nothing, but
 * harms nobody. */
#ifndef ASKFIRST_GLOB_H
#define ASKFIRST_GLOB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The whole text against a glob: `*` any bytes, `?` one, `[a-z]` `[!a-z]` `[[:digit:]]` one of a class, `\`
 * quotes. */
bool glob_match(const char *glob, size_t glob_length, const char *text, size_t length);

/* Which bytes a text holds, and whether it lacks one that the glob takes literally: then the glob does not
 * match it. For those who hold one text against many globs. */
struct glob_bytes {
    uint64_t bits[4];
};
void glob_bytes_of(struct glob_bytes *bytes, const char *text, size_t length);
bool glob_lacks(const struct glob_bytes *bytes, const char *glob, size_t glob_length);

/* The same, name by name: what a glob matches holds no slash, and a name that is `**` matches any number of
 * names. */
bool path_match(const char *pattern, size_t pattern_length, const char *path, size_t length);

/* Reads the class that begins after the `[` before `at`, and says whether `byte` is in it. Returns what
 * follows its
 * `]`, or NULL when it is none: never closed, empty, a range that runs backwards, an unknown [:name:]. */
const char *glob_class(const char *at, const char *end, unsigned char byte, bool *hit);

#endif
