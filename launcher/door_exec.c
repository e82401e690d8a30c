/* door_exec.c: what an exec would really run, and whether it may: applets, loaders, scripts and their
 * interpreters, and programs that the shim would never be at work in (door_parts.h).
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../policy/image.h"
#include "door_parts.h"
#include "elf.h"
#include "memory.h"
#include "text.h"

/* As deep as scripts may name scripts, and a loader or two besides. */
#define DEEPEST 8

/* One program that is judged: the one that was called, and each interpreter after it. */
struct program {
    struct found found;
    char *called; /* the path it is called by */
    char *judged; /* the path it is judged by, where that is not found.path: an applet's */
    char *name;   /* the last part of `called`, or the applet's */
    const char **argv;
    size_t argc;
    size_t shown_shift; /* words before argv that are shown with it: "busybox" */
    struct decision decision;
    struct act act;
    struct needs needs;
};

struct exec {
    const struct session *session;
    const struct caller *caller;
    struct program programs[DEEPEST];
    size_t count;
    size_t tightest;
    const char **built[DEEPEST]; /* argument vectors that were put together here */
    char *owned[2 * DEEPEST];    /* and words in them */
    size_t built_count, owned_count;
    const char *unfit; /* why the shim would not be at work in it; NULL: it would */
    bool silent;       /* a loader by itself: no program will say hello */
    dev_t device;      /* what /proc/PID/exe will be */
    ino_t inode;
    int error; /* what the kernel would say without running anything; 0: nothing */
    struct tree *tree;
};

static void free_exec(void *own)
{
    struct exec *exec = own;
    for (size_t i = 0; i < exec->count; i++) {
        struct program *program = &exec->programs[i];
        found_close(&program->found);
        needs_free(&program->needs);
        free(program->called);
        free(program->judged);
        free(program->name);
    }
    for (size_t i = 0; i < exec->built_count; i++)
        free(exec->built[i]);
    for (size_t i = 0; i < exec->owned_count; i++)
        free(exec->owned[i]);
    tree_free(exec->tree);
    free(exec);
}

static const char *last_part(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash && slash[1] ? slash + 1 : path;
}

static void fill_act(struct program *program)
{
    const char *path = program->judged ? program->judged : program->found.path;
    program->act = (struct act){.kind = ACT_EXEC,
                                .path = path,
                                .path_length = strlen(path),
                                .name = program->name,
                                .argv = program->argv,
                                .argc = program->argc};
}

/* Opens what would run and puts it last in the list; NULL with exec->error. */
static struct program *add_program(struct exec *exec, const char *called, const char **argv, size_t argc)
{
    if (exec->count == DEEPEST) {
        exec->error = ELOOP;
        return NULL;
    }
    struct program *program = &exec->programs[exec->count];
    if (!found_open(&program->found, exec->caller, called, 0)) {
        exec->error = errno;
        return NULL;
    }
    exec->count++;
    program->called = xstrdup(called);
    program->name = xstrdup(last_part(called));
    program->argv = argv;
    program->argc = argc;
    fill_act(program);
    if (S_ISREG(program->found.status.st_mode)) return program;
    exec->error = EACCES; /* as the kernel says of directories and devices */
    return NULL;
}

/* A multi-call program is judged as the applet that it is told to be. */
static void become_applet(struct program *program, size_t shift)
{
    const char *path = program->found.path, *slash = strrchr(path, '/');
    program->argv += shift;
    program->argc -= shift;
    program->shown_shift = shift;
    program->judged = xasprintf("%.*s/%s", (int)(slash ? slash - path : 0), path, program->argv[0]);
    free(program->name);
    program->name = xstrdup(program->argv[0]);
    fill_act(program);
}

/* The vector that the kernel makes of a script's: its interpreter, the one argument, the script's path, the
 * rest. */
static const char **script_argv(struct exec *exec, const struct program *script,
                                const struct hashbang *hashbang, size_t *argc)
{
    const char **argv = xcalloc(script->argc + 4, sizeof *argv);
    size_t count = 0;
    exec->built[exec->built_count++] = argv;
    argv[count++] = exec->owned[exec->owned_count++] = xstrdup(hashbang->interpreter);
    if (*hashbang->argument) argv[count++] = exec->owned[exec->owned_count++] = xstrdup(hashbang->argument);
    argv[count++] = script->called;
    for (size_t i = 1; i < script->argc; i++)
        argv[count++] = script->argv[i];
    *argc = count;
    return argv;
}

static void check_interpreter(struct exec *exec, const struct elf *elf)
{
    struct found interpreter;
    bool found = found_open(&interpreter, exec->caller, elf->interpreter, 0);
    if (!found || !elf_is_loader(interpreter.fd))
        exec->unfit =
            "its ELF interpreter is not one of this system's own loaders, which would load the guard";
    if (found) found_close(&interpreter);
}

/* Whether the shim will be at work in the program that comes out last. */
static void check_fitness(struct exec *exec, const struct program *program, const struct elf *elf)
{
    static const char *const reasons[] = {
        [ELF_STATIC] = "a static program never loads the guard",
        [ELF_NARROW] = "a 32-bit program cannot load the guard",
        [ELF_FOREIGN] = "a program for another processor cannot load the guard",
        [ELF_BROKEN] = "its file makes no sense as a program, or cannot be read",
    };
    if (elf->kind == ELF_DYNAMIC) {
        check_interpreter(exec, elf);
    } else if (elf->kind == ELF_STATIC && elf_is_loader(program->found.fd)) {
        exec->silent = true;
    } else {
        exec->unfit = reasons[elf->kind];
    }
    if (elf_raises(program->found.fd))
        exec->unfit = "a set-id program, or one with capabilities of its own, drops the guard";
}

/* What comes after this program in the chain, if anything does: the program of a loader, the interpreter of a
 * script. False: this was the last one. */
static bool next_program(struct exec *exec, struct program *program, bool loaded)
{
    struct elf elf;
    struct hashbang hashbang;
    if (!loaded && !(program->found.status.st_mode & 0111)) {
        exec->error = EACCES; /* nobody may execute it, so nobody is asked; a loader only reads it */
        return false;
    }
    int fd = found_read(&program->found);
    if (fd < 0) {
        exec->unfit = "its file cannot be read before it runs";
        return false;
    }
    bool script = elf_hashbang(fd, &hashbang);
    elf_look(fd, &elf);
    close(fd);
    if (script && !loaded) {
        size_t argc;
        const char **argv = script_argv(exec, program, &hashbang, &argc);
        return add_program(exec, hashbang.interpreter, argv, argc) != NULL;
    }
    if (elf.kind == ELF_NONE)
        exec->error = ENOEXEC; /* the kernel runs neither; a shell may then read it, which is another exec */
    else
        check_fitness(exec, program, &elf);
    return false;
}

/* Follows what was called to the programs that it comes to. */
static void follow(struct exec *exec, const char *called, const char **argv, size_t argc)
{
    bool loaded = false;
    bool more = add_program(exec, called, argv, argc) != NULL;
    while (more) {
        struct program *program = &exec->programs[exec->count - 1];
        struct runs runs;
        command_runs(exec->session->image, &program->act, &runs);
        if (!loaded) {
            exec->device = program->found.status.st_dev;
            exec->inode = program->found.status.st_ino;
        }
        if (runs.kind == RUNS_LOADER && elf_is_loader(program->found.fd)) {
            loaded = true;
            const char **rest = program->argv + runs.shift;
            more = add_program(exec, rest[0], rest, program->argc - runs.shift) != NULL;
            continue;
        }
        if (runs.kind == RUNS_APPLET) become_applet(program, runs.shift);
        more = next_program(exec, program, loaded);
    }
}

static void judge_all(struct exec *exec, bool spawns)
{
    for (size_t i = 0; i < exec->count; i++) {
        struct program *program = &exec->programs[i];
        program->needs =
            (struct needs){.caller = exec->caller, .found = &program->found, .stdin_unknown = spawns};
        matter_judge(exec->session, &program->act, &program->needs, &program->decision);
        if (program->decision.verdict > exec->programs[exec->tightest].decision.verdict) exec->tightest = i;
    }
}

/* ---- the question ---- */

static void put_words(struct question *question, const struct program *program)
{
    const char **argv = program->argv - program->shown_shift;
    question->argc = program->argc + program->shown_shift;
    question->argv = xcalloc(question->argc, sizeof *question->argv);
    for (size_t i = 0; i < question->argc; i++)
        question->argv[i] = (struct bytes){xstrdup(argv[i]), strlen(argv[i])};
}

static void describe(struct matter *matter, const struct exec *exec, uint64_t python, bool spawns,
                     const char *via)
{
    const struct program *program = &exec->programs[exec->tightest];
    matter_question(matter, ACT_EXEC, python);
    struct question *question = matter->question;
    question->program = xstrdup(program->found.path);
    question->device = program->found.status.st_dev;
    question->inode = program->found.status.st_ino;
    question->spawns = spawns;
    question->via = via ? xstrdup(via) : NULL;
    put_words(question, program);
    matter_rule(matter, &program->decision);
}

/* ---- afterwards ---- */

static bool programs_unchanged(struct matter *matter, const char **why)
{
    const struct exec *exec = matter->own;
    *why = NULL;
    if (matter->connection && !caller_alive(&matter->caller)) *why = "the process that asked has ended";
    for (size_t i = 0; !*why && i < exec->count; i++) {
        const struct program *program = &exec->programs[i];
        struct found again;
        if (!found_open(&again, exec->caller, program->called, 0)) {
            *why = "the program is gone since the question was put";
            break;
        }
        if (!found_same(&again, &program->found.status) || strcmp(again.path, program->found.path) != 0)
            *why = "the program has changed since the question was put";
        found_close(&again);
    }
    return !*why;
}

static void expect_hello(struct matter *matter, const struct exec *exec, struct tree *tree)
{
    const struct connection *connection = matter->connection;
    struct approved approved = {.connection = connection,
                                .caller = matter->caller,
                                .spawns = !connection || matter->question->spawns,
                                .silent = exec->silent,
                                .device = exec->device,
                                .inode = exec->inode,
                                .tree = tree};
    hellos_expect(matter->door->hellos, &approved);
}

/* What was granted with the program begins when it is there, which its hello says, or the watch sees. */
static void expect_program(struct matter *matter, const struct answer *answer)
{
    struct exec *exec = matter->own;
    struct door *door = matter->door;
    if (matter->replied)
        exec->tree = matter->approved_before ? steal_pointer(&door->command_tree) : tree_of(answer);
    else if (hellos_wanted(door->session))
        expect_hello(matter, exec, tree_of(answer));
    else if (!matter->connection)
        door->command_tree = tree_of(answer);
}

/* ---- what is asked ---- */

static void judge(struct matter *matter, const char *called, const char **argv, size_t argc, uint64_t python,
                  bool spawns, const char *via)
{
    struct door *door = matter->door;
    struct exec *exec = xcalloc(1, sizeof *exec);
    exec->session = door->session;
    exec->caller = &matter->caller;
    matter->own = exec;
    matter->free_own = free_exec;
    matter->unchanged = programs_unchanged;
    matter->went = expect_program;
    matter->called = called;
    matter->recorded_always = true;
    follow(exec, called, argv, argc);
    if (!exec->count || exec->error == EACCES) {
        matter_refuse(matter, exec->error, NULL);
        return;
    }
    judge_all(exec, spawns);
    const struct program *program = &exec->programs[exec->tightest];
    if (exec->error && program->decision.verdict != VERDICT_DENY) {
        matter_refuse(matter, exec->error, NULL);
        return;
    }
    describe(matter, exec, python, spawns, via);
    if (exec->unfit && hellos_wanted(door->session) && program->decision.verdict != VERDICT_DENY)
        matter_unfit(matter, exec->unfit);
    matter_decide(matter, &program->act, &program->decision);
}

static bool is_what_the_shim_found(const struct connection *connection, const char *path)
{
    const struct wire_request *head = &connection->head;
    struct found found;
    if (!found_open(&found, &connection->caller, path, 0)) return false;
    bool same = found.status.st_dev == head->device && found.status.st_ino == head->inode;
    found_close(&found);
    return same;
}

/* The path by which the launcher finds what the shim has found: as it was called, or, where that was relative
 * to some directory, its real path. NULL: neither leads to the same file. */
static const char *agreed_path(const struct connection *connection)
{
    const struct wire_request *head = &connection->head;
    const char *called = connection->strings[0], *real = connection->strings[1];
    if ((!head->device && !head->inode) || is_what_the_shim_found(connection, called)) return called;
    return is_what_the_shim_found(connection, real) ? real : NULL;
}

static const char *via(const struct wire_request *head)
{
    static const char *const calls[] = {"system or popen", "system", "popen", "wordexp"};
    if (head->kind != WIRE_SHELL) return NULL;
    return head->detail < sizeof calls / sizeof *calls ? calls[head->detail] : calls[0];
}

void door_exec(struct connection *connection)
{
    const struct wire_request *head = &connection->head;
    struct matter *matter = matter_new(connection);
    const char *called = agreed_path(connection);
    if (head->flags & WIRE_CUT) {
        matter_refuse_unjudged(matter, "too-long", connection->strings[0], E2BIG,
                               "the command has too many words to be judged");
        return;
    }
    if (!called) {
        matter_refuse_unjudged(matter, "changed", connection->strings[0], EACCES,
                               "the program changed while it was looked up");
        return;
    }
    bool spawns = head->kind == WIRE_SHELL || head->flags & WIRE_SPAWN;
    judge(matter, called, connection->strings + 2, head->strings - 2, head->python, spawns, via(head));
}

void exec_judge(struct matter *matter, const char *called, const char **argv, size_t argc, uint64_t python)
{
    judge(matter, called, argv, argc, python, false, NULL);
}

/* The program that the kernel itself loads: the last before a loader takes over. */
static const struct program *loaded_by_kernel(const struct exec *exec)
{
    const struct program *program = &exec->programs[0];
    for (size_t i = 0; i < exec->count; i++) {
        const struct stat *status = &exec->programs[i].found.status;
        if (status->st_dev == exec->device && status->st_ino == exec->inode) program = &exec->programs[i];
    }
    return program;
}

const char *exec_path(const struct matter *matter, size_t index)
{
    const struct exec *exec = matter->own;
    return index < exec->count ? exec->programs[index].found.path : NULL;
}

void exec_outcome(struct matter *matter, struct exec_outcome *outcome)
{
    struct exec *exec = matter->own;
    const struct program *program = loaded_by_kernel(exec);
    const char **argv = program->argv - program->shown_shift;
    size_t argc = program->argc + program->shown_shift;
    struct text text = {0};
    for (size_t i = 0; i < argc; i++)
        text_add(&text, argv[i], strlen(argv[i]) + 1);
    if (!argc) text_char(&text, 0); /* the kernel gives it one empty word */
    *outcome = (struct exec_outcome){.device = exec->device,
                                     .inode = exec->inode,
                                     .argv_length = text.length,
                                     .tree = steal_pointer(&exec->tree)};
    outcome->argv = text_take(&text);
}

void door_judge_command(struct door *door, const char *program, char *const *argv, door_decided *decided,
                        void *context)
{
    struct matter *matter = xcalloc(1, sizeof *matter);
    size_t argc = 0;
    matter->door = door;
    matter->decided = decided;
    matter->context = context;
    if (!caller_find(&matter->caller, getpid(), getpid())) {
        matter_refuse(matter, EACCES, "askfirst: /proc cannot be read\n");
        return;
    }
    while (argv[argc])
        argc++;
    judge(matter, program, (const char **)(uintptr_t)argv, argc, 0, false, NULL);
}
