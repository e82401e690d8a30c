/* test_seen.c: what is remembered of the file system is what it says. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "../../policy/resolve.h"
#include "../../policy/seen.h"

static char top[] = "/tmp/askfirst-seen-XXXXXX";
static jmp_buf none;

static void make(const char *path, mode_t mode)
{
    int fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, mode);
    assert_true(fd >= 0);
    assert_int_equal(fchmod(fd, mode), 0);
    close(fd);
}

static int begin(void **state)
{
    (void)state;
    if (!mkdtemp(top) || chdir(top)) return -1;
    const char *const directories[] = {"a", "a/b", "small", "large", "last", "apart"};
    for (size_t i = 0; i < sizeof directories / sizeof *directories; i++)
        if (mkdir(directories[i], 0700)) return -1;
    if (symlink("a", "link") || symlink("../a/b", "a/up") || symlink("/nowhere/x", "dangling") ||
        symlink("loop", "loop") || symlink("small", "again") || symlink("dangling/y", "twice"))
        return -1;
    return 0;
}

static int end(void **state)
{
    char command[128];
    (void)state;
    snprintf(command, sizeof command, "rm -rf %s", top);
    return chdir("/") || system(command);
}

static struct arena *new_arena(void)
{
    struct arena *arena = arena_new();
    assert_non_null(arena);
    if (setjmp(none)) fail_msg("there is no memory");
    arena_on_failure(arena, &none);
    return arena;
}

static void links_lead_where_they_led_before(void **state)
{
    static const char *const paths[] = {
        "",           "a",         "link",          "link/b/x",    "a/up/../up/z",   "dangling",
        "dangling/z", "twice",     "twice/../q",    "loop",        "loop/x",         "missing/x/y",
        "missing/..", "a/up/../b", "link/up/../..", "missing/./x", "a//b///",        "link/../link/up",
        "a/b/../../", "again/x",   "missing",       "missing/x",   "missing/../a/up"};
    struct arena *arena = new_arena();
    struct seen *seen = seen_new(arena);
    (void)state;
    for (int round = 0; round < 2; round++) {
        for (size_t i = 0; i < 2 * sizeof paths / sizeof *paths; i++) {
            char path[256], plain[PATH_MAX] = "", known[PATH_MAX] = "";
            enum last_name last = i % 2 ? LAST_FOLLOW : LAST_AS_WRITTEN;
            snprintf(path, sizeof path, "%s/%s", top, paths[i / 2]);
            assert_int_equal(resolve_path(path, last, plain), resolve_path_seen(seen, path, last, known));
            if (resolve_path(path, last, plain)) assert_string_equal(plain, known);
        }
    }
    arena_free(arena);
}

static void a_name_is_asked_about_once(void **state)
{
    struct arena *arena = new_arena();
    struct seen *seen = seen_new(arena);
    char path[256], out[PATH_MAX];
    (void)state;
    snprintf(path, sizeof path, "%s/apart/later", top);
    assert_true(resolve_path_seen(seen, path, LAST_FOLLOW, out));
    assert_int_equal(symlink("/elsewhere", path), 0);
    assert_true(resolve_path_seen(seen, path, LAST_FOLLOW, out));
    assert_string_equal(strrchr(out, '/'), "/later");
    assert_true(resolve_path(path, LAST_FOLLOW, out));
    assert_string_equal(out, "/elsewhere");
    arena_free(arena);
}

/* One directory that is small enough to be listed, one that is not, one behind both; one of them twice. */
static void programs_are_found_where_a_shell_finds_them(void **state)
{
    struct arena *arena = new_arena();
    struct seen *seen = seen_new(arena);
    char search_path[1024], name[300];
    (void)state;
    for (int i = 0; i < 200; i++) {
        snprintf(name, sizeof name, "large/%0200d", i);
        make(name, 0700);
    }
    make("small/one", 0700);
    make("small/no-right", 0600);
    make("large/no-right", 0700);
    make("large/two", 0700);
    make("last/three", 0700);
    make("last/one", 0700);
    make("apart/relative", 0700);
    assert_int_equal(mkdir("small/two", 0700), 0); /* a directory is no program */
    assert_int_equal(symlink("../last/three", "small/linked"), 0);
    assert_int_equal(symlink("nothing", "small/three"), 0);
    snprintf(search_path, sizeof search_path, "%s/missing:apart::%s/small:%s/again:%s/large/:%s/last", top,
             top, top, top, top);
    static const char *const names[] = {"one", "no-right", "two",      "three", "linked", "nothing",
                                        "ONE", "",         "relative", "b/x",   ".",      ".."};
    for (int round = 0; round < 2; round++) {
        for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
            char plain[PATH_MAX];
            const char *found = seen_program(seen, names[i], search_path, NULL);
            assert_int_equal(resolve_program(names[i], search_path, plain), found != NULL);
            if (found) assert_string_equal(found, plain);
        }
    }
    arena_free(arena);
}

/* More than a few names of one directory: it is listed, and says the same. */
static void a_directory_that_is_listed_says_what_its_names_do(void **state)
{
    (void)state;
    assert_int_equal(mkdir("many", 0700), 0);
    for (int i = 0; i < 80; i += 2) {
        char name[32];
        snprintf(name, sizeof name, "many/n%d", i);
        if (i % 3)
            make(name, 0600);
        else
            assert_int_equal(symlink("../a", name), 0);
    }
    struct arena *arena = new_arena();
    struct seen *seen = seen_new(arena);
    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < 80; i++) {
            char path[PATH_MAX], own[PATH_MAX], remembered[PATH_MAX];
            snprintf(path, sizeof path, "%s/many/n%d/b", top, i);
            assert_true(resolve_path(path, LAST_FOLLOW, own));
            assert_true(resolve_path_seen(seen, path, LAST_FOLLOW, remembered));
            assert_string_equal(own, remembered);
        }
    }
    arena_free(arena);
}

static void what_a_path_is_as_written_and_whether_it_ends_in_a_link(void **state)
{
    static const struct {
        const char *path, *written;
        bool is_link;
    } rows[] = {{"a", "a", false},
                {"link", "link", true},
                {"link/b", "a/b", false},
                {"link/up", "a/up", true},
                {"missing/x", "missing/x", false},
                {"dangling", "dangling", true}};
    struct arena *arena = new_arena();
    struct seen *seen = seen_new(arena);
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char path[PATH_MAX], out[PATH_MAX], written[PATH_MAX];
        bool is_link = !rows[i].is_link;
        snprintf(path, sizeof path, "%s/%s", top, rows[i].path);
        assert_true(resolve_path_look(i % 2 ? seen : NULL, path, out, &is_link));
        assert_true(resolve_path(path, LAST_AS_WRITTEN, written));
        assert_string_equal(out, written);
        assert_string_equal(out + strlen(top) + 1, rows[i].written);
        assert_int_equal(is_link, rows[i].is_link);
    }
    arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(links_lead_where_they_led_before),
        cmocka_unit_test(a_name_is_asked_about_once),
        cmocka_unit_test(programs_are_found_where_a_shell_finds_them),
        cmocka_unit_test(a_directory_that_is_listed_says_what_its_names_do),
        cmocka_unit_test(what_a_path_is_as_written_and_whether_it_ends_in_a_link),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
