/* test_lint.c: what lint warns of, and above all what it does not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "../../policy/covers.h"
#include "policies.h"

static void paths_within_paths(void **state)
{
    static const struct {
        const char *pattern, *other;
        bool covers;
    } rows[] = {
        {"/a/**", "/a/b", true},
        {"/a/**", "/a", true},
        {"/a/**", "/a/b/**", true},
        {"/a/**", "/a/**", true},
        {"/a/**", "/ab", false},
        {"/a/**", "/**", false},
        {"/a/*", "/a/b", true},
        {"/a/*", "/a/b/c", false},
        {"/a/*", "/a/**", false},
        {"/a/*", "/a", false},
        {"**/n", "/a/n", true},
        {"**/n", "/n", true},
        {"**/n", "**/m/n", true},
        {"**/n", "**/n", true},
        {"**/n", "/a/**/n", true},
        {"**/n", "/a/nn", false},
        {"/**", "**/x", true},
        {"/**", "/", true},
        {"**/*.pem", "/a/b.pem", true},
        {"**/*.pem", "**/*.pem", true},
        {"**/*.pem", "**/a.pem", true},
        {"**/*.pem", "**/*.p*", false},
        {"/a/**/b", "/a/b", true},
        {"/a/**/b", "/a/x/y/b", true},
        {"/a/**/b/**", "/a/c/b/d", true},
        {"/a/**/b/**", "/a/c/d", false},
        {"/a/[xy]", "/a/x", true},
        {"/a/[xy]", "/a/[x]", false},
        {"/a/\\*", "/a/b", false},
        {"/a/*", "/a/\\*", true},
        {"/a/b", "/a/?", false},
        {"/a/?", "/a/bb", false},
        {"/a\\b", "/ab", true},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (path_covers(rows[i].pattern, rows[i].other) != rows[i].covers)
            fail_msg("%s and %s", rows[i].pattern, rows[i].other);
}

static void addresses_within_addresses(void **state)
{
    static const struct {
        const char *pattern, *other;
        bool covers;
    } rows[] = {
        {"a.b", "a.b:80", true},
        {"a.b:80", "a.b", false},
        {"a.b:1-99", "a.b:80", true},
        {"A.b", "a.B:5", true},
        {"a.b", "a.bc", false},
        {"*.b", "a.b:80", true},
        {"*.b", "x.a.b", true},
        {"*.b", "*.a.b", true},
        {"*.b", "b", false},
        {"*.b", "ab", false},
        {"*", "a.b", true},
        {"*", "10.0.0.0/8", true},
        {"*", "udp", false},
        {"*", "unix:/x", false},
        {"*:443", "a.b:443", true},
        {"*:443", "a.b", false},
        {"10.0.0.0/8", "10.1.0.0/16", true},
        {"10.0.0.0/8", "10.1.2.3:80", true},
        {"10.0.0.0/9", "10.128.0.0/9", false},
        {"10.1.0.0/16", "10.0.0.0/8", false},
        {"::/0", "2001:db8::/32", true},
        {"::/0", "10.0.0.1", false},
        {"localhost", "localhost:80", true},
        {"localhost:80", "localhost", false},
        {"unix:/run/**", "unix:/run/x", true},
        {"unix:/run/**", "unix:@run", false},
        {"unix:@a*", "unix:@ab", true},
        {"udp", "udp", true},
        {"udp", "raw", false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (address_covers(rows[i].pattern, rows[i].other) != rows[i].covers)
            fail_msg("%s and %s", rows[i].pattern, rows[i].other);
}

/* Whether the second of two rules under exec is said never to match. */
static bool warns(const char *act, const char *first, const char *second)
{
    struct policies policies;
    char text[512];
    policies_begin(&policies);
    snprintf(text, sizeof text, "askfirst: 1\n%s:\n- %s\n- %s\n", act, first, second);
    if (!policies_load(&policies, text)) fail_msg("%s: %s", text, policies_message(&policies, 0));
    policies_compile(&policies);
    policy_lint(policies.policy, policies.image, &policies.diagnostics);
    bool warned = policies.diagnostics.count > 0 && strstr(policies_message(&policies, 0), "can never match");
    if (warned) assert_non_null(strstr(policies_message(&policies, 0), "4:"));
    policies_end(&policies);
    return warned;
}

static void commands_within_commands(void **state)
{
    static const struct {
        const char *first, *second;
        bool covers;
    } rows[] = {
        {"ask: git", "deny: git push", true},
        {"ask: git push", "deny: git push --force", true},
        {"ask: git push --force", "deny: git push", false},
        {"ask: git push", "allow: git push", true},
        {"ask: git push", "deny: git stash push", false},
        {"ask: git push origin", "deny: git push x origin", true},
        {"ask: git push", "deny: {program: git, words: push, options: [-f]}", true},
        {"ask: {program: rm, options: [-r, -R]}", "deny: rm -r", true},
        {"ask: {program: rm, options: [-r, -R]}", "deny: {program: rm, options: -r}", true},
        {"ask: {program: rm, options: -r}", "deny: {program: rm, options: [-r, -R]}", false},
        {"ask: {program: rm, without: -i}", "deny: rm", false},
        {"ask: {program: rm, without: -i}", "deny: {program: rm, without: [-i, -I]}", true},
        {"ask: {program: [sh, bash]}", "deny: sh x", true},
        {"ask: sh", "deny: {program: [sh, bash]}", false},
        {"ask: python3*", "deny: python3.11", true},
        {"ask: \"*\"", "deny: anything", true},
        {"ask: \"*\"", "deny: {shell: ls}", true},
        {"ask: git", "deny: \"*\"", false},
        {"ask: /usr/bin/**", "deny: /usr/bin/git push", true},
        {"ask: /usr/bin/**", "deny: git", false},
        {"ask: git", "deny: /usr/bin/git push", true},
        {"ask: git", "deny: \"/opt/git/**\"", false},
        {"ask: {program: sh, stdin: pipe}", "deny: sh", false},
        {"ask: {program: sh, stdin: pipe}", "deny: {program: sh, stdin: pipe, cwd: /x}", true},
        {"ask: {program: sh, stdin: pipe}", "deny: {program: sh, stdin: tty}", false},
        {"ask: {program: x, cwd: /a/**}", "deny: {program: x, cwd: /a/b}", true},
        {"ask: {program: x, cwd: /a/b}", "deny: {program: x, cwd: /a/**}", false},
        {"ask: {program: x, parent: git}", "deny: {program: x, parent: /bin/git}", true},
        {"ask: {program: x, parent: git}", "deny: x", false},
        {"ask: {shell: \"*\"}", "deny: {shell: \"*curl*\"}", true},
        {"ask: {shell: \"*a*\"}", "deny: {shell: \"xay\"}", true},
        {"ask: {shell: \"*a*\"}", "deny: sh", false},
        /* An allow by a bare name leaves the programs that can be written to what comes later. */
        {"allow: git", "deny: git", false},
        {"allow: git", "ask: git push", false},
        {"allow: git", "allow: git push", true},
        {"allow: git push", "allow: git push x", true},
        {"allow: git push x", "allow: git push y x", false},
        {"allow: /usr/bin/git", "deny: /usr/bin/git", true},
        {"allow: /usr/bin/git push", "deny: /usr/bin/git push", false},
        {"deny: /usr/bin/git push", "allow: /usr/bin/git push", true},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (warns("exec", rows[i].first, rows[i].second) != rows[i].covers)
            fail_msg("%s and %s", rows[i].first, rows[i].second);
}

static void files_within_files_by_who_acts(void **state)
{
    static const struct {
        const char *first, *second;
        bool covers;
    } rows[] = {
        {"{ask: /a/**, program: git}", "{deny: /a/b, program: git}", true},
        {"{ask: /a/**, program: [git, hg]}", "{deny: /a/b, program: /usr/bin/git}", true},
        {"{ask: /a/**, program: git}", "{deny: /a/b, program: [git, hg]}", false},
        {"{ask: /a/**, program: git}", "{deny: /a/b}", false},
        {"{ask: /a/**}", "{deny: /a/b, program: git}", true},
        {"{ask: /a/b, program: git}", "{deny: /a/**, program: git}", false},
        {"{ask: /a, program: \"**/git\"}", "{allow: /a, program: git}", false},
        {"{ask: /a, program: git}", "{allow: /a, program: \"**/git\"}", true},
        {"{ask: /a, program: git}", "{allow: /a, program: git}", true},
        /* One that may be written is left to what comes later, and so is one that is not known. */
        {"{allow: /a, program: git}", "{deny: /a, program: git}", false},
        {"{allow: /a, program: /bin/git}", "{ask: /a, program: /bin/git}", false},
        {"{allow: /a, program: git}", "{allow: /a, program: git}", true},
        {"{allow: /a, program: git}", "{allow: /a, program: \"**/git\"}", false},
        {"{allow: /a}", "{ask: /a, program: git}", true},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (warns("write", rows[i].first, rows[i].second) != rows[i].covers)
            fail_msg("%s and %s", rows[i].first, rows[i].second);
}

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

/* Small numbers from a fixed beginning: a failure is the same each time. */
static size_t dice(size_t sides)
{
    static uint64_t seed = 1;
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    return (size_t)(seed >> 33) % sides;
}

#define PICK(array) (array)[dice(sizeof(array) / sizeof *(array))]

/* Up to two of the texts; the list is good as long as the room. */
static struct strings pick_some(const char *const *texts, size_t count, char *room[2])
{
    struct strings some = {.items = room, .count = dice(3)};
    for (size_t i = 0; i < some.count; i++)
        room[i] = (char *)(uintptr_t)texts[dice(count)];
    return some;
}

/* A rule and what it is made of. */
struct made_rule {
    struct rule rule;
    struct pattern programs[2], cwd, parent, path;
    char *words[2], *options[2], *without[2], *shell[2];
};

static void make_pattern(struct pattern *pattern, const char *text)
{
    *pattern = (struct pattern){.text = (char *)(uintptr_t)text, .bare = strchr(text, '/') == NULL};
}

static void make_rule(struct made_rule *made)
{
    static const char *const programs[] = {"git",        "g*",           "rm",     "sh",   "sudo",
                                           "/usr/bin/*", "/usr/bin/git", "**/git", "/w/**"};
    static const char *const words[] = {"push", "stash",   "origin", "*",  "p*", "--f*",
                                        "-f",   "--force", "-rf",    "-C", "d",  "--"};
    static const char *const options[] = {"-f", "--force", "-r", "-rf", "-C", "-[fr]"};
    static const char *const shell[] = {"*", "a*", "ab", "*b"};
    static const char *const directories[] = {"/w/**", "/w", "/x"};
    struct rule *rule = &made->rule;
    *rule = (struct rule){.act = ACT_EXEC,
                          .verdict = (enum verdict)dice(VERDICTS),
                          .place = {"p", 1, 1},
                          .text = (char *)(uintptr_t) "r"};
    rule->patterns = (struct patterns){made->programs, dice(3)};
    for (size_t i = 0; i < 2; i++)
        make_pattern(&made->programs[i], PICK(programs));
    rule->words = pick_some(words, 12, made->words);
    if (dice(3) == 0) rule->options = pick_some(options, 6, made->options);
    if (dice(3) == 0) rule->without = pick_some(options, 6, made->without);
    if (dice(6) == 0) rule->shell = pick_some(shell, 4, made->shell);
    if (dice(6) == 0) rule->stdin_kind = dice(2) ? STDIN_PIPE : STDIN_TTY;
    make_pattern(&made->cwd, PICK(directories));
    make_pattern(&made->parent, PICK(programs));
    if (dice(6) == 0) rule->cwd = (struct patterns){&made->cwd, 1};
    if (dice(6) == 0) rule->parent = (struct patterns){&made->parent, 1};
}

static void make_file_rule(struct made_rule *made)
{
    static const char *const paths[] = {"/w/**", "/w/a", "/**", "**/a", "/x/*"};
    static const char *const programs[] = {"git", "g*", "/usr/bin/*", "**/git", "/w/**", "/usr/bin/git"};
    make_rule(made);
    struct rule *rule = &made->rule;
    *rule = (struct rule){
        .act = ACT_WRITE, .verdict = (enum verdict)dice(VERDICTS), .place = rule->place, .text = rule->text};
    for (size_t i = 0; i < 2; i++)
        make_pattern(&made->programs[i], PICK(programs));
    made->path.text = (char *)(uintptr_t)PICK(paths);
    rule->patterns = (struct patterns){&made->path, 1};
    rule->program = (struct patterns){made->programs, dice(3)};
}

static void make_file_act(struct act *act, const char *argv[8])
{
    static const char *const paths[] = {"/w/a", "/w/x/b", "/x/a", "/a"};
    static const char *const programs[] = {NULL,       "/usr/bin/git", "/w/git",
                                           "/opt/git", "/usr/bin/gx",  "/w/sh"};
    (void)argv;
    *act = (struct act){.kind = ACT_WRITE, .path = PICK(paths), .program = PICK(programs)};
    act->path_length = strlen(act->path);
}

static void make_act(struct act *act, const char *argv[8])
{
    static const char *const paths[] = {"/usr/bin/git", "/w/git",  "/usr/bin/rm",
                                        "/usr/bin/sh",  "/opt/gx", "/usr/bin/sudo"};
    static const char *const names[] = {"git", "rm", "sh", "gx"};
    static const char *const words[] = {"push", "stash", "origin",    "-f", "--force", "--fo",
                                        "-r",   "-rf",   "-fr",       "-C", "d",       "--",
                                        "-c",   "ab",    "--force=1", "-x"};
    static const char *const parents[] = {NULL, "/usr/bin/git", "/w/git", "/usr/bin/sh"};
    static const char *const directories[] = {NULL, "/w", "/w/y", "/x"};
    *act = (struct act){.kind = ACT_EXEC, .path = PICK(paths), .name = PICK(names), .argv = argv};
    act->path_length = strlen(act->path);
    act->argc = 1 + dice(6);
    argv[0] = act->name;
    for (size_t i = 1; i < act->argc; i++)
        argv[i] = PICK(words);
    act->stdin_kind = (enum stdin_kind)dice(5);
    act->cwd = PICK(directories);
    act->parent = PICK(parents);
}

static void show_rule(const struct rule *rule)
{
    print_error("verdict %d: %s: ", rule->verdict, policies_join_patterns(&rule->patterns));
    print_error("words %s; ", policies_join(&rule->words));
    print_error("options %s; ", policies_join(&rule->options));
    print_error("without %s; ", policies_join(&rule->without));
    print_error("shell %s; stdin %d; ", policies_join(&rule->shell), rule->stdin_kind);
    print_error("cwd %s; ", policies_join_patterns(&rule->cwd));
    print_error("parent %s; ", policies_join_patterns(&rule->parent));
    print_error("by %s\n", policies_join_patterns(&rule->program));
}

static void show_act(const struct act *act)
{
    print_error("%s as %s by %s:", act->path, act->name ? act->name : "?", act->program ? act->program : "?");
    for (size_t i = 1; i < act->argc; i++)
        print_error(" %s", act->argv[i]);
    print_error("; stdin %d; cwd %s; parent %s\n", act->stdin_kind, act->cwd ? act->cwd : "?",
                act->parent ? act->parent : "?");
}

/* Where lint says that a rule can never match, no act ever meets it. */
static void never_decides(struct policies *policies, void make(struct made_rule *),
                          void make_one(struct act *, const char *[8]), size_t least)
{
    struct pattern writable = {.text = (char *)(uintptr_t) "/w/**"};
    size_t covered = 0;
    assert_true(policies_load(policies, "askfirst: 1\n"));
    for (int i = 0; i < 20000; i++) {
        struct made_rule earlier, later;
        make(&earlier);
        make(&later);
        if (!rule_covers(&earlier.rule, &later.rule)) continue;
        covered++;
        struct rule rules[] = {
            {.act = ACT_WRITE, .patterns = {&writable, 1}, .place = {"p", 1, 1}, .text = writable.text},
            earlier.rule,
            later.rule};
        struct policy policy = *policies->policy;
        policy.rules = rules;
        policy.rule_count = 3;
        struct image *image = NULL;
        size_t size;
        assert_int_equal(policy_compile(&policy, &image, &size, &policies->diagnostics), 0);
        for (int k = 0; k < 400; k++) {
            const char *argv[8];
            struct act act;
            struct decision decision;
            make_one(&act, argv);
            policy_decide(image, &act, &decision, NULL);
            if (decision.rule != 2) continue;
            show_rule(&earlier.rule);
            show_rule(&later.rule);
            show_act(&act);
            fail();
        }
        free(image);
    }
    assert_true(covered > least);
}

static void a_covered_rule_never_decides(void **state)
{
    never_decides(*state, make_rule, make_act, 150);
}

static void a_covered_rule_of_files_never_decides(void **state)
{
    never_decides(*state, make_file_rule, make_file_act, 1000);
}

static void lint(struct policies *policies, const char *text)
{
    if (!policies_load(policies, text)) fail_msg("%s", policies_message(policies, 0));
    policies_compile(policies);
    policy_lint(policies->policy, policies->image, &policies->diagnostics);
}

static void a_rule_that_can_never_match_is_shown_with_both_places(void **state)
{
    struct policies *policies = *state;
    lint(policies, "askfirst: 1\nread:\n- deny: [/a/**, \"**/.env\"]\n- allow: [/a/b, /c, /x/.env]\n"
                   "connect:\n- deny: 10.0.0.0/8\n- allow: \"10.2.3.4:80\"\n");
    assert_int_equal(policies->diagnostics.count, 3);
    assert_string_equal(
        policies_message(policies, 0),
        "4:11: warning: the rule \"/a/b\" can never match: \"deny: /a/**\" (DIR/p.yaml:3:10) takes all that "
        "it would; remove it, or move it before that one");
    assert_string_equal(
        policies_message(policies, 1),
        "4:21: warning: the rule \"/x/.env\" can never match: \"deny: **/.env\" (DIR/p.yaml:3:17) takes all "
        "that it would; remove it, or move it before that one");
    assert_non_null(strstr(policies_message(policies, 2), "7:10: warning: the rule \"10.2.3.4:80\""));
}

static void a_rule_may_be_taken_by_several_others(void **state)
{
    struct policies *policies = *state;
    lint(policies, "askfirst: 1\nvariables: {v: [/a/b, /c/d], w: [/a/b, /e]}\nread:\n- deny: [/a/**, /x]\n"
                   "- ask: /c/*\n- allow: [\"${v}\", \"${w}\"]\nexec:\n- deny: [rm, mv]\n"
                   "- ask: [{program: [rm, mv], words: x}, {program: [rm, cp], words: x}]\n");
    assert_int_equal(policies->diagnostics.count, 2);
    assert_string_equal(policies_message(policies, 0),
                        "6:11: warning: the rule \"${v}\" can never match: what comes from \"deny: /a/**\" "
                        "(DIR/p.yaml:4:10) to \"ask: /c/*\" (DIR/p.yaml:5:8) takes all that it would; "
                        "remove it, or move it before them");
    assert_non_null(strstr(policies_message(policies, 1), "9:9: warning: the rule \"{program: [rm, mv]"));
}

static void an_allow_by_name_leaves_nothing_installed_to_what_comes_later(void **state)
{
    struct policies *policies = *state;
    lint(policies, "askfirst: 1\nexec:\n- allow: [git, ls, kubectl get]\n- ask: [git push, kubectl "
                   "delete]\n- deny: ls -l\n");
    assert_int_equal(policies->diagnostics.count, 2);
    assert_string_equal(
        policies_message(policies, 0),
        "4:9: warning: the rule \"git push\" matches no program that is installed: \"allow: git\" "
        "(DIR/p.yaml:3:11) takes all but those that the guarded code may write; move it before that one");
    assert_non_null(strstr(policies_message(policies, 1), "5:9: warning: the rule \"ls -l\""));
}

static void a_sign_of_the_shell_is_no_word_of_a_command(void **state)
{
    struct policies *policies = *state;
    lint(policies,
         "askfirst: 1\nexec:\n- deny: [\"curl -s * | sh\", make && make install]\n- ask: echo x >> y\n");
    assert_int_equal(policies->diagnostics.count, 3);
    assert_string_equal(
        policies_message(policies, 0),
        "3:10: warning: \"curl -s * | sh\" wants the word \"|\", which no shell hands on to a "
        "command: for what a shell is told with -c, write {shell: \"*curl -s *|*sh*\"}");
    assert_non_null(strstr(policies_message(policies, 1), "{shell: \"*make*&&*make install*\"}"));
    assert_non_null(strstr(policies_message(policies, 2), "{shell: \"*echo x*>>*y*\"}"));
    lint(policies, "askfirst: 1\nexec:\n- deny: [expr 1 '|' 2, sh -c 'a | b', find . -exec rm x ;, git log "
                   "--format=a|b, "
                   "pip install x>2]\n- ask: {program: expr, words: [a, \"|\", b]}\n");
    assert_int_equal(policies->diagnostics.count, 0);
}

static void what_is_the_same_by_chance_is_no_mistake(void **state)
{
    struct policies *policies = *state;
    lint(policies, "askfirst: 1\nread:\n- allow: [\"${tmp}/**\", /tmp/**]\n");
    assert_int_equal(policies->diagnostics.count, 0);
    lint(policies, "askfirst: 1\nread:\n- allow: [\"${tmp}/**\"]\n- deny: /tmp/x\n");
    assert_int_equal(policies->diagnostics.count, 1);
}

static void who_extends_a_file_may_decide_differently(void **state)
{
    struct policies *policies = *state;
    policies_write(policies, "base.yaml", "askfirst: 1\nread:\n- ask: /a\n- deny: /b\n");
    lint(policies, "askfirst: 1\nextends: base.yaml\nread:\n- allow: /a\n");
    assert_int_equal(policies->diagnostics.count, 0);
    lint(policies, "askfirst: 1\nextends: base.yaml\nread:\n- allow: /b\n");
    assert_int_equal(policies->diagnostics.count, 1);
    assert_non_null(strstr(policies_message(policies, 0), "the rule \"/b\" can never match"));
}

static void an_allow_that_lifts_more_than_it_seems_is_shown(void **state)
{
    struct policies *policies = *state;
    policies_write(policies, "base.yaml",
                   "askfirst: 1\nvariables: {v: [\"**/*.pem\", /h/.ssh/**]}\nread:\n- deny: "
                   "\"${v}\"\nexec:\n- ask: [git push, git reset --hard]\n"
                   "- ask: {program: [sh, python3], stdin: pipe}\n- ask: docker\n");
    lint(policies, "askfirst: 1\nextends: base.yaml\nread:\n- allow: /h/**\nexec:\n- allow: [git, python3, "
                   "docker]\n");
    assert_int_equal(policies->diagnostics.count, 3);
    assert_string_equal(
        policies_message(policies, 0),
        "4:10: warning: \"allow: /h/**\" lifts 1 rule of what this extends, the first of them "
        "\"deny: ${v}\" (DIR/base.yaml:4): if that is not meant, allow less, such as \"~/notes/**\"");
    assert_string_equal(
        policies_message(policies, 1),
        "6:11: warning: \"allow: git\" lifts 2 rules of what this extends, the first of them "
        "\"ask: git push\" (DIR/base.yaml:6): if that is not meant, allow less, such as \"git status\"");
    assert_non_null(strstr(policies_message(policies, 2), "6:16: warning: \"allow: python3\" lifts 1 rule"));
}

static void a_program_that_may_be_written_is_shown_with_both_places(void **state)
{
    struct policies *policies = *state;
    lint(policies, "askfirst: 1\nwrite:\n- deny: /w/safe/**\n- allow: /w/**\n"
                   "exec:\n- allow: [/w/tool, /w/safe/tool, /usr/bin/x, \"/w/bin/*\"]\n"
                   "- allow: {program: /w/pinned, sha256: "
                   "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef}\n"
                   "- ask: /w/asked\n");
    assert_int_equal(policies->diagnostics.count, 2);
    assert_string_equal(
        policies_message(policies, 0),
        "6:11: warning: \"allow: /w/tool\" lets the guarded code run what it may write (DIR/p.yaml:4): it "
        "then runs whatever it likes, so ask here, or pin the program with sha256");
    assert_non_null(strstr(policies_message(policies, 1), "\"allow: /w/bin/*\" lets the guarded code run"));
}

static void a_bare_name_that_does_not_fit_is_shown(void **state)
{
    struct policies *policies = *state;
    char text[512], *before = strdup(getenv("PATH"));
    assert_int_equal(chmod(policies_write(policies, "work/mytool", "#!/bin/sh\n"), 0755), 0);
    snprintf(text, sizeof text, "%s/work", policies->directory);
    setenv("PATH", text, 1);
    lint(policies,
         "askfirst: 1\nwrite:\n- allow: \"${workspace}/**\"\nexec:\n- allow: [mytool, othertool]\n");
    setenv("PATH", before, 1);
    free(before);
    assert_int_equal(policies->diagnostics.count, 1);
    assert_string_equal(
        policies_message(policies, 0),
        "5:11: warning: \"allow: mytool\" does not fit DIR/work/mytool, which the guarded code may write "
        "(DIR/p.yaml:3): protect that file, or name it by its path if that is meant");
}

static void an_allow_for_a_program_that_is_anybodys_is_shown(void **state)
{
    struct policies *policies = *state;
    lint(policies, "askfirst: 1\nwrite:\n- {allow: /a, program: [git, /usr/bin/git]}\n"
                   "- {allow: /b, program: [python3]}\n- {allow: /c, program: \"/usr/bin/ba*\"}\n"
                   "- {allow: /d, program: /w/bin/tool}\n- {ask: /e, program: sh}\n- allow: /w/**\n");
    assert_int_equal(policies->diagnostics.count, 2);
    assert_string_equal(
        policies_message(policies, 0),
        "4:11: warning: \"allow: /b, program: [python3]\" holds for every script that python3 "
        "runs: ask here instead");
    assert_string_equal(policies_message(policies, 1),
                        "6:11: warning: \"allow: /d, program: /w/bin/tool\" holds for a program that the "
                        "guarded code may write "
                        "(DIR/p.yaml:8): it then does whatever it likes, so name one that lies elsewhere");
}

static void an_allow_for_one_program_lifts_what_was_meant(void **state)
{
    struct policies *policies = *state;
    policies_write(policies, "base.yaml", "askfirst: 1\nread:\n- deny: ~/.netrc\n");
    lint(policies, "askfirst: 1\nextends: base.yaml\nread:\n- {allow: ~/**, program: curl}\n");
    assert_int_equal(policies->diagnostics.count, 0);
}

static void a_policy_that_may_be_written_is_shown(void **state)
{
    struct policies *policies = *state;
    lint(policies, "askfirst: 1\notherwise: {write: allow}\n");
    assert_int_equal(policies->diagnostics.count, 1);
    assert_string_equal(
        policies_message(policies, 0),
        "0:0: warning: the guarded code may write this file (DIR/p.yaml:2), and so change what is allowed "
        "next time: keep it elsewhere, or deny writing it");
}

static void the_built_in_policies_are_clean(void **state)
{
    static const char *const names[] = {"default", "strict"};
    struct policies *policies = *state;
    for (size_t i = 0; i < 2; i++) {
        policies->options.policy_file = names[i];
        assert_true(policies_load_options(policies));
        policies_compile(policies);
        policy_lint(policies->policy, policies->image, &policies->diagnostics);
        if (policies->diagnostics.count > 0) fail_msg("%s", policies_message(policies, 0));
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(paths_within_paths),
        cmocka_unit_test(addresses_within_addresses),
        cmocka_unit_test(commands_within_commands),
        cmocka_unit_test(files_within_files_by_who_acts),
        TEST(a_covered_rule_never_decides),
        TEST(a_covered_rule_of_files_never_decides),
        TEST(an_allow_for_a_program_that_is_anybodys_is_shown),
        TEST(an_allow_for_one_program_lifts_what_was_meant),
        TEST(a_rule_that_can_never_match_is_shown_with_both_places),
        TEST(a_rule_may_be_taken_by_several_others),
        TEST(an_allow_by_name_leaves_nothing_installed_to_what_comes_later),
        TEST(a_sign_of_the_shell_is_no_word_of_a_command),
        TEST(what_is_the_same_by_chance_is_no_mistake),
        TEST(who_extends_a_file_may_decide_differently),
        TEST(an_allow_that_lifts_more_than_it_seems_is_shown),
        TEST(a_program_that_may_be_written_is_shown_with_both_places),
        TEST(a_bare_name_that_does_not_fit_is_shown),
        TEST(a_policy_that_may_be_written_is_shown),
        TEST(the_built_in_policies_are_clean),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
