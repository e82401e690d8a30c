/* floor_show.c: see floor_show.h. The plan is made as a run makes it; nothing is laid. */
#include "floor_show.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "../floor/floor.h"
#include "../names/protected.h"
#include "../plain/json.h"
#include "../plain/memory.h"
#include "../questions/question.h"
#include "shown.h"

enum { TEXT_LIMIT = 400 };

/* ---- Who carries a rule ---- */

enum ring { RING_FLOOR, RING_FLOOR_AND_WATCH, RING_WATCH, RING_WATCH_AND_DOOR };

static const char *const ring_names[] = {[RING_FLOOR] = "floor",
                                         [RING_FLOOR_AND_WATCH] = "floor and watch",
                                         [RING_WATCH] = "watch",
                                         [RING_WATCH_AND_DOOR] = "watch and door"};

/* Why the floor does not carry a rule alone. One of these a rule, so that rules can be told together. */
enum carrying {
    CARRIED, /* it does */
    NO_READS,
    ASKS,
    HIDES,
    APPROVED,
    GLOB_ALLOW,
    GLOB_DENY,
    IN_PART,
    NOT_THERE,
    ACTOR,
    PROGRAM,
    ADDRESS,
    NAME,
    KIND,
    DATAGRAM,
    DEBUG,
    CARRYINGS
};

static const struct {
    enum ring ring;
    const char *why;
} carryings[CARRYINGS] = {
    [CARRIED] = {RING_FLOOR, "granted, or left out of all that is granted"},
    [NO_READS] = {RING_WATCH, "the floor does not hold reading back here (see above)"},
    [ASKS] = {RING_WATCH, "the kernel cannot ask: the floor leaves it out, and the watch asks"},
    [HIDES] = {RING_WATCH, "the kernel cannot show it empty: the floor leaves it out, and the watch does"},
    [APPROVED] = {RING_WATCH,
                  "what was approved for always turns an ask into an allow, which the launcher carries out"},
    [GLOB_ALLOW] = {RING_WATCH,
                    "a pattern is no tree: the floor does not grant it, and the launcher opens what fits"},
    [GLOB_DENY] = {RING_FLOOR_AND_WATCH,
                   "the floor grants no tree that it may reach, but for what was "
                   "looked at and is free of it: the rest, and what is made later, is the watch's"},
    [IN_PART] = {RING_FLOOR_AND_WATCH,
                 "granted but for the gaps above, in which the launcher opens what is allowed"},
    [NOT_THERE] = {RING_WATCH, "it is not there yet: the launcher makes and opens it"},
    [ACTOR] = {RING_WATCH, "the kernel does not look at which program acts: the watch does"},
    [PROGRAM] =
        {RING_WATCH,
         "programs and their words are judged when they are executed, and held against what was judged"},
    [ADDRESS] =
        {RING_WATCH,
         "the launcher makes connections; the floor refuses those over TCP that a program makes by itself"},
    [NAME] = {RING_WATCH_AND_DOOR,
              "the door hands look-ups of names to the launcher, and the watch judges the addresses"},
    [KIND] = {RING_WATCH, "sockets of other kinds than streams are judged when they are made"},
    [DATAGRAM] = {RING_WATCH, "datagrams are judged when they are sent, or their sockets connected"},
    [DEBUG] = {RING_WATCH, "calls that look into other processes are judged when they are made"},
};

static bool grants_whole(const struct floor_plan *plan, enum act_kind act, const char *pattern)
{
    size_t length = strlen(pattern);
    if (length >= 3 && !strcmp(pattern + length - 3, "/**")) length -= 3;
    cleanup_free char *path = length ? xstrndup(pattern, length) : xstrdup("/");
    return floor_plan_grants(plan, act, path);
}

static bool is_there(const char *pattern)
{
    struct stat status;
    size_t length = strlen(pattern);
    if (length >= 3 && !strcmp(pattern + length - 3, "/**")) length -= 3;
    cleanup_free char *path = length ? xstrndup(pattern, length) : xstrdup("/");
    return lstat(path, &status) == 0;
}

static bool is_plain(const struct rule *rule)
{
    for (size_t i = 0; i < rule->patterns.count; i++)
        if (!floor_pattern_is_plain(rule->patterns.items[i].text)) return false;
    return true;
}

static enum carrying carrying_of_allow(const struct floor_plan *plan, const struct rule *rule)
{
    bool all = true, any = false;
    if (!is_plain(rule)) return GLOB_ALLOW;
    for (size_t i = 0; i < rule->patterns.count; i++) {
        const char *pattern = rule->patterns.items[i].text;
        any |= is_there(pattern);
        all &= grants_whole(plan, rule->act, pattern);
    }
    return all ? CARRIED : any ? IN_PART : NOT_THERE;
}

static enum carrying carrying_of_path(const struct floor_plan *plan, const struct rule *rule)
{
    if (rule->verdict == VERDICT_ASK) return ASKS;
    if (rule->verdict == VERDICT_HIDE) return HIDES;
    if (rule->set == SET_APPROVALS) return APPROVED;
    if (rule->program.count) return ACTOR;
    if (rule->act == ACT_READ && !plan->holds_reads) return NO_READS;
    if (rule->verdict == VERDICT_ALLOW) return carrying_of_allow(plan, rule);
    return is_plain(rule) ? CARRIED : GLOB_DENY;
}

/* Digits and dots, or hexadecimal ones and at least two colons, and what may stand behind either. */
static bool is_number(const char *text)
{
    const char *colon = strchr(text, ':');
    bool v6 = text[0] == '[' || (colon && strchr(colon + 1, ':'));
    return !text[strspn(text, v6 ? "0123456789abcdefABCDEF:./[]-*" : "0123456789.:/-*")];
}

/* A rule's addresses are of one item, so of one sort. */
static enum carrying carrying_of_connection(const struct rule *rule)
{
    static const char *const kinds[] = {"raw", "packet", "netlink", "vsock", "other"};
    const char *text = rule->patterns.count ? rule->patterns.items[0].text : "";
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (!strcmp(text, kinds[i])) return KIND;
    if (!strcmp(text, "udp") || !strcmp(text, "unix-datagram"))
        return rule->verdict == VERDICT_ALLOW ? DATAGRAM : KIND;
    return !strncmp(text, "unix:", 5) || is_number(text) ? ADDRESS : NAME;
}

static enum carrying carrying_of(const struct floor_plan *plan, const struct rule *rule)
{
    switch (rule->act) {
    case ACT_READ:
    case ACT_WRITE: return carrying_of_path(plan, rule);
    case ACT_CONNECT: return carrying_of_connection(rule);
    case ACT_DEBUG: return DEBUG;
    default: return PROGRAM;
    }
}

static const char *why_gap(const struct floor_gap *gap)
{
    return gap->because ? gap->because->text
                        : "not looked at: the walk at the start has a budget, and it ran out";
}

/* ---- For people ---- */

static void print_rule(const struct rule *rule)
{
    shown_place(&rule->place);
    printf("%-8s%-6s ", act_name(rule->act), verdict_name(rule->verdict));
    shown_print(rule->text, TEXT_LIMIT);
    putchar('\n');
}

static void print_kernel(int abi)
{
    if (!abi) {
        puts("Landlock: this kernel has none, or it is switched off; this is what it would hold");
        return;
    }
    printf("Landlock version %d holds back: ", abi);
    for (int version = 1; version <= abi && version <= FLOOR_VERSIONS; version++)
        printf("%s%s", version > 1 ? ", " : "", floor_version_knows(version));
    putchar('\n');
    for (int version = abi + 1; version <= FLOOR_VERSIONS; version++)
        printf("%s, which this version does not know: %s\n", floor_version_knows(version),
               floor_version_without(version));
}

static void print_reads(const struct floor_plan *plan)
{
    fputs("\nreading: ", stdout);
    if (plan->holds_reads) {
        puts("held back by the floor: all that may be read is granted");
        return;
    }
    printf("not held back by the floor, but by the watch: %s\n", plan->reads_why);
    if (plan->reads_because) print_rule(plan->reads_because);
}

static void print_grants(const struct floor_plan *plan, const char *title, bool reads)
{
    size_t count = 0;
    for (size_t i = 0; i < plan->grant_count; i++) {
        const struct floor_grant *grant = &plan->grants[i];
        if (reads ? !grant->read : !grant->write) continue;
        if (!count++) printf("\n%s\n", title);
        fputs("  ", stdout);
        shown_print(grant->path, TEXT_LIMIT);
        putchar('\n');
    }
    if (!count) printf("\n%s\n  nothing\n", title);
}

static void print_protected(const struct protected *protected)
{
    size_t count;
    const char *unseen = protected_unseen(protected);
    if (unseen) {
        fputs("\ntoo much to look at all: other names of what is protected were not looked for below\n  ",
              stdout);
        shown_print(unseen, TEXT_LIMIT);
        putchar('\n');
    }
    const struct protected_file *files = protected_files(protected, &count);
    if (!count) return;
    puts("\nprotected files that were found: no other name for them helps");
    for (size_t i = 0; i < count; i++) {
        fputs("  ", stdout);
        shown_print(files[i].path, TEXT_LIMIT);
        putchar('\n');
    }
}

static void print_gaps(const struct floor_plan *plan)
{
    if (!plan->gap_count) return;
    puts("\ngaps: what the policy allows and the floor does not grant as a whole");
    for (size_t i = 0; i < plan->gap_count; i++) {
        const struct floor_gap *gap = &plan->gaps[i];
        printf("  %-6s ", act_name(gap->act));
        shown_print(gap->path, TEXT_LIMIT);
        putchar('\n');
        if (gap->because)
            print_rule(gap->because);
        else
            printf("  %*s %s\n", SHOWN_PLACE - 2, "", why_gap(gap));
    }
}

static void print_carried(const struct policy *policy, const struct floor_plan *plan)
{
    puts("\nwhat the floor does not carry alone, and who does");
    for (int carrying = CARRIED + 1; carrying < CARRYINGS; carrying++) {
        size_t count = 0;
        for (size_t i = 0; i < policy->rule_count; i++) {
            const struct rule *rule = &policy->rules[i];
            if ((int)carrying_of(plan, rule) != carrying) continue;
            if (!count++) printf("%s: %s\n", ring_names[carryings[carrying].ring], carryings[carrying].why);
            print_rule(rule);
        }
    }
    puts("watch: modes, owners, times and extended attributes, which Landlock does not judge: every write "
         "rule");
}

static struct floor_plan *plan_of(const struct loaded *loaded)
{
    return floor_plan(loaded->policy, loaded->image, FLOOR_BUDGET);
}

/* As a run finds them while it goes on. */
static struct protected *protected_of(const struct loaded *loaded)
{
    struct protected *protected =
        protected_new(loaded->policy, loaded->image, &loaded->places, PROTECTED_AT_MOST);
    protected_look(protected, SIZE_MAX);
    protected_settle(protected, ACT_READ, SIZE_MAX);
    protected_settle(protected, ACT_WRITE, SIZE_MAX);
    return protected;
}

void floor_show(const struct loaded *loaded)
{
    struct floor_plan *plan = plan_of(loaded);
    struct protected *protected = protected_of(loaded);
    print_kernel(floor_abi());
    print_reads(plan);
    print_grants(plan, "granted for reading", true);
    print_grants(plan, "granted for writing", false);
    print_protected(protected);
    print_gaps(plan);
    print_carried(loaded->policy, plan);
    protected_free(protected);
    floor_plan_free(plan);
}

/* ---- For programs ---- */

static void json_rule(struct json *json, const char *key, const struct rule *rule)
{
    json_open(json, key, '{');
    json_string(json, "act", act_name(rule->act));
    json_string(json, "verdict", verdict_name(rule->verdict));
    shown_json(json, "file", rule->place.file);
    json_number(json, "line", rule->place.line);
    json_number(json, "column", rule->place.column);
    shown_json(json, "text", rule->text);
}

static void json_kernel(struct json *json, int abi)
{
    json_number(json, "landlock", (uint64_t)abi);
    json_open(json, "holds_back", '[');
    for (int version = 1; version <= abi && version <= FLOOR_VERSIONS; version++)
        json_string(json, NULL, floor_version_knows(version));
    json_close(json, ']');
}

static void json_reads(struct json *json, const struct floor_plan *plan)
{
    json_open(json, "reading", '{');
    json_string(json, "ring", ring_names[plan->holds_reads ? RING_FLOOR : RING_WATCH]);
    if (plan->reads_why) json_string(json, "why", plan->reads_why);
    if (plan->reads_because) {
        json_rule(json, "rule", plan->reads_because);
        json_close(json, '}');
    }
    json_close(json, '}');
}

static void json_grants(struct json *json, const struct floor_plan *plan)
{
    json_open(json, "grants", '[');
    for (size_t i = 0; i < plan->grant_count; i++) {
        json_open(json, NULL, '{');
        shown_json(json, "path", plan->grants[i].path);
        json_open(json, "acts", '[');
        if (plan->grants[i].read) json_string(json, NULL, act_name(ACT_READ));
        if (plan->grants[i].write) json_string(json, NULL, act_name(ACT_WRITE));
        json_close(json, ']');
        json_close(json, '}');
    }
    json_close(json, ']');
}

static void json_protected(struct json *json, const struct protected *protected)
{
    size_t count;
    const struct protected_file *files = protected_files(protected, &count);
    json_open(json, "protected", '[');
    for (size_t i = 0; i < count; i++) {
        json_open(json, NULL, '{');
        shown_json(json, "path", files[i].path);
        json_number(json, "device", files[i].device);
        json_number(json, "inode", files[i].inode);
        json_close(json, '}');
    }
    json_close(json, ']');
    if (protected_unseen(protected)) shown_json(json, "not_seen", protected_unseen(protected));
}

static void json_gaps(struct json *json, const struct floor_plan *plan)
{
    json_open(json, "gaps", '[');
    for (size_t i = 0; i < plan->gap_count; i++) {
        const struct floor_gap *gap = &plan->gaps[i];
        json_open(json, NULL, '{');
        json_string(json, "act", act_name(gap->act));
        shown_json(json, "path", gap->path);
        if (gap->because) {
            json_rule(json, "rule", gap->because);
            json_close(json, '}');
        } else {
            json_string(json, "why", why_gap(gap));
        }
        json_close(json, '}');
    }
    json_close(json, ']');
}

static void json_carried(struct json *json, const struct policy *policy, const struct floor_plan *plan)
{
    json_open(json, "rules", '[');
    for (size_t i = 0; i < policy->rule_count; i++) {
        enum carrying carrying = carrying_of(plan, &policy->rules[i]);
        json_rule(json, NULL, &policy->rules[i]);
        json_string(json, "ring", ring_names[carryings[carrying].ring]);
        json_string(json, "why", carryings[carrying].why);
        json_close(json, '}');
    }
    json_close(json, ']');
}

void floor_show_json(const struct loaded *loaded)
{
    struct json json = {0};
    struct floor_plan *plan = plan_of(loaded);
    struct protected *protected = protected_of(loaded);
    json_open(&json, NULL, '{');
    json_kernel(&json, floor_abi());
    json_reads(&json, plan);
    json_grants(&json, plan);
    json_protected(&json, protected);
    json_gaps(&json, plan);
    json_number(&json, "entries_walked", plan->entries_walked);
    json_carried(&json, loaded->policy, plan);
    json_close(&json, '}');
    puts(json.text.data);
    text_free(&json.text);
    protected_free(protected);
    floor_plan_free(plan);
}
