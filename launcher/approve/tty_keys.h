/* tty_keys.h: one key at a time from the terminal. */
#ifndef ASKFIRST_TTY_KEYS_H
#define ASKFIRST_TTY_KEYS_H

#include <stddef.h>

enum tty_key_kind {
    KEY_NONE,  /* nothing yet */
    KEY_GONE,  /* the terminal has hung up, or is not ours any more */
    KEY_CHAR,  /* one character, in `text` */
    KEY_BURST, /* several at once, in `text`: pasted, or sent by the terminal itself. They answer nothing. */
    KEY_ESCAPE,
    KEY_UP,
    KEY_DOWN,
    KEY_PAGE_UP,
    KEY_PAGE_DOWN,
    KEY_OTHER /* a sequence of another key */
};

struct tty_key {
    enum tty_key_kind kind;
    char text[256];
    size_t length;
};

/* Reads what there is; waits a moment behind an escape, for what belongs to it. */
void tty_key_read(int fd, struct tty_key *key);

#endif
