/* Where a path leads, held against what the kernel itself says to the same thread. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "../../launcher/names/resolve.h"

static char top[] = "/tmp/askfirst-resolve-XXXXXX";
static struct viewer own;

static int begin(void **state)
{
    (void)state;
    own.tid = getpid();
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
        for (unsigned flags = 0; flags <= (RESOLVE_FOLLOW | RESOLVE_BY_PARENT); flags++) {
            if (flags & ~(unsigned)(RESOLVE_FOLLOW | RESOLVE_BY_PARENT)) continue;
            struct spot spot;
            int fd = open(paths[i], O_PATH | (flags & RESOLVE_FOLLOW ? 0 : O_NOFOLLOW)),
                expected = fd < 0 ? errno : 0;
            int error = resolve(own, AT_FDCWD, paths[i], flags, 0, &spot);
            if (error != expected) fail_msg("%s (%u): %d instead of %d", paths[i], flags, error, expected);
            if (error) continue;
            struct stat status;
            fstat(fd, &status);
            assert_true(spot.status.st_dev == status.st_dev);
            assert_true(spot.status.st_ino == status.st_ino);
            char *real;
            assert_int_equal(resolve_path_of(fd, &real), 0);
            assert_string_equal(spot.path, real);
            free(real);
            if (flags & RESOLVE_BY_PARENT && *spot.name) {
                assert_int_equal(fstatat(spot.parent, spot.name, &status, AT_SYMLINK_NOFOLLOW), 0);
                assert_true(spot.status.st_ino == status.st_ino);
            }
            spot_close(&spot);
            close(fd);
        }
}

static void what_is_missing_has_a_parent_and_a_name(void **state)
{
    struct spot spot;
    char expected[PATH_MAX];
    (void)state;
    assert_int_equal(resolve(own, AT_FDCWD, "link/e/new", RESOLVE_FOLLOW | RESOLVE_MAY_MISS, 0, &spot), 0);
    assert_int_equal(spot.target, -1);
    assert_string_equal(spot.name, "new");
    snprintf(expected, sizeof expected, "%s/d/e/new", top);
    assert_string_equal(spot.path, expected);
    spot_close(&spot);
    /* A link to nowhere that is followed leads to what would be made. */
    assert_int_equal(resolve(own, AT_FDCWD, "dangling", RESOLVE_FOLLOW | RESOLVE_MAY_MISS, 0, &spot), 0);
    assert_string_equal(spot.name, "nowhere");
    spot_close(&spot);
    assert_int_equal(resolve(own, AT_FDCWD, "missing/new", RESOLVE_MAY_MISS, 0, &spot), ENOENT);
}

static void a_directory_descriptor_is_the_callers(void **state)
{
    struct spot spot;
    int fd = open("d", O_PATH | O_DIRECTORY);
    (void)state;
    assert_int_equal(resolve(own, fd, "file", 0, 0, &spot), 0);
    spot_close(&spot);
    assert_int_equal(resolve(own, fd, "", RESOLVE_EMPTY_PATH, 0, &spot), 0);
    assert_true(S_ISDIR(spot.status.st_mode));
    spot_close(&spot);
    assert_int_equal(resolve(own, 777, "file", 0, 0, &spot), EBADF);
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
    assert_int_equal(resolve(own, AT_FDCWD, path, RESOLVE_FOLLOW, 0, &spot), 0);
    assert_null(spot.path);
    spot_close(&spot);
    close(pair[0]);
    close(pair[1]);
    snprintf(path, sizeof path, "/proc/self/fd/%d", memfd_create("none", 0));
    assert_int_equal(resolve(own, AT_FDCWD, path, RESOLVE_FOLLOW, 0, &spot), 0);
    assert_null(spot.path);
    spot_close(&spot);
}

static void what_has_lost_its_name_is_called_as_it_was(void **state)
{
    char path[64], expected[PATH_MAX];
    struct spot spot;
    int fd = open("gone", O_CREAT | O_RDWR, 0600);
    (void)state;
    assert_int_equal(link("gone", "elsewhere"), 0);
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    snprintf(expected, sizeof expected, "%s/gone", top);
    for (int links = 1; links >= 0; links--) {
        unlink(links ? "gone" : "elsewhere");
        assert_int_equal(resolve(own, AT_FDCWD, path, RESOLVE_FOLLOW, 0, &spot), 0);
        assert_string_equal(spot.path, expected);
        spot_close(&spot);
    }
    close(fd);
    close(open("odd (deleted)", O_CREAT | O_RDWR, 0600)); /* a name like any other */
    assert_int_equal(resolve(own, AT_FDCWD, "odd (deleted)", RESOLVE_FOLLOW, 0, &spot), 0);
    snprintf(expected, sizeof expected, "%s/odd (deleted)", top);
    assert_string_equal(spot.path, expected);
    spot_close(&spot);
}

static void nobody_looks_through_an_outsider(void **state)
{
    char path[64];
    struct spot spot;
    (void)state;
    snprintf(path, sizeof path, "/proc/%d/cwd/d", getppid());
    assert_int_equal(resolve(own, AT_FDCWD, path, RESOLVE_FOLLOW, 0, &spot), EACCES);
    pid_t child = fork();
    if (!child) {
        pause();
        _exit(0);
    }
    snprintf(path, sizeof path, "/proc/%d/cwd/d", child);
    assert_int_equal(resolve((struct viewer){getpid(), getpid()}, AT_FDCWD, path, RESOLVE_FOLLOW, 0, &spot),
                     0);
    spot_close(&spot);
    kill(child, SIGKILL);
}

static void a_path_without_end_is_no_path(void **state)
{
    char name[NAME_MAX + 1];
    struct spot spot;
    (void)state;
    memset(name, 'n', NAME_MAX);
    name[NAME_MAX] = 0;
    for (int i = 0; i < 18; i++) {
        mkdir(name, 0700);
        assert_int_equal(chdir(name), 0);
    }
    assert_int_equal(resolve(own, AT_FDCWD, "new", RESOLVE_MAY_MISS, 0, &spot), ENAMETOOLONG);
    assert_int_equal(resolve(own, AT_FDCWD, ".", 0, 0, &spot), ENAMETOOLONG);
    assert_int_equal(chdir(top), 0);
}

static void proc_sys_and_devices_are_the_kernels(void **state)
{
    static const char *const paths[] = {"/proc/self/status", "/proc/version", "/dev/null", "/sys/kernel"};
    struct spot spot;
    (void)state;
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        assert_int_equal(resolve(own, AT_FDCWD, paths[i], RESOLVE_FOLLOW, 0, &spot), 0);
        assert_true(spot.kernel);
        spot_close(&spot);
    }
    assert_int_equal(resolve(own, AT_FDCWD, "/etc/passwd", RESOLVE_FOLLOW, 0, &spot), 0);
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
        cmocka_unit_test(what_has_lost_its_name_is_called_as_it_was),
        cmocka_unit_test(nobody_looks_through_an_outsider),
        cmocka_unit_test(a_path_without_end_is_no_path),
        cmocka_unit_test(proc_sys_and_devices_are_the_kernels),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
