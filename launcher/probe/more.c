/* more.c: what of the kernel guard only the doctor has time to try (trial.h). */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "../lane/lane.h"
#include "trial.h"

#define ROUNDS 200 /* trapped calls that are timed */

/* The exec itself: this very program, stopped before its first instruction. */
void probe_exec(struct trial *trial)
{
    int gate[2], status;
    struct probe *part = &trial->parts[PROBE_TRACE];
    if (pipe2(gate, O_CLOEXEC)) return;
    pid_t child = fork();
    if (!child) {
        char byte;
        close(gate[1]);
        if (read(gate[0], &byte, 1) >= 0) execl("/proc/self/exe", "askfirst", "--version", (char *)NULL);
        _exit(1);
    }
    close(gate[0]);
    bool seized = child > 0 && !ptrace(PTRACE_SEIZE, child, 0, PTRACE_O_TRACEEXEC | PTRACE_O_EXITKILL);
    close(gate[1]);
    bool stopped = seized && waitpid(child, &status, __WALL) == child && WIFSTOPPED(status) &&
                   status >> 16 == PTRACE_EVENT_EXEC;
    if (child > 0) {
        kill(child, SIGKILL);
        waitpid(child, NULL, __WALL);
    }
    if (!stopped) probe_lacks(part, "a process that was seized did not stop at its exec", 0);
}

static void heard(int number)
{
    (void)number;
}

static int call_with_handler(void)
{
    const struct sigaction action = {.sa_handler = heard};
    sigaction(SIGUSR1, &action, NULL);
    return trial_call();
}

/* A signal that the caller handles comes between the call and its answer. */
void probe_killable(struct trial *trial)
{
    const struct timespec while_it_acts = {.tv_nsec = 5000000};
    struct probe *part = &trial->parts[PROBE_KILLABLE];
    const struct seccomp_notif *call = trial_begin(trial, call_with_handler) ? trial_next(trial) : NULL;
    bool given = false;
    if (call) {
        uint64_t id = call->id;
        kill(trial->child, SIGUSR1);
        nanosleep(&while_it_acts, NULL);
        given = notify_valid(&trial->notify, id) && trial_give(trial, id);
    }
    trial_finish(trial);
    if (given && !trial->report->result)
        probe_holds(part);
    else
        probe_lacks(part, "a handled signal takes a call back that waits for its answer", 0);
}

static int many_calls(void)
{
    for (int i = 0; i < ROUNDS; i++)
        trial_call();
    return 0;
}

static int64_t microseconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

void probe_synchronous(struct trial *trial)
{
    struct probe *part = &trial->parts[PROBE_SYNCHRONOUS];
    const struct seccomp_notif *call;
    int rounds = 0;
    int64_t began = microseconds();
    bool begun = trial_begin(trial, many_calls), synchronous = begun && trial->notify.synchronous;
    for (; begun && rounds < ROUNDS && (call = trial_next(trial)); rounds++)
        notify_return(&trial->notify, call->id, -EACCES);
    int64_t each = rounds ? (microseconds() - began) / rounds : 0;
    trial_finish(trial);
    if (synchronous)
        probe_holds(part);
    else
        probe_lacks(part, "this kernel does not know it", 0);
    size_t at = strlen(part->detail);
    if (each)
        snprintf(part->detail + at, sizeof part->detail - at, "%sa trapped call costs %d microseconds",
                 at ? "; " : "", (int)each);
}

/* Its memory is had, and goes again. */
void probe_lane(struct trial *trial)
{
    struct probe *part = &trial->parts[PROBE_LANE];
    const char *why;
    struct lane *lane = lane_new(&why);
    if (lane)
        probe_holds(part);
    else
        probe_lacks(part, why, 0);
    lane_free(lane);
}
