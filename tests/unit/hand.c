/* hand.c: policies by hand (hand.h). */
#include "hand.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void *take(struct hand *hand, void *memory)
{
    assert_non_null(memory);
    hand->taken = realloc(hand->taken, (hand->taken_count + 1) * sizeof *hand->taken);
    assert_non_null(hand->taken);
    return hand->taken[hand->taken_count++] = memory;
}

static char *copy(struct hand *hand, const char *text, size_t length)
{
    return take(hand, strndup(text, length));
}

static void add_string(struct hand *hand, struct strings *strings, const char *text, size_t length)
{
    char **items = take(hand, calloc(strings->count + 1, sizeof *items));
    for (size_t i = 0; i < strings->count; i++)
        items[i] = strings->items[i];
    items[strings->count++] = copy(hand, text, length);
    strings->items = items;
}

static struct strings split(struct hand *hand, const char *text, const char *separators)
{
    struct strings strings = {0};
    while (*(text += strspn(text, separators))) {
        size_t length = strcspn(text, separators);
        add_string(hand, &strings, text, length);
        text += length;
    }
    return strings;
}

static struct patterns patterns(struct hand *hand, const char *text)
{
    struct strings strings = split(hand, text, ",");
    struct patterns all = {take(hand, calloc(strings.count + 1, sizeof *all.items)), strings.count};
    for (size_t i = 0; i < strings.count; i++) {
        bool bare = strings.items[i][0] == '!'; /* what a bare name was found to stand for */
        all.items[i].text = strings.items[i] + bare;
        all.items[i].bare = bare || !strchr(strings.items[i], '/');
    }
    return all;
}

static const char *const verdicts[VERDICTS] = {"allow", "ask", "hide", "deny"};
static const char *const acts[] = {"read", "write", "exec", "connect", "debug"};
static const char *const stdins[] = {"", "pipe", "file", "tty"};

/* Where a word is in a table, or -1. */
static int find(const char *word, const char *const *table, int count)
{
    for (int i = 0; i < count; i++)
        if (!strcmp(word, table[i])) return i;
    return -1;
}

static void set_key(struct hand *hand, struct rule *rule, char *key)
{
    char *value = strchr(key, '=');
    assert_non_null(value);
    *value++ = '\0';
    if (!strcmp(key, "options"))
        rule->options = split(hand, value, ",");
    else if (!strcmp(key, "without"))
        rule->without = split(hand, value, ",");
    else if (!strcmp(key, "shell"))
        rule->shell = split(hand, value, ",");
    else if (!strcmp(key, "cwd"))
        rule->cwd = patterns(hand, value);
    else if (!strcmp(key, "parent"))
        rule->parent = patterns(hand, value);
    else if (!strcmp(key, "program"))
        rule->program = patterns(hand, value);
    else if (!strcmp(key, "stdin"))
        rule->stdin_kind = (enum stdin_kind)find(value, stdins, 4);
    else if (!strcmp(key, "sha256")) {
        rule->sha256 = take(hand, malloc(32));
        memset(rule->sha256, atoi(value), 32);
        rule->sha256_count = 1;
    } else
        fail_msg("no such key: %s", key);
}

static struct rule *new_rule(struct hand *hand)
{
    size_t count = hand->policy.rule_count++;
    if (!(count & (count - 1))) { /* room for a power of two */
        struct rule *rules = calloc(count ? count * 2 : 1, sizeof *rules);
        assert_non_null(rules);
        if (count) memcpy(rules, hand->policy.rules, count * sizeof *rules);
        free(hand->policy.rules);
        hand->policy.rules = rules;
    }
    return &hand->policy.rules[count];
}

static void read_otherwise(struct hand *hand, enum rule_set set, const struct strings *words, size_t at,
                           uint32_t line)
{
    int act = find(words->items[at], acts, ACT_KINDS);
    int verdict = find(words->items[words->count - 1], verdicts, VERDICTS);
    assert_true(verdict >= 0);
    for (int i = 0; i < ACT_KINDS; i++) {
        if (act >= 0 && i != act) continue;
        hand->policy.has_otherwise[set][i] = true;
        hand->policy.otherwise[set][i] = (enum verdict)verdict;
        hand->policy.otherwise_place[set][i] = (struct place){"hand.yaml", line, 1};
    }
}

static void read_line(struct hand *hand, char *text, uint32_t line)
{
    static const char *const prefixes[] = {"core", "project", "approved"};
    static const enum rule_set sets[] = {SET_MAIN, SET_PROJECT, SET_APPROVALS};
    static const enum layer layers[] = {LAYER_CORE, LAYER_PROJECT, LAYER_APPROVALS};
    char *keys = strchr(text, ';');
    if (keys) *keys++ = '\0';
    struct strings words = split(hand, text, " ");
    if (!words.count) return;
    int prefix = find(words.items[0], prefixes, 3);
    size_t at = prefix >= 0;
    enum rule_set set = prefix >= 0 ? sets[prefix] : SET_MAIN;
    if (!strcmp(words.items[at], "otherwise")) {
        read_otherwise(hand, set, &words, at + 1, line);
        return;
    }
    struct rule *rule = new_rule(hand);
    int act = find(words.items[at], acts, ACT_KINDS);
    if (act >= 0) at++;
    rule->act = act >= 0 ? (enum act_kind)act : ACT_EXEC;
    int verdict = find(words.items[at++], verdicts, VERDICTS);
    assert_true(verdict >= 0);
    rule->verdict = (enum verdict)verdict;
    rule->set = set;
    rule->layer = prefix >= 0 ? layers[prefix] : LAYER_USER;
    rule->place = (struct place){"hand.yaml", line, 3};
    rule->text = copy(hand, text, strlen(text));
    if (strcmp(words.items[at], "-")) rule->patterns = patterns(hand, words.items[at]);
    rule->words = (struct strings){words.items + at + 1, words.count - at - 1};
    for (char *key; (key = strsep(&keys, ";"));)
        set_key(hand, rule, key + strspn(key, " "));
}

/* ---- What it knows of commands ---- */

static const struct {
    const char *names, *flags, *values, *unsafe, *text, *module, *same;
    enum command_kind kind;
    size_t skip_words;
    bool subcommands, single_dash;
} known[] = {
    {.names = "git",
     .flags = "--no-pager -p --version --bare -C",
     .values = "-C -c --git-dir",
     .unsafe = "-c",
     .same = "-f=--force",
     .subcommands = true},
    {.names = "kubectl", .values = "-n --namespace", .same = "-n=--namespace", .subcommands = true},
    {.names = "terraform", .flags = "-version", .values = "-chdir", .subcommands = true, .single_dash = true},
    {.names = "rm", .flags = "-r -R -f -i -v --recursive --force", .same = "-r=--recursive -R=--recursive"},
    {.names = "sh bash dash",
     .kind = COMMAND_SHELL,
     .flags = "-e -x -l -i -s --norc",
     .values = "-o +o --rcfile",
     .text = "-c"},
    {.names = "python3*",
     .kind = COMMAND_INTERPRETER,
     .flags = "-u -B -I",
     .values = "-W -X",
     .text = "-c",
     .module = "-m"},
    {.names = "env sudo", .kind = COMMAND_WRAPPER, .flags = "-i", .values = "-u"},
    {.names = "timeout", .kind = COMMAND_WRAPPER, .values = "-k", .skip_words = 1},
    {.names = "busybox", .kind = COMMAND_MULTICALL},
    {.names = "ld.so ld-linux*", .kind = COMMAND_LOADER, .values = "--library-path"},
};

static struct strings blanks(struct hand *hand, const char *text)
{
    return split(hand, text ? text : "", " ");
}

static void add_commands(struct hand *hand)
{
    size_t count = sizeof known / sizeof *known;
    struct command *commands = take(hand, calloc(count, sizeof *commands));
    for (size_t i = 0; i < count; i++) {
        commands[i] = (struct command){.names = blanks(hand, known[i].names),
                                       .kind = known[i].kind,
                                       .place = {"commands", (uint32_t)i, 1},
                                       .flags = blanks(hand, known[i].flags),
                                       .values = blanks(hand, known[i].values),
                                       .unsafe = blanks(hand, known[i].unsafe),
                                       .text = blanks(hand, known[i].text),
                                       .module = blanks(hand, known[i].module),
                                       .same = blanks(hand, known[i].same),
                                       .skip_words = known[i].skip_words,
                                       .subcommands = known[i].subcommands,
                                       .single_dash = known[i].single_dash};
    }
    hand->policy.commands = commands;
    hand->policy.command_count = count;
}

void hand_read(struct hand *hand, const char *rules)
{
    memset(hand, 0, sizeof *hand);
    for (int act = 0; act < ACT_KINDS; act++)
        hand->policy.otherwise[SET_MAIN][act] = VERDICT_ASK;
    add_commands(hand);
    for (uint32_t line = 1; *rules; line++) {
        size_t length = strcspn(rules, "\n");
        read_line(hand, copy(hand, rules, length), line);
        rules += length + (rules[length] == '\n');
    }
}

void hand_make(struct hand *hand, const char *rules)
{
    const char *why = "";
    hand_read(hand, rules);
    if (policy_compile(&hand->policy, &hand->image, &hand->size, &hand->diagnostics))
        fail_msg("%s", hand->diagnostics.items[0].message);
    if (!image_check(hand->image, hand->size, &why)) fail_msg("%s", why);
}

void hand_free(struct hand *hand)
{
    for (size_t i = 0; i < hand->taken_count; i++)
        free(hand->taken[i]);
    free(hand->taken);
    free(hand->policy.rules);
    free(hand->image);
    diagnostics_free(&hand->diagnostics);
}

const struct act *command_line(struct command_line *line, const char *text)
{
    size_t argc = 0;
    assert_true(strlen(text) < sizeof line->text);
    strcpy(line->text, text);
    char *rest = line->text, *word;
    while ((word = strsep(&rest, " "))) {
        if (!*word) continue;
        for (char *c = word; *c; c++)
            if (*c == '_') *c = ' ';
        assert_true(argc < sizeof line->argv / sizeof *line->argv);
        line->argv[argc++] = strcmp(word, "''") ? word : "";
    }
    snprintf(line->path, sizeof line->path, "%s%s", strchr(line->argv[0], '/') ? "" : "/usr/bin/",
             line->argv[0]);
    line->act = (struct act){.kind = ACT_EXEC,
                             .path = line->path,
                             .path_length = strlen(line->path),
                             .name = strrchr(line->path, '/') + 1,
                             .argv = line->argv,
                             .argc = argc,
                             .stdin_kind = STDIN_TTY};
    return &line->act;
}

enum verdict hand_exec(const char *rules, const char *line)
{
    struct hand hand;
    struct command_line command;
    struct decision decision;
    hand_make(&hand, rules);
    policy_decide(hand.image, command_line(&command, line), &decision, NULL);
    hand_free(&hand);
    return decision.verdict;
}

enum verdict hand_path(const char *rules, enum act_kind kind, const char *path)
{
    struct hand hand;
    struct decision decision;
    struct act act = {.kind = kind, .path = path, .path_length = strlen(path)};
    hand_make(&hand, rules);
    policy_decide(hand.image, &act, &decision, NULL);
    hand_free(&hand);
    return decision.verdict;
}
