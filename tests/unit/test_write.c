/* test_write.c: what cannot be written is an error, and no signal's end. */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cmocka.h>

#include "../../launcher/plain/write.h"

static void assert_nothing_pending(void)
{
    sigset_t pending;
    assert_int_equal(sigpending(&pending), 0);
    assert_false(sigismember(&pending, SIGPIPE) || sigismember(&pending, SIGXFSZ));
}

static void a_pipe_that_nobody_reads_is_an_error(void **state)
{
    int ends[2];
    (void)state;
    assert_int_equal(pipe(ends), 0);
    assert_true(write_whole(ends[1], "heard", 5));
    close(ends[0]);
    assert_int_equal(write_quietly(ends[1], "not heard", 9), -1);
    assert_int_equal(errno, EPIPE);
    assert_nothing_pending();
    assert_false(write_whole(ends[1], "not heard", 9));
    close(ends[1]);
}

static void a_file_that_may_not_grow_is_an_error(void **state)
{
    struct rlimit before, none;
    FILE *file = tmpfile();
    (void)state;
    assert_non_null(file);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    none = (struct rlimit){.rlim_cur = 4, .rlim_max = before.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &none), 0);
    ssize_t first = write_quietly(fileno(file), "four and more", 13);
    ssize_t second = write_quietly(fileno(file), "more", 4);
    int error = errno;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_int_equal(first, 4);
    assert_int_equal(second, -1);
    assert_int_equal(error, EFBIG);
    assert_nothing_pending();
    fclose(file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_pipe_that_nobody_reads_is_an_error),
        cmocka_unit_test(a_file_that_may_not_grow_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
