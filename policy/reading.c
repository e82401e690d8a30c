/* reading.c: takes a built-in policy as it was read when askfirst was built (packed.h): built-in names are
 * filled in, and links followed. pack_reading.c wrote it, in the same order. The bytes are our own: nothing
 * in them is doubted.
 */
#include <string.h>

#include "load.h"
#include "pattern.h"

/* What a built-in name stands for here. */
struct value {
    const char *plain; /* NULL: nothing */
    const char *quoted;
};

struct taking {
    struct reader *reader;
    const unsigned char *at;
    struct value values[BUILTIN_NAMES];
    struct patterns *met; /* what the patterns of the file came to, in the order in which they first stood */
    size_t met_count;
};

static uint32_t take_number(struct taking *from)
{
    uint32_t number = 0;
    for (unsigned shift = 0;; shift += 7) {
        number |= (uint32_t)(*from->at & 0x7f) << shift;
        if (!(*from->at++ & 0x80)) return number;
    }
}

static struct place take_place(struct taking *from)
{
    struct place place = {.file = from->reader->file->name};
    place.line = take_number(from);
    place.column = take_number(from);
    return place;
}

/* ---- Texts ---- */

static const struct value *value_of(const struct taking *from, char letter)
{
    return &from->values[letter - PACKED_LETTER];
}

/* NULL: a name in it stands for nothing here. The root before a slash is that slash. */
static char *fill_in(const struct taking *from, const char *text, size_t length, enum expand_for use)
{
    size_t size = length + 1;
    for (const char *mark = strchr(text, PACKED_MARK); mark; mark = strchr(mark + 1, PACKED_MARK)) {
        const struct value *value = value_of(from, mark[1]);
        if (!value->plain) return NULL;
        size += strlen(value->quoted);
    }
    char *filled = arena_take(from->reader->arena, size, 1), *to = filled;
    for (const char *mark; (mark = strchr(text, PACKED_MARK)); text = mark + 2) {
        bool path = mark > text && mark[-1] == '/';
        const struct value *value = value_of(from, mark[1]);
        const char *with = use == EXPAND_PATTERN ? value->quoted : value->plain;
        to = mempcpy(to, text, (size_t)(mark - text) - path);
        if (strcmp(with, "/") != 0 || mark[2] != '/') to = stpcpy(to, with);
    }
    strcpy(to, text);
    return filled;
}

/* A text, which lies in the packed form unless a name is filled in. `*filled` (or NULL): whether one was. */
static char *take_text(struct taking *from, enum expand_for use, bool *filled)
{
    uint32_t head = take_number(from);
    bool marked = head & 1;
    if (filled) *filled = marked;
    if (!head) return NULL;
    size_t length = head / 2 - 1;
    char *text = (char *)from->at;
    from->at += length + 1;
    return marked ? fill_in(from, text, length, use) : text;
}

static void take_texts(struct taking *from, enum expand_for use, struct strings *into)
{
    size_t count = take_number(from);
    if (!count) return;
    into->items = arena_take(from->reader->arena, count, sizeof *into->items);
    for (size_t i = 0; i < count; i++) {
        char *text = take_text(from, use, NULL);
        if (text) into->items[into->count++] = text;
    }
}

/* ---- Patterns ---- */

static void add_address_pattern(struct reader *reader, char *text, struct patterns *into)
{
    struct patterns paths = {0};
    if (strncmp(text, "unix:/", 6) != 0) {
        add_pattern(reader->arena, into, text, false);
        return;
    }
    add_path_pattern(reader, text + 5, &paths);
    for (size_t i = 0; i < paths.count; i++)
        add_pattern(reader->arena, into, arena_join(reader->arena, "unix:", paths.items[i].text), false);
}

/* What was filled in may be longer than a pattern can be, or have more names. */
static const char *wrong_with(const char *text, enum packed_subject subject)
{
    if (strlen(text) <= 2 * PATTERN_NAMES) return NULL;
    if (subject == PACKED_ADDRESSES) text += strncmp(text, "unix:", 5) == 0 ? 5 : 0;
    return strchr(text, '/') ? path_pattern_error(text) : NULL;
}

/* What the next pattern comes to; nothing, where a name in it stands for nothing. */
static struct patterns find_out(struct taking *from, enum packed_subject subject, const struct rule *rule)
{
    static void (*const adders[])(struct reader *, char *,
                                  struct patterns *) = {[PACKED_PATHS] = add_path_pattern,
                                                        [PACKED_PROGRAMS] = add_program_pattern,
                                                        [PACKED_ADDRESSES] = add_address_pattern};
    struct patterns found = {0};
    bool filled;
    char *text = take_text(from, EXPAND_PATTERN, &filled);
    const char *wrong = text && filled ? wrong_with(text, subject) : NULL;
    if (wrong)
        complain(from->reader, &(struct node){.place = rule->place},
                 "the pattern \"%.200s\" cannot be used: %s", text, wrong);
    else if (text)
        adders[subject](from->reader, text, &found);
    return found;
}

static const struct patterns *take_pattern(struct taking *from, enum packed_subject subject,
                                           const struct rule *rule)
{
    size_t number = take_number(from);
    if (number == from->met_count) {
        struct patterns found = find_out(from, subject, rule);
        from->met = arena_grow(from->reader->arena, from->met, from->met_count, sizeof found);
        from->met[from->met_count++] = found;
    }
    return &from->met[number];
}

static void append(struct arena *arena, struct patterns *into, size_t *room, const struct pattern *pattern)
{
    if (into->count == *room) {
        into->items = arena_grow(arena, into->items, *room, sizeof *into->items);
        *room *= 2;
    }
    into->items[into->count++] = *pattern;
}

/* False: all of them stand for nothing here, and so does what they belong to. */
static bool take_patterns(struct taking *from, enum packed_subject subject, const struct rule *rule,
                          struct patterns *into)
{
    size_t count = take_number(from), room = 1;
    while (room < count)
        room *= 2; /* as arena_grow() has it */
    if (count) into->items = arena_take(from->reader->arena, room, sizeof *into->items);
    for (size_t i = 0; i < count; i++) {
        const struct patterns *found = take_pattern(from, subject, rule);
        for (size_t k = 0; k < found->count; k++)
            append(from->reader->arena, into, &room, &found->items[k]);
    }
    return !count || into->count;
}

/* ---- What a file is made of ---- */

static void take_digests(struct taking *from, struct rule *rule)
{
    rule->sha256_count = take_number(from);
    if (!rule->sha256_count) return;
    size_t size = rule->sha256_count * sizeof *rule->sha256;
    rule->sha256 = arena_take(from->reader->arena, size, 1);
    memcpy(rule->sha256, from->at, size);
    from->at += size;
}

/* False: it stands for nothing here. */
static bool take_rule(struct taking *from, struct rule *rule)
{
    bool stands = true;
    rule->act = (enum act_kind)take_number(from);
    rule->verdict = (enum verdict)take_number(from);
    rule->place = take_place(from);
    rule->because = take_text(from, EXPAND_PLAIN, NULL);
    rule->text = take_text(from, EXPAND_PLAIN, NULL);
    stands &= take_patterns(from, packed_subject(rule->act), rule, &rule->patterns);
    stands &= take_patterns(from, PACKED_PROGRAMS, rule, &rule->program);
    if (rule->act == ACT_EXEC) {
        keep_versions(rule);
        take_texts(from, EXPAND_PATTERN, &rule->words);
        take_texts(from, EXPAND_PATTERN, &rule->options);
        take_texts(from, EXPAND_PATTERN, &rule->without);
        take_texts(from, EXPAND_PATTERN, &rule->shell);
        rule->exact = take_number(from);
        rule->stdin_kind = (enum stdin_kind)take_number(from);
        take_digests(from, rule);
        stands &= take_patterns(from, PACKED_PATHS, rule, &rule->cwd);
        stands &= take_patterns(from, PACKED_PROGRAMS, rule, &rule->parent);
    }
    return stands;
}

static void take_rules(struct taking *from, struct loaded *file)
{
    size_t count = take_number(from);
    file->rules = arena_take(from->reader->arena, count, sizeof *file->rules);
    for (size_t i = 0; i < count; i++) {
        struct rule *rule = &file->rules[file->rule_count];
        if (take_rule(from, rule))
            file->rule_count++;
        else
            *rule = (struct rule){0};
    }
}

static void take_commands(struct taking *from, struct loaded *file)
{
    file->command_count = take_number(from);
    file->commands = arena_take(from->reader->arena, file->command_count, sizeof *file->commands);
    for (size_t i = 0; i < file->command_count; i++) {
        struct command *command = &file->commands[i];
        command->kind = (enum command_kind)take_number(from);
        command->place = take_place(from);
        struct strings *const lists[] = {&command->names,  &command->flags, &command->values,
                                         &command->unsafe, &command->text,  &command->module,
                                         &command->same};
        for (size_t k = 0; k < sizeof lists / sizeof *lists; k++)
            take_texts(from, EXPAND_PLAIN, lists[k]);
        command->skip_words = take_number(from);
        command->subcommands = take_number(from);
        command->single_dash = take_number(from);
    }
}

static struct said take_said(struct taking *from)
{
    struct said said = {.is_said = take_number(from)};
    if (!said.is_said) return said;
    uint64_t low = take_number(from);
    said.value = low | (uint64_t)take_number(from) << 32;
    said.place = take_place(from);
    return said;
}

static void take_settings(struct taking *from, struct loaded *file)
{
    for (size_t act = 0; act < ACT_KINDS; act++) {
        file->has_otherwise[act] = take_number(from);
        if (!file->has_otherwise[act]) continue;
        file->otherwise[act] = (enum verdict)take_number(from);
        file->otherwise_place[act] = take_place(from);
    }
    take_texts(from, EXPAND_PLAIN, &file->env.drop);
    take_texts(from, EXPAND_PLAIN, &file->env.keep);
    take_texts(from, EXPAND_PLAIN, &file->env.set);
    for (size_t i = 0; i < LIMITS; i++)
        file->limits[i] = take_said(from);
    file->ask_timeout = take_said(from);
    file->refusals_sticky = take_said(from);
}

static void take_variables(struct taking *from, struct variables *variables)
{
    variables->count = take_number(from);
    variables->items = arena_take(from->reader->arena, variables->count, sizeof *variables->items);
    for (size_t i = 0; i < variables->count; i++) {
        variables->items[i].name = take_text(from, EXPAND_PLAIN, NULL);
        take_texts(from, EXPAND_PATTERN, &variables->items[i].pattern);
        take_texts(from, EXPAND_PLAIN, &variables->items[i].plain);
    }
}

static void find_values(struct taking *from)
{
    char buffer[PATH_MAX];
    struct arena *arena = from->reader->arena;
    for (size_t i = 0; i < BUILTIN_NAMES - 1; i++) { /* the last, a program, is in none of these files */
        const char *value = builtin_value(from->reader, i, buffer);
        if (value) from->values[i] = (struct value){value, glob_quote(arena, value)};
    }
}

void take_reading(struct reader *reader, const struct packed *packed)
{
    struct taking from = {.reader = reader, .at = packed->reading};
    struct loaded *file = reader->file;
    find_values(&from);
    const char *extends = take_text(&from, EXPAND_PLAIN, NULL);
    if (extends) {
        file->extends = load_builtin(reader, extends);
        file->variables.parent = &file->extends->variables;
    }
    take_rules(&from, file);
    take_commands(&from, file);
    take_settings(&from, file);
    take_variables(&from, &file->variables);
}
