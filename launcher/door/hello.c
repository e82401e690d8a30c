/* hello.c: under guard shim, what was approved must say hello: the shim is at work in it. Whatever does
 * not was started without the guard, or is not what was approved, and is killed (parts.h).
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "../command.h"
#include "../look/process.h"
#include "../plain/memory.h"
#include "../questions/grants.h"
#include "parts.h"

#define PATIENCE_MS 8000 /* from the exec to the hello, or to the shim's being there at least */
#define LOOK_MS 1000
#define MOST_GREETED 1024u

struct pending {
    struct pending *next, **at;
    struct approved what;
    struct stat before; /* what the caller ran when it was approved */
    int64_t since;      /* when the exec happened, or may have; -1: not yet */
    uint64_t ticks;     /* the new process cannot be older */
};

struct greeted {
    pid_t pid;
    uint64_t started;
};

struct hellos {
    struct door *door;
    struct pending *pending;
    struct loop_timer *timer;
    char *shim;                           /* its real path; NULL: not known */
    struct greeted greeted[MOST_GREETED]; /* a ring of who said hello last */
    size_t greeted_next;
};

bool hellos_wanted(const struct session *session)
{
    return session->options->guard != GUARD_KERNEL;
}

struct hellos *hellos_new(struct door *door)
{
    struct hellos *hellos = xcalloc(1, sizeof *hellos);
    hellos->door = door;
    if (hellos_wanted(door->session)) hellos->shim = realpath(door->session->shim, NULL);
    return hellos;
}

static void free_approved(const struct approved *approved)
{
    tree_free(approved->tree);
    origin_free(approved->origin);
    free(approved->sum);
    free(approved->words);
}

static void forget_connection(struct pending *pending)
{
    pending->what.connection->expected = NULL;
    pending->what.connection = NULL;
}

/* Takes it out of the list. Its connection stays with whoever holds it. */
static void end(struct pending *pending)
{
    if (pending->what.connection) forget_connection(pending);
    *pending->at = pending->next;
    if (pending->next) pending->next->at = pending->at;
    free_approved(&pending->what);
    free(pending);
}

/* The same, and nothing is heard on its connection any more. */
static void settle(struct pending *pending)
{
    struct connection *connection = pending->what.connection;
    end(pending);
    if (connection) door_drop(connection, NULL);
}

void hellos_free(struct hellos *hellos)
{
    while (hellos->pending)
        end(hellos->pending);
    loop_cancel(hellos->timer);
    free(hellos->shim);
    free(hellos);
}

static uint64_t ticks_a_second(void)
{
    return (uint64_t)sysconf(_SC_CLK_TCK);
}

static uint64_t ticks_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_BOOTTIME, &now);
    return (uint64_t)now.tv_sec * ticks_a_second() + (uint64_t)now.tv_nsec * ticks_a_second() / 1000000000u;
}

/* What a process runs; all zero when that cannot be seen. */
static struct stat program_of(pid_t pid)
{
    char path[32];
    struct stat program;
    snprintf(path, sizeof path, "/proc/%d/exe", (int)pid);
    return stat(path, &program) == 0 ? program : (struct stat){0};
}

static bool is(const struct stat *program, const struct approved *what)
{
    return program->st_dev == what->device && program->st_ino == what->inode;
}

static bool runs(pid_t pid, const struct approved *what)
{
    struct stat program = program_of(pid);
    return is(&program, what);
}

/* By a descriptor of the process, so that nobody else is hit who has its number meanwhile. */
static void kill_process(const struct hellos *hellos, const struct process *process, const char *event,
                         const char *text)
{
    int pidfd = (int)syscall(SYS_pidfd_open, process->pid, 0);
    struct process now;
    if (pidfd < 0) return;
    if (process_look(process->pid, &now) && now.started == process->started) {
        syscall(SYS_pidfd_send_signal, pidfd, SIGKILL, NULL, 0);
        door_event(hellos->door, event, process->pid, text);
        if (!hellos->door->session->options->quiet) complain("process %d: %s", (int)process->pid, text);
        hellos->door->session->denied++;
    }
    close(pidfd);
}

/* ---- what is overdue ---- */

static bool has_greeted(const struct hellos *hellos, const struct process *process)
{
    for (size_t i = 0; i < MOST_GREETED; i++)
        if (hellos->greeted[i].pid == process->pid && hellos->greeted[i].started == process->started)
            return true;
    return false;
}

/* The loader has brought the shim in, which says its hello when the libraries before it are done with their
 * constructors. */
static bool has_shim(const struct hellos *hellos, pid_t pid)
{
    char path[32], line[PATH_MAX + 128];
    snprintf(path, sizeof path, "/proc/%d/maps", (int)pid);
    cleanup_file FILE *maps = hellos->shim ? fopen(path, "re") : NULL;
    while (maps && fgets(line, sizeof line, maps)) {
        const char *file = strchr(line, '/');
        size_t length = strlen(hellos->shim);
        if (file && strncmp(file, hellos->shim, length) == 0 && file[length] == '\n') return true;
    }
    return false;
}

/* Stopped, or waiting for a disk: it has not had its time. */
static bool is_held(const struct process *process)
{
    return process->state == 'T' || process->state == 't' || process->state == 'D';
}

/* It may be the child of a later exec of the same program, and about to say its hello. */
static bool is_young(const struct process *process)
{
    return ticks_now() < process->started + PATIENCE_MS * ticks_a_second() / 1000;
}

static bool is_dead(const struct process *process)
{
    return process->state == 'Z' || process->state == 'X';
}

static const char *const missing = "the program started without the guard: it was killed";
static const char *const another = "another program than the one approved was started: it was killed";
static const char *const other_content =
    "the program was judged by its content, which is another now: it was killed";

/* The process that asked has become the program, unless its exec has failed after all. True: it is settled.
 */
static bool settle_exec(const struct hellos *hellos, const struct pending *pending)
{
    struct process process;
    if (!process_look(pending->what.caller.pid, &process)) return true;
    if (process.started != pending->what.caller.started || is_dead(&process)) return true;
    if (is_held(&process)) return false;
    struct stat now = program_of(process.pid);
    bool approved = runs(process.pid, &pending->what);
    if (approved && has_shim(hellos, process.pid)) return false;
    if (approved)
        kill_process(hellos, &process, "preload-missing", missing);
    else if (now.st_ino != pending->before.st_ino || now.st_dev != pending->before.st_dev)
        kill_process(hellos, &process, "changed", another);
    return true;
}

static bool is_unguarded_child(const struct hellos *hellos, const struct pending *pending, pid_t pid,
                               struct process *process)
{
    pid_t keeper = hellos->door->session->keeper;
    if (!process_look(pid, process) || is_dead(process)) return false;
    bool child = process->parent == pending->what.caller.pid || (keeper && process->parent == keeper);
    return child && process->started >= pending->ticks && runs(pid, &pending->what) && facts_executed(pid) &&
           !has_greeted(hellos, process);
}

/* All that lives in the run, looked up when it is first needed. */
struct everybody {
    pid_t *pids;
    size_t count;
};

static void find_everybody(struct everybody *everybody, const struct hellos *hellos)
{
    pid_t keeper = hellos->door->session->keeper;
    if (!everybody->pids)
        everybody->count = process_descendants(keeper ? keeper : getpid(), &everybody->pids);
}

/* A child of the process that asked is the program, but nobody said which one. Those that run it, began after
 * it was approved, and have not said hello are the ones. */
static bool settle_spawn(const struct hellos *hellos, const struct pending *pending,
                         struct everybody *everybody)
{
    bool held = false;
    find_everybody(everybody, hellos);
    for (size_t i = 0; i < everybody->count; i++) {
        struct process process;
        if (!is_unguarded_child(hellos, pending, everybody->pids[i], &process)) continue;
        if (is_held(&process) || is_young(&process) || has_shim(hellos, process.pid))
            held = true;
        else
            kill_process(hellos, &process, "preload-missing", missing);
    }
    return !held;
}

static void look(void *context)
{
    struct hellos *hellos = context;
    struct everybody everybody = {0};
    hellos->timer = NULL;
    door_sweep(hellos->door);
    int64_t now = loop_now();
    for (struct pending *pending = hellos->pending, *next; pending; pending = next) {
        next = pending->next;
        if (pending->since < 0 || now - pending->since < PATIENCE_MS) continue;
        bool settled =
            pending->what.spawns ? settle_spawn(hellos, pending, &everybody) : settle_exec(hellos, pending);
        if (!settled) continue;
        settle(pending);
    }
    free(everybody.pids);
    if (hellos->pending) hellos->timer = loop_after(hellos->door->session->loop, LOOK_MS, look, hellos);
}

/* ---- what is heard ---- */

void hellos_expect(struct hellos *hellos, const struct approved *approved)
{
    const struct session *session = hellos->door->session;
    /* To observe is to stop nothing. */
    if (approved->silent || !hellos_wanted(session) || session->options->mode == MODE_OBSERVE) {
        free_approved(approved);
        return;
    }
    struct pending *pending = xcalloc(1, sizeof *pending);
    *pending = (struct pending){.next = hellos->pending,
                                .at = &hellos->pending,
                                .what = *approved,
                                .since = -1,
                                .ticks = ticks_now()};
    if (!approved->spawns) pending->before = program_of(approved->caller.pid);
    if (approved->spawns && approved->connection) pending->since = loop_now();
    if (pending->next) pending->next->at = &pending->next;
    hellos->pending = pending;
    if (approved->connection) approved->connection->expected = pending;
    if (!hellos->timer) hellos->timer = loop_after(hellos->door->session->loop, LOOK_MS, look, hellos);
}

void hellos_failed(struct connection *connection)
{
    struct pending *pending = connection->expected;
    if (pending) end(pending);
}

void hellos_closed(struct connection *connection)
{
    struct pending *pending = connection->expected;
    if (!pending) return;
    forget_connection(pending);
    if (!pending->what.spawns) pending->since = loop_now();
}

/* The command's process is its own "caller" once it is there: it executes what was judged. */
void hellos_started(struct hellos *hellos, pid_t pid)
{
    for (struct pending *pending = hellos->pending; pending; pending = pending->next) {
        if (pending->what.connection || pending->what.caller.pid != getpid()) continue;
        if (!caller_find(&pending->what.caller, pid, pid)) return;
        pending->what.spawns = false;
        pending->since = loop_now();
        return;
    }
}

/* Whose child the new program will be. The command's parent is the keeper, though it is the launcher that
 * asked. */
static pid_t parent_of(const struct hellos *hellos, const struct approved *what)
{
    return what->caller.pid == getpid() ? hellos->door->session->keeper : what->caller.pid;
}

/* The C library's own shell may have a `--` more, before the text. */
static bool are_words(const struct approved *what, const char *words, size_t length)
{
    static const char dashes[] = "--";
    const size_t before = sizeof "sh" + sizeof "-c";
    if (what->dashes && length == what->words_length + sizeof dashes &&
        !memcmp(words + before, dashes, sizeof dashes))
        return !memcmp(words, what->words, before) &&
               !memcmp(words + before + sizeof dashes, what->words + before, what->words_length - before);
    return length == what->words_length && !memcmp(words, what->words, length);
}

static bool has_words(pid_t pid, const struct approved *what)
{
    char path[32];
    size_t size = what->words_length + sizeof "--" + 1;
    char *words cleanup_free = xmalloc(size);
    snprintf(path, sizeof path, "/proc/%d/cmdline", (int)pid);
    cleanup_fd int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t length = fd < 0 ? -1 : read(fd, words, size); /* as many as there are come at once */
    return length >= 0 && are_words(what, words, (size_t)length);
}

/* How well a process that says hello fits what is expected. */
enum fitting { FITS_NOT, FITS_ORPHAN, FITS_OTHER_PROGRAM, FITS_OTHER_WORDS, FITS };

static enum fitting fitting(const struct hellos *hellos, const struct pending *pending,
                            const struct process *process, const struct stat *program)
{
    const struct approved *what = &pending->what;
    if (!what->spawns) {
        bool same = what->caller.pid == process->pid && what->caller.started == process->started;
        return !same ? FITS_NOT : is(program, what) ? FITS : FITS_OTHER_PROGRAM;
    }
    if (!is(program, what)) return FITS_NOT;
    if (parent_of(hellos, what) == process->parent)
        return !what->words || has_words(process->pid, what) ? FITS : FITS_OTHER_WORDS;
    return caller_alive(&what->caller) ? FITS_NOT : FITS_ORPHAN; /* its parent has ended meanwhile */
}

static struct pending *find_fitting(const struct hellos *hellos, const struct process *process,
                                    const struct stat *program, enum fitting *best)
{
    struct pending *found = NULL;
    *best = FITS_NOT;
    for (struct pending *pending = hellos->pending; pending && *best < FITS; pending = pending->next) {
        enum fitting now = fitting(hellos, pending, process, program);
        if (now <= *best) continue;
        *best = now;
        found = pending;
    }
    return found;
}

/* What was expected of it, and has not failed meanwhile. */
static struct pending *expected(const struct hellos *hellos, const struct process *process,
                                const struct stat *program, enum fitting *best)
{
    for (;;) {
        struct pending *pending = find_fitting(hellos, process, program, best);
        if (!pending || !pending->what.connection) return pending;
        door_hear(pending->what.connection);
        if (pending == find_fitting(hellos, process, program, best)) return pending;
    }
}

bool hellos_awaited(const struct hellos *hellos)
{
    return hellos->pending;
}

static void remember(struct hellos *hellos, const struct caller *caller)
{
    hellos->greeted[hellos->greeted_next] = (struct greeted){caller->pid, caller->started};
    hellos->greeted_next = (hellos->greeted_next + 1) % MOST_GREETED;
}

/* What it ran cannot be seen any more. */
static bool is_ending(const struct process *process)
{
    struct process now;
    return !process_look(process->pid, &now) || now.started != process->started || now.ending;
}

void hellos_heard(struct hellos *hellos, const struct caller *caller, const struct process *process)
{
    const struct session *session = hellos->door->session;
    if (!hellos_wanted(session) || session->options->mode == MODE_OBSERVE) return;
    enum fitting best;
    remember(hellos, caller);
    struct stat program = program_of(caller->pid);
    if (is_dead(process) || (!program.st_ino && is_ending(process))) return; /* it was what it was */
    struct pending *pending = expected(hellos, process, &program, &best);
    if (!pending) {
        door_event(hellos->door, "unasked", caller->pid, "a program that nobody had approved says hello");
        return;
    }
    if (best == FITS_OTHER_PROGRAM && program.st_ino)
        kill_process(hellos, process, "changed", another);
    else if (pending->what.sum && !facts_runs_sum(process->pid, pending->what.sum))
        kill_process(hellos, process, "changed", other_content);
    else if (best == FITS) {
        tree_begin(steal_pointer(&pending->what.tree), session->grants, caller->pid, caller->started);
        origins_put(hellos->door->origins, caller, steal_pointer(&pending->what.origin));
    }
    settle(pending);
}
