/* test_beside.c: a thread that is kept on this processor, and has afterwards what it had before. */
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "../../launcher/filter/beside.h"

static pthread_barrier_t barrier;
static pid_t other; /* a thread that sleeps */
static cpu_set_t usual;

static void *sleeper(void *unused)
{
    other = gettid();
    pthread_barrier_wait(&barrier);
    pthread_barrier_wait(&barrier);
    return unused;
}

static int start(void **state)
{
    static pthread_t thread;
    *state = &thread;
    pthread_barrier_init(&barrier, NULL, 2);
    if (sched_getaffinity(0, sizeof usual, &usual) || pthread_create(&thread, NULL, sleeper, NULL)) return -1;
    pthread_barrier_wait(&barrier);
    return 0;
}

static int stop(void **state)
{
    pthread_barrier_wait(&barrier);
    sched_setaffinity(0, sizeof usual, &usual);
    return pthread_join(*(pthread_t *)*state, NULL);
}

static cpu_set_t processors_of(pid_t tid)
{
    cpu_set_t its;
    assert_int_equal(sched_getaffinity(tid, sizeof its, &its), 0);
    return its;
}

static cpu_set_t one_of(const cpu_set_t *set, int which)
{
    cpu_set_t one;
    CPU_ZERO(&one);
    for (size_t i = 0; i < CPU_SETSIZE; i++)
        if (CPU_ISSET(i, set) && !which--) CPU_SET(i, &one);
    return one;
}

static void assert_processors(pid_t tid, const cpu_set_t *expected)
{
    cpu_set_t its = processors_of(tid);
    assert_true(CPU_EQUAL(&its, expected));
}

static void take(struct beside *beside, int64_t nanoseconds)
{
    assert_false(beside_begin(beside, other));
    assert_int_not_equal(beside->began, 0);
    beside->began -= nanoseconds;
    beside_end(beside);
}

enum { VERY_LONG = 1000000000 };

static struct beside that_took_long(void)
{
    struct beside beside = {0};
    take(&beside, VERY_LONG);
    return beside;
}

static bool have_several(void)
{
    return CPU_COUNT(&usual) > 1;
}

static void a_thread_is_kept_where_this_one_runs_and_then_has_all_again(void **state)
{
    (void)state;
    struct beside beside = that_took_long();
    for (int i = 0; i < 2; i++) {
        assert_int_equal(beside_begin(&beside, other), have_several());
        if (!have_several()) continue;
        assert_int_equal(CPU_COUNT(&beside.here), 1);
        assert_processors(other, &beside.here);
        beside_end(&beside);
        assert_processors(other, &usual);
    }
    assert_processors(0, &usual);
}

static void one_that_is_restricted_is_left_alone(void **state)
{
    (void)state;
    struct beside beside = that_took_long();
    for (int i = 0; i < CPU_COUNT(&usual); i++) {
        cpu_set_t one = one_of(&usual, i);
        assert_int_equal(sched_setaffinity(other, sizeof one, &one), 0);
        assert_int_equal(beside_begin(&beside, other), have_several() && CPU_COUNT(&usual) == 1);
        assert_processors(other, &one);
    }
}

/* Of a thread that is kept now. */
static cpu_set_t bound_to_another_meanwhile(struct beside *beside)
{
    const cpu_set_t first = one_of(&usual, 0), second = one_of(&usual, 1);
    assert_true(beside_begin(beside, other));
    const cpu_set_t another = CPU_EQUAL(&first, &beside->here) ? second : first;
    assert_int_equal(sched_setaffinity(other, sizeof another, &another), 0);
    return another;
}

static void what_others_make_of_it_meanwhile_stays(void **state)
{
    (void)state;
    struct beside beside = that_took_long();
    if (!have_several()) return;
    const cpu_set_t another = bound_to_another_meanwhile(&beside);
    beside_end(&beside);
    assert_processors(other, &another);
}

static void who_got_other_processors_as_this_one_did_is_not_bound_to_one(void **state)
{
    (void)state;
    struct beside beside = that_took_long();
    if (!have_several()) return;
    const cpu_set_t another = bound_to_another_meanwhile(&beside);
    assert_int_equal(sched_setaffinity(0, sizeof another, &another), 0);
    beside_end(&beside);
    assert_processors(other, &usual);
}

static void where_only_one_processor_is_had_nobody_is_kept(void **state)
{
    (void)state;
    struct beside beside = that_took_long();
    cpu_set_t first = one_of(&usual, 0);
    assert_int_equal(sched_setaffinity(0, sizeof first, &first), 0);
    assert_int_equal(sched_setaffinity(other, sizeof first, &first), 0);
    assert_false(beside_begin(&beside, other));
    assert_processors(other, &first);
    assert_processors(0, &first);
}

static void what_is_not_there_is_not_kept(void **state)
{
    (void)state;
    struct beside beside = that_took_long();
    assert_false(beside_begin(&beside, INT32_MAX)); /* a number that no thread has */
}

static int kept_in_a_row(struct beside *beside)
{
    int count = 0;
    for (; beside->left; count++) {
        assert_true(beside_begin(beside, other));
        beside_end(beside);
    }
    return count;
}

static void it_is_tried_without_the_less_often_the_longer_that_takes(void **state)
{
    (void)state;
    struct beside beside = {0};
    if (!have_several()) return;
    for (int before = 0, i = 0; i < 3; i++) {
        take(&beside, VERY_LONG);
        int now = kept_in_a_row(&beside);
        assert_true(now > before);
        before = now;
    }
    for (int i = 0; i < 20; i++) {
        take(&beside, VERY_LONG);
        assert_in_range(kept_in_a_row(&beside), 1, 1000);
    }
}

static void and_more_often_until_it_is_always_where_it_takes_no_time(void **state)
{
    (void)state;
    struct beside beside = {0};
    int before = 0, now, tries = 0;
    if (!have_several()) return;
    for (int i = 0; i < 3; i++) {
        take(&beside, VERY_LONG);
        before = kept_in_a_row(&beside);
    }
    for (; before; before = now, tries++) {
        take(&beside, -VERY_LONG);
        now = kept_in_a_row(&beside);
        assert_true(now < before);
    }
    assert_true(tries > 1);
    take(&beside, -VERY_LONG);
    assert_int_equal(kept_in_a_row(&beside), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_thread_is_kept_where_this_one_runs_and_then_has_all_again, start,
                                        stop),
        cmocka_unit_test_setup_teardown(one_that_is_restricted_is_left_alone, start, stop),
        cmocka_unit_test_setup_teardown(what_others_make_of_it_meanwhile_stays, start, stop),
        cmocka_unit_test_setup_teardown(who_got_other_processors_as_this_one_did_is_not_bound_to_one, start,
                                        stop),
        cmocka_unit_test_setup_teardown(where_only_one_processor_is_had_nobody_is_kept, start, stop),
        cmocka_unit_test_setup_teardown(what_is_not_there_is_not_kept, start, stop),
        cmocka_unit_test_setup_teardown(it_is_tried_without_the_less_often_the_longer_that_takes, start,
                                        stop),
        cmocka_unit_test_setup_teardown(and_more_often_until_it_is_always_where_it_takes_no_time, start,
                                        stop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
