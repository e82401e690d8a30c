/* load_exec.c: one item under `exec:`, in short form (`git push --force`) or in full form (a map). */
#include <ctype.h>
#include <string.h>

#include "load.h"

const char *const STDIN_NAMES[3] = {"pipe", "file", "tty"};

enum stdin_kind read_stdin(struct reader *reader, const struct node *node)
{
    static const enum stdin_kind kinds[] = {STDIN_PIPE, STDIN_FILE, STDIN_TTY};
    int choice = read_choice(reader, node, "\"stdin\"", STDIN_NAMES, 3);
    return choice < 0 ? STDIN_UNKNOWN : kinds[choice];
}

/* A rule in full form while it is read. `worst` is the worst of what its parts came to. */
struct full {
    struct rule *rule;
    enum reading worst;
};

static void note(struct full *full, enum reading reading)
{
    if (reading < full->worst) full->worst = reading;
}

static enum reading read_word(struct reader *reader, const struct node *at, const char *text,
                              struct strings *into)
{
    size_t before = into->count;
    enum reading reading = read_globs(reader, at, text, TILDE_IS_HOME, into);
    if (into->count <= before + 1) return reading;
    complain(reader, at,
             "\"%.200s\" stands for a list of words, of which each would have to be there: write a rule for "
             "each of them",
             text);
    return READING_ERROR;
}

static enum reading read_words(struct reader *reader, const struct node *at, const struct strings *words,
                               size_t from, struct strings *into)
{
    enum reading worst = READING_DONE;
    for (size_t i = from; i < words->count; i++) {
        enum reading reading = read_word(reader, at, words->items[i], into);
        if (reading < worst) worst = reading;
    }
    return worst;
}

static void full_program(struct reader *reader, const struct node *value, void *into)
{
    struct full *full = into;
    note(full, read_programs(reader, value, &full->rule->patterns));
}

static void full_words(struct reader *reader, const struct node *value, void *into)
{
    struct full *full = into;
    struct strings words;
    if (value->kind == NODE_LIST) {
        size_t count = item_count(reader, value, "\"words\"");
        for (size_t i = 0; i < count; i++) {
            const char *text = read_text(reader, value->items[i], "a word");
            note(full, text ? read_word(reader, value->items[i], text, &full->rule->words) : READING_ERROR);
        }
        return;
    }
    const char *text = read_text(reader, value, "\"words\"");
    if (text && split_words(reader, value, text, &words))
        note(full, read_words(reader, value, &words, 0, &full->rule->words));
}

static void read_options(struct reader *reader, const struct node *value, const char *what, struct full *full,
                         struct strings *into)
{
    size_t count = item_count(reader, value, what);
    for (size_t i = 0; i < count; i++) {
        const struct node *item = item_at(value, i);
        const char *text = read_text(reader, item, what);
        if (!text) continue;
        if (text[0] != '-' || text[1] == '\0' || strcmp(text, "--") == 0)
            complain(reader, item,
                     "\"%.200s\" is no option, which begins with \"-\": put other words under \"words\"",
                     text);
        else
            note(full, read_globs(reader, item, text, TILDE_IS_TEXT, into));
    }
}

static void full_options(struct reader *reader, const struct node *value, void *into)
{
    struct full *full = into;
    read_options(reader, value, "\"options\"", full, &full->rule->options);
}

static void full_without(struct reader *reader, const struct node *value, void *into)
{
    struct full *full = into;
    read_options(reader, value, "\"without\"", full, &full->rule->without);
}

static void full_shell(struct reader *reader, const struct node *value, void *into)
{
    struct full *full = into;
    enum reading best = READING_NOTHING;
    size_t count = item_count(reader, value, "\"shell\"");
    for (size_t i = 0; i < count; i++) {
        const char *text = read_text(reader, item_at(value, i), "\"shell\"");
        enum reading reading =
            text ? read_globs(reader, item_at(value, i), text, TILDE_IS_TEXT, &full->rule->shell)
                 : READING_ERROR;
        if (reading > best) best = reading;
    }
    note(full, best);
}

static void full_stdin(struct reader *reader, const struct node *value, void *into)
{
    ((struct full *)into)->rule->stdin_kind = read_stdin(reader, value);
}

static bool parse_sha256(const char *text, unsigned char digest[32])
{
    if (strlen(text) != 64 || strspn(text, "0123456789abcdefABCDEF") != 64) return false;
    for (size_t i = 0; i < 64; i++) {
        int digit =
            isdigit((unsigned char)text[i]) ? text[i] - '0' : tolower((unsigned char)text[i]) - 'a' + 10;
        digest[i / 2] = (unsigned char)(i % 2 ? digest[i / 2] | digit : digit << 4);
    }
    return true;
}

static void full_exact(struct reader *reader, const struct node *value, void *into)
{
    struct full *full = into;
    if (!read_bool(reader, value, "\"exact\"", &full->rule->exact)) note(full, READING_ERROR);
}

static void full_sha256(struct reader *reader, const struct node *value, void *into)
{
    struct rule *rule = ((struct full *)into)->rule;
    size_t count = item_count(reader, value, "\"sha256\"");
    for (size_t i = 0; i < count; i++) {
        unsigned char digest[32];
        const char *text = read_text(reader, item_at(value, i), "\"sha256\"");
        if (!text) continue;
        if (!parse_sha256(text, digest)) {
            complain(reader, item_at(value, i),
                     "\"%.100s\" is no SHA-256 sum: write the 64 hexadecimal digits that "
                     "sha256sum prints",
                     text);
            continue;
        }
        rule->sha256 = arena_grow(reader->arena, rule->sha256, rule->sha256_count, sizeof digest);
        memcpy(rule->sha256[rule->sha256_count++], digest, sizeof digest);
    }
}

static void full_cwd(struct reader *reader, const struct node *value, void *into)
{
    struct full *full = into;
    note(full, read_pattern_list(reader, value, "\"cwd\"", read_path_pattern, &full->rule->cwd));
}

static void full_parent(struct reader *reader, const struct node *value, void *into)
{
    struct full *full = into;
    note(full, read_pattern_list(reader, value, "\"parent\"", read_program_pattern, &full->rule->parent));
}

static const struct key FULL_KEYS[] = {
    {"program", full_program}, {"words", full_words}, {"options", full_options}, {"without", full_without},
    {"shell", full_shell},     {"stdin", full_stdin}, {"sha256", full_sha256},   {"cwd", full_cwd},
    {"parent", full_parent},   {"exact", full_exact},
};

static enum reading read_short_form(struct reader *reader, const struct node *item, struct rule *rule)
{
    struct strings words;
    if (!split_words(reader, item, item->text, &words)) return READING_ERROR;
    enum reading program = read_program_pattern(reader, item, words.items[0], &rule->patterns);
    drop_if_any(&rule->patterns);
    enum reading rest = read_words(reader, item, &words, 1, &rule->words);
    return program < rest ? program : rest;
}

/* An ask or a deny that only the very same words meet would be walked around by adding one. */
static void check_exact(struct reader *reader, const struct node *item, struct full *full)
{
    const struct rule *rule = full->rule;
    if (!rule->exact) return;
    if (rule->verdict != VERDICT_ALLOW)
        complain(reader, item,
                 "\"exact\" belongs to an allow: an ask or a deny finds its words wherever they stand");
    else if (rule->options.count || rule->without.count || rule->shell.count)
        complain(
            reader, item,
            "\"exact\" means that \"words\" are the whole command: put its options among them, and remove "
            "\"options\", \"without\" and \"shell\"");
    else
        return;
    note(full, READING_ERROR);
}

/* Whether a program's name says that it is another version of what a name stands for: python3 and
 * python3.11. */
static bool is_version_of(const struct patterns *patterns, const char *path)
{
    const char *last = strrchr(path, '/') + 1;
    for (size_t i = 0; i < patterns->count; i++) {
        const char *name = patterns->items[i].text;
        if (!strchr(name, '/') && !strncmp(last, name, strlen(name))) return true;
    }
    return false;
}

/* Many names can be links to one program that does another thing under each (pkill is pgrep, reboot is
 * systemctl): an ask or a deny of the one is none of the others. It is still met by the name that the program
 * is called by. */
void keep_versions(struct rule *rule)
{
    size_t kept = 0;
    if (rule->verdict == VERDICT_ALLOW) return;
    for (size_t i = 0; i < rule->patterns.count; i++) {
        const struct pattern *pattern = &rule->patterns.items[i];
        if (!pattern->bare || !strchr(pattern->text, '/') || is_version_of(&rule->patterns, pattern->text))
            rule->patterns.items[kept++] = *pattern;
    }
    rule->patterns.count = kept;
}

enum reading read_command_rule(struct reader *reader, const struct node *item, struct rule *rule)
{
    if (item->kind == NODE_SCALAR) {
        enum reading read = read_short_form(reader, item, rule);
        keep_versions(rule);
        return read;
    }
    if (item->kind == NODE_LIST) {
        complain(reader, item,
                 "a command has to be text or a map, not a list: write \"git push\", or {program: git, "
                 "words: [push]}");
        return READING_ERROR;
    }
    struct full full = {.rule = rule, .worst = READING_DONE};
    if (item->count == 0) {
        complain(reader, item, "the command is empty: write a program's name");
        return READING_ERROR;
    }
    READ_MAP(reader, item, "a command", FULL_KEYS, &full);
    check_exact(reader, item, &full);
    keep_versions(rule);
    return full.worst;
}
