/* refuse.c: `refuse WHAT COMMAND...` runs a command on a kernel that lacks WHAT: a seccomp filter refuses
 * what it needs. `refuse listening` leaves nothing out: somebody else listens to seccomp's notifications
 * already. */
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#define ANY 6 /* no argument is looked at */

enum look { BITS, WHOLE };

static const struct {
    const char *what;
    int number;
    unsigned argument;
    enum look look;
    unsigned bits;
    int error;
} rows[] = {
    {"landlock", 444, ANY, BITS, 0, ENOSYS},
    {"fence", 446, ANY, BITS, 0, EPERM},
    {"pretence", 446, ANY, BITS, 0, 0}, /* says that it fenced, and has not */
    {"filter", SYS_seccomp, ANY, BITS, 0, EPERM},
    {"listener", SYS_seccomp, 1, BITS, SECCOMP_FILTER_FLAG_NEW_LISTENER, EINVAL},
    {"receive", SYS_ioctl, 1, WHOLE, (unsigned)SECCOMP_IOCTL_NOTIF_RECV, EPERM},
    {"give", SYS_ioctl, 1, WHOLE, (unsigned)SECCOMP_IOCTL_NOTIF_ADDFD, EINVAL},
    {"synchronous", SYS_ioctl, 1, WHOLE, 0x40082104, EINVAL},
    {"killable", SYS_seccomp, 1, BITS, 1u << 5, EINVAL},
    {"memory", SYS_process_vm_readv, ANY, BITS, 0, EPERM},
    {"duplicate", SYS_pidfd_getfd, ANY, BITS, 0, EPERM},
    {"threads", SYS_pidfd_open, 1, WHOLE, O_EXCL /* PIDFD_THREAD */, EINVAL},
    {"trace", SYS_ptrace, ANY, BITS, 0, EPERM},
    {"seal", 462 /* mseal */, ANY, BITS, 0, ENOSYS},
};

static int install(struct sock_filter *code, unsigned short length, unsigned flags)
{
    const struct sock_fprog program = {length, code};
    return (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &program);
}

/* The listener stays open in the command and whatever it starts. */
static int listen_only(void)
{
    struct sock_filter allow = {BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW};
    int listener = install(&allow, 1, SECCOMP_FILTER_FLAG_NEW_LISTENER);
    return listener < 0 ? -1 : fcntl(listener, F_SETFD, 0);
}

static int refuse(size_t row)
{
    unsigned argument = rows[row].argument == ANY ? 0 : rows[row].argument;
    unsigned short jump = rows[row].argument == ANY ? BPF_JGE : rows[row].look == WHOLE ? BPF_JEQ : BPF_JSET;
    struct sock_filter code[] = {
        {BPF_LD | BPF_W | BPF_ABS, 0, 0, offsetof(struct seccomp_data, nr)},
        {BPF_JMP | BPF_JEQ | BPF_K, 0, 3, (unsigned)rows[row].number},
        {BPF_LD | BPF_W | BPF_ABS, 0, 0, (unsigned)(offsetof(struct seccomp_data, args) + argument * 8)},
        {(unsigned short)(BPF_JMP | BPF_K | jump), 0, 1, rows[row].bits},
        {BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ERRNO | (unsigned)rows[row].error},
        {BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW},
    };
    return install(code, sizeof code / sizeof *code, 0);
}

int main(int argc, char **argv)
{
    int result = -1;
    if (argc < 3) return 125;
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    if (!strcmp(argv[1], "listening")) result = listen_only();
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (!strcmp(argv[1], rows[i].what)) result = refuse(i);
    if (result < 0) {
        perror(argv[1]);
        return 125;
    }
    execvp(argv[2], argv + 2);
    perror(argv[2]);
    return 125;
}
