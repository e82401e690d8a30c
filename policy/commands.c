/* commands.c: `commands:`, what is known of the language of commands. */
#include <string.h>

#include "load.h"

static void command_names(struct reader *reader, const struct node *value, void *into)
{
    struct command *command = into;
    read_texts(reader, value, "\"names\"", TEXT_GLOB, &command->names);
    for (size_t i = 0; i < command->names.count; i++)
        if (strchr(command->names.items[i], '/'))
            complain(reader, value,
                     "\"%.200s\" is no bare name: write only the last part of the program's path",
                     command->names.items[i]);
}

static void command_kind(struct reader *reader, const struct node *value, void *into)
{
    static const char *const words[] = {"plain", "shell", "interpreter", "multicall", "loader", "wrapper"};
    static const enum command_kind kinds[] = {COMMAND_PLAIN,     COMMAND_SHELL,  COMMAND_INTERPRETER,
                                              COMMAND_MULTICALL, COMMAND_LOADER, COMMAND_WRAPPER};
    int choice = read_choice(reader, value, "\"kind\"", words, sizeof words / sizeof *words);
    if (choice >= 0) ((struct command *)into)->kind = kinds[choice];
}

static bool is_option(const char *text)
{
    /* Shells have options that begin with +. */
    return text[0] != '\0' && strchr("-+", text[0]) && text[1] != '\0' && !strchr(text, '=') &&
           strcmp(text, "--") != 0;
}

static void read_options(struct reader *reader, const struct node *value, const char *what,
                         struct strings *into)
{
    size_t before = into->count;
    read_texts(reader, value, what, TEXT_PLAIN, into);
    for (size_t i = before; i < into->count; i++)
        if (!is_option(into->items[i]))
            complain(reader, value,
                     "%s: \"%.200s\" is no option, which begins with \"-\" (or \"+\") and holds no \"=\": "
                     "write only its name",
                     what, into->items[i]);
}

#define OPTIONS(name)                                                                                        \
    static void command_##name(struct reader *reader, const struct node *value, void *into)                  \
    {                                                                                                        \
        read_options(reader, value, "\"" #name "\"", &((struct command *)into)->name);                       \
    }
OPTIONS(flags)
OPTIONS(values)
OPTIONS(unsafe)
OPTIONS(text)
OPTIONS(module)

static void command_same(struct reader *reader, const struct node *value, void *into)
{
    struct command *command = into;
    read_texts(reader, value, "\"same\"", TEXT_PLAIN, &command->same);
    for (size_t i = 0; i < command->same.count; i++) {
        const char *text = command->same.items[i], *equals = strchr(text, '=');
        if (equals && equals > text + 1 && strchr("-+", text[0]) && is_option(equals + 1)) continue;
        complain(reader, value, "\"%.200s\" does not name two options: write \"-f=--force\"", text);
    }
}

static void command_skip_words(struct reader *reader, const struct node *value, void *into)
{
    uint64_t number;
    if (!read_number(reader, value, "\"skip_words\"", &number)) return;
    if (number > 16)
        complain(reader, value, "\"skip_words\" cannot be more than 16: no wrapper takes so many words");
    else
        ((struct command *)into)->skip_words = (size_t)number;
}

static void command_subcommands(struct reader *reader, const struct node *value, void *into)
{
    read_bool(reader, value, "\"subcommands\"", &((struct command *)into)->subcommands);
}

static void command_single_dash(struct reader *reader, const struct node *value, void *into)
{
    read_bool(reader, value, "\"single_dash\"", &((struct command *)into)->single_dash);
}

static const struct key COMMAND_KEYS[] = {
    {"names", command_names},
    {"kind", command_kind},
    {"flags", command_flags},
    {"values", command_values},
    {"unsafe", command_unsafe},
    {"text", command_text},
    {"module", command_module},
    {"same", command_same},
    {"skip_words", command_skip_words},
    {"subcommands", command_subcommands},
    {"single_dash", command_single_dash},
};

void read_commands(struct reader *reader, const struct node *list, void *into)
{
    struct loaded *file = reader->file;
    (void)into;
    if (list->kind != NODE_LIST) {
        complain(reader, list, "\"commands\" has to be a list: begin each command with \"- names:\"");
        return;
    }
    for (size_t i = 0; i < list->count; i++) {
        struct command command = {.place = list->items[i]->place};
        READ_MAP(reader, list->items[i], "a command's description", COMMAND_KEYS, &command);
        if (list->items[i]->kind == NODE_MAP && !tree_value(list->items[i], "names"))
            complain(reader, list->items[i], "the command has no name: write \"names: [NAME]\"");
        file->commands = arena_grow(reader->arena, file->commands, file->command_count, sizeof command);
        file->commands[file->command_count++] = command;
    }
}
