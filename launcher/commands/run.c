/* run.c: askfirst run: what was asked for on the command line, and the run from its start to its exit status.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../shim/wire.h"
#include "../command.h"
#include "../options.h"
#include "../plain/memory.h"
#include "../probe/probe.h"
#include "../run/ahead.h"
#include "../run/descriptors.h"
#include "../run/environment.h"
#include "../run/nested.h"
#include "../run/session.h"
#include "../run/signals.h"
#include "../run/supervise.h"

enum { POLICY, APPROVE, GUARD, MODE, WORKSPACE, TIMEOUT, ASK_TIMEOUT, AUDIT, ENV, NO_LANE, QUIET };

/* What a run has where nobody asked for a guard by name. */
#define GUARD_BY_DEFAULT GUARD_KERNEL

static const struct option table[] = {
    {POLICY, "policy", "FILE",
     "the policy: a file, \"default\" or \"strict\"\n(else ~/.config/askfirst/policy.yaml, else default)"},
    {APPROVE, "approve", "WHO",
     "who answers questions: tty, fd:R,W, unix:PATH, exec:COMMAND,\ndeny or allow; the first that can be "
     "reached"},
    {GUARD, "guard", "GUARD", "kernel (the default), shim or auto"},
    {MODE, "mode", "MODE", "enforce, or observe: stop nothing, record everything"},
    {WORKSPACE, "workspace", "DIR", "the directory that is worked in (else git's top level, else here)"},
    {TIMEOUT, "timeout", "TIME",
     "end the command after this time (30s, 10m, 2h); waiting\nfor answers does not count"},
    {ASK_TIMEOUT, "ask-timeout", "TIME", "refuse what is not answered in this time; \"never\""},
    {AUDIT, "audit", "DIR", "where the record goes (else ~/.local/state/askfirst/audit)"},
    {ENV, "env", "NAME[=VALUE]", "give the command this variable, whatever the policy drops"},
    {NO_LANE, "no-lane", NULL, "guard kernel: no fast lane, every opening of a file is looked at anew"},
    {QUIET, "quiet", NULL, "no banner, no warnings, no lines about what was denied"},
};

struct arguments {
    struct run_options options;
    const char **approve, **env; /* what options.approve and options.env point to */
};

/* "30", "30s", "10m", "2h", "1d" in milliseconds; -1: something else. */
static int64_t read_time(const char *text)
{
    static const struct {
        const char *unit;
        int64_t milliseconds;
    } units[] = {{"", 1000}, {"ms", 1}, {"s", 1000}, {"m", 60000}, {"h", 3600000}, {"d", 86400000}};
    char *end;
    if (text[0] < '0' || text[0] > '9') return -1;
    errno = 0;
    long long number = strtoll(text, &end, 10);
    for (size_t i = 0; i < sizeof units / sizeof *units; i++)
        if (!strcmp(end, units[i].unit) && !errno && number <= INT64_MAX / units[i].milliseconds)
            return number * units[i].milliseconds;
    return -1;
}

static bool take_time(const char *option, const char *text, int64_t *milliseconds)
{
    *milliseconds = read_time(text);
    if (*milliseconds > 0) return true;
    complain("--%s: %s: no time: write 30s, 10m or 2h", option, text);
    return false;
}

/* The index of `word` in `words`, which ends with NULL; -1 when it is none of them, which is said. */
static int take_word(const char *option, const char *const *words, const char *word)
{
    int i = 0;
    for (; words[i]; i++)
        if (!strcmp(words[i], word)) return i;
    const char *meant = nearest_word(word, words, (size_t)i);
    if (meant) {
        complain("--%s: %s: no such %s: did you mean %s?", option, word, option, meant);
        return -1;
    }
    char *all cleanup_free = xstrdup(words[0]);
    for (int j = 1; words[j]; j++) {
        char *before cleanup_free = all;
        all = xasprintf("%s%s%s", before, words[j + 1] ? ", " : " or ", words[j]);
    }
    complain("--%s: %s: no such %s: %s", option, word, option, all);
    return -1;
}

static bool take_guard(const char *word, enum guard *guard)
{
    static const char *const words[] = {"auto", "kernel", "shim", NULL};
    int index = take_word("guard", words, word);
    *guard = index < 0 ? GUARD_AUTO : (enum guard)index;
    return index >= 0;
}

static bool take_mode(const char *word, enum mode *mode)
{
    static const char *const words[] = {"enforce", "observe", NULL};
    int index = take_word("mode", words, word);
    *mode = index < 0 ? MODE_ENFORCE : (enum mode)index;
    return index >= 0;
}

static bool take_option(struct arguments *arguments, int id, const char *value)
{
    struct run_options *options = &arguments->options;
    switch (id) {
    case POLICY: options->policy = value; return true;
    case APPROVE: arguments->approve[options->approve_count++] = value; return true;
    case GUARD: return take_guard(value, &options->guard);
    case MODE: return take_mode(value, &options->mode);
    case WORKSPACE: options->workspace = value; return true;
    case TIMEOUT: return take_time("timeout", value, &options->timeout_ms);
    case ASK_TIMEOUT:
        if (!strcmp(value, "never")) return options->ask_timeout_ms = 0, true;
        return take_time("ask-timeout", value, &options->ask_timeout_ms);
    case AUDIT: options->audit = value; return true;
    case ENV: arguments->env[options->env_count++] = value; return true;
    case NO_LANE: options->no_lane = true; return true;
    case QUIET: options->quiet = true; return true;
    default: return false;
    }
}

/* -1: go on. Else the exit status. */
static int read_arguments(struct arguments *arguments, int argc, char **argv)
{
    struct options options = {
        .usage = "askfirst run [OPTION...] -- COMMAND [ARGUMENT...]",
        .about = "Guards COMMAND and everything that it starts: what the policy allows goes through, what it "
                 "forbids\n"
                 "fails, and what it is unsure of waits until somebody has answered.",
        .table = table,
        .count = sizeof table / sizeof *table,
        .argc = argc,
        .argv = argv,
        .next = 1,
    };
    int id;
    while ((id = options_next(&options)) >= 0)
        if (!take_option(arguments, id, options.value)) return STATUS_FAILED;
    if (id != OPTION_END) return options_status(id);
    if (options.next >= argc || !*argv[options.next]) {
        complain("no command given: askfirst run [OPTION...] -- COMMAND...");
        return STATUS_FAILED;
    }
    arguments->options.command = argv + options.next;
    return -1;
}

/* What guard_missing() said, which the session's record needs for as long as the run, and which guard an auto
 * came to, and why, for one line. All malloc'd. */
struct guard_choice {
    struct ahead *ahead; /* NULL: guard shim, of which nothing has to be tried */
    char *missing;
    char **without;
    char *taken;
};

/* What was asked for by name is taken or the run does not start: nothing weaker stands in for it in
 * silence. */
static bool choose_guard(struct run_options *options, struct guard_choice *choice)
{
    const char *next;
    if (!choice->ahead) return true;
    options->guard_missing = choice->missing =
        guard_missing(ahead_trial(choice->ahead), &next, &choice->without);
    if (!choice->missing) options->guard_without = (const char *const *)choice->without;
    if (options->guard == GUARD_AUTO) {
        options->guard = choice->missing ? GUARD_SHIM : GUARD_KERNEL;
        choice->taken = choice->missing
                            ? xasprintf("guard auto took shim, the door alone, which is no boundary against "
                                        "code that means to get around it: the kernel's is missing %s",
                                        choice->missing)
                            : xstrdup("guard auto took kernel");
        return true;
    }
    if (!choice->missing) return true;
    complain("guard kernel: %s", choice->missing);
    complain("nothing was run: %s", next);
    complain("next: askfirst doctor shows what holds here; --guard=auto takes the best there is, "
             "--guard=shim the door alone, which is no boundary against code that means to get around it");
    return false;
}

static void free_choice(struct guard_choice *choice)
{
    free(choice->missing);
    free(choice->taken);
    ahead_end(choice->ahead);
    guard_free_names(choice->without);
}

static void banner(const struct run_options *options, const char *taken)
{
    if (options->quiet) return;
    if (taken)
        complain("%s", taken);
    else if (options->guard == GUARD_SHIM)
        complain("guard shim: the door alone is no boundary against code that means to get around it");
    if (options->mode == MODE_OBSERVE) complain("mode observe: nothing is stopped, everything is recorded");
    for (char **entry = environ; *entry; entry++) {
        char *name cleanup_free = xstrndup(*entry, strcspn(*entry, "="));
        const char *why = environment_hazard(name);
        if (why && strcmp(name, WIRE_ENV) != 0) complain("%s is not passed on: %s", name, why);
    }
}

static int run_under_the_guard_above(const struct run_options *options)
{
    if (!options->quiet)
        complain(
            "this is a guarded run already: its policy and its answers hold for the command too, and the "
            "options given here do not");
    execvp(options->command[0], options->command);
    complain("%s: %s", options->command[0], strerror(errno));
    return errno == ENOENT ? STATUS_NOT_FOUND : STATUS_REFUSED;
}

static int run(struct run_options *options)
{
    struct signals signals;
    struct session session;
    struct guard_choice choice __attribute__((cleanup(free_choice))) = {0};
    if (signals_take(&signals) < 0) {
        complain("signals: %s", strerror(errno));
        return STATUS_FAILED;
    }
    if (options->guard != GUARD_SHIM) choice.ahead = ahead_begin();
    int status = session_open(&session, options);
    if (!status) status = session_read(&session, ahead_scout(choice.ahead));
    if (!status) status = choose_guard(options, &choice) ? session_begin(&session) : STATUS_FAILED;
    if (!status) {
        banner(options, choice.taken);
        status = supervise(&session, &signals);
    }
    session_close(&session, status);
    return status;
}

int command_run(int argc, char **argv)
{
    const char **approve cleanup_free = xcalloc((size_t)argc, sizeof *approve);
    const char **env cleanup_free = xcalloc((size_t)argc, sizeof *env);
    struct arguments arguments = {
        .options = {.guard = GUARD_BY_DEFAULT,
                    .mode = MODE_ENFORCE,
                    .ask_timeout_ms = -1,
                    .approve = approve,
                    .env = env},
        .approve = approve,
        .env = env,
    };
    int status = read_arguments(&arguments, argc, argv);
    if (status >= 0) return status;
    if (nested_in_run()) return run_under_the_guard_above(&arguments.options);
    if (!descriptors_take(approve, arguments.options.approve_count)) {
        complain("/dev/null: %s", strerror(errno));
        return STATUS_FAILED;
    }
    return run(&arguments.options);
}
