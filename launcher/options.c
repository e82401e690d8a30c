/* options.c: see options.h. Knows no command. */
#include "options.h"

#include <stdio.h>
#include <string.h>

#include "command.h"

enum { HELP_COLUMN = 26, LONGEST_WORD = 48, MOST_WORDS = 64 };

/* How many letters have to be changed, left out, put in or swapped to make one word of the other. */
static size_t distance(const char *one, const char *other)
{
    size_t rows[3][LONGEST_WORD + 1];
    size_t length = strlen(other);
    if (strlen(one) > LONGEST_WORD || length > LONGEST_WORD) return LONGEST_WORD;
    for (size_t j = 0; j <= length; j++)
        rows[0][j] = j;
    size_t row = 0;
    for (size_t i = 1; one[i - 1]; i++) {
        const size_t *above = rows[row], *above2 = rows[(row + 2) % 3];
        row = (row + 1) % 3;
        rows[row][0] = i;
        for (size_t j = 1; j <= length; j++) {
            size_t best = above[j - 1] + (one[i - 1] != other[j - 1]);
            if (above[j] + 1 < best) best = above[j] + 1;
            if (rows[row][j - 1] + 1 < best) best = rows[row][j - 1] + 1;
            bool swapped = i > 1 && j > 1 && one[i - 1] == other[j - 2] && one[i - 2] == other[j - 1];
            if (swapped && above2[j - 2] + 1 < best) best = above2[j - 2] + 1;
            rows[row][j] = best;
        }
    }
    return rows[row][length];
}

const char *nearest_word(const char *word, const char *const *words, size_t count)
{
    const char *nearest = NULL;
    size_t least = strlen(word) < 4 ? 2 : 3; /* short words resemble everything */
    for (size_t i = 0; i < count; i++) {
        size_t far = distance(word, words[i]);
        if (far < least) {
            least = far;
            nearest = words[i];
        }
    }
    return nearest;
}

static int unknown(const struct options *options, const char *name, int length)
{
    const char *words[MOST_WORDS];
    char asked[LONGEST_WORD + 1];
    size_t count = 0;
    for (; count < options->count && count < MOST_WORDS; count++)
        words[count] = options->table[count].name;
    snprintf(asked, sizeof asked, "%.*s", length, name);
    const char *meant = nearest_word(asked, words, count);
    if (meant)
        complain("--%s: unknown option: did you mean --%s?", asked, meant);
    else
        complain("--%s: unknown option: %s --help lists them", asked, options->argv[0]);
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
        complain("%.40s: unknown option: options are spelt out (%s --help lists them)", word,
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
    if (!option) return unknown(options, name, length > LONGEST_WORD ? LONGEST_WORD : (int)length);
    if (!option->value && attached) {
        complain("--%s: takes no value: leave out the \"=\" and what follows it", option->name);
        return OPTION_ERROR;
    }
    if (option->value) {
        if (!attached && options->next < options->argc) attached = options->argv[options->next++];
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
