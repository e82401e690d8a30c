/* What the fast lane takes, and how a program finds it there (launcher/lane/lane.h, shim/lane.h). */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/shm.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cmocka.h>

#include "../../launcher/lane/lane.h"
#include "../../shim/lane.h"

/* As a guarded program has it, though anywhere. */
struct view {
    struct lane *lane;
    const char *memory;
};

static int set_up(void **state)
{
    static struct view view;
    const char *why = NULL;
    view.lane = lane_new(&why);
    if (!view.lane) fail_msg("%s", why);
    view.memory = shmat(lane_segment(view.lane), NULL, SHM_RDONLY);
    assert_true(view.memory != (void *)-1);
    *state = &view;
    return 0;
}

static int take_down(void **state)
{
    struct view *view = *state;
    shmdt(view->memory);
    lane_free(view->lane);
    return 0;
}

static unsigned used(const struct view *view)
{
    return ((const struct lane_head *)(const void *)view->memory)->used;
}

/* NULL: it is not there. */
static const char *find(const struct view *view, const char *name)
{
    const uint32_t *buckets = (const uint32_t *)(const void *)(view->memory + LANE_INDEX_AT);
    for (uint32_t at = lane_bucket(name, strlen(name)); buckets[at]; at = (at + 1) & (LANE_BUCKETS - 1)) {
        const char *slot = view->memory + LANE_NAMES_AT + (size_t)(buckets[at] - 1) * LANE_SLOT;
        if (!strcmp(slot, name)) return slot;
    }
    return NULL;
}

static void what_is_below_a_directory_is_taken_away(void **state)
{
    const struct view *view = *state;
    lane_add(view->lane, "/moved/here/file");
    lane_add(view->lane, "/moved/here");
    lane_add(view->lane, "/moved/hereafter");
    lane_forget(view->lane, "/moved/here");
    assert_null(find(view, "/moved/here/file"));
    assert_null(find(view, "/moved/here"));
    assert_non_null(find(view, "/moved/hereafter"));
    lane_add(view->lane, "/moved/here/file");
    assert_non_null(find(view, "/moved/here/file"));
}

static void a_name_that_comes_back_has_its_slot_again(void **state)
{
    const struct view *view = *state;
    const int slots[] = {lane_add(view->lane, "/moved"), lane_add(view->lane, "/moved/file")};
    for (int i = 0; i < 3; i++) {
        assert_true(lane_list_once(view->lane, "/moved"));
        assert_false(lane_list_once(view->lane, "/moved"));
        lane_forget(view->lane, "/moved");
        assert_false(lane_list_once(view->lane, "/moved"));
        assert_int_equal(lane_add(view->lane, "/moved/file"), slots[1]);
        assert_null(find(view, "/moved"));
        assert_int_equal(lane_add(view->lane, "/moved"), slots[0]);
        assert_non_null(find(view, "/moved"));
    }
    assert_int_equal(used(view), 2);
}

static void a_name_is_found_and_stands_once(void **state)
{
    struct view *view = *state;
    assert_int_equal(lane_add(view->lane, "/etc/hosts"), 0);
    assert_int_equal(lane_add(view->lane, "/etc/hosts"), 0);
    assert_int_equal(lane_add(view->lane, "/etc/passwd"), 1);
    assert_int_equal(used(view), 2);
    assert_non_null(find(view, "/etc/hosts"));
    assert_non_null(find(view, "/etc/passwd"));
    assert_null(find(view, "/etc/host"));
    assert_int_equal((find(view, "/etc/passwd") - view->memory) % LANE_SLOT, 0);
}

static void only_plain_names_are_taken(void **state)
{
    static const char *const others[] = {
        "",       "/",           "etc/hosts", "/etc//hosts", "/etc/./hosts", "/etc/../hosts", "/etc/..",
        "/etc/.", "/etc/hosts/", "./a",       "//etc",       "/.",           "/..",           "/../etc/x"};
    struct view *view = *state;
    char name[LANE_SLOT + 2];
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        assert_int_equal(lane_add(view->lane, others[i]), -1);
    snprintf(name, sizeof name, "/%0*d", (int)LANE_SLOT - 1, 0);
    assert_int_equal(lane_add(view->lane, name), -1);
    assert_int_equal(used(view), 0);
    name[LANE_SLOT - 1] = 0;
    lane_add(view->lane, name);
    lane_add(view->lane, "/..a/.b/...");
    assert_int_equal(used(view), 2);
    assert_non_null(find(view, name));
}

/* -1: it is not there. */
static int find_alias(const struct view *view, const char *path)
{
    const uint32_t *buckets = (const uint32_t *)(const void *)(view->memory + LANE_ALIAS_INDEX_AT);
    const uint32_t *targets = (const uint32_t *)(const void *)(view->memory + LANE_TARGETS_AT);
    for (uint32_t at = lane_alias_bucket(path, strlen(path)); buckets[at];
         at = (at + 1) & (LANE_ALIAS_BUCKETS - 1))
        if (!strcmp(view->memory + LANE_ALIASES_AT + (size_t)(buckets[at] - 1) * LANE_SLOT, path))
            return (int)targets[buckets[at] - 1];
    return -1;
}

static void an_alias_says_in_which_slot_its_name_is(void **state)
{
    struct view *view = *state;
    char path[64];
    lane_add_alias(view->lane, "/link", lane_add(view->lane, "/etc/hosts"));
    lane_add_alias(view->lane, "/other", lane_add(view->lane, "/etc/passwd"));
    assert_int_equal(find_alias(view, "/link"), 0);
    assert_int_equal(find_alias(view, "/other"), 1);
    lane_add_alias(view->lane, "/link", 1);
    assert_int_equal(find_alias(view, "/link"), 1);
    lane_add_alias(view->lane, "/a/../link", 1);
    assert_int_equal(find_alias(view, "/a/../link"), -1);
    assert_null(find(view, "/link"));
    for (unsigned i = 0; i < LANE_ALIASES + 10; i++) {
        snprintf(path, sizeof path, "/link/%u", i);
        lane_add_alias(view->lane, path, 0);
    }
    assert_int_equal(find_alias(view, "/link/0"), 0);
    assert_int_equal(find_alias(view, path), -1);
    assert_non_null(find(view, "/etc/hosts"));
}

static void a_full_lane_keeps_what_it_has(void **state)
{
    struct view *view = *state;
    char name[64];
    for (unsigned i = 0; i < LANE_SLOTS + 100; i++) {
        snprintf(name, sizeof name, "/name/%u", i);
        lane_add(view->lane, name);
    }
    assert_int_equal(used(view), LANE_SLOTS);
    for (unsigned i = 0; i < LANE_SLOTS + 100; i++) {
        snprintf(name, sizeof name, "/name/%u", i);
        assert_int_equal(find(view, name) != NULL, i < LANE_SLOTS);
    }
}

static void its_demands_open_for_reading_through_no_link(void **state)
{
    static const int flags[] = LANE_FLAGS;
    struct view *view = *state;
    const char *how = view->memory + LANE_HOWS_AT;
    int fd = (int)syscall(SYS_openat2, AT_FDCWD, "/etc/passwd", how + LANE_HOW, (size_t)LANE_HOW_SIZE);
    assert_true(fd >= 0);
    assert_int_equal(flags[0], O_CLOEXEC);
    assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
    assert_int_equal(fcntl(fd, F_GETFL) & O_ACCMODE, O_RDONLY);
    close(fd);
    for (unsigned set = 0; set < LANE_HOWS; set++) {
        fd = (int)syscall(SYS_openat2, AT_FDCWD, "/proc/self/exe", how + (size_t)set * LANE_HOW,
                          (size_t)LANE_HOW_SIZE);
        assert_int_equal(fd, -1);
    }
}

static void its_own_file_is_known(void **state)
{
    struct view *view = *state;
    struct stat status;
    char line[512], path[128] = "";
    FILE *maps = fopen("/proc/self/maps", "re");
    assert_non_null(maps);
    while (fgets(line, sizeof line, maps)) {
        unsigned long from, to;
        if (sscanf(line, "%lx-%lx", &from, &to) == 2 && from == (unsigned long)(uintptr_t)view->memory)
            snprintf(path, sizeof path, "/proc/self/map_files/%lx-%lx", from, to);
    }
    fclose(maps);
    assert_true(path[0]);
    if (!stat(path, &status)) /* who may */
        assert_true(lane_is(view->lane, &status));
    assert_int_equal(stat("/etc/passwd", &status), 0);
    assert_false(lane_is(view->lane, &status));
    assert_true(lane_reaches(view->lane, getpid()));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, take_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_name_that_comes_back_has_its_slot_again),    TEST(a_name_is_found_and_stands_once),
        TEST(what_is_below_a_directory_is_taken_away),      TEST(only_plain_names_are_taken),
        TEST(an_alias_says_in_which_slot_its_name_is),      TEST(a_full_lane_keeps_what_it_has),
        TEST(its_demands_open_for_reading_through_no_link), TEST(its_own_file_is_known),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
