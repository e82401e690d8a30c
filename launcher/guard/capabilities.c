/* capabilities.c: see capabilities.h. */
#include "capabilities.h"

#include <errno.h>
#include <linux/capability.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef CAP_PERFMON
#define CAP_PERFMON 38
#define CAP_BPF 39
#endif
#ifndef CAP_CHECKPOINT_RESTORE
#define CAP_CHECKPOINT_RESTORE 40
#endif

static const int undoing[] = {
    CAP_SYS_ADMIN,
    CAP_SYS_PTRACE,
    CAP_PERFMON,
    CAP_BPF,
    CAP_SYS_MODULE,
    CAP_SYS_RAWIO,
    CAP_DAC_READ_SEARCH,
    CAP_MKNOD,
    CAP_NET_ADMIN,
    CAP_NET_RAW,
    CAP_SYS_BOOT,
    CAP_SYS_TIME,
    CAP_AUDIT_CONTROL,
    CAP_AUDIT_READ,
    CAP_AUDIT_WRITE,
    CAP_MAC_ADMIN,
    CAP_MAC_OVERRIDE,
    CAP_SYSLOG,
    CAP_CHECKPOINT_RESTORE,
    CAP_SYS_TTY_CONFIG,
};

static int drop(bool for_good, int kept)
{
    struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
    struct __user_cap_data_struct sets[2];
    if (syscall(SYS_capget, &header, sets)) return -1;
    for (size_t i = 0; i < sizeof undoing / sizeof *undoing; i++) {
        int capability = undoing[i];
        if (capability == kept) continue;
        uint32_t bit = 1u << (capability % 32),
                 *of[] = {&sets[capability / 32].effective, &sets[capability / 32].permitted,
                          &sets[capability / 32].inheritable};
        /* EPERM: whoever may not give it up from the bounding set is no root that could get it back. */
        if (for_good && prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) && errno != EINVAL && errno != EPERM)
            return -1;
        for (size_t j = 0; j < 3; j++)
            *of[j] &= ~bit;
    }
    header.pid = 0;
    return (int)syscall(SYS_capset, &header, sets);
}

uint64_t capabilities_undoing(void)
{
    uint64_t all = 0;
    for (size_t i = 0; i < sizeof undoing / sizeof *undoing; i++)
        all |= UINT64_C(1) << undoing[i];
    return all;
}

int capabilities_drop(void)
{
    return drop(true, -1);
}

int capabilities_lower(void)
{
    return drop(false, CAP_SYS_PTRACE);
}
