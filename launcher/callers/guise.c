/* guise.c: see guise.h. The system calls themselves: the C library would change all threads. */
#include "guise.h"

#include <errno.h>
#include <linux/capability.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/fsuid.h>
#include <sys/syscall.h>
#include <unistd.h>

#define BIT(capability) (UINT64_C(1) << (capability))

struct sets {
    uint64_t effective, permitted, inheritable;
};

static bool get_sets(struct sets *sets)
{
    struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
    struct __user_cap_data_struct halves[2];
    if (syscall(SYS_capget, &header, halves)) return false;
    sets->effective = halves[0].effective | (uint64_t)halves[1].effective << 32;
    sets->permitted = halves[0].permitted | (uint64_t)halves[1].permitted << 32;
    sets->inheritable = halves[0].inheritable | (uint64_t)halves[1].inheritable << 32;
    return true;
}

static bool set_sets(const struct sets *sets)
{
    struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
    const struct __user_cap_data_struct halves[2] = {
        {(uint32_t)sets->effective, (uint32_t)sets->permitted, (uint32_t)sets->inheritable},
        {(uint32_t)(sets->effective >> 32), (uint32_t)(sets->permitted >> 32),
         (uint32_t)(sets->inheritable >> 32)}};
    return !syscall(SYS_capset, &header, halves);
}

/* Who this thread was before guise_on(). Only the event loop's thread calls it. */
static struct {
    struct sets sets;
    uid_t user;
    gid_t group;
    gid_t others[IDENTITY_GROUPS];
    int other_count;
} before;

/* setfsuid() and setfsgid() say who it was, and never whether it worked. */
static bool set_files_ids(uid_t user, gid_t group)
{
    setfsgid(group);
    setfsuid(user);
    return (gid_t)setfsgid((gid_t)-1) == group && (uid_t)setfsuid((uid_t)-1) == user;
}

bool guise_fits(const struct ids *ids)
{
    struct sets own;
    return get_sets(&own) && own.effective & BIT(CAP_SETUID) && own.effective & BIT(CAP_SETGID) &&
           !(ids->effective & ~own.permitted) && getgroups(0, NULL) <= IDENTITY_GROUPS;
}

/* Looking at a process through /proc remains the launcher's: what may be looked at is judged before. */
static struct sets lowered(const struct ids *ids)
{
    struct sets sets = before.sets;
    sets.effective = ids->effective | (sets.permitted & BIT(CAP_SYS_PTRACE));
    return sets;
}

bool guise_on(const struct ids *ids)
{
    if (!get_sets(&before.sets)) return false;
    before.user = (uid_t)setfsuid((uid_t)-1);
    before.group = (gid_t)setfsgid((gid_t)-1);
    before.other_count = getgroups(IDENTITY_GROUPS, before.others);
    const struct sets sets = lowered(ids);
    if (before.other_count < 0 || syscall(SYS_setgroups, ids->other_count, ids->others)) return false;
    if (set_files_ids(ids->users[ID_FILES], ids->groups[ID_FILES]) && set_sets(&sets)) return true;
    guise_off();
    return false;
}

/* A launcher that cannot become itself again must not go on: its run ends with it. */
void guise_off(void)
{
    if (set_sets(&before.sets) && set_files_ids(before.user, before.group) &&
        !syscall(SYS_setgroups, before.other_count, before.others) && set_sets(&before.sets))
        return;
    fputs("askfirst: the launcher cannot become itself again\n", stderr);
    abort();
}

bool guise_become(const struct ids *ids)
{
    const struct sets sets = {.effective = ids->effective, .permitted = ids->effective};
    return !syscall(SYS_setgroups, ids->other_count, ids->others) &&
           !syscall(SYS_setresgid, ids->groups[ID_REAL], ids->groups[ID_EFFECTIVE], ids->groups[ID_SAVED]) &&
           !syscall(SYS_setresuid, ids->users[ID_REAL], ids->users[ID_EFFECTIVE], ids->users[ID_SAVED]) &&
           set_sets(&sets);
}
