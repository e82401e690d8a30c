/* decide.c: the verdict on an act (decide.h). First rule that fits decides, set by set; then the sets are
 * combined. It reads an image that was checked, the act, and nothing else. */
#include "address.h"
#include "glob.h"
#include "index.h"
#include "layout.h"
#include "runs.h"
#include "words.h"

/* An act, and one set of rules after the other being searched for it. */
struct search {
    const struct image *image;
    const struct act *act;   /* NULL where only a path is asked about */
    const struct line *line; /* EXEC */
    enum act_kind kind;
    const char *path;
    size_t length;
    bool writable; /* the guarded code may write the program: what is executed, or what acts on a file (then
                             known only where image->bare_programs) */
    bool parent_writable; /* EXEC: or its parent; known only where image->bare_parents */
    bool by_name;         /* EXEC: going by the name it was called by, which no allow does */
    bool by_any;          /* a file: whether there is a program that may */
    bool without_project;
    uint32_t best;                /* the first rule that fits, so far */
    uint32_t limit;               /* rules from here on need not be looked at */
    uint32_t need_at[NEED_KINDS]; /* the first rule that met each need */
    struct trace *trace;
};

static const struct rule_record *rule_at(const struct search *search, uint32_t rule)
{
    return &image_rules(search->image)[rule];
}

static void note(struct search *search, uint32_t rule, enum fit fit)
{
    struct trace *trace = search->trace;
    size_t kept = trace->count < trace->capacity ? trace->count : trace->capacity;
    for (size_t i = 0; i < kept; i++) {
        if (trace->steps[i].rule != rule) continue;
        if (fit == FIT_YES) trace->steps[i].fit = fit;
        return;
    }
    if (trace->count < trace->capacity) {
        trace->steps[trace->count].rule = rule;
        trace->steps[trace->count].fit = fit;
    }
    trace->count++;
}

static void settle(struct search *search, uint32_t rule, enum fit fit)
{
    if (fit == FIT_YES && rule < search->best) search->best = rule;
    if (search->trace)
        note(search, rule, fit);
    else
        search->limit = search->best;
}

/* ---- Commands ---- */

static bool name_matches(const struct image *image, const struct term *term, const char *name, size_t length)
{
    const char *want = image_string(image, term->text);
    if (term->flags & TERM_GLOB) return glob_match(want, term->length, name, length);
    return length == term->length && bytes_equal(want, name, length);
}

static bool program_matches(const struct image *image, const struct term *term, const char *path,
                            size_t length)
{
    if (!(term->flags & TERM_NAME))
        return path_match(image_string(image, term->text), term->length, path, length);
    size_t size;
    const char *name = last_part(path, length, &size);
    return name_matches(image, term, name, size);
}

/* FIT_YES, FIT_WRITABLE or `other`. An allow by a bare name holds only for a program that the guarded code
 * may not write. */
static enum fit one_of_programs(const struct search *search, struct range programs, const char *program,
                                bool writable, enum verdict verdict, enum fit other)
{
    const struct term *terms = image_terms(search->image) + programs.first;
    size_t length = string_length(program);
    enum fit fit = other;
    for (uint32_t i = 0; i < programs.count; i++) {
        if (!program_matches(search->image, &terms[i], program, length)) continue;
        if (verdict != VERDICT_ALLOW || !(terms[i].flags & TERM_BARE) || !writable) return FIT_YES;
        fit = FIT_WRITABLE;
    }
    return fit;
}

static enum fit cwd_fits(const struct search *search, struct range patterns)
{
    const struct term *terms = image_terms(search->image) + patterns.first;
    size_t length = string_length(search->act->cwd);
    for (uint32_t i = 0; i < patterns.count; i++) {
        const char *pattern = image_string(search->image, terms[i].text);
        if (path_match(pattern, terms[i].length, search->act->cwd, length)) return FIT_YES;
    }
    return FIT_CWD;
}

static enum fit digest_fits(const struct search *search, struct range digests)
{
    const char *all = image_section(search->image, SECTION_DIGESTS);
    for (uint32_t i = 0; i < digests.count; i++) {
        if (bytes_equal(all + (digests.first + i) * (size_t)32, (const char *)search->act->sha256, 32))
            return FIT_YES;
    }
    return FIT_SHA256;
}

/* What a rule asks of the world around a command. What is not known goes into `needs`. */
static enum fit surroundings_fit(const struct search *search, const struct demand *demand,
                                 enum verdict verdict, unsigned *needs)
{
    const struct act *act = search->act;
    enum fit fit = FIT_YES;
    bool unknown = false;
    if (demand->stdin_kind != STDIN_UNKNOWN) {
        bool fits = line_stdin(search->line, (enum stdin_kind)demand->stdin_kind, act, &unknown);
        if (!fits && !unknown) return FIT_STDIN;
        if (unknown) *needs |= NEED_STDIN;
    }
    if (demand->digests.count) {
        if (!act->sha256)
            *needs |= NEED_SHA256;
        else
            fit = digest_fits(search, demand->digests);
    }
    if (demand->cwd.count && fit == FIT_YES) {
        if (!act->cwd)
            *needs |= NEED_CWD;
        else
            fit = cwd_fits(search, demand->cwd);
    }
    if (demand->parent.count && fit == FIT_YES) {
        if (!act->parent)
            *needs |= NEED_PARENT;
        else
            fit = one_of_programs(search, demand->parent, act->parent, search->parent_writable, verdict,
                                  FIT_PARENT);
    }
    return fit;
}

static enum fit fit_of_need(unsigned needs)
{
    if (needs & NEED_STDIN) return FIT_STDIN;
    if (needs & NEED_SHA256) return FIT_SHA256;
    if (needs & NEED_PROGRAM) return FIT_PROGRAM;
    return needs & NEED_CWD ? FIT_CWD : FIT_PARENT;
}

/* What is not known lets an ask or a deny fit, and no allow. */
static enum fit fit_with_needs(struct search *search, uint32_t rule, enum verdict verdict, unsigned needs)
{
    for (unsigned i = 0; i < NEED_KINDS; i++)
        if ((needs >> i & 1) && rule < search->need_at[i]) search->need_at[i] = rule;
    return verdict == VERDICT_ALLOW ? fit_of_need(needs) : FIT_YES;
}

/* A rule whose program fits. `bare`: by a pattern that demands that the program is out of the guarded code's
 * reach. */
static void judge(struct search *search, uint32_t rule, bool bare)
{
    const struct rule_record *record = rule_at(search, rule);
    enum verdict verdict = (enum verdict)record->verdict;
    enum fit fit = FIT_YES;
    unsigned needs = 0;
    if (record->demand) {
        const struct demand *demand = &image_demands(search->image)[record->demand];
        fit = line_fits(search->line, demand, verdict);
        if (fit == FIT_YES) fit = surroundings_fit(search, demand, verdict, &needs);
    }
    if (fit == FIT_YES && verdict == VERDICT_ALLOW && bare && search->writable) fit = FIT_WRITABLE;
    if (fit == FIT_YES && needs) fit = fit_with_needs(search, rule, verdict, needs);
    settle(search, rule, fit);
}

/* ---- Connections ---- */

static bool mapped_ipv4(const unsigned char *address)
{
    for (unsigned i = 0; i < 10; i++)
        if (address[i]) return false;
    return address[10] == 0xff && address[11] == 0xff;
}

static bool bits_equal(const unsigned char *a, const unsigned char *b, unsigned bits)
{
    for (unsigned i = 0; i < bits / 8; i++)
        if (a[i] != b[i]) return false;
    return bits % 8 == 0 || ((a[bits / 8] ^ b[bits / 8]) >> (8 - bits % 8)) == 0;
}

/* `0.0.0.0` and `::` as addresses to connect to are this host. */
static void one_form(const unsigned char *from, unsigned char *to)
{
    bool ipv4 = mapped_ipv4(from), zero = true;
    for (unsigned i = 0; i < 16; i++) {
        to[i] = from[i];
        if (from[i] && (!ipv4 || i >= 12)) zero = false;
    }
    if (!zero) return;
    if (ipv4) to[12] = 127;
    to[15] = 1;
}

static bool in_range(const struct host *host, const unsigned char *address)
{
    bool ipv4 = host->prefix >= 96 && mapped_ipv4(host->address);
    return ipv4 == mapped_ipv4(address) && bits_equal(host->address, address, host->prefix);
}

static bool is_loopback(const unsigned char *address)
{
    if (mapped_ipv4(address)) return address[12] == 127;
    for (unsigned i = 0; i < 15; i++)
        if (address[i]) return false;
    return address[15] == 1;
}

static char lower(char c)
{
    return (char)(c >= 'A' && c <= 'Z' ? c | 0x20 : c);
}

/* Host names are compared without case and without a dot at the end. */
static bool host_name_is(const char *want, size_t length, const char *name, bool below)
{
    size_t size = string_length(name);
    if (size > 1 && name[size - 1] == '.') size--;
    if (below) {
        if (size < length + 2 || name[size - length - 1] != '.') return false;
        name += size - length;
    } else if (size != length) {
        return false;
    }
    for (size_t i = 0; i < length; i++)
        if (lower(name[i]) != want[i]) return false;
    return true;
}

static bool host_fits(const struct search *search, const struct host *host, const unsigned char *address)
{
    const struct act *act = search->act;
    const char *text = image_string(search->image, host->text);
    bool inet = act->has_address || (act->socket == SOCKET_STREAM && act->name_count);
    switch ((enum address_kind)host->kind) {
    case ADDRESS_ANY: return inet;
    case ADDRESS_RANGE: return act->has_address && in_range(host, address);
    case ADDRESS_SOCKET: return act->socket != SOCKET_STREAM && act->socket == (enum socket_kind)host->socket;
    case ADDRESS_UNIX:
        return act->unix_path && !act->unix_abstract &&
               path_match(text, host->length, act->unix_path, act->unix_length);
    case ADDRESS_ABSTRACT:
        return act->unix_path && act->unix_abstract &&
               glob_match(text, host->length, act->unix_path, act->unix_length);
    case ADDRESS_LOCAL:
        if (act->has_address && is_loopback(address)) return true;
        break;
    case ADDRESS_NAME:
    case ADDRESS_BELOW: break;
    }
    for (size_t i = 0; inet && i < act->name_count; i++)
        if (host_name_is(text, host->length, act->names[i], host->kind == ADDRESS_BELOW)) return true;
    return false;
}

/* A port that is not known lets an allow of certain ports not fit, and anything else fit. */
static enum fit port_fits(const struct search *search, const struct host *host)
{
    bool any = host->low == 0 && host->high == UINT16_MAX;
    if (any) return FIT_YES;
    if (!search->act->has_address && !search->act->has_port)
        return rule_at(search, host->rule)->verdict == VERDICT_ALLOW ? FIT_PORT : FIT_YES;
    return search->act->port >= host->low && search->act->port <= host->high ? FIT_YES : FIT_PORT;
}

static void search_hosts(struct search *search, struct range hosts)
{
    const struct host *host = image_hosts(search->image) + hosts.first, *end = host + hosts.count;
    unsigned char address[16] = {0};
    if (search->act->has_address) one_form(search->act->address, address);
    for (; host < end && host->rule < search->limit; host++)
        if (host_fits(search, host, address)) settle(search, host->rule, port_fits(search, host));
}

/* ---- Files ---- */

/* A rule whose path fits. */
static void judge_path(struct search *search, uint32_t rule)
{
    const struct rule_record *record = rule_at(search, rule);
    enum verdict verdict = (enum verdict)record->verdict;
    const struct demand *demand = &image_demands(search->image)[record->demand];
    enum fit fit = FIT_YES;
    if (demand->program.count) {
        const char *program = search->act ? search->act->program : NULL;
        if (search->by_any)
            fit = verdict == VERDICT_ALLOW ? FIT_YES : FIT_PROGRAM;
        else if (!program)
            fit = fit_with_needs(search, rule, verdict, NEED_PROGRAM);
        else
            fit = one_of_programs(search, demand->program, program, search->writable, verdict, FIT_PROGRAM);
    }
    settle(search, rule, fit);
}

/* Rules of a path end here. */
static void arrive_path(void *context, const struct node *node)
{
    struct search *search = context;
    const uint32_t *entries = image_list(search->image, node->list);
    for (uint32_t i = 1; i <= entries[0] && entry_rule(entries[i]) < search->limit; i++)
        judge_path(search, entry_rule(entries[i]));
}

static void search_paths(struct search *search, const struct set_record *set)
{
    struct index_search by = {search->image, &search->limit, arrive_path, search};
    index_path(&by, set->paths[search->kind], search->path, search->length);
}

static void judge_list(struct search *search, uint32_t list)
{
    const uint32_t *entries = image_list(search->image, list);
    for (uint32_t i = 1; i <= entries[0] && entry_rule(entries[i]) < search->limit; i++) {
        const struct rule_record *rule = rule_at(search, entry_rule(entries[i]));
        if (search->by_name && rule->verdict == VERDICT_ALLOW) continue;
        judge(search, entry_rule(entries[i]), entry_bare(entries[i]));
    }
}

#define WORD_BITS 512

/* Words that were looked up: a line may repeat one as often as it likes. */
struct words_seen {
    uint64_t bits[WORD_BITS / 64];
};

/* The rules that begin with a word, if they were not met before. */
static void judge_word(struct search *search, const struct group *group, const char *word,
                       struct words_seen *seen)
{
    uint32_t hash = HASH_START, length = 0, place = 0;
    for (; length <= group->longest && word[length]; length++)
        hash = hash_byte(hash, word[length]);
    if (length > group->longest) return;
    uint32_t list = index_slot(search->image, group->words, hash_end(hash), &place);
    uint32_t mark = place & (group->words.count - 1);
    if (!list || (mark < WORD_BITS && (seen->bits[mark / 64] >> mark % 64 & 1))) return;
    if (mark < WORD_BITS) seen->bits[mark / 64] |= UINT64_C(1) << mark % 64;
    judge_list(search, list);
}

/* What a rule begins with that wants the whole command is the first argument, even where that is no word to
 * the command: `sh - FILE`. */
static void judge_words(struct search *search, const struct group *group)
{
    struct words_seen seen = {{0}};
    struct line_words words = {0};
    const char *first = search->line->argc > 1 ? search->line->argv[1] : NULL;
    const char *word = line_next_word(search->line, &words);
    if (first && first != word) judge_word(search, group, first, &seen);
    for (; word; word = line_next_word(search->line, &words))
        judge_word(search, group, word, &seen);
}

static void judge_group(struct search *search, uint32_t index)
{
    const struct group *group = &image_groups(search->image)[index];
    if (search->trace) {
        judge_list(search, group->all);
        return;
    }
    judge_list(search, group->plain);
    if (group->words.count) judge_words(search, group);
}

/* Programs end here. */
static void arrive_program(void *context, const struct node *node)
{
    judge_group(context, node->list);
}

/* What the program is told that it is called: some do another thing under each of their names. */
static const char *name_given(const struct act *act, size_t *length)
{
    const char *zero = act->argv && act->argc ? act->argv[0] : "";
    if (*zero == '-') zero++; /* a login shell */
    return last_part(zero, string_length(zero), length);
}

static void search_programs(struct search *search, const struct set_record *set)
{
    const char *name = search->act->name;
    struct index_search by = {search->image, &search->limit, arrive_program, search};
    size_t length;
    const char *last = last_part(search->path, search->length, &length);
    search->by_name = false;
    judge_group(search, set->any);
    index_name(&by, set->names, last, length);
    index_path(&by, set->paths[ACT_EXEC], search->path, search->length);
    search->by_name = true;
    size_t name_length = name ? string_length(name) : 0;
    bool other_name = name && !(name_length == length && bytes_equal(name, last, length));
    if (other_name) index_name(&by, set->names, name, name_length);
    size_t zero_length;
    const char *zero = name_given(search->act, &zero_length);
    if (!zero_length || (zero_length == length && bytes_equal(zero, last, length))) return;
    if (!other_name || zero_length != name_length || !bytes_equal(zero, name, name_length))
        index_name(&by, set->names, zero, zero_length);
}

struct opinion {
    bool said;
    enum verdict verdict;
    uint32_t rule;
    unsigned needs;
};

/* In a trace, the rules of this set that fit but come later than the one that decides. */
static void mark_later(const struct search *search, size_t begin)
{
    const struct trace *trace = search->trace;
    for (size_t i = begin; i < trace->count && i < trace->capacity; i++)
        if (trace->steps[i].fit == FIT_YES && trace->steps[i].rule != search->best)
            trace->steps[i].fit = FIT_LATER;
}

/* Those that were met before the rule that decides. An ask or a deny for certain programs fits where the
 * program is not known: so where it comes to an allow, or to no opinion, only allows were passed over, and it
 * comes to that whoever acts. */
static unsigned needs_met(const struct search *search, enum rule_set set, const struct opinion *opinion)
{
    unsigned needs = 0;
    for (unsigned i = 0; i < NEED_KINDS; i++)
        if (search->need_at[i] != RULE_NONE && search->need_at[i] <= search->best) needs |= 1u << i;
    bool looks_for_allow = set == SET_APPROVALS && !opinion->said;
    bool all_the_same = !looks_for_allow && (!opinion->said || opinion->verdict == VERDICT_ALLOW);
    return all_the_same ? needs & ~(unsigned)NEED_PROGRAM : needs;
}

static struct opinion ask_set(struct search *search, enum rule_set set)
{
    const struct set_record *record = &search->image->sets[set];
    const struct otherwise *otherwise = &record->otherwise[search->kind];
    size_t begin = search->trace ? search->trace->count : 0;
    search->best = search->limit = RULE_NONE;
    for (unsigned i = 0; i < NEED_KINDS; i++)
        search->need_at[i] = RULE_NONE;

    if (search->kind == ACT_CONNECT)
        search_hosts(search, record->hosts);
    else if (search->kind == ACT_EXEC)
        search_programs(search, record);
    else
        search_paths(search, record);

    struct opinion opinion = {otherwise->said || set == SET_MAIN, (enum verdict)otherwise->verdict,
                              search->best, 0};
    if (search->best != RULE_NONE) {
        opinion.said = true;
        opinion.verdict = (enum verdict)rule_at(search, search->best)->verdict;
    }
    opinion.needs = needs_met(search, set, &opinion);
    if (search->trace) mark_later(search, begin);
    return opinion;
}

/* PROJECT can only tighten what MAIN says; APPROVALS are looked up only where an ask is left, and not for the
 * core's; nor for an ask that, if it were known who acts, might be a deny. */
static void combine(struct search *search, struct decision *decision)
{
    struct opinion main = ask_set(search, SET_MAIN), project = {0};
    if (!search->without_project) project = ask_set(search, SET_PROJECT);
    const struct opinion *chosen = project.said && project.verdict > main.verdict ? &project : &main;
    *decision = (struct decision){chosen->verdict, chosen->rule, main.needs | project.needs};
    if (chosen->verdict != VERDICT_ASK || decision->needs & NEED_PROGRAM) return;
    if (chosen->rule != RULE_NONE && rule_at(search, chosen->rule)->layer == LAYER_CORE) return;

    struct opinion approval = ask_set(search, SET_APPROVALS);
    decision->needs |= approval.needs;
    if (approval.rule == RULE_NONE || approval.verdict != VERDICT_ALLOW) return;
    decision->verdict = VERDICT_ALLOW;
    decision->rule = approval.rule;
}

/* Kept apart, so that what deciding on a command needs of the stack is not taken for a path. */
#define APART __attribute__((noinline))

/* Whether some program may, without asking. A project that forbids writing a program must not thereby make it
 * one that an allow by name trusts. */
static APART bool may_write(const struct image *image, const char *path, size_t length)
{
    struct search search = {.image = image,
                            .kind = ACT_WRITE,
                            .path = path,
                            .length = length,
                            .by_any = true,
                            .without_project = true};
    struct decision decision;
    combine(&search, &decision);
    return decision.verdict == VERDICT_ALLOW;
}

static APART void decide_command(const struct image *image, const struct act *act, struct decision *decision,
                                 struct trace *trace)
{
    struct line line;
    struct search search = {.image = image,
                            .act = act,
                            .line = &line,
                            .kind = ACT_EXEC,
                            .path = act->path,
                            .length = act->path_length,
                            .trace = trace};
    line_read(&line, image, act);
    search.writable = may_write(image, act->path, act->path_length);
    if (image->bare_parents && act->parent)
        search.parent_writable = may_write(image, act->parent, string_length(act->parent));
    combine(&search, decision);
}

static APART void decide_other(const struct image *image, const struct act *act, struct decision *decision,
                               struct trace *trace)
{
    struct search search = {.image = image,
                            .act = act,
                            .kind = act->kind,
                            .path = act->path,
                            .length = act->path_length,
                            .by_any = act->by_any,
                            .trace = trace};
    if (image->bare_programs && act->program)
        search.writable = may_write(image, act->program, string_length(act->program));
    combine(&search, decision);
}

void policy_decide(const struct image *image, const struct act *act, struct decision *decision,
                   struct trace *trace)
{
    bool path = act->path && act->path_length && *act->path == '/' && act->path_length <= PATH_BYTES;
    *decision = (struct decision){VERDICT_DENY, RULE_NONE, 0};
    if (act->kind != ACT_CONNECT && !path) return;
    if (act->kind == ACT_EXEC)
        decide_command(image, act, decision, trace);
    else
        decide_other(image, act, decision, trace);
}

bool policy_makes(const struct image *image, enum socket_kind kind)
{
    const struct act act = {.kind = ACT_CONNECT, .socket = kind};
    struct decision decision;
    policy_decide(image, &act, &decision, NULL);
    return decision.verdict == VERDICT_ALLOW || decision.rule == RULE_NONE;
}
