/* What a decision costs: medians, with ten rules and with ten thousand, for the shapes that policies have.
 * The design asks for at most 1 µs, and at most 1.5 times that with ten thousand rules. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "../../policy/image.h"
#include "../../policy/policy.h"

#define ACTS 1024 /* different ones, met in turn */
#define FIRST                                                                                                \
    10000          /* the first rule's number: all have as many digits, so that the paths are of one length */
#define ROUNDS 201 /* the median of so many */

/* A shape: how rule number `i` is written, and an act that it decides. */
struct shape {
    const char *name;
    enum act_kind kind;
    const char *pattern; /* one %u at most */
    const char *word;    /* EXEC: its only word, or NULL */
    const char *act;     /* the path */
    const char *act_word;
};

static const struct shape shapes[] = {
    {"literal paths", ACT_READ, "/home/u/project/data/file%u", NULL, "/home/u/project/data/file%u", NULL},
    {"**/*.ext", ACT_READ, "**/*.ext%u", NULL, "/home/u/project/src/name.ext%u", NULL},
    {"**/name", ACT_READ, "**/name%u", NULL, "/home/u/project/src/name%u", NULL},
    {"**/prefix*", ACT_READ, "**/prefix%u_*", NULL, "/home/u/project/src/prefix%u_x", NULL},
    {"trees", ACT_READ, "/srv/tree%u/**", NULL, "/srv/tree%u/a/b/file.txt", NULL},
    {"dir/**/*.c", ACT_WRITE, "/srv/tree%u/**/*.c", NULL, "/srv/tree%u/a/b/file.c", NULL},
    {"paths, none fits", ACT_READ, "/srv/tree%u/**", NULL, "/home/u/project/src/name%u.c", NULL},
    {"same program, many words", ACT_EXEC, "git", "w%u", "/usr/bin/git", "w%u"},
    {"same program, none fits", ACT_EXEC, "git", "w%u", "/usr/bin/git", "status"},
    {"many programs", ACT_EXEC, "tool%u", NULL, "/usr/bin/tool%u", "x"},
    {"many program paths", ACT_EXEC, "/opt/tool%u/bin/*", NULL, "/opt/tool%u/bin/x", "x"},
    {"program, none fits", ACT_EXEC, "tool%u", NULL, "/usr/bin/ls", "-l"},
};

static char *print(const char *format, unsigned number)
{
    char *text = NULL;
    if (!format) return NULL;
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    if (asprintf(&text, format, number) < 0) exit(1);
#pragma GCC diagnostic pop
    return text;
}

static struct image *compile(const struct shape *shape, unsigned count)
{
    static struct policy policy;
    static char git[] = "git", *names[] = {git};
    static struct command command = {.names = {names, 1}, .subcommands = true};
    struct diagnostics diagnostics = {0};
    struct image *image;
    size_t size;
    policy.rules = calloc(count, sizeof *policy.rules);
    policy.rule_count = count;
    policy.commands = &command;
    policy.command_count = 1;
    for (unsigned i = 0; i < count; i++) {
        struct rule *rule = &policy.rules[i];
        struct pattern *pattern = calloc(1, sizeof *pattern);
        char **words = calloc(1, sizeof *words);
        pattern->text = print(shape->pattern, FIRST + i);
        pattern->bare = shape->kind == ACT_EXEC && !strchr(pattern->text, '/');
        words[0] = print(shape->word, FIRST + i);
        *rule = (struct rule){.act = shape->kind,
                              .verdict = VERDICT_ASK,
                              .layer = LAYER_USER,
                              .place = {"bench", i, 1},
                              .text = pattern->text,
                              .patterns = {pattern, 1},
                              .words = {words, shape->word != NULL}};
    }
    if (policy_compile(&policy, &image, &size, &diagnostics)) {
        diagnostics_print(&diagnostics, stderr);
        exit(1);
    }
    return image;
}

static struct act *make_acts(const struct shape *shape, unsigned rules)
{
    struct act *acts = calloc(ACTS, sizeof *acts);
    unsigned random = 1;
    for (unsigned i = 0; i < ACTS; i++) {
        random = random * 1103515245 + 12345;
        unsigned number = FIRST + (random >> 8) % rules;
        const char **argv = calloc(3, sizeof *argv);
        char *path = print(shape->act, number);
        argv[0] = strrchr(path, '/') + 1;
        argv[1] = print(shape->act_word, number);
        acts[i] = (struct act){.kind = shape->kind,
                               .path = path,
                               .path_length = strlen(path),
                               .name = argv[0],
                               .argv = argv,
                               .argc = shape->act_word ? 2 : 1,
                               .stdin_kind = STDIN_TTY};
    }
    return acts;
}

static int by_value(const void *a, const void *b)
{
    double one = *(const double *)a, other = *(const double *)b;
    return (one > other) - (one < other);
}

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

/* Nanoseconds a decision. */
static double measure(const struct shape *shape, unsigned rules)
{
    struct image *image = compile(shape, rules);
    struct act *acts = make_acts(shape, rules);
    double rounds[ROUNDS];
    for (unsigned round = 0; round < ROUNDS; round++) {
        double start = now();
        for (unsigned i = 0; i < ACTS; i++) {
            struct decision decision;
            policy_decide(image, &acts[i], &decision, NULL);
            __asm__ volatile("" : : "r"(decision.rule));
        }
        rounds[round] = (now() - start) / ACTS;
    }
    qsort(rounds, ROUNDS, sizeof *rounds, by_value);
    free(image); /* the acts and rules live as long as this short program */
    return rounds[ROUNDS / 2];
}

int main(void)
{
    printf("%-26s %10s %12s %7s\n", "ns a decision", "10 rules", "10000 rules", "factor");
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        double few = measure(&shapes[i], 10), many = measure(&shapes[i], 10000);
        printf("%-26s %10.0f %12.0f %7.2f\n", shapes[i].name, few, many, many / few);
    }
    return 0;
}
