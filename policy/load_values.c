/* load_values.c: the small values that a policy is made of: texts, numbers, sizes, durations, choices. */
#include <ctype.h>
#include <stdarg.h>
#include <string.h>

#include "load.h"
#include "pattern.h"
#include "suggest.h"

static void say(struct reader *reader, enum severity severity, const struct node *at, const char *format,
                va_list values)
{
    diagnostics_add(reader->diagnostics, severity, at->place, "%s",
                    arena_vformat(reader->arena, format, values));
}

bool is_beyond(const struct reader *reader)
{
    return reader->file->errors >= DIAGNOSTICS_A_FILE;
}

void complain(struct reader *reader, const struct node *at, const char *format, ...)
{
    va_list values;
    if (is_beyond(reader)) {
        reader->diagnostics->errors++;
        return;
    }
    reader->file->errors++;
    va_start(values, format);
    say(reader, SEVERITY_ERROR, at, format, values);
    va_end(values);
}

void warn(struct reader *reader, const struct node *at, const char *format, ...)
{
    va_list values;
    va_start(values, format);
    say(reader, SEVERITY_WARNING, at, format, values);
    va_end(values);
}

void add_string(struct arena *arena, struct strings *strings, char *text)
{
    strings->items = arena_grow(arena, strings->items, strings->count, sizeof *strings->items);
    strings->items[strings->count++] = text;
}

void add_pattern(struct arena *arena, struct patterns *patterns, char *text, bool bare)
{
    patterns->items = arena_grow(arena, patterns->items, patterns->count, sizeof *patterns->items);
    patterns->items[patterns->count++] = (struct pattern){.text = text, .bare = bare, .sound = true};
}

/* "a, b or c" */
static const char *list_names(struct arena *arena, const char *const *names, size_t count)
{
    const char *list = "";
    for (size_t i = 0; i < count; i++)
        list = arena_format(arena, "%s%s%s", list, i == 0 ? "" : i + 1 == count ? " or " : ", ", names[i]);
    return list;
}

static void complain_of_key(struct reader *reader, const struct node *key, const char *what,
                            const struct key *keys, size_t count)
{
    const char *near = NULL;
    const char *names[32];
    for (size_t i = 0; i < count && i < 32 && !is_beyond(reader); i++) {
        near = suggest(key->text, near, keys[i].name);
        names[i] = keys[i].name;
    }
    if (near)
        complain(reader, key, "\"%.100s\" is no key of %s: did you mean \"%s\"?", key->text, what, near);
    else
        complain(reader, key, "\"%.100s\" is no key of %s: use %s", key->text, what,
                 is_beyond(reader) ? "" : list_names(reader->arena, names, count < 32 ? count : 32));
}

void read_map(struct reader *reader, const struct node *map, const char *what, const struct key *keys,
              size_t count, void *into)
{
    if (map->kind != NODE_MAP) {
        complain(reader, map, "%s has to be a map: write \"%s: ...\"", what, keys[0].name);
        return;
    }
    for (size_t i = 0; i < map->count; i++) {
        size_t k = 0;
        while (k < count && strcmp(keys[k].name, map->keys[i]->text) != 0)
            k++;
        if (k == count) complain_of_key(reader, map->keys[i], what, keys, count);
    }
    for (size_t k = 0; k < count; k++) {
        const struct node *value = tree_value(map, keys[k].name);
        if (value) keys[k].read(reader, value, into);
    }
}

const char *read_text(struct reader *reader, const struct node *node, const char *what)
{
    if (node->kind != NODE_SCALAR) {
        complain(reader, node, "%s has to be text, not a %s: write it on one line, in quotes if need be",
                 what, node->kind == NODE_LIST ? "list" : "map");
        return NULL;
    }
    if (node->text[0] == '\0') {
        complain(reader, node, "%s is empty: write something or remove it", what);
        return NULL;
    }
    return node->text;
}

size_t item_count(struct reader *reader, const struct node *node, const char *what)
{
    if (node->kind != NODE_LIST) return 1;
    if (node->count == 0)
        complain(reader, node, "the list for %s is empty: write something or remove it", what);
    return node->count;
}

const struct node *item_at(const struct node *node, size_t index)
{
    return node->kind == NODE_LIST ? node->items[index] : node;
}

int read_choice(struct reader *reader, const struct node *node, const char *what, const char *const *words,
                size_t count)
{
    const char *text = read_text(reader, node, what);
    const char *near = NULL;
    if (!text) return -1;
    for (size_t i = 0; i < count; i++)
        if (strcmp(text, words[i]) == 0) return (int)i;
    for (size_t i = 0; i < count; i++)
        near = suggest(text, near, words[i]);
    if (near)
        complain(reader, node, "%s cannot be \"%.100s\": did you mean \"%s\"?", what, text, near);
    else
        complain(reader, node, "%s cannot be \"%.100s\": write %s", what, text,
                 list_names(reader->arena, words, count));
    return -1;
}

bool read_bool(struct reader *reader, const struct node *node, const char *what, bool *value)
{
    static const char *const words[] = {"false", "true"};
    int choice = read_choice(reader, node, what, words, 2);
    if (choice >= 0) *value = choice == 1;
    return choice >= 0;
}

/* The digits at the beginning of `text`; NULL: none, or too many. */
static const char *take_number(const char *text, uint64_t *value)
{
    const char *at = text;
    *value = 0;
    for (; isdigit((unsigned char)*at); at++)
        if (__builtin_mul_overflow(*value, 10, value) ||
            __builtin_add_overflow(*value, (uint64_t)(*at - '0'), value))
            return NULL;
    return at == text ? NULL : at;
}

struct unit {
    const char *name;
    uint64_t factor;
};

/* A number and one of the units. */
static bool read_quantity(struct reader *reader, const struct node *node, const char *what,
                          const struct unit *units, size_t count, const char *examples, uint64_t *value)
{
    const char *text = read_text(reader, node, what);
    if (!text) return false;
    uint64_t number;
    const char *unit = take_number(text, &number);
    for (size_t i = 0; unit && i < count; i++) {
        if (strcmp(unit, units[i].name) != 0) continue;
        if (number == 0 || __builtin_mul_overflow(number, units[i].factor, value)) break;
        return true;
    }
    complain(reader, node, "%s cannot be \"%.100s\": write %s", what, text, examples);
    return false;
}

bool read_number(struct reader *reader, const struct node *node, const char *what, uint64_t *value)
{
    static const struct unit units[] = {{"", 1}};
    return read_quantity(reader, node, what, units, 1, "a whole number above 0, such as 512", value);
}

bool read_size(struct reader *reader, const struct node *node, const char *what, uint64_t *bytes)
{
    static const struct unit units[] = {
        {"", 1},
        {"KB", 1000},
        {"MB", 1000000},
        {"GB", 1000000000},
        {"TB", 1000000000000},
        {"KiB", 1ull << 10},
        {"MiB", 1ull << 20},
        {"GiB", 1ull << 30},
        {"TiB", 1ull << 40},
    };
    return read_quantity(reader, node, what, units, sizeof units / sizeof *units,
                         "a number above 0 with KiB, MiB, GiB or TiB, such as 512MiB", bytes);
}

bool read_duration(struct reader *reader, const struct node *node, const char *what, uint64_t *seconds)
{
    static const struct unit units[] = {{"", 1}, {"s", 1}, {"m", 60}, {"h", 3600}, {"d", 86400}};
    return read_quantity(reader, node, what, units, sizeof units / sizeof *units,
                         "a number above 0 with s, m, h or d, such as 10m", seconds);
}

void read_texts(struct reader *reader, const struct node *node, const char *what, enum text_kind kind,
                struct strings *into)
{
    size_t count = item_count(reader, node, what);
    for (size_t i = 0; i < count; i++) {
        const struct node *item = item_at(node, i);
        const char *text = read_text(reader, item, what);
        const char *wrong = text && kind == TEXT_GLOB ? glob_error(text) : NULL;
        if (wrong) complain(reader, item, "the pattern \"%.200s\" cannot be used: %s", text, wrong);
        if (text && !wrong) add_string(reader->arena, into, item->text);
    }
}

/* Puts the word that begins at `*from` to `*to`, without its quotes, and moves both behind it. False: a quote
 * is not closed. */
static bool take_word(const char **from, char **to)
{
    char quote = '\0';
    for (; **from && (quote || !isblank((unsigned char)**from)); ++*from) {
        if (quote && **from == quote)
            quote = '\0';
        else if (!quote && (**from == '\'' || **from == '"'))
            quote = **from;
        else if (**from == '\\' && quote != '\'' && (*from)[1])
            *(*to)++ = *++*from;
        else
            *(*to)++ = **from;
    }
    *(*to)++ = '\0';
    return quote == '\0';
}

bool split_words(struct reader *reader, const struct node *at, const char *text, struct strings *words)
{
    char *to = arena_take(reader->arena, strlen(text) + 1, 1); /* each word is at least a byte shorter here */
    *words = (struct strings){0};
    for (const char *from = text + strspn(text, " \t"); *from; from += strspn(from, " \t")) {
        char *word = to;
        if (!take_word(&from, &to)) {
            complain(reader, at, "a quote in the command is not closed: close it, or write \\ before it");
            return false;
        }
        if (word[0] == '\0') {
            complain(reader, at, "the command has an empty word: remove the quotes around nothing");
            return false;
        }
        add_string(reader->arena, words, word);
    }
    if (words->count > 0) return true;
    complain(reader, at, "the command is empty: write a program's name");
    return false;
}
