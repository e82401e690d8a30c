/* pack_reading.c: a part of the build's program (pack.c): writes a file as the loader has read it, for
 * reading.c, which takes it in the same order.
 */
#include "pack_reading.h"

#include <stdlib.h>
#include <string.h>

#include "pattern.h"

/* What built-in names stand for while a file is read to be packed. */
#define PLACE(letter) "/\1" letter
static const struct places marks = {
    .home = PLACE("A"),
    .user = "\1B",
    .workspace = PLACE("C"),
    .tmp = PLACE("D"),
    .runtime_dir = PLACE("E"),
    .config_dir = PLACE("F"),
    .cache_dir = PLACE("G"),
    .data_dir = PLACE("H"),
    .state_dir = PLACE("I"),
    .session_dir = PLACE("J"),
    .install_dir = PLACE("K"),
    .repository = PLACE("L"),
    .search_path = "",
};

/* A pattern that was written already. */
struct met {
    const char *text;
    enum packed_subject subject;
};

struct packing {
    struct bytes *to;
    struct arena *arena;
    struct met *met;
    size_t count;
};

/* Those that need not stand for anything on a machine. */
static bool may_be_nothing(char letter)
{
    return strchr("EJKL", letter) != NULL;
}

static void fail(const char *why, const char *text)
{
    fprintf(stderr, "a built-in policy cannot be packed: %s: %s\n", why, text);
    exit(1);
}

static void put_text(struct bytes *to, const char *text)
{
    if (!text) {
        bytes_number(to, 0);
        return;
    }
    size_t length = strlen(text);
    bytes_number(to, (length + 1) * 2 + (strchr(text, PACKED_MARK) != NULL));
    bytes_add(to, text, length + 1);
}

/* Those in which a name stands for nothing are left out. */
static void put_values(struct bytes *to, const struct strings *values)
{
    bytes_number(to, values->count);
    for (size_t i = 0; i < values->count; i++)
        put_text(to, values->items[i]);
}

/* A word that is left out would make another command of it. */
static void put_texts(struct bytes *to, const struct strings *texts)
{
    for (size_t i = 0; i < texts->count; i++) {
        const char *mark = strchr(texts->items[i], PACKED_MARK);
        if (mark && may_be_nothing(mark[1]))
            fail("a name that may stand for nothing is no pattern", texts->items[i] + 1);
    }
    put_values(to, texts);
}

/* A pattern that stood before is named by its number: what it comes to is found once. */
static void put_patterns(struct packing *packing, enum packed_subject subject,
                         const struct patterns *patterns)
{
    bytes_number(packing->to, patterns->count);
    for (size_t i = 0; i < patterns->count; i++) {
        const char *text = patterns->items[i].text;
        size_t number = 0;
        while (number < packing->count &&
               (packing->met[number].subject != subject || strcmp(packing->met[number].text, text) != 0))
            number++;
        bytes_number(packing->to, number);
        if (number < packing->count) continue;
        packing->met = arena_grow(packing->arena, packing->met, packing->count, sizeof *packing->met);
        packing->met[packing->count++] = (struct met){text, subject};
        put_text(packing->to, text);
    }
}

static void put_place(struct bytes *to, const struct place *place)
{
    bytes_number(to, place->line);
    bytes_number(to, place->column);
}

static void put_rule(struct packing *packing, const struct rule *rule)
{
    struct bytes *to = packing->to;
    bytes_number(to, rule->act);
    bytes_number(to, rule->verdict);
    put_place(to, &rule->place);
    put_text(to, rule->because);
    put_text(to, rule->text);
    put_patterns(packing, packed_subject(rule->act), &rule->patterns);
    put_patterns(packing, PACKED_PROGRAMS, &rule->program);
    if (rule->act != ACT_EXEC) return;
    put_texts(to, &rule->words);
    put_texts(to, &rule->options);
    put_texts(to, &rule->without);
    put_texts(to, &rule->shell);
    bytes_number(to, rule->exact);
    bytes_number(to, rule->stdin_kind);
    bytes_number(to, rule->sha256_count);
    bytes_add(to, rule->sha256, rule->sha256_count * sizeof *rule->sha256);
    put_patterns(packing, PACKED_PATHS, &rule->cwd);
    put_patterns(packing, PACKED_PROGRAMS, &rule->parent);
}

static void put_command(struct bytes *to, const struct command *command)
{
    const struct strings *const lists[] = {&command->names,  &command->flags, &command->values,
                                           &command->unsafe, &command->text,  &command->module,
                                           &command->same};
    bytes_number(to, command->kind);
    put_place(to, &command->place);
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
        put_texts(to, lists[i]);
    bytes_number(to, command->skip_words);
    bytes_number(to, command->subcommands);
    bytes_number(to, command->single_dash);
}

static void put_said(struct bytes *to, const struct said *said)
{
    bytes_number(to, said->is_said);
    if (!said->is_said) return;
    bytes_number(to, said->value & UINT32_MAX);
    bytes_number(to, said->value >> 32);
    put_place(to, &said->place);
}

static void put_settings(struct bytes *to, const struct loaded *file)
{
    for (size_t act = 0; act < ACT_KINDS; act++) {
        bytes_number(to, file->has_otherwise[act]);
        if (!file->has_otherwise[act]) continue;
        bytes_number(to, file->otherwise[act]);
        put_place(to, &file->otherwise_place[act]);
    }
    put_texts(to, &file->env.drop);
    put_texts(to, &file->env.keep);
    put_texts(to, &file->env.set);
    for (size_t i = 0; i < LIMITS; i++)
        put_said(to, &file->limits[i]);
    put_said(to, &file->ask_timeout);
    put_said(to, &file->refusals_sticky);
}

static void put_variables(struct bytes *to, const struct variables *variables)
{
    bytes_number(to, variables->count);
    for (size_t i = 0; i < variables->count; i++) {
        put_text(to, variables->items[i].name);
        put_values(to, &variables->items[i].pattern);
        put_values(to, &variables->items[i].plain);
    }
}

static void put_file(struct packing *packing, const struct loaded *file)
{
    struct bytes *to = packing->to;
    put_text(to, file->extends ? file->extends->identity : NULL);
    bytes_number(to, file->rule_count);
    for (size_t i = 0; i < file->rule_count; i++)
        put_rule(packing, &file->rules[i]);
    bytes_number(to, file->command_count);
    for (size_t i = 0; i < file->command_count; i++)
        put_command(to, &file->commands[i]);
    put_settings(to, file);
    put_variables(to, &file->variables);
}

static const struct loaded *read_file_of(struct arena *arena, const char *name,
                                         struct diagnostics *diagnostics)
{
    const struct policy_options options = {.places = &marks, .no_files = true, .no_links = true};
    struct so_far so_far = {0};
    struct reader reader = {
        .arena = arena, .diagnostics = diagnostics, .options = &options, .so_far = &so_far};
    return load_builtin(&reader, name);
}

void put_reading(struct bytes *to, struct arena *arena, const char *name, struct diagnostics *diagnostics)
{
    struct packing packing = {.to = to, .arena = arena};
    put_file(&packing, read_file_of(arena, name, diagnostics));
}

static bool is_among(const struct bytes *names, const char *name)
{
    size_t at = 0;
    while (at < names->count && strcmp((const char *)names->items + at, name) != 0)
        at += strlen((const char *)names->items + at) + 1;
    return at < names->count;
}

static void put_names(struct bytes *to, const struct patterns *programs)
{
    for (size_t i = 0; i < programs->count; i++) {
        const char *name = programs->items[i].text;
        if (!strpbrk(name, "/\\\1") && !pattern_has_glob(name, strlen(name)) && !is_among(to, name))
            bytes_add(to, name, strlen(name) + 1);
    }
}

void put_programs(struct bytes *to, struct arena *arena, const char *name, struct diagnostics *diagnostics)
{
    const struct loaded *file = read_file_of(arena, name, diagnostics);
    for (size_t i = 0; i < file->rule_count; i++) {
        const struct rule *rule = &file->rules[i];
        if (rule->act == ACT_EXEC) put_names(to, &rule->patterns);
        put_names(to, &rule->program);
        put_names(to, &rule->parent);
    }
}

struct policy usual_commands(struct arena *arena, struct diagnostics *diagnostics)
{
    const struct loaded *file = read_file_of(arena, "commands", diagnostics);
    return (struct policy){.commands = file->commands, .command_count = file->command_count};
}
