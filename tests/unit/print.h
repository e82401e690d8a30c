/* print.h: policies, acts and decisions as text, for reports of failures. */
#ifndef ASKFIRST_PRINT_H
#define ASKFIRST_PRINT_H

#include <arpa/inet.h>
#include <stdio.h>

#include "../../policy/policy.h"

static const char *const printed_verdicts[VERDICTS] = {"allow", "ask", "hide", "deny"};
static const char *const printed_acts[] = {"read", "write", "exec", "connect", "debug"};
static const char *const printed_sets[] = {"main", "project", "approvals"};

static void print_strings(FILE *to, const char *title, const struct strings *list)
{
    if (list->count == 0) return;
    fprintf(to, " %s=[", title);
    for (size_t i = 0; i < list->count; i++)
        fprintf(to, "%s\"%s\"", i ? ", " : "", list->items[i]);
    fputc(']', to);
}

static void print_patterns(FILE *to, const char *title, const struct patterns *list)
{
    if (list->count == 0) return;
    fprintf(to, " %s=[", title);
    for (size_t i = 0; i < list->count; i++)
        fprintf(to, "%s\"%s\"%s", i ? ", " : "", list->items[i].text, list->items[i].bare ? " (bare)" : "");
    fputc(']', to);
}

static void print_rule(FILE *to, const struct rule *rule)
{
    fprintf(to, "  rule %u: %s%s %s %s", rule->place.line, printed_sets[rule->set],
            rule->layer == LAYER_CORE ? " (core)" : "", printed_acts[rule->act],
            printed_verdicts[rule->verdict]);
    print_patterns(to, "patterns", &rule->patterns);
    print_strings(to, "words", &rule->words);
    print_strings(to, "options", &rule->options);
    print_strings(to, "without", &rule->without);
    print_strings(to, "shell", &rule->shell);
    print_patterns(to, "cwd", &rule->cwd);
    print_patterns(to, "parent", &rule->parent);
    print_patterns(to, "program", &rule->program);
    if (rule->exact) fprintf(to, " exact");
    if (rule->stdin_kind != STDIN_UNKNOWN) fprintf(to, " stdin=%d", (int)rule->stdin_kind);
    for (size_t i = 0; i < rule->sha256_count; i++)
        fprintf(to, " sha256=%d", rule->sha256[i][0]);
    fputc('\n', to);
}

static void print_command(FILE *to, const struct command *command)
{
    static const char *const kinds[] = {"plain", "shell", "interpreter", "multicall", "loader", "wrapper"};
    fprintf(to, "  command %s%s%s skip=%zu", kinds[command->kind], command->subcommands ? " subcommands" : "",
            command->single_dash ? " single_dash" : "", command->skip_words);
    print_strings(to, "names", &command->names);
    print_strings(to, "flags", &command->flags);
    print_strings(to, "values", &command->values);
    print_strings(to, "unsafe", &command->unsafe);
    print_strings(to, "text", &command->text);
    print_strings(to, "module", &command->module);
    print_strings(to, "same", &command->same);
    fputc('\n', to);
}

static void print_policy(FILE *to, const struct policy *policy)
{
    fprintf(to, "policy:\n");
    for (size_t i = 0; i < policy->rule_count; i++)
        print_rule(to, &policy->rules[i]);
    for (size_t set = 0; set < RULE_SETS; set++)
        for (size_t act = 0; act < ACT_KINDS; act++)
            if (policy->has_otherwise[set][act])
                fprintf(to, "  otherwise %s %s %s\n", printed_sets[set], printed_acts[act],
                        printed_verdicts[policy->otherwise[set][act]]);
    for (size_t i = 0; i < policy->command_count; i++)
        print_command(to, &policy->commands[i]);
}

static const char *or_unknown(const char *text)
{
    return text ? text : "unknown";
}

static void print_target(FILE *to, const struct act *act)
{
    char address[INET6_ADDRSTRLEN] = "unknown";
    if (act->has_address) inet_ntop(AF_INET6, act->address, address, sizeof address);
    fprintf(to, " kind=%d address=%s", (int)act->socket, address);
    if (act->has_address || act->has_port) fprintf(to, " port=%u", act->port);
    for (size_t i = 0; i < act->name_count; i++)
        fprintf(to, " name=%s", act->names[i]);
    if (act->unix_path) fprintf(to, " unix:%s%s", act->unix_abstract ? "@" : "", act->unix_path);
}

static void print_act(FILE *to, const struct act *act)
{
    fprintf(to, "act: %s", printed_acts[act->kind]);
    if (act->path) fprintf(to, " path=%s", act->path);
    if (act->kind == ACT_CONNECT) print_target(to, act);
    if (act->kind == ACT_EXEC) {
        for (size_t i = 0; i < act->argc; i++)
            fprintf(to, " '%s'", act->argv[i]);
        fprintf(to, " name=%s stdin=%d sha256=%d cwd=%s parent=%s", or_unknown(act->name),
                (int)act->stdin_kind, act->sha256 ? act->sha256[0] : -1, or_unknown(act->cwd),
                or_unknown(act->parent));
    }
    if (act->kind == ACT_READ || act->kind == ACT_WRITE)
        fprintf(to, " program=%s%s", or_unknown(act->program), act->by_any ? " by any" : "");
    fputc('\n', to);
}

#endif
