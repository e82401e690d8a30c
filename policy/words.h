/* words.h: whether a command line has what a rule asks of it. Between decide.c and words.c; freestanding. */
#ifndef ASKFIRST_WORDS_H
#define ASKFIRST_WORDS_H

#include "line.h"

/* Whether the line has the words and options that a demand asks, and no others that it excludes. An allow is
 * exact, anything else is found. FIT_YES, FIT_WORDS, FIT_OPTIONS, FIT_WITHOUT or FIT_SHELL. */
enum fit line_fits(const struct line *line, const struct demand *demand, enum verdict verdict);

#endif
