/* What a new name for a directory does to rules about what lies below it, and which links turn on their
 * names. */
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

#include "../../launcher/names/above.h"
#include "policies.h"

struct world {
    struct policies policies;
    char told[1024]; /* "read a/x, write b/y", below the workspace */
};

static char *path_of(const struct world *world, const char *name)
{
    static char paths[4][512];
    static unsigned next;
    char *path = paths[next++ % 4];
    snprintf(path, sizeof paths[0], "%s%s%s", world->policies.places.workspace, *name ? "/" : "", name);
    return path;
}

static void begin(struct world *world, const char *text)
{
    *world = (struct world){0};
    policies_begin(&world->policies);
    assert_true(policies_load(&world->policies, text));
    policies_compile(&world->policies);
}

/* A file, with the directories on its way; "x/" a directory. */
static void put(const struct world *world, const char *name)
{
    char *path = path_of(world, name);
    for (char *at = path + strlen(path_of(world, "")) + 1; (at = strchr(at, '/')); at++) {
        *at = 0;
        mkdir(path, 0700);
        *at = '/';
    }
    if (path[strlen(path) - 1] != '/') close(open(path, O_WRONLY | O_CREAT, 0600));
}

static void found(void *context, enum act_kind act, char *path)
{
    struct world *world = context;
    size_t length = strlen(world->told), above = strlen(path_of(world, "")) + 1;
    snprintf(world->told + length, sizeof world->told - length, "%s%s %s", length ? ", " : "",
             act == ACT_READ ? "read" : "write", path + above);
    free(path);
}

static const char *moved(struct world *world, const char *from, const char *to)
{
    struct actor nobody = {0};
    const struct above above = {world->policies.policy, world->policies.image, &nobody, found, world};
    int fd = open(path_of(world, from), O_PATH | O_DIRECTORY);
    assert_true(fd >= 0);
    world->told[0] = 0;
    above_moved(&above, fd, path_of(world, from), path_of(world, to));
    close(fd);
    return world->told;
}

static const char *linked(struct world *world, const char *name)
{
    struct actor nobody = {0};
    const struct above above = {world->policies.policy, world->policies.image, &nobody, found, world};
    world->told[0] = 0;
    above_linked(&above, path_of(world, name));
    return world->told;
}

static void what_is_protected_by_the_name_above_it_is_found(void **state)
{
    (void)state;
    struct world world;
    begin(&world, "askfirst: 1\nread: [{deny: '${workspace}/a/customers/**'}, {allow: /**}]\n"
                  "write: [{ask: ['**/.git/hooks/*', '**/.git/config']}, {allow: /**}]\n");
    put(&world, "a/customers/x");
    put(&world, "b/customers/x");
    put(&world, "repo/hooks/it");
    put(&world, "repo/config");
    put(&world, "plain/hooks/");
    assert_string_equal(moved(&world, "a", "c"), "read a/customers");
    assert_string_equal(moved(&world, "b", "c"), "");
    assert_string_equal(moved(&world, "repo", ".git"), "write .git/hooks/it, write .git/config");
    assert_string_equal(moved(&world, "plain", ".git"), "");
    assert_string_equal(moved(&world, "plain/hooks", ".git/hooks"), "");
    policies_end(&world.policies);
}

static void what_keeps_its_protection_is_no_question(void **state)
{
    (void)state;
    struct world world;
    begin(&world,
          "askfirst: 1\nread: [{ask: '**/.env'}, {allow: /**}]\nwrite: [{ask: '**/.env'}, {allow: /**}]\n");
    put(&world, "src/.env");
    put(&world, "src/deep/.env");
    assert_string_equal(moved(&world, "src", "lib"), "");
    policies_end(&world.policies);
}

static void what_an_allow_would_lift_is_found(void **state)
{
    (void)state;
    struct world world;
    begin(&world, "askfirst: 1\nread: [{allow: '${workspace}/public/**'}, {ask: '**/.env'}, {allow: '/**'}]\n"
                  "write: [{allow: /**}]\n");
    put(&world, "src/deep/.env");
    assert_string_equal(moved(&world, "src", "public/src"), "read src/deep/.env");
    assert_string_equal(moved(&world, "src", "lib"), "");
    policies_end(&world.policies);
}

static void an_exception_before_the_rule_holds(void **state)
{
    (void)state;
    struct world world;
    begin(&world, "askfirst: 1\nread: [{allow: '${workspace}/a/s/open'}, {ask: '${workspace}/a/s/*'}, {deny: "
                  "'${workspace}/a/s/z*'}, {allow: '/**'}]\nwrite: [{allow: /**}]\n");
    put(&world, "a/s/open");
    assert_string_equal(moved(&world, "a", "b"), "");
    put(&world, "a/s/shut");
    assert_string_equal(moved(&world, "a", "b"), "read a/s/shut");
    policies_end(&world.policies);
}

static void what_cannot_be_looked_at_counts_as_there(void **state)
{
    (void)state;
    struct world world;
    begin(&world,
          "askfirst: 1\nread: [{ask: '${workspace}/a/**/secret'}, {allow: '/**'}]\nwrite: [{allow: /**}]\n");
    char deep[256] = "a/";
    for (int i = 0; i < 60; i++)
        strcat(deep, "d/");
    put(&world, deep);
    assert_string_equal(moved(&world, "a", "b"), "");
    for (int i = 0; i < 10; i++)
        strcat(deep, "d/");
    put(&world, deep);
    assert_non_null(strstr(moved(&world, "a", "b"), "d/d/secret"));
    policies_end(&world.policies);
}

static void a_link_below_leads_where_other_names_count(void **state)
{
    (void)state;
    struct world world;
    begin(&world, "askfirst: 1\nread: [{allow: '/**'}]\nwrite: [{ask: '**/.git/hooks/*'}, {allow: /**}]\n");
    put(&world, "x/");
    assert_int_equal(symlink("/tmp", path_of(&world, "x/hooks")), 0);
    assert_int_equal(symlink("/tmp", path_of(&world, "x/other")), 0);
    assert_string_equal(moved(&world, "x", ".git"), "write .git/hooks/x");
    assert_string_equal(moved(&world, "x", "y"), "");
    assert_string_equal(linked(&world, ".git/hooks"), "write .git/hooks/x");
    assert_string_equal(linked(&world, ".git/other"), "");
    assert_string_equal(linked(&world, ".git"), "write .git/hooks/x");
    policies_end(&world.policies);
}

static void only_a_name_that_a_rule_goes_on_from_turns(void **state)
{
    (void)state;
    struct world world;
    begin(&world,
          "askfirst: 1\nwrite: [{ask: ['**/.git/hooks/*', '/srv/pro[dt]/**', '/x/*/y', '**/leaf']}]\n");
    const struct image *image = world.policies.image;
    assert_true(image_turns_on(image, ".git", 4));
    assert_true(image_turns_on(image, "hooks", 5));
    assert_true(image_turns_on(image, "prod", 4));
    assert_false(image_turns_on(image, "prof", 4));
    assert_false(image_turns_on(image, "leaf", 4));
    assert_false(image_turns_on(image, "whatever", 8));
    policies_end(&world.policies);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_protected_by_the_name_above_it_is_found),
        cmocka_unit_test(what_keeps_its_protection_is_no_question),
        cmocka_unit_test(what_an_allow_would_lift_is_found),
        cmocka_unit_test(an_exception_before_the_rule_holds),
        cmocka_unit_test(what_cannot_be_looked_at_counts_as_there),
        cmocka_unit_test(a_link_below_leads_where_other_names_count),
        cmocka_unit_test(only_a_name_that_a_rule_goes_on_from_turns),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
