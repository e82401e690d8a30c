/* sample.h: a small policy with something of everything, for the fuzz targets of the decider. */
#ifndef ASKFIRST_FUZZ_SAMPLE_H
#define ASKFIRST_FUZZ_SAMPLE_H

#include <stdlib.h>

#include "../../policy/image.h"
#include "../../policy/policy.h"

#define LIST(...)                                                                                            \
    {                                                                                                        \
        (char *[]){__VA_ARGS__}, sizeof((char *[]){__VA_ARGS__}) / sizeof(char *)                            \
    }
#define PATTERN(glob, name)                                                                                  \
    {                                                                                                        \
        (struct pattern[]){{.text = glob, .bare = name}}, 1                                                  \
    }

static inline struct image *sample_image(size_t *size)
{
    static unsigned char digest[1][32] = {{7}};
    struct rule rules[] = {
        {.act = ACT_READ, .verdict = VERDICT_DENY, .patterns = PATTERN("**/.git/**/h*/[a-c]?", false)},
        {.act = ACT_READ, .verdict = VERDICT_ASK, .patterns = PATTERN("**/*.pem", false)},
        {.act = ACT_READ, .verdict = VERDICT_ASK, .patterns = PATTERN("/a/**/a*/**/b/**/*x*", false)},
        {.act = ACT_READ, .verdict = VERDICT_ALLOW, .patterns = PATTERN("/a/**", false)},
        {.act = ACT_WRITE, .verdict = VERDICT_ALLOW, .patterns = PATTERN("/w/**", false)},
        {.act = ACT_WRITE,
         .verdict = VERDICT_ALLOW,
         .patterns = PATTERN("/x/**", false),
         .program = PATTERN("git", true)},
        {.act = ACT_READ,
         .verdict = VERDICT_DENY,
         .patterns = PATTERN("/x/**", false),
         .program = PATTERN("/usr/**/p*", false)},
        {.act = ACT_DEBUG, .verdict = VERDICT_ALLOW, .patterns = PATTERN("**/gdb", false)},
        {.act = ACT_EXEC,
         .verdict = VERDICT_DENY,
         .patterns = PATTERN("git", true),
         .words = LIST("push", "--force")},
        {.act = ACT_EXEC,
         .verdict = VERDICT_ASK,
         .patterns = PATTERN("git", true),
         .words = LIST("-n", "x", "p*"),
         .options = LIST("-rf", "--all=*"),
         .without = LIST("-z")},
        {.act = ACT_EXEC, .verdict = VERDICT_ASK, .patterns = PATTERN("*", true), .stdin_kind = STDIN_PIPE},
        {.act = ACT_EXEC, .verdict = VERDICT_ASK, .shell = LIST("*curl*|*sh*")},
        {.act = ACT_EXEC,
         .verdict = VERDICT_ALLOW,
         .patterns = PATTERN("/usr/**", false),
         .words = LIST("a", "b"),
         .sha256 = digest,
         .sha256_count = 1,
         .cwd = PATTERN("/w/**", false),
         .parent = PATTERN("make", true)},
        {.act = ACT_EXEC,
         .verdict = VERDICT_ALLOW,
         .patterns = PATTERN("python3*", true),
         .words = LIST("-m", "pip")},
        {.act = ACT_EXEC,
         .verdict = VERDICT_ALLOW,
         .patterns = PATTERN("*", true),
         .options = LIST("-v", "--long"),
         .without = LIST("--no", "-x")},
        {.act = ACT_CONNECT, .verdict = VERDICT_ALLOW, .patterns = PATTERN("*.example.org:443", false)},
        {.act = ACT_CONNECT, .verdict = VERDICT_DENY, .patterns = PATTERN("unix:/run/**/x*", false)},
        {.act = ACT_CONNECT, .verdict = VERDICT_ASK, .patterns = PATTERN("10.0.0.0/9:1-99", false)},
        {.act = ACT_READ, .verdict = VERDICT_DENY, .set = SET_PROJECT, .patterns = PATTERN("/a/b", false)},
        {.act = ACT_EXEC, .verdict = VERDICT_ALLOW, .set = SET_APPROVALS, .patterns = PATTERN("git", true)},
    };
    struct command commands[] = {
        {.names = LIST("git"),
         .flags = LIST("-p", "--bare"),
         .values = LIST("-C", "-c", "-n"),
         .unsafe = LIST("-c"),
         .same = LIST("-f=--force"),
         .subcommands = true},
        {.names = LIST("sh", "bash*"), .kind = COMMAND_SHELL, .values = LIST("-o", "+o"), .text = LIST("-c")},
        {.names = LIST("python3*"),
         .kind = COMMAND_INTERPRETER,
         .flags = LIST("-u"),
         .values = LIST("-W"),
         .text = LIST("-c"),
         .module = LIST("-m")},
        {.names = LIST("env"), .kind = COMMAND_WRAPPER, .values = LIST("-u"), .skip_words = 1},
        {.names = LIST("busybox"), .kind = COMMAND_MULTICALL},
        {.names = LIST("ld.so"), .kind = COMMAND_LOADER},
        {.names = LIST("tf"),
         .flags = LIST("-v"),
         .values = LIST("-chdir"),
         .subcommands = true,
         .single_dash = true},
    };
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++) {
        rules[i].layer = i ? LAYER_USER : LAYER_CORE;
        rules[i].place = (struct place){"sample", (uint32_t)i + 1, 1};
        rules[i].text = "sample";
    }
    struct policy policy = {.rules = rules,
                            .rule_count = sizeof rules / sizeof *rules,
                            .commands = commands,
                            .command_count = sizeof commands / sizeof *commands};
    struct diagnostics diagnostics = {0};
    struct image *image;
    if (policy_compile(&policy, &image, size, &diagnostics)) {
        diagnostics_print(&diagnostics, stderr);
        abort();
    }
    return image;
}

/* Decides with a trace and without, which must come to the same. */
static inline void sample_decide(const struct image *image, const struct act *act)
{
    struct decision decision, traced;
    struct trace trace = {.steps = calloc(8, sizeof *trace.steps), .capacity = 8};
    struct image_rule rule;
    policy_decide(image, act, &decision, NULL);
    policy_decide(image, act, &traced, &trace);
    if (decision.rule != RULE_NONE && !image_rule(image, decision.rule, &rule)) abort();
    if (decision.verdict > VERDICT_DENY) abort();
    free(trace.steps);
}

#endif
