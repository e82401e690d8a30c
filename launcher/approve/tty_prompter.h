/* tty_prompter.h: the process that shows one question on the terminal and reads the keys; and what passes
 * between it and the launcher. It is a process of its own because the terminal serves a process group, and
 * because whatever happens to it, the launcher is still there to give the terminal back.
 */
#ifndef ASKFIRST_TTY_PROMPTER_H
#define ASKFIRST_TTY_PROMPTER_H

#include "../questions/question.h"
#include "tty_hold.h"

enum { TTY_NOTE = 1024 };

/* What the prompter says in the end, after it has given the terminal back. */
struct tty_says {
    enum tty_decision { TTY_ALLOW, TTY_DENY, TTY_INTERRUPT, TTY_FAILED } decision;
    enum scope scope;
    char note[TTY_NOTE]; /* "": none */
};

/* What it is told. When the launcher's end is closed, it restores everything and ends. */
struct tty_told {
    enum tty_news { TTY_MORE, TTY_WITHDRAWN } news;
    size_t more;          /* MORE: questions that wait behind this one */
    enum outcome outcome; /* WITHDRAWN */
};

struct tty_prompt {
    const struct question *question;
    struct tty_hold *hold;
    int tty, link;
    size_t more;
    bool plain, colour;
};

/* In the child, after fork. Never returns. */
void tty_prompter(const struct tty_prompt *prompt) __attribute__((noreturn));

#endif
