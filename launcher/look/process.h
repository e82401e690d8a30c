/* process.h: looking at processes under /proc: who is whose parent, what it runs, where it stands.
 *
 * A process may end, be given a new parent, or execute something else between any two looks. What must be
 * sure is asked by (pid, started), which names one process for ever.
 */
#ifndef ASKFIRST_PROCESS_H
#define ASKFIRST_PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "../questions/question.h"

struct process {
    pid_t pid;
    pid_t parent;
    pid_t group;  /* its process group */
    int terminal; /* its controlling terminal's device number as /proc has it; 0: none */
    char state;   /* as in /proc: R S D T t Z X; Z and X: nothing of it runs any more */
    bool ending;  /* nothing of its memory is left, nor of what it ran */
    unsigned threads;
    uint64_t started; /* clock ticks since the machine's start */
};

/* False with errno when there is no such process (ESRCH) or it cannot be looked at. A thread's id works
 * too. */
bool process_look(pid_t pid, struct process *process);

/* The same in two steps, for whoever looks at one process again and again: a descriptor that never comes to
 * mean another process, -1 with errno; and what it says just now. */
int process_open(pid_t pid);
bool process_read(int fd, pid_t pid, struct process *process);

/* The same in one call, without /proc, of what a descriptor of pidfd_open(2) stands for: its process and the
 * parent, and nothing more of it. False: it has ended, or the kernel is older than 6.13. */
bool process_ask(int pidfd, struct process *process);
/* The same of a thread, by its number: such a descriptor of it, or -1. */
int process_meet(pid_t tid, struct process *process);

/* Whether the process has ended that a descriptor of pidfd_open(2) stands for; false without one (-1). Its
 * number may be another's by now, the descriptor stays its own. */
bool process_ended(int pidfd);

/* Whether one of its threads is held by the kernel, where no signal reaches it: in vfork(2), for one. */
bool process_is_held(pid_t pid);

/* Whether a thread of `pid` traces `target`. */
bool process_traces(pid_t pid, pid_t target);

/* A number of /proc/PID/status ("Tgid", "Umask") in its base; `unknown` where it is not there. */
unsigned process_number(pid_t pid, const char *field, int base, unsigned unknown);

/* malloc'd, or NULL with errno. As the kernel says them: one that was removed ends in " (deleted)", and one
 * deeper than 4,095 bytes is not known (ENAMETOOLONG). */
char *process_program(pid_t pid); /* real path of the program it runs */
char *process_surely(pid_t pid);  /* the same; NULL too where something else lies at that path */

/* The processes from `pid`, which comes first, up to the child of `top`, which comes last, each with its
 * program ("?" when it cannot be known). 0: `pid` is not below `top`, or has ended. With top =
 * session->keeper this is also the test that a process belongs to the run: the keeper adopts whatever its
 * parents leave behind. */
size_t process_chain(pid_t pid, pid_t top, struct ancestor **chain);

/* Whether `pid` is below `top`: process_chain() without the names, for where time counts. */
bool process_is_below(pid_t pid, pid_t top);

/* Everything that lives in a process group; 0: everything there is. As below. */
size_t process_of_group(pid_t group, pid_t **pids);

/* The parts of those two, for whoever has another way of looking (known.h): the way up, and the names of who
 * is on it. No chain is longer; one that seems to be has been changed while it was walked. */
#define PROCESS_DEEPEST 4096
typedef bool process_looker(void *context, pid_t pid, struct process *process);
size_t process_way(pid_t pid, pid_t top, process_looker *look, void *context, pid_t met[PROCESS_DEEPEST]);
struct ancestor *process_name(const pid_t *pids, size_t count);

/* Everything that lives below `top` just now, parents before their children; malloc'd in `*pids`. Zombies are
 * left out. */
size_t process_descendants(pid_t top, pid_t **pids);

#endif
