/* Files that the policy keeps from being read or written: found in the workspace and where rules point to,
 * and known by device and inode. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "../../launcher/names/page.h"
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

static char *in(const char *directory, const char *name)
{
    static char paths[4][PATH_MAX];
    static int next;
    char *path = paths[next = (next + 1) % 4];
    snprintf(path, PATH_MAX, "%s/%s", directory, name);
    return path;
}

static char *in_work(const char *name)
{
    return in(policies.places.workspace, name);
}

static char *in_home(const char *name)
{
    return in(policies.places.home, name);
}

static void make_dir(const char *name)
{
    assert_int_equal(mkdir(in_work(name), 0700), 0);
}

static void make_dir_at_home(const char *name)
{
    assert_int_equal(mkdir(in_home(name), 0700), 0);
}

static void make_file_at(const char *path)
{
    int fd = open(path, O_CREAT | O_WRONLY, 0600);
    assert_true(fd >= 0);
    close(fd);
}

static void make_file(const char *name)
{
    make_file_at(in_work(name));
}

/* In the home, with another name in the workspace. */
static void make_file_of_both(const char *name, const char *other)
{
    make_file_at(in_home(name));
    assert_int_equal(link(in_home(name), in_work(other)), 0);
}

static void look_at_most_with(size_t at_most, const char *text)
{
    assert_true(policies_load(&policies, text));
    policies_compile(&policies);
    protected_free(found);
    found = protected_new(policies.policy, policies.image, &policies.places, at_most);
}

static void look_with(const char *text)
{
    look_at_most_with(PROTECTED_AT_MOST, text);
}

/* By which path the file of this name is protected; "": by none. */
static const char *protects(const char *name)
{
    struct stat status;
    size_t at = 0;
    int fd = open(in_work(name), O_PATH | O_NOFOLLOW);
    assert_int_equal(fstat(fd, &status), 0);
    const struct protected_file *file = protected_next(found, fd, &status, &at);
    close(fd);
    return file ? file->path + strlen(policies.directory) + 1 : "";
}

static size_t count_found(void)
{
    size_t count;
    protected_files(found, &count);
    return count;
}

static void look_at_all_with(const char *text)
{
    look_with(text);
    assert_false(protected_look(found, 1000000));
    assert_false(protected_settle(found, ACT_READ, 1000000));
    assert_false(protected_settle(found, ACT_WRITE, 1000000));
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
    assert_false(protected_look(found, 1000000));
    assert_string_equal(protects("b/notes"), "work/a/.env");
    assert_string_equal(protects("a/.env"), "work/a/.env");
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
    assert_true(steps > 15);
    assert_string_equal(protects("d7/.env"), "work/d7/.env");
}

static void whoever_opens_a_file_of_several_names_waits_for_the_rest(void **state)
{
    struct stat one, two;
    (void)state;
    make_file(".env");
    make_file("x");
    assert_int_equal(link(in_work(".env"), in_work("notes")), 0);
    assert_int_equal(stat(in_work("x"), &one), 0);
    assert_int_equal(stat(in_work("notes"), &two), 0);
    look_with(ENV);
    protected_look_for(found, in_work("x"), &one);
    assert_string_equal(protects("notes"), "");
    protected_look_for(found, "/usr/lib/libc.so.6", &two);
    assert_string_equal(protects("notes"), "");
    protected_look_for(found, in_work("notes"), &two);
    assert_string_equal(protects("notes"), "work/.env");
}

static void files_in_a_protected_directory_are_found_too(void **state)
{
    (void)state;
    make_dir("secrets");
    make_dir("secrets/more");
    make_file("secrets/more/key");
    look_with("askfirst: 1\nread:\n  - deny: \"${workspace}/secrets/**\"\n  - allow: \"${workspace}/**\"\n");
    assert_false(protected_look(found, 1000000));
    assert_string_equal(protects("secrets/more/key"), "work/secrets/more/key");
}

static void what_no_rule_reaches_is_not_walked(void **state)
{
    (void)state;
    make_dir("a");
    make_file("a/.hidden");
    make_dir("keys");
    make_file("keys/k");
    look_at_all_with("askfirst: 1\nread:\n  - ask: [\"${workspace}/keys/*\", \"/nowhere/**/.hidden\"]\n");
    assert_string_equal(protects("keys/k"), "work/keys/k");
    assert_int_equal(count_found(), 1);
}

static void a_link_is_not_followed(void **state)
{
    (void)state;
    make_dir("a");
    make_file("a/.env");
    assert_int_equal(symlink("a", in_work("b")), 0);
    look_at_all_with(ENV);
    assert_int_equal(count_found(), 1);
}

#define VAULTS                                                                                               \
    "askfirst: 1\nread:\n  - deny: [~/.keys/**, ~/.token, \"~/.history*\", \"~/.tool*/**\"]\n"               \
    "  - allow: \"/**\"\nwrite:\n  - ask: ~/.startup\n  - allow: \"/**\"\n"

static void what_rules_name_elsewhere_is_found_by_its_other_name(void **state)
{
    (void)state;
    make_dir_at_home(".keys");
    make_dir_at_home(".keys/deep");
    make_dir_at_home(".tools");
    make_dir_at_home("other");
    make_file_of_both(".keys/deep/id", "in-a-tree");
    make_file_of_both(".token", "a-file");
    make_file_of_both(".history_of_it", "by-a-star");
    make_file_of_both(".tools/login", "in-a-tree-by-a-star");
    make_file_of_both(".startup", "may-be-read");
    make_file_of_both("other/plain", "plain");
    make_file_at(in_home(".keys/alone"));
    look_at_all_with(VAULTS);
    assert_string_equal(protects("in-a-tree"), "home/.keys/deep/id");
    assert_string_equal(protects("a-file"), "home/.token");
    assert_string_equal(protects("by-a-star"), "home/.history_of_it");
    assert_string_equal(protects("in-a-tree-by-a-star"), "home/.tools/login");
    assert_string_equal(protects("may-be-read"), "home/.startup");
    assert_string_equal(protects("plain"), "");
    assert_int_equal(count_found(), 5); /* what has one name needs no place */
}

static void a_link_to_a_place_is_the_place(void **state)
{
    (void)state;
    make_dir_at_home("elsewhere");
    make_file_of_both("elsewhere/id", "innocent");
    assert_int_equal(symlink("elsewhere", in_home(".keys")), 0);
    policies.options.no_links = false;
    look_at_all_with(VAULTS);
    assert_string_equal(protects("innocent"), "home/elsewhere/id");
    assert_int_equal(count_found(), 1);
}

/* Runs what is given where it may mount. */
static void with_mounts(void (*what)(void))
{
    int status;
    pid_t child = fork();
    assert_true(child >= 0);
    if (!child) {
        if (unshare(CLONE_NEWNS) && unshare(CLONE_NEWUSER | CLONE_NEWNS)) _exit(2);
        if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL)) _exit(3);
        what();
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

/* Of what is mounted the directory does not say the inode. */
static void mount_and_look(void)
{
    const char *names[] = {".keys/a b", "single"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const char *from = in_home(i ? "other/single" : "other/key"), *at = in_home(names[i]);
        if (mount(from, at, NULL, MS_BIND, NULL)) _exit(4);
    }
    if (mount(in_home("other/hook"), in_work("hooks/one"), NULL, MS_BIND, NULL)) _exit(5);
    look_with("askfirst: 1\nread:\n  - deny: [~/.keys/**, ~/single]\n  - allow: \"/**\"\n"
              "write:\n  - ask: \"${workspace}/hooks/**\"\n  - allow: \"/**\"\n");
    assert_false(protected_look(found, 1000000));
    if (strcmp(protects("innocent"), "home/.keys/a b") != 0) _exit(6);
    if (strcmp(protects("simple"), "home/single") != 0) _exit(7);
    if (strcmp(protects("jotting"), "work/hooks/one") != 0) _exit(8);
}

static void what_is_mounted_on_a_file_is_found_by_its_other_name(void **state)
{
    (void)state;
    make_dir_at_home("other");
    make_dir_at_home(".keys");
    make_dir("hooks");
    make_file_of_both("other/key", "innocent");
    make_file_of_both("other/single", "simple");
    make_file_of_both("other/hook", "jotting");
    make_file_at(in_home(".keys/a b"));
    make_file_at(in_home("single"));
    make_file("hooks/one");
    with_mounts(mount_and_look);
}

/* What may be anywhere in a home would take a walk through all of it. */
static void no_home_is_walked_as_a_whole(void **state)
{
    (void)state;
    make_dir_at_home(".a");
    make_file_of_both(".a/token", "one");
    make_file_of_both("two", "two");
    look_at_all_with("askfirst: 1\nread:\n  - deny: [\"~/.*/**/token\", ~/**]\n  - allow: \"/**\"\n");
    assert_int_equal(count_found(), 0);
}

static void a_home_that_is_worked_in_is_walked_and_its_places_first(void **state)
{
    (void)state;
    free((char *)policies.places.workspace);
    policies.places.workspace = policies.places.home;
    make_dir_at_home(".keys");
    make_file_at(in_home(".keys/id"));
    assert_int_equal(link(in_home(".keys/id"), in_home("innocent")), 0);
    look_at_all_with(VAULTS);
    assert_string_equal(protects("innocent"), "home/.keys/id");
    assert_int_equal(count_found(), 1);
    policies.places.workspace = NULL;
}

static void what_may_not_be_written_is_found_in_the_workspace_too(void **state)
{
    (void)state;
    make_dir("hooks");
    make_file("hooks/one");
    make_file("hooks/two");
    assert_int_equal(link(in_work("hooks/one"), in_work("innocent")), 0);
    look_at_all_with("askfirst: 1\nread:\n  - allow: \"/**\"\nwrite:\n  - ask: \"${workspace}/hooks/**\"\n"
                     "  - allow: \"/**\"\n");
    assert_string_equal(protects("innocent"), "work/hooks/one");
    assert_int_equal(count_found(), 1);
}

/* As soon as it is free, its number goes to another file. */
static void a_new_file_with_the_inode_of_an_old_one_is_another(void **state)
{
    struct stat old, new = {0};
    (void)state;
    make_file(".env");
    assert_int_equal(stat(in_work(".env"), &old), 0);
    look_at_all_with(ENV);
    assert_int_equal(unlink(in_work(".env")), 0);
    for (int i = 0; i < 64 && new.st_ino != old.st_ino; i++) {
        char name[16];
        snprintf(name, sizeof name, "new%d", i);
        make_file(name);
        assert_int_equal(stat(in_work(name), &new), 0);
        assert_string_equal(protects(name), "");
    }
}

static void what_is_too_much_to_look_at_is_said(void **state)
{
    (void)state;
    for (int i = 0; i < 50; i++) {
        char name[16];
        snprintf(name, sizeof name, "%d", i);
        make_file(name);
    }
    look_at_all_with(ENV);
    assert_null(protected_unseen(found));
    look_at_most_with(30, ENV);
    assert_false(protected_look(found, 1000000));
    assert_non_null(protected_unseen(found));
}

/* Guarded code can fill one of them. */
static void a_place_with_too_much_in_it_hides_no_other(void **state)
{
    (void)state;
    make_dir_at_home("full");
    make_dir_at_home(".keys");
    for (int i = 0; i < 50; i++) {
        char name[16];
        snprintf(name, sizeof name, "full/%d", i);
        make_file_at(in_home(name));
    }
    make_file_of_both(".keys/id", "innocent");
    look_at_most_with(30,
                      "askfirst: 1\nread:\n  - deny: [\"~/full/x*/**\", ~/.keys/**]\n  - allow: \"/**\"\n");
    assert_false(protected_look(found, 1000000));
    assert_string_equal(protects("innocent"), "home/.keys/id");
    assert_non_null(protected_unseen(found));
}

/* Two files of two names and one of one, among more than is looked at. */
static void make_too_many(void)
{
    for (int i = 0; i < 50; i++) {
        char name[16];
        snprintf(name, sizeof name, "%d", i);
        make_file(name);
    }
    make_dir("a");
    make_file("a/.env");
    make_file("plain");
    assert_int_equal(link(in_work("a/.env"), in_work("notes")), 0);
    assert_int_equal(link(in_work("plain"), in_work("plain-too")), 0);
}

/* Whether the file of this name in the workspace is taken for what lies at that path in it. */
static bool may_be(const char *name, const char *path, bool readable)
{
    const struct protected_file *file;
    struct stat status;
    bool is = false;
    int fd = open(in_work(name), O_PATH | O_NOFOLLOW);
    assert_int_equal(fstat(fd, &status), 0);
    for (size_t at = 0; (file = protected_next(found, fd, &status, &at));)
        is = is || (!strcmp(file->path, in_work(path)) && file->readable == readable);
    close(fd);
    return is;
}

static void a_file_of_several_names_may_be_any_that_was_too_much_to_look_at(void **state)
{
    (void)state;
    make_too_many();
    look_at_most_with(10, ENV);
    assert_false(protected_look(found, 1000000));
    assert_true(may_be("notes", "**/.env", false));
    assert_true(may_be("plain-too", "**/.env", false));
    assert_false(may_be("7", "**/.env", false));
    look_with(ENV);
    assert_false(protected_look(found, 1000000));
    assert_string_equal(protects("notes"), "work/a/.env");
    assert_string_equal(protects("plain-too"), "");
}

static void what_was_not_seen_is_asked_about_where_a_rule_asks(void **state)
{
    (void)state;
    make_too_many();
    look_at_most_with(10,
                      "askfirst: 1\nread:\n  - deny: \"**/id_*\"\n  - ask: \"**/.env\"\n  - allow: \"/**\"\n"
                      "write:\n  - ask: \"${workspace}/hooks/*\"\n  - allow: \"/**\"\n");
    assert_false(protected_look(found, 1000000));
    assert_true(may_be("plain-too", "**/.env", false));
    assert_true(may_be("plain-too", "hooks/x", true));
    assert_false(may_be("plain-too", "**/id_", false));
    look_at_most_with(10, "askfirst: 1\nread:\n  - allow: \"/**\"\nwrite:\n  - deny: \"**/.git/**\"\n"
                          "  - allow: \"/**\"\n");
    assert_false(protected_look(found, 1000000));
    assert_true(may_be("plain-too", "**/.git", true));
    look_at_most_with(10,
                      "askfirst: 1\nread:\n  - ask: [\"/nowhere/**\", \"**/*[a-c]\"]\n  - allow: \"/**\"\n");
    assert_false(protected_look(found, 1000000));
    assert_true(may_be("plain-too", "**/a", false));
}

static bool is_marked(const struct wire_names_of *names, const char *name)
{
    struct stat status;
    assert_int_equal(stat(in_work(name), &status), 0);
    return names->bits[status.st_ino % WIRE_NAMES_BITS / 8] >> status.st_ino % WIRE_NAMES_BITS % 8 & 1;
}

static void readers_and_writers_are_told_what_to_ask_about(void **state)
{
    struct wire_names page = {0};
    size_t told = 0;
    (void)state;
    make_dir("hooks");
    make_file("hooks/one");
    make_file(".env");
    make_file("alone");
    assert_int_equal(link(in_work("hooks/one"), in_work("innocent")), 0);
    assert_int_equal(link(in_work(".env"), in_work("notes")), 0);
    static const char rules[] =
        "askfirst: 1\nread:\n  - ask: [\"**/.env\", \"**/alone\"]\n  - allow: \"/**\"\n"
        "write:\n  - ask: \"**/hooks/**\"\n  - allow: \"/**\"\n";
    look_at_all_with(rules);
    page_mark(&page, found, &told);
    assert_true(is_marked(&page.reading, "notes") && is_marked(&page.writing, "notes"));
    assert_true(!is_marked(&page.reading, "innocent") && is_marked(&page.writing, "innocent"));
    assert_true(!is_marked(&page.reading, "alone") && !is_marked(&page.writing, "alone"));
    assert_true(page_has(&page.reading));

    page = (struct wire_names){0};
    told = 0;
    look_at_most_with(2, rules);
    assert_false(protected_look(found, 1000000));
    assert_false(page_has(&page.reading));
    page_mark(&page, found, &told);
    assert_true(is_marked(&page.reading, "alone") && is_marked(&page.writing, "innocent"));
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
        TEST(what_rules_name_elsewhere_is_found_by_its_other_name),
        TEST(a_link_to_a_place_is_the_place),
        TEST(what_is_mounted_on_a_file_is_found_by_its_other_name),
        TEST(no_home_is_walked_as_a_whole),
        TEST(a_home_that_is_worked_in_is_walked_and_its_places_first),
        TEST(what_may_not_be_written_is_found_in_the_workspace_too),
        TEST(a_new_file_with_the_inode_of_an_old_one_is_another),
        TEST(what_is_too_much_to_look_at_is_said),
        TEST(a_place_with_too_much_in_it_hides_no_other),
        TEST(a_file_of_several_names_may_be_any_that_was_too_much_to_look_at),
        TEST(what_was_not_seen_is_asked_about_where_a_rule_asks),
        TEST(readers_and_writers_are_told_what_to_ask_about),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
