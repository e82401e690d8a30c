/* signals.h: the launcher stands between whoever sends signals and the command, and neither should notice.
 *
 * Everything that can be blocked is blocked and read from a descriptor. Signals that the terminal sends reach
 * the command by themselves, for it is in the same process group; those that somebody sent to the launcher
 * are passed on.
 */
#ifndef ASKFIRST_SIGNALS_H
#define ASKFIRST_SIGNALS_H

#include <signal.h>
#include <stdbool.h>
#include <sys/signalfd.h>

struct signals {
    int fd;
    sigset_t inherited;                /* the mask that the launcher was started with */
    struct sigaction sigpipe, sigchld; /* the only dispositions that it changes for itself */
};

int signals_take(struct signals *signals); /* 0, or -1 with errno */

/* In the command, between fork and exec: everything as the launcher found it. Async-signal-safe. */
void signals_restore(const struct signals *signals);

/* Whether a process sent it to the launcher, so that the command has not got it. */
bool signals_was_sent(const struct signalfd_siginfo *info);

/* Whether whoever started the launcher wants it ignored. */
bool signals_are_ignored(int number);

#endif
