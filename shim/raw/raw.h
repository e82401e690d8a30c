/* raw.h: system calls without a C library. Each gives what the kernel gives: a negative errno for an error.
 */
#ifndef ASKFIRST_RAW_H
#define ASKFIRST_RAW_H

#include <asm/fcntl.h>
#include <asm/stat.h>
#include <asm/unistd.h>
#include <linux/errno.h>
#include <linux/fcntl.h>
#include <linux/limits.h>
#include <linux/mman.h>
#include <linux/openat2.h>
#include <linux/stat.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#if defined(__x86_64__)
#include "x86_64.h"
#elif defined(__aarch64__)
#include "aarch64.h"
#else
#error "this processor has no header in shim/raw yet"
#endif

/* Newer than some headers. */
#ifndef __NR_fchmodat2
#define __NR_fchmodat2 452
#endif

#ifndef O_ACCMODE
#define O_ACCMODE 3
#endif
#ifndef O_LARGEFILE
#define O_LARGEFILE 0
#endif
#ifndef AT_EACCESS
#define AT_EACCESS 0x200
#endif

/* A function that is not made part of its caller, so that what it takes of the stack is given back: a
 * wrapper may run on 8 KiB. */
#define APART __attribute__((noinline))

#define RAW_FAILED(result) ((unsigned long)(result) >= (unsigned long)-4095)

#define raw_call(number, ...) RAW_CHOOSE(__VA_ARGS__)(number, __VA_ARGS__)
#define RAW_CHOOSE(...) RAW_PICK(__VA_ARGS__, raw_6, raw_5, raw_4, raw_3, raw_2, raw_1, )
#define RAW_PICK(a, b, c, d, e, f, pick, ...) pick
#define raw_1(n, a) raw_call4((n), (long)(a), 0, 0, 0)
#define raw_2(n, a, b) raw_call4((n), (long)(a), (long)(b), 0, 0)
#define raw_3(n, a, b, c) raw_call4((n), (long)(a), (long)(b), (long)(c), 0)
#define raw_4(n, a, b, c, d) raw_call4((n), (long)(a), (long)(b), (long)(c), (long)(d))
#define raw_5(n, a, b, c, d, e) raw_call6((n), (long)(a), (long)(b), (long)(c), (long)(d), (long)(e), 0)
#define raw_6(n, a, b, c, d, e, f)                                                                           \
    raw_call6((n), (long)(a), (long)(b), (long)(c), (long)(d), (long)(e), (long)(f))

static inline long raw_openat(int dirfd, const char *path, int flags, unsigned mode)
{
    return raw_call(__NR_openat, dirfd, path, flags, mode);
}
static inline long raw_openat2(int dirfd, const char *path, const struct open_how *how)
{
    return raw_call(__NR_openat2, dirfd, path, how, sizeof *how);
}
static inline void raw_close(int fd)
{
    raw_call(__NR_close, fd);
}
static inline long raw_readlinkat(int dirfd, const char *path, char *buffer, size_t size)
{
    return raw_call(__NR_readlinkat, dirfd, path, buffer, size);
}
static inline long raw_read(int fd, void *buffer, size_t size)
{
    return raw_call(__NR_read, fd, buffer, size);
}
static inline long raw_fstat(int fd, struct stat *status)
{
    return raw_call(__NR_fstat, fd, status);
}
static inline long raw_stat(int dirfd, const char *path, struct stat *status, int flags)
{
    return raw_call(__NR_newfstatat, dirfd, path, status, flags);
}
static inline long raw_fcntl(int fd, int command, long argument)
{
    return raw_call(__NR_fcntl, fd, command, argument);
}
static inline int raw_getpid(void)
{
    return (int)raw_call(__NR_getpid, 0);
}
static inline int raw_gettid(void)
{
    return (int)raw_call(__NR_gettid, 0);
}

/* Private memory beyond what a wrapper may take of the stack; NULL when there is none. */
static inline void *raw_map(size_t size)
{
    long result = raw_call(__NR_mmap, 0, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return RAW_FAILED(result) ? NULL : (void *)result;
}
static inline void raw_unmap(void *memory, size_t size)
{
    raw_call(__NR_munmap, memory, size);
}

#endif
