/* chain.c: see chain.h. */
#include "chain.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../policy/plain.h"
#include "../../policy/sha256.h"
#include "../plain/memory.h"

/* ---- one step ---- */

/* The vector that the kernel makes of a script's: its interpreter, the one argument, the script's path, the
 * rest. */
static void come_to_interpreter(struct coming *coming, const struct act *act, const char *called)
{
    const struct hashbang *hashbang = &coming->content.hashbang;
    coming->how = COMES_FOR_SCRIPT;
    coming->argv = xcalloc(act->argc + 4, sizeof *coming->argv);
    coming->argv[coming->argc++] = hashbang->interpreter;
    if (*hashbang->argument) coming->argv[coming->argc++] = hashbang->argument;
    coming->argv[coming->argc++] = called;
    for (size_t i = 1; i < act->argc; i++)
        coming->argv[coming->argc++] = act->argv[i];
}

/* An ELF interpreter starts with the program's own words, and may be any program. */
static void come_to_elf_interpreter(struct coming *coming, const struct caller *caller, const struct act *act)
{
    struct found interpreter;
    if (!caller->elsewhere && elf_names_loader(coming->content.elf.interpreter)) return;
    if (found_open(&interpreter, caller, coming->content.elf.interpreter, 0)) {
        bool own = elf_is_loader(interpreter.fd);
        found_close(&interpreter);
        if (own) return;
    }
    coming->how = COMES_FOR_ELF;
    coming->argv = xcalloc(act->argc + 2, sizeof *coming->argv);
    coming->argv[coming->argc++] = coming->content.elf.interpreter;
    for (size_t i = 1; i < act->argc; i++)
        coming->argv[coming->argc++] = act->argv[i];
}

static void come_by_loader(struct coming *coming, const struct act *act, size_t shift)
{
    coming->how = COMES_BY_LOADER;
    coming->argc = act->argc - shift;
    coming->argv = xcalloc(coming->argc + 1, sizeof *coming->argv);
    memcpy(coming->argv, act->argv + shift, coming->argc * sizeof *coming->argv);
}

void chain_next(const struct image *image, const struct caller *caller, const struct act *act,
                const char *called, const struct content *content, bool loaded, struct coming *coming)
{
    struct runs runs;
    *coming = (struct coming){.how = COMES_NOTHING};
    if (!content) return;
    coming->content = *content;
    command_runs(image, act, &runs);
    if (runs.kind == RUNS_LOADER && content->loader)
        come_by_loader(coming, act, runs.shift);
    else if (!loaded && content->script)
        come_to_interpreter(coming, act, called);
    else if (!loaded && content->elf.kind == ELF_DYNAMIC)
        come_to_elf_interpreter(coming, caller, act);
}

char *chain_applet(const struct image *image, const struct act *act, size_t *shift)
{
    struct runs runs;
    command_runs(image, act, &runs);
    if (runs.kind != RUNS_APPLET) return NULL;
    const char *slash = strrchr(act->path, '/');
    *shift = runs.shift;
    return xasprintf("%.*s/%s", (int)(slash ? slash - act->path : 0), act->path, act->argv[runs.shift]);
}

/* ---- the whole ---- */

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

/* Puts what would run last in the list, and opens it where that has not been done; NULL with chain->error. */
static struct program *add(struct chain *chain, const struct caller *caller, const char *called,
                           const char **argv, size_t argc, const struct found *opened)
{
    if (chain->count == CHAIN_DEEPEST) {
        chain->error = ELOOP;
        return NULL;
    }
    struct program *program = &chain->programs[chain->count];
    *program = (struct program){0};
    if (opened) {
        program->found = *opened;
    } else if (!found_open(&program->found, caller, called, 0)) {
        chain->error = errno;
        return NULL;
    }
    chain->count++;
    program->called = xstrdup(called);
    program->name = xstrdup(last_name(called));
    program->argv = argv;
    program->argc = argc;
    fill_act(program);
    if (S_ISREG(program->found.status.st_mode)) return program;
    chain->error = EACCES; /* as the kernel says of directories and devices */
    return NULL;
}

static void become_applet(struct program *program, const struct image *image)
{
    size_t shift;
    program->judged = chain_applet(image, &program->act, &shift);
    if (!program->judged) return;
    program->argv += shift;
    program->argc -= shift;
    program->shown_shift = shift;
    free(program->name);
    program->name = xstrdup(program->argv[0]);
    fill_act(program);
}

/* `sh FIFO` reads what somebody writes into it, as `sh` does from a pipe. */
static void look_at_script(struct program *program, const struct image *image, const struct caller *caller)
{
    size_t at = command_script(image, &program->act);
    struct found script;
    if (at >= program->argc || !found_open(&script, caller, program->argv[at], 0)) return;
    program->act.script_is_pipe = S_ISFIFO(script.status.st_mode);
    found_close(&script);
}

/* An ELF interpreter is told the program's own first word, by which some know what to be. */
static void become_interpreter(struct program *interpreter, const struct program *program,
                               const struct image *image)
{
    become_applet(interpreter, image);
    if (interpreter->judged || !program->argc) return;
    free(interpreter->name);
    interpreter->name = xstrdup(last_name(program->argv[0]));
    fill_act(interpreter);
}

/* Whether the shim will be at work in the program, which is the last that is loaded. */
static void check_fitness(struct chain *chain, const struct program *program)
{
    static const char *const reasons[] = {
        [ELF_STATIC] = "a static program never loads the guard",
        [ELF_NARROW] = "a 32-bit program cannot load the guard",
        [ELF_FOREIGN] = "a program for another processor cannot load the guard",
        [ELF_BROKEN] = "its file makes no sense as a program, or cannot be read",
    };
    const struct content *content = &program->coming.content;
    enum elf_kind kind = content->elf.kind;
    /* The kernel runs neither; a shell may then read it, which is another exec. Whatever else is registered
     * for such files is no program that anybody has named. */
    if (kind == ELF_NONE || kind == ELF_FOREIGN || kind == ELF_BROKEN) chain->error = ENOEXEC;
    if (content->loader)
        chain->silent = true;
    else
        chain->unfit = reasons[kind];
    if (program->coming.how == COMES_FOR_ELF)
        chain->unfit =
            "its ELF interpreter is not one of this system's own loaders, which would load the guard";
    if (content->raises)
        chain->unfit = "a set-id program, or one with capabilities of its own, drops the guard";
}

/* No other program is loaded in its place; at most one before it. */
static bool is_last(const struct coming *coming)
{
    return coming->how == COMES_NOTHING || coming->how == COMES_FOR_ELF;
}

/* False: nobody knows what it would run. */
static bool look(struct chain *chain, const struct image *image, const struct caller *caller,
                 struct contents *contents, struct program *program, bool loaded)
{
    struct content content;
    chain->unknown = !content_of(contents, &program->found, &content);
    if (chain->unknown) return false;
    chain_next(image, caller, &program->act, program->called, &content, loaded, &program->coming);
    if (is_last(&program->coming)) check_fitness(chain, program);
    return true;
}

/* The programs that nobody has added are left as they are: they are many, and large. */
static void chain_begin(struct chain *chain)
{
    chain->count = chain->kernel = 0;
    chain->unfit = NULL;
    chain->unknown = chain->silent = false;
    chain->error = 0;
}

void chain_follow(struct chain *chain, const struct image *image, const struct caller *caller,
                  struct contents *contents, const char *called, const char **argv, size_t argc,
                  const struct found *opened)
{
    bool loaded = false;
    chain_begin(chain);
    for (struct program *program; (program = add(chain, caller, called, argv, argc, opened));) {
        struct coming *coming = &program->coming;
        opened = NULL;
        if (!loaded && !(program->found.status.st_mode & 0111)) {
            chain->error = EACCES; /* nobody may execute it, so nobody is asked; a loader only reads it */
            return;
        }
        if (!loaded) chain->kernel = chain->count - 1;
        become_applet(program, image);
        look_at_script(program, image, caller);
        if (!look(chain, image, caller, contents, program, loaded)) return;
        if (is_last(coming)) {
            if (coming->argv && add(chain, caller, coming->argv[0], coming->argv, coming->argc, NULL))
                become_interpreter(program + 1, program, image);
            return;
        }
        loaded = loaded || coming->how == COMES_BY_LOADER;
        called = coming->argv[0];
        argv = coming->argv;
        argc = coming->argc;
    }
}

bool chain_unchanged(const struct chain *chain, const struct caller *caller, const char **why)
{
    *why = NULL;
    for (size_t i = 0; !*why && i < chain->count; i++) {
        const struct program *program = &chain->programs[i];
        struct found again;
        if (!found_open(&again, caller, program->called, 0)) {
            *why = "the program is gone since the question was put";
            break;
        }
        if (!found_same(&again, &program->found.status) || strcmp(again.path, program->found.path) != 0)
            *why = "the program has changed since the question was put";
        found_close(&again);
    }
    return !*why;
}

static void take_file(struct sha256 *sum, const struct stat *status)
{
    const uint64_t identity[] = {status->st_dev,
                                 status->st_ino,
                                 (uint64_t)status->st_size,
                                 (uint64_t)status->st_mtim.tv_sec,
                                 (uint64_t)status->st_mtim.tv_nsec,
                                 (uint64_t)status->st_ctim.tv_sec,
                                 (uint64_t)status->st_ctim.tv_nsec};
    sha256_update(sum, identity, sizeof identity);
}

void chain_identity(const struct chain *chain, const struct image *image, const struct caller *caller,
                    unsigned char identity[32])
{
    struct sha256 sum;
    sha256_init(&sum);
    for (size_t i = 0; i < chain->count; i++) {
        const struct program *program = &chain->programs[i];
        size_t at = command_script(image, &program->act);
        struct found script;
        take_file(&sum, &program->found.status);
        if (at >= program->argc || !found_open(&script, caller, program->argv[at], 0)) continue;
        take_file(&sum, &script.status);
        found_close(&script);
    }
    sha256_final(&sum, identity);
}

void chain_close(struct chain *chain)
{
    for (size_t i = 0; i < chain->count; i++) {
        struct program *program = &chain->programs[i];
        found_close(&program->found);
        free(program->called);
        free(program->judged);
        free(program->name);
        free(program->coming.argv);
    }
    chain->count = 0;
}
