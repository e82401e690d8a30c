/* generate.h: policies and acts made at random, over so few names that they meet, or just miss, often.
 *
 * What is made here is made by hand as the loader would make it. A policy lives until the next one is
 * generated.
 */
#ifndef ASKFIRST_GENERATE_H
#define ASKFIRST_GENERATE_H

#include <arpa/inet.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "../../policy/policy.h"

#define MOST_RULES 320
#define LENGTH(array) (sizeof(array) / sizeof *(array))

/* ---- Chance (xorshift64*) ---- */

struct chance {
    uint64_t state;
};

static uint32_t draw(struct chance *chance)
{
    chance->state ^= chance->state >> 12;
    chance->state ^= chance->state << 25;
    chance->state ^= chance->state >> 27;
    return (uint32_t)((chance->state * 0x2545F4914F6CDD1Dull) >> 32);
}

static size_t below(struct chance *chance, size_t count)
{
    return draw(chance) % count;
}

static bool percent(struct chance *chance, unsigned likely)
{
    return below(chance, 100) < likely;
}

#define one_of(chance, array) ((array)[below((chance), LENGTH(array))])

/* ---- Memory of one policy ---- */

struct heap {
    char bytes[1 << 21];
    size_t used;
};

static void *reserve(struct heap *heap, size_t size)
{
    void *memory = heap->bytes + heap->used;
    heap->used += (size + 15) & ~(size_t)15;
    if (heap->used > sizeof heap->bytes) abort();
    return memset(memory, 0, size);
}

static char *keep(struct heap *heap, const char *text)
{
    return strcpy(reserve(heap, strlen(text) + 1), text);
}

struct generator {
    struct chance chance;
    struct heap heap;
    struct rule rules[MOST_RULES];
};

static struct strings some_strings(struct generator *all, const char *const *from, size_t count, size_t most)
{
    struct strings list = {NULL, below(&all->chance, most + 1)};
    list.items = reserve(&all->heap, (list.count + 1) * sizeof *list.items);
    for (size_t i = 0; i < list.count; i++)
        list.items[i] = keep(&all->heap, from[below(&all->chance, count)]);
    return list;
}

#define some_of(all, array, most) some_strings((all), (array), LENGTH(array), (most))

/* ---- The alphabets ---- */

static const char *const part_alphabet[] = {"a", "b", "ab", ".a", "a.b", "ba"};
static const char *const part_pattern_alphabet[] = {"a",  "b",    "ab",    ".a",     "*",   "?",  "a*",
                                                    "*b", "[ab]", "[!a]*", "\\a",    "**",  "**", "*a*",
                                                    "a?", ".*",   "[a-b]", "[^.]?*", "[]a]"};
static const char *const program_alphabet[] = {"tool", "tool", "plan", "sh", "py",
                                               "box",  "load", "wrap", "x",  "too"};
static const char *const program_pattern_alphabet[] = {"tool", "tool", "plan", "sh", "py",    "box", "load",
                                                       "wrap", "x",    "*",    "t*", "[st]*", "?h",  "too?"};
static const char *const folder_alphabet[] = {"/bin/", "/a/", "/a/b/", "/"};
static const char *const word_alphabet[] = {"push",
                                            "pull",
                                            "a",
                                            "ab",
                                            "push",
                                            "pull",
                                            "-",
                                            "a/b",
                                            "",
                                            "x",
                                            "a|b",
                                            "stash",
                                            "=",
                                            "/dev/stdin",
                                            "/dev/fd/3",
                                            "/proc/self/fd/0",
                                            "/proc/thread-self/fd/4"};
static const char *const word_pattern_alphabet[] = {"push", "push", "pull", "a",    "p*",  "*",   "?",
                                                    "[ab]", "*/b",  "-",    "pu?l", "\\a", "a/b", "+x"};
static const char *const option_alphabet[] = {
    "-a",        "-b",     "-c",      "-f",        "-C",   "-ab",      "-ca",   "-aC",   "-Ca",
    "-fa",       "-abf",   "--force", "--force=a", "--fo", "--f=",     "--dir", "--di",  "--dir=",
    "--dir=a",   "-force", "-dir",    "-dir=a",    "--a",  "--",       "--",    "-s",    "-o",
    "-oc",       "+x",     "-a=b",    "-f/a",      "-C/a", "--forced", "-Ca=b", "-ab=c", "-c=push",
    "--version", "--help", "-V",      "-h",        "-v",   "+c",       "+ab"};
static const char *const rule_option_alphabet[] = {
    "-a",     "-b",        "-c",      "-f",  "-C",   "-ab",      "-fa",    "--force",
    "--dir",  "-force",    "-dir",    "--f", "-C",   "--dir=a",  "--dir=", "-Ca",
    "-Cpush", "--force=a", "-C=push", "-oa", "-aC",  "--dir=p*", "-aCa",   "--",
    "-ca",    "-Ca=b",     "-ab=c",   "-x",  "--f*", "-?",       "-C*"};
static const char *const known_alphabet[] = {"-a",  "-f",   "-a", "-f",    "--force", "-x",
                                             "-ab", "--fo", "-C", "--dir", "-v"};
static const char *const valued_alphabet[] = {"-c", "-C", "--dir", "-dir", "-o", "-b"};
static const char *const text_alphabet[] = {"-c", "--dir", "-x"};
static const char *const same_alphabet[] = {"-f=--force", "-C=--dir", "-a=-b"};
static const char *const shell_alphabet[] = {"*", "a", "*|*", "push", "p*", "?", "*a*", "[!a]*"};

/* ---- Patterns ---- */

static char *a_path_pattern(struct generator *all)
{
    char text[128] = "";
    unsigned stars = 0;
    if (percent(&all->chance, 25)) {
        strcpy(text, "**");
        stars++;
    }
    size_t count = 1 + below(&all->chance, 4);
    for (size_t i = 0; i < count; i++) {
        const char *part = one_of(&all->chance, part_pattern_alphabet);
        if (strcmp(part, "**") == 0 && ++stars > 4) part = "*";
        strcat(text, "/");
        strcat(text, part);
    }
    return keep(&all->heap, percent(&all->chance, 1) ? "/" : text);
}

static struct patterns path_patterns(struct generator *all, size_t least, size_t most)
{
    struct patterns list = {NULL, least + below(&all->chance, most - least + 1)};
    list.items = reserve(&all->heap, (list.count + 1) * sizeof *list.items);
    for (size_t i = 0; i < list.count; i++)
        list.items[i].text = a_path_pattern(all);
    return list;
}

static struct pattern a_program_pattern(struct generator *all)
{
    char text[128];
    if (percent(&all->chance, 60))
        return (struct pattern){.text = keep(&all->heap, one_of(&all->chance, program_pattern_alphabet)),
                                .bare = true};
    if (percent(&all->chance, 30)) return (struct pattern){.text = a_path_pattern(all)};
    strcpy(text, percent(&all->chance, 30) ? "**/" : one_of(&all->chance, folder_alphabet));
    strcat(text, one_of(&all->chance, program_pattern_alphabet));
    return (struct pattern){.text = keep(&all->heap, text), .bare = percent(&all->chance, 30)};
}

static struct patterns program_patterns(struct generator *all, size_t most)
{
    struct patterns list = {NULL, below(&all->chance, most + 1)};
    list.items = reserve(&all->heap, (list.count + 1) * sizeof *list.items);
    for (size_t i = 0; i < list.count; i++)
        list.items[i] = a_program_pattern(all);
    return list;
}

static char *an_address_pattern(struct generator *all)
{
    static const char *const hosts[] = {
        "a.b",         "*.b",        "*",      "localhost",   "10.0.0.1",          "10.0.0.0/8",
        "[::1]",       "[fd00::/8]", "[::/0]", "0.0.0.0",     "0.0.0.0/0",         "127.0.0.1",
        "127.0.0.0/8", "A.B.",       "*.a.b",  "10.0.0.0/31", "[::ffff:10.0.0.1]", "[::ffff:10.0.0.0/104]",
        "[::]",        "b"};
    static const char *const ports[] = {"", "", ":80", ":1-100", ":*", ":81-443"};
    static const char *const others[] = {"udp",       "raw",     "packet", "unix-datagram",   "netlink",
                                         "vsock",     "other",   "::1",    "fd00::/8",        "unix:@a*",
                                         "unix:@a/b", "unix:@*", "udp",    "::ffff:10.0.0.1", "::/0"};
    char text[128];
    if (percent(&all->chance, 20)) return keep(&all->heap, one_of(&all->chance, others));
    if (percent(&all->chance, 15))
        strcat(strcpy(text, "unix:"), a_path_pattern(all));
    else
        strcat(strcpy(text, one_of(&all->chance, hosts)), one_of(&all->chance, ports));
    return keep(&all->heap, text);
}

static struct patterns address_patterns(struct generator *all)
{
    struct patterns list = {NULL, 1 + below(&all->chance, 2)};
    list.items = reserve(&all->heap, list.count * sizeof *list.items);
    for (size_t i = 0; i < list.count; i++)
        list.items[i].text = an_address_pattern(all);
    return list;
}

/* ---- Rules ---- */

static const unsigned char digests[3][32] = {{1}, {2}, {3}};

static void make_sha256(struct generator *all, struct rule *rule)
{
    rule->sha256_count = 1 + below(&all->chance, 2);
    rule->sha256 = reserve(&all->heap, rule->sha256_count * 32);
    for (size_t i = 0; i < rule->sha256_count; i++)
        memcpy(rule->sha256[i], one_of(&all->chance, digests), 32);
}

static struct strings rule_words(struct generator *all)
{
    struct strings list = some_of(all, word_pattern_alphabet, 3);
    for (size_t i = 0; i < list.count; i++)
        if (percent(&all->chance, 20))
            list.items[i] = keep(&all->heap, one_of(&all->chance, rule_option_alphabet));
    return list;
}

static void make_exec(struct generator *all, struct rule *rule)
{
    struct chance *chance = &all->chance;
    rule->patterns = program_patterns(all, percent(chance, 20) ? 3 : 1);
    if (percent(chance, 60)) rule->words = rule_words(all);
    if (percent(chance, 20)) rule->options = some_of(all, rule_option_alphabet, 2);
    if (percent(chance, 15)) rule->without = some_of(all, rule_option_alphabet, 2);
    if (percent(chance, 10)) rule->shell = some_of(all, shell_alphabet, 2);
    if (percent(chance, 12)) rule->stdin_kind = (enum stdin_kind)(STDIN_PIPE + below(chance, 3));
    if (rule->verdict == VERDICT_ALLOW && percent(chance, 12)) {
        rule->exact = true;
        rule->options.count = rule->without.count = rule->shell.count = 0;
    }
    if (percent(chance, 6)) make_sha256(all, rule);
    if (percent(chance, 10)) rule->cwd = path_patterns(all, 1, 2);
    if (percent(chance, 10)) rule->parent = program_patterns(all, 2);
}

static enum verdict any_verdict(struct chance *chance, bool hides)
{
    static const enum verdict verdicts[VERDICTS] = {VERDICT_ALLOW, VERDICT_ASK, VERDICT_DENY, VERDICT_HIDE};
    return verdicts[below(chance, hides ? VERDICTS : VERDICTS - 1)];
}

static void make_rule(struct generator *all, struct rule *rule, enum rule_set set, enum act_kind act)
{
    struct chance *chance = &all->chance;
    *rule = (struct rule){.act = act, .set = set};
    rule->verdict = set == SET_APPROVALS ? VERDICT_ALLOW : any_verdict(chance, act == ACT_READ);
    rule->layer = set == SET_PROJECT     ? LAYER_PROJECT
                  : set == SET_APPROVALS ? LAYER_APPROVALS
                                         : (enum layer)(percent(chance, 10) ? LAYER_CORE : LAYER_USER);
    rule->text = keep(&all->heap, "generated");
    if (act == ACT_EXEC)
        make_exec(all, rule);
    else
        rule->patterns = act == ACT_CONNECT ? address_patterns(all) : path_patterns(all, 1, 2);
    if ((act == ACT_READ || act == ACT_WRITE) && percent(chance, 40))
        rule->program = program_patterns(all, 2);
}

/* Rules are told apart by their lines. */
static void number_rules(struct rule *rules, size_t count)
{
    for (size_t i = 0; i < count; i++)
        rules[i].place = (struct place){"generated", (uint32_t)i + 1, 1};
}

/* ---- Commands ---- */

static struct strings list_of(struct generator *all, const char *text)
{
    char **items = reserve(&all->heap, sizeof *items);
    *items = keep(&all->heap, text);
    return (struct strings){items, 1};
}

static void make_commands(struct generator *all, struct policy *policy)
{
    static const char *const names[] = {"tool", "plan", "sh", "py", "box", "load", "wrap", "to*"};
    static const enum command_kind kinds[] = {COMMAND_PLAIN,       COMMAND_PLAIN,     COMMAND_SHELL,
                                              COMMAND_INTERPRETER, COMMAND_MULTICALL, COMMAND_LOADER,
                                              COMMAND_WRAPPER,     COMMAND_PLAIN};
    struct chance *chance = &all->chance;
    policy->commands = reserve(&all->heap, LENGTH(names) * sizeof *policy->commands);
    for (size_t i = 0; i < LENGTH(names); i++) {
        struct command *command = &policy->commands[policy->command_count];
        if (percent(chance, 10)) continue;
        policy->command_count++;
        *command =
            (struct command){.names = list_of(all, names[i]), .kind = kinds[i], .place = {"generated", 1, 1}};
        command->flags = some_of(all, known_alphabet, 4);
        command->values = some_of(all, valued_alphabet, 3);
        command->unsafe = some_of(all, known_alphabet, percent(chance, 30) ? 2 : 0);
        command->same = some_of(all, same_alphabet, 2);
        bool runs_text = kinds[i] == COMMAND_SHELL || kinds[i] == COMMAND_INTERPRETER;
        command->subcommands = percent(chance, kinds[i] == COMMAND_PLAIN ? 50 : 5);
        command->single_dash = percent(chance, i == 1 ? 80 : 5);
        if (runs_text || percent(chance, 5)) command->text = list_of(all, "-c");
        if (runs_text && percent(chance, 30)) command->text = some_of(all, text_alphabet, 3);
        if (kinds[i] == COMMAND_SHELL && percent(chance, 80)) command->values = list_of(all, "-o");
        if (kinds[i] == COMMAND_INTERPRETER)
            command->module = list_of(all, percent(chance, 50) ? "-b" : "--force");
        command->skip_words = kinds[i] == COMMAND_WRAPPER ? below(chance, 2) : 0;
    }
}

/* ---- Policies ---- */

static size_t how_many_rules(struct chance *chance)
{
    if (percent(chance, 60)) return 1 + below(chance, 8);
    return percent(chance, 75) ? 1 + below(chance, 40) : 1 + below(chance, 300);
}

/* A policy about few kinds of acts, so that its rules get in each other's way. */
static void make_policy(struct generator *all, struct policy *policy)
{
    static const enum act_kind kinds[] = {ACT_EXEC, ACT_EXEC,    ACT_EXEC, ACT_WRITE,
                                          ACT_READ, ACT_CONNECT, ACT_DEBUG};
    struct chance *chance = &all->chance;
    enum act_kind first = one_of(chance, kinds);
    all->heap.used = 0;
    *policy = (struct policy){.rules = all->rules};
    size_t count = how_many_rules(chance);
    size_t project = percent(chance, 30) ? below(chance, count + 1) / 2 : 0;
    size_t approvals = percent(chance, 30) ? below(chance, count - project + 1) / 2 : 0;
    for (size_t i = 0; i < count; i++) {
        enum rule_set set = i < count - project - approvals ? SET_MAIN
                            : i < count - approvals         ? SET_PROJECT
                                                            : SET_APPROVALS;
        make_rule(all, &all->rules[i], set, percent(chance, 75) ? first : one_of(chance, kinds));
    }
    policy->rule_count = count;
    number_rules(policy->rules, count);
    make_commands(all, policy);
    for (size_t i = 0; i < ACT_KINDS; i++) {
        policy->has_otherwise[SET_MAIN][i] = true;
        policy->otherwise[SET_MAIN][i] = any_verdict(chance, false);
        policy->has_otherwise[SET_PROJECT][i] = percent(chance, 10);
        policy->otherwise[SET_PROJECT][i] = any_verdict(chance, false);
    }
}

/* ---- Acts ---- */

struct made_act {
    struct act act;
    char path[128];
    char cwd[128];
    char parent[128];
    char program[128];
    const char *argv[80];
    const char *names[3];
};

static void a_path(struct chance *chance, char path[128])
{
    size_t count = below(chance, 5);
    strcpy(path, count == 0 ? "/" : "");
    for (size_t i = 0; i < count; i++)
        strcat(strcat(path, "/"), one_of(chance, part_alphabet));
}

static void a_program(struct chance *chance, char path[128])
{
    if (percent(chance, 15)) {
        a_path(chance, path);
        return;
    }
    strcpy(path, one_of(chance, folder_alphabet));
    strcat(path, one_of(chance, program_alphabet));
}

static void make_command_line(struct chance *chance, struct made_act *made)
{
    struct act *act = &made->act;
    a_program(chance, made->path);
    act->name = percent(chance, 15)   ? NULL
                : percent(chance, 85) ? strrchr(made->path, '/') + 1
                                      : one_of(chance, program_alphabet);
    made->argv[0] = percent(chance, 90) ? strrchr(made->path, '/') + 1 : one_of(chance, program_alphabet);
    act->argv = made->argv;
    act->argc = percent(chance, 1) ? 0 : 1 + below(chance, percent(chance, 3) ? 80 : 8);
    for (size_t i = 1; i < act->argc; i++)
        made->argv[i] = percent(chance, 55) ? one_of(chance, word_alphabet) : one_of(chance, option_alphabet);
    act->stdin_kind = (enum stdin_kind)below(chance, 5);
    act->script_is_pipe = percent(chance, 10);
    act->sha256 = percent(chance, 50) ? NULL : one_of(chance, digests);
    a_path(chance, made->cwd);
    a_program(chance, made->parent);
    act->cwd = percent(chance, 30) ? NULL : made->cwd;
    act->parent = percent(chance, 30) ? NULL : made->parent;
}

static void make_target(struct chance *chance, struct made_act *made)
{
    static const char *const addresses[] = {"10.0.0.1",  "10.9.9.9", "127.0.0.1",
                                            "127.9.0.1", "0.0.0.0",  "10.0.0.0"};
    static const char *const addresses6[] = {
        "::", "::1", "fd00::1", "2001:db8::1", "::ffff:10.0.0.1", "::ffff:0.0.0.0"};
    static const char *const names[] = {"a.b", "x.b", "x.a.b", "A.B.", "localhost", "b", "xa.b"};
    static const uint16_t ports[] = {80, 81, 100, 101, 443, 1, 0};
    static const unsigned char mapped_prefix[12] = {[10] = 0xff, [11] = 0xff};
    struct act *act = &made->act;
    act->socket = percent(chance, 70) ? SOCKET_STREAM : (enum socket_kind)below(chance, SOCKET_KINDS);
    if (percent(chance, 20)) {
        a_path(chance, made->path);
        act->unix_abstract = percent(chance, 40);
        act->unix_path = made->path + act->unix_abstract;
        act->unix_length = strlen(act->unix_path);
        return;
    }
    act->port = one_of(chance, ports);
    act->has_address = percent(chance, 80);
    act->has_port = act->has_address || percent(chance, 50);
    memcpy(act->address, mapped_prefix, sizeof mapped_prefix);
    if (percent(chance, 60))
        inet_pton(AF_INET, one_of(chance, addresses), act->address + 12);
    else
        inet_pton(AF_INET6, one_of(chance, addresses6), act->address);
    act->names = made->names;
    act->name_count = act->has_address ? below(chance, 3) : 1 + below(chance, 2);
    for (size_t i = 0; i < act->name_count; i++)
        made->names[i] = one_of(chance, names);
}

static void make_act(struct chance *chance, enum act_kind kind, struct made_act *made)
{
    memset(made, 0, sizeof *made);
    made->act.kind = kind;
    if (kind == ACT_CONNECT) {
        make_target(chance, made);
        return;
    }
    if (kind == ACT_EXEC)
        make_command_line(chance, made);
    else
        a_path(chance, made->path);
    made->act.path = made->path;
    made->act.path_length = strlen(made->path);
    if (kind != ACT_READ && kind != ACT_WRITE) return;
    a_program(chance, made->program);
    if (percent(chance, 75)) made->act.program = made->program;
    made->act.by_any = percent(chance, 10);
}

#endif
