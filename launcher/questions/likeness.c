/* likeness.c: see likeness.h. */
#include "likeness.h"

#include <ctype.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include "../../policy/plain.h"
#include "../../policy/sha256.h"
#include "../plain/memory.h"
#include "../plain/text.h"

/* Programs whose subcommands have subcommands: `aws s3 cp` is not like `aws s3 rm`. */
static const struct {
    const char *name;
    size_t words;
} nested[] = {
    {"aws", 2}, {"az", 2}, {"docker", 2}, {"gcloud", 3}, {"gh", 2}, {"glab", 2}, {"ip", 2}, {"podman", 2},
};

static void take(struct sha256 *sum, const void *data, size_t length)
{
    uint64_t size = length; /* lengths go in as well: "ab","c" is not "a","bc" */
    sha256_update(sum, &size, sizeof size);
    if (length) sha256_update(sum, data, length);
}

static void take_string(struct sha256 *sum, const char *string)
{
    take(sum, string ? string : "", string ? strlen(string) : 0);
}

static void begin(struct sha256 *sum, const char *what, enum act_kind act)
{
    sha256_init(sum);
    take_string(sum, what);
    take_string(sum, act_name(act));
}

void likeness_exact(const struct question *question, struct likeness *likeness)
{
    struct sha256 sum;
    begin(&sum, "exact", question->act);
    take_string(&sum, question->path);
    if (question->act == ACT_WRITE || question->act == ACT_DEBUG) take_string(&sum, question->act_detail);
    if (question->act == ACT_CONNECT) {
        /* A host by its name, where it has one: its next address is the same host. */
        cleanup_free char *host = likeness_host(question->address);
        take_string(&sum, host ? host : question->address);
        take_string(&sum, host ? strrchr(question->address, ':') : "");
    }
    if (question->act == ACT_EXEC) {
        take_string(&sum, question->program);
        take_string(&sum, question->cwd);
        take(&sum, question->identity, sizeof question->identity);
        take(&sum, &question->stdin_kind, sizeof question->stdin_kind);
        /* Whoever tries the next directory of PATH still has the same pipe. */
        if (question->from_input) take(&sum, &question->pid, sizeof question->pid);
        for (size_t i = 0; i < question->argc; i++)
            take(&sum, question->argv[i].data, question->argv[i].length);
    }
    sha256_final(&sum, likeness->sum);
}

const struct command *likeness_command(const struct policy *policy, const char *program)
{
    const char *name = last_name(program);
    for (size_t i = 0; policy && i < policy->command_count; i++) {
        const struct strings *names = &policy->commands[i].names;
        for (size_t j = 0; j < names->count; j++)
            if (fnmatch(names->items[j], name, 0) == 0) return &policy->commands[i];
    }
    return NULL;
}

static bool has(const struct strings *list, const struct bytes *word)
{
    for (size_t i = 0; i < list->count; i++)
        if (strcmp(list->items[i], word->data) == 0) return true;
    return false;
}

static bool is_option(const struct bytes *word)
{
    return word->length > 1 && word->data[0] == '-';
}

static bool is_bundle(const struct bytes *word, const struct command *command)
{
    if (word->length < 3 || word->data[1] == '-' || (command && command->single_dash)) return false;
    for (size_t i = 1; i < word->length; i++)
        if (!isalnum((unsigned char)word->data[i])) return false;
    return true;
}

/* What of a command makes others like it. */
struct traits {
    size_t leading; /* how many words are part of its likeness */
    const char *words[4];
    struct strings options; /* sorted, each once; bundles taken apart */
    struct text shown;      /* as in "git push --force …" */
    bool none;              /* nothing is like it */
};

static void add_option(struct traits *traits, const char *option, size_t length)
{
    char *copy = xstrndup(option, length);
    size_t at = 0;
    struct strings *all = &traits->options;
    while (at < all->count && strcmp(all->items[at], copy) < 0)
        at++;
    if (at < all->count && strcmp(all->items[at], copy) == 0) {
        free(copy);
        return;
    }
    all->items = xrealloc(all->items, all->count + 1, sizeof *all->items);
    memmove(all->items + at + 1, all->items + at, (all->count - at) * sizeof *all->items);
    all->items[at] = copy;
    all->count++;
}

static void take_option(struct traits *traits, const struct bytes *word, const struct command *command)
{
    text_format(&traits->shown, " %s", word->data);
    if (command && (has(&command->unsafe, word) || has(&command->text, word) || has(&command->module, word)))
        traits->none = true;
    if (!is_bundle(word, command)) {
        add_option(traits, word->data, word->length);
        return;
    }
    for (size_t i = 1; i < word->length; i++) {
        char letter[3] = {'-', word->data[i], '\0'};
        struct bytes alone = {letter, 2};
        if (command && (has(&command->text, &alone) || has(&command->unsafe, &alone))) traits->none = true;
        add_option(traits, letter, 2);
    }
}

/* How many of its first words say what a command does. */
static size_t words_that_count(const struct command *command, const char *name)
{
    for (size_t i = 0; i < sizeof nested / sizeof *nested; i++)
        if (strcmp(nested[i].name, name) == 0) return nested[i].words;
    if (!command) return 0;
    if (command->kind == COMMAND_SHELL || command->kind == COMMAND_INTERPRETER ||
        command->kind == COMMAND_MULTICALL)
        return 1;
    return command->subcommands ? 1 : 0;
}

static void read_traits(struct traits *traits, const struct question *question, const struct policy *policy)
{
    const char *name = last_name(question->program);
    const struct command *command = likeness_command(policy, question->program);
    size_t wanted = words_that_count(command, name);
    bool options_over = false;
    text_string(&traits->shown, name);
    for (size_t i = 1; i < question->argc; i++) {
        const struct bytes *word = &question->argv[i];
        if (memchr(word->data, '\0', word->length)) traits->none = true;
        if (!options_over && word->length == 2 && memcmp(word->data, "--", 2) == 0) {
            options_over = true;
        } else if (!options_over && is_option(word)) {
            take_option(traits, word, command);
            if (command && has(&command->values, word)) i++; /* its value may be any */
        } else if (traits->leading < wanted) {
            traits->words[traits->leading++] = word->data;
            text_format(&traits->shown, " %s", word->data);
            /* What follows a script, or an applet, are its own words, of which nothing is known. */
            if (command && command->kind != COMMAND_PLAIN) break;
        }
    }
    if (traits->leading < wanted && command && command->kind != COMMAND_PLAIN) traits->none = true;
    if (command && (command->kind == COMMAND_WRAPPER || command->kind == COMMAND_LOADER)) traits->none = true;
    text_string(&traits->shown, " …");
}

static bool like_command(const struct question *question, const struct policy *policy,
                         struct likeness *likeness, char **covers)
{
    struct traits traits = {0};
    struct sha256 sum;
    read_traits(&traits, question, policy);
    begin(&sum, "like", ACT_EXEC);
    take_string(&sum, question->program);
    take(&sum, question->identity, sizeof question->identity);
    for (size_t i = 0; i < traits.leading; i++)
        take_string(&sum, traits.words[i]);
    take_string(&sum, "options");
    for (size_t i = 0; i < traits.options.count; i++) {
        take_string(&sum, traits.options.items[i]);
        free(traits.options.items[i]);
    }
    free(traits.options.items);
    sha256_final(&sum, likeness->sum);
    char *shown = text_take(&traits.shown);
    if (covers && !traits.none)
        *covers = shown;
    else
        free(shown);
    return !traits.none;
}

/* "name (1.2.3.4):80", "1.2.3.4:80", "[::1]:80", "name (::1):80". */
char *likeness_host(const char *address)
{
    if (!address || strncmp(address, "unix:", 5) == 0) return NULL;
    const char *port = strrchr(address, ':'), *named = strstr(address, " (");
    if (!port) return NULL;
    const char *end = named && named < port ? named : port;
    return xstrndup(address, (size_t)(end - address));
}

static bool like_connection(const struct question *question, struct likeness *likeness, char **covers)
{
    char *host = likeness_host(question->address);
    if (!host) return false;
    struct sha256 sum;
    begin(&sum, "like", ACT_CONNECT);
    take_string(&sum, host);
    sha256_final(&sum, likeness->sum);
    if (covers) *covers = xasprintf("%s, any port", host);
    free(host);
    return true;
}

bool likeness_like(const struct question *question, const struct policy *policy, struct likeness *likeness,
                   char **covers)
{
    if (covers) *covers = NULL;
    if (question->act == ACT_EXEC) return like_command(question, policy, likeness, covers);
    if (question->act == ACT_CONNECT) return like_connection(question, likeness, covers);
    return false;
}

void likeness_directory(enum act_kind act, const char *directory, size_t length, struct likeness *likeness)
{
    struct sha256 sum;
    begin(&sum, "directory", act);
    take(&sum, directory, length);
    sha256_final(&sum, likeness->sum);
}

static bool is_above(const char *directory, const char *path)
{
    size_t length = strlen(directory);
    return strncmp(directory, path, length) == 0 && (path[length] == '\0' || path[length] == '/');
}

char *likeness_directory_of(const struct question *question, const char *home)
{
    if (!question->path || question->path[0] != '/') return NULL;
    char *directory = xstrdup(question->path);
    if (!question->listing) *strrchr(directory, '/') = '\0';
    bool too_much = !*directory || strcmp(directory, "/") == 0 || (home && is_above(directory, home));
    if (!too_much) return directory;
    free(directory);
    return NULL;
}

static bool needs_quotes(const struct bytes *word)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789%+,-./:=@_^";
    for (size_t i = 0; i < word->length; i++)
        if (!word->data[i] || !strchr(plain, word->data[i])) return true;
    return word->length == 0;
}

char *likeness_words(const struct question *question)
{
    struct text text = {0};
    for (size_t i = 0; i < question->argc; i++) {
        const struct bytes *word = &question->argv[i];
        if (i) text_char(&text, ' ');
        if (!needs_quotes(word)) {
            text_add(&text, word->data, word->length);
            continue;
        }
        text_char(&text, '\'');
        for (size_t j = 0; j < word->length; j++) {
            if (word->data[j] == '\'')
                text_string(&text, "'\\''");
            else
                text_char(&text, word->data[j]);
        }
        text_char(&text, '\'');
    }
    return text_take(&text);
}
