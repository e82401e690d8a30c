/* network.c: ways to a listener that may not be reached. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stddef.h>
#include <sys/un.h>

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
