/* policy.c: askfirst policy: the policy as it stands, mistakes in it, and its own tests. */
#include <stdlib.h>
#include <string.h>

#include "../command.h"
#include "../options.h"
#include "../plain/memory.h"
#include "../plain/show.h"
#include "floor_show.h"
#include "loaded.h"
#include "policy_show.h"

enum { POLICY, WORKSPACE, JSON, PATTERNS, FLOOR };

static const struct option table[] = {
    {POLICY, "policy", "FILE",
     "the policy: a file, \"default\" or \"strict\"\n(else ~/.config/askfirst/policy.yaml, else default)"},
    {WORKSPACE, "workspace", "DIR", "the directory that is worked in (else git's top level, else here)"},
    {PATTERNS, "patterns", NULL, "show: what each rule comes to, variables and links followed"},
    {FLOOR, "floor", NULL, "show: what the kernel holds by itself, and for each other rule, who does"},
    {JSON, "json", NULL, "show: one JSON object, for programs"},
};

struct arguments {
    struct loaded_options policy;
    bool json, patterns, floor;
};

static int status_of_lint(const struct diagnostics *said)
{
    if (said->errors) return STATUS_FAILED;
    return said->count ? STATUS_WARNINGS : 0;
}

static int show(const struct arguments *arguments, struct loaded *loaded, struct diagnostics *said)
{
    diagnostics_print(said, stderr);
    if (arguments->floor && arguments->json)
        floor_show_json(loaded);
    else if (arguments->floor)
        floor_show(loaded);
    else if (arguments->json)
        policy_show_json(loaded->policy);
    else
        policy_show(loaded->policy, arguments->patterns);
    return 0;
}

static int lint(const struct arguments *arguments, struct loaded *loaded, struct diagnostics *said)
{
    (void)arguments;
    policy_lint(loaded->policy, loaded->image, said);
    diagnostics_sort(said);
    diagnostics_print(said, stderr);
    if (!said->count) printf("no mistakes in %zu rules\n", loaded->policy->rule_count);
    return status_of_lint(said);
}

static int test(const struct arguments *arguments, struct loaded *loaded, struct diagnostics *said)
{
    (void)arguments;
    size_t failed = policy_run_tests(loaded->policy, loaded->image, &loaded->places, said);
    diagnostics_print(said, stderr);
    size_t own = 0;
    for (size_t i = 0; i < loaded->policy->test_count; i++)
        own += !loaded->policy->tests[i].built_in;
    printf("%zu passed, %zu failed: %zu of your files, %zu built in\n", loaded->policy->test_count - failed,
           failed, own, loaded->policy->test_count - own);
    return failed ? STATUS_WARNINGS : 0;
}

static const struct {
    const char *name;
    int (*run)(const struct arguments *arguments, struct loaded *loaded, struct diagnostics *said);
} actions[] = {{"show", show}, {"lint", lint}, {"test", test}};

enum { ACTIONS = sizeof actions / sizeof *actions };

/* The index of the action, or -1 when there is none such, which is said. */
static int find_action(const char *word)
{
    const char *names[ACTIONS];
    for (int i = 0; i < ACTIONS; i++) {
        if (!strcmp(word, actions[i].name)) return i;
        names[i] = actions[i].name;
    }
    char *shown cleanup_free = show_string(word, 40);
    const char *meant = nearest_word(word, names, ACTIONS);
    complain("policy: %s: no such action: did you mean %s?", shown, meant ? meant : "show, lint or test");
    return -1;
}

static int take_options(struct arguments *arguments, struct options *options)
{
    int id;
    while ((id = options_next(options)) >= 0) {
        switch (id) {
        case POLICY: arguments->policy.policy_file = options->value; break;
        case WORKSPACE: arguments->policy.workspace = options->value; break;
        case JSON: arguments->json = true; break;
        case PATTERNS: arguments->patterns = true; break;
        case FLOOR: arguments->floor = true; break;
        }
    }
    return id;
}

/* `askfirst policy lint FILE` is `--policy=FILE`. */
static int read_arguments(struct arguments *arguments, int argc, char **argv, const char **action)
{
    struct options options = {
        .usage = "askfirst policy show [OPTION...] [FILE]\n"
                 "askfirst policy lint [OPTION...] [FILE]\n"
                 "askfirst policy test [OPTION...] [FILE]",
        .about = "show: all rules, strongest first, each with where it comes from, and the settings.\n"
                 "lint: what is wrong; exit status 0 nothing, 1 warnings, 125 errors.\n"
                 "test: runs the policy's own tests; exit status 0 when none fails, else 1.",
        .table = table,
        .count = sizeof table / sizeof *table,
        .argc = argc,
        .argv = argv,
        .next = 1,
    };
    int id = take_options(arguments, &options);
    if (id != OPTION_END) return id;
    if (options.next >= argc) {
        complain("policy: what is to be done was not said: askfirst policy show, lint or test");
        return OPTION_ERROR;
    }
    *action = argv[options.next++];
    id = take_options(arguments, &options);
    if (id != OPTION_END || options.next >= argc) return id;
    arguments->policy.policy_file = argv[options.next++];
    id = take_options(arguments, &options);
    if (id != OPTION_END || options.next >= argc) return id;
    complain("policy: one file at a time");
    return OPTION_ERROR;
}

int command_policy(int argc, char **argv)
{
    struct arguments arguments = {0};
    const char *word;
    int id = read_arguments(&arguments, argc, argv, &word);
    if (id != OPTION_END) return options_status(id);
    int action = find_action(word);
    if (action < 0) return STATUS_FAILED;
    const char *stray = arguments.json       ? "json"
                        : arguments.patterns ? "patterns"
                        : arguments.floor    ? "floor"
                                             : NULL;
    if (stray && actions[action].run != show) {
        complain("policy %s: --%s belongs to policy show", word, stray);
        return STATUS_FAILED;
    }

    struct loaded loaded;
    struct diagnostics said = {0};
    int status = STATUS_FAILED;
    arguments.policy.no_tests = actions[action].run == test;
    arguments.policy.all_tests = actions[action].run != show;
    if (loaded_open(&loaded, &arguments.policy, &said))
        status = actions[action].run(&arguments, &loaded, &said);
    else
        diagnostics_print(&said, stderr);
    diagnostics_free(&said);
    loaded_close(&loaded);
    return status;
}
