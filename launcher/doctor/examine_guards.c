/* examine_guards.c: what guarded programs cannot do, in whatever way they try it, and what each guard has of
 * its own (examine.h). */
#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "../command.h"
#include "../guard/capabilities.h"
#include "../install.h"
#include "../plain/memory.h"
#include "examine.h"
#include "trial.h"

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

/* Whether the denied act has been done. What was executed may have been killed before it wrote anything: the
 * door's launcher kills programs that do not come through the door, when it sees them. */
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
            const struct cell cell = {SECTION_KERNEL, acts[act].name, hands[hand]};
            add_act(all, &cell, act, &trials->bare[hand], &trials->kernel[hand], true);
        }
}

static void add_acts_of_shim(struct findings *all, const struct trials *trials)
{
    for (size_t act = 0; act < sizeof acts / sizeof *acts; act++)
        for (int hand = 0; hand < HANDS; hand++) {
            const struct cell cell = {SECTION_SHIM, acts[act].name, hands[hand]};
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
        findings_add(all, SECTION_KERNEL, name, NULL, STATE_UNTRIED,
                     why_not_run(bare->reported ? guarded : bare), NEXT_START);
    else if (left)
        findings_add(all, SECTION_KERNEL, name, NULL, STATE_LACKS,
                     xasprintf("%d of %d are kept", __builtin_popcountll(left), __builtin_popcountll(before)),
                     NEXT_BROKEN);
    else
        findings_add(all, SECTION_KERNEL, name, NULL, STATE_HOLDS,
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
    findings_add(all, SECTION_SHIM, "the shim is found", NULL, shim ? STATE_HOLDS : STATE_LACKS,
                 shim ? shim : xasprintf("libaskfirst.so: %s", strerror(errno)), nexts[0]);
    enum state unknown = outcome->reported ? STATE_LACKS : STATE_UNTRIED;
    findings_add(all, SECTION_SHIM, "programs load it", NULL,
                 outcome->errand.shim_is_loaded ? STATE_HOLDS : unknown,
                 outcome->reported ? NULL : why_not_run(outcome), nexts[1]);
    findings_add(all, SECTION_SHIM, "programs map its policy", NULL,
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

void examine_guards(struct findings *all)
{
    struct site site;
    char *why = NULL;
    if (!site_make(&site, &why)) {
        findings_add(all, SECTION_KERNEL, "runs of its own", NULL, STATE_UNTRIED, why, "make room for them");
        site_remove(&site);
        return;
    }
    struct trials *trials cleanup_free = xcalloc(1, sizeof *trials);
    run_trials(&site, trials);
    site_remove(&site);
    add_acts(all, trials);
    add_records(all, SECTION_KERNEL, &trials->kernel[HAND_LIBC]);
    add_capabilities(all, &trials->bare[HAND_LIBC], &trials->kernel[HAND_LIBC]);
    add_acts_of_shim(all, trials);
    add_records(all, SECTION_SHIM, &trials->shim[HAND_LIBC]);
    add_shim(all, &trials->shim[HAND_LIBC]);
}
