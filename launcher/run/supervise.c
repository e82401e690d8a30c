/* supervise.c: see supervise.h. Each step is a function that the event loop calls; `status` is known when it
 * is over. */
#include "supervise.h"

#include <errno.h>
#include <paths.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../command.h"
#include "../door/door.h"
#include "../filter/notify.h"
#include "../guard/guard.h"
#include "../look/process.h"
#include "../plain/memory.h"
#include "../plain/show.h"
#include "../plain/text.h"
#include "../questions/questions.h"
#include "../records/audit.h"
#include "../watch/watch.h"
#include "child.h"
#include "descriptors.h"
#include "environment.h"
#include "job.h"
#include "keeper.h"
#include "runtime.h"

enum {
    LEFT_ALONE_MS = 500, /* what outlives the command may finish by itself: a tee at the end of a pipe */
    GRACE_MS = 2000,     /* between SIGTERM and SIGKILL */
    /* A person's Ctrl-C: SIGTERM comes so long after SIGINT, and SIGKILL so long after SIGTERM. */
    INTERRUPT_MS = 200,
    INTERRUPT_GRACE_MS = 1000,
    HELD_MS = 200,       /* what the kernel holds in vfork(2) has not stopped by then */
    PATIENCE_MS = 5000,  /* for the keeper, when SIGKILL has not ended the run */
    LOOK_AGAIN_MS = 100, /* whether a question that stops the clock has been answered */
};

struct supervisor {
    struct session *session;
    const struct signals *signals;
    struct resource_limits limits;
    char **environment;
    char *program;
    char **argv; /* what is executed: the command, or /bin/sh and a script without a #! line */
    struct loop_source *signal_source;
    struct keeper *keeper;
    struct guard_setup guard;
    struct loop_source *listener_source; /* the guard's listener comes this way */
    struct watch *watch;
    struct loop_timer *clock, *step; /* the time limit; the next step of ending the run */
    struct loop_timer *stop;         /* a stop was passed on to the command */
    int64_t started_at, limit_ms;
    bool over, timed_out, forced;
    bool empty; /* nothing of the run is left */
    int status;
};

static void finish(struct supervisor *supervisor, int status)
{
    if (supervisor->over) return;
    supervisor->over = true;
    if (supervisor->session->interrupted) status = 128 + SIGINT;
    supervisor->status = supervisor->timed_out ? STATUS_TIMEOUT : status;
    supervisor->session->ending = true;
    loop_stop(supervisor->session->loop);
}

static char *shown(const char *name)
{
    return show_string(name, 200);
}

/* What a person would call the time: 90s, 10m. */
static char *span(int64_t milliseconds)
{
    if (milliseconds % 60000 == 0) return xasprintf("%lldm", (long long)(milliseconds / 60000));
    if (milliseconds % 1000 == 0) return xasprintf("%llds", (long long)(milliseconds / 1000));
    return xasprintf("%lldms", (long long)milliseconds);
}

/* The names of what is still alive, for a person: "sleep (812), python3 (813)"; "" when nothing is. */
static char *name_living(const struct supervisor *supervisor)
{
    enum { MOST = 8 };
    struct text names = {0};
    pid_t *pids cleanup_free = NULL;
    size_t count = process_descendants(keeper_pid(supervisor->keeper), &pids);
    for (size_t i = 0; i < count && i < MOST; i++) {
        char *program cleanup_free = process_program(pids[i]);
        if (!program) continue;
        char *name cleanup_free = shown(strrchr(program, '/') ? strrchr(program, '/') + 1 : program);
        text_format(&names, "%s%s (%d)", names.length ? ", " : "", name, (int)pids[i]);
    }
    if (count > MOST) text_format(&names, " and %zu more", count - MOST);
    return text_take(&names);
}

/* --- Ending the run --- */

static void out_of_patience(void *context)
{
    struct supervisor *supervisor = context;
    supervisor->step = NULL;
    complain("what is left of the run does not end: giving up on it");
    keeper_free(steal_pointer(&supervisor->keeper));
    finish(supervisor, supervisor->status);
}

static void next_step(struct supervisor *supervisor, int64_t milliseconds, loop_expired *step)
{
    loop_cancel(supervisor->step);
    supervisor->step = loop_after(supervisor->session->loop, milliseconds, step, supervisor);
}

/* SIGTERM to all of it, and SIGKILL to what has not ended by then. */
static void end_run_within(struct supervisor *supervisor, int grace_ms)
{
    if (supervisor->forced) return;
    supervisor->forced = true;
    supervisor->session->ending = true;
    keeper_end(supervisor->keeper, grace_ms);
    next_step(supervisor, grace_ms + PATIENCE_MS, out_of_patience);
}

static void end_run(struct supervisor *supervisor)
{
    end_run_within(supervisor, GRACE_MS);
}

static void end_what_is_left(void *context)
{
    struct supervisor *supervisor = context;
    supervisor->step = NULL;
    char *names cleanup_free = name_living(supervisor);
    if (*names) {
        if (!supervisor->session->options->quiet)
            complain("still running when the command ended, and ended with it: %s", names);
        audit_event(supervisor->session->audit, "left-behind", 0, names);
    }
    end_run(supervisor);
}

static void end_interrupted(void *context)
{
    struct supervisor *supervisor = context;
    supervisor->step = NULL;
    end_run_within(supervisor, INTERRUPT_GRACE_MS);
}

/* --- The time limit --- */

static void look_at_clock(void *context);

static void set_clock(struct supervisor *supervisor, int64_t milliseconds)
{
    supervisor->clock = loop_after(supervisor->session->loop, milliseconds, look_at_clock, supervisor);
}

/* The clock stands still while a question waits, and goes back by what has been waited. */
static void look_at_clock(void *context)
{
    struct supervisor *supervisor = context;
    struct session *session = supervisor->session;
    int64_t left = supervisor->started_at + supervisor->limit_ms + session->waited_ms - loop_now();
    supervisor->clock = NULL;
    if (questions_waiting(session->questions)) {
        set_clock(supervisor, left > LOOK_AGAIN_MS ? left : LOOK_AGAIN_MS);
    } else if (left > 0) {
        set_clock(supervisor, left);
    } else {
        char *limit cleanup_free = span(supervisor->limit_ms);
        supervisor->timed_out = true;
        complain("the time limit of %s is over: ending the run", limit);
        audit_event(session->audit, "timeout", session->child, limit);
        end_run(supervisor);
    }
}

static int64_t time_limit(const struct session *session)
{
    int64_t asked = session->options->timeout_ms;
    uint64_t seconds = session->policy->limits.seconds;
    int64_t said = seconds > INT64_MAX / 1000 ? INT64_MAX : (int64_t)seconds * 1000;
    return !asked || (said && said < asked) ? said : asked;
}

/* The time runs before the command does: that it has begun is heard from its keeper, which may be stopped. */
static void start_clock(struct supervisor *supervisor)
{
    supervisor->started_at = loop_now();
    supervisor->limit_ms = time_limit(supervisor->session);
    if (supervisor->limit_ms) set_clock(supervisor, supervisor->limit_ms);
}

/* --- What the keeper tells --- */

static void born(void *context, pid_t pid)
{
    struct supervisor *supervisor = context;
    supervisor->session->child = pid;
}

static void started(void *context)
{
    struct supervisor *supervisor = context;
    struct session *session = supervisor->session;
    descriptors_release();
    door_started(session->door, session->child);
}

static void failed(void *context, enum child_stage stage, int error)
{
    struct supervisor *supervisor = context;
    char *name cleanup_free = shown(supervisor->program);
    if (stage == CHILD_EXEC)
        complain("%s: it cannot be executed: %s", name, strerror(error));
    else
        complain("%s: not started: %s: %s", name, child_stage_name(stage), strerror(error));
    supervisor->status = stage == CHILD_EXEC ? STATUS_REFUSED : STATUS_FAILED;
}

/* A prompt stops what it shares the terminal with, and continues it: no affair of the shell's. The news of it
 * may come when the command goes on already. */
static bool stopped_by_prompt(const struct session *session, int number)
{
    struct process process;
    if (session->prompting) return number != SIGTSTP;
    return process_look(session->child, &process) && process.state != 'T';
}

static void stopped(void *context, int number)
{
    struct supervisor *supervisor = context;
    struct session *session = supervisor->session;
    if (!session->ending && !stopped_by_prompt(session, number)) job_stop(session->child, number);
}

static void ended(void *context, int status)
{
    struct supervisor *supervisor = context;
    supervisor->session->child = 0;
    supervisor->status = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
    loop_cancel(steal_pointer(&supervisor->clock));
    bool ending = supervisor->forced || supervisor->session->interrupted;
    if (!ending) next_step(supervisor, LEFT_ALONE_MS, end_what_is_left);
}

/* While the keeper ends there is other work: it is waited for at last. */
static void empty(void *context)
{
    struct supervisor *supervisor = context;
    loop_cancel(steal_pointer(&supervisor->step));
    supervisor->empty = true;
    supervisor->session->keeper = supervisor->session->child = 0;
    finish(supervisor, supervisor->status);
}

static void lost(void *context)
{
    struct supervisor *supervisor = context;
    complain("the keeper of the run was killed: ending the run");
    audit_event(supervisor->session->audit, "keeper-lost", keeper_pid(supervisor->keeper), "ending the run");
    loop_cancel(steal_pointer(&supervisor->step));
    supervisor->session->ending = true;
    keeper_free(steal_pointer(&supervisor->keeper));
    finish(supervisor, supervisor->session->child ? 128 + SIGKILL : supervisor->status);
}

/* --- Starting it --- */

/* The command stands behind the filter now and is about to make its first call, its exec. */
static void take_listener(void *context, int fd, uint32_t events)
{
    struct supervisor *supervisor = context;
    char *why cleanup_free = NULL;
    (void)events;
    int listener = notify_take_listener(fd);
    loop_remove(steal_pointer(&supervisor->listener_source));
    guard_release(&supervisor->guard);
    if (listener >= 0 && watch_listen(supervisor->watch, listener, &why)) return;
    watch_close(steal_pointer(&supervisor->watch));
    complain("%s", why ? why : "the command did not get behind the guard");
    supervisor->status = STATUS_FAILED;
    end_run(supervisor);
}

static bool guard(struct supervisor *supervisor)
{
    char *why cleanup_free = NULL;
    struct session *session = supervisor->session;
    if (session->options->guard != GUARD_KERNEL) return true;
    if (guard_prepare(&supervisor->guard, session, &why)) {
        if (supervisor->guard.lane_why) audit_event(session->audit, "no-lane", 0, supervisor->guard.lane_why);
        supervisor->listener_source =
            loop_add(session->loop, supervisor->guard.ours, EPOLLIN, take_listener, supervisor);
        if (supervisor->listener_source) return true;
    }
    complain("%s", why ? why : strerror(errno));
    finish(supervisor, STATUS_FAILED);
    return false;
}

static void start(struct supervisor *supervisor)
{
    struct session *session = supervisor->session;
    if (!guard(supervisor)) return;
    const struct child_plan plan = {
        .program = supervisor->program,
        .argv = supervisor->argv,
        .environment = supervisor->environment,
        .limits = &supervisor->limits,
        .signals = supervisor->signals,
        .guard = session->options->guard == GUARD_KERNEL ? &supervisor->guard : NULL,
    };
    const struct keeper_events events = {
        .born = born,
        .started = started,
        .failed = failed,
        .stopped = stopped,
        .ended = ended,
        .empty = empty,
        .lost = lost,
        .context = supervisor,
    };
    supervisor->keeper = keeper_start(session->loop, &plan, runtime_lock(session->runtime), &events);
    if (!supervisor->keeper) {
        complain("the command cannot be started: %s", strerror(errno));
        finish(supervisor, STATUS_FAILED);
        return;
    }
    session->keeper = keeper_pid(supervisor->keeper);
    start_clock(supervisor);
    if (!plan.guard) return;
    close(steal_fd(&supervisor->guard.theirs));
    supervisor->watch = watch_new(session, steal_pointer(&supervisor->guard.plan),
                                  steal_pointer(&supervisor->guard.lane), supervisor->program);
}

static void decided(void *context, bool go, const char *message)
{
    struct supervisor *supervisor = ((struct session *)context)->supervisor;
    if (supervisor->over) return; /* the run was ended while the question waited */
    if (go) {
        start(supervisor);
        return;
    }
    if (message && !supervisor->session->options->quiet) {
        size_t length = strlen(message);
        fprintf(stderr, "%s%s", message, length && message[length - 1] == '\n' ? "" : "\n");
    }
    finish(supervisor, STATUS_REFUSED);
}

/* --- Signals --- */

static void before_it_runs(struct supervisor *supervisor, int number)
{
    if (signals_are_ignored(number)) return; /* nohup */
    switch (number) {
    case SIGTSTP:
    case SIGTTIN:
    case SIGTTOU: job_stop(0, number); break;
    case SIGWINCH:
    case SIGCONT:
    case SIGURG: break;
    default: finish(supervisor, 128 + number);
    }
}

static bool is_stop(int number)
{
    return number == SIGTSTP || number == SIGTTIN || number == SIGTTOU;
}

/* A command whose child waits in vfork(2) for an answer cannot stop before that child has it. The launcher
 * then stops in its stead, as the shell expects of the job. */
static void stop_if_held(void *context)
{
    struct supervisor *supervisor = context;
    supervisor->stop = NULL;
    if (process_is_held(supervisor->session->child)) job_stop(supervisor->session->child, SIGTSTP);
}

/* While a prompt has stopped the command, it goes on to receive what somebody sends it. */
static void pass_on(struct supervisor *supervisor, int number)
{
    keeper_signal(supervisor->keeper, number);
    if (supervisor->session->prompting && !is_stop(number)) keeper_signal(supervisor->keeper, SIGCONT);
    /* Whoever waits for an answer may hold up the command, which then hears of nothing: it was in
     * vfork(2). */
    if (number == SIGTERM && questions_waiting(supervisor->session->questions)) end_run(supervisor);
}

static void while_it_runs(struct supervisor *supervisor, const struct signalfd_siginfo *info)
{
    int number = (int)info->ssi_signo;
    if (signals_was_sent(info)) pass_on(supervisor, number);
    if (is_stop(number) && !supervisor->stop && supervisor->session->child)
        supervisor->stop = loop_after(supervisor->session->loop, HELD_MS, stop_if_held, supervisor);
}

static void on_signal(void *context, int fd, uint32_t events)
{
    struct supervisor *supervisor = context;
    struct signalfd_siginfo info;
    (void)events;
    while (!supervisor->over && read(fd, &info, sizeof info) == (ssize_t)sizeof info) {
        if (!supervisor->keeper)
            before_it_runs(supervisor, (int)info.ssi_signo);
        else
            while_it_runs(supervisor, &info);
    }
}

void session_interrupt(struct session *session)
{
    struct supervisor *supervisor = session->supervisor;
    session->ending = session->interrupted = true;
    if (!supervisor || supervisor->over) return;
    if (!supervisor->keeper) {
        finish(supervisor, 128 + SIGINT);
        return;
    }
    keeper_signal_all(supervisor->keeper, SIGINT);
    if (!supervisor->forced) next_step(supervisor, INTERRUPT_MS, end_interrupted);
}

/* --- The whole --- */

static void copy_words(struct supervisor *supervisor)
{
    char **command = supervisor->session->options->command;
    size_t count = 0;
    while (command[count])
        count++;
    supervisor->argv = xcalloc(count + 2, sizeof *supervisor->argv); /* one for a shell */
    for (size_t i = 0; i < count; i++)
        supervisor->argv[i] = xstrdup(command[i]);
}

/* Text without a #! line is a script of the shell's, as execvp(3) has it. */
static void give_to_shell(struct supervisor *supervisor)
{
    size_t count = 0;
    while (supervisor->argv[count])
        count++;
    memmove(supervisor->argv + 2, supervisor->argv + 1, (count - 1) * sizeof *supervisor->argv);
    free(supervisor->argv[0]);
    supervisor->argv[0] = xstrdup(_PATH_BSHELL);
    supervisor->argv[1] = supervisor->program;
    supervisor->program = xstrdup(_PATH_BSHELL);
}

static bool no_command(struct supervisor *supervisor, int status, const char *why)
{
    char *name cleanup_free = shown(supervisor->session->options->command[0]);
    complain("%s: %s", name, why);
    supervisor->status = status;
    return false;
}

static bool find_command(struct supervisor *supervisor)
{
    const char *search = environment_get(supervisor->environment, "PATH");
    supervisor->program = child_find(supervisor->session->options->command[0], search);
    if (!supervisor->program && errno == ENOENT)
        return no_command(supervisor, STATUS_NOT_FOUND, "command not found");
    if (!supervisor->program) {
        char *why cleanup_free = xasprintf("it cannot be executed: %s", strerror(errno));
        return no_command(supervisor, STATUS_REFUSED, why);
    }
    enum child_shape shape = child_shape(supervisor->program);
    if (shape == CHILD_NO_INTERPRETER)
        return no_command(supervisor, STATUS_NOT_FOUND, "the interpreter in its first line is not there");
    if (shape == CHILD_TEXT) give_to_shell(supervisor);
    return true;
}

static bool prepare(struct supervisor *supervisor)
{
    struct session *session = supervisor->session;
    const struct run_options *options = session->options;
    char *why cleanup_free = NULL;
    const struct environment_options wanted = {
        .policy = session->policy,
        .wanted = options->env,
        .wanted_count = options->env_count,
        .shim = session->shim,
        .shim_needed = session->options->guard != GUARD_KERNEL,
        .session = session->dir,
    };
    supervisor->status = STATUS_FAILED;
    supervisor->environment = environment_make(&wanted, environ, &why);
    if (!supervisor->environment) {
        complain("%s", why);
        return false;
    }
    char *kept cleanup_free = options->quiet ? xstrdup("") : environment_kept_back(&wanted, environ);
    if (*kept) complain("kept back: %s (env: in the policy, or --env NAME)", kept);
    copy_words(supervisor);
    if (!find_command(supervisor)) return false;
    limits_plan(&session->policy->limits, &supervisor->limits);
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    supervisor->signal_source =
        loop_add(session->loop, supervisor->signals->fd, EPOLLIN, on_signal, supervisor);
    if (supervisor->signal_source) return true;
    complain("signals cannot be received: %s", strerror(errno));
    return false;
}

/* Nothing of the run is left after this, and nothing calls back. */
static void end_all(struct supervisor *supervisor)
{
    supervisor->over = true;
    supervisor->session->ending = true;
    loop_cancel(steal_pointer(&supervisor->step));
    loop_cancel(steal_pointer(&supervisor->clock));
    loop_cancel(steal_pointer(&supervisor->stop));
    loop_remove(steal_pointer(&supervisor->signal_source));
    loop_remove(steal_pointer(&supervisor->listener_source));
    watch_close(steal_pointer(&supervisor->watch));
    guard_release(&supervisor->guard);
    if (!supervisor->empty) keeper_free(steal_pointer(&supervisor->keeper));
}

int supervise(struct session *session, const struct signals *signals)
{
    struct supervisor *supervisor = session->supervisor = xcalloc(1, sizeof *supervisor);
    *supervisor = (struct supervisor){
        .session = session, .signals = signals, .guard = {.ruleset = -1, .ours = -1, .theirs = -1}};
    if (prepare(supervisor)) {
        door_judge_command(session->door, supervisor->program, supervisor->argv, decided, session);
        if (!supervisor->over && loop_run(session->loop) < 0) {
            complain("the event loop failed: %s", strerror(errno));
            supervisor->status = STATUS_FAILED;
        }
    }
    end_all(supervisor);
    return supervisor->status;
}

void supervisor_free(struct supervisor *supervisor)
{
    if (!supervisor) return;
    keeper_free(supervisor->keeper);
    environment_free(supervisor->environment);
    environment_free(supervisor->argv);
    free(supervisor->program);
    free(supervisor);
}
