/* words.h: a command line as the rules see it: which of its arguments are words, which are options, and
 * whether it has what a rule asks. Between decide.c and words.c; freestanding. */
#ifndef ASKFIRST_WORDS_H
#define ASKFIRST_WORDS_H

#include "image.h"
#include "layout.h"

/* Arguments that are classified once and remembered; those beyond are classified each time they are met. */
#define LINE_KEPT 64

/* What reading on from one argument to the next has to remember. */
struct reading {
    uint32_t eat;  /* so many arguments are values of an option before them */
    bool ended;    /* after "--" */
    bool operands; /* after the first word of a command whose options end there */
};

struct line {
    const struct image *image;
    const struct tool *tool; /* NULL: nothing is known of the command */
    const char *const *argv;
    size_t argc;
    size_t first_word;     /* its index, or argc: none, or not among the LINE_KEPT first */
    bool prelude_known;    /* every option before the first word is known */
    bool prelude_safe;     /* and is none that an allow must not look past */
    struct reading beyond; /* after the LINE_KEPT first */
    uint8_t kinds[LINE_KEPT];
};

void line_read(struct line *line, const struct image *image, const struct act *act);

/* Goes from word to word; begins as all zero. */
struct line_words {
    size_t i; /* the argument it stands at */
    struct reading state;
};

/* The next word, or NULL after the last. */
const char *line_next_word(const struct line *line, struct line_words *words);

/* Whether the line has the words and options that a demand asks, and no others that it excludes. An allow is
 * exact, anything else is found. FIT_YES, FIT_WORDS, FIT_OPTIONS, FIT_WITHOUT or FIT_SHELL. */
enum fit line_fits(const struct line *line, const struct demand *demand, enum verdict verdict);

/* Where its program text comes from: as command_script(). */
size_t line_script(const struct line *line);

/* Whether it takes its input (for a shell or an interpreter: its program) from what `wanted` says. *unknown:
 * that depends on a standard input of which nothing is known. */
bool line_stdin(const struct line *line, enum stdin_kind wanted, enum stdin_kind given, bool *unknown);

/* The last part of a path. */
const char *last_part(const char *path, size_t length, size_t *part_length);

size_t string_length(const char *string);
bool bytes_equal(const char *a, const char *b, size_t length);

#endif
