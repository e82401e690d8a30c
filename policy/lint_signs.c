/* lint_signs.c: rules that want a pipe, or another sign of the shell, among the words of a command. */
#include "lint.h"

#include <string.h>

static bool has_word(const struct rule *rule, const char *word)
{
    for (size_t i = 0; i < rule->words.count; i++)
        if (strcmp(rule->words.items[i], word) == 0) return true;
    return false;
}

/* What stands between the commands of a shell's line. Where it is meant as a word it is quoted, or `;` ends
 * what find -exec runs. */
static bool is_sign(const struct rule *rule, const char *word, size_t length)
{
    static const char *const signs[] = {"|",  "||", "|&", "&",  "&&", ";",   ">",
                                        ">>", "<",  "<<", "2>", "&>", "2>&1"};
    if (*word == ';' && (strstr(rule->text, " -exec") || strstr(rule->text, " -ok"))) return false;
    for (size_t i = 0; i < sizeof signs / sizeof *signs; i++)
        if (strlen(signs[i]) == length && memcmp(word, signs[i], length) == 0)
            return has_word(rule, signs[i]);
    return false;
}

/* Writes "ls | sh" as "*ls*|*sh*". *sign is the first that was met; its length, or 0. */
static size_t as_shell_glob(const struct rule *rule, char *glob, size_t room, const char **sign)
{
    size_t size = 0, found = 0;
    bool joined = true; /* to what comes before */
    glob[size++] = '*';
    for (const char *at = rule->text; *at; at += strspn(at, " ")) {
        size_t length = strcspn(at, " ");
        bool parts = is_sign(rule, at, length);
        if (size + length + 4 > room) return 0;
        if (parts && glob[size - 1] != '*') glob[size++] = '*';
        if (!parts && !joined) glob[size++] = ' ';
        memcpy(glob + size, at, length);
        size += length;
        if (parts) glob[size++] = '*';
        if (parts && !found) *sign = at, found = length;
        joined = parts;
        at += length;
    }
    if (glob[size - 1] != '*') glob[size++] = '*';
    glob[size] = '\0';
    return found;
}

void lint_shell_signs(const struct rule *rule, struct diagnostics *diagnostics)
{
    char glob[512];
    const char *sign = NULL;
    if (rule->act != ACT_EXEC || rule->text[0] == '{') return;
    size_t length = as_shell_glob(rule, glob, sizeof glob, &sign);
    if (!length) return;
    diagnostics_add(
        diagnostics, SEVERITY_WARNING, rule->place,
        "\"%s\" wants the word \"%.*s\", which no shell hands on to a command: for what a shell is "
        "told with -c, write {shell: \"%s\"}",
        rule->text, (int)length, sign, glob);
}
