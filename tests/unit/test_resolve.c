/* Where a path leads, held against what the kernel itself says to the same thread. */
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

#include "../../launcher/guard/resolve.h"

static char top[] = "/tmp/askfirst-resolve-XXXXXX";

static int begin(void **state)
{
    (void)state;
    if (!mkdtemp(top) || chdir(top)) return -1;
    if (mkdir("d", 0700) || mkdir("d/e", 0700)) return -1;
    close(open("d/file", O_CREAT | O_WRONLY, 0600));
    if (symlink("d", "link") || symlink("link/file", "tofile") || symlink("nowhere", "dangling")) return -1;
    if (symlink("loop", "loop") || symlink("/proc/self", "self") || symlink("../d/e/..", "d/back")) return -1;
    return 0;
}

static int end(void **state)
{
    char command[128];
    (void)state;
    snprintf(command, sizeof command, "rm -rf %s", top);
    return chdir("/") || system(command);
}

static void same_as_the_kernel(void **state)
{
    static const char *const paths[] = {"d/file",
                                        "link/file",
                                        "tofile",
                                        "d/back/file",
                                        "./d/./e/../file",
                                        "d/e/",
                                        "/",
                                        "/..",
                                        "..",
                                        ".",
                                        "d/..",
                                        "link/../d/file",
                                        "missing",
                                        "missing/x",
                                        "d/file/x",
                                        "d/file/",
                                        "loop",
                                        "dangling",
                                        "dangling/x",
                                        "",
                                        "/proc/self/cwd/d/file",
                                        "self/cwd/d",
                                        "/proc/thread-self/cwd/tofile",
                                        "/dev/fd/0/x",
                                        "/etc/passwd",
                                        "/proc/self/root/etc/passwd",
                                        "//etc///passwd"};
    (void)state;
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++)
        for (int follow = 0; follow < 2; follow++) {
            struct spot spot;
            int fd = open(paths[i], O_PATH | (follow ? 0 : O_NOFOLLOW)), expected = fd < 0 ? errno : 0;
            int error = resolve(getpid(), AT_FDCWD, paths[i], follow ? RESOLVE_FOLLOW : 0, 0, &spot);
            if (error != expected) fail_msg("%s (%d): %d instead of %d", paths[i], follow, error, expected);
            if (error) continue;
            struct stat status;
            fstat(fd, &status);
            assert_true(spot.status.st_dev == status.st_dev);
            assert_true(spot.status.st_ino == status.st_ino);
            char *real = resolve_path_of(fd);
            assert_string_equal(spot.path, real);
            free(real);
            spot_close(&spot);
            close(fd);
        }
}

static void what_is_missing_has_a_parent_and_a_name(void **state)
{
    struct spot spot;
    char expected[PATH_MAX];
    (void)state;
    assert_int_equal(resolve(getpid(), AT_FDCWD, "link/e/new", RESOLVE_FOLLOW | RESOLVE_MAY_MISS, 0, &spot),
                     0);
    assert_int_equal(spot.target, -1);
    assert_string_equal(spot.name, "new");
    snprintf(expected, sizeof expected, "%s/d/e/new", top);
    assert_string_equal(spot.path, expected);
    spot_close(&spot);
    /* A link to nowhere that is followed leads to what would be made. */
    assert_int_equal(resolve(getpid(), AT_FDCWD, "dangling", RESOLVE_FOLLOW | RESOLVE_MAY_MISS, 0, &spot), 0);
    assert_string_equal(spot.name, "nowhere");
    spot_close(&spot);
    assert_int_equal(resolve(getpid(), AT_FDCWD, "missing/new", RESOLVE_MAY_MISS, 0, &spot), ENOENT);
}

static void a_directory_descriptor_is_the_callers(void **state)
{
    struct spot spot;
    int fd = open("d", O_PATH | O_DIRECTORY);
    (void)state;
    assert_int_equal(resolve(getpid(), fd, "file", 0, 0, &spot), 0);
    spot_close(&spot);
    assert_int_equal(resolve(getpid(), fd, "", RESOLVE_EMPTY_PATH, 0, &spot), 0);
    assert_true(S_ISDIR(spot.status.st_mode));
    spot_close(&spot);
    assert_int_equal(resolve(getpid(), 777, "file", 0, 0, &spot), EBADF);
    close(fd);
}

static void what_has_no_path_has_none_here(void **state)
{
    int pair[2];
    char path[64];
    struct spot spot;
    (void)state;
    assert_int_equal(pipe(pair), 0);
    snprintf(path, sizeof path, "/proc/self/fd/%d", pair[0]);
    assert_int_equal(resolve(getpid(), AT_FDCWD, path, RESOLVE_FOLLOW, 0, &spot), 0);
    assert_null(spot.path);
    spot_close(&spot);
    int fd = open("gone", O_CREAT | O_RDWR, 0600);
    unlink("gone");
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    assert_int_equal(resolve(getpid(), AT_FDCWD, path, RESOLVE_FOLLOW, 0, &spot), 0);
    assert_null(spot.path);
    spot_close(&spot);
    close(fd);
    close(pair[0]);
    close(pair[1]);
}

static void proc_sys_and_devices_are_the_kernels(void **state)
{
    static const char *const paths[] = {"/proc/self/status", "/proc/version", "/dev/null", "/sys/kernel"};
    struct spot spot;
    (void)state;
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        assert_int_equal(resolve(getpid(), AT_FDCWD, paths[i], RESOLVE_FOLLOW, 0, &spot), 0);
        assert_true(spot.kernel);
        spot_close(&spot);
    }
    assert_int_equal(resolve(getpid(), AT_FDCWD, "/etc/passwd", RESOLVE_FOLLOW, 0, &spot), 0);
    assert_false(spot.kernel);
    spot_close(&spot);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(same_as_the_kernel),
        cmocka_unit_test(what_is_missing_has_a_parent_and_a_name),
        cmocka_unit_test(a_directory_descriptor_is_the_callers),
        cmocka_unit_test(what_has_no_path_has_none_here),
        cmocka_unit_test(proc_sys_and_devices_are_the_kernels),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
