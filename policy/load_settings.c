/* load_settings.c: `env:`, `limits:` and `ask:`. */
#include <string.h>

#include "load.h"

static bool refuse_in_project(struct reader *reader, const struct node *value, const char *what)
{
    if (reader->file->kind != FILE_PROJECT) return false;
    complain(reader, value, "a project file can only tighten: remove %s", what);
    return true;
}

static void env_drop(struct reader *reader, const struct node *value, void *into)
{
    (void)into;
    read_texts(reader, value, "\"drop\"", TEXT_GLOB, &reader->file->env.drop);
}

static void env_keep(struct reader *reader, const struct node *value, void *into)
{
    (void)into;
    if (refuse_in_project(reader, value, "\"keep\"")) return;
    read_texts(reader, value, "\"keep\"", TEXT_GLOB, &reader->file->env.keep);
}

static void env_set(struct reader *reader, const struct node *value, void *into)
{
    struct strings *set = &reader->file->env.set;
    (void)into;
    if (refuse_in_project(reader, value, "\"set\"")) return;
    read_texts(reader, value, "\"set\"", TEXT_PLAIN, set);
    for (size_t i = 0; i < set->count; i++)
        if (strcspn(set->items[i], "=") == 0 || !strchr(set->items[i], '='))
            complain(reader, value, "\"%.200s\" sets no variable: write NAME=VALUE", set->items[i]);
}

void read_env(struct reader *reader, const struct node *map, void *into)
{
    static const struct key keys[] = {{"drop", env_drop}, {"keep", env_keep}, {"set", env_set}};
    READ_MAP(reader, map, "\"env\"", keys, into);
}

typedef bool quantity_reader(struct reader *, const struct node *, const char *, uint64_t *);

/* `none` takes away what a weaker layer says. */
static void read_said(struct reader *reader, const struct node *value, const char *what, const char *none,
                      quantity_reader *read, struct said *into)
{
    uint64_t number = 0;
    bool is_none = value->kind == NODE_SCALAR && strcmp(value->text, none) == 0;
    if (is_none && refuse_in_project(reader, value, what)) return;
    if (is_none || read(reader, value, what, &number))
        *into = (struct said){.is_said = true, .value = number, .place = value->place};
}

#define LIMIT(name, which, read)                                                                             \
    static void limit_##name(struct reader *reader, const struct node *value, void *into)                    \
    {                                                                                                        \
        read_said(reader, value, "\"" #name "\"", "none", read, &((struct said *)into)[which]);              \
    }
LIMIT(memory, LIMIT_MEMORY, read_size)
LIMIT(processes, LIMIT_PROCESSES, read_number)
LIMIT(file_size, LIMIT_FILE_SIZE, read_size)
LIMIT(open_files, LIMIT_OPEN_FILES, read_number)
LIMIT(time, LIMIT_TIME, read_duration)
LIMIT(cpu, LIMIT_CPU, read_duration)

void read_limits(struct reader *reader, const struct node *map, void *into)
{
    static const struct key keys[] = {
        {"memory", limit_memory},         {"processes", limit_processes}, {"file_size", limit_file_size},
        {"open_files", limit_open_files}, {"time", limit_time},           {"cpu", limit_cpu},
    };
    (void)into;
    READ_MAP(reader, map, "\"limits\"", keys, reader->file->limits);
}

static void ask_timeout(struct reader *reader, const struct node *value, void *into)
{
    (void)into;
    read_said(reader, value, "\"timeout\"", "never", read_duration, &reader->file->ask_timeout);
}

static void ask_refusals(struct reader *reader, const struct node *value, void *into)
{
    static const char *const words[] = {"once", "sticky"};
    (void)into;
    int choice = read_choice(reader, value, "\"refusals\"", words, 2);
    if (choice == 0 && refuse_in_project(reader, value, "\"refusals: once\"")) return;
    if (choice >= 0)
        reader->file->refusals_sticky = (struct said){.is_said = true, .value = (uint64_t)choice};
}

void read_ask(struct reader *reader, const struct node *map, void *into)
{
    static const struct key keys[] = {{"timeout", ask_timeout}, {"refusals", ask_refusals}};
    READ_MAP(reader, map, "\"ask\"", keys, into);
}
