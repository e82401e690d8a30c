/* suggest.h: what somebody may have meant to write. */
#ifndef ASKFIRST_SUGGEST_H
#define ASKFIRST_SUGGEST_H

#include <stddef.h>

/* How many letters differ: left out, put in, exchanged for another, or swapped with their neighbour. Words
 * are compared up to their 63rd byte. */
size_t edit_distance(const char *a, const char *b);

/* The better of `best` (may be NULL) and `candidate` as what `word` was meant to be; NULL while neither is
 * near. */
const char *suggest(const char *word, const char *best, const char *candidate);

#endif
