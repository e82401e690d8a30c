/* options.h: long options, as every command reads them: --name=value, --name value, --help, `--` ends them.
 *
 *     struct options options = {
 *         .usage = …, .about = …, .table = table, .count = …, .argc = argc, .argv = argv, .next = 1};
 *     while ((id = options_next(&options)) >= 0)
 *         switch (id) …                        // options.value is its value
 *     if (id != OPTION_END) return options_status(id);
 *     // argv[options.next…] are the operands
 *
 * Reading stops at the first operand; who wants options behind it takes it (options.next++) and goes on.
 */
#ifndef ASKFIRST_OPTIONS_H
#define ASKFIRST_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

struct option {
    int id;            /* 0 or more: what options_next() returns */
    const char *name;  /* "policy" */
    const char *value; /* what the help calls its value, "FILE"; NULL: it takes none */
    const char *help;  /* one line, or several with \n between them */
};

struct options {
    const char *usage; /* "askfirst run [OPTION…] -- COMMAND…"; one way a line */
    const char *about; /* a sentence or two for --help */
    const struct option *table;
    size_t count;
    int argc;
    char **argv;

    int next;          /* begins at 1; afterwards the index of the first operand */
    const char *value; /* of the option that was just returned; points into argv */
    bool dashes;       /* the options were ended by `--`: what follows are operands whatever they look like */
};

enum { OPTION_END = -1, OPTION_HELP = -2, OPTION_ERROR = -3 };

/* The next option's id; OPTION_END; OPTION_HELP when --help was asked for and has been printed; OPTION_ERROR
 * when something is wrong and has been said. */
int options_next(struct options *options);

/* The exit status for an OPTION_HELP or an OPTION_ERROR. */
int options_status(int result);

/* The help of a command, on standard output. */
void options_help(const struct options *options);

/* The one of `count` words that `word` was perhaps meant to be, or NULL. */
const char *nearest_word(const char *word, const char *const *words, size_t count);

#endif
