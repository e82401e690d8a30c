/* always.c: see always.h. */
#include "always.h"

#include <stdlib.h>
#include <string.h>

#include "../plain/characters.h"
#include "../plain/memory.h"
#include "../plain/show.h"
#include "../plain/text.h"
#include "likeness.h"

#define LONGEST_RULE 4096u /* a rule that nobody can read at a glance is not written for ever */
#define MOST_WORDS 64u

/* A double-quoted YAML scalar for a policy, in which `$` begins a variable. What a screen would not show as
 * itself is escaped. `value` is UTF-8. */
static void quote(struct text *text, const char *value)
{
    size_t length = strlen(value);
    text_char(text, '"');
    for (size_t i = 0; i < length;) {
        uint32_t character = 0;
        size_t size = character_read(value + i, length - i, &character);
        if (character == '"' || character == '\\')
            text_format(text, "\\%c", (int)character);
        else if (character == '$')
            text_string(text, "$$");
        else if (character == '\n')
            text_string(text, "\\n");
        else if (character == '\t')
            text_string(text, "\\t");
        else if (character < 0x20 || character_hidden(character))
            text_format(text, "\\U%08x", character);
        else
            text_add(text, value + i, size);
        i += size;
    }
    text_char(text, '"');
}

/* A pattern that matches `value` and nothing else; NULL where YAML could not hold it. */
static char *literally(const char *value, size_t length)
{
    if (!value || !length || length > LONGEST_RULE || !show_is_utf8(value, length)) return NULL;
    struct text pattern = {0};
    for (size_t i = 0; i < length; i++) {
        bool home = i == 0 && value[i] == '~'; /* which a policy reads as the home directory */
        if (home || strchr("*?[]\\", value[i])) text_char(&pattern, '\\');
        text_char(&pattern, value[i]);
    }
    return text_take(&pattern);
}

static bool push(struct strings *list, char *item)
{
    if (!item) return false;
    list->items = xrealloc(list->items, list->count + 1, sizeof *list->items);
    list->items[list->count++] = item;
    return true;
}

static bool push_pattern(struct patterns *patterns, char *text)
{
    if (!text) return false;
    patterns->items = xcalloc(1, sizeof *patterns->items);
    patterns->items[0].text = text;
    patterns->count = 1;
    return true;
}

/* The very words, all of them, and the directory that they may be relative to: a yes to one command is not
 * one to the same with an option more, or to the same name somewhere else. */

static bool make_command(struct rule *rule, const struct question *question, const struct session *session,
                         const struct act *act)
{
    const struct command *command = likeness_command(session->policy, question->program);
    if (question->argc > MOST_WORDS || question->from_input) return false;
    /* An interpreter without words would be allowed whatever it is given. */
    if (question->argc < 2 && command && command->kind != COMMAND_PLAIN) return false;
    rule->exact = true;
    if (!push_pattern(&rule->patterns, literally(act->path, act->path_length))) return false;
    for (size_t i = 1; i < act->argc; i++)
        if (!push(&rule->words, literally(act->argv[i], strlen(act->argv[i])))) return false;
    if (!rule->words.count) return true;
    return act->cwd && act->cwd[0] == '/' && push_pattern(&rule->cwd, literally(act->cwd, strlen(act->cwd)));
}

/* Where a name is known, the name and not its address, because addresses change. */
static bool make_address(struct rule *rule, const char *address)
{
    cleanup_free char *host = likeness_host(address);
    if (!address || !show_is_utf8(address, strlen(address))) return false;
    if (host) return push_pattern(&rule->patterns, xasprintf("%s%s", host, strrchr(address, ':')));
    bool is_path = strncmp(address, "unix:", 5) == 0;
    return push_pattern(&rule->patterns, is_path ? literally(address, strlen(address)) : xstrdup(address));
}

static bool make_rule(struct rule *rule, const struct question *question, const struct session *session,
                      const struct act *act)
{
    *rule = (struct rule){.act = question->act,
                          .verdict = VERDICT_ALLOW,
                          .set = SET_APPROVALS,
                          .layer = LAYER_APPROVALS,
                          .place = {"approvals.yaml", 1, 1}};
    switch (question->act) {
    case ACT_EXEC: return make_command(rule, question, session, act);
    case ACT_CONNECT: return make_address(rule, question->address);
    default:
        return question->path && question->path[0] == '/' &&
               push_pattern(&rule->patterns, literally(question->path, strlen(question->path)));
    }
}

static void quote_list(struct text *text, const char *key, const struct strings *list)
{
    if (!list->count) return;
    text_format(text, ", %s: [", key);
    for (size_t i = 0; i < list->count; i++) {
        if (i) text_string(text, ", ");
        quote(text, list->items[i]);
    }
    text_char(text, ']');
}

static char *write_rule(const struct rule *rule)
{
    struct text text = {0};
    text_string(&text, rule->act == ACT_EXEC ? "allow: {program: " : "allow: ");
    quote(&text, rule->patterns.items[0].text);
    quote_list(&text, "words", &rule->words);
    if (rule->exact) text_string(&text, ", exact: true");
    if (rule->cwd.count) {
        text_string(&text, ", cwd: ");
        quote(&text, rule->cwd.items[0].text);
    }
    if (rule->act == ACT_EXEC) text_char(&text, '}');
    if (text.length <= LONGEST_RULE) return text_take(&text);
    text_free(&text);
    return NULL;
}

static void free_strings(struct strings *list)
{
    for (size_t i = 0; i < list->count; i++)
        free(list->items[i]);
    free(list->items);
}

static void free_pattern(struct patterns *patterns)
{
    if (patterns->count) free(patterns->items[0].text);
    free(patterns->items);
}

static void free_rule(struct rule *rule)
{
    free_pattern(&rule->patterns);
    free_pattern(&rule->cwd);
    free(rule->text);
    free_strings(&rule->words);
}

/* Where the guarded code may write the program, a rule that names it would allow whatever it puts there. */
static bool may_be_changed(const struct session *session, const struct act *act)
{
    struct act change = {
        .kind = ACT_WRITE, .path = act->path, .path_length = act->path_length, .by_any = true};
    struct decision decision;
    if (act->kind != ACT_EXEC) return false;
    policy_decide(session->image, &change, &decision, NULL);
    return decision.verdict == VERDICT_ALLOW;
}

/* The rule alone, below an `otherwise` that asks, must let the act through: the language has its own idea of
 * what a command's words are. */
static bool lets_through(struct rule *rule, const struct session *session, const struct act *act)
{
    struct policy alone = {.rules = rule, .rule_count = 1};
    struct diagnostics diagnostics = {0};
    struct image *image = NULL;
    size_t size;
    for (int kind = 0; kind < ACT_KINDS; kind++) {
        alone.has_otherwise[SET_MAIN][kind] = true;
        alone.otherwise[SET_MAIN][kind] = VERDICT_ASK;
    }
    const struct command *command =
        act->kind == ACT_EXEC ? likeness_command(session->policy, act->path) : NULL;
    struct command known;
    if (command) {
        known = *command;
        alone.commands = &known;
        alone.command_count = 1;
    }
    struct decision decision = {.verdict = VERDICT_DENY};
    if (policy_compile(&alone, &image, &size, &diagnostics) == 0) policy_decide(image, act, &decision, NULL);
    free(image);
    diagnostics_free(&diagnostics);
    return decision.verdict == VERDICT_ALLOW;
}

char *always_rule(const struct question *question, const struct session *session, const struct act *act)
{
    struct rule rule;
    char *text = NULL;
    struct act here = *act;
    here.cwd = question->cwd;
    act = &here;
    if (make_rule(&rule, question, session, act) && !may_be_changed(session, act)) {
        text = write_rule(&rule);
        rule.text = xstrdup(text ? text : "");
        if (text && !lets_through(&rule, session, act)) {
            free(text);
            text = NULL;
        }
    }
    free_rule(&rule);
    return text;
}
