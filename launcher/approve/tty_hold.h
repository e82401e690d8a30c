/* tty_hold.h: taking the terminal from the run for as long as a prompt is shown, and giving it back as it
 * was.
 *
 * The run's processes on this terminal, and those that share the launcher's job, are stopped meanwhile. A
 * foreground group of one's own would not be enough: a process that already waits in read(2) gets the next
 * key whatever group it is in, one in a group without a shell above it gets an error for its input, and any
 * may go on writing over the prompt. They are stopped parents first and go on children first, so that none
 * sees another stopped.
 */
#ifndef ASKFIRST_TTY_HOLD_H
#define ASKFIRST_TTY_HOLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <termios.h>

enum { TTY_PROCESSES = 8192 };

/* What there is to restore. It lies in memory that the launcher and the prompter share, so that whichever
 * outlives the other can do it. Begins as zeroes. */
struct tty_hold {
    bool taken;
    pid_t launcher, launcher_group;
    pid_t group;      /* of the prompter */
    pid_t foreground; /* whose it was */
    struct termios settings;
    size_t count;
    struct tty_process {
        pid_t pid;
        uint64_t started;
        bool stopped; /* by us; else it was before */
    } processes[TTY_PROCESSES];
};

/* Whether the terminal's foreground is the launcher's group or one of the run: not a shell that has put the
 * run in the background. */
bool tty_is_ours(int fd, const struct tty_hold *hold);

/* Takes it for the calling process, which leads a group of its own: one key at a time, no echo, keys that
 * were typed before dropped. False: it cannot be had, and nothing has changed. */
bool tty_take(int fd, struct tty_hold *hold);

/* Gives it back; does nothing when it is not taken. Whoever calls it: signals about terminals must be
 * blocked. */
void tty_give_back(int fd, struct tty_hold *hold);

#endif
