/* words.h: a command line as the rules see it: which of its arguments are words, which are options, and
 * whether it has what a rule asks. Between decide.c and words.c; freestanding. */
#ifndef ASKFIRST_WORDS_H
#define ASKFIRST_WORDS_H

#include "image.h"
#include "layout.h"
#include "plain.h"

/* Arguments that are classified once and remembered; those beyond are classified each time they are met. */
#define LINE_KEPT 64

/* What reading on from one argument to the next has to remember. */
struct reading {
    uint32_t eat;  /* so many arguments are values of an option before them */
    bool ended;    /* after "--" */
    bool operands; /* after the first word of a command whose options end there */
    bool program;  /* after an interpreter's -c or -m: the next is a word, however it looks */
};

/* What stands before the first word of a line. */
struct prelude {
    size_t word;      /* index of the argument that has the first word, or argc */
    const char *text; /* the first word, or NULL */
    unsigned bits;    /* of all its options (enum knob_bits) */
    bool known;       /* every option is known */
    bool safe;        /* and is none that an allow must not look past */
    bool reads_stdin; /* a shell's -s */
    bool informs;     /* --version, --help: it will run nothing */
};

/* What a command line is read by. */
struct grammar {
    const struct image *image;
    const struct tool *tool; /* NULL: nothing is known of the command */
};

struct line {
    struct grammar grammar;
    const char *const *argv;
    size_t argc;
    struct prelude prelude;
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
bool line_stdin(const struct line *line, enum stdin_kind wanted, const struct act *act, bool *unknown);

size_t string_length(const char *string);
bool bytes_equal(const char *a, const char *b, size_t length);

#endif
