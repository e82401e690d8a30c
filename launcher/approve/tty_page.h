/* tty_page.h: what the prompt shows of a question, as lines for a screen of a certain size. It draws nothing.
 *
 * Everything that a guarded program wrote has gone through show.h here.
 */
#ifndef ASKFIRST_TTY_PAGE_H
#define ASKFIRST_TTY_PAGE_H

#include "../questions/question.h"

enum tty_style { TTY_PLAIN, TTY_TITLE, TTY_SUBJECT, TTY_LABEL, TTY_KEY };

struct tty_line {
    char *text;
    enum tty_style style; /* LABEL and KEY: of the first `lead` columns; the others: of the whole line */
    unsigned lead;
    unsigned rank; /* 0: always shown; of the others, the highest go first where there is no room */
};

struct tty_page {
    struct tty_line *lines;
    size_t count;
};

struct tty_size {
    unsigned columns, rows;
};

/* The question with its choices, in fewer rows than the screen has as far as that can be. No line is wider
 * than it. */
void tty_page_question(struct tty_page *page, const struct question *question, struct tty_size size);

/* The rule that `always` would write, before it is written. */
void tty_page_rule(struct tty_page *page, const struct question *question, struct tty_size size);

/* Everything about it, uncut. Lines are as long as they are: wrap them with tty_page_wrap(). */
void tty_page_whole(struct tty_page *page, const struct question *question);
void tty_page_help(struct tty_page *page);

/* Breaks long lines, so that none is wider than `columns`. */
void tty_page_wrap(struct tty_page *page, unsigned columns);

void tty_page_free(struct tty_page *page);

/* Refuses what SCOPE_LIKE would have allowed; only where that is offered. */
#define TTY_NO_LIKE 'L'

/* The key of a choice and the choice of a key; 0 and false where there is none. */
char tty_key(enum scope scope);
bool tty_choice(const struct question *question, char key, enum scope *scope);

/* The columns that the text takes, and how many of its bytes fit in `columns` of them. */
unsigned tty_width(const char *text);
size_t tty_fitting(const char *text, unsigned columns);

#endif
