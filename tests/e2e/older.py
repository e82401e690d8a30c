"""Kernels whose Landlock knows less than this one's, played by a library that is preloaded into askfirst: the launcher then hands
the kernel the rulesets that it would hand such a kernel, and no older one could hold back less. Real ones: tests/kernels.
"""
import subprocess

SOURCE = r"""
#include <stdarg.h>
#include <errno.h>
long syscall(long number, ...)
{
    long a[6];
    va_list rest;
    va_start(rest, number);
    for (int i = 0; i < 6; i++) a[i] = va_arg(rest, long);
    va_end(rest);
    if (number == 444 && (a[2] & 1)) return VERSION;
    register long r10 __asm__("r10") = a[3], r8 __asm__("r8") = a[4], r9 __asm__("r9") = a[5];
    long result;
    __asm__ volatile("syscall" : "=a"(result) : "a"(number), "D"(a[0]), "S"(a[1]), "d"(a[2]), "r"(r10), "r"(r8), "r"(r9)
                     : "rcx", "r11", "memory");
    if (result >= 0 || result < -4095) return result;
    errno = (int)-result;
    return -1;
}
"""


TWO_STEPS = r"""
#include <errno.h>
#include <linux/ioctl.h>
#include <linux/seccomp.h>
#include <linux/types.h>
#include <stdarg.h>
#include <sys/syscall.h>
#include <unistd.h>
int ioctl(int fd, unsigned long request, ...)
{
    va_list rest;
    va_start(rest, request);
    struct seccomp_notif_addfd *give = va_arg(rest, void *);
    va_end(rest);
    if (request != SECCOMP_IOCTL_NOTIF_ADDFD || !(give->flags & SECCOMP_ADDFD_FLAG_SEND))
        return (int)syscall(SYS_ioctl, fd, request, give);
    errno = EINVAL;
    return -1;
}
"""


def two_steps(directory):
    """Knows no handing over of a descriptor that is an answer as well."""
    made = directory / "two_steps.so"
    subprocess.run(["cc", "-shared", "-fPIC", "-x", "c", "-o", made, "-"], input=TWO_STEPS.encode(), check=True)
    return made


def library(directory, version):
    """Says that Landlock's version is this one, whatever it is."""
    made = directory / f"older{version}.so"
    if not made.exists():
        subprocess.run(["cc", "-shared", "-fPIC", f"-DVERSION={version}", "-x", "c", "-o", made, "-"], input=SOURCE.encode(), check=True)
    return made
