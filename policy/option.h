/* option.h: an option that a rule names, and a command line. Between words.c and option.c; freestanding. */
#ifndef ASKFIRST_OPTION_H
#define ASKFIRST_OPTION_H

#include "line.h"

/* LOOSE finds what may be meant, STRICT only what must be (semantics of ask and deny, and of allow). */
enum reading_mode { LOOSE, STRICT };

/* Whether one of a rule's `options` or `without` is there. */
bool option_any_present(const struct line *line, struct range options, enum reading_mode mode);

/* Whether an option among a rule's words is there. `value`: the rule's next word, where that is its value, or
 * NULL. `leading`: it stands before any word of the rule. */
bool option_worded_present(const struct line *line, const struct term *term, const struct term *value,
                           bool leading, enum reading_mode mode);

/* Whether a rule's option takes the rule's next word for its value: "-n prod" in "kubectl -n prod delete". */
bool option_takes_next(const struct grammar *grammar, const struct term *term);

/* Whether an option of a rule, or a letter of it, is this one. */
bool option_names_piece(const struct grammar *grammar, const struct term *term, const struct piece *piece);

/* Whether an argument that is handed on to another program is the rule's option. */
bool option_is_anothers(const struct grammar *grammar, const struct term *term, const char *arg);

#endif
