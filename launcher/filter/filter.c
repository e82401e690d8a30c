/* filter.c: from calls.def to BPF (filter.h): a tree of comparisons over the sorted numbers, a leaf for each
 * run of numbers that share their fate, and for a few calls a look at their arguments, which lie in registers
 * and so cannot change between the look and the call.
 */
#include "filter.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/in6.h>
#include <linux/seccomp.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/msg.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/socket.h>

#include "../../shim/lane.h"
#include "../../shim/wire.h"
#include "numbers.h"

#if defined(__x86_64__)
#define NATIVE AUDIT_ARCH_X86_64
#define FIRST_FOREIGN 0x40000000u /* x32: the same architecture, another table */
#elif defined(__aarch64__)
#define NATIVE AUDIT_ARCH_AARCH64
#define FIRST_FOREIGN UINT32_MAX
#else
#error "no table of system calls for this processor"
#endif

struct call {
    int number;
    uint32_t verdict; /* SECCOMP_RET_…; for PART what happens to what its look does not settle */
    enum call_handler handler;
    bool part;
    const char *name;
};

static const struct call calls[] = {
#define PASS(name) {__NR_##name, SECCOMP_RET_ALLOW, CALL_NONE, false, #name},
#define REFUSE(name, error) {__NR_##name, SECCOMP_RET_ERRNO | (error), CALL_NONE, false, #name},
#define TRAP(name, handler) {__NR_##name, SECCOMP_RET_USER_NOTIF, CALL_##handler, false, #name},
#define PART(name, handler) {__NR_##name, SECCOMP_RET_USER_NOTIF, CALL_##handler, true, #name},
#include "calls.def"
};

#define CALL_COUNT (sizeof calls / sizeof *calls)
#define NUMBERS 1024 /* all are below it that are not CALL_ABSENT */
#define UNKNOWN (SECCOMP_RET_ERRNO | ENOSYS)

static const struct call *call_of(int number)
{
    for (size_t i = 0; number >= 0 && i < CALL_COUNT; i++)
        if (calls[i].number == number) return &calls[i];
    return NULL;
}

enum call_handler filter_handler(uint32_t architecture, int number)
{
    if (architecture != NATIVE || (uint32_t)number >= FIRST_FOREIGN) return CALL_foreign;
    const struct call *call = call_of(number);
    return call ? call->handler : CALL_NONE;
}

const char *filter_call_name(int number)
{
    const struct call *call = call_of(number);
    return call ? call->name : "?";
}

/* The program while it is written. */
struct writer {
    struct sock_filter code[BPF_MAXINSNS];
    size_t count;
    bool full;
    const struct filter_options *options;
};

static void put(struct writer *writer, uint16_t code, uint32_t k, uint8_t yes, uint8_t no)
{
    if (writer->count == BPF_MAXINSNS)
        writer->full = true;
    else
        writer->code[writer->count++] = (struct sock_filter){code, yes, no, k};
}

static void put_return(struct writer *writer, uint32_t verdict)
{
    put(writer, BPF_RET | BPF_K, verdict, 0, 0);
}

static void load(struct writer *writer, size_t offset)
{
    put(writer, BPF_LD | BPF_W | BPF_ABS, (uint32_t)offset, 0, 0);
}

/* Both processors here are little-endian. */
static void load_argument(struct writer *writer, unsigned index)
{
    load(writer, offsetof(struct seccomp_data, args) + index * sizeof(uint64_t));
}

static void load_argument_high(struct writer *writer, unsigned index)
{
    load(writer, offsetof(struct seccomp_data, args) + index * sizeof(uint64_t) + 4);
}

static void return_if_equal(struct writer *writer, uint32_t value, uint32_t verdict)
{
    put(writer, BPF_JMP | BPF_JEQ | BPF_K, value, 0, 1);
    put_return(writer, verdict);
}

static void return_if_bits(struct writer *writer, uint32_t bits, uint32_t verdict)
{
    put(writer, BPF_JMP | BPF_JSET | BPF_K, bits, 0, 1);
    put_return(writer, verdict);
}

/* Goes on `instructions` further down unless the argument lies in the lane between `from` and `to`, at a
 * multiple of `size`. */
static void need_in_lane(struct writer *writer, unsigned argument, uint32_t from, uint32_t to, uint32_t size,
                         uint8_t instructions)
{
    load_argument_high(writer, argument);
    put(writer, BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)(LANE_AT >> 32), 0, (uint8_t)(instructions + 4));
    load_argument(writer, argument);
    put(writer, BPF_JMP | BPF_JGE | BPF_K, from, 0, (uint8_t)(instructions + 2));
    put(writer, BPF_JMP | BPF_JGE | BPF_K, to, (uint8_t)(instructions + 1), 0);
    put(writer, BPF_JMP | BPF_JSET | BPF_K, size - 1, instructions, 0);
}

/* The lane: what is opened was judged, and is opened for reading alone. */
static void look_openat2(struct writer *writer)
{
    if (!writer->options->lane) return;
    enum { NEEDED = 6, SIZE = 5 }; /* instructions of the parts that follow */
    need_in_lane(writer, 1, LANE_NAMES_AT, LANE_SIZE, LANE_SLOT, NEEDED + SIZE);
    need_in_lane(writer, 2, LANE_HOWS_AT, LANE_HOWS_AT + LANE_HOWS * LANE_HOW, LANE_HOW, SIZE);
    load_argument_high(writer, 3);
    put(writer, BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 3);
    load_argument(writer, 3);
    return_if_equal(writer, LANE_HOW_SIZE, SECCOMP_RET_ALLOW);
}

/* The lane's memory is attached where it belongs and for reading, or not at all. */
static void look_shmat(struct writer *writer)
{
    if (writer->options->lane) {
        load_argument(writer, 0);
        put(writer, BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)writer->options->lane_segment, 0, 8);
        load_argument_high(writer, 1);
        put(writer, BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)(LANE_AT >> 32), 0, 5);
        load_argument(writer, 1);
        put(writer, BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)LANE_AT, 0, 3);
        load_argument(writer, 2);
        return_if_equal(writer, SHM_RDONLY, SECCOMP_RET_ALLOW);
        put_return(writer, SECCOMP_RET_ERRNO | EACCES);
    }
}

/* How an object is, and how many there are, may be looked at. */
static void look_control(struct writer *writer, unsigned command, const uint32_t *looks, size_t count)
{
    load_argument(writer, command);
    for (size_t i = 0; i < count; i++)
        return_if_equal(writer, looks[i], SECCOMP_RET_ALLOW);
}

static void look_object(struct writer *writer, int number)
{
    static const uint32_t memory[] = {IPC_STAT, IPC_INFO, SHM_STAT, SHM_INFO, SHM_STAT_ANY};
    static const uint32_t semaphores[] = {IPC_STAT, IPC_INFO, SEM_STAT, SEM_INFO, SEM_STAT_ANY};
    static const uint32_t queue[] = {IPC_STAT, IPC_INFO, MSG_STAT, MSG_INFO, MSG_STAT_ANY};
    enum { LOOKS = sizeof memory / sizeof *memory };
    if (number == __NR_shmctl) look_control(writer, 1, memory, LOOKS);
    if (number == __NR_semctl) look_control(writer, 2, semaphores, LOOKS);
    if (number == __NR_msgctl) look_control(writer, 1, queue, LOOKS);
}

/* Memory that a child does not get: nobody is without the lane. Its neighbourhood of 4 GiB is its own. */
static void look_madvise(struct writer *writer)
{
    if (writer->options->lane) {
        load_argument(writer, 2);
        put(writer, BPF_JMP | BPF_JEQ | BPF_K, MADV_DONTFORK, 0, 7);
        load_argument_high(writer, 1);
        put(writer, BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 4);
        load_argument_high(writer, 0);
        put(writer, BPF_ALU | BPF_AND | BPF_K, 0x00ffffff, 0, 0); /* tags, which the kernel takes off */
        put(writer, BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)(LANE_AT >> 32), 1, 0);
        put(writer, BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)(LANE_AT >> 32) - 1, 0, 1);
        put_return(writer, SECCOMP_RET_ERRNO | EINVAL);
    }
    put_return(writer, SECCOMP_RET_ALLOW);
}

#define TYPE 0xfu /* of a socket, without its flags */

static void load_type(struct writer *writer)
{
    load_argument(writer, 1);
    put(writer, BPF_ALU | BPF_AND | BPF_K, TYPE, 0, 0);
}

/* A UNIX socket of packets is connected like a stream; a raw one is one of datagrams. */
static void look_unix_socket(struct writer *writer)
{
    const bool datagrams = writer->options->unix_datagrams;
    load_argument(writer, 0);
    put(writer, BPF_JMP | BPF_JEQ | BPF_K, AF_UNIX, 0, datagrams ? 10 : 6);
    load_type(writer);
    return_if_equal(writer, SOCK_STREAM, SECCOMP_RET_ALLOW);
    return_if_equal(writer, SOCK_SEQPACKET, SECCOMP_RET_ALLOW);
    if (!datagrams) return;
    return_if_equal(writer, SOCK_DGRAM, SECCOMP_RET_ALLOW);
    return_if_equal(writer, SOCK_RAW, SECCOMP_RET_ALLOW);
}

/* UDP only: by other protocols that are made like it more goes out than what is sent. */
static void look_udp_socket(struct writer *writer)
{
    if (!writer->options->udp) return;
    load_argument(writer, 0);
    put(writer, BPF_JMP | BPF_JEQ | BPF_K, AF_INET, 1, 0);
    put(writer, BPF_JMP | BPF_JEQ | BPF_K, AF_INET6, 0, 8);
    load_type(writer);
    put(writer, BPF_JMP | BPF_JEQ | BPF_K, SOCK_DGRAM, 0, 5);
    load_argument(writer, 2);
    return_if_equal(writer, 0, SECCOMP_RET_ALLOW);
    return_if_equal(writer, IPPROTO_UDP, SECCOMP_RET_ALLOW);
}

/* What passes is judged when it is connected, or sent. */
static void look_socket(struct writer *writer)
{
    look_unix_socket(writer);
    look_udp_socket(writer);
    load_argument(writer, 0);
    put(writer, BPF_JMP | BPF_JEQ | BPF_K, AF_INET, 1, 0);
    put(writer, BPF_JMP | BPF_JEQ | BPF_K, AF_INET6, 0, 8);
    load_type(writer);
    put(writer, BPF_JMP | BPF_JEQ | BPF_K, SOCK_STREAM, 0, 5);
    load_argument(writer, 2); /* TCP only: with other protocols a send can carry an address */
    put(writer, BPF_JMP | BPF_JEQ | BPF_K, 0, 2, 0);
    put(writer, BPF_JMP | BPF_JEQ | BPF_K, IPPROTO_TCP, 1, 0);
    put(writer, BPF_JMP | BPF_JEQ | BPF_K, IPPROTO_MPTCP, 0, 1);
    put_return(writer, SECCOMP_RET_ALLOW);
}

/* Commands by which a file system makes or removes names by itself, or changes what a mode says, for whom a
 * descriptor that reads is enough: a snapshot has every file of a subvolume under a new name. Their type and
 * number, for the size of their arguments may grow. */
static void look_file_system(struct writer *writer)
{
    static const uint32_t commands[] = {
        0x9401, /* btrfs: a snapshot is made */
        0x9417, /* the same, with options */
        0x940E, /* a subvolume is made */
        0x9418, /* the same, with options */
        0x940F, /* one is removed */
        0x943F, /* the same, with options */
        0x941A, /* whether it can be written */
        0x9425, /* where it came from */
        0xBC10, /* bcachefs: a subvolume or a snapshot is made */
        0xBC11, /* one is removed */
        0x6F04, /* ocfs2: a copy by name */
        0x7211, /* FAT: attributes */
    };
    put(writer, BPF_ALU | BPF_AND | BPF_K, 0xffff, 0, 0);
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
        return_if_equal(writer, commands[i], SECCOMP_RET_ERRNO | EPERM);
}

/* Commands that type into a terminal are refused; those that set a file's flags are changes; the rest passes.
 */
static void look_ioctl(struct writer *writer)
{
    enum { TYPE_IN_TERMINAL = 0x5412, LINUX_CONSOLE = 0x541C };
    static const uint32_t changes[] = {
        0x40086602, 0x40046602, /* FS_IOC_SETFLAGS and its 32-bit twin */
        0x401C5820,             /* FS_IOC_FSSETXATTR */
        0x40087602, 0x40047602, /* FS_IOC_SETVERSION */
        0x400C6613, 0x40806685, /* encryption policies, verity */
    };
    load_argument(writer, 1);
    return_if_equal(writer, TYPE_IN_TERMINAL, SECCOMP_RET_ERRNO | EPERM);
    return_if_equal(writer, LINUX_CONSOLE, SECCOMP_RET_ERRNO | EPERM);
    static const uint32_t owners[] = {0x8901, 0x8902}; /* FIOSETOWN, SIOCSPGRP */
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++)
        return_if_equal(writer, changes[i], SECCOMP_RET_USER_NOTIF);
    for (size_t i = 0; i < sizeof owners / sizeof *owners && !writer->options->signals_scoped; i++)
        return_if_equal(writer, owners[i], SECCOMP_RET_ERRNO | EPERM);
    look_file_system(writer);
    put_return(writer, SECCOMP_RET_ALLOW);
}

/* Fast open connects in passing, to an address that nobody has judged. */
static void look_flags(struct writer *writer, unsigned flags)
{
    load_argument(writer, flags);
    return_if_bits(writer, MSG_FASTOPEN, SECCOMP_RET_ERRNO | EOPNOTSUPP);
}

/* Without an address it goes where the socket was connected to. */
static void look_sendto(struct writer *writer)
{
    look_flags(writer, 3);
    load_argument_high(writer, 4);
    put(writer, BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 3);
    load_argument(writer, 4);
    return_if_equal(writer, 0, SECCOMP_RET_ALLOW);
}

/* Options of sockets that change where something goes: routes that a socket brings along, by which what is
 * sent to the address that was judged goes to another host first; a device, on which it goes out whatever its
 * address is; and groups, which the network is told of that a socket is in. */
static void look_option(struct writer *writer)
{
    enum { REFUSED = SECCOMP_RET_ERRNO | EPERM, GROUP = SECCOMP_RET_USER_NOTIF };
    static const struct {
        uint32_t level, name, verdict;
    } options[] = {
        {SOL_SOCKET, SO_BINDTODEVICE, REFUSED},
        {SOL_SOCKET, SO_BINDTOIFINDEX, REFUSED},
        {IPPROTO_IP, IP_OPTIONS, REFUSED},
        {IPPROTO_IP, IP_UNICAST_IF, REFUSED},
        {IPPROTO_IP, IP_ADD_MEMBERSHIP, GROUP},
        {IPPROTO_IP, IP_ADD_SOURCE_MEMBERSHIP, GROUP},
        {IPPROTO_IP, IP_MSFILTER, GROUP},
        {IPPROTO_IP, MCAST_JOIN_GROUP, GROUP},
        {IPPROTO_IP, MCAST_JOIN_SOURCE_GROUP, GROUP},
        {IPPROTO_IP, MCAST_MSFILTER, GROUP},
        {IPPROTO_IPV6, IPV6_RTHDR, REFUSED},
        {IPPROTO_IPV6, IPV6_2292RTHDR, REFUSED},
        {IPPROTO_IPV6, IPV6_2292PKTOPTIONS, REFUSED},
        {IPPROTO_IPV6, IPV6_FLOWLABEL_MGR, REFUSED},
        {IPPROTO_IPV6, IPV6_PKTINFO, REFUSED},
        {IPPROTO_IPV6, IPV6_UNICAST_IF, REFUSED},
        {IPPROTO_IPV6, IPV6_JOIN_GROUP, GROUP},
        {IPPROTO_IPV6, IPV6_JOIN_ANYCAST, GROUP},
        {IPPROTO_IPV6, MCAST_JOIN_GROUP, GROUP},
        {IPPROTO_IPV6, MCAST_JOIN_SOURCE_GROUP, GROUP},
        {IPPROTO_IPV6, MCAST_MSFILTER, GROUP},
    };
    static const uint32_t levels[] = {SOL_SOCKET, IPPROTO_IP, IPPROTO_IPV6};
    for (size_t i = 0; i < sizeof levels / sizeof *levels; i++) {
        uint8_t instructions = 1;
        for (size_t j = 0; j < sizeof options / sizeof *options; j++)
            instructions = (uint8_t)(instructions + 2 * (options[j].level == levels[i]));
        load_argument(writer, 1);
        put(writer, BPF_JMP | BPF_JEQ | BPF_K, levels[i], 0, instructions);
        load_argument(writer, 2);
        for (size_t j = 0; j < sizeof options / sizeof *options; j++)
            if (options[j].level == levels[i]) return_if_equal(writer, options[j].name, options[j].verdict);
    }
    put_return(writer, SECCOMP_RET_ALLOW);
}

/* A process of its own in new namespaces is nobody that the launcher lends anything to. One that has the
 * descriptors of another, and is no thread of it, can change which are under what number. */
static void look_clone(struct writer *writer)
{
    load_argument(writer, 0);
    return_if_bits(writer,
                   CLONE_NEWNS | CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS |
                       CLONE_NEWCGROUP,
                   SECCOMP_RET_USER_NOTIF);
    put(writer, BPF_ALU | BPF_AND | BPF_K, CLONE_FILES | CLONE_THREAD, 0, 0);
    return_if_equal(writer, CLONE_FILES, SECCOMP_RET_USER_NOTIF);
    put_return(writer, SECCOMP_RET_ALLOW);
}

/* The door's call (wire.h) goes to the launcher, or is answered here.
 * The launcher has to be able to look at its programs: one that wants to be unreadable is told that it is.
 * What would change the name that a program goes by is refused. */
static void look_prctl(struct writer *writer)
{
    load_argument(writer, 0);
    return_if_equal(writer, PR_SET_DUMPABLE, SECCOMP_RET_ERRNO | 0);
    return_if_equal(writer, PR_SET_MM, SECCOMP_RET_ERRNO | EPERM);
    static const uint32_t told[] = {PR_SET_CHILD_SUBREAPER, PR_SET_SECCOMP, PR_CAPBSET_DROP,
                                    PR_SET_SECUREBITS, PR_CAP_AMBIENT};
    for (size_t i = 0; i < sizeof told / sizeof *told; i++)
        return_if_equal(writer, told[i], SECCOMP_RET_USER_NOTIF);
    put(writer, BPF_JMP | BPF_JEQ | BPF_K, WIRE_CALL, 1, 0);
    put_return(writer, SECCOMP_RET_ALLOW);
    load_argument(writer, 1);
    return_if_equal(writer, WIRE_CALL_THERE, SECCOMP_RET_ERRNO | 0);
}

/* Becoming somebody's tracer is judged. What a tracer then does the kernel lets it do to its tracees only. */
static void look_ptrace(struct writer *writer)
{
    load_argument(writer, 0);
    return_if_equal(writer, PTRACE_TRACEME, SECCOMP_RET_USER_NOTIF);
    return_if_equal(writer, PTRACE_ATTACH, SECCOMP_RET_USER_NOTIF);
    return_if_equal(writer, PTRACE_SEIZE, SECCOMP_RET_USER_NOTIF);
    put_return(writer, SECCOMP_RET_ALLOW);
}

/* A process's own limits and its own turn at the processor are its own affair. */
static void look_own(struct writer *writer)
{
    load_argument(writer, 0);
    return_if_equal(writer, 0, SECCOMP_RET_ALLOW);
}

/* The same where a first argument says what the second is: a process, a group, or all of a user's. */
static void look_rank(struct writer *writer, uint32_t process)
{
    load_argument(writer, 0);
    put(writer, BPF_JMP | BPF_JEQ | BPF_K, process, 0, 3);
    load_argument(writer, 1);
    return_if_equal(writer, 0, SECCOMP_RET_ALLOW);
}

/* Signal 0 asks whether somebody is there. A whole group or session (pid below 1) is looked at by the
 * launcher. Where the floor holds signals, the launcher only says why: to threads, which are mostly a
 * program's own and signalled often, and where the shim will ask for the words, nothing traps. */
static void look_signal(struct writer *writer, unsigned signal)
{
    load_argument(writer, signal);
    put(writer, BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 3);
    load_argument_high(writer, signal);
    return_if_equal(writer, 0, SECCOMP_RET_ALLOW);
}

static void look_kill(struct writer *writer)
{
    if (writer->options->signals_scoped) {
        load_argument_high(writer, 2);
        put(writer, BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)(WIRE_SIGNAL >> 32), 0, 3);
        load_argument(writer, 2);
        return_if_equal(writer, (uint32_t)WIRE_SIGNAL, SECCOMP_RET_ALLOW);
    }
    look_signal(writer, 1);
}

static void look_thread_signal(struct writer *writer, unsigned signal)
{
    if (writer->options->signals_scoped)
        put_return(writer, SECCOMP_RET_ALLOW);
    else
        look_signal(writer, signal);
}

/* Whom the kernel sends a signal when something comes in. One of two ways to say it lies behind a pointer. */
static void look_owner(struct writer *writer)
{
    if (!writer->options->signals_scoped) {
        load_argument(writer, 1);
        return_if_equal(writer, F_SETOWN_EX, SECCOMP_RET_ERRNO | EPERM);
        return_if_equal(writer, F_SETOWN, SECCOMP_RET_USER_NOTIF);
    }
    put_return(writer, SECCOMP_RET_ALLOW);
}

/* Leaves the program at a point where the call's own verdict follows. */
static void look(struct writer *writer, const struct call *call)
{
    switch (call->number) {
    case __NR_openat2: look_openat2(writer); break;
    case __NR_shmat: look_shmat(writer); break;
    case __NR_shmctl:
    case __NR_semctl:
    case __NR_msgctl: look_object(writer, call->number); break;
    case __NR_madvise: look_madvise(writer); break;
    case __NR_socket:
    case __NR_socketpair: look_socket(writer); break;
    case __NR_ioctl: look_ioctl(writer); break;
    case __NR_sendto: look_sendto(writer); break;
    case __NR_sendmsg: look_flags(writer, 2); break;
    case __NR_sendmmsg: look_flags(writer, 3); break;
    case __NR_setsockopt: look_option(writer); break;
    case __NR_clone: look_clone(writer); break;
    case __NR_ptrace: look_ptrace(writer); break;
    case __NR_prctl: look_prctl(writer); break;
    case __NR_sched_setaffinity:
    case __NR_sched_setattr:
    case __NR_sched_setparam:
    case __NR_sched_setscheduler:
    case __NR_prlimit64: look_own(writer); break;
    case __NR_setpriority: look_rank(writer, PRIO_PROCESS); break;
    case __NR_ioprio_set: look_rank(writer, 1 /* IOPRIO_WHO_PROCESS */); break;
    case __NR_fcntl: look_owner(writer); break;
    case __NR_kill: look_kill(writer); break;
    case __NR_rt_sigqueueinfo:
    case __NR_pidfd_send_signal: look_signal(writer, 1); break;
    case __NR_tkill: look_thread_signal(writer, 1); break;
    case __NR_tgkill:
    case __NR_rt_tgsigqueueinfo: look_thread_signal(writer, 2); break;
    default: break;
    }
}

/* Numbers from `first` on that share one fate, up to the next run's first. */
struct run {
    uint32_t first;
    uint32_t verdict;
    const struct call *part; /* a run of one, whose arguments are looked at */
};

static size_t append(struct run *runs, size_t count, uint32_t first, uint32_t verdict,
                     const struct call *part)
{
    if (count && runs[count - 1].verdict == verdict && !runs[count - 1].part && !part) return count;
    runs[count] = (struct run){first, verdict, part};
    return count + 1;
}

/* `runs` has room for two runs a call and one more. */
static size_t make_runs(struct run *runs)
{
    const struct call *numbered[NUMBERS] = {NULL};
    size_t count = 0;
    for (size_t i = 0; i < CALL_COUNT; i++)
        if ((uint32_t)calls[i].number < NUMBERS) numbered[calls[i].number] = &calls[i];
    for (uint32_t i = 0; i < NUMBERS; i++) {
        const struct call *call = numbered[i];
        count = append(runs, count, i, call ? call->verdict : UNKNOWN, call && call->part ? call : NULL);
    }
    return append(runs, count, NUMBERS, UNKNOWN, NULL);
}

/* A comparison that is missed goes on with the next instruction, so that the distance to the right half never
 * has to fit into the eight bits of a conditional jump. The number is in the accumulator. */
static void put_tree(struct writer *writer, const struct run *runs, size_t count)
{
    if (count == 1) {
        if (runs->part) look(writer, runs->part);
        put_return(writer, runs->verdict);
        return;
    }
    size_t left = count / 2;
    put(writer, BPF_JMP | BPF_JGE | BPF_K, runs[left].first, 0, 1);
    size_t jump = writer->count;
    put(writer, BPF_JMP | BPF_JA, 0, 0, 0);
    put_tree(writer, runs, left);
    if (!writer->full) writer->code[jump].k = (uint32_t)(writer->count - jump - 1);
    put_tree(writer, runs + left, count - left);
}

bool filter_make(const struct filter_options *options, struct sock_fprog *filter)
{
    struct writer *writer = calloc(1, sizeof *writer);
    struct run *runs = calloc(2 * CALL_COUNT + 1, sizeof *runs);
    bool made = false;
    if (!writer || !runs) goto out;
    writer->options = options;

    load(writer, offsetof(struct seccomp_data, arch));
    put(writer, BPF_JMP | BPF_JEQ | BPF_K, NATIVE, 1, 0);
    put_return(writer, SECCOMP_RET_USER_NOTIF);
    load(writer, offsetof(struct seccomp_data, nr));
    put(writer, BPF_JMP | BPF_JGE | BPF_K, FIRST_FOREIGN, 0, 1);
    put_return(writer, SECCOMP_RET_USER_NOTIF);
    put_tree(writer, runs, make_runs(runs));

    if (writer->full) goto out;
    filter->filter = malloc(writer->count * sizeof *writer->code);
    if (!filter->filter) goto out;
    filter->len = (unsigned short)writer->count;
    for (size_t i = 0; i < writer->count; i++)
        filter->filter[i] = writer->code[i];
    made = true;
out:
    free(writer);
    free(runs);
    return made;
}
