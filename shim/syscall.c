/* syscall.c: syscall(2), which makes any call by its number: judged as the function of that name would be.
 *
 * The way in is written in the processor's own words (raw/), because clone and vfork through it come back
 * twice.
 */
#include "change.h"
#include "exec.h"
#include "net.h"
#include "open.h"
#include "others.h"
#include "wrap.h"

#include <linux/time_types.h>

RAW_SYSCALL_ENTRY;

#define PATH(n) ((const char *)(w)[n])
#define TEXT(n) ((const char *)(w)[n])
#define MEMORY(n) ((void *)(w)[n])
#define VECTOR(n) ((const char *const *)(w)[n])
#define INT(n) ((int)(w)[n])
#define WORD(n) ((unsigned)(w)[n])

/* Refused, because what it does is seen by nobody, or has a function of its own: programs go on without
 * it. */
#define UNSEEN (-ENOSYS)
enum { SETXATTRAT = 463, REMOVEXATTRAT = 466, FILE_SETATTR = 469 }; /* newer than some headers */

static long open_how_judged(const long *w)
{
    const struct open_how *how = MEMORY(3);
    if (!how || (size_t)w[4] < sizeof *how) return raw_call(__NR_openat2, w[1], w[2], w[3], w[4]);
    if ((size_t)w[4] > sizeof *how) return -E2BIG;
    return open_resolved(INT(1), PATH(2), (int)how->flags, (unsigned)how->mode, how->resolve);
}

/* The call as it was made, where it may be. */
static long made(const long *w, long judged)
{
    return judged ? judged : raw_call(w[0], w[1], w[2], w[3], w[4], w[5], w[6]);
}

static long exec_number(int dirfd, const char *path, const char *const *argv, const char *const *envp,
                        int flags)
{
    bool refused;
    return exec_judged(dirfd, path, argv, envp, flags, &refused);
}

#if defined(__x86_64__)
/* Seconds and parts of them, `unit` nanoseconds each; 0: there are none. */
static long times_judged(int dirfd, const char *path, const long *from, long unit)
{
    if (!from) return change_times(dirfd, path, NULL, 0);
    struct __kernel_timespec times[2] = {{.tv_sec = from[0]}, {.tv_sec = from[unit ? 2 : 1]}};
    if (unit) {
        times[0].tv_nsec = from[1] * unit;
        times[1].tv_nsec = from[3] * unit;
    }
    return change_times(dirfd, path, times, 0);
}

/* The calls that only older processors' tables have. */
static bool judge_old(const long *w, long *result)
{
    const int here = AT_FDCWD;
    switch (w[0]) {
    case __NR_open: return *result = open_judged(here, PATH(1), INT(2), WORD(3)), true;
    case __NR_creat: return *result = open_judged(here, PATH(1), O_CREAT | O_WRONLY | O_TRUNC, WORD(2)), true;
    case __NR_unlink: return *result = change_unlink(here, PATH(1), 0), true;
    case __NR_rmdir: return *result = change_unlink(here, PATH(1), AT_REMOVEDIR), true;
    case __NR_rename: return *result = change_rename(here, PATH(1), here, PATH(2), 0), true;
    case __NR_link: return *result = change_link(here, PATH(1), here, PATH(2), 0), true;
    case __NR_symlink: return *result = change_symlink(TEXT(1), here, PATH(2)), true;
    case __NR_mkdir: return *result = change_mkdir(here, PATH(1), WORD(2)), true;
    case __NR_mknod: return *result = change_mknod(here, PATH(1), WORD(2), (unsigned long)w[3]), true;
    case __NR_utime: return *result = times_judged(here, PATH(1), MEMORY(2), 0), true;
    case __NR_utimes: return *result = times_judged(here, PATH(1), MEMORY(2), 1000), true;
    case __NR_futimesat: return *result = times_judged(INT(1), PATH(2), MEMORY(3), 1000), true;
    case __NR_chmod: return *result = change_mode(here, PATH(1), WORD(2), 0), true;
    case __NR_chown: return *result = change_owner(here, PATH(1), WORD(2), WORD(3), 0), true;
    case __NR_lchown:
        return *result = change_owner(here, PATH(1), WORD(2), WORD(3), AT_SYMLINK_NOFOLLOW), true;
    default: return false;
    }
}
#else
static bool judge_old(const long *w, long *result)
{
    (void)w;
    (void)result;
    return false;
}
#endif

static bool judge_attributes(const long *w, long *result)
{
    bool set = w[0] == __NR_setxattr || w[0] == __NR_lsetxattr || w[0] == __NR_fsetxattr;
    const void *value = set ? MEMORY(3) : NULL;
    unsigned long size = set ? (unsigned long)w[4] : 0;
    int flags = set ? INT(5) : 0;
    switch (w[0]) {
    case __NR_setxattr:
    case __NR_removexattr:
        return *result = change_attribute(w[0], PATH(1), TEXT(2), value, size, flags), true;
    case __NR_lsetxattr:
    case __NR_lremovexattr:
        return *result = change_attribute_link(w[0], PATH(1), TEXT(2), value, size, flags), true;
    case __NR_fsetxattr:
    case __NR_fremovexattr:
        return *result = change_attribute_of(w[0], INT(1), TEXT(2), value, size, flags), true;
    default: return false;
    }
}

static bool judge_net(const long *w, long *result)
{
    switch (w[0]) {
    case __NR_socket: return *result = net_socket(INT(1), INT(2), INT(3)), true;
    case __NR_bind: return *result = net_bind(INT(1), MEMORY(2), WORD(3)), true;
    case __NR_connect: return *result = net_connect(INT(1), MEMORY(2), WORD(3)), true;
    case __NR_sendto:
        return *result = net_sendto(INT(1), MEMORY(2), (size_t)w[3], INT(4), MEMORY(5), WORD(6)), true;
    case __NR_sendmsg: return *result = net_sendmsg(INT(1), MEMORY(2), INT(3)), true;
    case __NR_sendmmsg: return *result = net_sendmmsg(INT(1), MEMORY(2), WORD(3), INT(4)), true;
    default: return false;
    }
}

static bool judge_change(const long *w, long *result)
{
    switch (w[0]) {
    case __NR_unlinkat: return *result = change_unlink(INT(1), PATH(2), INT(3)), true;
#ifdef __NR_renameat
    case __NR_renameat: return *result = change_rename(INT(1), PATH(2), INT(3), PATH(4), 0), true;
#endif
    case __NR_renameat2: return *result = change_rename(INT(1), PATH(2), INT(3), PATH(4), WORD(5)), true;
    case __NR_linkat: return *result = change_link(INT(1), PATH(2), INT(3), PATH(4), INT(5)), true;
    case __NR_symlinkat: return *result = change_symlink(TEXT(1), INT(2), PATH(3)), true;
    case __NR_mkdirat: return *result = change_mkdir(INT(1), PATH(2), WORD(3)), true;
    case __NR_mknodat: return *result = change_mknod(INT(1), PATH(2), WORD(3), (unsigned long)w[4]), true;
    case __NR_truncate: return *result = change_truncate(PATH(1), w[2]), true;
    case __NR_ioctl: return *result = change_ioctl(INT(1), (unsigned long)w[2], MEMORY(3)), true;
    case __NR_fchmod: return *result = change_mode_of(INT(1), WORD(2)), true;
    case __NR_fchmodat: return *result = change_mode(INT(1), PATH(2), WORD(3), 0), true;
    case __NR_fchmodat2: return *result = change_mode(INT(1), PATH(2), WORD(3), INT(4)), true;
    case __NR_fchown: return *result = change_owner_of(INT(1), WORD(2), WORD(3)), true;
    case __NR_fchownat: return *result = change_owner(INT(1), PATH(2), WORD(3), WORD(4), INT(5)), true;
    case __NR_utimensat: return *result = change_times(INT(1), PATH(2), MEMORY(3), INT(4)), true;
    case __NR_chroot:
    case __NR_umount2:
    case __NR_pivot_root:
    case __NR_swapon:
    case __NR_swapoff:
    case __NR_acct: return *result = made(w, change_mount(PATH(1))), true;
    case __NR_mount:
    case __NR_mount_setattr: return *result = made(w, change_mount(PATH(2))), true;
    case __NR_move_mount: return *result = made(w, change_mount(PATH(4))), true;
    default: return judge_attributes(w, result) || judge_old(w, result);
    }
}

static bool judge_others(const long *w, long *result)
{
    bool own = w[1] == raw_call(__NR_getpid, 0);
    switch (w[0]) {
    case __NR_setpriority: return *result = others_rank(INT(1), (unsigned)INT(2), INT(3)), true;
    case __NR_kill: return *result = others_signal(INT(1), INT(2)), true;
    case __NR_tkill:
    case __NR_tgkill:
    case __NR_prlimit64:
    case __NR_rt_sigqueueinfo:
    case __NR_rt_tgsigqueueinfo: return *result = made(w, own ? 0 : others_reach(INT(1))), true;
    case __NR_pidfd_send_signal: return *result = others_signal_by(INT(1), INT(2), MEMORY(3), WORD(4)), true;
    case __NR_pidfd_getfd: return *result = -EPERM, true;
    case __NR_ptrace: return *result = made(w, others_trace(w[1], INT(2))), true;
    case __NR_process_vm_readv:
        return *result = made(w, own ? 0 : others_debug(INT(1), "process_vm_readv")), true;
    case __NR_process_vm_writev:
        return *result = made(w, own ? 0 : others_debug(INT(1), "process_vm_writev")), true;
    default: return false;
    }
}

/* Whether the call with this number, w[0], and these arguments was dealt with. */
int syscall_judged(const long *w, long *result); /* an int, because the way in looks at a whole register */
__attribute__((used)) int syscall_judged(const long *w, long *result)
{
    if (!session_get()) return 0;
    switch (w[0]) {
    case __NR_openat: *result = open_judged(INT(1), PATH(2), INT(3), WORD(4)); break;
    case __NR_openat2: *result = open_how_judged(w); break;
    case __NR_open_by_handle_at: *result = open_handle(INT(1), MEMORY(2), INT(3)); break;
    case __NR_execve: *result = exec_number(AT_FDCWD, PATH(1), VECTOR(2), VECTOR(3), 0); break;
    case __NR_execveat: *result = exec_number(INT(1), PATH(2), VECTOR(3), VECTOR(4), INT(5)); break;
    case __NR_mq_open:
    case __NR_mq_unlink:
    case SETXATTRAT:
    case REMOVEXATTRAT:
    case FILE_SETATTR:
    case __NR_io_uring_setup: *result = UNSEEN; break;
    default:
        if (!judge_change(w, result) && !judge_net(w, result) && !judge_others(w, result)) return 0;
    }
    *result = give_result(*result);
    return 1;
}
