/* test_load.c: what is written in a policy arrives in struct policy: each form of a rule, each setting. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "policies.h"

static int begin(void **state)
{
    static struct policies policies;
    policies_begin(&policies);
    *state = &policies;
    return 0;
}

static int end(void **state)
{
    policies_end(*state);
    return 0;
}

/* Loads a text that has no mistake; says which it has, otherwise. */
static void load(struct policies *policies, const char *text)
{
    if (!policies_load(policies, text)) fail_msg("%s", policies_message(policies, 0));
}

static const struct rule *rule_of(void **state, const char *text, size_t index)
{
    load(*state, text);
    return policies_rule(*state, LAYER_USER, index);
}

static const char *patterns_of(void **state, const char *text)
{
    static char shown[4096];
    const char *joined = policies_join_patterns(&rule_of(state, text, 0)->patterns);
    const char *directory = ((struct policies *)*state)->directory;
    size_t size = 0;
    shown[0] = '\0';
    for (const char *next; (next = strstr(joined, directory)); joined = next + strlen(directory))
        size += (size_t)snprintf(shown + size, sizeof shown - size, "%.*sDIR", (int)(next - joined), joined);
    snprintf(shown + size, sizeof shown - size, "%s", joined);
    return shown;
}

static void each_item_is_a_rule_with_its_place(void **state)
{
    const struct policies *policies = *state;
    const char *text =
        "askfirst: 1\nread:\n- deny: [/a, \"**/b\"]\n  because: keys\n- ask: ~/c\nwrite:\n- allow: /d/**\n";
    const struct rule *rule = rule_of(state, text, 0);
    assert_int_equal(rule->act, ACT_READ);
    assert_int_equal(rule->verdict, VERDICT_DENY);
    assert_int_equal(rule->set, SET_MAIN);
    assert_int_equal(rule->place.line, 3);
    assert_int_equal(rule->place.column, 10);
    assert_string_equal(rule->place.file, policies->options.policy_file);
    assert_string_equal(rule->because, "keys");
    assert_string_equal(rule->text, "/a");
    rule = policies_rule(policies, LAYER_USER, 1);
    assert_int_equal(rule->place.column, 14);
    assert_string_equal(rule->because, "keys");
    assert_string_equal(rule->patterns.items[0].text, "**/b");
    rule = policies_rule(policies, LAYER_USER, 2);
    assert_int_equal(rule->verdict, VERDICT_ASK);
    assert_null(rule->because);
    assert_string_equal(rule->text, "~/c");
    rule = policies_rule(policies, LAYER_USER, 3);
    assert_int_equal(rule->act, ACT_WRITE);
    assert_int_equal(rule->verdict, VERDICT_ALLOW);
}

static void acts_that_a_rule_can_be_about(void **state)
{
    const struct policies *policies = *state;
    load(*state,
         "askfirst: 1\ndebug:\n- deny: /d\nconnect:\n- deny: udp\nexec:\n- deny: x\nwrite:\n- deny: /w\n"
         "read:\n- deny: /r\n");
    for (size_t act = 0; act < ACT_KINDS; act++)
        assert_int_equal(policies_rule(policies, LAYER_USER, act)->act, act);
}

static void names_and_the_home_are_filled_in(void **state)
{
    assert_string_equal(patterns_of(state, "askfirst: 1\nread:\n- deny: \"${home}/x\"\n"), "DIR/home/x");
    assert_string_equal(patterns_of(state, "askfirst: 1\nread:\n- deny: ~/x\n"), "DIR/home/x");
    assert_string_equal(patterns_of(state, "askfirst: 1\nread:\n- deny: \"~\"\n"), "DIR/home");
    assert_string_equal(patterns_of(state, "askfirst: 1\nread:\n- deny: \"${workspace}/**/${user}\"\n"),
                        "DIR/work/**/ada");
    assert_string_equal(
        patterns_of(state, "askfirst: 1\nread:\n- deny: \"${config}${cache}${data}${state}\"\n"),
        "DIR/home/.configDIR/home/.cacheDIR/home/.local/shareDIR/home/.local/state");
    assert_string_equal(patterns_of(state, "askfirst: 1\nread:\n- deny: \"${tmp}${runtime}\"\n"),
                        "/tmp/run/user/1000");
    assert_string_equal(patterns_of(state, "askfirst: 1\nread:\n- deny: \"/$x/$$y/$${z}/$\"\n"),
                        "/$x/$y/${z}/$");
}

static void a_name_of_a_place_is_no_glob(void **state)
{
    struct policies *policies = *state;
    free((char *)policies->places.workspace);
    policies->places.workspace = strdup("/w [1]*?\\x");
    assert_string_equal(patterns_of(state, "askfirst: 1\nread:\n- deny: \"${workspace}/*\"\n"),
                        "/w \\[1\\]\\*\\?\\\\x/*");
}

static void the_root_as_a_place_makes_no_empty_name(void **state)
{
    struct policies *policies = *state;
    free((char *)policies->places.home);
    policies->places.home = strdup("/");
    assert_string_equal(patterns_of(state, "askfirst: 1\nread:\n- deny: ~/x\n"), "/x");
    assert_string_equal(patterns_of(state, "askfirst: 1\nread:\n- deny: \"${home}\"\n"), "/");
}

static void an_item_about_what_is_not_here_matches_nothing(void **state)
{
    const struct policies *policies = *state;
    load(*state,
         "askfirst: 1\nread:\n- deny: [\"${session}/x\", \"${install}/y\", /z]\n"
         "exec:\n- deny: [\"${python}\", {program: [\"${python}\"]}, {program: a, cwd: \"${session}\"}]\n"
         "- ask: {program: [\"${python}\", b]}\nconnect:\n- deny: \"unix:${session}/door\"\n"
         "write:\n- {deny: /a, program: \"${python}\"}\n"
         "tests:\n- {read: \"${session}/x\", expect: deny}\n");
    assert_string_equal(policies_rule(policies, LAYER_USER, 0)->text, "/z");
    assert_string_equal(policies_join_patterns(&policies_rule(policies, LAYER_USER, 1)->patterns), "<b>");
    assert_int_equal(policies_rule(policies, LAYER_USER, 1)->verdict, VERDICT_ASK);
    size_t count = 0;
    for (size_t i = 0; i < policies->policy->rule_count; i++)
        count += policies->policy->rules[i].layer == LAYER_USER;
    assert_int_equal(count, 2);
    for (size_t i = 0; i < policies->policy->test_count; i++)
        assert_int_not_equal(policies->policy->tests[i].layer, LAYER_USER);
}

static void variables_are_lists_and_lists_multiply(void **state)
{
    const char *text =
        "askfirst: 1\nvariables:\n  a: [x, y]\n  b: [\"${a}/1\", \"2\"]\nread:\n- deny: \"/${a}/${a}\"\n"
        "- deny: \"/${b}\"\n";
    const struct policies *policies = *state;
    assert_string_equal(patterns_of(state, text), "/x/x /x/y /y/x /y/y");
    assert_int_equal(policies_rule(policies, LAYER_USER, 1)->patterns.count, 3);
    assert_string_equal(policies_rule(policies, LAYER_USER, 1)->text, "/${b}");
}

static void aliases_stand_for_what_they_name(void **state)
{
    assert_string_equal(
        patterns_of(state, "askfirst: 1\nvariables: {a: &a [x, y], b: *a}\nread:\n- deny: /${b}\n"), "/x /y");
}

static void a_command_in_short_form(void **state)
{
    const struct rule *rule = rule_of(state, "askfirst: 1\nexec:\n- ask: git push --force\n", 0);
    assert_string_equal(policies_join_patterns(&rule->patterns), "<git>");
    assert_string_equal(policies_join(&rule->words), "push --force");
    assert_string_equal(rule->text, "git push --force");
    assert_int_equal(rule->options.count, 0);

    rule = rule_of(state, "askfirst: 1\nexec:\n- ask: 'a  ''b c''\t\"d \\\" e\"f g\\ h ~/i ${user}'\n", 0);
    assert_int_equal(rule->words.count, 5);
    assert_string_equal(rule->words.items[0], "b c");
    assert_string_equal(rule->words.items[1], "d \" ef");
    assert_string_equal(rule->words.items[2], "g h");
    assert_string_equal(strrchr(rule->words.items[3], '/'), "/i");
    assert_int_equal(rule->words.items[3][0], '/');
    assert_string_equal(rule->words.items[4], "ada");
}

static void a_program_is_a_name_or_a_path_or_any(void **state)
{
    assert_string_equal(patterns_of(state, "askfirst: 1\nexec:\n- allow: python3*\n"), "<python3*>");
    assert_string_equal(patterns_of(state, "askfirst: 1\nexec:\n- allow: \"${workspace}/**\"\n"),
                        "DIR/work/**");
    assert_string_equal(patterns_of(state, "askfirst: 1\nexec:\n- allow: \"**/bin/x\"\n"), "**/bin/x");
    assert_string_equal(patterns_of(state, "askfirst: 1\nexec:\n- allow: ~/bin/x\n"), "DIR/home/bin/x");
    assert_string_equal(patterns_of(state, "askfirst: 1\nexec:\n- allow: \"* --version\"\n"), "");
    assert_string_equal(patterns_of(state, "askfirst: 1\nexec:\n- allow: {program: [x, \"*\"]}\n"), "");
    assert_string_equal(patterns_of(state, "askfirst: 1\nexec:\n- allow: {shell: ls}\n"), "");
}

static void a_command_in_full_form(void **state)
{
    const struct rule *rule =
        rule_of(state,
                "askfirst: 1\nexec:\n- ask: {program: [ssh, /bin/scp], words: [a, \"b c\", -v], options: "
                "[-r, --re*], without: -n,\n"
                "  stdin: pipe, sha256: 000102030405060708090a0b0c0d0e0f101112131415161718191A1B1C1D1E1F, "
                "cwd: [~/x, /y],\n"
                "  parent: [git, /bin/sh]}\n",
                0);
    assert_string_equal(policies_join_patterns(&rule->patterns), "<ssh> /bin/scp");
    assert_int_equal(rule->words.count, 3);
    assert_string_equal(rule->words.items[1], "b c");
    assert_string_equal(policies_join(&rule->options), "-r --re*");
    assert_string_equal(policies_join(&rule->without), "-n");
    assert_int_equal(rule->stdin_kind, STDIN_PIPE);
    assert_int_equal(rule->sha256_count, 1);
    for (unsigned char i = 0; i < 32; i++)
        assert_int_equal(rule->sha256[0][i], i);
    assert_int_equal(rule->cwd.count, 2);
    assert_string_equal(rule->cwd.items[1].text, "/y");
    assert_string_equal(policies_join_patterns(&rule->parent), "<git> /bin/sh");
    assert_string_equal(rule->place.file, ((struct policies *)*state)->options.policy_file);
    assert_int_equal(rule->place.line, 3);
    assert_int_equal(rule->place.column, 8);
}

static void who_acts_on_a_file(void **state)
{
    const char *text = "askfirst: 1\nwrite:\n- {allow: [/a, \"/b c\"], program: [git, /opt/x, /y/**]}\n"
                       "- {ask: /a, program: git}\n- {deny: /a, program: [git, \"*\"]}\n";
    const struct rule *rule = rule_of(state, text, 0);
    assert_string_equal(policies_join_patterns(&rule->patterns), "/a");
    assert_string_equal(policies_join_patterns(&rule->program), "<git> /opt/x /y/**");
    assert_string_equal(rule->text, "/a, program: [git, /opt/x, \"/y/**\"]");
    rule = rule_of(state, text, 1);
    assert_string_equal(policies_join_patterns(&rule->program), "<git> /opt/x /y/**");
    assert_string_equal(rule_of(state, text, 2)->text, "/a, program: git");
    assert_int_equal(rule_of(state, text, 3)->program.count, 0);
}

static void words_of_the_full_form_are_split_as_those_of_the_short_one(void **state)
{
    const struct rule *rule =
        rule_of(state, "askfirst: 1\nexec:\n- ask: {program: git, words: 'push \"a b\" -f'}\n", 0);
    assert_int_equal(rule->words.count, 3);
    assert_string_equal(rule->words.items[1], "a b");
    assert_string_equal(rule->text, "{program: git, words: \"push \"a b\" -f\"}");
}

static void a_command_by_its_shell_text(void **state)
{
    const struct rule *rule =
        rule_of(state, "askfirst: 1\nexec:\n- ask: {shell: [\"*curl*|*sh*\", \"* $${IFS} ${user}\"]}\n", 0);
    assert_int_equal(rule->patterns.count, 0);
    assert_string_equal(rule->shell.items[0], "*curl*|*sh*");
    assert_string_equal(rule->shell.items[1], "* ${IFS} ada");
    assert_string_equal(rule->text, "{shell: [\"*curl*|*sh*\", \"* $${IFS} ${user}\"]}");
}

static void standard_inputs(void **state)
{
    static const enum stdin_kind kinds[] = {STDIN_PIPE, STDIN_FILE, STDIN_TTY};
    load(*state, "askfirst: 1\nexec:\n- ask: [{stdin: pipe}, {stdin: file}, {stdin: tty}]\n");
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(policies_rule(*state, LAYER_USER, i)->stdin_kind, kinds[i]);
}

static void addresses_are_kept_as_written(void **state)
{
    static const char *const addresses[] = {"localhost",
                                            "api.example.com:443",
                                            "*.example.org:1-9",
                                            "10.0.0.0/8",
                                            "[::1]:80",
                                            "2001:db8::/32",
                                            "*:443",
                                            "unix:@abc*",
                                            "unix:/run/x",
                                            "udp",
                                            "raw",
                                            "packet",
                                            "unix-datagram",
                                            "netlink",
                                            "vsock",
                                            "other"};
    char text[1024] = "askfirst: 1\nconnect:\n- allow: [";
    for (size_t i = 0; i < sizeof addresses / sizeof *addresses; i++)
        snprintf(text + strlen(text), sizeof text - strlen(text), "\"%s\", ", addresses[i]);
    strcat(text, "\"unix:~/s\"]\n");
    load(*state, text);
    for (size_t i = 0; i < sizeof addresses / sizeof *addresses; i++)
        assert_string_equal(policies_rule(*state, LAYER_USER, i)->patterns.items[0].text, addresses[i]);
    const char *socket =
        policies_rule(*state, LAYER_USER, sizeof addresses / sizeof *addresses)->patterns.items[0].text;
    assert_memory_equal(socket, "unix:/tmp/", 10);
    assert_string_equal(strrchr(socket, '/'), "/s");
}

/* The link and what it leads to are two files: both are meant. */
static void links_in_the_literal_beginning_are_followed(void **state)
{
    struct policies *policies = *state;
    char target[300], name[300];
    policies->options.no_links = false;
    snprintf(target, sizeof target, "%s/home", policies->directory);
    snprintf(name, sizeof name, "%s/link", policies->directory);
    assert_int_equal(symlink(target, name), 0);
    free((char *)policies->places.data_dir);
    policies->places.data_dir = strdup(name);
    assert_string_equal(patterns_of(state, "askfirst: 1\nread:\n- deny: \"${data}/**\"\n"),
                        "DIR/link/** DIR/home/**");
    assert_string_equal(patterns_of(state, "askfirst: 1\nread:\n- deny: \"${data}/a/b*/c\"\n"),
                        "DIR/home/a/b*/c");
    assert_string_equal(patterns_of(state, "askfirst: 1\nread:\n- deny: \"${data}\"\n"), "DIR/link DIR/home");
    assert_string_equal(patterns_of(state, "askfirst: 1\nread:\n- deny: \"**/link\"\n"), "**/link");
    assert_string_equal(patterns_of(state, "askfirst: 1\nconnect:\n- deny: \"unix:${data}/s\"\n"),
                        "unix:DIR/home/s");
    assert_string_equal(patterns_of(state, "askfirst: 1\nexec:\n- deny: \"${data}/p x\"\n"), "DIR/home/p");
}

static void make_program(struct policies *policies, const char *name)
{
    assert_int_equal(chmod(policies_write(policies, name, "#!/bin/sh\n"), 0700), 0);
}

static void a_bare_name_stands_for_what_it_is_a_link_to(void **state)
{
    struct policies *policies = *state;
    char link[300];
    policies->options.no_links = false;
    free((char *)policies->places.search_path);
    policies->places.search_path = strdup(policies->directory);
    make_program(policies, "tool-1.2");
    snprintf(link, sizeof link, "%s/tool", policies->directory);
    assert_int_equal(symlink("tool-1.2", link), 0);
    assert_string_equal(patterns_of(state, "askfirst: 1\nexec:\n- allow: tool\n"), "<tool> <DIR/tool-1.2>");
    assert_string_equal(patterns_of(state, "askfirst: 1\nexec:\n- ask: tool\n"), "<tool> <DIR/tool-1.2>");
    snprintf(link, sizeof link, "%s/other", policies->directory);
    assert_int_equal(symlink("tool-1.2", link), 0);
    assert_string_equal(patterns_of(state, "askfirst: 1\nexec:\n- allow: other\n"), "<other> <DIR/tool-1.2>");
    assert_string_equal(patterns_of(state, "askfirst: 1\nexec:\n- ask: other\n"), "<other>");
    assert_string_equal(patterns_of(state, "askfirst: 1\nexec:\n- allow: tool-1.2\n"), "<tool-1.2>");
    assert_string_equal(patterns_of(state, "askfirst: 1\nexec:\n- allow: tool*\n"), "<tool*>");
    make_program(policies, "python3");
    assert_string_equal(patterns_of(state, "askfirst: 1\nexec:\n- allow: \"${python}\"\n"), "DIR/python3");
}

static void otherwise_is_ask_where_nobody_said_anything(void **state)
{
    struct policies *policies = *state;
    load(policies, "askfirst: 1\notherwise: {read: allow, connect: deny}\n");
    const struct policy *policy = policies->policy;
    assert_int_equal(policy->otherwise[SET_MAIN][ACT_READ], VERDICT_ALLOW);
    assert_true(policy->has_otherwise[SET_MAIN][ACT_READ]);
    assert_int_equal(policy->otherwise_place[SET_MAIN][ACT_READ].line, 2);
    assert_int_equal(policy->otherwise[SET_MAIN][ACT_CONNECT], VERDICT_DENY);
    assert_int_equal(policy->otherwise[SET_MAIN][ACT_WRITE], VERDICT_ASK);
    assert_false(policy->has_otherwise[SET_MAIN][ACT_WRITE]);
    assert_string_equal(policy->otherwise_place[SET_MAIN][ACT_WRITE].file, "");
}

static void limits_have_units(void **state)
{
    struct policies *policies = *state;
    load(policies, "askfirst: 1\nlimits: {memory: 4GiB, processes: 512, file_size: 3MB, open_files: 4096, "
                   "time: 10m, cpu: 2h}\n");
    const struct limits *limits = &policies->policy->limits;
    assert_int_equal(limits->memory, 4ull << 30);
    assert_int_equal(limits->processes, 512);
    assert_int_equal(limits->file_size, 3000000);
    assert_int_equal(limits->open_files, 4096);
    assert_int_equal(limits->seconds, 600);
    assert_int_equal(limits->cpu_seconds, 7200);
    load(policies, "askfirst: 1\nlimits: {memory: 7, processes: none, time: 45, cpu: 1d}\n");
    limits = &policies->policy->limits;
    assert_int_equal(limits->memory, 7);
    assert_int_equal(limits->processes, 0);
    assert_int_equal(limits->file_size, 0);
    assert_int_equal(limits->seconds, 45);
    assert_int_equal(limits->cpu_seconds, 86400);
}

static void how_questions_are_asked(void **state)
{
    struct policies *policies = *state;
    load(policies, "askfirst: 1\n");
    assert_int_equal(policies->policy->ask_timeout_seconds, 0);
    assert_true(policies->policy->refusals_sticky);
    load(policies, "askfirst: 1\nask: {timeout: 30s, refusals: once}\n");
    assert_int_equal(policies->policy->ask_timeout_seconds, 30);
    assert_false(policies->policy->refusals_sticky);
    load(policies, "askfirst: 1\nask: {timeout: never, refusals: sticky}\n");
    assert_int_equal(policies->policy->ask_timeout_seconds, 0);
    assert_true(policies->policy->refusals_sticky);
}

static void a_command_may_be_described(void **state)
{
    struct policies *policies = *state;
    load(policies, "askfirst: 1\ncommands:\n- names: [mytool, \"mytool-*\"]\n  kind: wrapper\n  flags: -v\n  "
                   "values: [-C, --dir]\n"
                   "  unsafe: [-c]\n  text: [-e]\n  module: [-m]\n  same: [\"-f=--force\"]\n  skip_words: 1\n"
                   "  subcommands: true\n  single_dash: false\n");
    const struct command *command = &policies->policy->commands[0];
    assert_string_equal(policies_join(&command->names), "mytool mytool-*");
    assert_int_equal(command->kind, COMMAND_WRAPPER);
    assert_string_equal(policies_join(&command->flags), "-v");
    assert_string_equal(policies_join(&command->values), "-C --dir");
    assert_string_equal(policies_join(&command->unsafe), "-c");
    assert_string_equal(policies_join(&command->text), "-e");
    assert_string_equal(policies_join(&command->module), "-m");
    assert_string_equal(policies_join(&command->same), "-f=--force");
    assert_int_equal(command->skip_words, 1);
    assert_true(command->subcommands);
    assert_false(command->single_dash);
    assert_int_equal(command->place.line, 3);
    assert_true(policies->policy->command_count > 10); /* the built-in ones come after it */
}

static void kinds_of_commands(void **state)
{
    static const enum command_kind kinds[] = {COMMAND_PLAIN,     COMMAND_SHELL,  COMMAND_INTERPRETER,
                                              COMMAND_MULTICALL, COMMAND_LOADER, COMMAND_WRAPPER};
    struct policies *policies = *state;
    load(policies, "askfirst: 1\ncommands: [{names: a, kind: plain}, {names: b, kind: shell}, {names: c, "
                   "kind: interpreter},\n"
                   "  {names: d, kind: multicall}, {names: e, kind: loader}, {names: f, kind: wrapper}]\n");
    for (size_t i = 0; i < 6; i++)
        assert_int_equal(policies->policy->commands[i].kind, kinds[i]);
}

static void tests_are_kept(void **state)
{
    struct policies *policies = *state;
    policies->options.no_tests = true;
    load(policies,
         "askfirst: 1\ntests:\n- {exec: sh -c 'a b', stdin: pipe, cwd: ~/x, parent: /bin/git, expect: deny}\n"
         "- {exec: [a, \"\", \"c d\"], expect: ask}\n- {read: ~/y, expect: allow}\n- {write: \"${tmp}/z\", "
         "expect: ask}\n"
         "- {connect: \"a.b:80\", expect: ask}\n- {connect: \"unix:~/s\", expect: ask}\n- {debug: /d, "
         "expect: ask}\n- {write: /e, program: git, expect: ask}\n");
    const struct policy_test *test = policies->policy->tests;
    assert_int_equal(test->act, ACT_EXEC);
    assert_string_equal(test->subject, "sh");
    assert_int_equal(test->argv.count, 3);
    assert_string_equal(test->argv.items[2], "a b");
    assert_int_equal(test->stdin_kind, STDIN_PIPE);
    assert_string_equal(strrchr(test->cwd, '/'), "/x");
    assert_string_equal(test->parent, "/bin/git");
    assert_int_equal(test->expect, VERDICT_DENY);
    assert_int_equal(test->place.line, 3);
    assert_string_equal((++test)->argv.items[1], "");
    assert_int_equal((++test)->act, ACT_READ);
    assert_string_equal((++test)->subject, "/tmp/z");
    assert_string_equal((++test)->subject, "a.b:80");
    assert_memory_equal((++test)->subject, "unix:/tmp/", 10);
    assert_int_equal((++test)->act, ACT_DEBUG);
    assert_null(test->program);
    assert_string_equal((++test)->program, "git");
}

static void files_are_told_by_their_sums(void **state)
{
    static const char expected[] = "\xe9\x16\x6a\xb5";
    struct policies *policies = *state;
    load(policies, "askfirst: 1\n");
    const struct policy_file *file = &policies->policy->files[1];
    assert_string_equal(file->name, policies->options.policy_file);
    assert_int_equal(file->layer, LAYER_USER);
    assert_int_equal(file->size, 12);
    assert_memory_equal(file->sha256, expected, 4);
    assert_string_equal(policies->policy->files[0].name, "core.yaml");
}

static void the_built_in_policies_load_and_pass_their_tests(void **state)
{
    static const char *const names[] = {"default", "strict"};
    struct policies *policies = *state;
    policies->options.all_tests = true;
    for (size_t i = 0; i < 2; i++) {
        policies->options.policy_file = names[i];
        if (!policies_load_options(policies)) fail_msg("%s", policies_message(policies, 0));
        assert_int_equal(policies->diagnostics.count, 0);
        assert_true(policies->policy->test_count > 0);
    }
}

/* One line of a manual page's literal text, as it is shown. */
static void add_line(char *text, size_t room, const char *line)
{
    size_t size = strlen(text);
    if (strncmp(line, "\\&", 2) == 0) line += 2;
    for (; *line && size + 2 < room; line++) {
        text[size++] = *line;
        if (strncmp(line, "\\e", 2) == 0) text[size - 1] = '\\', line++;
    }
    text[size] = '\0';
}

static void the_examples_of_the_manual_load(void **state)
{
    struct policies *policies = *state;
    FILE *page = fopen("docs/askfirst.yaml.5", "re");
    char line[512], text[4096];
    size_t examples = 0;
    bool inside = false;
    assert_non_null(page);
    while (fgets(line, sizeof line, page)) {
        if (strncmp(line, ".Bd -literal", 12) == 0) {
            inside = true;
            text[0] = '\0';
        } else if (inside && strncmp(line, ".Ed", 3) == 0) {
            char whole[5000];
            inside = false;
            examples++;
            snprintf(whole, sizeof whole, "%s%s", strstr(text, "askfirst:") ? "" : "askfirst: 1\n", text);
            load(policies, whole);
        } else if (inside) {
            add_line(text, sizeof text, line);
        }
    }
    fclose(page);
    assert_true(examples >= 12);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
    const struct CMUnitTest tests[] = {
        TEST(each_item_is_a_rule_with_its_place),
        TEST(acts_that_a_rule_can_be_about),
        TEST(names_and_the_home_are_filled_in),
        TEST(a_name_of_a_place_is_no_glob),
        TEST(the_root_as_a_place_makes_no_empty_name),
        TEST(an_item_about_what_is_not_here_matches_nothing),
        TEST(variables_are_lists_and_lists_multiply),
        TEST(aliases_stand_for_what_they_name),
        TEST(a_command_in_short_form),
        TEST(a_program_is_a_name_or_a_path_or_any),
        TEST(a_command_in_full_form),
        TEST(who_acts_on_a_file),
        TEST(words_of_the_full_form_are_split_as_those_of_the_short_one),
        TEST(a_command_by_its_shell_text),
        TEST(standard_inputs),
        TEST(addresses_are_kept_as_written),
        TEST(links_in_the_literal_beginning_are_followed),
        TEST(a_bare_name_stands_for_what_it_is_a_link_to),
        TEST(otherwise_is_ask_where_nobody_said_anything),
        TEST(limits_have_units),
        TEST(how_questions_are_asked),
        TEST(a_command_may_be_described),
        TEST(kinds_of_commands),
        TEST(tests_are_kept),
        TEST(files_are_told_by_their_sums),
        TEST(the_built_in_policies_load_and_pass_their_tests),
        TEST(the_examples_of_the_manual_load),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
