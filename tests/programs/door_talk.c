/* door_talk: says to the door what it is told to say, by raw system calls, as hostile code would: the shim
 * sees none of it.
 *
 * Reads lines from standard input and answers each with one on standard output:
 *   door PATH     connect to PATH/door from now on (else $ASKFIRST_SESSION/door)
 *   open          a new connection: its number, or "error N"
 *   send C HEX    one packet on connection C: "sent N" or "error N"
 *   repeat C N    a packet of N bytes of 'x' on C: "sent N" or "error N"
 *   receive C     one packet: its bytes in hex ("" at the end), or "error N"
 *   close C
 *   hello         as the shim of a new program: "sent 0" or "error N"
 *   pid           its process id
 *   fork          the child goes on reading, the parent waits for it
 *   exec PATH N   becomes PATH with the one argument N, in an empty environment, unasked
 *   spawn PATH N  the same in a child
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#if defined(__x86_64__)
static long raw(long number, long a, long b, long c, long d, long e, long f)
{
    long result;
    register long r10 __asm__("r10") = d;
    register long r8 __asm__("r8") = e;
    register long r9 __asm__("r9") = f;
    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
                     : "rcx", "r11", "memory");
    return result;
}
#else
static long raw(long number, long a, long b, long c, long d, long e, long f)
{
    register long x8 __asm__("x8") = number;
    register long x0 __asm__("x0") = a;
    register long x1 __asm__("x1") = b;
    register long x2 __asm__("x2") = c;
    register long x3 __asm__("x3") = d;
    register long x4 __asm__("x4") = e;
    register long x5 __asm__("x5") = f;
    __asm__ volatile("svc 0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5) : "memory");
    return x0;
}
#endif

static char packet[1 << 16];
static struct sockaddr_un door = {.sun_family = AF_UNIX}, hello = {.sun_family = AF_UNIX};

static void set_door(const char *directory)
{
    snprintf(door.sun_path, sizeof door.sun_path, "%s/door", directory);
    snprintf(hello.sun_path, sizeof hello.sun_path, "%s/hello", directory);
}

static void open_one(void)
{
    long fd = raw(SYS_socket, AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, 0, 0, 0);
    long done = fd < 0 ? fd : raw(SYS_connect, fd, (long)&door, sizeof door, 0, 0, 0);
    if (done < 0)
        printf("error %ld\n", -done);
    else
        printf("%ld\n", fd);
}

static void said(long done)
{
    if (done < 0)
        printf("error %ld\n", -done);
    else
        printf("sent %ld\n", done);
}

static long send_bytes(long fd, size_t length)
{
    return raw(SYS_sendto, fd, (long)packet, (long)length, MSG_NOSIGNAL, 0, 0);
}

static void say_hello(void)
{
    long fd = raw(SYS_socket, AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, 0, 0, 0);
    said(fd < 0 ? fd : raw(SYS_sendto, fd, (long)packet, 0, 0, (long)&hello, sizeof hello));
    if (fd >= 0) close((int)fd);
}

static size_t from_hex(const char *hex)
{
    size_t length = 0;
    unsigned byte;
    for (; length < sizeof packet && sscanf(hex + 2 * length, "%2x", &byte) == 1; length++)
        packet[length] = (char)byte;
    return length;
}

static void receive(long fd)
{
    long got = raw(SYS_recvfrom, fd, (long)packet, sizeof packet, 0, 0, 0);
    if (got < 0) {
        printf("error %ld\n", -got);
        return;
    }
    for (long i = 0; i < got; i++)
        printf("%02x", (unsigned char)packet[i]);
    putchar('\n');
}

static void branch(void)
{
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0) {
        puts("forked");
        return;
    }
    int status = 0;
    waitpid(pid, &status, 0);
    _exit(0);
}

static void become(const char *path, const char *argument)
{
    const char *argv[] = {path, argument, NULL}, *envp[] = {NULL};
    raw(SYS_execve, (long)path, (long)argv, (long)envp, 0, 0, 0);
}

static void beget(const char *path, const char *argument)
{
    pid_t pid = fork();
    if (pid == 0) {
        become(path, argument);
        _exit(1);
    }
    printf("%d\n", (int)pid);
}

static void obey(const char *line)
{
    long fd = 0, size = 0;
    int at = 0;
    char directory[100], argument[100];
    if (sscanf(line, "door %99s", directory) == 1) {
        set_door(directory);
        puts("ok");
    } else if (strncmp(line, "open", 4) == 0) {
        open_one();
    } else if (sscanf(line, "send %ld %n", &fd, &at) == 1) {
        said(send_bytes(fd, from_hex(line + at)));
    } else if (sscanf(line, "repeat %ld %ld", &fd, &size) == 2 && size <= (long)sizeof packet) {
        memset(packet, 'x', (size_t)size);
        said(send_bytes(fd, (size_t)size));
    } else if (sscanf(line, "receive %ld", &fd) == 1) {
        receive(fd);
    } else if (sscanf(line, "close %ld", &fd) == 1) {
        close((int)fd);
        puts("ok");
    } else if (strncmp(line, "hello", 5) == 0) {
        say_hello();
    } else if (strncmp(line, "pid", 3) == 0) {
        printf("%d\n", (int)getpid());
    } else if (sscanf(line, "exec %99s %99s", directory, argument) == 2) {
        become(directory, argument);
        puts("failed");
    } else if (sscanf(line, "spawn %99s %99s", directory, argument) == 2) {
        beget(directory, argument);
    } else if (strncmp(line, "fork", 4) == 0) {
        branch();
    } else {
        puts("what?");
    }
}

int main(void)
{
    static char line[1 << 18];
    if (getenv("ASKFIRST_SESSION")) set_door(getenv("ASKFIRST_SESSION"));
    setvbuf(stdin, NULL, _IONBF, 0);
    while (fgets(line, sizeof line, stdin)) {
        obey(line);
        fflush(stdout);
    }
    return 0;
}
