/* doctor.c: askfirst doctor: what of askfirst holds on this machine. Every part is tried, none is looked up. */
#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../command.h"
#include "../doctor/findings.h"
#include "../doctor/trial.h"
#include "../guard/capabilities.h"
#include "../guard/floor.h"
#include "../guard/probe.h"
#include "../install.h"
#include "../loaded.h"
#include "../memory.h"
#include "../nested.h"
#include "../options.h"
#include "../runtime.h"
#include "../text.h"

enum { JSON };

static const struct option table[] = {
    {JSON, "json", NULL, "one JSON object, for programs"},
};

#define PARTS "parts of the kernel guard"
#define KERNEL "guard kernel"
#define SHIM "guard shim"
#define HERE "places and policy"

/* ---- The parts of the kernel guard ---- */

/* What the versions of Landlock from `first` to `last` were the first to know. */
static char *name_versions(int first, int last)
{
    struct text names = {0};
    for (int version = first; version <= last && version <= FLOOR_VERSIONS; version++)
        text_format(&names, "%s%s", names.length ? ", " : "", floor_version_knows(version));
    return text_take(&names);
}

static void add_landlock(struct findings *all, const struct probe *probe)
{
    int abi = floor_abi();
    cleanup_free char *known = name_versions(1, abi), *unknown = name_versions(abi + 1, FLOOR_VERSIONS);
    const char *name = probe_name(PROBE_LANDLOCK);
    if (probe->state == PROBE_LACKS) {
        findings_add(all, PARTS, name, NULL, STATE_LACKS, xstrdup(probe->detail), probe_next(PROBE_LANDLOCK));
        return;
    }
    findings_add(all, PARTS, name, NULL, STATE_HOLDS, xasprintf("version %d: %s", abi, known), NULL);
    if (*unknown)
        findings_add(all, PARTS, "Landlock's later versions", NULL, STATE_LESS,
                     xasprintf("%s: the watch alone holds these", unknown),
                     "nothing has to be done; Linux 6.12 or newer has two rings for them instead of one");
}

static void add_parts(struct findings *all)
{
    struct probe parts[PROBE_PARTS];
    probe(PROBE_THOROUGHLY, parts);
    add_landlock(all, &parts[PROBE_LANDLOCK]);
    for (int i = PROBE_LANDLOCK + 1; i < PROBE_PARTS; i++) {
        enum probe_part part = (enum probe_part)i;
        const struct probe *one = &parts[i];
        char *detail = *one->detail ? xstrdup(one->detail) : NULL;
        if (one->state == PROBE_HOLDS)
            findings_add(all, PARTS, probe_name(part), NULL, STATE_HOLDS, detail, NULL);
        else if (one->state == PROBE_LACKS)
            findings_add(all, PARTS, probe_name(part), NULL, probe_is_needed(part) ? STATE_LACKS : STATE_LESS,
                         detail, probe_next(part));
        else
            findings_add(all, PARTS, probe_name(part), NULL, STATE_UNTRIED,
                         xstrdup("a part that it needs is missing"), "mend that part first");
    }
}

/* ---- What a guarded program cannot do ---- */

static const struct {
    const char *name;
    int allowed; /* the step that must work; -1: there is none */
    int denied;
} acts[] = {
    {"a denied read is refused", STEP_READ, STEP_READ_DENIED},
    {"a denied write is refused", STEP_WRITE, STEP_WRITE_DENIED},
    {"a denied program is refused", -1, STEP_EXEC_DENIED},
    {"a denied connection is refused", STEP_CONNECT, STEP_CONNECT_DENIED},
};

static const char *const hands[HANDS] = {
    [HAND_LIBC] = "C library", [HAND_RAW] = "raw call", [HAND_STATIC] = "static program"};

#define NEXT_START "mend what keeps it from starting: the reason is that of askfirst run with this guard"
#define NEXT_BROKEN                                                                                          \
    "do not rely on this guard here, and tell the people who make askfirst what this table says"
#define NEXT_POLICY "look whether the system's policy (/etc/askfirst/policy.yaml) forbids it"
#define NEXT_BARE "look what else forbids it here: this was without any guard"

/* Whether the denied act has been done. What was executed may have been killed before it wrote anything: the door's launcher kills
 * programs that do not come through the door, when it sees them. */
static bool was_done(const struct outcome *outcome, int step)
{
    return step == STEP_EXEC_DENIED ? !outcome->came_back : outcome->errand.steps[step].number >= 0;
}

static const char *error_text(const struct outcome *outcome, int step)
{
    int64_t result = outcome->errand.steps[step].number;
    return result < 0 ? strerror((int)-result) : "it did not say anything";
}

struct cell {
    const char *section;
    const char *name;
    const char *way;
};

static void add_cell(struct findings *all, const struct cell *cell, enum state state, char *detail,
                     const char *next)
{
    findings_add(all, cell->section, cell->name, cell->way, state, detail, next);
}

static char *why_not_run(const struct outcome *outcome)
{
    if (outcome->status < 0) return xstrdup("it did not come to an end");
    if (*outcome->said) return xstrdup(outcome->said);
    return xasprintf("it ended with status %d", outcome->status);
}

static void add_act(struct findings *all, const struct cell *cell, size_t act, const struct outcome *bare,
                    const struct outcome *guarded, bool claimed)
{
    int allowed = acts[act].allowed, denied = acts[act].denied;
    const struct step *steps = guarded->errand.steps;
    if (!bare->reported)
        add_cell(all, cell, STATE_UNTRIED, why_not_run(bare), NEXT_BARE);
    else if (!was_done(bare, denied) || (denied == STEP_EXEC_DENIED && !bare->ran_denied))
        add_cell(all, cell, STATE_UNTRIED,
                 xasprintf("it fails without a guard: %s", error_text(bare, denied)), NEXT_BARE);
    else if (!guarded->reported)
        add_cell(all, cell, STATE_LACKS, why_not_run(guarded), NEXT_START);
    else if (was_done(guarded, denied) && !claimed)
        add_cell(all, cell, STATE_OPEN, xstrdup("the door does not see it"),
                 "run with --guard=kernel where code may mean to get around the guard");
    else if (was_done(guarded, denied))
        add_cell(all, cell, STATE_LACKS, xstrdup("it went through"), NEXT_BROKEN);
    else if (allowed >= 0 && steps[allowed].number < 0)
        add_cell(all, cell, STATE_LACKS,
                 xasprintf("what is allowed is refused too: %s", error_text(guarded, allowed)), NEXT_POLICY);
    else if (steps[denied].number != -EACCES)
        add_cell(all, cell, STATE_LACKS,
                 xasprintf("the error is not the promised one: %s", error_text(guarded, denied)),
                 NEXT_BROKEN);
    else
        add_cell(all, cell, STATE_HOLDS, NULL, NULL);
}

/* A static program would never load the door, so it must not start. */
static void add_static_under_shim(struct findings *all, const struct cell *cell, const struct outcome *bare,
                                  const struct outcome *guarded)
{
    if (!bare->reported)
        add_cell(all, cell, STATE_UNTRIED, why_not_run(bare), NEXT_BARE);
    else if (guarded->reported)
        add_cell(all, cell, STATE_LACKS, xstrdup("it was started"), NEXT_BROKEN);
    else if (guarded->status != STATUS_REFUSED)
        add_cell(all, cell, STATE_LACKS, why_not_run(guarded), NEXT_START);
    else
        add_cell(all, cell, STATE_HOLDS, xstrdup("refused at its start"), NULL);
}

struct trials {
    struct outcome bare[HANDS], kernel[HANDS], shim[HANDS];
};

static void add_acts(struct findings *all, const struct trials *trials)
{
    for (size_t act = 0; act < sizeof acts / sizeof *acts; act++)
        for (int hand = 0; hand < HANDS; hand++) {
            const struct cell cell = {KERNEL, acts[act].name, hands[hand]};
            add_act(all, &cell, act, &trials->bare[hand], &trials->kernel[hand], true);
        }
}

static void add_acts_of_shim(struct findings *all, const struct trials *trials)
{
    for (size_t act = 0; act < sizeof acts / sizeof *acts; act++)
        for (int hand = 0; hand < HANDS; hand++) {
            const struct cell cell = {SHIM, acts[act].name, hands[hand]};
            if (hand == HAND_STATIC)
                add_static_under_shim(all, &cell, &trials->bare[hand], &trials->shim[hand]);
            else
                add_act(all, &cell, act, &trials->bare[hand], &trials->shim[hand], hand == HAND_LIBC);
        }
}

static void add_records(struct findings *all, const char *section, const struct outcome *outcome)
{
    const unsigned denied = sizeof acts / sizeof *acts;
    enum state state = !outcome->reported           ? STATE_UNTRIED
                       : outcome->denials == denied ? STATE_HOLDS
                                                    : STATE_LACKS;
    findings_add(all, section, "each refusal is recorded", NULL, state,
                 outcome->reported ? xasprintf("%u of %u", outcome->denials, denied) : why_not_run(outcome),
                 outcome->reported ? NEXT_BROKEN : NEXT_START);
}

static uint64_t capabilities_of(const struct outcome *outcome)
{
    const uint32_t(*sets)[3] = outcome->errand.capability_sets;
    return ((uint64_t)(sets[1][0] | sets[1][1]) << 32) | sets[0][0] | sets[0][1];
}

static void add_capabilities(struct findings *all, const struct outcome *bare, const struct outcome *guarded)
{
    static const char name[] = "capabilities that undo it are lost";
    uint64_t before = capabilities_of(bare) & capabilities_undoing(),
             left = capabilities_of(guarded) & before;
    if (!bare->reported || !guarded->reported)
        findings_add(all, KERNEL, name, NULL, STATE_UNTRIED, why_not_run(bare->reported ? guarded : bare),
                     NEXT_START);
    else if (left)
        findings_add(all, KERNEL, name, NULL, STATE_LACKS,
                     xasprintf("%d of %d are kept", __builtin_popcountll(left), __builtin_popcountll(before)),
                     NEXT_BROKEN);
    else
        findings_add(all, KERNEL, name, NULL, STATE_HOLDS,
                     before ? xasprintf("%d of them", __builtin_popcountll(before))
                            : xstrdup("there are none to lose"),
                     NULL);
}

static void add_shim(struct findings *all, const struct outcome *outcome)
{
    static const char *const nexts[] = {
        "install askfirst anew: libaskfirst.so belongs beside it, or in ../lib/askfirst",
        "look whether the loader of programs says why: askfirst run --guard=shim -- true",
        "look whether the runtime directory lets files be mapped"};
    char *shim = install_find_shim();
    findings_add(all, SHIM, "the shim is found", NULL, shim ? STATE_HOLDS : STATE_LACKS,
                 shim ? shim : xasprintf("libaskfirst.so: %s", strerror(errno)), nexts[0]);
    enum state unknown = outcome->reported ? STATE_LACKS : STATE_UNTRIED;
    findings_add(all, SHIM, "programs load it", NULL, outcome->errand.shim_is_loaded ? STATE_HOLDS : unknown,
                 outcome->reported ? NULL : why_not_run(outcome), nexts[1]);
    findings_add(all, SHIM, "programs map its policy", NULL,
                 outcome->errand.policy_is_mapped ? STATE_HOLDS : unknown,
                 outcome->reported ? NULL : why_not_run(outcome), nexts[2]);
}

static void run_trials(const struct site *site, struct trials *trials)
{
    for (int hand = 0; hand < HANDS; hand++) {
        trial_run(site, NULL, (enum hand)hand, &trials->bare[hand]);
        trial_run(site, "kernel", (enum hand)hand, &trials->kernel[hand]);
        trial_run(site, "shim", (enum hand)hand, &trials->shim[hand]);
    }
}

static void add_guards(struct findings *all)
{
    struct site site;
    char *why = NULL;
    if (!site_make(&site, &why)) {
        findings_add(all, KERNEL, "runs of its own", NULL, STATE_UNTRIED, why, "make room for them");
        site_remove(&site);
        return;
    }
    struct trials *trials cleanup_free = xcalloc(1, sizeof *trials);
    run_trials(&site, trials);
    site_remove(&site);
    add_acts(all, trials);
    add_records(all, KERNEL, &trials->kernel[HAND_LIBC]);
    add_capabilities(all, &trials->bare[HAND_LIBC], &trials->kernel[HAND_LIBC]);
    add_acts_of_shim(all, trials);
    add_records(all, SHIM, &trials->shim[HAND_LIBC]);
    add_shim(all, &trials->shim[HAND_LIBC]);
}

/* ---- Places and policy ---- */

static void add_runtime(struct findings *all)
{
    char *why = NULL;
    struct runtime *runtime = runtime_make(getenv("XDG_RUNTIME_DIR"), "/tmp", &why);
    findings_add(all, HERE, "runtime directory", NULL, runtime ? STATE_HOLDS : STATE_LACKS,
                 runtime ? xstrdup(runtime_base(runtime)) : why, "do as it says");
    runtime_remove(runtime);
}

/* A file is made in the directory and removed; a directory that is not there yet must be one that can be made. */
static char *why_not_recorded(const char *directory)
{
    cleanup_free char *path = xstrdup(directory);
    for (;;) {
        struct stat status;
        char *slash = strrchr(path, '/');
        if (!stat(path, &status) || errno != ENOENT || !slash || slash == path) break;
        *slash = 0;
    }
    cleanup_free char *file = xasprintf("%s/.doctor.XXXXXX", path);
    int fd = mkstemp(file);
    if (fd < 0) return xasprintf("%s: %s", path, strerror(errno));
    close(fd);
    unlink(file);
    return NULL;
}

static void add_audit(struct findings *all, const struct places *places)
{
    cleanup_free char *directory = xasprintf("%s/askfirst/audit", places->state_dir);
    char *why = why_not_recorded(directory);
    findings_add(all, HERE, "audit directory", NULL, why ? STATE_LACKS : STATE_HOLDS,
                 why ? why : steal_pointer(&directory),
                 "make it a directory that you may write, or name another with --audit=DIR");
}

static void add_policy(struct findings *all, struct loaded *loaded, bool opened,
                       const struct diagnostics *said)
{
    static const char name[] = "the policy loads";
    if (opened)
        findings_add(
            all, HERE, name, NULL, STATE_HOLDS,
            xasprintf("%zu rules from %zu files", loaded->policy->rule_count, loaded->policy->file_count),
            NULL);
    else
        findings_add(all, HERE, name, NULL, STATE_LACKS, xasprintf("%zu errors, listed above", said->errors),
                     "mend what askfirst policy lint says");
}

static void add_places(struct findings *all)
{
    struct loaded loaded;
    struct diagnostics said = {0};
    bool opened = loaded_open(&loaded, &(struct loaded_options){0}, &said);
    if (!opened) diagnostics_print(&said, stderr);
    add_policy(all, &loaded, opened, &said);
    diagnostics_free(&said);
    add_runtime(all);
    if (loaded.places.state_dir) add_audit(all, &loaded.places);
    loaded_close(&loaded);
}

/* ---- The whole ---- */

/* What is started in a guarded run is held by the guard around it, and what the doctor does would be recorded there. */
static void add_nested(struct findings *all)
{
    static const char *const sections[] = {PARTS, KERNEL, SHIM, HERE};
    for (size_t i = 0; i < sizeof sections / sizeof *sections; i++)
        findings_add(
            all, sections[i], "its trials", NULL, STATE_UNTRIED,
            xstrdup("this is a guarded run already, whose guard holds for all that is started in it"),
            "start askfirst doctor outside of the run");
}

/* What the doctor's own runs execute: askfirst doctor --errand=libc DIRECTORY. */
static int go_on_errand(const char *hand, const char *directory)
{
    static struct errand errand;
    if (!errand_make(&errand, (uint64_t)(uintptr_t)&errand, directory)) return STATUS_FAILED;
    if (!strcmp(hand, "libc")) errand_by_libc(&errand);
    errand_by_raw_calls(&errand);
}

static int find_all(bool json)
{
    struct findings all = {0};
    if (nested_in_run()) {
        add_nested(&all);
    } else {
        add_parts(&all);
        add_guards(&all);
        add_places(&all);
    }
    if (json)
        findings_print_json(&all);
    else
        findings_print(&all);
    int status = findings_hold(&all) ? 0 : STATUS_WARNINGS;
    findings_free(&all);
    return status;
}

int command_doctor(int argc, char **argv)
{
    static const char errand[] = "--errand=";
    struct options options = {
        .usage = "askfirst doctor [OPTION...]",
        .about = "Tries out what this machine can enforce: each part of the guards, and a denied read, "
                 "write, program and\n"
                 "connection, by the C library, by raw system calls, and from a static program.\n"
                 "Exit status: 0 when all holds that should, 1 when something does not.",
        .table = table,
        .count = sizeof table / sizeof *table,
        .argc = argc,
        .argv = argv,
        .next = 1,
    };
    bool json = false;
    if (argc == 3 && !strncmp(argv[1], errand, sizeof errand - 1))
        return go_on_errand(argv[1] + sizeof errand - 1, argv[2]);
    int id;
    while ((id = options_next(&options)) >= 0)
        json = true;
    if (id != OPTION_END) return options_status(id);
    if (options.next < argc) {
        complain("doctor: it takes no arguments");
        return STATUS_FAILED;
    }
    return find_all(json);
}
