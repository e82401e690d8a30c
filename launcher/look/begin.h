/* begin.h: a program that is stopped at its exec, before its first instruction: what the kernel has given it.
 * Nobody but the kernel has written to its memory by then. */
#ifndef ASKFIRST_BEGIN_H
#define ASKFIRST_BEGIN_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include <sys/user.h>

/* `native`: it is one of the launcher's own width, for a processor that is known here. Else it has to be
 * looked at in other ways, and the registers are not known. */
struct begin {
    bool native;
    struct user_regs_struct registers;
};

/* Of a process that the caller traces. */
void begin_look(struct begin *begin, pid_t pid);

/* Whether its words are these, each with its NUL, and no more. False: they are not, or it cannot be said. */
bool begin_has_words(const struct begin *begin, pid_t pid, const char *words, size_t length);

#endif
