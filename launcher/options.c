/* options.c: see options.h. Knows no command. */
#include "options.h"

#include <stdio.h>
#include <string.h>

#include "../policy/suggest.h"
#include "command.h"
#include "plain/memory.h"
#include "plain/show.h"

enum { HELP_COLUMN = 26, LONGEST_WORD = 48 };

const char *nearest_word(const char *word, const char *const *words, size_t count)
{
    const char *nearest = NULL;
    for (size_t i = 0; i < count; i++)
        nearest = suggest(word, nearest, words[i]);
    return nearest;
}

static int unknown(const struct options *options, const char *name, size_t length)
{
    char *asked cleanup_free = xstrndup(name, length < LONGEST_WORD ? length : LONGEST_WORD);
    char *shown cleanup_free = show_string(asked, 0);
    const char *meant = NULL;
    for (size_t i = 0; i < options->count; i++)
        meant = suggest(asked, meant, options->table[i].name);
    if (meant)
        complain("--%s: unknown option: did you mean --%s?", shown, meant);
    else
        complain("--%s: unknown option: askfirst %s --help lists them", shown, options->argv[0]);
    return OPTION_ERROR;
}

static const struct option *find(const struct options *options, const char *name, size_t length)
{
    for (size_t i = 0; i < options->count; i++) {
        const struct option *option = &options->table[i];
        if (strlen(option->name) == length && !memcmp(option->name, name, length)) return option;
    }
    return NULL;
}

int options_next(struct options *options)
{
    options->value = NULL;
    if (options->dashes || options->next >= options->argc) return OPTION_END;
    const char *word = options->argv[options->next];
    if (word[0] != '-' || !word[1]) return OPTION_END;
    options->next++;
    if (!strcmp(word, "--")) {
        options->dashes = true;
        return OPTION_END;
    }
    if (word[1] != '-') {
        complain("%.40s: unknown option: options are spelt out (askfirst %s --help lists them)", word,
                 options->argv[0]);
        return OPTION_ERROR;
    }

    const char *name = word + 2;
    size_t length = strcspn(name, "=");
    const char *attached = name[length] == '=' ? name + length + 1 : NULL;
    if (length == 4 && !memcmp(name, "help", 4) && !attached) {
        options_help(options);
        return OPTION_HELP;
    }
    const struct option *option = find(options, name, length);
    if (!option) return unknown(options, name, length);
    if (!option->value && attached) {
        complain("--%s: takes no value: leave out the \"=\" and what follows it", option->name);
        return OPTION_ERROR;
    }
    if (option->value) {
        bool follows =
            !attached && options->next < options->argc && strcmp(options->argv[options->next], "--") != 0;
        if (follows) attached = options->argv[options->next++];
        if (!attached || !*attached) {
            complain("--%s: needs a value: --%s=%s", option->name, option->name, option->value);
            return OPTION_ERROR;
        }
        options->value = attached;
    }
    return option->id;
}

int options_status(int result)
{
    return result == OPTION_HELP ? 0 : STATUS_FAILED;
}

/* Every line of `text`, the first one where the cursor stands, the others at `column`. */
static void print_lines(const char *text, int column)
{
    while (*text) {
        int length = (int)strcspn(text, "\n");
        printf("%.*s\n", length, text);
        text += length;
        if (*text == '\n') text++;
        if (*text) printf("%*s", column, "");
    }
}

void options_help(const struct options *options)
{
    fputs("usage: ", stdout);
    print_lines(options->usage, 7);
    printf("\n%s\n\n", options->about);
    for (size_t i = 0; i < options->count; i++) {
        const struct option *option = &options->table[i];
        int width =
            printf("  --%s%s%s", option->name, option->value ? "=" : "", option->value ? option->value : "");
        if (width >= HELP_COLUMN)
            printf("\n%*s", HELP_COLUMN, "");
        else
            printf("%*s", HELP_COLUMN - width, "");
        print_lines(option->help, HELP_COLUMN);
    }
    printf("  --%-*s%s\n", HELP_COLUMN - 4, "help", "this page");
}
