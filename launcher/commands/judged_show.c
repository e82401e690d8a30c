/* judged_show.c: a verdict and its reasons, for people and for programs (judged.h). */
#include <arpa/inet.h>
#include <string.h>

#include "../../policy/address.h"
#include "../../policy/rules.h"
#include "../plain/memory.h"
#include "../plain/show.h"
#include "../questions/question.h"
#include "judged.h"

enum { WORD_LIMIT = 200, LINE_LIMIT = 2000 };

static const char *const fit_words[] = {
    [FIT_YES] = "fits",
    [FIT_WORDS] = "its words are not there",
    [FIT_OPTIONS] = "none of its options is there",
    [FIT_WITHOUT] = "an option that must be absent is there",
    [FIT_SHELL] = "the shell's text is another",
    [FIT_STDIN] = "standard input is another",
    [FIT_SHA256] = "the program's content is another",
    [FIT_CWD] = "the working directory is another",
    [FIT_PARENT] = "another program starts it",
    [FIT_PROGRAM] = "another program does it",
    [FIT_WRITABLE] = "the program lies where the guarded code may write",
    [FIT_PORT] = "the port is another",
    [FIT_LATER] = "fits, but an earlier rule decides",
};

static const char *const fit_names[] = {
    [FIT_YES] = "yes",           [FIT_WORDS] = "words", [FIT_OPTIONS] = "options",
    [FIT_WITHOUT] = "without",   [FIT_SHELL] = "shell", [FIT_STDIN] = "stdin",
    [FIT_SHA256] = "sha256",     [FIT_CWD] = "cwd",     [FIT_PARENT] = "parent",
    [FIT_WRITABLE] = "writable", [FIT_PORT] = "port",   [FIT_LATER] = "later",
    [FIT_PROGRAM] = "program",
};

static const struct {
    enum need need;
    const char *name;
    const char *advice;
} needs[] = {
    {NEED_STDIN, "stdin", "what standard input is was not said: --stdin=pipe, file or tty"},
    {NEED_SHA256, "sha256", "the program's content cannot be read"},
    {NEED_CWD, "cwd", "the working directory is not known: --cwd=DIR"},
    {NEED_PARENT, "parent", "which program starts it was not said: --parent=PROGRAM"},
    {NEED_PROGRAM, "program", "which program does it was not said: --program=PROGRAM"},
};

enum { NEEDS = sizeof needs / sizeof *needs };

/* ---- What is judged ---- */

static char *show_command(const struct act *act)
{
    struct text line = {0};
    for (size_t i = 0; i < act->argc && line.length < LINE_LIMIT; i++) {
        char *word cleanup_free = show_word(act->argv[i], strlen(act->argv[i]), WORD_LIMIT);
        if (i) text_char(&line, ' ');
        text_string(&line, word);
        if (line.length >= LINE_LIMIT && i + 1 < act->argc) text_format(&line, " ... (%zu words)", act->argc);
    }
    return text_take(&line);
}

static char *address_text(const struct judged *judged)
{
    char text[INET6_ADDRSTRLEN] = "";
    const unsigned char *address = judged->address;
    if (!address) return NULL;
    if (IN6_IS_ADDR_V4MAPPED((const struct in6_addr *)(const void *)address))
        inet_ntop(AF_INET, address + 12, text, sizeof text);
    else
        inet_ntop(AF_INET6, address, text, sizeof text);
    return xstrdup(text);
}

static char *show_connection(const struct judged *judged)
{
    const struct act *act = &judged->subject.act;
    struct text line = {0};
    const char *kind = socket_kind_name(act->socket);
    char *number cleanup_free = address_text(judged);
    if (kind) text_string(&line, kind);
    if (act->unix_path) {
        char *path cleanup_free = show_bytes(act->unix_path, act->unix_length, LINE_LIMIT);
        text_format(&line, "%sunix:%s%s", kind ? " " : "", act->unix_abstract ? "@" : "", path);
    } else if (judged->subject.host[0]) {
        char *host cleanup_free = show_string(judged->subject.host, WORD_LIMIT);
        bool is_v6 = strchr(host, ':') != NULL;
        text_format(&line, is_v6 ? "%s[%s]" : "%s%s", kind ? " " : "", host);
        if (act->has_port) text_format(&line, ":%u", act->port);
        if (number && act->name_count) text_format(&line, " (%s)", number);
    }
    return text_take(&line);
}

static char *show_subject(const struct judged *judged)
{
    const struct act *act = &judged->subject.act;
    if (act->kind == ACT_EXEC) return show_command(act);
    if (act->kind == ACT_CONNECT) return show_connection(judged);
    return show_bytes(act->path, act->path_length, LINE_LIMIT);
}

/* ---- For people ---- */

static void print_verdict(enum verdict verdict, const struct show_options *options)
{
    static const char *const colours[VERDICTS] = {"\033[32m", "\033[33m", "\033[35m", "\033[31m"};
    if (options->colour)
        printf("%s%s\033[0m", colours[verdict], verdict_name(verdict));
    else
        fputs(verdict_name(verdict), stdout);
}

static void print_place(const char *file, uint32_t line)
{
    char *shown cleanup_free = show_string(file, 0);
    if (!*file)
        fputs("nobody said anything about it", stdout);
    else
        printf("%s:%u", shown, line);
}

static void print_field(const char *name, const char *text)
{
    char *shown cleanup_free = show_string(text, LINE_LIMIT);
    printf("  %-8s %s\n", name, shown);
}

static void print_rule(const struct judged *judged, const struct image *image)
{
    struct image_rule rule;
    if (image_rule(image, judged->decision.rule, &rule)) {
        char *text cleanup_free = show_string(rule.text, LINE_LIMIT);
        printf("  %-8s ", "rule:");
        print_place(rule.file, rule.line);
        printf(": %s %s\n", verdict_name(rule.verdict), text);
        if (*rule.because) print_field("because:", rule.because);
        return;
    }
    enum verdict verdict;
    const char *file;
    uint32_t line;
    image_otherwise(image, judged->subject.act.kind, &verdict, &file, &line);
    printf("  %-8s no rule fits, so `otherwise` decides (", "rule:");
    print_place(file, line);
    puts(")");
}

static void print_considered(const struct judged *judged, const struct image *image)
{
    printf("  %-8s %zu rule%s\n", "looked", judged->considered_count,
           judged->considered_count == 1 ? "" : "s");
    for (size_t i = 0; i < judged->considered_count; i++) {
        struct image_rule rule;
        if (!image_rule(image, judged->considered[i].rule, &rule)) continue;
        char *text cleanup_free = show_string(rule.text, WORD_LIMIT);
        fputs("    ", stdout);
        print_place(rule.file, rule.line);
        printf(": %s %s: %s\n", verdict_name(rule.verdict), text, fit_words[judged->considered[i].fit]);
    }
    enum verdict verdict;
    const char *file;
    uint32_t line;
    image_otherwise(image, judged->subject.act.kind, &verdict, &file, &line);
    fputs("    otherwise (", stdout);
    print_place(file, line);
    printf("): %s\n", verdict_name(verdict));
}

static void print_notes(const struct judged *judged, const struct image *image)
{
    const struct subject *subject = &judged->subject;
    if (subject->is_guess)
        print_field("note:", "there is no such program here; it is judged as if there were");
    for (size_t i = 0; i < NEEDS; i++)
        if (judged->decision.needs & needs[i].need) print_field("note:", needs[i].advice);
    if (subject->act.kind == ACT_EXEC && command_shell_text(image, &subject->act))
        print_field("note:", "each command in the shell's text is judged by itself when it starts");
    if (subject->names[0] && !subject->address_count)
        print_field("note:", "the name leads nowhere just now; rules about addresses were not met");
}

void judged_print(const struct judged *judged, const struct image *image, const struct show_options *options)
{
    char *what cleanup_free = show_subject(judged);
    const struct act *act = &judged->subject.act;
    print_verdict(judged->decision.verdict, options);
    printf(": %s %s\n", act_name(act->kind), what);
    if (act->kind == ACT_EXEC) print_field("program:", act->path);
    if (act->program) print_field("program:", act->program);
    print_rule(judged, image);
    print_notes(judged, image);
    if (options->why) print_considered(judged, image);
}

/* ---- For programs ---- */

/* What is no UTF-8 goes in as it is shown, and beside it as base64. */
static void json_raw(struct json *json, const char *key, const char *data, size_t length)
{
    if (show_is_utf8(data, length)) {
        json_bytes(json, key, data, length);
        return;
    }
    char *shown cleanup_free = show_bytes(data, length, 0);
    json_string(json, key, shown);
    if (!key) return;
    char *twin cleanup_free = xasprintf("%s_base64", key);
    char *base64 cleanup_free = show_base64(data, length);
    json_string(json, twin, base64);
}

static void json_rule(struct json *json, const struct image *image, uint32_t index, const enum fit *fit)
{
    struct image_rule rule;
    if (!image_rule(image, index, &rule)) return;
    json_string(json, "verdict", verdict_name(rule.verdict));
    json_raw(json, "file", rule.file, strlen(rule.file));
    json_number(json, "line", rule.line);
    json_number(json, "column", rule.column);
    json_raw(json, "text", rule.text, strlen(rule.text));
    json_raw(json, "because", rule.because, strlen(rule.because));
    if (fit) json_string(json, "fit", fit_names[*fit]);
}

static void json_otherwise(struct json *json, const struct image *image, enum act_kind act)
{
    enum verdict verdict;
    const char *file;
    uint32_t line;
    image_otherwise(image, act, &verdict, &file, &line);
    json_open(json, "otherwise", '{');
    json_string(json, "verdict", verdict_name(verdict));
    json_raw(json, "file", file, strlen(file));
    json_number(json, "line", line);
    json_close(json, '}');
}

static void json_subject(struct json *json, const struct judged *judged)
{
    const struct act *act = &judged->subject.act;
    json_string(json, "act", act_name(act->kind));
    if (act->kind == ACT_CONNECT) {
        char *address cleanup_free = show_connection(judged);
        json_string(json, "address", address);
        return;
    }
    json_raw(json, act->kind == ACT_EXEC ? "program" : "path", act->path, act->path_length);
    if (act->program) json_raw(json, "program", act->program, strlen(act->program));
    if (act->kind != ACT_EXEC) return;
    json_open(json, "argv", '[');
    for (size_t i = 0; i < act->argc; i++)
        json_raw(json, NULL, act->argv[i], strlen(act->argv[i]));
    json_close(json, ']');
}

void judged_json(const struct judged *judged, const struct image *image, struct json *json)
{
    json_open(json, NULL, '{');
    json_string(json, "verdict", verdict_name(judged->decision.verdict));
    json_subject(json, judged);
    if (judged->decision.rule != RULE_NONE) {
        json_open(json, "rule", '{');
        json_rule(json, image, judged->decision.rule, NULL);
        json_close(json, '}');
    }
    json_otherwise(json, image, judged->subject.act.kind);
    json_open(json, "needs", '[');
    for (size_t i = 0; i < NEEDS; i++)
        if (judged->decision.needs & needs[i].need) json_string(json, NULL, needs[i].name);
    json_close(json, ']');
    if (judged->considered) {
        json_open(json, "considered", '[');
        for (size_t i = 0; i < judged->considered_count; i++) {
            json_open(json, NULL, '{');
            json_rule(json, image, judged->considered[i].rule, &judged->considered[i].fit);
            json_close(json, '}');
        }
        json_close(json, ']');
    }
    json_close(json, '}');
}
