/* exec.c: `--approve exec:COMMAND`: the command is run for every question, with the ask line on its standard
 * input and its answer on its standard output. It runs unguarded, with the launcher's own environment, in a
 * process group of its own. One that fails has failed that question only.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../plain/memory.h"
#include "../plain/text.h"
#include "../plain/write.h"
#include "kinds.h"
#include "protocol.h"
#include "split.h"

struct exec {
    struct approver approver;
    struct loop *loop;
    struct approve_events events;
    char **words;
    char *program; /* where it was found */
    char *const *environment;
    struct exec_run *runs;
    bool busy, destroyed; /* as in link.c: the session may destroy it from within an answer */
};

/* The command at work on one question. */
struct exec_run {
    struct exec_run *next;
    struct exec *exec;
    const struct question *question;
    pid_t pid;
    int pidfd, in, out; /* its input and output; -1: closed */
    struct loop_source *ended_source, *in_source, *out_source;
    struct loop_timer *failed; /* it could not be started */
    char *line;
    size_t sent;
    struct text output;
};

static void run_free(struct exec_run *run)
{
    struct exec_run **link = &run->exec->runs;

    while (*link != run)
        link = &(*link)->next;
    *link = run->next;
    loop_close(&run->in_source, &run->in);
    loop_close(&run->out_source, &run->out);
    loop_close(&run->ended_source, &run->pidfd);
    loop_cancel(run->failed);
    text_free(&run->output);
    free(run->line);
    free(run);
}

/* The whole group goes, and nobody waits for it longer than the kernel takes. */
static void run_kill(struct exec_run *run)
{
    if (run->pid > 0) {
        kill(-run->pid, SIGKILL);
        kill(run->pid, SIGKILL);
        waitpid(run->pid, NULL, 0);
    }
    run_free(run);
}

static void exec_free(struct exec *exec)
{
    while (exec->runs)
        run_kill(exec->runs);
    split_free(exec->words);
    free(exec->program);
    free(exec);
}

static void give(struct exec_run *run, struct answer *answer)
{
    struct exec *exec = run->exec;
    uint64_t id = run->question->id;

    if (!answer->by) answer->by = xstrdup(exec->approver.name);
    run_free(run);
    exec->busy = true;
    exec->events.answered(exec->events.context, id, answer);
    exec->busy = false;
    if (exec->destroyed) exec_free(exec);
}

/* Takes the reason over. */
static void give_failure(struct exec_run *run, char *why)
{
    give(run, &(struct answer){.outcome = OUTCOME_FAILED, .note = why});
}

static char *describe_end(int status)
{
    if (WIFSIGNALED(status))
        return xasprintf("the approval command was killed by signal %d and gave no answer", WTERMSIG(status));
    return xasprintf("the approval command ended with status %d and gave no answer", WEXITSTATUS(status));
}

/* What is wrong with its answer, or NULL. */
static char *check_answer(const struct exec_run *run, uint64_t id, const struct answer *answer)
{
    if (id != run->question->id)
        return xasprintf("the approval command answered question %" PRIu64 " and was asked %" PRIu64, id,
                         run->question->id);
    if (answer->outcome == OUTCOME_APPROVED && !question_offers(run->question, answer->scope))
        return xasprintf("the approval command took the scope \"%s\", which was not among the choices",
                         scope_name(answer->scope));
    return NULL;
}

static void judge_output(struct exec_run *run, int status)
{
    size_t length = run->output.length;
    struct answer answer;
    uint64_t id;

    while (length && strchr(" \t\r\n", run->output.data[length - 1]))
        length--;
    if (!length) {
        give_failure(run, describe_end(status));
        return;
    }
    cleanup_free char *wrong = protocol_read(run->output.data, length, &id, &answer);
    if (wrong) {
        give_failure(run, xasprintf("the approval command: %s", wrong));
        return;
    }
    char *misfit = check_answer(run, id, &answer);
    if (!misfit) {
        give(run, &answer);
        return;
    }
    free(answer.note);
    free(answer.by);
    give_failure(run, misfit);
}

/* Reads what there is. False: too much of it. */
static bool read_output(struct exec_run *run)
{
    char buffer[4096];
    ssize_t got = 0;

    while (run->out >= 0 && (got = read(run->out, buffer, sizeof buffer)) > 0) {
        text_add(&run->output, buffer, (size_t)got);
        if (run->output.length > PROTOCOL_LINE) return false;
    }
    if (got == 0 || (errno != EAGAIN && errno != EINTR)) loop_close(&run->out_source, &run->out);
    return true;
}

static void fail_and_kill(struct exec_run *run, char *why)
{
    kill(-run->pid, SIGKILL);
    waitpid(run->pid, NULL, 0);
    give_failure(run, why);
}

static void on_output(void *context, int fd, uint32_t events)
{
    struct exec_run *run = context;

    (void)fd, (void)events;
    if (!read_output(run))
        fail_and_kill(run, xasprintf("the approval command wrote more than %u bytes", PROTOCOL_LINE));
}

static void on_input(void *context, int fd, uint32_t events)
{
    struct exec_run *run = context;
    size_t length = strlen(run->line);

    (void)events;
    ssize_t written = write_quietly(fd, run->line + run->sent, length - run->sent);
    if (written < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (written >= 0) run->sent += (size_t)written;
    /* It need not read the question to answer it. */
    if (written < 0 || run->sent == length) loop_close(&run->in_source, &run->in);
}

static void on_end(void *context, int fd, uint32_t events)
{
    struct exec_run *run = context;
    int status = 0;

    (void)fd, (void)events;
    waitpid(run->pid, &status, 0);
    run->pid = 0;
    if (!read_output(run))
        give_failure(run, xasprintf("the approval command wrote more than %u bytes", PROTOCOL_LINE));
    else
        judge_output(run, status);
}

/* In the child: nothing of the launcher's but its environment, its directory and its standard error. */
static void become(struct exec *exec, int in, int out)
{
    sigset_t none;

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    setpgid(0, 0);
    for (int number = 1; number < NSIG; number++)
        signal(number, SIG_DFL);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    if (dup2(in, 0) < 0 || dup2(out, 1) < 0 || syscall(SYS_close_range, 3u, ~0u, 0u) < 0) _exit(127);
    execve(exec->program, exec->words, exec->environment);
    _exit(127);
}

static char *start(struct exec_run *run, int in[2], int out[2])
{
    struct exec *exec = run->exec;

    if (pipe2(in, O_CLOEXEC) < 0 || pipe2(out, O_CLOEXEC) < 0)
        return xasprintf("cannot make a pipe for the approval command: %s", strerror(errno));
    pid_t pid = fork();
    if (pid < 0) return xasprintf("cannot start the approval command: %s", strerror(errno));
    if (pid == 0) become(exec, in[0], out[1]);
    setpgid(pid, pid);
    run->pid = pid;
    run->in = steal_fd(&in[1]);
    run->out = steal_fd(&out[0]);
    run->pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
    if (run->pidfd < 0 || fcntl(run->in, F_SETFL, O_NONBLOCK) < 0 ||
        fcntl(run->out, F_SETFL, O_NONBLOCK) < 0 ||
        !(run->ended_source = loop_add(exec->loop, run->pidfd, EPOLLIN, on_end, run)) ||
        !(run->in_source = loop_add(exec->loop, run->in, EPOLLOUT, on_input, run)) ||
        !(run->out_source = loop_add(exec->loop, run->out, EPOLLIN, on_output, run)))
        return xasprintf("cannot watch the approval command: %s", strerror(errno));
    return NULL;
}

static void not_started(void *context)
{
    struct exec_run *run = context;

    run->failed = NULL;
    if (run->pid > 0) {
        kill(-run->pid, SIGKILL);
        waitpid(run->pid, NULL, 0);
    }
    give_failure(run, text_take(&run->output));
}

static void exec_ask(struct approver *approver, const struct question *question)
{
    struct exec *exec = (struct exec *)approver;
    struct exec_run *run = xcalloc(1, sizeof *run);
    int in[2] = {-1, -1}, out[2] = {-1, -1};

    *run = (struct exec_run){
        .next = exec->runs, .exec = exec, .question = question, .pidfd = -1, .in = -1, .out = -1};
    exec->runs = run;
    run->line = protocol_ask(question);
    char *why = start(run, in, out);
    for (int i = 0; i < 2; i++) {
        memory_close_fd(&in[i]);
        memory_close_fd(&out[i]);
    }
    if (why) {
        text_string(&run->output, why);
        run->failed = loop_after(exec->loop, 0, not_started, run);
        free(why);
    }
}

static void exec_withdraw(struct approver *approver, uint64_t id, enum outcome outcome)
{
    struct exec *exec = (struct exec *)approver;
    struct exec_run *next;

    (void)outcome;
    for (struct exec_run *run = exec->runs; run; run = next) {
        next = run->next;
        if (run->question->id == id) run_kill(run);
    }
}

static void exec_destroy(struct approver *approver)
{
    struct exec *exec = (struct exec *)approver;

    if (exec->busy)
        exec->destroyed = true;
    else
        exec_free(exec);
}

static const struct approver_operations operations = {
    .ask = exec_ask,
    .withdraw = exec_withdraw,
    .settled = approve_no_settled,
    .waiting = approve_no_waiting,
    .bye = approve_no_bye,
    .destroy = exec_destroy,
};

char *exec_malformed(const char *argument)
{
    char *why = NULL;

    split_free(split_command(argument, &why));
    return why;
}

/* Where the program lies: as written where it has a slash, else in the first directory of PATH that has it.
 */
static char *find_program(const char *name, const struct approve_session *session)
{
    const char *path = approve_variable(session, "PATH");

    if (strchr(name, '/')) return access(name, X_OK) == 0 ? xstrdup(name) : NULL;
    for (path = path ? path : "/usr/bin:/bin"; *path; path += strcspn(path, ":"), path += *path == ':') {
        size_t length = strcspn(path, ":");
        char *file = xasprintf("%.*s/%s", (int)length, path, name);
        if (length && access(file, X_OK) == 0) return file;
        free(file);
    }
    return NULL;
}

struct approver *exec_open(const char *argument, struct loop *loop, const struct approve_session *session,
                           const struct approve_events *events, char **why)
{
    char **words = split_command(argument, why);
    if (!words) return NULL;
    char *program = find_program(words[0], session);
    if (!program) {
        *why = xstrdup("no such command, or it is not executable");
        split_free(words);
        return NULL;
    }
    struct exec *exec = xcalloc(1, sizeof *exec);
    *exec = (struct exec){.approver = {&operations, "exec"},
                          .loop = loop,
                          .events = *events,
                          .words = words,
                          .program = program,
                          .environment = session->environment};
    return &exec->approver;
}
