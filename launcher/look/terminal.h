/* terminal.h: which devices are terminals, by their numbers. */
#ifndef ASKFIRST_TERMINAL_H
#define ASKFIRST_TERMINAL_H

#include <stdbool.h>
#include <sys/sysmacros.h>
#include <sys/types.h>

enum {
    TERMINAL_CONSOLES = 4,     /* and serial lines */
    TERMINAL_ALTERNATIVES = 5, /* /dev/tty, which is another one for each, and /dev/console */
    TERMINAL_SERIAL = 204,
    TERMINAL_PSEUDO = 136, /* the first of them */
    TERMINAL_PSEUDO_LAST = 143
};

/* Of whoever asks for one: a window's, an ssh session's. */
static inline bool terminal_is_pseudo(dev_t device)
{
    return major(device) >= TERMINAL_PSEUDO && major(device) <= TERMINAL_PSEUDO_LAST;
}

/* One that is nobody else's by another name. */
static inline bool terminal_is_named(dev_t device)
{
    return major(device) == TERMINAL_CONSOLES || terminal_is_pseudo(device);
}

static inline bool terminal_is(dev_t device)
{
    return terminal_is_named(device) || major(device) == TERMINAL_ALTERNATIVES ||
           major(device) == TERMINAL_SERIAL;
}

/* As /proc/PID/stat writes them. */
static inline dev_t terminal_of_number(int number)
{
    unsigned bits = (unsigned)number;
    return makedev(bits >> 8 & 0xfff, (bits & 0xff) | (bits >> 12 & 0xfff00));
}

#endif
