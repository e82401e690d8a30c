/* The filter against the real kernel: in a child of its own for each case, with a thread that answers the
 * listener. */
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/msg.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "../../launcher/filter/filter.h"
#include "../../launcher/filter/notify.h"
#include "../../shim/lane.h"
#include "../../shim/wire.h"

enum fate { PASSES, TRAPS, FAILS };

/* What became of one call: trapped calls are answered with EXDEV, which none of them says by itself. */
static enum fate fate_of(const struct filter_options *options, long number, const long args[6], int *error)
{
    struct sock_fprog filter;
    int pair[2], out[2];
    assert_true(filter_make(options, &filter));
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
    assert_int_equal(pipe(out), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (!child) {
        prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
        int listener = notify_install(&filter);
        char taken;
        if (listener < 0 || notify_send_listener(pair[0], listener)) _exit(99);
        if (read(pair[0], &taken, 1) != 1) _exit(97);
        close(pair[0]);
        close(pair[1]);
        long value = syscall(number, args[0], args[1], args[2], args[3], args[4], args[5]);
        int told = value < 0 ? errno : 0;
        if (write(out[1], &told, sizeof told) != sizeof told) _exit(98);
        _exit(0);
    }
    close(pair[0]);
    close(out[1]);
    struct notify notify;
    int listener = notify_take_listener(pair[1]);
    assert_true(listener >= 0);
    assert_int_equal(write(pair[1], "", 1), 1);
    assert_true(notify_open(&notify, listener));
    bool trapped = false;
    int told = 0;
    for (;;) {
        struct pollfd ready[] = {{listener, POLLIN, 0}, {out[0], POLLIN, 0}};
        assert_true(poll(ready, 2, 10000) > 0);
        struct seccomp_notif *call;
        if (ready[0].revents & POLLIN && notify_receive(&notify, &call) == 1) {
            trapped = true;
            assert_true(notify_valid(&notify, call->id));
            notify_return(&notify, call->id, -EXDEV);
        }
        if (ready[1].revents) break;
    }
    assert_int_equal(read(out[0], &told, sizeof told), sizeof told);
    waitpid(child, NULL, 0);
    notify_close(&notify);
    close(pair[1]);
    close(out[0]);
    free(filter.filter);
    if (error) *error = told;
    if (trapped) {
        assert_int_equal(told, EXDEV);
        return TRAPS;
    }
    return told ? FAILS : PASSES;
}

static const struct filter_options usual = {.signals_scoped = true};

static enum fate fate(long number, long a, long b, long c, long d, int *error)
{
    return fate_of(&usual, number, (const long[6]){a, b, c, d, 0, 0}, error);
}

static void opening_traps_without_a_lane(void **state)
{
    (void)state;
    assert_int_equal(fate(SYS_openat, AT_FDCWD, (long)"/dev/null", O_RDONLY, 0, NULL), TRAPS);
    assert_int_equal(fate(SYS_openat2, AT_FDCWD, 0, 0, 0, NULL), TRAPS);
#ifdef SYS_open
    assert_int_equal(fate(SYS_open, (long)"/dev/null", O_RDONLY, 0, 0, NULL), TRAPS);
#endif
}

/* Nothing is mapped there: what passes fails by itself. */
static void the_lane_passes_whole_or_not_at_all(void **state)
{
    enum { ID = 77 };
    static const struct filter_options with = {.lane = true, .lane_segment = ID, .signals_scoped = true};
    const long name = (long)(LANE_AT + LANE_NAMES_AT), how = (long)(LANE_AT + LANE_HOWS_AT);
    const long last = (long)(LANE_AT + LANE_SIZE - LANE_SLOT), last_how = how + (LANE_HOWS - 1) * LANE_HOW;
    const struct {
        long path, how, size;
        enum fate fate;
    } openings[] = {
        {name, how, 24, FAILS},
        {last, last_how, 24, FAILS},
        {name + LANE_SLOT, how + LANE_HOW, 24, FAILS},
        {name + 1, how, 24, TRAPS},
        {name + LANE_SLOT / 2, how, 24, TRAPS},
        {name - LANE_SLOT, how, 24, TRAPS},
        {last + LANE_SLOT, how, 24, TRAPS},
        {name | 1l << 56, how, 24, TRAPS},
        {name & 0xffffffff, how, 24, TRAPS},
        {name, how + 8, 24, TRAPS},
        {name, how - LANE_HOW, 24, TRAPS},
        {name, last_how + LANE_HOW, 24, TRAPS},
        {name, how & 0xffffffff, 24, TRAPS},
        {name, how, 32, TRAPS},
        {name, how, 0, TRAPS},
        {name, how, 24 | 1l << 32, TRAPS},
        {(long)"/etc/passwd", how, 24, TRAPS},
    };
    (void)state;
    for (size_t i = 0; i < sizeof openings / sizeof *openings; i++) {
        const long args[6] = {AT_FDCWD, openings[i].path, openings[i].how, openings[i].size};
        int error;
        enum fate fate = fate_of(&with, SYS_openat2, args, &error);
        if (fate != openings[i].fate) fail_msg("opening %zu", i);
        if (fate == FAILS) assert_int_equal(error, EFAULT);
        assert_int_equal(fate_of(&usual, SYS_openat2, args, NULL), TRAPS);
    }
    const struct {
        long number, args[3];
        int error; /* of the filter; EINVAL of the kernel too: there is no such segment */
    } others[] = {
        {SYS_shmat, {ID, 0, 0}, EACCES},
        {SYS_shmat, {ID, (long)LANE_AT, 0}, EACCES},
        {SYS_shmat, {ID, (long)LANE_AT, SHM_RDONLY | SHM_REMAP}, EACCES},
        {SYS_shmat, {ID, (long)LANE_AT + 4096, SHM_RDONLY}, EACCES},
        {SYS_shmat, {ID | 1l << 32, 0, 0}, EACCES},
        {SYS_shmat, {ID, (long)LANE_AT, SHM_RDONLY}, EINVAL},
        {SYS_madvise, {(long)LANE_AT, 4096, MADV_DONTFORK}, EINVAL},
        {SYS_madvise, {(long)LANE_AT - 4096, 8192, MADV_DONTFORK}, EINVAL},
        {SYS_madvise, {1l << 40, 1l << 46, MADV_DONTFORK}, EINVAL},
        {SYS_madvise, {(long)LANE_AT | 1l << 57, 4096, MADV_DONTFORK}, EINVAL},
        {SYS_madvise, {(long)LANE_AT - (1l << 33), 4096, MADV_DONTFORK}, ENOMEM},
        {SYS_madvise, {(long)LANE_AT, 4096, MADV_WILLNEED}, ENOMEM},
    };
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        const long args[6] = {others[i].args[0], others[i].args[1], others[i].args[2]};
        int error;
        assert_int_equal(fate_of(&with, others[i].number, args, &error), FAILS);
        if (error != others[i].error) fail_msg("call %zu: %s", i, strerror(error));
    }
}

static void programs_and_changes_trap(void **state)
{
    static const long numbers[] = {SYS_execve,
                                   SYS_execveat,
                                   SYS_unlinkat,
                                   SYS_renameat2,
                                   SYS_linkat,
                                   SYS_symlinkat,
                                   SYS_mkdirat,
                                   SYS_mknodat,
                                   SYS_truncate,
                                   SYS_mq_open,
                                   SYS_mq_unlink,
                                   SYS_fchmod,
                                   SYS_fchmodat,
                                   SYS_fchown,
                                   SYS_fchownat,
                                   SYS_utimensat,
                                   SYS_setxattr,
                                   SYS_fsetxattr,
                                   SYS_lremovexattr,
                                   SYS_connect,
                                   SYS_bind,
                                   SYS_process_vm_writev,
                                   SYS_landlock_restrict_self,
                                   SYS_unshare,
                                   SYS_setuid};
    (void)state;
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        assert_int_equal(fate(numbers[i], -1, 0, 0, 0, NULL), TRAPS);
}

/* No such object is there: what passes fails by itself. */
static void objects_that_are_used_trap_and_looking_at_them_does_not(void **state)
{
    enum { ID = 0x7fff0000 };
    static const long used[][4] = {
        {SYS_shmget, IPC_PRIVATE},
        {SYS_shmat, ID},
        {SYS_shmctl, ID, IPC_RMID},
        {SYS_shmctl, ID, IPC_SET},
        {SYS_shmctl, ID, SHM_LOCK},
        {SYS_semget, IPC_PRIVATE},
        {SYS_semop, ID},
        {SYS_semtimedop, ID},
        {SYS_semctl, ID, 0, IPC_RMID},
        {SYS_semctl, ID, 0, GETALL},
        {SYS_semctl, ID, 0, SETVAL},
        {SYS_semctl, ID, IPC_STAT, IPC_SET},
        {SYS_msgget, IPC_PRIVATE},
        {SYS_msgsnd, ID},
        {SYS_msgrcv, ID},
        {SYS_msgctl, ID, IPC_RMID},
        {SYS_msgctl, ID, IPC_SET},
    };
    static const long looked_at[][4] = {
        {SYS_shmctl, ID, IPC_STAT},    {SYS_shmctl, ID, SHM_STAT_ANY}, {SYS_semctl, ID, 0, IPC_STAT},
        {SYS_semctl, ID, 0, SEM_STAT}, {SYS_msgctl, ID, IPC_STAT},     {SYS_msgctl, ID, MSG_STAT},
    };
    (void)state;
    for (size_t i = 0; i < sizeof used / sizeof *used; i++)
        if (fate(used[i][0], used[i][1], used[i][2], used[i][3], 0, NULL) != TRAPS) fail_msg("used %zu", i);
    for (size_t i = 0; i < sizeof looked_at / sizeof *looked_at; i++)
        if (fate(looked_at[i][0], looked_at[i][1], looked_at[i][2], looked_at[i][3], 0, NULL) != FAILS)
            fail_msg("looked at %zu", i);
}

static void becoming_a_tracer_traps_and_tracing_does_not(void **state)
{
    static const long becoming[] = {PTRACE_TRACEME, PTRACE_ATTACH, PTRACE_SEIZE};
    (void)state;
    for (size_t i = 0; i < sizeof becoming / sizeof *becoming; i++)
        assert_int_equal(fate(SYS_ptrace, becoming[i], 0, 0, 0, NULL), TRAPS);
    int error;
    assert_int_equal(fate(SYS_ptrace, PTRACE_CONT, 0, 0, 0, &error), FAILS);
    assert_int_equal(error, ESRCH); /* the kernel's own answer */
}

static void ones_own_rank_passes_and_others_trap(void **state)
{
    static const long calls[][4] = {/* the call, and its number for a process, a group, a user */
                                    {SYS_setpriority, PRIO_PROCESS, PRIO_PGRP, PRIO_USER},
                                    {SYS_ioprio_set, 1, 2, 3}};
    (void)state;
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
        assert_int_equal(fate(calls[i][0], calls[i][1], 0, 0, 0, NULL), PASSES);
        assert_int_equal(fate(calls[i][0], calls[i][1], 1, 0, 0, NULL), TRAPS);
        assert_int_equal(fate(calls[i][0], calls[i][2], 0, 0, 0, NULL), TRAPS);
        assert_int_equal(fate(calls[i][0], calls[i][3], 0, 0, 0, NULL), TRAPS);
    }
}

static void what_no_filter_sees_through_is_refused(void **state)
{
    static const struct {
        long number;
        int error;
    } refused[] = {{425 /* io_uring_setup */, ENOSYS},
                   {SYS_userfaultfd, EPERM},
                   {SYS_bpf, EPERM},
                   {SYS_perf_event_open, EPERM},
                   {SYS_open_by_handle_at, EPERM},
                   {SYS_mount, EPERM},
                   {SYS_kexec_load, EPERM},
                   {SYS_init_module, EPERM},
                   {435 /* clone3 */, ENOSYS},
                   {SYS_keyctl, EPERM}};
    (void)state;
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        int error;
        assert_int_equal(fate(refused[i].number, 0, 0, 0, 0, &error), FAILS);
        assert_int_equal(error, refused[i].error);
    }
}

static void numbers_beyond_the_table_are_refused(void **state)
{
    static const long numbers[] = {470, 500, 1000, 4095, 0x3fffffff};
    (void)state;
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        int error;
        assert_int_equal(fate(numbers[i], 0, 0, 0, 0, &error), FAILS);
        assert_int_equal(error, ENOSYS);
    }
}

#ifdef __x86_64__
static void calls_of_x32_trap_as_foreign(void **state)
{
    (void)state;
    assert_int_equal(fate(0x40000000 | SYS_getpid, 0, 0, 0, 0, NULL), TRAPS);
    assert_int_equal(filter_handler(AUDIT_ARCH_X86_64, 0x40000000 | SYS_getpid), CALL_foreign);
    assert_int_equal(filter_handler(AUDIT_ARCH_I386, 11), CALL_foreign);
}
#endif

static void stream_sockets_pass_and_others_trap(void **state)
{
    static const struct {
        int domain, type, protocol;
        enum fate fate;
    } sockets[] = {
        {AF_INET, SOCK_STREAM, 0, PASSES},
        {AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, IPPROTO_TCP, PASSES},
        {AF_INET6, SOCK_STREAM, 0, PASSES},
        {AF_UNIX, SOCK_STREAM, 0, PASSES},
        {AF_UNIX, SOCK_SEQPACKET, 0, PASSES},
        {AF_UNIX, SOCK_DGRAM, 0, TRAPS},
        {AF_INET, SOCK_DGRAM, 0, TRAPS},
        {AF_INET6, SOCK_DGRAM, 0, TRAPS},
        {AF_INET, SOCK_STREAM, 132 /* SCTP */, TRAPS},
        {AF_INET, SOCK_RAW, 1, TRAPS},
        {AF_PACKET, SOCK_RAW, 0, TRAPS},
        {AF_NETLINK, SOCK_RAW, 0, TRAPS},
        {AF_VSOCK, SOCK_STREAM, 0, TRAPS},
    };
    (void)state;
    for (size_t i = 0; i < sizeof sockets / sizeof *sockets; i++)
        assert_int_equal(fate(SYS_socket, sockets[i].domain, sockets[i].type, sockets[i].protocol, 0, NULL),
                         sockets[i].fate);
}

static void sockets_of_datagrams_pass_where_the_policy_makes_them(void **state)
{
    static const struct filter_options udp = {.udp = true}, local = {.unix_datagrams = true},
                                       both = {.udp = true, .unix_datagrams = true};
    static const struct {
        long domain, type, protocol;
        enum fate by_udp, by_local;
    } sockets[] = {
        {AF_INET, SOCK_DGRAM, 0, PASSES, TRAPS},
        {AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, IPPROTO_UDP, PASSES, TRAPS},
        {AF_INET6, SOCK_DGRAM, 0, PASSES, TRAPS},
        {AF_INET, SOCK_DGRAM, IPPROTO_ICMP, TRAPS, TRAPS},
        {AF_INET, SOCK_DGRAM, IPPROTO_UDPLITE, TRAPS, TRAPS},
        {AF_INET, SOCK_RAW, IPPROTO_UDP, TRAPS, TRAPS},
        {AF_NETLINK, SOCK_DGRAM, 0, TRAPS, TRAPS},
        {AF_UNIX, SOCK_DGRAM, 0, TRAPS, PASSES},
        {AF_UNIX, SOCK_RAW | SOCK_CLOEXEC, 0, TRAPS, PASSES},
        {AF_UNIX, SOCK_STREAM, 0, PASSES, PASSES},
        {AF_INET, SOCK_STREAM, 0, PASSES, PASSES},
    };
    (void)state;
    for (size_t i = 0; i < sizeof sockets / sizeof *sockets; i++) {
        const long args[6] = {sockets[i].domain, sockets[i].type, sockets[i].protocol};
        assert_int_equal(fate_of(&udp, SYS_socket, args, NULL), sockets[i].by_udp);
        assert_int_equal(fate_of(&local, SYS_socket, args, NULL), sockets[i].by_local);
        bool either = sockets[i].by_udp == PASSES || sockets[i].by_local == PASSES;
        enum fate by_both = either ? PASSES : TRAPS;
        assert_int_equal(fate_of(&both, SYS_socket, args, NULL), by_both);
    }
}

static void what_may_have_an_address_traps_when_it_is_sent(void **state)
{
    static const struct sockaddr_in address = {.sin_family = AF_INET};
    int error;
    (void)state;
    assert_int_equal(fate_of(&usual, SYS_sendto, (const long[6]){-1, 0, 0, 0, (long)&address, 16}, NULL),
                     TRAPS);
    assert_int_equal(fate_of(&usual, SYS_sendto, (const long[6]){-1, 0, 0, 0, 0x7fl << 32, 16}, NULL), TRAPS);
    assert_int_equal(fate_of(&usual, SYS_sendto, (const long[6]){-1, 0, 0, 0, 0, 16}, &error), FAILS);
    assert_int_equal(error, EBADF);
    assert_int_equal(fate(SYS_sendmsg, -1, 0, 0, 0, NULL), TRAPS);
    assert_int_equal(fate(SYS_sendmmsg, -1, 0, 1, 0, NULL), TRAPS);
}

static void sharing_descriptors_without_being_a_thread_traps(void **state)
{
    int error;
    (void)state;
    assert_int_equal(fate(SYS_clone, CLONE_FILES | SIGCHLD, 0, 0, 0, NULL), TRAPS);
    assert_int_equal(fate(SYS_clone, CLONE_FILES | CLONE_THREAD, 0, 0, 0, &error), FAILS);
    assert_int_equal(error, EINVAL);
}

static void fast_open_is_refused_in_passing(void **state)
{
    int error;
    (void)state;
    assert_int_equal(fate(SYS_sendto, -1, 0, 0, MSG_FASTOPEN, &error), FAILS);
    assert_int_equal(error, EOPNOTSUPP);
    assert_int_equal(fate(SYS_sendto, -1, 0, 0, 0, &error), FAILS);
    assert_int_equal(error, EBADF);
    assert_int_equal(fate(SYS_sendmsg, -1, 0, MSG_FASTOPEN, 0, &error), FAILS);
    assert_int_equal(error, EOPNOTSUPP);
}

static void routes_and_devices_of_ones_own_are_refused_and_groups_trap(void **state)
{
    static const struct {
        int level, option;
        enum fate fate;
    } options[] = {
        {IPPROTO_IP, IP_OPTIONS, FAILS},
        {IPPROTO_IPV6, 57 /* IPV6_RTHDR */, FAILS},
        {IPPROTO_IPV6, 5 /* IPV6_2292RTHDR */, FAILS},
        {IPPROTO_IPV6, 6 /* IPV6_2292PKTOPTIONS */, FAILS},
        {IPPROTO_IPV6, 32 /* IPV6_FLOWLABEL_MGR */, FAILS},
        {SOL_SOCKET, SO_BINDTODEVICE, FAILS},
        {SOL_SOCKET, 62 /* SO_BINDTOIFINDEX */, FAILS},
        {IPPROTO_IP, IP_UNICAST_IF, FAILS},
        {IPPROTO_IPV6, IPV6_UNICAST_IF, FAILS},
        {IPPROTO_IPV6, IPV6_PKTINFO, FAILS},
        {IPPROTO_IP, IP_ADD_MEMBERSHIP, TRAPS},
        {IPPROTO_IP, IP_ADD_SOURCE_MEMBERSHIP, TRAPS},
        {IPPROTO_IP, IP_MSFILTER, TRAPS},
        {IPPROTO_IP, MCAST_JOIN_GROUP, TRAPS},
        {IPPROTO_IP, MCAST_JOIN_SOURCE_GROUP, TRAPS},
        {IPPROTO_IP, MCAST_MSFILTER, TRAPS},
        {IPPROTO_IPV6, IPV6_JOIN_GROUP, TRAPS},
        {IPPROTO_IPV6, IPV6_JOIN_ANYCAST, TRAPS},
        {IPPROTO_IPV6, MCAST_JOIN_GROUP, TRAPS},
        {IPPROTO_IPV6, MCAST_JOIN_SOURCE_GROUP, TRAPS},
        {IPPROTO_IPV6, MCAST_MSFILTER, TRAPS},
        {IPPROTO_IP, IP_PKTINFO, PASSES},
        {IPPROTO_IP, IP_DROP_MEMBERSHIP, PASSES},
        {IPPROTO_IP, SO_BINDTODEVICE, PASSES},
        {IPPROTO_IPV6, IPV6_V6ONLY, PASSES},
        {SOL_SOCKET, SO_BROADCAST, PASSES},
        {IPPROTO_IP, IP_TOS, PASSES},
        {IPPROTO_IPV6, 4, PASSES},
        {SOL_SOCKET, IP_OPTIONS, PASSES},
        {SOL_SOCKET, 57, PASSES},
        {IPPROTO_TCP, 4, PASSES},
    };
    (void)state;
    for (size_t i = 0; i < sizeof options / sizeof *options; i++) {
        int error = 0; /* the kernel's own is EBADF */
        enum fate fate_here = fate(SYS_setsockopt, -1, options[i].level, options[i].option, 0, &error);
        assert_int_equal(error, options[i].fate == FAILS ? EPERM : options[i].fate == TRAPS ? EXDEV : EBADF);
        assert_int_equal(fate_here == TRAPS, options[i].fate == TRAPS);
    }
}

static void typing_into_a_terminal_is_refused_and_file_flags_trap(void **state)
{
    int error;
    (void)state;
    assert_int_equal(fate(SYS_ioctl, -1, 0x5412, 0, 0, &error), FAILS);
    assert_int_equal(error, EPERM);
    assert_int_equal(fate(SYS_ioctl, -1, 0x40086602, 0, 0, NULL), TRAPS);
    assert_int_equal(fate(SYS_ioctl, -1, 0x5401, 0, 0, &error), FAILS);
    assert_int_equal(error, EBADF);
}

static void file_systems_make_no_names_by_themselves(void **state)
{
    /* BTRFS_IOC_SNAP_CREATE, …_V2, BTRFS_IOC_SUBVOL_CREATE, BTRFS_IOC_SNAP_DESTROY,
     * FAT_IOCTL_SET_ATTRIBUTES */
    static const long refused[] = {0x50009401, 0x50009417, 0x5000940E, 0x5000940F, 0x40047211};
    int error;
    (void)state;
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        assert_int_equal(fate(SYS_ioctl, -1, refused[i], 0, 0, &error), FAILS);
        assert_int_equal(error, EPERM);
    }
    assert_int_equal(fate(SYS_ioctl, -1, 0x40049409 /* FICLONE */, 0, 0, &error), FAILS);
    assert_int_equal(error, EBADF);
}

static void new_namespaces_trap_and_threads_do_not(void **state)
{
    (void)state;
    assert_int_equal(fate(SYS_clone, CLONE_NEWUSER | SIGCHLD, 0, 0, 0, NULL), TRAPS);
    assert_int_equal(fate(SYS_clone, CLONE_FS | CLONE_NEWNS, 0, 0, 0, NULL), TRAPS);
    int error; /* threads without a shared memory make no sense: the kernel's own answer */
    assert_int_equal(fate(SYS_clone, CLONE_THREAD, 0, 0, 0, &error), FAILS);
    assert_int_equal(error, EINVAL);
}

static void signals_trap_where_the_floor_does_not_hold_them(void **state)
{
    const struct filter_options unscoped = {.signals_scoped = false};
    (void)state;
    assert_int_equal(fate_of(&unscoped, SYS_kill, (const long[6]){1, SIGTERM}, NULL), TRAPS);
    assert_int_equal(fate_of(&unscoped, SYS_tgkill, (const long[6]){1, 1, SIGTERM}, NULL), TRAPS);
    int error;
    assert_int_equal(fate_of(&unscoped, SYS_kill, (const long[6]){0x7ffffff, 0}, &error), FAILS);
    assert_int_equal(error, ESRCH);
    assert_int_equal(fate_of(&unscoped, SYS_kill, (const long[6]){1, SIGTERM, (long)WIRE_SIGNAL}, NULL),
                     TRAPS);
}

static void a_signal_traps_for_words_where_nobody_asks_for_them(void **state)
{
    int error;
    (void)state;
    assert_int_equal(fate(SYS_kill, 0x7ffffff, SIGTERM, 0, 0, NULL), TRAPS);
    assert_int_equal(fate(SYS_rt_sigqueueinfo, 0x7ffffff, SIGTERM, 0, 0, NULL), TRAPS);
    assert_int_equal(fate(SYS_pidfd_send_signal, -1, SIGTERM, 0, 0, NULL), TRAPS);
    assert_int_equal(fate(SYS_kill, 0x7ffffff, SIGTERM, (long)WIRE_SIGNAL, 0, &error), FAILS);
    assert_int_equal(error, ESRCH);
    assert_int_equal(fate(SYS_kill, 0x7ffffff, 0, 0, 0, &error), FAILS);
    assert_int_equal(error, ESRCH);
    assert_int_equal(fate(SYS_tgkill, 0x7ffffff, 0x7ffffff, SIGTERM, 0, &error), FAILS);
    assert_int_equal(error, ESRCH);
}

static void whom_input_is_signalled_to_is_looked_at_where_the_floor_does_not_hold_signals(void **state)
{
    const struct filter_options unscoped = {.signals_scoped = false};
    int error;
    (void)state;
    assert_int_equal(fate_of(&unscoped, SYS_fcntl, (const long[6]){0, F_SETOWN, 1}, NULL), TRAPS);
    assert_int_equal(fate_of(&unscoped, SYS_fcntl, (const long[6]){0, F_SETOWN_EX, 0}, &error), FAILS);
    assert_int_equal(error, EPERM);
    for (long command = 0x8901; command <= 0x8902; command++) { /* FIOSETOWN, SIOCSPGRP */
        assert_int_equal(fate_of(&unscoped, SYS_ioctl, (const long[6]){-1, command, 0}, &error), FAILS);
        assert_int_equal(error, EPERM);
        assert_int_equal(fate(SYS_ioctl, -1, command, 0, 0, &error), FAILS);
        assert_int_equal(error, EBADF);
    }
    assert_int_equal(fate_of(&unscoped, SYS_fcntl, (const long[6]){-1, F_GETFD, 0}, &error), FAILS);
    assert_int_equal(error, EBADF);
    assert_int_equal(fate(SYS_fcntl, -1, F_SETOWN, 1, 0, &error), FAILS);
    assert_int_equal(error, EBADF);
}

static void a_program_stays_readable(void **state)
{
    int error;
    (void)state;
    assert_int_equal(fate(SYS_prctl, PR_SET_DUMPABLE, 0, 0, 0, NULL), PASSES);
    assert_int_equal(fate(SYS_prctl, PR_SET_MM, 1, 0, 0, &error), FAILS);
    assert_int_equal(error, EPERM);
    assert_int_equal(fate(SYS_prctl, PR_GET_DUMPABLE, 0, 0, 0, NULL), PASSES);
}

static void what_changes_filters_and_capabilities_to_come_traps(void **state)
{
    (void)state;
    assert_int_equal(fate(SYS_seccomp, 2 /* SECCOMP_GET_ACTION_AVAIL */, 0, 0, 0, NULL), TRAPS);
    assert_int_equal(fate(SYS_prctl, PR_SET_SECCOMP, 0, 0, 0, NULL), TRAPS);
    assert_int_equal(fate(SYS_prctl, (long)(1ul << 32 | PR_SET_SECCOMP), 0, 0, 0, NULL), TRAPS);
    assert_int_equal(fate(SYS_prctl, PR_CAPBSET_DROP, 0, 0, 0, NULL), TRAPS);
    assert_int_equal(fate(SYS_prctl, PR_SET_SECUREBITS, 0, 0, 0, NULL), TRAPS);
    assert_int_equal(fate(SYS_prctl, PR_CAP_AMBIENT, 0, 0, 0, NULL), TRAPS);
    assert_int_equal(fate(SYS_prctl, PR_CAPBSET_READ, 0, 0, 0, NULL), PASSES);
}

static void the_doors_call_traps_and_is_there(void **state)
{
    (void)state;
    assert_int_equal(prctl(WIRE_CALL, WIRE_CALL_THERE), -1);
    assert_int_equal(fate(SYS_prctl, WIRE_CALL, WIRE_CALL_THERE, 0, 0, NULL), PASSES);
    assert_int_equal(fate(SYS_prctl, WIRE_CALL, WIRE_CALL_ASK, 0, 0, NULL), TRAPS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(opening_traps_without_a_lane),
        cmocka_unit_test(the_lane_passes_whole_or_not_at_all),
        cmocka_unit_test(programs_and_changes_trap),
        cmocka_unit_test(objects_that_are_used_trap_and_looking_at_them_does_not),
        cmocka_unit_test(becoming_a_tracer_traps_and_tracing_does_not),
        cmocka_unit_test(ones_own_rank_passes_and_others_trap),
        cmocka_unit_test(what_no_filter_sees_through_is_refused),
        cmocka_unit_test(numbers_beyond_the_table_are_refused),
#ifdef __x86_64__
        cmocka_unit_test(calls_of_x32_trap_as_foreign),
#endif
        cmocka_unit_test(stream_sockets_pass_and_others_trap),
        cmocka_unit_test(sockets_of_datagrams_pass_where_the_policy_makes_them),
        cmocka_unit_test(what_may_have_an_address_traps_when_it_is_sent),
        cmocka_unit_test(sharing_descriptors_without_being_a_thread_traps),
        cmocka_unit_test(fast_open_is_refused_in_passing),
        cmocka_unit_test(routes_and_devices_of_ones_own_are_refused_and_groups_trap),
        cmocka_unit_test(typing_into_a_terminal_is_refused_and_file_flags_trap),
        cmocka_unit_test(file_systems_make_no_names_by_themselves),
        cmocka_unit_test(new_namespaces_trap_and_threads_do_not),
        cmocka_unit_test(signals_trap_where_the_floor_does_not_hold_them),
        cmocka_unit_test(a_signal_traps_for_words_where_nobody_asks_for_them),
        cmocka_unit_test(whom_input_is_signalled_to_is_looked_at_where_the_floor_does_not_hold_signals),
        cmocka_unit_test(a_program_stays_readable),
        cmocka_unit_test(what_changes_filters_and_capabilities_to_come_traps),
        cmocka_unit_test(the_doors_call_traps_and_is_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
