/* test_layers.c: who overrides whom, what a project may say, whose files are trusted, and how tests of a file
 * are held against the whole. */
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

static void load(struct policies *policies, const char *text)
{
    if (!policies_load(policies, text)) fail_msg("%s", policies_message(policies, 0));
}

static void load_options(struct policies *policies)
{
    if (!policies_load_options(policies)) fail_msg("%s", policies_message(policies, 0));
}

/* The verdict on reading `path`. */
static enum verdict read_of(struct policies *policies, const char *path)
{
    struct act act = {.kind = ACT_READ, .path = path, .path_length = strlen(path)};
    struct decision decision;
    if (!policies->image) policies_compile(policies);
    policy_decide(policies->image, &act, &decision, NULL);
    return decision.verdict;
}

/* The names of the policy's files, without their directories. */
static const char *files_of(const struct policies *policies)
{
    static char joined[512];
    joined[0] = '\0';
    for (size_t i = 0; i < policies->policy->file_count; i++) {
        const char *name = policies->policy->files[i].name, *slash = strrchr(name, '/');
        snprintf(joined + strlen(joined), sizeof joined - strlen(joined), "%s%s:%d", i ? " " : "",
                 slash ? slash + 1 : name, (int)policies->policy->files[i].layer);
    }
    return joined;
}

static void without_a_file_it_is_the_default(void **state)
{
    struct policies *policies = *state;
    load_options(policies);
    assert_string_equal(files_of(policies), "core.yaml:0 default.yaml:3");
}

static void built_in_policies_have_names(void **state)
{
    struct policies *policies = *state;
    policies->options.policy_file = "default";
    load_options(policies);
    assert_string_equal(files_of(policies), "core.yaml:0 default.yaml:2");
}

static void a_file_that_extends_nothing_stands_alone(void **state)
{
    load(*state, "askfirst: 1\n");
    assert_string_equal(files_of(*state), "core.yaml:0 p.yaml:2");
}

/* core, system, user, what the user's extends, what the system's extends; a file met twice counts at its
 * first place. */
static void the_order_of_layers(void **state)
{
    struct policies *policies = *state;
    policies_write(policies, "a.yaml", "askfirst: 1\nextends: b.yaml\n");
    policies_write(policies, "b.yaml", "askfirst: 1\n");
    policies_write(policies, "c.yaml", "askfirst: 1\nextends: b.yaml\n");
    policies->options.system_file = policies_write(policies, "s.yaml", "askfirst: 1\nextends: c.yaml\n");
    policies->options.project_file = policies_write(policies, "work/.askfirst.yaml", "askfirst: 1\n");
    policies->options.approvals_file = policies_write(policies, "approvals.yaml", "askfirst: 1\n");
    load(policies, "askfirst: 1\nextends: a.yaml\n");
    assert_string_equal(files_of(policies), "core.yaml:0 s.yaml:1 p.yaml:2 a.yaml:3 b.yaml:3 c.yaml:3 "
                                            ".askfirst.yaml:4 approvals.yaml:5");
}

static void the_usual_files_are_found(void **state)
{
    struct policies *policies = *state;
    char path[300];
    policies->options.no_files = false;
    policies->options.system_file = policies_write(policies, "s.yaml", "askfirst: 1\n");
    for (int i = 0; i < 2; i++) {
        snprintf(path, sizeof path, "%s/home/.config%s", policies->directory, i ? "/askfirst" : "");
        assert_int_equal(mkdir(path, 0700), 0);
    }
    policies_write(policies, "home/.config/askfirst/policy.yaml", "askfirst: 1\n");
    policies_write(policies, "home/.config/askfirst/approvals.yaml", "askfirst: 1\n");
    policies_write(policies, "work/.askfirst.yaml", "askfirst: 1\n");
    load_options(policies);
    assert_string_equal(files_of(policies),
                        "core.yaml:0 s.yaml:1 policy.yaml:2 .askfirst.yaml:4 approvals.yaml:5");
}

static void the_stronger_layer_decides(void **state)
{
    struct policies *policies = *state;
    policies_write(policies, "base.yaml",
                   "askfirst: 1\nread:\n- deny: [/a, /b]\notherwise: {read: deny, write: deny}\n"
                   "limits: {memory: 1GiB, processes: 5}\nask: {timeout: 1m, refusals: once}\n");
    load(policies, "askfirst: 1\nextends: base.yaml\nread:\n- allow: /a\notherwise: {read: allow}\n"
                   "limits: {memory: 2GiB}\nask: {timeout: 2m}\n");
    const struct policy *policy = policies->policy;
    assert_int_equal(read_of(policies, "/a"), VERDICT_ALLOW);
    assert_int_equal(read_of(policies, "/b"), VERDICT_DENY);
    assert_int_equal(read_of(policies, "/c"), VERDICT_ALLOW);
    assert_int_equal(policy->otherwise[SET_MAIN][ACT_WRITE], VERDICT_DENY);
    assert_int_equal(policy->limits.memory, 2ull << 30);
    assert_int_equal(policy->limits.processes, 5);
    assert_int_equal(policy->ask_timeout_seconds, 120);
    assert_false(policy->refusals_sticky);
}

static void variables_come_from_what_a_file_extends(void **state)
{
    struct policies *policies = *state;
    policies_write(policies, "base.yaml", "askfirst: 1\nvariables: {a: /x}\n");
    load(policies,
         "askfirst: 1\nextends: base.yaml\nvariables: {b: \"${a}/y\"}\nread:\n- deny: \"${b}/z\"\n");
    assert_string_equal(policies_rule(policies, LAYER_USER, 0)->patterns.items[0].text, "/x/y/z");
    assert_false(policies_load(policies, "askfirst: 1\nextends: base.yaml\nvariables: {a: /y}\n"));
    assert_string_equal(policies_message(policies, 0),
                        "3:13: the variable \"a\" is defined by the file that this one "
                        "extends: choose another name");
}

static void extends_may_not_go_in_a_circle(void **state)
{
    struct policies *policies = *state;
    policies_write(policies, "a.yaml", "askfirst: 1\nextends: b.yaml\n");
    policies_write(policies, "b.yaml", "askfirst: 1\nextends: p.yaml\n");
    assert_false(policies_load(policies, "askfirst: 1\nextends: a.yaml\n"));
    assert_int_equal(policies->diagnostics.count, 1);
    assert_string_equal(policies_message(policies, 0),
                        "2:10: \"p.yaml\" extends this file in turn, so neither would ever "
                        "be read: remove one \"extends\"");
    assert_non_null(strstr(policies->diagnostics.items[0].place.file, "/b.yaml"));
}

static void mistakes_of_all_files_are_said(void **state)
{
    struct policies *policies = *state;
    policies_write(policies, "a.yaml", "askfirst: 1\nreed: x\n");
    policies->options.project_file = policies_write(policies, "work/.askfirst.yaml", "askfirst: 2\n");
    assert_false(policies_load(policies, "askfirst: 1\nextends: a.yaml\nwrit: x\n"));
    assert_int_equal(policies->diagnostics.count, 3);
}

static void a_project_is_heard_where_it_is_tighter(void **state)
{
    struct policies *policies = *state;
    policies->options.project_file = policies_write(
        policies, "work/.askfirst.yaml",
        "askfirst: 1\nread:\n- allow: /p/but\n- deny: [/p/**, /q]\n- allow: /r\notherwise: {write: deny}\n");
    load(policies, "askfirst: 1\nread:\n- allow: /p/**\n- deny: /r\notherwise: {read: ask}\n");
    assert_int_equal(read_of(policies, "/p/x"), VERDICT_DENY);
    assert_int_equal(read_of(policies, "/p/but"), VERDICT_ALLOW);
    assert_int_equal(read_of(policies, "/q"), VERDICT_DENY);
    assert_int_equal(read_of(policies, "/r"), VERDICT_DENY);
    assert_int_equal(read_of(policies, "/s"), VERDICT_ASK);
    assert_true(policies->policy->has_otherwise[SET_PROJECT][ACT_WRITE]);
    assert_false(policies->policy->has_otherwise[SET_PROJECT][ACT_READ]);
    assert_int_equal(policies->diagnostics.count, 2);
    assert_string_equal(
        policies_message(policies, 0),
        "3:10: warning: an allow in a project file loosens nothing: it only makes an exception to what "
        "this file asks or denies below it");
}

static void project_says(struct policies *policies, const char *text, const char *message)
{
    policies->options.project_file = policies_write(policies, "work/.askfirst.yaml", text);
    assert_false(policies_load(policies, "askfirst: 1\nask: {timeout: 1m}\n"));
    assert_string_equal(policies_message(policies, 0), message);
    assert_int_equal(policies->diagnostics.count, 1);
}

static void a_project_cannot_loosen(void **state)
{
    project_says(*state, "askfirst: 1\nextends: default\n",
                 "2:1: a project file can only tighten: remove \"extends\"");
    project_says(*state, "askfirst: 1\ncommands: []\n",
                 "2:1: a project file can only tighten: remove \"commands\"");
    project_says(*state, "askfirst: 1\nenv: {keep: [A]}\n",
                 "2:13: a project file can only tighten: remove \"keep\"");
    project_says(*state, "askfirst: 1\nenv: {set: [A=1]}\n",
                 "2:12: a project file can only tighten: remove \"set\"");
    project_says(*state, "askfirst: 1\notherwise: {read: allow}\n",
                 "2:19: a project file can only tighten: write ask or deny, or remove this");
    project_says(*state, "askfirst: 1\nlimits: {memory: none}\n",
                 "2:18: a project file can only tighten: remove \"memory\"");
    project_says(*state, "askfirst: 1\nask: {timeout: never}\n",
                 "2:16: a project file can only tighten: remove \"timeout\"");
    project_says(*state, "askfirst: 1\nask: {timeout: 2m}\n",
                 "2:16: a project file can only tighten: make the timeout at most the policy's 60 seconds, "
                 "or remove it");
    project_says(*state, "askfirst: 1\nask: {refusals: once}\n",
                 "2:17: a project file can only tighten: remove \"refusals: once\"");
}

static void a_project_lowers_limits(void **state)
{
    struct policies *policies = *state;
    policies->options.project_file =
        policies_write(policies, "work/.askfirst.yaml",
                       "askfirst: 1\nlimits: {memory: 1GiB, processes: 9, time: 5s}\n"
                       "ask: {timeout: 30s, refusals: sticky}\n");
    load(policies, "askfirst: 1\nlimits: {memory: 2GiB, processes: 5}\nask: {timeout: 1m, refusals: once}\n");
    assert_int_equal(policies->policy->limits.memory, 1ull << 30);
    assert_int_equal(policies->policy->limits.processes, 5);
    assert_int_equal(policies->policy->limits.seconds, 5);
    assert_int_equal(policies->policy->ask_timeout_seconds, 30);
    assert_true(policies->policy->refusals_sticky);
}

static void approvals_lift_a_question_only(void **state)
{
    struct policies *policies = *state;
    policies->options.approvals_file =
        policies_write(policies, "approvals.yaml", "askfirst: 1\nread:\n- allow: [/a, /b]\n");
    load(policies, "askfirst: 1\nread:\n- ask: /a\n- deny: /b\n");
    assert_int_equal(read_of(policies, "/a"), VERDICT_ALLOW);
    assert_int_equal(read_of(policies, "/b"), VERDICT_DENY);
    assert_int_equal(policies->policy->rules[policies->policy->rule_count - 1].set, SET_APPROVALS);
}

static void approvals_say(struct policies *policies, const char *text, const char *message)
{
    policies->options.approvals_file = policies_write(policies, "approvals.yaml", text);
    assert_false(policies_load(policies, "askfirst: 1\n"));
    assert_string_equal(policies_message(policies, 0), message);
    assert_int_equal(policies->diagnostics.count, 1);
}

static void approvals_only_allow(void **state)
{
    static const char *const keys[] = {"extends", "otherwise", "env", "limits", "ask", "commands", "tests"};
    approvals_say(*state, "askfirst: 1\nread:\n- deny: /x\n",
                  "3:9: a file of approvals only allows: put this rule into your policy");
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        char text[64], message[128];
        snprintf(text, sizeof text, "askfirst: 1\n%s: x\n", keys[i]);
        snprintf(message, sizeof message, "2:1: a file of approvals only allows: remove \"%s\"", keys[i]);
        approvals_say(*state, text, message);
    }
}

static void the_environment(void **state)
{
    struct policies *policies = *state;
    policies_write(policies, "base.yaml", "askfirst: 1\nenv: {drop: [\"*KEY*\", LANG], keep: [A_KEY]}\n");
    policies->options.project_file =
        policies_write(policies, "work/.askfirst.yaml", "askfirst: 1\nenv: {drop: [SHELL]}\n");
    load(policies, "askfirst: 1\nextends: base.yaml\nenv: {drop: [A_KEY, X], keep: [LANG, X, SHELL]}\n");
    assert_true(policy_env_keeps(policies->policy, "HOME"));
    assert_true(policy_env_keeps(policies->policy, "LANG"));
    assert_true(policy_env_keeps(policies->policy, "X"));
    assert_false(policy_env_keeps(policies->policy, "A_KEY"));
    assert_false(policy_env_keeps(policies->policy, "B_KEY_2"));
    assert_false(policy_env_keeps(policies->policy, "SHELL"));
}

static void the_environment_is_added_to(void **state)
{
    struct policies *policies = *state;
    size_t at = 0;
    policies_write(policies, "base.yaml", "askfirst: 1\nenv: {set: [A=weak, B=1, C=2, D=3, E=]}\n");
    policies->options.project_file =
        policies_write(policies, "work/.askfirst.yaml", "askfirst: 1\nenv: {drop: [C]}\n");
    load(policies, "askfirst: 1\nextends: base.yaml\nenv: {set: [A=strong], drop: [B]}\n");
    assert_string_equal(policy_env_next(policies->policy, &at), "A=strong");
    assert_string_equal(policy_env_next(policies->policy, &at), "D=3");
    assert_string_equal(policy_env_next(policies->policy, &at), "E=");
    assert_null(policy_env_next(policies->policy, &at));
    assert_null(policy_env_next(policies->policy, &at));
}

/* A path below the directory of the test, for a message that names a file. */
static void refuses_file(struct policies *policies, const char *message)
{
    assert_false(policies_load_options(policies));
    assert_string_equal(policies_message(policies, 0), message);
    assert_int_equal(policies->diagnostics.count, 1);
}

static void files_that_others_may_write_are_refused(void **state)
{
    struct policies *policies = *state;
    const char *path = policies_write(policies, "p.yaml", "askfirst: 1\n");
    char message[256];
    policies->options.policy_file = path;
    snprintf(message, sizeof message,
             "0:0: others may write this file (owner %u, mode 0664): make it your own and take their right "
             "away with "
             "\"chmod go-w\"",
             (unsigned)geteuid());
    assert_int_equal(chmod(path, 0664), 0);
    refuses_file(policies, message);
    assert_int_equal(chmod(path, 0644), 0);
    assert_int_equal(chmod(policies->directory, 0770), 0);
    refuses_file(
        policies,
        "0:0: others may write the directory that it is in (DIR): take their right away with \"chmod "
        "go-w\", or move the file");
    assert_int_equal(chmod(policies->directory, 01777), 0);
    load_options(policies);
    policies_write(policies, "b.yaml", "askfirst: 1\n");
    char base[300];
    snprintf(base, sizeof base, "%s/b.yaml", policies->directory);
    assert_int_equal(chmod(base, 0606), 0);
    assert_false(policies_load(policies, "askfirst: 1\nextends: b.yaml\n"));
    assert_non_null(strstr(policies_message(policies, 0), "others may write this file"));
    policies->options.policy_file = "default";
    policies->options.project_file = base;
    load_options(policies);
}

static void files_of_other_users_are_refused(void **state)
{
    struct policies *policies = *state;
    if (geteuid() == 0) {
        policies->options.policy_file = policies_write(policies, "p.yaml", "askfirst: 1\n");
        assert_int_equal(chown(policies->options.policy_file, 12345, 12345), 0);
    } else {
        policies->options.policy_file = "/etc/passwd"; /* root's: trusted, but no policy */
        assert_false(policies_load_options(policies));
        assert_null(strstr(policies_message(policies, 0), "others may write"));
        return;
    }
    refuses_file(
        policies,
        "0:0: others may write this file (owner 12345, mode 0600): make it your own and take their right "
        "away with \"chmod go-w\"");
}

static void files_that_cannot_be_read_are_refused(void **state)
{
    struct policies *policies = *state;
    char path[300];
    snprintf(path, sizeof path, "%s/nothing.yaml", policies->directory);
    policies->options.policy_file = path;
    refuses_file(policies,
                 "0:0: it cannot be read (No such file or directory): write default, strict or the path of a "
                 "file");
    policies->options.policy_file = policies->directory;
    assert_false(policies_load_options(policies));
    policies->options.policy_file = "/dev/null";
    refuses_file(policies, "0:0: it is no regular file: name a file");
    assert_int_equal(symlink("loop.yaml", strcat(strcpy(path, policies->directory), "/loop.yaml")), 0);
    policies->options.policy_file = path;
    refuses_file(
        policies,
        "0:0: it cannot be read (Too many levels of symbolic links): write default, strict or the path "
        "of a file");
}

static void test_fails(struct policies *policies, const char *text, const char *message)
{
    assert_false(policies_load(policies, text));
    assert_string_equal(policies_message(policies, 0), message);
    assert_int_equal(policies->diagnostics.count, 1);
}

static void a_test_is_run_on_what_its_command_really_runs(void **state)
{
    struct policies *policies = *state;
    load(policies,
         "askfirst: 1\nexec:\n- ask: git push\n- deny: {program: rm, options: -r}\n- deny: {program: sh, "
         "stdin: pipe}\n"
         "- deny: {program: x, cwd: /c}\n- deny: {program: y, parent: git}\n- allow: \"*\"\n"
         "connect:\n- allow: [\"a.b:80\", 10.0.0.0/8, \"unix:/s\", \"unix:@t\"]\n- deny: \"*\"\n"
         "tests:\n- {exec: git -C d push, expect: ask}\n- {exec: git stash push, expect: allow}\n"
         "- {exec: rm -fr x, expect: deny}\n- {exec: busybox rm -r x, expect: deny}\n"
         "- {exec: /bin/busybox rm x, expect: allow}\n- {exec: [/lib64/ld-linux-x86-64.so.2, /bin/rm, -r], "
         "expect: deny}\n"
         "- {exec: sh, stdin: pipe, expect: deny}\n- {exec: sh, expect: allow}\n- {exec: sh, stdin: tty, "
         "expect: allow}\n"
         "- {exec: x, cwd: /c, expect: deny}\n- {exec: x, cwd: /d, expect: allow}\n"
         "- {exec: y, parent: /usr/bin/git, expect: deny}\n- {exec: y, parent: /bin/sh, expect: allow}\n"
         "- {connect: \"A.b:80\", expect: allow}\n- {connect: \"a.b:81\", expect: deny}\n"
         "- {connect: \"10.1.2.3:5\", expect: allow}\n- {connect: \"11.1.2.3:5\", expect: deny}\n"
         "- {connect: \"unix:/s\", expect: allow}\n- {connect: \"unix:@t\", expect: allow}\n"
         "- {connect: udp, expect: ask}\n");
    load(policies,
         "askfirst: 1\nwrite:\n- {allow: /a, program: git}\n- ask: /a\n- allow: /w/**\ntests:\n"
         "- {write: /a, program: git, expect: allow}\n- {write: /a, program: /usr/bin/git, expect: allow}\n"
         "- {write: /a, program: /w/git, expect: ask}\n- {write: /a, program: nosuch, expect: ask}\n"
         "- {write: /a, expect: ask}\n");
    test_fails(policies, "askfirst: 1\nexec:\n- ask: git push\ntests:\n- {exec: git push, expect: deny}\n",
               "5:3: the test fails: expected deny, got ask by DIR/p.yaml:3 (git push): change that rule or "
               "the test");
}

/* A test speaks for its own file: who extends it may decide differently, a project may be stricter, and what
 * a person said yes to is allowed; but its own file must hold it. */
static void a_test_is_not_failed_by_a_stronger_file(void **state)
{
    struct policies *policies = *state;
    const char *base =
        "askfirst: 1\nread:\n- ask: /a\n- deny: /b\notherwise: {write: ask}\n"
        "tests:\n- {read: /a, expect: ask}\n- {read: /b, expect: deny}\n- {write: /c, expect: ask}\n";
    policies_write(policies, "base.yaml", base);
    policies->options.project_file =
        policies_write(policies, "work/.askfirst.yaml", "askfirst: 1\notherwise: {write: deny}\n");
    policies->options.approvals_file =
        policies_write(policies, "approvals.yaml", "askfirst: 1\nread:\n- allow: /a\n");
    load(policies, "askfirst: 1\nextends: base.yaml\nread:\n- allow: /b\n");
    load(policies, base);
    load(policies, "askfirst: 1\nextends: base.yaml\notherwise: {write: allow}\n");
    policies_write(policies, "base.yaml",
                   "askfirst: 1\nread:\n- ask: /a\ntests:\n- {read: /a, expect: deny}\n");
    assert_false(policies_load(policies, "askfirst: 1\nextends: base.yaml\nread:\n- allow: /a\n"));
    assert_string_equal(
        policies_message(policies, 0),
        "5:3: the test fails: expected deny, got ask by DIR/base.yaml:3 (/a): change that rule or the test");
}

static void a_projects_test_is_held_against_the_whole(void **state)
{
    struct policies *policies = *state;
    policies->options.project_file = policies_write(policies, "work/.askfirst.yaml",
                                                    "askfirst: 1\notherwise: {read: deny}\ntests:\n- {read: "
                                                    "/a, expect: deny}\n- {read: /a, expect: allow}\n");
    assert_false(policies_load(policies, "askfirst: 1\nread:\n- allow: /a\n"));
    assert_string_equal(policies_message(policies, 0),
                        "5:3: the test fails: expected allow, got deny by otherwise "
                        "(DIR/work/.askfirst.yaml:2): write a rule for it or change the test");
    policies->options.no_tests = true;
    load(policies, "askfirst: 1\n");
}

static void a_built_in_test_that_fails_only_warns(void **state)
{
    struct policies *policies = *state;
    free((char *)policies->places.workspace);
    policies->places.workspace = strdup("/etc");
    policies->options.policy_file = "default";
    load_options(policies);
    assert_int_equal(policies->diagnostics.count, 0); /* nobody asked for them */
    policies->options.all_tests = true;
    load_options(policies);
    assert_true(policies->diagnostics.count > 0);
    assert_int_equal(policies->diagnostics.errors, 0);
    assert_non_null(strstr(policies_message(policies, 0), "warning: the test fails: expected"));
}

static void the_core_cannot_be_overridden(void **state)
{
    struct policies *policies = *state;
    char path[300];
    load(policies, "askfirst: 1\nread:\n- allow: /**\notherwise: {read: allow}\n");
    snprintf(path, sizeof path, "%s/askfirst/audit/x", policies->places.state_dir);
    assert_int_equal(read_of(policies, path), VERDICT_DENY);
    assert_int_equal(read_of(policies, "/etc/x"), VERDICT_ALLOW);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
    const struct CMUnitTest tests[] = {
        TEST(without_a_file_it_is_the_default),
        TEST(built_in_policies_have_names),
        TEST(a_file_that_extends_nothing_stands_alone),
        TEST(the_order_of_layers),
        TEST(the_usual_files_are_found),
        TEST(the_stronger_layer_decides),
        TEST(variables_come_from_what_a_file_extends),
        TEST(extends_may_not_go_in_a_circle),
        TEST(mistakes_of_all_files_are_said),
        TEST(a_project_is_heard_where_it_is_tighter),
        TEST(a_project_cannot_loosen),
        TEST(a_project_lowers_limits),
        TEST(approvals_lift_a_question_only),
        TEST(approvals_only_allow),
        TEST(the_environment),
        TEST(the_environment_is_added_to),
        TEST(files_that_others_may_write_are_refused),
        TEST(files_of_other_users_are_refused),
        TEST(files_that_cannot_be_read_are_refused),
        TEST(a_test_is_run_on_what_its_command_really_runs),
        TEST(a_test_is_not_failed_by_a_stronger_file),
        TEST(a_projects_test_is_held_against_the_whole),
        TEST(a_built_in_test_that_fails_only_warns),
        TEST(the_core_cannot_be_overridden),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
