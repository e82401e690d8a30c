/* expand.h: variables and `~` in what a policy says. */
#ifndef ASKFIRST_EXPAND_H
#define ASKFIRST_EXPAND_H

#include <limits.h>
#include <stdbool.h>

#include "rules.h"
#include "tree.h"

struct reader; /* load.h */

/* A variable of a policy. It is kept twice: built-in places are names of files, so what is special in a glob
 * is quoted where they become part of one, and only there. */
struct variable {
    const char *name;
    struct strings pattern;
    struct strings plain;
};

/* Those of one file, and of the files that it extends. */
struct variables {
    const struct variables *parent;
    struct variable *items;
    size_t count;
};

enum expand_for { EXPAND_PATTERN, EXPAND_PLAIN };
enum tilde { TILDE_IS_TEXT, TILDE_IS_HOME };

/* Everything that `text` stands for: more than one where a variable is a list, none where a name is unknown
 * here
 * (${session} outside of a run). False: an error was said, at `at`. */
bool expand(struct reader *reader, const struct node *at, const char *text, enum expand_for use,
            enum tilde tilde, struct strings *values);

/* The names that every policy knows, and what they stand for. NULL: nothing here. */
#define BUILTIN_NAMES 13
const char *builtin_value(const struct reader *reader, size_t index, char buffer[PATH_MAX]);

/* `variables:` */
void read_variables(struct reader *reader, const struct node *map, void *into);

/* `text` with everything that is special in a glob quoted, and the other way; owned by the arena. */
char *glob_quote(struct arena *arena, const char *text);
char *glob_unquote(struct arena *arena, const char *text, size_t length);

#endif
