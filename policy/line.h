/* line.h: a command line as it is read: which of its arguments are words, which are options, and what is
 * known of these. Between the parts of the decider; freestanding. */
#ifndef ASKFIRST_LINE_H
#define ASKFIRST_LINE_H

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

/* Reads the words of an act of executing. */
void line_read(struct line *line, const struct image *image, const struct act *act);

/* Goes from word to word; begins as all zero. */
struct line_words {
    size_t i; /* the argument it stands at */
    struct reading state;
};

/* The next word, or NULL after the last. */
const char *line_next_word(const struct line *line, struct line_words *cursor);

/* The text of a shell's -c, or NULL. */
const char *line_shell_text(const struct line *line);

/* ---- Arguments ---- */

enum arg_kind { ARG_WORD = 1, ARG_OPTION = 2, ARG_VALUE = 4, ARG_END = 8 };

/* What an argument is to who comes to it in this state (enum arg_kind). */
unsigned arg_classify(const struct grammar *grammar, const char *arg, struct reading *state);

/* Goes on to the next argument and says what it is; 0 after the last. */
static inline unsigned line_next_arg(const struct line *line, struct line_words *cursor)
{
    if (cursor->i + 1 >= line->argc) return 0;
    cursor->i++;
    if (cursor->i < LINE_KEPT) return line->kinds[cursor->i];
    if (cursor->i == LINE_KEPT) cursor->state = line->beyond;
    return arg_classify(&line->grammar, line->argv[cursor->i], &cursor->state);
}

/* One option of an argument: -abc holds three. */
struct piece {
    const char *name;
    size_t length; /* 0: something that is no option, and ends the bundle */
    unsigned bits;
    const char *attached; /* its value, where that is part of the argument */
    char letter[2];
};

/* Up to its "=". */
size_t arg_name_length(const char *arg);

/* Whether it is options of one letter each, by what is known of the command. */
bool arg_is_bundle(const struct grammar *grammar, const char *arg, size_t length);

/* Takes the next option out of an argument; `*at` begins as 0. */
bool arg_next_piece(const struct grammar *grammar, const char *arg, size_t *at, struct piece *piece);

/* ---- What is known of a command ---- */

/* The command that goes by a name, or NULL. */
const struct tool *tool_named(const struct image *image, const char *name);

static inline bool tool_kind_is(const struct grammar *grammar, enum command_kind kind)
{
    return grammar->tool && grammar->tool->kind == kind;
}

static inline bool tool_has(const struct grammar *grammar, enum tool_flags flag)
{
    return grammar->tool && (grammar->tool->flags & flag);
}

/* What comes after the first word of these is a script's, or another program's command line. */
static inline bool options_end_at_word(const struct grammar *grammar)
{
    return grammar->tool && grammar->tool->kind != COMMAND_PLAIN;
}

/* What is known of an option, and of one of a single letter (enum knob_bits). */
unsigned knob_bits(const struct grammar *grammar, const char *name, size_t length);
unsigned knob_letter_bits(const struct grammar *grammar, char letter);

#define NAMES_PROGRAM ((unsigned)KNOB_TEXT | (unsigned)KNOB_MODULE)

static inline bool takes_value(unsigned bits)
{
    return (bits & KNOB_VALUE) && !(bits & NAMES_PROGRAM);
}

/* In a bundle, what stands behind it is its own (but in a shell, where nothing is attached). */
static inline bool takes_rest(unsigned bits)
{
    return bits & (KNOB_VALUE | NAMES_PROGRAM);
}

/* An allow may look past it. */
static inline bool is_safe(unsigned bits)
{
    return (bits & (KNOB_FLAG | KNOB_VALUE)) && !(bits & (KNOB_UNSAFE | NAMES_PROGRAM));
}

/* ---- Strings ---- */

size_t string_length(const char *string);
bool bytes_equal(const char *a, const char *b, size_t length);
bool string_is(const char *string, const char *text, size_t length);

#endif
