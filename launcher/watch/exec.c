/* exec.c: programs (parts.h). The vector is copied, judged, and the exec goes on in the kernel;
 * before the new program's first instruction it is held against the copy (verify.h).
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "../callers/memory_of.h"
#include "../carry/shortcut.h"
#include "../command.h"
#include "../filter/numbers.h"
#include "../plain/memory.h"
#include "../plain/show.h"
#include "../plain/text.h"
#include "parts.h"

#define VECTOR_LIMIT (16u << 20)

struct exec_call {
    char *called;       /* as facts_open() finds it for the caller */
    struct found found; /* that, where it lies at the end of a path without links; fd -1: not opened */
    char *cwd;          /* the caller's; NULL: not looked at yet */
    char **argv;
    size_t argc;
};

static void free_exec_call(void *own)
{
    struct exec_call *exec = own;
    free(exec->called);
    free(exec->cwd);
    found_close(&exec->found);
    free(exec->argv);
    free(exec);
}

/* False: there is nothing of this name. Programs are looked for along PATH, so most are not there. */
static bool find_called(const struct call *call, int directory, const char *path, struct exec_call *exec,
                        int *error)
{
    struct shortcut_program program;
    int result;
    if (call->watch->strangers) return true;
    bool short_way = shortcut_to_program(call->tid, directory, path, &program, &result);
    exec->cwd = program.cwd;
    if (!short_way) return true;
    exec->found = (struct found){.fd = program.real ? result : -1, .path = program.real};
    if (program.real && fstat(exec->found.fd, &exec->found.status)) found_close(&exec->found);
    if (!program.real) *error = -result;
    return program.real;
}

/* A path beside a descriptor is named through the caller's own descriptors, as the kernel names it to a
 * script. */
static int read_called(const struct call *call, struct exec_call *exec)
{
    char path[PATH_MAX];
    const uint64_t *args = (const uint64_t *)call->notification.data.args;
    bool at = call->notification.data.nr == __NR_execveat;
    int error = memory_string(call->tid, args[at], path, sizeof path);
    if (error) return error;
    int directory = at ? (int)args[0] : AT_FDCWD;
    if (!*path && !(at && args[4] & AT_EMPTY_PATH)) return ENOENT;
    if (!find_called(call, directory, path, exec, &error)) return error;
    if (path[0] == '/' || directory == AT_FDCWD)
        exec->called = xstrdup(*path ? path : ".");
    else
        exec->called = xasprintf("/dev/fd/%d%s%s", directory, *path ? "/" : "", path);
    return 0;
}

/* Where the floor holds back reading, the kernel cannot load what it does not grant, whoever has said yes. */
static bool floor_lets(struct call *call)
{
    const char *path;
    const struct floor_plan *plan = call->watch->plan;
    for (size_t i = 0; plan->holds_reads && (path = exec_path(call->matter, i)); i++)
        if (!floor_plan_grants(plan, ACT_READ, path)) {
            cleanup_free char *shown = show_string(path, 400);
            cleanup_free char *message =
                xasprintf("askfirst: denied: %s cannot be executed: the policy does not let it be read\n"
                          "askfirst:   next: allow reading it\n",
                          shown);
            watch_event(call->watch, "unreadable", call->caller.pid, path);
            call_tell(call, message);
            return false;
        }
    return true;
}

/* No program is without the lane, or it could put its own in the place. */
static bool lane_lets(struct call *call)
{
    const struct watch *watch = call->watch;
    if (!watch->lane || !watch->strangers || lane_reaches(watch->lane, call->tid)) return true;
    watch_event(call->watch, "other-namespace", call->caller.pid, "of System V IPC");
    call_tell(call, "askfirst: denied: no program can be started from another IPC namespace: the run's fast "
                    "lane does not reach there\n"
                    "askfirst:   next: askfirst run --no-lane\n");
    return false;
}

static char *judged_paths(const struct matter *matter)
{
    struct text text = {0};
    const char *path;
    for (size_t i = 0; (path = exec_path(matter, i)); i++)
        text_add(&text, path, strlen(path) + 1);
    text_char(&text, 0);
    return text_take(&text);
}

/* Somebody traces it, or has killed it meanwhile. */
static void refuse_traced(struct call *call)
{
    if (!notify_valid(&call->watch->notify, call->notification.id)) {
        call_return(call, -ESRCH);
        return;
    }
    watch_event(call->watch, "unverifiable", call->caller.pid, "another process traces it");
    if (call->watch->lane)
        call_tell(call, "askfirst: denied: no program can be started by one that is traced: the run's fast "
                        "lane would not be in it\n"
                        "askfirst:   next: askfirst run --no-lane\n");
    call_return(call, -EACCES);
}

static void go_on(struct call *call)
{
    struct exec_outcome outcome;
    if (!floor_lets(call) || !lane_lets(call)) {
        call->matter = NULL;
        call_return(call, -EACCES);
        return;
    }
    if (verifier_is_busy(call->watch->verifier, call->caller.pid)) {
        call->matter = NULL;
        call_return(call, -EAGAIN); /* if that succeeds, this thread is gone */
        return;
    }
    exec_outcome(call->matter, &outcome);
    const struct expected expected = {.device = outcome.device,
                                      .inode = outcome.inode,
                                      .argv = outcome.argv,
                                      .argv_length = outcome.argv_length,
                                      .paths = judged_paths(call->matter),
                                      .sum = outcome.sum,
                                      .own = outcome.tree,
                                      .free_own = tree_free};
    call->matter = NULL;
    struct verifier *verifier = call->watch->verifier;
    pid_t tid = call->tid;
    if (verifier_seize(verifier, call->caller.pid, tid, &expected)) {
        call_continue(call);
        verifier_let(tid);
    } else if (verifier_expect(verifier, call->caller.pid, tid, &expected)) {
        call_continue(call);
    } else {
        free(outcome.argv);
        free(expected.paths);
        free(expected.sum);
        tree_free(outcome.tree);
        refuse_traced(call);
    }
}

void watch_exec(struct call *call)
{
    struct exec_call *exec = xcalloc(1, sizeof *exec);
    const uint64_t *args = (const uint64_t *)call->notification.data.args;
    exec->found.fd = -1;
    call->own = exec;
    call->free_own = free_exec_call;
    int error = read_called(call, exec);
    uint64_t vector = args[call->notification.data.nr == __NR_execveat ? 2 : 1];
    if (!error) error = memory_vector(call->tid, vector, VECTOR_LIMIT, &exec->argv, &exec->argc);
    if (!notify_valid(&call->watch->notify, call->notification.id)) error = ESRCH;
    if (error) {
        call_return(call, -error);
        return;
    }
    struct matter *matter = call_matter(call, go_on);
    if (!matter) return;
    matter->approved_before = call->watch->program && call->caller.pid == call->watch->session->child &&
                              !strcmp(call->watch->program, exec->called);
    free(steal_pointer(&call->watch->program)); /* only the first exec of all is the command's own */
    matter->cwd = steal_pointer(&exec->cwd);
    const struct found found = exec->found;
    exec->found = (struct found){.fd = -1};
    exec_judge(matter, exec->called, found.fd >= 0 ? &found : NULL, (const char **)exec->argv, exec->argc);
}

static void say_killed(struct watch *watch, pid_t pid, const char *why)
{
    watch_event(watch, "exec-changed", pid, why);
    if (!watch->session->options->quiet) complain("process %d was killed: %s", (int)pid, why);
}

void watch_exec_done(void *context, pid_t pid, bool same, const char *why, void *tree)
{
    struct watch *watch = context;
    struct caller program;
    if (!same)
        say_killed(watch, pid, why);
    else if (tree && caller_find(&program, pid, pid))
        tree_begin(tree, watch->session->grants, pid, program.started);
    else
        tree_free(tree);
}

/* It would put its own in the lane's place. */
void watch_laneless(struct call *call)
{
    if (!call_find_caller(call)) return;
    say_killed(call->watch, call->caller.pid, VERIFY_NO_LANE);
    kill(call->caller.pid, SIGKILL);
    call_return(call, -EACCES);
}
