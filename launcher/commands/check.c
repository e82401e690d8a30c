/* check.c: askfirst check: what the policy says to an act, and why, without doing it. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../command.h"
#include "../options.h"
#include "../plain/memory.h"
#include "../plain/show.h"
#include "../questions/question.h"
#include "judged.h"
#include "loaded.h"

enum { POLICY, WORKSPACE, CWD, STDIN, PARENT, PROGRAM, JSON, WHY };

static const struct option table[] = {
    {POLICY, "policy", "FILE",
     "the policy: a file, \"default\" or \"strict\"\n(else ~/.config/askfirst/policy.yaml, else default)"},
    {WORKSPACE, "workspace", "DIR", "the directory that is worked in (else git's top level, else here)"},
    {CWD, "cwd", "DIR", "the working directory of the act (else this one)"},
    {STDIN, "stdin", "KIND", "exec: what standard input is: pipe, file or tty"},
    {PARENT, "parent", "PROGRAM", "exec: the program that starts it"},
    {PROGRAM, "program", "PROGRAM", "read, write: the program that does it"},
    {WHY, "why", NULL, "every rule that was looked at, and why it does not fit"},
    {JSON, "json", NULL, "one JSON object, for programs"},
};

enum { WRAPPED = 16 }; /* programs in one another that are followed */

struct check {
    struct loaded_options policy;
    const char *cwd, *parent, *program;
    enum stdin_kind stdin_kind;
    bool json, why;
    const char *act;
    char **words; /* after the act */
    size_t word_count;
    struct surroundings around;
    struct judged *judged[WRAPPED];    /* what was asked about, then what that runs in turn */
    const char **vectors[WRAPPED + 1]; /* the command lines of those: [i] of judged[i] */
    size_t count;
};

/* ---- The command line ---- */

static bool take_stdin(struct check *check, const char *word)
{
    static const struct {
        const char *word;
        enum stdin_kind kind;
    } kinds[] = {{"pipe", STDIN_PIPE}, {"file", STDIN_FILE}, {"tty", STDIN_TTY}};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        if (strcmp(word, kinds[i].word) != 0) continue;
        check->stdin_kind = kinds[i].kind;
        return true;
    }
    char *shown cleanup_free = show_string(word, 40);
    complain("--stdin: %s: no such kind of input: pipe, file or tty", shown);
    return false;
}

/* 0 or more options. OPTION_END, or what options_status() takes. */
static int take_options(struct check *check, struct options *options)
{
    int id;
    while ((id = options_next(options)) >= 0) {
        switch (id) {
        case POLICY: check->policy.policy_file = options->value; break;
        case WORKSPACE: check->policy.workspace = options->value; break;
        case CWD: check->cwd = options->value; break;
        case STDIN:
            if (!take_stdin(check, options->value)) return OPTION_ERROR;
            break;
        case PARENT: check->parent = options->value; break;
        case PROGRAM: check->program = options->value; break;
        case JSON: check->json = true; break;
        case WHY: check->why = true; break;
        }
    }
    return id;
}

static int wrong(const char *what)
{
    complain("%s: askfirst check exec -- COMMAND..., read PATH, write PATH, debug PATH or connect ADDRESS",
             what);
    return OPTION_ERROR;
}

/* Options may stand before the act, after it, and after what it is about; what a command is called with is
 * its own. */
static int read_arguments(struct check *check, int argc, char **argv)
{
    struct options options = {
        .usage = "askfirst check [OPTION...] exec -- COMMAND...\n"
                 "askfirst check [OPTION...] read|write|debug PATH\n"
                 "askfirst check [OPTION...] connect HOST[:PORT]|unix:PATH|unix:@NAME|udp",
        .about = "Says what the policy says to an act, by which rule, and why. Nothing is done.\n"
                 "Exit status: 0 allow, 2 ask, 3 deny, 125 when that cannot be said.",
        .table = table,
        .count = sizeof table / sizeof *table,
        .argc = argc,
        .argv = argv,
        .next = 1,
    };
    int id = take_options(check, &options);
    if (id != OPTION_END) return id;
    if (options.next >= argc) return wrong("what is to be checked was not said");
    check->act = argv[options.next++];
    id = take_options(check, &options);
    if (id != OPTION_END) return id;
    if (options.next >= argc) return wrong("something is missing");
    check->words = argv + options.next;
    check->word_count = (size_t)(argc - options.next);
    bool exec = !strcmp(check->act, "exec");
    if (exec && !check->words[0][0]) return wrong("an empty word is no command");
    if (exec) return OPTION_END;
    options.next++;
    id = take_options(check, &options);
    return id == OPTION_END && options.next < argc ? wrong("one thing at a time") : id;
}

/* ---- The judgement ---- */

static struct judged *add(struct check *check)
{
    struct judged *judged = xcalloc(1, sizeof *judged);
    check->judged[check->count++] = judged;
    return judged;
}

static bool judge_command(struct check *check, const struct image *image, char **why)
{
    const char *const *argv = (const char *const *)check->words;
    size_t argc = check->word_count;
    while (argv && check->count < WRAPPED) {
        struct judged *judged = add(check);
        struct subject *subject = &judged->subject;
        if (!subject_command(subject, &check->around, argv, argc, why)) return false;
        if (!subject_become_applet(subject, image, why)) return false;
        judge(judged, image, check->why);
        snprintf(check->around.parent, sizeof check->around.parent, "%s", subject->path);
        argv = check->vectors[check->count] = subject_next(subject, image, &argc);
    }
    if (argv) *why = xstrdup("a program runs a program runs a program, and so on: too many to follow");
    return !argv;
}

static bool judge_path(struct check *check, const struct image *image, enum act_kind act, char **why)
{
    struct judged *judged = add(check);
    if (!subject_path(&judged->subject, &check->around, act, check->words[0], why)) return false;
    judge(judged, image, check->why);
    return true;
}

static bool judge_connection(struct check *check, const struct image *image, char **why)
{
    struct judged *judged = add(check);
    if (!subject_address(&judged->subject, &check->around, check->words[0], why)) return false;
    judge(judged, image, check->why);
    return true;
}

static bool judge_all(struct check *check, const struct loaded *loaded, char **why)
{
    const struct said_around said = {check->cwd, check->parent, check->program};
    if (!surroundings_find(&check->around, &said, loaded->places.search_path, why)) return false;
    check->around.stdin_kind = check->stdin_kind;
    if (!strcmp(check->act, "exec")) return judge_command(check, loaded->image, why);
    if (!strcmp(check->act, "connect")) return judge_connection(check, loaded->image, why);
    if (!strcmp(check->act, "read")) return judge_path(check, loaded->image, ACT_READ, why);
    if (!strcmp(check->act, "write")) return judge_path(check, loaded->image, ACT_WRITE, why);
    return judge_path(check, loaded->image, ACT_DEBUG, why);
}

static bool is_act(const char *word)
{
    static const char *const acts[] = {"exec", "read", "write", "connect", "debug"};
    enum { ACTS = sizeof acts / sizeof *acts };
    for (size_t i = 0; i < ACTS; i++)
        if (!strcmp(word, acts[i])) return true;
    char *shown cleanup_free = show_string(word, 40);
    const char *meant = nearest_word(word, acts, ACTS);
    if (meant)
        complain("check: %s: no such act: did you mean %s?", shown, meant);
    else
        complain("check: %s: no such act: exec, read, write, connect or debug", shown);
    return false;
}

/* ---- The answer ---- */

static void print(const struct check *check, const struct image *image)
{
    const struct show_options options = {.why = check->why,
                                         .colour = isatty(STDOUT_FILENO) && !getenv("NO_COLOR")};
    for (size_t i = 0; i < check->count; i++) {
        if (i) fputs("then ", stdout);
        judged_print(check->judged[i], image, &options);
    }
}

static void print_json(const struct check *check, const struct image *image, enum verdict tightest)
{
    struct json json = {0};
    json_open(&json, NULL, '{');
    json_string(&json, "verdict", verdict_name(tightest));
    json_open(&json, "judged", '[');
    for (size_t i = 0; i < check->count; i++)
        judged_json(check->judged[i], image, &json);
    json_close(&json, ']');
    json_close(&json, '}');
    puts(json.text.data);
    text_free(&json.text);
}

static int answer(const struct check *check, const struct image *image)
{
    static const int statuses[VERDICTS] = {[VERDICT_ALLOW] = STATUS_ALLOW,
                                           [VERDICT_ASK] = STATUS_ASK,
                                           [VERDICT_HIDE] = STATUS_DENY,
                                           [VERDICT_DENY] = STATUS_DENY};
    enum verdict tightest = VERDICT_ALLOW;
    for (size_t i = 0; i < check->count; i++)
        if (check->judged[i]->decision.verdict > tightest) tightest = check->judged[i]->decision.verdict;
    if (check->json)
        print_json(check, image, tightest);
    else
        print(check, image);
    return statuses[tightest];
}

static int run_check(struct check *check)
{
    struct loaded loaded;
    struct diagnostics said = {0};
    char *why cleanup_free = NULL;
    int status = STATUS_FAILED;
    bool opened = loaded_open(&loaded, &check->policy, &said);
    diagnostics_print(&said, stderr);
    if (!opened)
        complain("nothing was checked: the policy must be mended first");
    else if (!judge_all(check, &loaded, &why))
        complain("%s", why);
    else
        status = answer(check, loaded.image);
    diagnostics_free(&said);
    loaded_close(&loaded);
    return status;
}

int command_check(int argc, char **argv)
{
    struct check check = {.stdin_kind = STDIN_UNKNOWN};
    int id = read_arguments(&check, argc, argv);
    if (id != OPTION_END) return options_status(id);
    if (!is_act(check.act)) return STATUS_FAILED;
    int status = run_check(&check);
    for (size_t i = 0; i < check.count; i++) {
        judged_free(check.judged[i]);
        free(check.judged[i]);
        free(check.vectors[i + 1]);
    }
    return status;
}
