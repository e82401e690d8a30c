/* tty_keys.c: see tty_keys.h. What comes in one piece is one thing: a person types one key at a time. */
#include "tty_keys.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "../plain/characters.h"

enum { SEQUENCE_MS = 60 };

/* Keys of a keypad end in letters that are answers elsewhere (ESC O y), so a sequence is never read as its
 * letters. */
static const struct {
    const char *sequence;
    enum tty_key_kind kind;
} sequences[] = {
    {"[A", KEY_UP},   {"[B", KEY_DOWN},     {"OA", KEY_UP},
    {"OB", KEY_DOWN}, {"[5~", KEY_PAGE_UP}, {"[6~", KEY_PAGE_DOWN},
};

static enum tty_key_kind find_sequence(const char *text, size_t length)
{
    for (size_t i = 0; i < sizeof sequences / sizeof *sequences; i++)
        if (strlen(sequences[i].sequence) == length && memcmp(sequences[i].sequence, text, length) == 0)
            return sequences[i].kind;
    return KEY_OTHER;
}

/* Programs may have told the terminal to send characters with modifiers as ESC [ CODE ; MODIFIERS u, Ctrl-C
 * among them. No report that a program can ask for looks like that. */
static bool read_modified(struct tty_key *key)
{
    enum { PLAIN = 1, SHIFT = 2, CONTROL = 5 };
    unsigned code = 0, modifiers = PLAIN;
    int end = 0;

    key->text[key->length < sizeof key->text ? key->length : sizeof key->text - 1] = '\0';
    if (sscanf(key->text + 1, "[%3u%nu", &code, &end) != 1 || key->text[1 + end] != 'u')
        if (sscanf(key->text + 1, "[%3u;%2u%nu", &code, &modifiers, &end) != 2 || key->text[1 + end] != 'u')
            return false;
    if ((size_t)end + 2 != key->length || code < ' ' || code > '~') return false;
    if (modifiers == SHIFT && code >= 'a' && code <= 'z')
        code -= 'a' - 'A';
    else if (modifiers == CONTROL && code >= 'a' && code <= 'z')
        code &= 0x1f;
    else if (modifiers != PLAIN)
        return false;
    *key = (struct tty_key){.kind = KEY_CHAR, .text = {(char)code}, .length = 1};
    return true;
}

/* What follows an escape within a moment belongs to it, however much of it there is. */
static enum tty_key_kind read_sequence(int fd, struct tty_key *key)
{
    struct pollfd ready = {.fd = fd, .events = POLLIN};
    char more[sizeof key->text];

    while (poll(&ready, 1, SEQUENCE_MS) > 0) {
        ssize_t got = read(fd, more, sizeof more);
        if (got <= 0) break;
        size_t space = sizeof key->text - key->length, taken = (size_t)got < space ? (size_t)got : space;
        memcpy(key->text + key->length, more, taken);
        key->length += taken;
    }
    if (key->length == 1) return KEY_ESCAPE;
    return read_modified(key) ? KEY_CHAR : find_sequence(key->text + 1, key->length - 1);
}

void tty_key_read(int fd, struct tty_key *key)
{
    uint32_t c;

    *key = (struct tty_key){.kind = KEY_NONE};
    ssize_t got = read(fd, key->text, sizeof key->text);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (got <= 0) {
        key->kind = KEY_GONE;
        return;
    }
    key->length = (size_t)got;
    if (key->text[0] == '\033')
        key->kind = read_sequence(fd, key);
    else
        key->kind = character_read(key->text, key->length, &c) == key->length ? KEY_CHAR : KEY_BURST;
}
