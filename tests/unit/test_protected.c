/* Files that the policy keeps from being read: found below a directory, and known by device and inode. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "../../launcher/names/protected.h"
#include "policies.h"

static struct policies policies;
static struct protected *found;

static int begin(void **state)
{
    (void)state;
    policies_begin(&policies);
    return 0;
}

static int end(void **state)
{
    (void)state;
    protected_free(found);
    found = NULL;
    policies_end(&policies);
    return 0;
}

static char *in_work(const char *name)
{
    static char paths[4][PATH_MAX];
    static int next;
    char *path = paths[next = (next + 1) % 4];
    snprintf(path, PATH_MAX, "%s/%s", policies.places.workspace, name);
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
    close(fd);
}

static void look_with(const char *text)
{
    assert_true(policies_load(&policies, text));
    policies_compile(&policies);
    protected_free(found);
    found = protected_new(policies.policy, policies.image, policies.places.workspace);
}

/* By which path the file of this name is protected; "": by none. */
static const char *protects(const char *name)
{
    struct stat status;
    size_t at = 0;
    assert_int_equal(lstat(in_work(name), &status), 0);
    const char *path = protected_path(found, &status, &at);
    return path ? path + strlen(policies.places.workspace) + 1 : "";
}

#define ENV "askfirst: 1\nread:\n  - deny: \"**/.env\"\n  - allow: \"${workspace}/**\"\n"

static void a_protected_file_is_found_under_its_other_name(void **state)
{
    (void)state;
    make_dir("a");
    make_dir("b");
    make_file("a/.env");
    make_file("a/x");
    assert_int_equal(link(in_work("a/.env"), in_work("b/notes")), 0);
    look_with(ENV);
    assert_string_equal(protects("b/notes"), "");
    assert_false(protected_look(found, 1000));
    assert_string_equal(protects("b/notes"), "a/.env");
    assert_string_equal(protects("a/.env"), "a/.env");
    assert_string_equal(protects("a/x"), "");
}

static void it_is_looked_a_little_at_a_time(void **state)
{
    size_t steps = 1;
    (void)state;
    for (int i = 0; i < 20; i++) {
        char name[16];
        snprintf(name, sizeof name, "d%d", i);
        make_dir(name);
    }
    make_file("d7/.env");
    look_with(ENV);
    while (protected_look(found, 4))
        steps++;
    assert_in_range(steps, 10, 40);
    assert_string_equal(protects("d7/.env"), "d7/.env");
}

static void whoever_opens_a_file_of_several_names_waits_for_the_rest(void **state)
{
    struct stat one, two, system;
    size_t at = 0;
    (void)state;
    make_file(".env");
    make_file("x");
    assert_int_equal(link(in_work(".env"), in_work("notes")), 0);
    assert_int_equal(stat(in_work("x"), &one), 0);
    assert_int_equal(stat(in_work("notes"), &two), 0);
    look_with(ENV);
    protected_look_for(found, in_work("x"), &one);
    assert_null(protected_path(found, &two, &at));
    system = two;
    at = 0;
    protected_look_for(found, "/usr/lib/libc.so.6", &system);
    assert_null(protected_path(found, &two, &at));
    at = 0;
    protected_look_for(found, in_work("notes"), &two);
    assert_non_null(protected_path(found, &two, &at));
}

static void files_in_a_protected_directory_are_found_too(void **state)
{
    (void)state;
    make_dir("secrets");
    make_dir("secrets/more");
    make_file("secrets/more/key");
    look_with("askfirst: 1\nread:\n  - deny: \"${workspace}/secrets/**\"\n  - allow: \"${workspace}/**\"\n");
    assert_false(protected_look(found, 1000));
    assert_string_equal(protects("secrets/more/key"), "secrets/more/key");
}

static void what_no_rule_reaches_is_not_walked(void **state)
{
    size_t count;
    (void)state;
    make_dir("a");
    make_file("a/x");
    make_dir("keys");
    make_file("keys/k");
    look_with("askfirst: 1\nread:\n  - ask: \"${workspace}/keys/*\"\n  - allow: \"${workspace}/**\"\n");
    assert_true(protected_look(found, 7)); /* its two directories, what is in them, and their ends */
    assert_false(protected_look(found, 5));
    protected_files(found, &count);
    assert_int_equal(count, 1);
}

static void a_link_is_not_followed(void **state)
{
    size_t count;
    (void)state;
    make_dir("a");
    make_file("a/.env");
    assert_int_equal(symlink("a", in_work("b")), 0);
    look_with(ENV);
    assert_false(protected_look(found, 1000));
    protected_files(found, &count);
    assert_int_equal(count, 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_protected_file_is_found_under_its_other_name),
        TEST(it_is_looked_a_little_at_a_time),
        TEST(whoever_opens_a_file_of_several_names_waits_for_the_rest),
        TEST(files_in_a_protected_directory_are_found_too),
        TEST(what_no_rule_reaches_is_not_walked),
        TEST(a_link_is_not_followed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
