/* tty_hold.c: see tty_hold.h. */
#include "tty_hold.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "../look/process.h"
#include "../plain/memory.h"

/* Processes may start others while they are looked for; once all that were seen are stopped, none can. */
enum { PASSES = 8, STOP_TRIES = 40, STOP_PAUSE_NS = 500000 };

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

/* Waits until it stands still: a parent that is only about to would still be told that its child has been
 * stopped. One that the kernel holds (D) does not go on before the prompt is over either. */
static void stop_one(pid_t pid)
{
    struct process process;

    kill(pid, SIGSTOP);
    for (int i = 0; i < STOP_TRIES && process_look(pid, &process) && strchr("RS", process.state); i++)
        nanosleep(&(struct timespec){.tv_nsec = STOP_PAUSE_NS}, NULL);
}

/* Whether there was room, and it was not stopped by us before. */
static bool stop_new(struct tty_hold *hold, const struct process *process)
{
    if (process->pid == getpid() || hold->count == TTY_PROCESSES || is_known(hold, process)) return false;
    bool running = process->state != 'T' && process->state != 't';
    hold->processes[hold->count] = (struct tty_process){process->pid, process->started, running};
    hold->count++;
    if (running) stop_one(process->pid);
    return true;
}

/* The run: whether there was anything to stop. */
static bool stop_run(struct tty_hold *hold, int terminal)
{
    pid_t *pids cleanup_free = NULL;
    struct process process;
    bool found = false;

    size_t count = process_descendants(hold->launcher, &pids);
    for (size_t i = 0; i < count; i++)
        if (process_look(pids[i], &process) && process.terminal == terminal)
            found = stop_new(hold, &process) || found;
    return found;
}

/* Those that share the launcher's job: a pager at the end of its pipe. Not those above it: their parents
 * would see them stopped. */
static void stop_peers(struct tty_hold *hold, int terminal)
{
    pid_t *pids cleanup_free = NULL;
    struct process process;

    size_t count = process_descendants(0, &pids);
    for (size_t i = 0; i < count; i++)
        if (pids[i] != hold->launcher && process_look(pids[i], &process) && process.terminal == terminal &&
            process.group == hold->launcher_group && !process_is_below(hold->launcher, pids[i]))
            stop_new(hold, &process);
}

static void stop_all(struct tty_hold *hold)
{
    int terminal = terminal_number();

    hold->count = 0;
    if (!terminal) return;
    for (int i = 0; i < PASSES && stop_run(hold, terminal); i++)
        ;
    stop_peers(hold, terminal);
}

static bool is_still(const struct tty_process *one)
{
    struct process process;

    return process_look(one->pid, &process) && process.started == one->started;
}

/* Whoever in the foreground's group came too late to be stopped by us has been stopped by the terminal when
 * it read from it. The whole group goes on, unless somebody had stopped one of its processes before. */
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
