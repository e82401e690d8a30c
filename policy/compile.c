/* compile.c: a policy in memory becomes an image (layout.h). The same policy becomes the same bytes.
 *
 * Memory that cannot be had ends the whole at once, by longjmp to policy_compile(): nothing of the outside is
 * touched before the end, and all that was taken is in the builder. */
#include <errno.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

#include "address.h"
#include "image.h"
#include "layout.h"
#include "pattern.h"
#include "policy.h"

struct buffer {
    char *bytes;
    size_t size;
    size_t room;
};

struct builder {
    jmp_buf out_of_memory;
    const struct policy *policy;
    struct diagnostics *diagnostics;
    struct buffer sections[SECTIONS];
    struct image head;
    struct buffer interned; /* uint32_t: a hash table of offsets into SECTION_STRINGS */
    size_t interned_count;
    size_t errors;
};

static const size_t record_sizes[SECTIONS] = {
    [SECTION_STRINGS] = 1,
    [SECTION_RULES] = sizeof(struct rule_record),
    [SECTION_DEMANDS] = sizeof(struct demand),
    [SECTION_TERMS] = sizeof(struct term),
    [SECTION_DIGESTS] = 32,
    [SECTION_HOSTS] = sizeof(struct host),
    [SECTION_TOOLS] = sizeof(struct tool),
    [SECTION_KNOBS] = sizeof(struct knob),
};

static void *take(struct builder *builder, struct buffer *buffer, size_t size)
{
    if (buffer->size + size > buffer->room) {
        size_t room = buffer->room * 2 + size + 256;
        char *bytes = realloc(buffer->bytes, room);
        if (!bytes) longjmp(builder->out_of_memory, 1);
        buffer->bytes = bytes;
        buffer->room = room;
    }
    void *taken = memset(buffer->bytes + buffer->size, 0, size);
    buffer->size += size;
    return taken;
}

static uint32_t record_count(const struct builder *builder, enum section section)
{
    return (uint32_t)(builder->sections[section].size / record_sizes[section]);
}

/* New records, all zero. They stay where they are until the next ones of the same section are taken. */
static void *add(struct builder *builder, enum section section, size_t count)
{
    return take(builder, &builder->sections[section], count * record_sizes[section]);
}

static void complain(struct builder *builder, const struct place *place, const char *what, const char *why)
{
    builder->errors++;
    diagnostics_add(builder->diagnostics, SEVERITY_ERROR, *place, "%s: %s", what, why);
}

/* ---- Strings ---- */

static void grow_interned(struct builder *builder)
{
    struct buffer grown = {0};
    size_t places = builder->interned.size ? builder->interned.size / 2 : 256;
    uint32_t *to = take(builder, &grown, places * sizeof *to);
    const uint32_t *from = (const uint32_t *)(void *)builder->interned.bytes;
    for (size_t i = 0; i < builder->interned.size / sizeof *from; i++) {
        const char *text = builder->sections[SECTION_STRINGS].bytes + from[i];
        if (!from[i]) continue;
        size_t at = hash_bytes(text, strlen(text)) & (places - 1);
        while (to[at])
            at = (at + 1) & (places - 1);
        to[at] = from[i];
    }
    free(builder->interned.bytes);
    builder->interned = grown;
}

/* Where the string lies in the image; equal ones lie there once. NULL is the empty string. */
static uint32_t intern(struct builder *builder, const char *text, size_t length)
{
    if (!text || !length) return 0;
    if ((builder->interned_count + 1) * 2 * sizeof(uint32_t) > builder->interned.size) grow_interned(builder);
    uint32_t *places = (uint32_t *)(void *)builder->interned.bytes;
    size_t mask = builder->interned.size / sizeof *places - 1, at = hash_bytes(text, length) & mask;
    for (; places[at]; at = (at + 1) & mask) {
        const char *have = builder->sections[SECTION_STRINGS].bytes + places[at];
        if (strlen(have) == length && !memcmp(have, text, length)) return places[at];
    }
    uint32_t offset = record_count(builder, SECTION_STRINGS);
    memcpy(add(builder, SECTION_STRINGS, length + 1), text, length);
    places[at] = offset;
    builder->interned_count++;
    return offset;
}

static uint32_t intern_string(struct builder *builder, const char *text)
{
    return text ? intern(builder, text, strlen(text)) : 0;
}

/* ---- Terms ---- */

static bool has_glob(const char *text)
{
    for (; *text; text++) {
        if (*text == '\\' && text[1])
            text++;
        else if (strchr("*?[", *text))
            return true;
    }
    return false;
}

/* Undoes the quoting of a literal. */
static size_t unquote(const char *text, char *to)
{
    size_t length = 0;
    for (; *text; text++) {
        if (*text == '\\' && text[1]) text++;
        to[length++] = *text;
    }
    return length;
}

static uint32_t intern_literal(struct builder *builder, const char *text, uint32_t *length)
{
    char plain[PATTERN_BYTES + 1];
    *length = (uint32_t)unquote(text, plain);
    return intern(builder, plain, *length);
}

static struct term glob_term(struct builder *builder, const struct place *place, const char *text)
{
    struct term term = {0};
    const char *why = glob_error(text);
    if (why) {
        complain(builder, place, text, why);
        return term;
    }
    if (has_glob(text)) {
        term.flags = TERM_GLOB;
        term.length = (uint32_t)strlen(text);
        term.text = intern(builder, text, term.length);
    } else {
        term.text = intern_literal(builder, text, &term.length);
    }
    return term;
}

static struct term option_term(struct builder *builder, const struct place *place, const char *text)
{
    struct term term = glob_term(builder, place, text);
    const char *have = builder->sections[SECTION_STRINGS].bytes + term.text;
    if (have[0] == '-' && have[1]) {
        const char *equals = memchr(have, '=', term.length);
        term.flags |= TERM_OPTION;
        term.name_length = equals ? (uint32_t)(equals - have) : term.length;
    }
    return term;
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
        const char *why = path_pattern_error(pattern->text);
        if (why) complain(builder, place, pattern->text, why);
        term.length = (uint32_t)strlen(pattern->text);
        term.text = intern(builder, pattern->text, term.length);
    }
    if (pattern->bare) term.flags |= TERM_BARE;
    return term;
}

typedef struct term make_term(struct builder *, const struct place *, const char *);

static struct range add_terms(struct builder *builder, const struct place *place,
                              const struct strings *strings, make_term *make)
{
    struct range range = {record_count(builder, SECTION_TERMS), (uint32_t)strings->count};
    add(builder, SECTION_TERMS, strings->count);
    for (size_t i = 0; i < strings->count; i++) {
        struct term term = make(builder, place, strings->items[i]);
        ((struct term *)(void *)builder->sections[SECTION_TERMS].bytes)[range.first + i] = term;
    }
    return range;
}

static struct range add_patterns(struct builder *builder, const struct place *place,
                                 const struct patterns *patterns)
{
    struct range range = {record_count(builder, SECTION_TERMS), (uint32_t)patterns->count};
    for (size_t i = 0; i < patterns->count; i++) {
        struct term term = pattern_term(builder, place, &patterns->items[i]);
        memcpy(add(builder, SECTION_TERMS, 1), &term, sizeof term);
    }
    return range;
}

/* ---- Rules ---- */

static void mark_leading(struct builder *builder, struct range words)
{
    struct term *term = (struct term *)(void *)builder->sections[SECTION_TERMS].bytes + words.first;
    for (uint32_t i = 0; i < words.count && (term[i].flags & TERM_OPTION); i++)
        term[i].flags |= TERM_LEADING;
}

static struct range add_digests(struct builder *builder, const struct rule *rule)
{
    struct range range = {record_count(builder, SECTION_DIGESTS), (uint32_t)rule->sha256_count};
    if (rule->sha256_count)
        memcpy(add(builder, SECTION_DIGESTS, rule->sha256_count), rule->sha256, rule->sha256_count * 32);
    return range;
}

static bool demands_nothing(const struct rule *rule)
{
    return !rule->words.count && !rule->options.count && !rule->without.count && !rule->shell.count &&
           !rule->sha256_count && !rule->cwd.count && !rule->parent.count &&
           rule->stdin_kind == STDIN_UNKNOWN;
}

static uint32_t add_demand(struct builder *builder, const struct rule *rule)
{
    if (rule->act != ACT_EXEC || demands_nothing(rule)) return 0;
    struct demand demand = {.stdin_kind = rule->stdin_kind};
    const struct place *place = &rule->place;
    demand.words = add_terms(builder, place, &rule->words, option_term);
    mark_leading(builder, demand.words);
    demand.options = add_terms(builder, place, &rule->options, option_term);
    demand.without = add_terms(builder, place, &rule->without, option_term);
    demand.shell = add_terms(builder, place, &rule->shell, glob_term);
    demand.digests = add_digests(builder, rule);
    demand.cwd = add_patterns(builder, place, &rule->cwd);
    demand.parent = add_patterns(builder, place, &rule->parent);
    for (size_t i = 0; i < rule->parent.count; i++)
        if (rule->verdict == VERDICT_ALLOW && rule->parent.items[i].bare) builder->head.bare_parents = 1;
    uint32_t index = record_count(builder, SECTION_DEMANDS);
    memcpy(add(builder, SECTION_DEMANDS, 1), &demand, sizeof demand);
    return index;
}

static void add_rule(struct builder *builder, const struct rule *rule)
{
    struct rule_record record = {.act = (uint8_t)rule->act,
                                 .verdict = (uint8_t)rule->verdict,
                                 .set = (uint8_t)rule->set,
                                 .layer = (uint8_t)rule->layer,
                                 .line = rule->place.line,
                                 .column = rule->place.column};
    record.demand = add_demand(builder, rule);
    record.file = intern_string(builder, rule->place.file);
    record.because = intern_string(builder, rule->because);
    record.text = intern_string(builder, rule->text);
    if (rule->act != ACT_CONNECT) record.patterns = add_patterns(builder, &rule->place, &rule->patterns);
    memcpy(add(builder, SECTION_RULES, 1), &record, sizeof record);
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
    host.text = intern(builder, pattern.text, host.length);
    memcpy(host.address, pattern.address, sizeof host.address);
    memcpy(add(builder, SECTION_HOSTS, 1), &host, sizeof host);
}

static void add_set(struct builder *builder, enum rule_set set)
{
    const struct policy *policy = builder->policy;
    struct set_record *record = &builder->head.sets[set];
    record->rules.first = record_count(builder, SECTION_RULES);
    record->hosts.first = record_count(builder, SECTION_HOSTS);
    for (size_t i = 0; i < policy->rule_count; i++) {
        const struct rule *rule = &policy->rules[i];
        if (rule->set != set) continue;
        uint32_t index = record_count(builder, SECTION_RULES);
        if (index != i) complain(builder, &rule->place, rule->text, "rules are not sorted by their sets");
        for (size_t k = 0; rule->act == ACT_CONNECT && k < rule->patterns.count; k++)
            add_host(builder, index, &rule->place, rule->patterns.items[k].text);
        add_rule(builder, rule);
    }
    record->rules.count = record_count(builder, SECTION_RULES) - record->rules.first;
    record->hosts.count = record_count(builder, SECTION_HOSTS) - record->hosts.first;
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

static void set_knob(struct builder *builder, struct range table, struct term name, unsigned bits)
{
    struct knob *knobs = (struct knob *)(void *)builder->sections[SECTION_KNOBS].bytes + table.first;
    const char *text = builder->sections[SECTION_STRINGS].bytes + name.text;
    uint32_t hash = hash_bytes(text, name.length), mask = table.count - 1, at = hash & mask;
    while (knobs[at].bits && knobs[at].text != name.text)
        at = (at + 1) & mask;
    knobs[at].hash = hash;
    knobs[at].text = name.text;
    knobs[at].length = name.length;
    knobs[at].bits |= bits;
}

static unsigned get_knob(const struct builder *builder, struct range table, uint32_t text)
{
    const struct knob *knobs =
        (const struct knob *)(void *)builder->sections[SECTION_KNOBS].bytes + table.first;
    for (uint32_t i = 0; i < table.count; i++)
        if (knobs[i].bits && knobs[i].text == text) return knobs[i].bits;
    return 0;
}

static void set_name(struct builder *builder, struct range table, const char *text, unsigned bits)
{
    struct term name = {.length = (uint32_t)strlen(text)};
    name.text = intern(builder, text, name.length);
    set_knob(builder, table, name, bits);
}

/* An option and, where the tool takes -option for --option, its other spelling. */
static void set_spellings(struct builder *builder, struct range table, const struct command *command,
                          const char *text, unsigned bits)
{
    char longer[PATTERN_BYTES + 2] = "-";
    set_name(builder, table, text, bits);
    if (!command->single_dash || text[0] != '-') return;
    if (text[1] == '-') {
        set_name(builder, table, text + 1, bits);
    } else {
        strcpy(longer + 1, text);
        set_name(builder, table, longer, bits);
    }
}

/* Both sides of a `same` are known when one is. */
static void set_same(struct builder *builder, struct range table, struct range same)
{
    for (uint32_t i = 0; i < same.count; i++) {
        const struct term *terms =
            (const struct term *)(void *)builder->sections[SECTION_TERMS].bytes + same.first;
        unsigned bits = get_knob(builder, table, terms[i ^ 1].text);
        if (bits) set_knob(builder, table, terms[i], bits);
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
    size_t names = same.count, places = 4;
    for (unsigned kind = 0; kind < KNOB_KINDS; kind++)
        names += kinds[kind]->count * 2;
    while (places < names * 2)
        places *= 2;
    struct range table = {record_count(builder, SECTION_KNOBS), (uint32_t)places};
    add(builder, SECTION_KNOBS, places);
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
    struct range range = {record_count(builder, SECTION_TERMS), 0};
    for (size_t i = 0; i < command->same.count; i++) {
        const char *text = command->same.items[i], *equals = strchr(text, '=');
        if (!equals || text[0] != '-' || equals[1] != '-' || strchr(equals + 1, '=')) {
            complain(builder, &command->place, text, "two spellings of an option are written -f=--force");
            continue;
        }
        struct term pair[2] = {{.flags = TERM_OPTION}, {.flags = TERM_OPTION}};
        pair[0].length = pair[0].name_length = (uint32_t)(equals - text);
        pair[0].text = intern(builder, text, pair[0].length);
        pair[1].length = pair[1].name_length = (uint32_t)strlen(equals + 1);
        pair[1].text = intern(builder, equals + 1, pair[1].length);
        memcpy(add(builder, SECTION_TERMS, 2), pair, sizeof pair);
        range.count += 2;
    }
    return range;
}

static void set_letters(const struct builder *builder, struct tool *tool)
{
    const struct knob *knobs =
        (const struct knob *)(void *)builder->sections[SECTION_KNOBS].bytes + tool->knobs.first;
    for (uint32_t i = 0; i < tool->knobs.count; i++) {
        const char *text = builder->sections[SECTION_STRINGS].bytes + knobs[i].text;
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
    tool.names = add_terms(builder, &command->place, &command->names, glob_term);
    tool.same = add_same(builder, command);
    tool.knobs = add_knobs(builder, command, tool.same);
    set_letters(builder, &tool);
    memcpy(add(builder, SECTION_TOOLS, 1), &tool, sizeof tool);
}

/* ---- The whole ---- */

static void build(struct builder *builder)
{
    add(builder, SECTION_STRINGS, 1);
    add(builder, SECTION_DEMANDS, 1);
    for (unsigned set = 0; set < RULE_SETS; set++)
        add_set(builder, (enum rule_set)set);
    for (size_t i = 0; i < builder->policy->command_count; i++)
        add_tool(builder, &builder->policy->commands[i]);
}

static struct image *assemble(struct builder *builder)
{
    size_t size = sizeof(struct image);
    for (unsigned i = 0; i < SECTIONS; i++) {
        builder->head.sections[i].offset = (uint32_t)size;
        builder->head.sections[i].count = record_count(builder, (enum section)i);
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

static void discard(struct builder *builder)
{
    for (unsigned i = 0; i < SECTIONS; i++)
        free(builder->sections[i].bytes);
    free(builder->interned.bytes);
    free(builder);
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
        if (!builder->errors && !(*image = assemble(builder)))
            complain(builder, &nowhere, "compiling", "the policy is too large: write fewer rules");
    }
    discard(builder);
    if (!*image) return -1;
    *size = (*image)->size;
    return 0;
}
