/* test_loop.c: the event loop: order of timers, removal from within callbacks, many of both. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "../../launcher/plain/loop.h"

struct seen {
    struct loop *loop;
    struct loop_source *source, *other;
    int count, stop_at;
};

static void count_one(struct seen *seen)
{
    if (++seen->count == seen->stop_at) loop_stop(seen->loop);
}

static void expired(void *context)
{
    count_one(context);
}

static void readable(void *context, int fd, uint32_t events)
{
    char byte;
    assert_true(events & (EPOLLIN | EPOLLHUP));
    if (events & EPOLLIN) assert_int_equal(read(fd, &byte, 1), 1);
    count_one(context);
}

static void a_timer_is_never_early(void **state)
{
    (void)state;
    struct seen seen = {.loop = loop_new(), .stop_at = 1};
    for (int i = 0; i < 20; i++) {
        seen.count = 0;
        struct timespec before, after;
        clock_gettime(CLOCK_MONOTONIC, &before);
        loop_after(seen.loop, 3, expired, &seen);
        assert_int_equal(loop_run(seen.loop), 0);
        clock_gettime(CLOCK_MONOTONIC, &after);
        int64_t took = (after.tv_sec - before.tv_sec) * 1000000000 + after.tv_nsec - before.tv_nsec;
        assert_true(took >= 3000000);
    }
    loop_free(seen.loop);
}

struct numbered {
    struct seen *seen;
    int64_t wait;
    int number;
};

static struct numbered *last_fired;

static void expired_in_order(void *context)
{
    struct numbered *mine = context;
    if (last_fired) {
        assert_true(last_fired->wait <= mine->wait);
        if (last_fired->wait == mine->wait) assert_true(last_fired->number < mine->number);
    }
    last_fired = mine;
    count_one(mine->seen);
}

static void timers_fire_in_their_order_and_not_when_cancelled(void **state)
{
    (void)state;
    enum { MANY = 2000 };
    static struct numbered numbered[MANY];
    static struct loop_timer *timers[MANY];
    struct seen seen = {.loop = loop_new()};
    srand(7);
    last_fired = NULL;
    /* Far apart, so that the millisecond in which each is made does not matter; then the clock is not waited
     * for. */
    for (int i = 0; i < MANY; i++) {
        numbered[i] = (struct numbered){&seen, (rand() % 4) * 40, i};
        timers[i] = loop_after(seen.loop, numbered[i].wait, expired_in_order, &numbered[i]);
    }
    for (int i = 0; i < MANY; i++) {
        if (rand() % 2)
            loop_cancel(timers[i]);
        else
            seen.stop_at++;
    }
    int expected = seen.stop_at;
    seen.stop_at = 0;
    struct seen end = {.loop = seen.loop, .stop_at = 1};
    loop_after(seen.loop, 300, expired, &end);
    assert_int_equal(loop_run(seen.loop), 0);
    assert_int_equal(seen.count, expected);
    loop_free(seen.loop);
}

static void again_at_once(void *context)
{
    struct seen *seen = context;
    loop_after(seen->loop, 0, again_at_once, seen);
    count_one(seen);
}

static void a_timer_set_again_and_again_does_not_starve_descriptors(void **state)
{
    (void)state;
    int pair[2];
    struct seen ticks = {.loop = loop_new()}, bytes = {.loop = ticks.loop, .stop_at = 1};
    assert_int_equal(pipe2(pair, O_CLOEXEC), 0);
    loop_after(ticks.loop, 0, again_at_once, &ticks);
    struct loop_source *source = loop_add(ticks.loop, pair[0], EPOLLIN, readable, &bytes);
    assert_int_equal(write(pair[1], "x", 1), 1);
    assert_int_equal(loop_run(ticks.loop), 0);
    assert_int_equal(bytes.count, 1);
    loop_remove(source);
    loop_free(ticks.loop);
    close(pair[0]);
    close(pair[1]);
}

static void removes_both(void *context, int fd, uint32_t events)
{
    struct seen *seen = context;
    (void)fd;
    (void)events;
    loop_remove(seen->source);
    loop_remove(seen->other);
    count_one(seen);
}

static void a_source_removed_by_another_is_not_called(void **state)
{
    (void)state;
    int one[2], two[2];
    struct seen seen = {.loop = loop_new()}, end = {.loop = seen.loop, .stop_at = 1};
    assert_int_equal(pipe2(one, O_CLOEXEC), 0);
    assert_int_equal(pipe2(two, O_CLOEXEC), 0);
    assert_int_equal(write(one[1], "x", 1) + write(two[1], "x", 1), 2);
    seen.source = loop_add(seen.loop, one[0], EPOLLIN, removes_both, &seen);
    seen.other = loop_add(seen.loop, two[0], EPOLLIN, removes_both, &seen);
    loop_after(seen.loop, 20, expired, &end);
    assert_int_equal(loop_run(seen.loop), 0);
    assert_int_equal(seen.count, 1); /* both were ready, in one batch */
    loop_free(seen.loop);
    for (int i = 0; i < 2; i++) {
        close(one[i]);
        close(two[i]);
    }
}

static void the_end_of_a_pipe_is_seen_without_asking_for_it(void **state)
{
    (void)state;
    int pair[2];
    struct seen seen = {.loop = loop_new(), .stop_at = 1};
    assert_int_equal(pipe2(pair, O_CLOEXEC), 0);
    struct loop_source *source = loop_add(seen.loop, pair[0], EPOLLIN, readable, &seen);
    close(pair[1]);
    assert_int_equal(loop_run(seen.loop), 0);
    assert_int_equal(seen.count, 1);
    assert_int_equal(loop_change(source, 0), 0);
    loop_remove(source);
    loop_free(seen.loop);
    close(pair[0]);
}

static void what_epoll_cannot_watch_is_refused_with_errno(void **state)
{
    (void)state;
    struct seen seen = {.loop = loop_new()};
    int file = memfd_create("plain", MFD_CLOEXEC);
    assert_null(loop_add(seen.loop, file, EPOLLIN, readable, &seen));
    assert_int_equal(errno, EPERM);
    assert_null(loop_add(seen.loop, -1, EPOLLIN, readable, &seen));
    assert_int_equal(errno, EBADF);
    loop_remove(NULL);
    loop_cancel(NULL);
    loop_free(seen.loop);
    close(file);
}

static void a_very_long_time_is_no_time_in_the_past(void **state)
{
    (void)state;
    struct seen never = {.loop = loop_new()}, end = {.loop = never.loop, .stop_at = 1};
    loop_after(never.loop, INT64_MAX, expired, &never);
    loop_after(never.loop, (int64_t)INT_MAX + 5, expired, &never);
    loop_after(never.loop, 5, expired, &end);
    assert_int_equal(loop_run(never.loop), 0);
    assert_int_equal(never.count, 0);
    loop_free(never.loop);
}

static void remove_it(void *context, int fd, uint32_t events)
{
    struct seen *seen = context;
    readable(context, fd, events);
    loop_remove(seen->source);
}

/* The near one, another and a timer: each has its turn. */
static void the_near_one_is_watched_beside_all_others(void **state)
{
    (void)state;
    int near[2], far[2];
    struct seen seen = {.loop = loop_new(), .stop_at = 3};
    assert_int_equal(pipe(near), 0);
    assert_int_equal(pipe(far), 0);
    seen.source = loop_add_near(seen.loop, near[0], remove_it, &seen);
    assert_non_null(seen.source);
    assert_null(loop_add_near(seen.loop, far[0], readable, &seen));
    assert_int_equal(errno, EBUSY);
    struct loop_source *other = loop_add(seen.loop, far[0], EPOLLIN, readable, &seen);
    assert_int_equal(write(near[1], "ab", 2), 2); /* the second finds nobody: it was removed at the first */
    assert_int_equal(write(far[1], "a", 1), 1);
    loop_after(seen.loop, 5, expired, &seen);
    assert_int_equal(loop_run(seen.loop), 0);
    assert_int_equal(seen.count, 3);
    loop_remove(other);
    for (int i = 0; i < 2; i++) {
        close(near[i]);
        close(far[i]);
    }
    loop_free(seen.loop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_timer_is_never_early),
        cmocka_unit_test(timers_fire_in_their_order_and_not_when_cancelled),
        cmocka_unit_test(a_timer_set_again_and_again_does_not_starve_descriptors),
        cmocka_unit_test(a_source_removed_by_another_is_not_called),
        cmocka_unit_test(the_end_of_a_pipe_is_seen_without_asking_for_it),
        cmocka_unit_test(what_epoll_cannot_watch_is_refused_with_errno),
        cmocka_unit_test(the_near_one_is_watched_beside_all_others),
        cmocka_unit_test(a_very_long_time_is_no_time_in_the_past),
    };
    return cmocka_run_group_tests_name("loop", tests, NULL, NULL);
}
