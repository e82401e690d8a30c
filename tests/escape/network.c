/* network.c: ways to a listener that may not be reached. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <netinet/udp.h>
#include <pthread.h>
#include <sched.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/un.h>
#include <time.h>

#include "attack.h"

static struct sockaddr_in four(const char *host, const char *port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)number_of(port))};
    inet_pton(AF_INET, host, &address.sin_addr);
    return address;
}

static struct sockaddr_in6 six(const char *host)
{
    struct sockaddr_in6 address = {.sin6_family = AF_INET6,
                                   .sin6_port = htons((uint16_t)number_of("CLOSED_PORT"))};
    inet_pton(AF_INET6, host, &address.sin6_addr);
    return address;
}

static void reach(int fd, const void *address, size_t size)
{
    if (!syscall(SYS_connect, fd, address, size) && write(fd, "here", 4) < 0) perror("write");
}

ATTACK(connect_by_number, GOAL_CONNECT, "", "connect as a raw system call")
{
    struct sockaddr_in address = four("127.0.0.1", "CLOSED_PORT");
    reach(socket(AF_INET, SOCK_STREAM, 0), &address, sizeof address);
}

ATTACK(mapped_into_ipv6, GOAL_CONNECT, "", "::ffff:127.0.0.1")
{
    struct sockaddr_in6 address = six("::ffff:127.0.0.1");
    reach(socket(AF_INET6, SOCK_STREAM, 0), &address, sizeof address);
}

ATTACK(the_address_of_nobody, GOAL_CONNECT, "", "0.0.0.0, which is this host")
{
    struct sockaddr_in address = four("0.0.0.0", "CLOSED_PORT");
    reach(socket(AF_INET, SOCK_STREAM, 0), &address, sizeof address);
}

ATTACK(mapped_nobody, GOAL_CONNECT, "", "::ffff:0.0.0.0")
{
    struct sockaddr_in6 address = six("::ffff:0.0.0.0");
    reach(socket(AF_INET6, SOCK_STREAM, 0), &address, sizeof address);
}

ATTACK(without_waiting, GOAL_CONNECT, "", "a connect that does not block")
{
    struct sockaddr_in address = four("127.0.0.1", "CLOSED_PORT");
    reach(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), &address, sizeof address);
    usleep(100000);
}

ATTACK(fast_open, GOAL_CONNECT, "", "sendto with MSG_FASTOPEN, which connects in passing")
{
    struct sockaddr_in address = four("127.0.0.1", "CLOSED_PORT");
    sendto(socket(AF_INET, SOCK_STREAM, 0), "here", 4, MSG_FASTOPEN, (struct sockaddr *)&address,
           sizeof address);
}

ATTACK(fast_open_message, GOAL_CONNECT, "", "sendmsg with MSG_FASTOPEN")
{
    struct sockaddr_in address = four("127.0.0.1", "CLOSED_PORT");
    struct iovec part = {"here", 4};
    struct msghdr message = {
        .msg_name = &address, .msg_namelen = sizeof address, .msg_iov = &part, .msg_iovlen = 1};
    sendmsg(socket(AF_INET, SOCK_STREAM, 0), &message, MSG_FASTOPEN);
}

ATTACK(fast_open_by_option, GOAL_CONNECT, "", "TCP_FASTOPEN_CONNECT")
{
    struct sockaddr_in address = four("127.0.0.1", "CLOSED_PORT");
    int fd = socket(AF_INET, SOCK_STREAM, 0), on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_FASTOPEN_CONNECT, &on, sizeof on);
    reach(fd, &address, sizeof address);
}

ATTACK(many_paths, GOAL_CONNECT, "", "a socket of MPTCP")
{
    struct sockaddr_in address = four("127.0.0.1", "CLOSED_PORT");
    reach(socket(AF_INET, SOCK_STREAM, 262), &address, sizeof address);
}

ATTACK(a_datagram, GOAL_CONNECT, "", "sendto over UDP")
{
    struct sockaddr_in address = four("127.0.0.1", "CLOSED_UDP");
    sendto(socket(AF_INET, SOCK_DGRAM, 0), "here", 4, 0, (struct sockaddr *)&address, sizeof address);
}

ATTACK(a_connected_datagram, GOAL_CONNECT, "", "connect over UDP, IPv6")
{
    struct sockaddr_in6 address = six("::ffff:127.0.0.1");
    address.sin6_port = htons((uint16_t)number_of("CLOSED_UDP"));
    reach(socket(AF_INET6, SOCK_DGRAM, 0), &address, sizeof address);
}

/* A socket for datagrams that was bound to this machine, and connected to what may be reached. */
static int of_this_machine(void)
{
    struct sockaddr_in own = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)},
                       good = four("127.0.0.1", "OPEN_PORT");
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, IPPROTO_UDP);
    bind(fd, (struct sockaddr *)&own, sizeof own);
    connect(fd, (struct sockaddr *)&good, sizeof good);
    return fd;
}

ATTACK(a_datagram_of_another_connection, GOAL_CONNECT, "", "sendto over UDP that is connected elsewhere")
{
    struct sockaddr_in address = four("127.0.0.1", "CLOSED_UDP");
    sendto(of_this_machine(), "here", 4, 0, (struct sockaddr *)&address, sizeof address);
}

ATTACK(datagrams_with_information, GOAL_CONNECT, "", "sendmmsg over UDP, with IP_PKTINFO")
{
    union {
        struct cmsghdr head;
        char room[CMSG_SPACE(sizeof(struct in_pktinfo))];
    } control = {.head = {CMSG_LEN(sizeof(struct in_pktinfo)), IPPROTO_IP, IP_PKTINFO}};
    struct sockaddr_in address = four("127.0.0.1", "CLOSED_UDP");
    struct iovec part = {"here", 4};
    struct mmsghdr message = {.msg_hdr = {.msg_name = &address,
                                          .msg_namelen = sizeof address,
                                          .msg_iov = &part,
                                          .msg_iovlen = 1,
                                          .msg_control = &control,
                                          .msg_controllen = sizeof control}};
    sendmmsg(of_this_machine(), &message, 1, 0);
}

ATTACK(a_datagram_after_no_family, GOAL_CONNECT, "",
       "UDP that was connected, taken apart with AF_UNSPEC, connected elsewhere")
{
    struct sockaddr nobody = {.sa_family = AF_UNSPEC};
    struct sockaddr_in address = four("127.0.0.1", "CLOSED_UDP");
    int fd = of_this_machine();
    connect(fd, &nobody, sizeof nobody);
    address.sin_family = AF_UNSPEC; /* which is IPv4 where something is sent */
    sendto(fd, "here", 4, 0, (struct sockaddr *)&address, sizeof address);
    address.sin_family = AF_INET;
    reach(fd, &address, sizeof address);
}

ATTACK(a_raw_packet, GOAL_CONNECT, "root", "a raw socket that writes UDP's header itself")
{
    struct {
        uint16_t from, to, length, sum;
        char text[4];
    } packet = {htons(4), htons((uint16_t)number_of("CLOSED_UDP")), htons(12), 0, {'h', 'e', 'r', 'e'}};
    struct sockaddr_in address = four("127.0.0.1", "CLOSED_UDP");
    sendto(socket(AF_INET, SOCK_RAW, IPPROTO_UDP), &packet, sizeof packet, 0, (struct sockaddr *)&address,
           sizeof address);
}

ATTACK(a_datagram_mapped_into_ipv6, GOAL_CONNECT, "", "sendto over UDP of IPv6, to ::ffff:127.0.0.1")
{
    struct sockaddr_in6 address = six("::ffff:127.0.0.1");
    address.sin6_port = htons((uint16_t)number_of("CLOSED_UDP"));
    sendto(socket(AF_INET6, SOCK_DGRAM, 0), "here", 4, 0, (struct sockaddr *)&address, sizeof address);
}

ATTACK(a_datagram_of_ipv4_by_ipv6, GOAL_CONNECT, "", "a socket of IPv6 that sends to an address of IPv4")
{
    struct sockaddr_in address = four("127.0.0.1", "CLOSED_UDP");
    sendto(socket(AF_INET6, SOCK_DGRAM, 0), "here", 4, 0, (struct sockaddr *)&address, sizeof address);
}

/* A message to nobody yet. */
struct letter {
    struct sockaddr_in address;
    struct iovec part;
    struct msghdr head;
};

static void write_letter(struct letter *letter, const char *port)
{
    letter->address = four("127.0.0.1", port);
    letter->part = (struct iovec){"here", 4};
    letter->head = (struct msghdr){.msg_name = &letter->address,
                                   .msg_namelen = sizeof letter->address,
                                   .msg_iov = &letter->part,
                                   .msg_iovlen = 1};
}

ATTACK(a_message, GOAL_CONNECT, "", "sendmsg over UDP as a raw system call")
{
    struct letter letter;
    write_letter(&letter, "CLOSED_UDP");
    syscall(SYS_sendmsg, socket(AF_INET, SOCK_DGRAM, 0), &letter.head, 0);
}

ATTACK(the_second_of_two_messages, GOAL_CONNECT, "", "sendmmsg over UDP, of which the first may be sent")
{
    struct letter letters[2];
    struct mmsghdr messages[2] = {0};
    write_letter(&letters[0], "OPEN_PORT");
    write_letter(&letters[1], "CLOSED_UDP");
    for (int i = 0; i < 2; i++)
        messages[i].msg_hdr = letters[i].head;
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    long sent = syscall(SYS_sendmmsg, fd, messages, 2, 0);
    if (sent == 1) syscall(SYS_sendmmsg, fd, messages + 1, 1, 0);
}

ATTACK(a_datagram_in_pieces, GOAL_CONNECT, "", "UDP_CORK: begun to where it may go, and ended elsewhere")
{
    struct sockaddr_in good = four("127.0.0.1", "OPEN_PORT"), bad = four("127.0.0.1", "CLOSED_UDP");
    int fd = socket(AF_INET, SOCK_DGRAM, 0), on = 1, off = 0;
    setsockopt(fd, IPPROTO_UDP, UDP_CORK, &on, sizeof on);
    sendto(fd, "he", 2, 0, (struct sockaddr *)&good, sizeof good);
    sendto(fd, "re", 2, 0, (struct sockaddr *)&bad, sizeof bad);
    setsockopt(fd, IPPROTO_UDP, UDP_CORK, &off, sizeof off);
    sendto(fd, "here", 4, MSG_MORE, (struct sockaddr *)&bad, sizeof bad);
    send(fd, "here", 4, 0);
}

ATTACK(a_datagram_of_a_socket_that_was_passed, GOAL_CONNECT, "",
       "a UDP socket that came over a pair of sockets")
{
    union {
        struct cmsghdr head;
        char room[CMSG_SPACE(sizeof(int))];
    } control = {.head = {CMSG_LEN(sizeof(int)), SOL_SOCKET, SCM_RIGHTS}};
    int pair[2], fd = socket(AF_INET, SOCK_DGRAM, 0);
    struct iovec part = {"x", 1};
    char byte;
    memcpy(CMSG_DATA(&control.head), &fd, sizeof fd);
    struct msghdr message = {
        .msg_iov = &part, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control};
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) || sendmsg(pair[0], &message, 0) != 1) return;
    part.iov_base = &byte;
    if (recvmsg(pair[1], &message, 0) != 1) return;
    memcpy(&fd, CMSG_DATA(&control.head), sizeof fd);
    struct letter letter;
    write_letter(&letter, "CLOSED_UDP");
    sendmsg(fd, &letter.head, 0);
}

enum { SWAPS_MS = 60 };

struct swapping {
    struct letter letter;
    int shown, harmless, datagrams; /* descriptors: the first is one of the others in turn */
    volatile int begun, ended;
};

static void begin_swapping(struct swapping *swapping)
{
    int pair[2] = {-1, -1};
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair)) return;
    swapping->harmless = pair[0];
    swapping->datagrams = socket(AF_INET, SOCK_DGRAM, 0);
    swapping->shown = dup(pair[0]);
    write_letter(&swapping->letter, "CLOSED_UDP");
}

static int swap(void *own)
{
    struct swapping *swapping = own;
    swapping->begun = 1;
    while (!swapping->ended) {
        dup2(swapping->datagrams, swapping->shown);
        dup2(swapping->harmless, swapping->shown);
    }
    return 0;
}

static void *swap_in_thread(void *own)
{
    swap(own);
    return NULL;
}

static void send_while_swapping(struct swapping *swapping)
{
    struct timespec begun, now;
    clock_gettime(CLOCK_MONOTONIC, &begun);
    do {
        syscall(SYS_sendmsg, swapping->shown, &swapping->letter.head, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (!swapping->begun) sched_yield();
        clock_gettime(CLOCK_MONOTONIC, &now);
    } while ((now.tv_sec - begun.tv_sec) * 1000 + (now.tv_nsec - begun.tv_nsec) / 1000000 < SWAPS_MS);
    swapping->ended = 1;
}

ATTACK(a_stream_that_becomes_a_datagram, GOAL_CONNECT, "",
       "sendmsg with an address, over a socket that another thread swaps for one of UDP")
{
    struct swapping swapping = {0};
    pthread_t thread;
    begin_swapping(&swapping);
    if (pthread_create(&thread, NULL, swap_in_thread, &swapping)) return;
    send_while_swapping(&swapping);
    pthread_join(thread, NULL);
}

ATTACK(a_stream_that_another_process_swaps, GOAL_CONNECT, "",
       "the same with a process that has the descriptors, and is no thread")
{
    struct swapping *swapping =
        mmap(NULL, sizeof *swapping, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    enum { STACK = 65536 };
    char *stack = mmap(NULL, STACK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    begin_swapping(swapping);
    if (clone(swap, stack + STACK, CLONE_FILES | SIGCHLD, swapping) < 0) return;
    send_while_swapping(swapping);
}

static void *turn_address(void *own)
{
    struct swapping *swapping = own;
    swapping->begun = 1;
    const in_port_t good = htons((uint16_t)number_of("OPEN_PORT")), bad = swapping->letter.address.sin_port;
    while (!swapping->ended) {
        swapping->letter.address.sin_port = good;
        swapping->letter.address.sin_port = bad;
    }
    return NULL;
}

ATTACK(a_message_whose_address_changes, GOAL_CONNECT, "",
       "sendmsg over UDP, while another thread changes its address")
{
    struct swapping swapping = {0};
    pthread_t thread;
    begin_swapping(&swapping);
    swapping.shown = swapping.datagrams;
    if (pthread_create(&thread, NULL, turn_address, &swapping)) return;
    send_while_swapping(&swapping);
    pthread_join(thread, NULL);
}

ATTACK(a_message_without_an_address_that_gets_one, GOAL_CONNECT, "",
       "sendmsg over UDP that is connected, while another thread adds an address")
{
    struct swapping swapping = {0};
    struct sockaddr_in good = four("127.0.0.1", "OPEN_PORT");
    begin_swapping(&swapping);
    swapping.shown = swapping.datagrams;
    connect(swapping.shown, (struct sockaddr *)&good, sizeof good);
    pid_t child = 0;
    struct swapping *shared =
        mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    *shared = swapping;
    write_letter(&shared->letter, "CLOSED_UDP");
    if (!(child = fork()))
        for (int i = shared->begun = 1; !shared->ended; i++)
            shared->letter.head.msg_namelen = i % 2 ? sizeof good : 0;
    if (child > 0) send_while_swapping(shared);
}

static void reach_path(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    strncpy(address.sun_path, path, sizeof address.sun_path - 1);
    reach(socket(AF_UNIX, SOCK_STREAM, 0), &address, sizeof address);
}

ATTACK(a_path_socket, GOAL_CONNECT, "", "a UNIX socket by its path")
{
    reach_path("../closed.sock");
}

ATTACK(a_path_socket_through_a_link, GOAL_CONNECT, "", "a UNIX socket by a link with an allowed name")
{
    if (symlink("../closed.sock", "open.sock")) return;
    reach_path("open.sock");
}

ATTACK(a_path_socket_by_another_name, GOAL_CONNECT, "", "a UNIX socket by a hard link with an allowed name")
{
    if (link("../closed.sock", "open.sock")) return;
    reach_path("open.sock");
}

ATTACK(a_path_socket_through_proc, GOAL_CONNECT, "", "a UNIX socket by /proc/self/cwd")
{
    reach_path("/proc/self/cwd/../closed.sock");
}

ATTACK(a_path_socket_by_descriptor, GOAL_CONNECT, "", "a UNIX socket by an O_PATH descriptor")
{
    char path[64];
    snprintf(path, sizeof path, "/proc/self/fd/%d", open("../closed.sock", O_PATH));
    reach_path(path);
}

ATTACK(an_abstract_socket, GOAL_CONNECT, "", "an abstract UNIX socket")
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    const char *name = of_environment("CLOSED_NAME");
    memcpy(address.sun_path + 1, name, strlen(name));
    reach(socket(AF_UNIX, SOCK_STREAM, 0), &address,
          offsetof(struct sockaddr_un, sun_path) + 1 + strlen(name));
}

static void send_to_path(int fd)
{
    struct sockaddr_un address = {AF_UNIX, "../closed.dgram"};
    sendto(fd, "here", 4, 0, (struct sockaddr *)&address, sizeof address);
}

ATTACK(a_unix_datagram, GOAL_CONNECT, "", "sendto over a UNIX datagram socket")
{
    send_to_path(socket(AF_UNIX, SOCK_DGRAM, 0));
}

ATTACK(a_unix_datagram_called_raw, GOAL_CONNECT, "", "the same socket, made as SOCK_RAW")
{
    send_to_path(socket(AF_UNIX, SOCK_RAW, 0));
}

ATTACK(a_unix_datagram_through_a_link, GOAL_CONNECT, "", "sendmsg to a link with an allowed name")
{
    struct sockaddr_un address = {AF_UNIX, "open.sock"};
    struct iovec part = {"here", 4};
    const struct msghdr message = {
        .msg_name = &address, .msg_namelen = sizeof address, .msg_iov = &part, .msg_iovlen = 1};
    if (symlink("../closed.dgram", "open.sock")) return;
    sendmsg(socket(AF_UNIX, SOCK_DGRAM, 0), &message, 0);
}

ATTACK(a_connected_unix_datagram, GOAL_CONNECT, "", "connect of a UNIX datagram socket, and send")
{
    struct sockaddr_un address = {AF_UNIX, "../closed.dgram"};
    reach(socket(AF_UNIX, SOCK_DGRAM, 0), &address, sizeof address);
}

ATTACK(half_of_a_pair, GOAL_CONNECT, "", "one end of a pair of datagram sockets sends elsewhere")
{
    int pair[2];
    if (!socketpair(AF_UNIX, SOCK_DGRAM, 0, pair)) send_to_path(pair[0]);
}

ATTACK(taken_apart_and_connected, GOAL_CONNECT, "",
       "a stream that was connected, taken apart with AF_UNSPEC, connected elsewhere")
{
    struct sockaddr_in good = four("127.0.0.1", "OPEN_PORT"), bad = four("127.0.0.1", "CLOSED_PORT");
    struct sockaddr nobody = {.sa_family = AF_UNSPEC};
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    connect(fd, (struct sockaddr *)&good, sizeof good);
    connect(fd, &nobody, sizeof nobody);
    reach(fd, &bad, sizeof bad);
}
