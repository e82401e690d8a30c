/* test_scout.c: who looks ahead for programs changes nothing of what the policy comes to. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "../../policy/image.h"
#include "../../policy/packed.h"
#include "../../policy/policy.h"
#include "../../policy/scout.h"

static char top[] = "/tmp/askfirst-scout-XXXXXX";

/* Of the names that the default policy has: two links, one of them to a program of the same name, and a
 * program.
 */
static int begin(void **state)
{
    (void)state;
    if (!mkdtemp(top) || chdir(top) || symlink("/bin/sh", "gcloud") || symlink("/bin/sh", "sh")) return -1;
    int fd = open("node", O_CREAT | O_WRONLY | O_CLOEXEC, 0700);
    return fd < 0 || close(fd);
}

static int end(void **state)
{
    (void)state;
    return unlink("gcloud") || unlink("sh") || unlink("node") || chdir("/") || rmdir(top);
}

static struct scout *new_scout(void)
{
    struct scout *scout = calloc(1, scout_size());
    assert_non_null(scout);
    return scout;
}

static bool is_named(const char *wanted)
{
    for (const char *name = packed_programs(); *name; name += strlen(name) + 1)
        if (!strcmp(name, wanted)) return true;
    return false;
}

static struct image *image_of(const char *search_path, struct scout *scout, size_t *size)
{
    const struct places places = {
        .home = "/home/ada",
        .user = "ada",
        .workspace = "/home/ada/work",
        .tmp = "/tmp",
        .config_dir = "/home/ada/.config",
        .cache_dir = "/home/ada/.cache",
        .data_dir = "/home/ada/.local/share",
        .state_dir = "/home/ada/.local/state",
        .search_path = search_path,
    };
    const struct policy_options options = {
        .places = &places, .no_files = true, .no_tests = true, .scout = scout};
    struct diagnostics diagnostics = {0};
    struct image *image;
    struct policy *policy = policy_load_image(&options, &image, size, &diagnostics);
    assert_non_null(policy);
    policy_free(policy);
    diagnostics_free(&diagnostics);
    return image;
}

/* Whether it is in time, late, or sent by somebody who asks for other names between. */
static void the_policy_is_the_same_with_a_scout(void **state)
{
    size_t size, other_size;
    (void)state;
    struct image *alone = image_of(top, NULL, &size);
    for (int looks = 0; looks < 2; looks++) {
        struct scout *scout = new_scout();
        if (looks) scout_look(scout, top);
        struct image *image = image_of(top, scout, &other_size);
        assert_int_equal(size, other_size);
        assert_memory_equal(alone, image, size);
        free(image);
        free(scout);
    }
    struct image *without_links = image_of("/nowhere", NULL, &other_size);
    assert_true(size != other_size || memcmp(alone, without_links, size) != 0);
    free(without_links);
    free(alone);
}

static void links_are_left_to_who_reads(void **state)
{
    struct scout *scout = new_scout();
    (void)state;
    assert_true(is_named("gcloud") && is_named("sh") && is_named("node") && is_named("git"));
    scout_look(scout, top);
    for (const char *name = packed_programs(); *name; name += strlen(name) + 1) {
        bool is_link = !strcmp(name, "gcloud") || !strcmp(name, "sh");
        assert_false(scout_saw_no_link(scout, "a name that nobody packs"));
        assert_int_equal(scout_saw_no_link(scout, name), !is_link);
    }
    assert_false(scout_saw_no_link(scout, "git"));
    free(scout);
}

static void what_was_asked_for_already_is_not_looked_for(void **state)
{
    struct scout *scout = new_scout();
    const char *first = packed_programs(), *second = first + strlen(first) + 1;
    (void)state;
    assert_false(scout_saw_no_link(scout, first));
    scout_look(scout, "/nowhere");
    assert_true(scout_saw_no_link(scout, second));
    free(scout);

    scout = new_scout();
    scout_recall(scout);
    scout_look(scout, "/nowhere");
    assert_false(scout_saw_no_link(scout, first));
    free(scout);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_policy_is_the_same_with_a_scout),
        cmocka_unit_test(links_are_left_to_who_reads),
        cmocka_unit_test(what_was_asked_for_already_is_not_looked_for),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
