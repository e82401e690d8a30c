/* exec.c: whether an exec may be: each program that it comes to is judged, and the tightest verdict counts
 * (chain.h, parts.h).
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../policy/image.h"
#include "../look/chain.h"
#include "../look/input.h"
#include "../plain/memory.h"
#include "../plain/text.h"
#include "parts.h"

/* What the guard and the policy say to one program of the chain. */
struct judgement {
    struct decision decision;
    struct needs needs;
};

struct exec {
    const struct caller *caller;
    struct chain chain;
    struct judgement judgements[CHAIN_DEEPEST];
    size_t tightest;
    struct tree *tree;
};

static void free_exec(void *own)
{
    struct exec *exec = own;
    for (size_t i = 0; i < exec->chain.count; i++)
        needs_free(&exec->judgements[i].needs);
    chain_close(&exec->chain);
    tree_free(exec->tree);
    free(exec);
}

static void judge_all(struct exec *exec, const struct door *door, bool spawns)
{
    for (size_t i = 0; i < exec->chain.count; i++) {
        struct program *program = &exec->chain.programs[i];
        struct judgement *judgement = &exec->judgements[i];
        judgement->needs = (struct needs){.caller = exec->caller,
                                          .found = &program->found,
                                          .stdin_unknown = spawns,
                                          .documents = door->documents};
        matter_judge(door->session, &program->act, &judgement->needs, &judgement->decision);
        if (judgement->decision.verdict > exec->judgements[exec->tightest].decision.verdict)
            exec->tightest = i;
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

/* What makes it another command than one with the same words. */
static void tell_apart(struct question *question, const struct exec *exec, const struct door *door)
{
    const struct image *image = door->session->image;
    const struct act *act = &exec->chain.programs[exec->tightest].act;
    question->stdin_kind = question->spawns ? STDIN_UNKNOWN : facts_stdin(exec->caller, door->documents);
    question->from_input = input_is_program(image, act, exec->caller, door->documents);
    chain_identity(&exec->chain, image, exec->caller, question->identity);
}

static void describe(struct matter *matter, const struct exec *exec, uint64_t python, bool spawns,
                     const char *via)
{
    const struct program *program = &exec->chain.programs[exec->tightest];
    matter_question(matter, ACT_EXEC, python);
    struct question *question = matter->question;
    question->program = xstrdup(program->found.path);
    question->device = program->found.status.st_dev;
    question->inode = program->found.status.st_ino;
    question->spawns = spawns;
    question->via = via ? xstrdup(via) : NULL;
    put_words(question, program);
    matter_rule(matter, &exec->judgements[exec->tightest].decision);
    if (question->verdict == VERDICT_ASK) tell_apart(question, exec, matter->door);
}

/* ---- afterwards ---- */

static bool programs_unchanged(struct matter *matter, const char **why)
{
    const struct exec *exec = matter->own;
    *why = "the process that asked has ended";
    if (matter->connection && !caller_alive(&matter->caller)) return false;
    return chain_unchanged(&exec->chain, exec->caller, why);
}

/* The whole vector that the kernel hands to the program, each word with its NUL (malloc'd). */
static char *vector_of(const struct program *program, size_t *length)
{
    const char **argv = program->argv - program->shown_shift;
    size_t argc = program->argc + program->shown_shift;
    struct text text = {0};
    for (size_t i = 0; i < argc; i++)
        text_add(&text, argv[i], strlen(argv[i]) + 1);
    if (!argc) text_char(&text, 0); /* the kernel gives it one empty word */
    *length = text.length;
    return text_take(&text);
}

static unsigned char *sum_of(const struct program *program)
{
    return program->act.sha256 ? xmemdup(program->act.sha256, sizeof(unsigned char[32])) : NULL;
}

/* Several children of a process may run the same program. What wordexp gives the shell nobody knows. */
static void tell_words(struct approved *approved, const struct program *program)
{
    const struct wire_request *head = approved->connection ? &approved->connection->head : NULL;
    bool shell = head && head->kind == WIRE_SHELL;
    if (!approved->tree || !approved->spawns || (shell && head->detail == WIRE_SHELL_WORDEXP)) return;
    approved->words = vector_of(program, &approved->words_length);
    approved->dashes = shell;
}

static void expect_hello(struct matter *matter, const struct exec *exec, struct tree *tree)
{
    struct connection *connection = matter->connection;
    const struct program *program = &exec->chain.programs[exec->chain.kernel];
    struct approved approved = {.connection = connection,
                                .caller = matter->caller,
                                .spawns = !connection || matter->question->spawns,
                                .silent = exec->chain.silent,
                                .device = program->found.status.st_dev,
                                .inode = program->found.status.st_ino,
                                .tree = tree,
                                .origin = matter->question ? origin_new(matter->question) : NULL,
                                .sum = sum_of(program)};
    tell_words(&approved, program);
    hellos_expect(matter->door->hellos, &approved);
}

/* What was granted with the program begins when it is there, which its hello says, or the watch sees. */
static void expect_program(struct matter *matter, const struct answer *answer)
{
    struct exec *exec = matter->own;
    struct door *door = matter->door;
    if (matter->replied && matter->question && matter->question->python_file) {
        caller_since(&matter->caller);
        origins_put(door->origins, &matter->caller, origin_new(matter->question));
    }
    if (matter->replied)
        exec->tree = matter->approved_before ? steal_pointer(&door->command_tree) : tree_of(answer);
    else if (hellos_wanted(door->session))
        expect_hello(matter, exec, tree_of(answer));
    else if (!matter->connection)
        door->command_tree = tree_of(answer);
}

/* ---- what is asked ---- */

/* Why the guard itself refuses it; NULL: it does not. */
static const char *unfit(const struct exec *exec, const struct session *session)
{
    if (exec->chain.unknown) return "its file cannot be read before it runs";
    return hellos_wanted(session) ? exec->chain.unfit : NULL;
}

/* A command, and how it is to be started. */
struct start {
    const char *called;
    const struct found *opened; /* what lies there, which becomes the judge's; NULL: it was not opened yet */
    const char **argv;
    size_t argc;
    uint64_t python;
    bool spawns;
    const char *via;
};

static void judge(struct matter *matter, const struct start *start)
{
    const struct session *session = matter->door->session;
    struct exec *exec = xmalloc(sizeof *exec); /* most of it is never used */
    exec->caller = &matter->caller;
    exec->tightest = 0;
    exec->tree = NULL;
    matter->own = exec;
    matter->free_own = free_exec;
    matter->unchanged = programs_unchanged;
    matter->went = expect_program;
    matter->called = start->called;
    matter->recorded_always = true;
    chain_follow(&exec->chain, session->image, exec->caller, matter->door->contents, start->called,
                 start->argv, start->argc, start->opened);
    memset(exec->judgements, 0, exec->chain.count * sizeof *exec->judgements);
    if (!exec->chain.count || exec->chain.error == EACCES) {
        matter_refuse(matter, exec->chain.error, NULL);
        return;
    }
    if (!start->spawns) here_document_keep(matter->door->documents, exec->caller);
    judge_all(exec, matter->door, start->spawns);
    const struct decision *decision = &exec->judgements[exec->tightest].decision;
    const char *reason = decision->verdict == VERDICT_DENY ? NULL : unfit(exec, session);
    if (exec->chain.error && !reason && decision->verdict != VERDICT_DENY) {
        matter_refuse(matter, exec->chain.error, NULL);
        return;
    }
    describe(matter, exec, start->python, start->spawns, start->via);
    if (reason) matter_unfit(matter, reason);
    matter_decide(matter, &exec->chain.programs[exec->tightest].act, decision);
}

static bool opens_what_the_shim_found(const struct connection *connection, const char *path,
                                      struct found *found)
{
    const struct wire_request *head = &connection->head;
    if (!found_open(found, &connection->caller, path, 0)) return false;
    if (found->status.st_dev == head->device && found->status.st_ino == head->inode) return true;
    found_close(found);
    return false;
}

/* The path by which the launcher finds, and opens, what the shim has found: as it was called, or, where that
 * was relative to some directory, its real path. NULL: neither leads to the same file. */
static const char *agreed_path(const struct connection *connection, struct found *found)
{
    const char *called = connection->strings[0], *real = connection->strings[1];
    if (opens_what_the_shim_found(connection, called, found)) return called;
    return opens_what_the_shim_found(connection, real, found) ? real : NULL;
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
    struct found found;
    if (head->flags & WIRE_CUT) {
        matter_refuse_unjudged(matter, "too-long", connection->strings[0], E2BIG,
                               "the command has too many words to be judged");
        return;
    }
    bool identified = head->device || head->inode;
    const char *called = identified ? agreed_path(connection, &found) : connection->strings[0];
    if (!called) {
        matter_refuse_unjudged(matter, "changed", connection->strings[0], EACCES,
                               "the program changed while it was looked up");
        return;
    }
    struct start start = {.called = called,
                          .opened = identified ? &found : NULL,
                          .argv = connection->strings + 2,
                          .argc = head->strings - 2,
                          .python = head->python,
                          .spawns = head->kind == WIRE_SHELL || head->flags & WIRE_SPAWN,
                          .via = via(head)};
    judge(matter, &start);
}

void exec_judge(struct matter *matter, const char *called, const struct found *opened, const char **argv,
                size_t argc)
{
    judge(matter, &(struct start){.called = called, .opened = opened, .argv = argv, .argc = argc});
}

const char *exec_path(const struct matter *matter, size_t index)
{
    const struct exec *exec = matter->own;
    return index < exec->chain.count ? exec->chain.programs[index].found.path : NULL;
}

void exec_outcome(struct matter *matter, struct exec_outcome *outcome)
{
    struct exec *exec = matter->own;
    const struct program *program = &exec->chain.programs[exec->chain.kernel];
    *outcome = (struct exec_outcome){.device = program->found.status.st_dev,
                                     .inode = program->found.status.st_ino,
                                     .sum = sum_of(program)};
    outcome->tree = steal_pointer(&exec->tree);
    outcome->argv = vector_of(program, &outcome->argv_length);
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
    judge(matter, &(struct start){.called = program, .argv = (const char **)(uintptr_t)argv, .argc = argc});
}
