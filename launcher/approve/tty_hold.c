/* tty_hold.c: see tty_hold.h. */
#include "tty_hold.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "../memory.h"
#include "../process.h"

/* Processes may start others while they are looked for; once all that were seen are stopped, none can. */
enum { PASSES = 8 };

/* The number by which /proc/PID/stat calls this terminal. /dev/tty has a number of its own, so the caller's
 * entry tells. */
static int terminal_number(void)
{
    struct process self;

    return process_look(getpid(), &self) ? self.terminal : 0;
}

bool tty_is_ours(int fd, const struct tty_hold *hold)
{
    struct process process;
    pid_t *pids cleanup_free = NULL;
    pid_t foreground = tcgetpgrp(fd);

    if (foreground <= 0 || foreground == hold->launcher_group) return foreground > 0;
    size_t count = process_descendants(hold->launcher, &pids);
    for (size_t i = 0; i < count; i++)
        if (process_look(pids[i], &process) && process.group == foreground) return true;
    return false;
}

static bool is_known(const struct tty_hold *hold, const struct process *process)
{
    for (size_t i = 0; i < hold->count; i++)
        if (hold->processes[i].pid == process->pid && hold->processes[i].started == process->started)
            return true;
    return false;
}

/* Stops what is not stopped yet; whether there was anything. */
static bool stop_some(struct tty_hold *hold, int terminal)
{
    pid_t *pids cleanup_free = NULL;
    struct process process;
    bool found = false;

    size_t count = process_descendants(hold->launcher, &pids);
    for (size_t i = 0; i < count && hold->count < TTY_PROCESSES; i++) {
        if (pids[i] == getpid() || !process_look(pids[i], &process) || process.terminal != terminal ||
            is_known(hold, &process))
            continue;
        bool running = process.state != 'T' && process.state != 't';
        hold->processes[hold->count] = (struct tty_process){process.pid, process.started, running};
        hold->count++;
        if (running) kill(process.pid, SIGSTOP);
        found = true;
    }
    return found;
}

static void stop_all(struct tty_hold *hold)
{
    int terminal = terminal_number();

    hold->count = 0;
    for (int i = 0; terminal && i < PASSES && stop_some(hold, terminal); i++)
        ;
}

static bool is_still(const struct tty_process *one)
{
    struct process process;

    return process_look(one->pid, &process) && process.started == one->started;
}

/* What the run is not made of may have been stopped too, for reading the terminal: a pager at the end of its
 * pipe. The whole group goes on, unless somebody had stopped one of the run before us. */
static void continue_group(const struct tty_hold *hold)
{
    for (size_t i = 0; i < hold->count; i++)
        if (!hold->processes[i].stopped) return;
    kill(-hold->foreground, SIGCONT);
}

static void continue_all(struct tty_hold *hold)
{
    for (size_t i = hold->count; i-- > 0;)
        if (hold->processes[i].stopped && is_still(&hold->processes[i]))
            kill(hold->processes[i].pid, SIGCONT);
    continue_group(hold);
    hold->count = 0;
}

/* Keys come one by one, unchanged, as soon as they are typed; output stays as it was, for lines end as
 * always. */
static struct termios one_key_at_a_time(const struct termios *settings)
{
    struct termios raw = *settings;

    raw.c_iflag &= ~(tcflag_t)(IGNBRK | BRKINT | PARMRK | ISTRIP | INLCR | IGNCR | ICRNL | IXON | IXOFF);
    raw.c_oflag |= OPOST | ONLCR;
    raw.c_lflag &= ~(tcflag_t)(ECHO | ECHONL | ICANON | ISIG | IEXTEN);
    raw.c_cc[VMIN] = 1;
    raw.c_cc[VTIME] = 0;
    return raw;
}

bool tty_take(int fd, struct tty_hold *hold)
{
    pid_t foreground = tcgetpgrp(fd);
    struct termios settings;

    if (foreground <= 0 || tcgetattr(fd, &settings) < 0) return false;
    hold->group = getpgrp();
    hold->foreground = foreground;
    hold->settings = settings;
    hold->taken = true;
    stop_all(hold);
    struct termios raw = one_key_at_a_time(&settings);
    if (tcsetpgrp(fd, getpgrp()) < 0 || tcsetattr(fd, TCSANOW, &raw) < 0) {
        tty_give_back(fd, hold);
        return false;
    }
    tcflush(fd, TCIFLUSH);
    return true;
}

/* Somebody else may have taken it from us meanwhile: then it is theirs. Whose it was may have ended. */
static void give_foreground_back(int fd, const struct tty_hold *hold)
{
    pid_t now = tcgetpgrp(fd);

    if (now > 0 && now != hold->group && (kill(-now, 0) == 0 || errno == EPERM)) return;
    if (tcsetpgrp(fd, hold->foreground) < 0) tcsetpgrp(fd, hold->launcher_group);
}

void tty_give_back(int fd, struct tty_hold *hold)
{
    if (!hold->taken) return;
    tcflush(fd, TCIFLUSH);
    tcsetattr(fd, TCSANOW, &hold->settings);
    give_foreground_back(fd, hold);
    continue_all(hold);
    hold->taken = false;
}
