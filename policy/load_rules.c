/* load_rules.c: `read:`, `write:`, `exec:`, `connect:`, `debug:` and `otherwise:`. */
#include <string.h>

#include "load.h"

const char *const ACT_NAMES[ACT_KINDS] = {"read", "write", "exec", "connect", "debug"};
const char *const VERDICT_NAMES[VERDICTS] = {"allow", "ask", "hide", "deny"};

/* One rule map while it is read. */
struct written {
    enum act_kind act;
    const struct node *items[VERDICTS];
    char *because;
    const struct node *actor; /* "program", or NULL */
    struct patterns program;
    enum reading reading; /* of `program` */
};

static void keep_allow(struct reader *reader, const struct node *value, void *into)
{
    (void)reader;
    ((struct written *)into)->items[VERDICT_ALLOW] = value;
}

static void keep_ask(struct reader *reader, const struct node *value, void *into)
{
    (void)reader;
    ((struct written *)into)->items[VERDICT_ASK] = value;
}

static void keep_hide(struct reader *reader, const struct node *value, void *into)
{
    struct written *written = into;
    written->items[VERDICT_HIDE] = value;
    if (written->act != ACT_READ)
        complain(reader, value, "only what is read can be hidden: write \"deny\" or \"ask\"");
}

static void keep_deny(struct reader *reader, const struct node *value, void *into)
{
    (void)reader;
    ((struct written *)into)->items[VERDICT_DENY] = value;
}

static void keep_because(struct reader *reader, const struct node *value, void *into)
{
    const char *text = read_text(reader, value, "\"because\"");
    ((struct written *)into)->because = text ? arena_string(reader->arena, text) : NULL;
}

static void keep_program(struct reader *reader, const struct node *value, void *into)
{
    struct written *written = into;
    written->actor = value;
    written->reading = READING_ERROR;
    if (written->act == ACT_READ || written->act == ACT_WRITE)
        written->reading = read_programs(reader, value, &written->program);
    else if (written->act == ACT_EXEC)
        complain(reader, value,
                 "the program stands in the command: write \"- ask: git push\" or \"- ask: {program: git, "
                 "words: push}\"");
    else
        complain(reader, value, "only a rule of read or write says which program acts: remove \"program\"");
}

static const struct key RULE_KEYS[] = {{"allow", keep_allow},     {"ask", keep_ask},
                                       {"hide", keep_hide},       {"deny", keep_deny},
                                       {"because", keep_because}, {"program", keep_program}};

static enum reading read_path_rule(struct reader *reader, const struct node *item, struct rule *rule)
{
    const char *text = read_text(reader, item, "a path");
    return text ? read_path_pattern(reader, item, text, &rule->patterns) : READING_ERROR;
}

static enum reading read_connect_rule(struct reader *reader, const struct node *item, struct rule *rule)
{
    const char *text = read_text(reader, item, "an address");
    return text ? read_address_pattern(reader, item, text, &rule->patterns) : READING_ERROR;
}

static enum reading read_item(struct reader *reader, const struct node *item, struct rule *rule)
{
    switch (rule->act) {
    case ACT_EXEC: return read_command_rule(reader, item, rule);
    case ACT_CONNECT: return read_connect_rule(reader, item, rule);
    default: return read_path_rule(reader, item, rule);
    }
}

/* Whether a rule of this verdict may stand in this file. */
static bool fits_file(struct reader *reader, const struct node *item, enum verdict verdict)
{
    if (reader->file->kind == FILE_APPROVALS && verdict != VERDICT_ALLOW) {
        complain(reader, item, "a file of approvals only allows: put this rule into your policy");
        return false;
    }
    if (reader->file->kind == FILE_PROJECT && verdict == VERDICT_ALLOW)
        warn(reader, item,
             "an allow in a project file loosens nothing: it only makes an exception to what this file "
             "asks or denies below it");
    return true;
}

/* As a person would write it on one line. */
static char *show_rule(struct reader *reader, const struct node *item, const struct written *written)
{
    char *shown = tree_show(reader->arena, item);
    if (!written->actor) return shown;
    return arena_format(reader->arena, "%s, program: %s", shown, tree_show(reader->arena, written->actor));
}

static void add_rule(struct reader *reader, const struct node *item, enum verdict verdict,
                     const struct written *written)
{
    struct loaded *file = reader->file;
    struct rule rule = {
        .act = written->act,
        .verdict = verdict,
        .place = item->place,
        .because = written->because,
        .program = written->program,
    };
    if (!fits_file(reader, item, verdict) || read_item(reader, item, &rule) != READING_DONE) return;
    if (written->reading != READING_DONE) return;
    rule.text = show_rule(reader, item, written);
    file->rules = arena_grow(reader->arena, file->rules, file->rule_count, sizeof rule);
    file->rules[file->rule_count++] = rule;
}

static int find_verdict(struct reader *reader, const struct node *map, const struct written *written)
{
    int found = -1;
    for (int i = 0; i < VERDICTS; i++) {
        if (!written->items[i]) continue;
        if (found >= 0) {
            complain(reader, map, "the rule has both \"%s\" and \"%s\": make two rules of it",
                     VERDICT_NAMES[found], VERDICT_NAMES[i]);
            return -1;
        }
        found = i;
    }
    /* A mistyped one was complained of already. */
    if (found < 0 && map->kind == NODE_MAP) {
        for (size_t i = 0; i < map->count; i++)
            if (strcmp(map->keys[i]->text, "because") != 0 && strcmp(map->keys[i]->text, "program") != 0)
                return -1;
        complain(reader, map, "the rule has no verdict: begin it with \"allow:\", \"ask:\" or \"deny:\"");
    }
    return found;
}

/* False: there are too many rules, which was said. */
static bool read_rule(struct reader *reader, const struct node *map, enum act_kind act)
{
    struct written written = {.act = act, .reading = READING_DONE};
    READ_MAP(reader, map, "a rule", RULE_KEYS, &written);
    int verdict = find_verdict(reader, map, &written);
    if (verdict < 0) return true;
    const struct node *items = written.items[verdict];
    size_t count = item_count(reader, items, VERDICT_NAMES[verdict]);
    for (size_t i = 0; i < count; i++) {
        if (reader->file->rule_count >= RULES_MAX) {
            complain(reader, item_at(items, i), "the file has more than %d rules: use wider patterns",
                     RULES_MAX);
            return false;
        }
        add_rule(reader, item_at(items, i), (enum verdict)verdict, &written);
    }
    return true;
}

void read_rules(struct reader *reader, const struct node *list, enum act_kind act)
{
    if (list->kind != NODE_LIST) {
        complain(reader, list,
                 "\"%s\" has to be a list of rules: begin each with \"- allow:\", \"- ask:\" or "
                 "\"- deny:\"",
                 ACT_NAMES[act]);
        return;
    }
    for (size_t i = 0; i < list->count; i++)
        if (!read_rule(reader, list->items[i], act)) return;
}

static void read_otherwise_for(struct reader *reader, const struct node *value, enum act_kind act)
{
    static const enum verdict verdicts[] = {VERDICT_ALLOW, VERDICT_ASK, VERDICT_DENY};
    static const char *const words[] = {"allow", "ask", "deny"};
    struct loaded *file = reader->file;
    int choice = read_choice(reader, value, "\"otherwise\"", words, 3);
    if (choice < 0) return;
    if (file->kind == FILE_PROJECT && verdicts[choice] == VERDICT_ALLOW) {
        complain(reader, value, "a project file can only tighten: write ask or deny, or remove this");
        return;
    }
    file->has_otherwise[act] = true;
    file->otherwise[act] = verdicts[choice];
    file->otherwise_place[act] = value->place;
}

#define OTHERWISE_FOR(name, act)                                                                             \
    static void otherwise_##name(struct reader *reader, const struct node *value, void *into)                \
    {                                                                                                        \
        (void)into;                                                                                          \
        read_otherwise_for(reader, value, act);                                                              \
    }
OTHERWISE_FOR(read, ACT_READ)
OTHERWISE_FOR(write, ACT_WRITE)
OTHERWISE_FOR(exec, ACT_EXEC)
OTHERWISE_FOR(connect, ACT_CONNECT)
OTHERWISE_FOR(debug, ACT_DEBUG)

void read_otherwise(struct reader *reader, const struct node *map, void *into)
{
    static const struct key keys[] = {{"read", otherwise_read},
                                      {"write", otherwise_write},
                                      {"exec", otherwise_exec},
                                      {"connect", otherwise_connect},
                                      {"debug", otherwise_debug}};
    READ_MAP(reader, map, "\"otherwise\"", keys, into);
}
