/* split.c: a command written in one string into words. */
#include "split.h"

#include <string.h>

#include "../plain/memory.h"
#include "../plain/text.h"

void split_free(char **words)
{
    for (size_t i = 0; words && words[i]; i++)
        free(words[i]);
    free(words);
}

/* Adds what stands between quotes, from behind the first of them; returns what follows, NULL when they do not
 * close. */
static const char *take_quoted(struct text *word, const char *at, char quote)
{
    for (; *at != quote; at++) {
        if (quote == '"' && *at == '\\' && (at[1] == '"' || at[1] == '\\')) at++;
        if (!*at) return NULL;
        text_char(word, *at);
    }
    return at + 1;
}

/* One word; returns what follows it, or NULL with `*why`. */
static const char *take_word(struct text *word, const char *at, char **why)
{
    while (*at && !strchr(" \t\n", *at)) {
        if (*at == '\'' || *at == '"') {
            at = take_quoted(word, at + 1, *at);
            if (!at) {
                *why = xstrdup("a quote is not closed");
                return NULL;
            }
        } else if (*at == '\\' && !at[1]) {
            *why = xstrdup("it ends with a backslash");
            return NULL;
        } else {
            at += *at == '\\';
            text_char(word, *at++);
        }
    }
    return at;
}

char **split_command(const char *command, char **why)
{
    char **words = xcalloc(1, sizeof *words);
    size_t count = 0;

    for (const char *at = command + strspn(command, " \t\n"); *at; at += strspn(at, " \t\n")) {
        struct text word = {0};
        at = take_word(&word, at, why);
        if (!at) {
            text_free(&word);
            split_free(words);
            return NULL;
        }
        words = xrealloc(words, count + 2, sizeof *words);
        words[count++] = text_take(&word);
        words[count] = NULL;
    }
    if (!count) {
        *why = xstrdup("a command is wanted: exec:COMMAND");
        split_free(words);
        return NULL;
    }
    return words;
}
