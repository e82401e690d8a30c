/* The floor: what is planned from a policy, and what the kernel then holds back. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "../../launcher/floor/floor.h"
#include "policies.h"

#define WORK "${workspace}"

static struct policies policies;
static struct floor_plan *plan;

static int begin(void **state)
{
    (void)state;
    policies_begin(&policies);
    return 0;
}

static int end(void **state)
{
    (void)state;
    floor_plan_free(plan);
    plan = NULL;
    policies_end(&policies);
    return 0;
}

static char *in_work(const char *name)
{
    static char paths[4][PATH_MAX];
    static int next;
    char *path = paths[next = (next + 1) % 4];
    snprintf(path, PATH_MAX, "%s%s%s", policies.places.workspace, *name ? "/" : "", name);
    return path;
}

static void make_dir(const char *name)
{
    assert_int_equal(mkdir(in_work(name), 0700), 0);
}

static void make_file(const char *name)
{
    int fd = open(in_work(name), O_CREAT | O_WRONLY, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, "x", 1), 1);
    close(fd);
}

static void make_plan(const char *text, struct floor_budget budget)
{
    assert_true(policies_load(&policies, text));
    policies_compile(&policies);
    floor_plan_free(plan);
    plan = floor_plan(policies.policy, policies.image, budget);
}

/* By its place in the workspace: "" is the workspace itself. */
static bool grants(enum act_kind act, const char *name)
{
    for (size_t i = 0; i < plan->grant_count; i++)
        if (!strcmp(plan->grants[i].path, in_work(name)) &&
            (act == ACT_READ ? plan->grants[i].read : plan->grants[i].write))
            return true;
    return false;
}

static void a_tree_without_hazards_is_granted_whole_and_unseen(void **state)
{
    (void)state;
    make_plan("askfirst: 1\nread:\n  - allow: \"" WORK "/**\"\n", FLOOR_BUDGET);
    assert_true(grants(ACT_READ, ""));
    assert_false(grants(ACT_WRITE, ""));
    assert_int_equal(plan->entries_walked, 0);
}

static void a_denied_place_inside_is_left_out_and_its_neighbours_are_not(void **state)
{
    (void)state;
    make_dir("src");
    make_dir(".git");
    make_dir(".git/hooks");
    make_dir(".git/objects");
    make_file(".git/HEAD");
    make_plan("askfirst: 1\nread:\n  - ask: \"" WORK "/.git/hooks/**\"\n  - allow: \"" WORK "/**\"\n",
              FLOOR_BUDGET);
    assert_false(grants(ACT_READ, ""));
    assert_true(grants(ACT_READ, "src"));
    assert_false(grants(ACT_READ, ".git"));
    assert_true(grants(ACT_READ, ".git/objects"));
    assert_true(grants(ACT_READ, ".git/HEAD"));
    assert_false(grants(ACT_READ, ".git/hooks"));
}

static void a_tree_that_two_rules_name_is_planned_once(void **state)
{
    (void)state;
    make_dir("src");
    make_dir(".git");
    make_plan("askfirst: 1\nread:\n  - deny: \"" WORK "/.git/**\"\n  - allow: \"" WORK
              "/**\"\n  - allow: [\"" WORK "/**\", \"" WORK "/src/**\"]\nwrite:\n  - deny: \"" WORK
              "/.git/**\"\n  - allow: [\"" WORK "/**\", \"" WORK "/**\"]\n",
              FLOOR_BUDGET);
    assert_int_equal(plan->entries_walked, 2);
    assert_true(grants(ACT_READ, "src"));
    assert_int_equal(plan->grant_count, 1);
    assert_int_equal(plan->gap_count, 2);
}

static void for_writing_a_tree_with_a_denied_place_inside_is_left_to_the_launcher_unseen(void **state)
{
    (void)state;
    make_dir("src");
    make_dir("out");
    make_plan("askfirst: 1\nwrite:\n  - ask: \"" WORK "/.git/hooks/**\"\n  - allow: [\"" WORK
              "/out/**\", \"" WORK "/**\"]\n",
              FLOOR_BUDGET);
    assert_false(grants(ACT_WRITE, ""));
    assert_false(grants(ACT_WRITE, "src"));
    assert_true(grants(ACT_WRITE, "out"));
    assert_int_equal(plan->gap_count, 1);
    assert_non_null(plan->gaps[0].because);
    assert_int_equal(plan->entries_walked, 0);
}

static void what_cannot_be_held_back_anyway_is_not_looked_at(void **state)
{
    (void)state;
    make_dir("src");
    make_plan("askfirst: 1\nread:\n  - deny: \"**/.env\"\n  - allow: \"" WORK
              "/**\"\notherwise: {read: allow}\n",
              FLOOR_BUDGET);
    assert_false(plan->holds_reads);
    assert_int_equal(plan->entries_walked, 0);
    make_plan("askfirst: 1\nread:\n  - deny: \"**/.env\"\n  - allow: [\"" WORK "/**\", \"**/*.txt\"]\n",
              FLOOR_BUDGET);
    assert_false(plan->holds_reads);
    assert_int_equal(plan->entries_walked, 0);
}

static void a_rule_that_comes_later_is_no_hazard(void **state)
{
    (void)state;
    make_file(".env");
    make_plan("askfirst: 1\nread:\n  - allow: \"" WORK "/**\"\n  - deny: \"**/.env\"\n", FLOOR_BUDGET);
    assert_true(grants(ACT_READ, ""));
}

static void what_depends_on_who_acts_is_not_granted(void **state)
{
    (void)state;
    make_dir("src");
    make_dir(".git");
    make_file("a");
    make_file("b");
    make_plan("askfirst: 1\nwrite:\n- {allow: \"" WORK "/.git/**\", program: git}\n"
              "- {deny: \"" WORK "/a\", program: sh}\n"
              "- allow: [\"" WORK "/src/**\", \"" WORK "/a\", \"" WORK "/b\"]\n",
              FLOOR_BUDGET);
    assert_false(grants(ACT_WRITE, ".git"));
    assert_false(grants(ACT_WRITE, "a"));
    assert_true(grants(ACT_WRITE, "b"));
    assert_true(grants(ACT_WRITE, "src"));
    make_plan("askfirst: 1\nwrite:\n- {ask: \"" WORK "/.git/**\", program: git}\n- allow: \"" WORK "/**\"\n",
              FLOOR_BUDGET);
    assert_int_equal(plan->grant_count, 0);
    make_plan("askfirst: 1\nread:\n- {deny: \"" WORK "/a\", program: sh}\n- allow: /**\n", FLOOR_BUDGET);
    assert_false(floor_plan_grants(plan, ACT_READ, in_work("a")));
    make_plan("askfirst: 1\nread:\n- {allow: \"" WORK "/**\", program: git}\n", FLOOR_BUDGET);
    assert_int_equal(plan->grant_count, 0);
    assert_false(plan->holds_reads);
}

static void what_the_budget_does_not_reach_is_not_granted(void **state)
{
    (void)state;
    for (int i = 0; i < 10; i++) {
        char name[16];
        snprintf(name, sizeof name, "d%d", i);
        make_dir(name);
    }
    make_plan("askfirst: 1\nread:\n  - deny: \"**/.env\"\n  - allow: \"" WORK "/**\"\n",
              (struct floor_budget){4, 1000});
    assert_false(grants(ACT_READ, ""));
    assert_true(plan->grant_count <= 4);
    assert_true(plan->gap_count >= 1);
}

static void a_link_grants_nothing(void **state)
{
    (void)state;
    assert_int_equal(symlink("/etc", in_work("etc")), 0);
    make_dir("a");
    make_file("a/.env");
    make_plan("askfirst: 1\nread:\n  - deny: \"**/.env\"\n  - allow: \"" WORK "/**\"\n", FLOOR_BUDGET);
    for (size_t i = 0; i < plan->grant_count; i++)
        assert_null(strstr(plan->grants[i].path, "etc"));
}

/* In a child behind the floor: the errno of opening, or 0. */
static int open_behind(const char *path, int flags)
{
    int ruleset = floor_build(plan, floor_abi());
    assert_true(ruleset >= 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (!child) {
        prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
        if (floor_enter(ruleset)) _exit(255);
        _exit(open(path, flags, 0600) < 0 ? errno : 0);
    }
    int status;
    close(ruleset);
    waitpid(child, &status, 0);
    return WEXITSTATUS(status);
}

static void the_kernel_holds_back_what_was_not_granted(void **state)
{
    (void)state;
    assert_true(floor_abi() >= 1);
    make_dir("a");
    make_dir("b");
    make_file("a/.env");
    make_file("a/x");
    make_file("b/y");
    make_plan("askfirst: 1\nread:\n  - deny: \"**/.env\"\n  - allow: \"" WORK
              "/**\"\nwrite:\n  - allow: \"" WORK "/b/**\"\n",
              FLOOR_BUDGET);
    assert_false(plan->holds_reads); /* a program made in a/ must be one that the kernel may read */
    assert_int_equal(open_behind(in_work("a/.env"), O_RDONLY), 0);
    assert_int_equal(open_behind(in_work("b/y"), O_RDWR), 0);
    assert_int_equal(open_behind(in_work("b/new"), O_WRONLY | O_CREAT), 0);
    assert_int_equal(open_behind(in_work("a/x"), O_WRONLY), EACCES);
    assert_int_equal(open_behind("/etc/passwd", O_WRONLY), EACCES);
}

static void reading_is_held_back_where_all_of_it_is_granted(void **state)
{
    (void)state;
    make_dir("a");
    make_file("a/x");
    make_file("y");
    make_plan("askfirst: 1\nread:\n  - allow: \"" WORK "/a/**\"\n", FLOOR_BUDGET);
    assert_true(plan->holds_reads);
    assert_int_equal(open_behind(in_work("a/x"), O_RDONLY), 0);
    assert_int_equal(open_behind(in_work("y"), O_RDONLY), EACCES);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_tree_without_hazards_is_granted_whole_and_unseen),
        TEST(a_denied_place_inside_is_left_out_and_its_neighbours_are_not),
        TEST(a_tree_that_two_rules_name_is_planned_once),
        TEST(for_writing_a_tree_with_a_denied_place_inside_is_left_to_the_launcher_unseen),
        TEST(what_cannot_be_held_back_anyway_is_not_looked_at),
        TEST(a_rule_that_comes_later_is_no_hazard),
        TEST(what_depends_on_who_acts_is_not_granted),
        TEST(what_the_budget_does_not_reach_is_not_granted),
        TEST(a_link_grants_nothing),
        TEST(the_kernel_holds_back_what_was_not_granted),
        TEST(reading_is_held_back_where_all_of_it_is_granted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
