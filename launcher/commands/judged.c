/* judged.c: see judged.h. */
#include "judged.h"

#include <stdlib.h>
#include <string.h>

#include "../../policy/rules.h"
#include "../plain/memory.h"

static void decide(struct judged *judged, const struct image *image, struct trace *trace)
{
    struct act *act = &judged->subject.act;
    policy_decide(image, act, &judged->decision, trace);
    bool digest = (judged->decision.needs & NEED_SHA256) && !act->sha256;
    if (!digest || !subject_digest(&judged->subject)) return;
    if (trace) trace->count = 0;
    policy_decide(image, act, &judged->decision, trace);
}

/* Leaves the act with the address that has the tightest verdict. */
static void choose_address(struct judged *judged, const struct image *image)
{
    struct subject *subject = &judged->subject;
    struct decision decision;
    subject->act.has_address = subject->address_count > 0;
    for (size_t i = 0; i < subject->address_count; i++) {
        memcpy(subject->act.address, subject->addresses[i], sizeof subject->act.address);
        policy_decide(image, &subject->act, &decision, NULL);
        if (judged->address && decision.verdict <= judged->decision.verdict) continue;
        judged->decision = decision;
        judged->address = subject->addresses[i];
    }
    if (judged->address) memcpy(subject->act.address, judged->address, sizeof subject->act.address);
}

static int by_rule(const void *left, const void *right)
{
    const struct considered *a = left, *b = right;
    return (a->rule > b->rule) - (a->rule < b->rule);
}

/* Of the rules of a set that fit, only the first counts. */
static void mark_later(struct judged *judged, const struct image *image)
{
    bool decided[RULE_SETS] = {false};
    for (size_t i = 0; i < judged->considered_count; i++) {
        struct considered *one = &judged->considered[i];
        struct image_rule rule;
        if (one->fit != FIT_YES || !image_rule(image, one->rule, &rule)) continue;
        if (decided[rule.set]) one->fit = FIT_LATER;
        decided[rule.set] = true;
    }
}

static void keep_considered(struct judged *judged, const struct image *image, const struct trace *trace)
{
    size_t count = trace->count < trace->capacity ? trace->count : trace->capacity;
    judged->considered = xcalloc(count + 1, sizeof *judged->considered);
    judged->considered_count = count;
    for (size_t i = 0; i < count; i++)
        judged->considered[i] = (struct considered){trace->steps[i].rule, trace->steps[i].fit};
    qsort(judged->considered, count, sizeof *judged->considered, by_rule);
    mark_later(judged, image);
}

void judge(struct judged *judged, const struct image *image, bool want_considered)
{
    judged->address = NULL;
    judged->considered = NULL;
    judged->considered_count = 0;
    if (judged->subject.act.kind == ACT_CONNECT) choose_address(judged, image);
    if (!want_considered) {
        decide(judged, image, NULL);
        return;
    }
    size_t rules = image_rule_count(image);
    struct trace trace = {.steps = xcalloc(rules + 1, sizeof *trace.steps), .capacity = rules};
    decide(judged, image, &trace);
    keep_considered(judged, image, &trace);
    free(trace.steps);
}

void judged_free(struct judged *judged)
{
    free(judged->considered);
}
