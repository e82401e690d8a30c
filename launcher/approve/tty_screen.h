/* tty_screen.h: drawing on the terminal: blocks of lines below what is there already, with a line under them
 * that is redrawn in place; whole screens for what is longer.
 */
#ifndef ASKFIRST_TTY_SCREEN_H
#define ASKFIRST_TTY_SCREEN_H

#include "tty_page.h"

/* Begins with `fd`, `plain` and `colour` filled. */
struct tty_screen {
    int fd;     /* the terminal, not blocking */
    bool plain; /* it knows no escape sequences: nothing is redrawn */
    bool colour;
    struct tty_size size;
    unsigned rows; /* of the block, its last line aside */
    bool whole;    /* a screen of its own is shown */
};

void tty_screen_measure(struct tty_screen *screen);

void tty_screen_block(struct tty_screen *screen, const struct tty_page *page); /* below what is there */
void tty_screen_status(struct tty_screen *screen, const char *text);           /* the line under the block */
void tty_screen_end(struct tty_screen *screen, const char *text); /* the same, for the last time */
void tty_screen_erase(struct tty_screen *screen);                 /* the block and its last line */
void tty_screen_say(struct tty_screen *screen, const char *text); /* on a line of its own, over nobody's */
void tty_screen_beep(struct tty_screen *screen);

/* A screen of its own: the lines from `top` on, and a status line under them. */
void tty_screen_whole(struct tty_screen *screen, const struct tty_page *page, size_t top, const char *status);
void tty_screen_back(struct tty_screen *screen);

#endif
