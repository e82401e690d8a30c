/* test_runtime.c: the private directory of a run: where it lies, who may have it, what becomes of the dead.
 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "../../launcher/plain/memory.h"
#include "../../launcher/run/runtime.h"

static char root[] = "/tmp/askfirst-test-XXXXXX", *xdg, *tmp;

static int make_root(void **state)
{
    (void)state;
    if (!mkdtemp(root)) return -1;
    xdg = xasprintf("%s/xdg", root);
    tmp = xasprintf("%s/tmp", root);
    return mkdir(xdg, 0700) || mkdir(tmp, 0777);
}

static int remove_root(void **state)
{
    (void)state;
    char *command = xasprintf("rm -rf %s", root);
    int result = system(command);
    free(command);
    free(xdg);
    free(tmp);
    return result;
}

static void is_private(const char *path)
{
    struct stat status;
    assert_int_equal(lstat(path, &status), 0);
    assert_int_equal(status.st_mode & 07777, 0700);
    assert_int_equal(status.st_uid, geteuid());
}

static bool exists(const char *path)
{
    return access(path, F_OK) == 0;
}

/* Puts a directory below the runtime directory, as a session that has gone leaves it. */
static char *leave(const char *base, const char *name)
{
    char *path = xasprintf("%s/%s", base, name), *file = xasprintf("%s/door", path);
    assert_int_equal(mkdir(path, 0700), 0);
    close(open(file, O_CREAT | O_WRONLY, 0600));
    assert_true(exists(file));
    free(file);
    return path;
}

static void it_is_private_and_goes_with_all_that_is_in_it(void **state)
{
    (void)state;
    char *why = NULL;
    struct runtime *runtime = runtime_make(xdg, tmp, &why);
    assert_non_null(runtime);
    char *path = xstrdup(runtime_path(runtime)), *file = xasprintf("%s/policy", path);
    assert_int_equal(strncmp(path, xdg, strlen(xdg)), 0);
    assert_string_equal(strrchr(path, '/') + 1, runtime_id(runtime));
    is_private(path);
    is_private(runtime_base(runtime));
    close(open(file, O_CREAT | O_WRONLY, 0600));
    runtime_remove(runtime);
    assert_false(exists(path));
    free(path);
    free(file);
    runtime_remove(NULL);
}

static void what_is_no_runtime_directory_is_not_used(void **state)
{
    (void)state;
    char *open_to_all = xasprintf("%s/open", root), *missing = xasprintf("%s/missing", root);
    assert_int_equal(mkdir(open_to_all, 0700) || chmod(open_to_all, 0777), 0);
    char deep[160];
    snprintf(deep, sizeof deep, "%s/%.*s", root, 90,
             "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
             "xxxxx");
    assert_int_equal(mkdir(deep, 0700), 0);
    const char *unfit[] = {NULL, "", "relative", "/", missing, open_to_all, deep};
    for (size_t i = 0; i < sizeof unfit / sizeof *unfit; i++) {
        char *why = NULL;
        struct runtime *runtime = runtime_make(unfit[i], tmp, &why);
        assert_non_null(runtime);
        assert_int_equal(strncmp(runtime_path(runtime), tmp, strlen(tmp)), 0);
        runtime_remove(runtime);
    }
    free(open_to_all);
    free(missing);
}

static void refuses(const char *saying)
{
    char *why = NULL;
    assert_null(runtime_make(NULL, tmp, &why));
    assert_non_null(strstr(why, saying));
    free(why);
}

static void another_thing_in_its_place_is_refused(void **state)
{
    (void)state;
    char *base = xasprintf("%s/askfirst-%u", tmp, (unsigned)geteuid());
    rmdir(base);
    assert_int_equal(symlink(xdg, base), 0);
    refuses("no link");
    unlink(base);
    close(open(base, O_CREAT | O_WRONLY, 0600));
    refuses("directory");
    unlink(base);
    assert_int_equal(mkdir(base, 0700) || chmod(base, 0750), 0);
    refuses("others may enter");
    if (geteuid() == 0) {
        assert_int_equal(chmod(base, 0700) || chown(base, 65534, 65534), 0);
        refuses("somebody else");
    }
    rmdir(base);
    free(base);
    char *why = NULL;
    assert_null(runtime_make(NULL, "/no/such/place", &why));
    assert_non_null(strstr(why, "XDG_RUNTIME_DIR"));
    free(why);
}

static void the_dead_are_removed_and_the_living_stay(void **state)
{
    (void)state;
    char *why = NULL;
    struct runtime *one = runtime_make(xdg, tmp, &why);
    assert_non_null(one);
    char *dead = leave(runtime_base(one), "20200101-000000-000000");
    char *outside = xasprintf("%s/outside", root), *link = xasprintf("%s/link", runtime_base(one));
    assert_int_equal(mkdir(outside, 0700) || symlink(outside, link), 0);

    struct runtime *other = runtime_make(xdg, tmp, &why);
    assert_non_null(other);
    assert_string_not_equal(runtime_path(one), runtime_path(other));
    assert_true(exists(runtime_path(one)));
    assert_false(exists(dead));
    assert_true(exists(outside)); /* a link is not followed */
    unlink(link);
    runtime_remove(one);
    runtime_remove(other);
    free(dead);
    free(outside);
    free(link);
}

static void it_stays_as_long_as_one_process_holds_the_lock(void **state)
{
    (void)state;
    int ready[2], go[2];
    assert_int_equal(pipe(ready) || pipe(go), 0);
    pid_t launcher = fork();
    if (launcher == 0) {
        char *why, path[256] = "", byte;
        struct runtime *runtime = runtime_make(xdg, tmp, &why);
        close(go[1]);
        snprintf(path, sizeof path, "%s", runtime_path(runtime));
        if (fork() == 0) { /* the keeper, which outlives it */
            ssize_t got = write(ready[1], path, sizeof path);
            got = read(go[0], &byte, 1);
            _exit(got == 0 ? 0 : 1);
        }
        _exit(0);
    }
    close(go[0]);
    char path[256], *why = NULL;
    assert_int_equal(waitpid(launcher, NULL, 0), launcher);
    assert_int_equal(read(ready[0], path, sizeof path), sizeof path);
    runtime_remove(runtime_make(xdg, tmp, &why));
    assert_true(exists(path));
    close(go[1]); /* the keeper ends */
    for (int i = 0; i < 500 && exists(path); i++) {
        runtime_remove(runtime_make(xdg, tmp, &why));
        usleep(1000);
    }
    assert_false(exists(path));
    close(ready[0]);
    close(ready[1]);
}

static void many_at_the_same_time_do_not_remove_each_other(void **state)
{
    (void)state;
    enum { MANY = 8, ROUNDS = 40 };
    pid_t pids[MANY];
    for (int i = 0; i < MANY; i++) {
        pids[i] = fork();
        if (pids[i] > 0) continue;
        for (int round = 0; round < ROUNDS; round++) {
            char *why = NULL;
            struct runtime *runtime = runtime_make(xdg, tmp, &why);
            if (!runtime || !exists(runtime_path(runtime))) _exit(1);
            runtime_remove(runtime);
        }
        _exit(0);
    }
    for (int i = 0; i < MANY; i++) {
        int status;
        assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
        assert_int_equal(status, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_is_private_and_goes_with_all_that_is_in_it),
        cmocka_unit_test(what_is_no_runtime_directory_is_not_used),
        cmocka_unit_test(another_thing_in_its_place_is_refused),
        cmocka_unit_test(the_dead_are_removed_and_the_living_stay),
        cmocka_unit_test(it_stays_as_long_as_one_process_holds_the_lock),
        cmocka_unit_test(many_at_the_same_time_do_not_remove_each_other),
    };
    return cmocka_run_group_tests_name("runtime", tests, make_root, remove_root);
}
