/* expand.c: ${NAME}, $$ and ~. */
#include "expand.h"

#include <stdlib.h>
#include <string.h>

#include "load.h"
#include "suggest.h"

#define VALUE_SIZE_MAX 4096
#define VALUES_MAX 1000
#define EXPANDED_SIZE_MAX (32 * 1024 * 1024)

char *glob_quote(struct arena *arena, const char *text)
{
    if (!strpbrk(text, "*?[\\")) return arena_string(arena, text);
    char *quoted = arena_take(arena, 2 * strlen(text) + 1, 1), *to = quoted;
    for (; *text; text++) {
        if (strchr("*?[]\\", *text)) *to++ = '\\';
        *to++ = *text;
    }
    return quoted;
}

char *glob_unquote(struct arena *arena, const char *text, size_t length)
{
    if (!memchr(text, '\\', length)) return arena_copy(arena, text, length);
    char *plain = arena_take(arena, length + 1, 1), *to = plain;
    for (size_t i = 0; i < length; i++) {
        if (text[i] == '\\' && i + 1 < length) i++;
        *to++ = text[i];
    }
    return plain;
}

static const char *find_python(const struct reader *reader, char out[PATH_MAX])
{
    const char *found = reader->options->no_links ? NULL : find_program(reader, "python3", NULL);
    return found && find_real(reader, found, LAST_FOLLOW, out) ? out : NULL;
}

enum { HOME, PYTHON = BUILTIN_NAMES - 1 };
static const char *const builtin_names[BUILTIN_NAMES] = {
    "home", "user",  "workspace", "tmp",     "runtime",    "config",           "cache",
    "data", "state", "session",   "install", "repository", [PYTHON] = "python"};

/* BUILTIN_NAMES: it is none. */
static size_t find_builtin(const char *name)
{
    size_t i = 0;
    while (i < BUILTIN_NAMES && strcmp(builtin_names[i], name) != 0)
        i++;
    return i;
}

const char *builtin_value(const struct reader *reader, size_t index, char buffer[PATH_MAX])
{
    const struct places *places = reader->options->places;
    const char *const values[BUILTIN_NAMES] = {
        places->home,        places->user,        places->workspace,   places->tmp,
        places->runtime_dir, places->config_dir,  places->cache_dir,   places->data_dir,
        places->state_dir,   places->session_dir, places->install_dir, places->repository,
    };
    return index == PYTHON ? find_python(reader, buffer) : values[index];
}

static const struct variable *find_variable(const struct variables *scope, const char *name)
{
    for (; scope; scope = scope->parent)
        for (size_t i = 0; i < scope->count; i++)
            if (strcmp(scope->items[i].name, name) == 0) return &scope->items[i];
    return NULL;
}

static const char *nearest_name(const struct variables *scope, const char *name)
{
    const char *best = NULL;
    for (size_t i = 0; i < BUILTIN_NAMES; i++)
        best = suggest(name, best, builtin_names[i]);
    for (; scope; scope = scope->parent)
        for (size_t i = 0; i < scope->count; i++)
            best = suggest(name, best, scope->items[i].name);
    return best;
}

/* Whether so much more may be made; the first time it may not, that is said. */
static bool spend(struct reader *reader, const struct node *at, size_t size)
{
    size_t before = reader->so_far->expanded;
    reader->so_far->expanded += size;
    if (reader->so_far->expanded <= EXPANDED_SIZE_MAX) return true;
    if (before <= EXPANDED_SIZE_MAX)
        complain(reader, at, "the variables unfold to more than 32 MiB of text: use shorter lists of values");
    return false;
}

/* Every text in `values` with every text in `ends` after it. */
static bool append(struct reader *reader, const struct node *at, struct strings *values,
                   const char *const *ends, size_t end_count)
{
    struct strings made = {0};
    size_t size = 0;
    if (values->count * end_count > VALUES_MAX) {
        complain(reader, at, "the variables in this unfold to more than %d values: use shorter lists",
                 VALUES_MAX);
        return false;
    }
    for (size_t i = 0; i < values->count; i++) {
        for (size_t k = 0; k < end_count; k++) {
            size = strlen(values->items[i]) + strlen(ends[k]);
            if (size > VALUE_SIZE_MAX) {
                complain(reader, at, "this is longer than %d bytes, as no path is: shorten it",
                         VALUE_SIZE_MAX);
                return false;
            }
            if (!spend(reader, at, size + sizeof(struct pattern))) return false;
            char *joined = arena_join(reader->arena, values->items[i], ends[k]);
            if (values->count == 1 && end_count == 1)
                values->items[0] = joined;
            else
                add_string(reader->arena, &made, joined);
        }
    }
    if (values->count != 1 || end_count != 1) *values = made;
    return true;
}

static bool append_one(struct reader *reader, const struct node *at, struct strings *values, const char *end)
{
    return append(reader, at, values, &end, 1);
}

/* A built-in place is a name of a file: in a pattern it is quoted. The root before a slash is that slash. */
static bool append_builtin(struct reader *reader, const struct node *at, size_t index, char next,
                           enum expand_for use, struct strings *values)
{
    char buffer[PATH_MAX];
    const char *value = builtin_value(reader, index, buffer);
    if (!value) {
        values->count = 0;
        return true;
    }
    if (strcmp(value, "/") == 0 && next == '/') value = "";
    return append_one(reader, at, values, use == EXPAND_PATTERN ? glob_quote(reader->arena, value) : value);
}

static bool append_variable(struct reader *reader, const struct node *at, const char *name, char next,
                            enum expand_for use, struct strings *values)
{
    size_t builtin = find_builtin(name);
    if (builtin < BUILTIN_NAMES) return append_builtin(reader, at, builtin, next, use, values);
    const struct variable *variable = find_variable(&reader->file->variables, name);
    if (variable) {
        const struct strings *ends = use == EXPAND_PATTERN ? &variable->pattern : &variable->plain;
        return append(reader, at, values, (const char *const *)ends->items, ends->count);
    }
    const char *near = is_beyond(reader) ? NULL : nearest_name(&reader->file->variables, name);
    if (near)
        complain(reader, at, "the variable \"${%s}\" is not known: did you mean \"${%s}\"?", name, near);
    else
        complain(reader, at,
                 "the variable \"${%s}\" is not known: define it under \"variables:\", or write \"$${\" "
                 "for the text itself",
                 name);
    return false;
}

/* Takes the piece of text at `*at_text`: a variable, or what lies before the next one. */
static bool take_piece(struct reader *reader, const struct node *at, const char **at_text,
                       enum expand_for use, struct strings *values)
{
    const char *text = *at_text;
    if (text[0] == '$' && text[1] == '$') {
        *at_text += 2;
        return append_one(reader, at, values, "$");
    }
    if (text[0] == '$' && text[1] == '{') {
        size_t length = strcspn(text + 2, "}");
        if (text[2 + length] == '\0') {
            complain(reader, at,
                     "\"${\" is not closed: write \"}\" after the variable's name, or \"$${\" for the text");
            return false;
        }
        *at_text += length + 3;
        return append_variable(reader, at, arena_copy(reader->arena, text + 2, length), **at_text, use,
                               values);
    }
    size_t length = 1 + strcspn(text + 1, "$");
    *at_text += length;
    return append_one(reader, at, values, arena_copy(reader->arena, text, length));
}

bool expand(struct reader *reader, const struct node *at, const char *text, enum expand_for use,
            enum tilde tilde, struct strings *values)
{
    *values = (struct strings){0};
    if (strlen(text) > VALUE_SIZE_MAX) {
        complain(reader, at, "this is longer than %d bytes, as no path is: shorten it", VALUE_SIZE_MAX);
        return false;
    }
    bool is_plain = !strchr(text, '$') && (tilde == TILDE_IS_TEXT || text[0] != '~');
    add_string(reader->arena, values, arena_string(reader->arena, is_plain ? text : ""));
    if (is_plain) return spend(reader, at, strlen(text) + sizeof(struct pattern));
    if (tilde == TILDE_IS_HOME && text[0] == '~' && (text[1] == '/' || text[1] == '\0')) {
        text++;
        if (!append_builtin(reader, at, HOME, *text, use, values)) return false;
    }
    while (*text)
        if (!take_piece(reader, at, &text, use, values)) return false;
    return true;
}

static bool is_name(const char *name)
{
    size_t length = strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_");
    return length > 0 && name[length] == '\0' && !(name[0] >= '0' && name[0] <= '9');
}

static bool may_define(struct reader *reader, const struct node *key)
{
    const char *name = key->text;
    if (!is_name(name)) {
        complain(reader, key, "\"%s\" is no name of a variable: use letters, digits and _", name);
        return false;
    }
    if (find_builtin(name) < BUILTIN_NAMES) {
        complain(reader, key, "the variable \"%s\" is built in: choose another name", name);
        return false;
    }
    if (find_variable(&reader->file->variables, name)) {
        complain(reader, key,
                 "the variable \"%s\" is defined by the file that this one extends: choose another name",
                 name);
        return false;
    }
    return true;
}

static void add_values(struct arena *arena, struct strings *to, const struct strings *values)
{
    for (size_t i = 0; i < values->count; i++)
        add_string(arena, to, values->items[i]);
}

void read_variables(struct reader *reader, const struct node *map, void *into)
{
    struct variables *variables = into;
    if (map->kind != NODE_MAP) {
        complain(reader, map, "\"variables\" has to be a map: write \"NAME: value\" on a line each");
        return;
    }
    for (size_t i = 0; i < map->count; i++) {
        if (!may_define(reader, map->keys[i])) continue;
        struct variable made = {.name = map->keys[i]->text};
        size_t count = item_count(reader, map->items[i], "a variable");
        for (size_t k = 0; k < count; k++) {
            const struct node *item = item_at(map->items[i], k);
            const char *text = read_text(reader, item, "a variable's value");
            struct strings pattern, plain;
            if (!text || !expand(reader, item, text, EXPAND_PATTERN, TILDE_IS_HOME, &pattern) ||
                !expand(reader, item, text, EXPAND_PLAIN, TILDE_IS_HOME, &plain))
                continue;
            add_values(reader->arena, &made.pattern, &pattern);
            add_values(reader->arena, &made.plain, &plain);
        }
        /* It is defined even where its value was wrong, so that one mistake gives one message. */
        variables->items = arena_grow(reader->arena, variables->items, variables->count, sizeof made);
        variables->items[variables->count++] = made;
    }
}
