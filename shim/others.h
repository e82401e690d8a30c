/* others.h: what a process does to other processes, as the kernel has it; each gives its result or a negative
 * errno. Within the run, signals and limits are its own affair; beyond it, nobody is reached. Looking into a
 * process is a question.
 */
#ifndef ASKFIRST_SHIM_OTHERS_H
#define ASKFIRST_SHIM_OTHERS_H

/* `pid` as kill(2) has it: a process, or 0, -1, or minus a group, of which only the run's processes get the
 * signal. */
long others_signal(int pid, int number);
long others_signal_by(int pidfd, int number, void *info, unsigned flags);

/* 0: it belongs to the run, or is not there at all. */
long others_reach(int pid);

/* As setpriority(2) has them; of a group or a user, only the run's processes get the rank. */
long others_rank(int which, unsigned who, int rank);

/* 0: it may be looked into or changed. `call` is what does it. */
long others_debug(int pid, const char *call);

/* The same of a ptrace request: most are about a process that was judged when it was taken. */
long others_trace(long request, int pid);

#endif
