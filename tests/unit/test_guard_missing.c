/* Which part of the kernel guard is missing: every part is taken away once, by a seccomp filter that refuses
 * what it needs. */
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "../../launcher/filter/notify.h"
#include "../../launcher/floor/landlock.h"
#include "../../launcher/probe/probe.h"

#ifndef SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV
#define SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV (1UL << 5)
#endif
#define ANY_ARGUMENT 6

/* Calls of this number, of which argument `index` has one of `bits` (or is `bits`, where `whole`), fail with
 * `error`. */
struct refusal {
    int number;
    unsigned index;
    uint32_t bits;
    bool whole;
    int error;
};

static void refuse(const struct refusal *refusal)
{
    bool any = refusal->index == ANY_ARGUMENT;
    struct sock_filter code[] = {
        {BPF_LD | BPF_W | BPF_ABS, 0, 0, offsetof(struct seccomp_data, nr)},
        {BPF_JMP | BPF_JEQ | BPF_K, 0, 3, (uint32_t)refusal->number},
        {BPF_LD | BPF_W | BPF_ABS, 0, 0,
         (uint32_t)(offsetof(struct seccomp_data, args) + (any ? 0 : refusal->index) * 8)},
        {(uint16_t)(BPF_JMP | BPF_K |
                    (any              ? BPF_JGE
                     : refusal->whole ? BPF_JEQ
                                      : BPF_JSET)),
         0, 1, any ? 0 : refusal->bits},
        {BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ERRNO | (uint32_t)refusal->error},
        {BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW},
    };
    const struct sock_fprog program = {sizeof code / sizeof *code, code};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program))
        _exit(99);
}

/* Everything is listened to by somebody who wants to hear nothing. */
static void listen_already(void)
{
    struct sock_filter allow = {BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW};
    const struct sock_fprog program = {1, &allow};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || notify_install(&program) < 0) _exit(99);
}

static void nothing(void *context)
{
    (void)context;
}

/* Where who answers the trial comes between two steps of who makes it. */
static void stay_on_one_processor(void)
{
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET((size_t)sched_getcpu(), &one);
    if (sched_setaffinity(0, sizeof one, &one)) _exit(98);
}

/* What a process finds that is refused this; NULL refuses nothing. */
static void missing_in_child(const struct refusal *refusal, bool listener, char *text, size_t size)
{
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (!child) {
        const char *next = "";
        stay_on_one_processor();
        if (refusal) refuse(refusal);
        if (listener) listen_already();
        struct guard_trial *trial = guard_try(nothing, NULL);
        char **without, *missing = guard_missing(trial, &next, &without);
        guard_forget(trial);
        dprintf(ends[1], "%s|%s", missing ? missing : "nothing", next);
        guard_free_names(without);
        free(missing);
        _exit(0);
    }
    close(ends[1]);
    size_t length = 0;
    ssize_t got;
    while ((got = read(ends[0], text + length, size - 1 - length)) > 0)
        length += (size_t)got;
    text[length] = 0;
    close(ends[0]);
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

static void nothing_is_missing_where_nothing_is_taken_away(void **state)
{
    char text[1024];
    (void)state;
    missing_in_child(NULL, false, text, sizeof text);
    assert_string_equal(text, "nothing|");
}

/* By name, and with what to do about it. */
static void each_part_is_missed_by_its_name(void **state)
{
    static const struct {
        struct refusal refusal;
        enum probe_part part;
    } rows[] = {
        {{__NR_landlock_create_ruleset, ANY_ARGUMENT, 0, false, ENOSYS}, PROBE_LANDLOCK},
        {{__NR_landlock_create_ruleset, ANY_ARGUMENT, 0, false, EOPNOTSUPP}, PROBE_LANDLOCK},
        {{__NR_landlock_create_ruleset, 1, 0xff, false, EPERM}, PROBE_LANDLOCK}, /* the version only */
        {{__NR_landlock_restrict_self, ANY_ARGUMENT, 0, false, EPERM}, PROBE_FLOOR},
        {{__NR_landlock_restrict_self, ANY_ARGUMENT, 0, false, 0},
         PROBE_FLOOR}, /* says yes and does nothing */
        {{__NR_seccomp, ANY_ARGUMENT, 0, false, EPERM}, PROBE_FILTER},
        {{__NR_seccomp, 1, SECCOMP_FILTER_FLAG_NEW_LISTENER, false, EINVAL}, PROBE_LISTENER},
        {{__NR_seccomp, 0, SECCOMP_GET_NOTIF_SIZES, true, EPERM}, PROBE_RECEIVE},
        {{__NR_sendto, ANY_ARGUMENT, 0, false, EPERM}, PROBE_LISTENER},
        {{__NR_ioctl, 1, (uint32_t)SECCOMP_IOCTL_NOTIF_RECV, true, EPERM}, PROBE_RECEIVE},
        {{__NR_ioctl, 1, (uint32_t)SECCOMP_IOCTL_NOTIF_ID_VALID, true, EPERM}, PROBE_RECEIVE},
        {{__NR_ioctl, 1, (uint32_t)SECCOMP_IOCTL_NOTIF_ADDFD, true, EINVAL}, PROBE_GIVE},
        {{__NR_ioctl, 1, (uint32_t)SECCOMP_IOCTL_NOTIF_SEND, true, EPERM}, PROBE_GIVE},
        {{__NR_process_vm_readv, ANY_ARGUMENT, 0, false, EPERM}, PROBE_MEMORY},
        {{__NR_pidfd_open, ANY_ARGUMENT, 0, false, ENOSYS}, PROBE_DUPLICATE},
        {{__NR_pidfd_getfd, ANY_ARGUMENT, 0, false, EPERM}, PROBE_DUPLICATE},
        {{__NR_ptrace, ANY_ARGUMENT, 0, false, EPERM}, PROBE_TRACE},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char text[1024], expected[256];
        const char *name = probe_name(rows[i].part);
        snprintf(expected, sizeof expected, "%s: ", name);
        missing_in_child(&rows[i].refusal, false, text, sizeof text);
        if (strncmp(text, expected, strlen(expected)) != 0) fail_msg("row %zu: %s, not %s", i, text, name);
        assert_string_equal(strrchr(text, '|') + 1, probe_next(rows[i].part));
    }
}

static void who_is_killed_behind_the_guard_is_not_said_to_have_died_before_it(void **state)
{
    const struct refusal no_pidfd = {__NR_pidfd_open, ANY_ARGUMENT, 0, false, ENOSYS};
    const char *name = probe_name(PROBE_DUPLICATE);
    (void)state;
    for (int i = 0; i < 30; i++) {
        char text[1024];
        missing_in_child(&no_pidfd, false, text, sizeof text);
        assert_memory_equal(text, name, strlen(name));
    }
}

static void another_listener_is_told_apart(void **state)
{
    char text[1024];
    (void)state;
    missing_in_child(NULL, true, text, sizeof text);
    assert_non_null(strstr(text, "another one is in place already"));
}

/* Older kernels lack these, and hold all the same. */
static void what_only_makes_it_better_is_not_missed(void **state)
{
    static const struct refusal rows[] = {
        {__NR_seccomp, 1, SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV, false, EINVAL},
        {__NR_ioctl, 1, 0x40082104, true, EINVAL}, /* SECCOMP_IOCTL_NOTIF_SET_FLAGS */
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char text[1024];
        missing_in_child(&rows[i], false, text, sizeof text);
        assert_string_equal(text, "nothing|");
    }
}

/* In a child that is refused this: the state of one part. */
static int state_in_child(const struct refusal *refusal, enum probe_part part)
{
    pid_t child = fork();
    assert_true(child >= 0);
    if (!child) {
        struct probe parts[PROBE_PARTS];
        if (refusal) refuse(refusal);
        probe(parts);
        _exit((int)parts[part].state);
    }
    int status;
    waitpid(child, &status, 0);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static void what_only_makes_it_better_is_seen_all_the_same(void **state)
{
    const struct refusal no_killable = {__NR_seccomp, 1, SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV, false,
                                        EINVAL};
    const struct refusal no_synchronous = {__NR_ioctl, 1, 0x40082104, true, EINVAL};
    (void)state;
    assert_int_equal(state_in_child(NULL, PROBE_KILLABLE), PROBE_HOLDS);
    assert_int_equal(state_in_child(NULL, PROBE_SYNCHRONOUS), PROBE_HOLDS);
    assert_int_equal(state_in_child(NULL, PROBE_TRACE), PROBE_HOLDS);
    assert_int_equal(state_in_child(&no_killable, PROBE_KILLABLE), PROBE_LACKS);
    assert_int_equal(state_in_child(&no_synchronous, PROBE_SYNCHRONOUS), PROBE_LACKS);
    assert_int_equal(state_in_child(&no_synchronous, PROBE_GIVE), PROBE_HOLDS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_missing_where_nothing_is_taken_away),
        cmocka_unit_test(each_part_is_missed_by_its_name),
        cmocka_unit_test(who_is_killed_behind_the_guard_is_not_said_to_have_died_before_it),
        cmocka_unit_test(another_listener_is_told_apart),
        cmocka_unit_test(what_only_makes_it_better_is_not_missed),
        cmocka_unit_test(what_only_makes_it_better_is_seen_all_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
