/* job.h: the launcher as a job of a shell: it stops when the command stops, so that the shell sees it. */
#ifndef ASKFIRST_JOB_H
#define ASKFIRST_JOB_H

#include <sys/types.h>

/* `command` (0: none yet) was stopped by this signal: stops the launcher in the same way, and returns when it
 * is continued. Without a terminal a SIGSTOP stops only the command: there is no shell that would continue
 * the launcher, and whoever stopped the command may have to ask before it can continue it. */
void job_stop(pid_t command, int number);

#endif
