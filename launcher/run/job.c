/* job.c: see job.h. */
#include "job.h"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include "../plain/memory.h"

static void stop_self(int number)
{
    sigset_t one;
    struct sigaction usual = {.sa_handler = SIG_DFL}, before;
    if (number == SIGSTOP) {
        raise(SIGSTOP);
        return;
    }
    sigemptyset(&one);
    sigaddset(&one, number);
    sigaction(number, &usual, &before);
    raise(number);
    sigprocmask(SIG_UNBLOCK, &one, NULL);
    sigprocmask(SIG_BLOCK, &one, NULL);
    sigaction(number, &before, NULL);
}

void job_stop(pid_t command, int number)
{
    int terminal cleanup_fd = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (terminal < 0 && number == SIGSTOP) return;
    pid_t before = terminal < 0 ? -1 : tcgetpgrp(terminal);
    stop_self(number);

    /* The shell gives the terminal to the launcher's process group. A command that is a shell itself has one
     * of its own, and had the terminal when it was stopped: it has to find it again. */
    if (before < 0 || before == getpgrp() || tcgetpgrp(terminal) != getpgrp()) return;
    if (command > 0 && getpgid(command) == before) tcsetpgrp(terminal, before);
}
