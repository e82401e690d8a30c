/* test_process.c: what is read of processes: odd names, the way up, what lives below, what only seems
 * dead. */
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "../../launcher/look/known.h"
#include "../../launcher/look/process.h"

/* A child that does `work` and sleeps until it is killed; returns when the work is done. */
static pid_t start(void (*work)(int report), int *report)
{
    int done[2];
    assert_int_equal(pipe(done), 0);
    pid_t pid = fork();
    if (pid == 0) {
        alarm(60); /* should the test fail and leave it */
        close(done[0]);
        work(done[1]);
        for (;;)
            pause();
    }
    close(done[1]);
    *report = done[0];
    return pid;
}

static void stop(pid_t pid)
{
    kill(pid, SIGKILL);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static void take_an_odd_name(int report)
{
    prctl(PR_SET_NAME, "x) Z 1 (y\n");
    assert_int_equal(write(report, "x", 1), 1);
}

static void a_name_like_the_rest_of_the_line_does_not_confuse(void **state)
{
    (void)state;
    int report;
    char byte;
    pid_t pid = start(take_an_odd_name, &report);
    assert_int_equal(read(report, &byte, 1), 1);
    struct process process;
    assert_true(process_look(pid, &process));
    assert_int_equal(process.parent, getpid());
    assert_int_equal(process.group, getpgrp());
    assert_true(strchr("SR", process.state));
    assert_true(process.started > 0);
    stop(pid);
    close(report);
    assert_false(process_look(pid, &process));
    assert_int_equal(errno, ESRCH);
}

static void start_a_child_of_its_own(int report)
{
    pid_t pid = fork();
    if (pid == 0) {
        alarm(60);
        for (;;)
            pause();
    }
    assert_int_equal(write(report, &pid, sizeof pid), sizeof pid);
}

static void the_way_up_has_everybody_but_the_top(void **state)
{
    (void)state;
    int report;
    pid_t below, pid = start(start_a_child_of_its_own, &report);
    assert_int_equal(read(report, &below, sizeof below), sizeof below);
    struct ancestor *chain;
    size_t length = process_chain(below, getpid(), &chain);
    assert_int_equal(length, 2);
    assert_int_equal(chain[0].pid, below);
    assert_int_equal(chain[1].pid, pid);
    char *self = process_program(getpid());
    assert_string_equal(chain[0].program, self);
    free(self);
    ancestors_free(chain, length);

    assert_true(process_is_below(below, pid));
    assert_false(process_is_below(pid, below));
    assert_false(process_is_below(pid, pid));
    assert_false(process_is_below(getpid(), pid));
    assert_false(process_is_below(1, getpid()));
    assert_int_equal(process_chain(pid, below, &chain), 0);
    assert_null(chain);
    stop(pid);
    close(report);
}

static void who_is_known_is_looked_at_again_and_never_taken_for_another(void **state)
{
    (void)state;
    int report;
    pid_t below, pid = start(start_a_child_of_its_own, &report);
    assert_int_equal(read(report, &below, sizeof below), sizeof below);
    struct known *known = known_new(4);
    struct process process, other;
    assert_int_equal(known_since(known, below), 0);
    assert_true(known_look(known, below, &process));
    assert_int_equal(process.parent, pid);
    assert_int_equal(known_since(known, below), process.started);
    assert_true(known_is_below(known, &process, getpid()));
    assert_false(known_is_below(known, &(struct process){.pid = 1}, getpid()));
    struct ancestor *chain;
    assert_int_equal(known_chain(known, &process, getpid(), &chain), 2);
    assert_int_equal(chain[1].pid, pid);
    ancestors_free(chain, 2);

    stop(pid);
    assert_false(known_look(known, pid, &other));
    assert_int_equal(known_since(known, pid), 0);
    kill(below, SIGKILL);
    while (known_look(known, below, &other) && other.state != 'Z')
        usleep(1000);
    known_forget(known, below);
    assert_int_equal(known_since(known, below), 0);
    known_free(known);
    close(report);
}

static void who_was_not_looked_at_for_the_longest_time_is_known_no_more(void **state)
{
    (void)state;
    pid_t pids[4];
    int reports[4];
    struct known *known = known_new(3);
    struct process process;
    for (size_t i = 0; i < 4; i++) {
        pids[i] = start(take_an_odd_name, &reports[i]);
        if (i == 3) assert_true(known_look(known, pids[0], &process));
        assert_true(known_look(known, pids[i], &process));
    }
    assert_true(known_since(known, pids[0]));
    assert_false(known_since(known, pids[1]));
    assert_true(known_since(known, pids[2]));
    assert_true(known_since(known, pids[3]));
    known_free(known);
    for (size_t i = 0; i < 4; i++) {
        stop(pids[i]);
        close(reports[i]);
    }
}

static void what_lives_below_is_listed_parents_first(void **state)
{
    (void)state;
    int report;
    pid_t below, *pids, pid = start(start_a_child_of_its_own, &report), dead = fork();
    if (dead == 0) _exit(0);
    assert_int_equal(read(report, &below, sizeof below), sizeof below);
    struct process process;
    while (process_look(dead, &process) && process.state != 'Z')
        usleep(1000);
    assert_int_equal(process_descendants(getpid(), &pids), 2);
    assert_int_equal(pids[0], pid);
    assert_int_equal(pids[1], below);
    free(pids);
    assert_int_equal(process_descendants(below, &pids), 0);
    free(pids);
    stop(pid);
    stop(dead);
    close(report);
}

static void *meet_itself(void *process)
{
    int fd = process_meet((pid_t)syscall(SYS_gettid), process);
    close(fd);
    return (void *)(intptr_t)fd; // NOLINT(performance-no-int-to-ptr)
}

static void who_is_met_is_a_process_and_somebodys_child(void **state)
{
    (void)state;
    int report;
    pthread_t thread;
    void *met;
    struct process process;
    pid_t pid = start(take_an_odd_name, &report);
    int fd = process_meet(pid, &process);
    assert_true(fd >= 0);
    assert_int_equal(process.pid, pid);
    assert_int_equal(process.parent, getpid());
    stop(pid);
    close(report);
    assert_false(process_ask(fd, &process));
    close(fd);
    assert_int_equal(process_meet(pid, &process), -1);
    assert_int_equal(pthread_create(&thread, NULL, meet_itself, &process), 0);
    assert_int_equal(pthread_join(thread, &met), 0);
    assert_true((intptr_t)met >= 0);
    assert_int_equal(process.pid, getpid());
    assert_int_equal(process.parent, getppid());
}

static int told;

static void *report_and_wait(void *unused)
{
    (void)unused;
    assert_int_equal(write(told, "x", 1), 1);
    sleep(60);
    return NULL;
}

static void end_the_first_thread(int report)
{
    pthread_t thread;
    told = report;
    pthread_create(&thread, NULL, report_and_wait, NULL);
    pthread_exit(NULL);
}

static void a_process_whose_first_thread_has_ended_lives(void **state)
{
    (void)state;
    int report;
    char byte;
    pid_t *pids, pid = start(end_the_first_thread, &report);
    assert_int_equal(read(report, &byte, 1), 1);
    usleep(50000); /* the first thread ends */
    struct process process;
    assert_true(process_look(pid, &process));
    assert_int_not_equal(process.state, 'Z');
    assert_int_equal(process_descendants(getpid(), &pids), 1);
    assert_int_equal(pids[0], pid);
    free(pids);
    stop(pid);
    close(report);
}

static void numbers_of_a_status_are_read_in_their_base(void **state)
{
    (void)state;
    mode_t before = umask(027);
    assert_int_equal(process_number(getpid(), "Umask", 8, 0), 027);
    umask(before);
    assert_int_equal(process_number(getpid(), "Tgid", 10, 0), getpid());
    assert_int_equal(process_number(getpid(), "Tgi", 10, 7), 7);
    assert_int_equal(process_number(-1, "Tgid", 10, 7), 7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_of_a_status_are_read_in_their_base),
        cmocka_unit_test(a_name_like_the_rest_of_the_line_does_not_confuse),
        cmocka_unit_test(the_way_up_has_everybody_but_the_top),
        cmocka_unit_test(who_is_known_is_looked_at_again_and_never_taken_for_another),
        cmocka_unit_test(who_was_not_looked_at_for_the_longest_time_is_known_no_more),
        cmocka_unit_test(what_lives_below_is_listed_parents_first),
        cmocka_unit_test(who_is_met_is_a_process_and_somebodys_child),
        cmocka_unit_test(a_process_whose_first_thread_has_ended_lives),
    };
    return cmocka_run_group_tests_name("process", tests, NULL, NULL);
}
