/* compile.c: a policy in memory becomes an image (layout.h). The same policy becomes the same bytes. */
#include <stdlib.h>
#include <string.h>

#include "address.h"
#include "builder.h"
#include "image.h"
#include "packed_tools.h"
#include "pattern.h"

static void complain(struct builder *builder, const struct place *place, const char *what, const char *why)
{
    builder->errors++;
    diagnostics_add(builder->diagnostics, SEVERITY_ERROR, *place, "%s: %s", what, why);
}

static uint32_t intern_string(struct builder *builder, const char *text)
{
    return text ? builder_intern(builder, text, strlen(text)) : 0;
}

/* ---- Terms ---- */

static struct term glob_term(struct builder *builder, const struct place *place, const char *text)
{
    const char *why = glob_error(text);
    if (!why) return builder_label(builder, text, strlen(text));
    complain(builder, place, text, why);
    return (struct term){0};
}

static struct term option_term(struct builder *builder, const struct place *place, const char *text)
{
    struct term term = glob_term(builder, place, text);
    const char *have = builder_string(builder, term.text), *equals = memchr(have, '=', term.length);
    if (term.length < 2 || !strchr("-+", have[0]) || equals == have) {
        complain(builder, place, text, "no option: an option begins with -");
        return (struct term){0};
    }
    term.flags |= TERM_OPTION;
    term.name_length = equals ? (uint32_t)(equals - have) : term.length;
    return term;
}

static struct term word_term(struct builder *builder, const struct place *place, const char *text)
{
    return text[0] == '-' && text[1] ? option_term(builder, place, text) : glob_term(builder, place, text);
}

static struct term pattern_term(struct builder *builder, const struct place *place,
                                const struct pattern *pattern)
{
    struct term term = {0};
    bool name = !strchr(pattern->text, '/');
    if (name) {
        term = glob_term(builder, place, pattern->text);
        term.flags |= TERM_NAME;
    } else {
        const char *why = pattern->sound ? NULL : path_pattern_error(pattern->text);
        if (why) complain(builder, place, pattern->text, why);
        term.length = (uint32_t)strlen(pattern->text);
        term.text = builder_intern(builder, pattern->text, term.length);
    }
    if (pattern->bare || name) term.flags |= TERM_BARE;
    return term;
}

typedef struct term make_term(struct builder *, const struct place *, const char *);

static struct range add_terms(struct builder *builder, const struct place *place,
                              const struct strings *strings, make_term *make)
{
    struct range range = {builder_count(builder, SECTION_TERMS), (uint32_t)strings->count};
    builder_add(builder, SECTION_TERMS, strings->count);
    for (size_t i = 0; i < strings->count; i++) {
        struct term term = make(builder, place, strings->items[i]);
        *(struct term *)builder_record(builder, SECTION_TERMS, range.first + (uint32_t)i) = term;
    }
    return range;
}

static struct range add_patterns(struct builder *builder, const struct place *place,
                                 const struct patterns *patterns)
{
    struct range range = {builder_count(builder, SECTION_TERMS), (uint32_t)patterns->count};
    for (size_t i = 0; i < patterns->count; i++) {
        struct term term = pattern_term(builder, place, &patterns->items[i]);
        memcpy(builder_add(builder, SECTION_TERMS, 1), &term, sizeof term);
    }
    return range;
}

/* ---- Rules ---- */

static struct range add_digests(struct builder *builder, const struct rule *rule)
{
    struct range range = {builder_count(builder, SECTION_DIGESTS), (uint32_t)rule->sha256_count};
    if (rule->sha256_count)
        memcpy(builder_add(builder, SECTION_DIGESTS, rule->sha256_count), rule->sha256,
               rule->sha256_count * 32);
    return range;
}

static bool demands_nothing(const struct rule *rule)
{
    if (rule->act != ACT_EXEC) return !rule->program.count;
    return !rule->words.count && !rule->options.count && !rule->without.count && !rule->shell.count &&
           !rule->sha256_count && !rule->cwd.count && !rule->parent.count && !rule->exact &&
           rule->stdin_kind == STDIN_UNKNOWN;
}

static bool trusts_a_name(const struct rule *rule, const struct patterns *programs)
{
    for (size_t i = 0; i < programs->count; i++)
        if (rule->verdict == VERDICT_ALLOW && programs->items[i].bare) return true;
    return false;
}

static uint32_t add_demand(struct builder *builder, const struct rule *rule)
{
    if (demands_nothing(rule)) return 0;
    struct demand demand = {.stdin_kind = rule->stdin_kind, .exact = rule->exact};
    const struct place *place = &rule->place;
    demand.words = add_terms(builder, place, &rule->words, word_term);
    demand.options = add_terms(builder, place, &rule->options, option_term);
    demand.without = add_terms(builder, place, &rule->without, option_term);
    demand.shell = add_terms(builder, place, &rule->shell, glob_term);
    demand.digests = add_digests(builder, rule);
    demand.cwd = add_patterns(builder, place, &rule->cwd);
    demand.parent = add_patterns(builder, place, &rule->parent);
    demand.program = add_patterns(builder, place, &rule->program);
    if (trusts_a_name(rule, &rule->parent)) builder->head.bare_parents = 1;
    if (trusts_a_name(rule, &rule->program)) builder->head.bare_programs = 1;
    uint32_t index = builder_count(builder, SECTION_DEMANDS);
    memcpy(builder_add(builder, SECTION_DEMANDS, 1), &demand, sizeof demand);
    return index;
}

/* What a person reads is long, and rarely the same but from one rule to the next. */
static uint32_t add_prose(struct builder *builder, const char *text, uint32_t before)
{
    if (!text || !*text) return 0;
    if (before && strcmp(builder_string(builder, before), text) == 0) return before;
    size_t size = strlen(text) + 1;
    uint32_t offset = builder_count(builder, SECTION_STRINGS);
    memcpy(builder_add(builder, SECTION_STRINGS, size), text, size);
    return offset;
}

static void add_rule(struct builder *builder, const struct rule *rule)
{
    uint32_t count = builder_count(builder, SECTION_RULES);
    struct rule_record before = {0};
    if (count) before = *(struct rule_record *)builder_record(builder, SECTION_RULES, count - 1);
    struct rule_record record = {.act = (uint8_t)rule->act,
                                 .verdict = (uint8_t)rule->verdict,
                                 .set = (uint8_t)rule->set,
                                 .layer = (uint8_t)rule->layer,
                                 .line = rule->place.line,
                                 .column = rule->place.column};
    record.demand = add_demand(builder, rule);
    record.file = add_prose(builder, rule->place.file, before.file);
    record.because = add_prose(builder, rule->because, before.because);
    record.text = add_prose(builder, rule->text, before.text);
    memcpy(builder_add(builder, SECTION_RULES, 1), &record, sizeof record);
}

/* Where the patterns of a rule lead to it. */
static void plant_rule(struct builder *builder, const struct rule *rule, uint32_t index)
{
    const struct set_record *set = &builder->head.sets[rule->set];
    if (rule->act == ACT_EXEC && !rule->patterns.count)
        memcpy(builder_take(builder, &builder->any, sizeof(uint32_t)), &(uint32_t){index * 2},
               sizeof(uint32_t));
    for (size_t i = 0; i < rule->patterns.count; i++) {
        const struct pattern *pattern = &rule->patterns.items[i];
        bool name = rule->act == ACT_EXEC && !strchr(pattern->text, '/');
        const char *why = pattern->sound ? NULL
                          : name         ? glob_error(pattern->text)
                                         : path_pattern_error(pattern->text);
        uint32_t entry = index * 2 + (pattern->bare || name);
        if (why)
            complain(builder, &rule->place, pattern->text, why);
        else if (name)
            plant_name(builder, set->names, pattern->text, entry);
        else
            plant_path(builder, set->paths[rule->act], pattern->text, entry);
    }
}

static void add_host(struct builder *builder, uint32_t rule, const struct place *place, const char *text)
{
    struct address_pattern pattern;
    const char *why;
    if (address_pattern_parse(text, &pattern, &why)) {
        complain(builder, place, text, why);
        return;
    }
    struct host host = {.rule = rule,
                        .kind = (uint8_t)pattern.kind,
                        .prefix = (uint8_t)pattern.prefix,
                        .socket = (uint8_t)pattern.socket,
                        .low = pattern.low,
                        .high = pattern.high,
                        .length = (uint32_t)strlen(pattern.text)};
    host.text = builder_intern(builder, pattern.text, host.length);
    memcpy(host.address, pattern.address, sizeof host.address);
    memcpy(builder_add(builder, SECTION_HOSTS, 1), &host, sizeof host);
}

static void add_set(struct builder *builder, enum rule_set set)
{
    const struct policy *policy = builder->policy;
    struct set_record *record = &builder->head.sets[set];
    for (unsigned act = 0; act < ACT_KINDS; act++)
        record->paths[act] = plant_root(builder, act == ACT_EXEC ? NODE_GROUP : 0);
    record->names = plant_root(builder, NODE_GROUP);
    record->hosts.first = builder_count(builder, SECTION_HOSTS);
    for (size_t i = 0; i < policy->rule_count; i++) {
        const struct rule *rule = &policy->rules[i];
        if (rule->set != set) continue;
        uint32_t index = builder_count(builder, SECTION_RULES);
        if (i && set < policy->rules[i - 1].set)
            complain(builder, &rule->place, rule->text, "rules are not sorted by their sets");
        if (rule->act != ACT_CONNECT) plant_rule(builder, rule, index);
        for (size_t k = 0; rule->act == ACT_CONNECT && k < rule->patterns.count; k++)
            add_host(builder, index, &rule->place, rule->patterns.items[k].text);
        add_rule(builder, rule);
    }
    record->any =
        builder_group(builder, (uint32_t *)(void *)builder->any.bytes, builder->any.size / sizeof(uint32_t));
    builder->any.size = 0;
    record->hosts.count = builder_count(builder, SECTION_HOSTS) - record->hosts.first;
    for (unsigned act = 0; act < ACT_KINDS; act++) {
        struct otherwise *otherwise = &record->otherwise[act];
        otherwise->said = policy->has_otherwise[set][act];
        otherwise->verdict = (uint8_t)policy->otherwise[set][act];
        if (set == SET_MAIN && !otherwise->said) otherwise->verdict = VERDICT_ASK;
        otherwise->line = policy->otherwise_place[set][act].line;
        otherwise->file = intern_string(builder, policy->otherwise_place[set][act].file);
    }
}

/* ---- Commands ---- */

/* Where the option is in the table, or belongs. */
static struct knob *knob_place(const struct builder *builder, struct range table, uint32_t text,
                               uint32_t hash)
{
    struct knob *knobs = builder_record(builder, SECTION_KNOBS, table.first);
    uint32_t mask = table.count - 1, at = hash & mask;
    while (knobs[at].bits && knobs[at].text != text)
        at = (at + 1) & mask;
    return &knobs[at];
}

static void set_knob(struct knob *knob, uint32_t text, uint32_t length, unsigned bits)
{
    knob->text = text;
    knob->length = (uint16_t)length;
    knob->bits = (uint16_t)(knob->bits | bits);
}

static void set_name(struct builder *builder, struct range table, const char *name, unsigned bits)
{
    uint32_t length = (uint32_t)strlen(name), hash = hash_bytes(name, length);
    uint32_t text = builder_intern_hashed(builder, name, length, hash);
    set_knob(knob_place(builder, table, text, hash), text, length, bits);
}

static struct knob *knob_of(const struct builder *builder, struct range table, struct term name)
{
    return knob_place(builder, table, name.text, hash_bytes(builder_string(builder, name.text), name.length));
}

/* An option and, where the tool takes -option for --option, its other spelling. */
static void set_spellings(struct builder *builder, struct range table, const struct command *command,
                          const char *text, unsigned bits)
{
    char longer[PATTERN_BYTES + 2];
    set_name(builder, table, text, bits);
    if (!command->single_dash || text[0] != '-') return;
    if (text[1] == '-') {
        set_name(builder, table, text + 1, bits);
    } else {
        longer[0] = '-';
        strcpy(longer + 1, text);
        set_name(builder, table, longer, bits);
    }
}

/* Both sides of a `same` are known when one is. */
static void set_same(struct builder *builder, struct range table, struct range same)
{
    for (uint32_t i = 0; i < same.count; i++) {
        const struct term *terms = builder_record(builder, SECTION_TERMS, same.first);
        unsigned bits = knob_of(builder, table, terms[i ^ 1])->bits;
        if (bits) set_knob(knob_of(builder, table, terms[i]), terms[i].text, terms[i].length, bits);
    }
}

static bool is_option_name(struct builder *builder, const struct command *command, const char *text)
{
    if (strchr("-+", text[0]) && text[0] && text[1] && strlen(text) <= PATTERN_BYTES && !strchr(text, '='))
        return true;
    complain(builder, &command->place, text, "no option: an option begins with - (or +) and holds no =");
    return false;
}

static struct range add_knobs(struct builder *builder, const struct command *command, struct range same)
{
    const struct strings *kinds[KNOB_KINDS] = {&command->flags, &command->values, &command->unsafe,
                                               &command->text, &command->module};
    size_t names = same.count;
    for (unsigned kind = 0; kind < KNOB_KINDS; kind++)
        names += kinds[kind]->count * (command->single_dash ? 2 : 1);
    struct range table = {builder_count(builder, SECTION_KNOBS), (uint32_t)builder_places(names * 2 / 3 + 1)};
    builder_add(builder, SECTION_KNOBS, table.count);
    for (unsigned kind = 0; kind < KNOB_KINDS; kind++) {
        for (size_t i = 0; i < kinds[kind]->count; i++) {
            const char *text = kinds[kind]->items[i];
            if (is_option_name(builder, command, text))
                set_spellings(builder, table, command, text, 1u << kind);
        }
    }
    set_same(builder, table, same);
    return table;
}

/* "-f=--force": two terms. */
static struct range add_same(struct builder *builder, const struct command *command)
{
    struct range range = {builder_count(builder, SECTION_TERMS), 0};
    for (size_t i = 0; i < command->same.count; i++) {
        const char *text = command->same.items[i], *equals = strchr(text, '=');
        if (!equals || text[0] != '-' || equals[1] != '-' || strchr(equals + 1, '=')) {
            complain(builder, &command->place, text, "two spellings of an option are written -f=--force");
            continue;
        }
        struct term pair[2] = {{.flags = TERM_OPTION}, {.flags = TERM_OPTION}};
        pair[0].length = pair[0].name_length = (uint32_t)(equals - text);
        pair[0].text = builder_intern(builder, text, pair[0].length);
        pair[1].length = pair[1].name_length = (uint32_t)strlen(equals + 1);
        pair[1].text = builder_intern(builder, equals + 1, pair[1].length);
        memcpy(builder_add(builder, SECTION_TERMS, 2), pair, sizeof pair);
        range.count += 2;
    }
    return range;
}

static void set_letters(const struct builder *builder, struct tool *tool)
{
    const struct knob *knobs = builder_record(builder, SECTION_KNOBS, tool->knobs.first);
    for (uint32_t i = 0; i < tool->knobs.count; i++) {
        const char *text = builder_string(builder, knobs[i].text);
        int bit = knobs[i].bits && knobs[i].length == 2 && text[0] == '-' ? letter_bit(text[1]) : -1;
        for (unsigned kind = 0; bit >= 0 && kind < KNOB_KINDS; kind++)
            tool->letters[kind] |= (uint64_t)(knobs[i].bits >> kind & 1) << bit;
    }
}

static void add_tool(struct builder *builder, const struct command *command)
{
    struct tool tool = {.kind = command->kind, .skip_words = (uint32_t)command->skip_words};
    if (command->subcommands) tool.flags |= TOOL_SUBCOMMANDS;
    if (command->single_dash) tool.flags |= TOOL_SINGLE_DASH;
    uint32_t index = builder_count(builder, SECTION_TOOLS);
    for (size_t i = 0; i < command->names.count; i++) {
        const char *why = glob_error(command->names.items[i]);
        if (why)
            complain(builder, &command->place, command->names.items[i], why);
        else
            plant_name(builder, builder->head.tool_names, command->names.items[i], index * 2);
    }
    tool.same = add_same(builder, command);
    tool.knobs = add_knobs(builder, command, tool.same);
    set_letters(builder, &tool);
    memcpy(builder_add(builder, SECTION_TOOLS, 1), &tool, sizeof tool);
}

/* ---- The whole ---- */

static void discard(struct builder *builder)
{
    for (unsigned i = 0; i < SECTIONS; i++)
        free(builder->sections[i].bytes);
    struct buffer *others[] = {&builder->interned, &builder->plants,  &builder->entries, &builder->children,
                               &builder->any,      &builder->scratch, &builder->blades,  &builder->sorted,
                               &builder->worded,   &builder->plain};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        free(others[i]->bytes);
    free(builder);
}

/* What the image knows of commands. It comes first, so that it is the same whatever the rules are. */
static void add_tools(struct builder *builder)
{
    builder_add(builder, SECTION_STRINGS, 1);
    builder_add(builder, SECTION_DEMANDS, 1);
    builder_add(builder, SECTION_FANS, 1);
    builder_add(builder, SECTION_GROUPS, 1);
    builder_add(builder, SECTION_LISTS, 1);
    builder->head.tool_names = plant_root(builder, NODE_TOOL);
    for (size_t i = 0; i < builder->policy->command_count; i++)
        add_tool(builder, &builder->policy->commands[i]);
}

static void take_tools(struct builder *builder, const struct packed_tools *packed)
{
    struct buffer *const to[PACKED_BUFFERS] = BUILDER_OF_TOOLS(builder);
    for (unsigned i = 0; i < PACKED_BUFFERS; i++)
        if (packed->sizes[i])
            memcpy(builder_take(builder, to[i], packed->sizes[i]), packed->bytes[i], packed->sizes[i]);
    builder->interned_count = packed->interned_count;
    builder->head.tool_names = packed->tool_names;
}

static void build(struct builder *builder)
{
    const struct packed_tools *packed = builder->policy->usual_commands ? packed_tools() : NULL;
    if (packed)
        take_tools(builder, packed);
    else
        add_tools(builder);
    for (unsigned set = 0; set < RULE_SETS; set++)
        add_set(builder, (enum rule_set)set);
    plant_harvest(builder);
}

void compile_tools(const struct policy *policy, struct diagnostics *diagnostics, builder_look *look,
                   void *context)
{
    struct builder *builder = calloc(1, sizeof *builder);
    if (!builder || setjmp(builder->out_of_memory)) abort();
    builder->policy = policy;
    builder->diagnostics = diagnostics;
    add_tools(builder);
    look(context, builder);
    discard(builder);
}

static struct image *assemble(struct builder *builder)
{
    size_t size = sizeof(struct image);
    for (unsigned i = 0; i < SECTIONS; i++) {
        builder->head.sections[i].offset = (uint32_t)size;
        builder->head.sections[i].count = builder_count(builder, (enum section)i);
        size += (builder->sections[i].size + 7) & ~(size_t)7;
        if (size > IMAGE_MAX) return NULL;
    }
    struct image *image = calloc(1, size);
    if (!image) longjmp(builder->out_of_memory, 1);
    builder->head.magic = IMAGE_MAGIC;
    builder->head.version = IMAGE_VERSION;
    builder->head.size = (uint32_t)size;
    *image = builder->head;
    for (unsigned i = 0; i < SECTIONS; i++) {
        if (!builder->sections[i].size) continue;
        memcpy((char *)image + image->sections[i].offset, builder->sections[i].bytes,
               builder->sections[i].size);
    }
    image->checksum = image_checksum(image);
    return image;
}

int policy_compile(const struct policy *policy, struct image **image, size_t *size,
                   struct diagnostics *diagnostics)
{
    static const struct place nowhere = {"policy", 0, 0};
    struct builder *builder = calloc(1, sizeof *builder);
    *image = NULL;
    if (!builder) {
        diagnostics_add(diagnostics, SEVERITY_ERROR, nowhere, "out of memory");
        return -1;
    }
    builder->policy = policy;
    builder->diagnostics = diagnostics;
    if (setjmp(builder->out_of_memory)) {
        complain(builder, &nowhere, "compiling", "out of memory");
    } else {
        build(builder);
        if (!builder->errors && !(*image = builder->too_large ? NULL : assemble(builder)))
            complain(builder, &nowhere, "compiling", "the policy is too large: write fewer rules");
    }
    discard(builder);
    if (!*image) return -1;
    *size = (*image)->size;
    return 0;
}
