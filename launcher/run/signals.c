/* signals.c: see signals.h. No handlers: they would run between any two lines of everything else. */
#include "signals.h"

#include <string.h>
#include <unistd.h>

/* What the launcher itself did wrong, or what its limits say, ends it as it ends any program. */
static const int own[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGSYS, SIGABRT, SIGXCPU, SIGXFSZ};

static int ignore(int number, struct sigaction *before)
{
    struct sigaction action = {.sa_handler = SIG_IGN};
    return sigaction(number, &action, before);
}

int signals_take(struct signals *signals)
{
    sigset_t taken;
    sigfillset(&taken);
    for (size_t i = 0; i < sizeof own / sizeof *own; i++)
        sigdelset(&taken, own[i]);
    if (sigprocmask(SIG_BLOCK, &taken, &signals->inherited) < 0) return -1;

    /* Ignored by whoever started the launcher, SIGCHLD would hide from it how its own children end. */
    struct sigaction usual = {.sa_handler = SIG_DFL};
    if (ignore(SIGPIPE, &signals->sigpipe) < 0 || sigaction(SIGCHLD, &usual, &signals->sigchld) < 0)
        return -1;
    sigdelset(&taken, SIGCHLD);
    sigdelset(&taken, SIGPIPE);
    signals->fd = signalfd(-1, &taken, SFD_CLOEXEC | SFD_NONBLOCK);
    return signals->fd < 0 ? -1 : 0;
}

void signals_restore(const struct signals *signals)
{
    sigaction(SIGPIPE, &signals->sigpipe, NULL);
    sigaction(SIGCHLD, &signals->sigchld, NULL);
    sigprocmask(SIG_SETMASK, &signals->inherited, NULL);
}

bool signals_was_sent(const struct signalfd_siginfo *info)
{
    return info->ssi_code == SI_USER || info->ssi_code == SI_QUEUE || info->ssi_code == SI_TKILL;
}

bool signals_are_ignored(int number)
{
    struct sigaction now;
    return sigaction(number, NULL, &now) == 0 && now.sa_handler == SIG_IGN;
}
