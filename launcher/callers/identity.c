/* identity.c: see identity.h. Capabilities count: a root without SYS_ADMIN is not the root that the launcher
 * is, and the launcher compares with what its child was when it started, not with itself. */
#include "identity.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../plain/memory.h"

/* What follows "NAME:" in /proc/TID/status; NULL: there is no such line. */
static const char *field(const char *status, const char *name)
{
    char key[16];
    snprintf(key, sizeof key, "\n%s:", name);
    const char *at = strstr(status, key);
    return at ? at + strlen(key) : NULL;
}

static bool read_four(const char *status, const char *name, unsigned four[ID_KINDS])
{
    const char *at = field(status, name);
    return at && sscanf(at, "%u %u %u %u", &four[0], &four[1], &four[2], &four[3]) == 4;
}

static bool read_set(const char *status, const char *name, uint64_t *set)
{
    const char *at = field(status, name);
    if (at) *set = strtoull(at, NULL, 16);
    return at != NULL;
}

static bool read_others(const char *status, struct ids *ids)
{
    const char *at = field(status, "Groups");
    if (!at) return false;
    for (at += strspn(at, " \t"); *at != '\n'; at += strspn(at, " \t")) {
        char *end;
        if (ids->other_count == IDENTITY_GROUPS) return false;
        ids->others[ids->other_count++] = (gid_t)strtoul(at, &end, 10);
        if (end == at) return false;
        at = end;
    }
    return true;
}

static bool read_ids(pid_t tid, struct ids *ids)
{
    char path[64], status[8192];
    snprintf(path, sizeof path, "/proc/%d/status", tid);
    cleanup_fd int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t length = fd < 0 ? -1 : read(fd, status, sizeof status - 1);
    if (length < 0) return false;
    status[length] = 0;
    return read_four(status, "Uid", ids->users) && read_four(status, "Gid", ids->groups) &&
           read_others(status, ids) && read_set(status, "CapPrm", &ids->permitted) &&
           read_set(status, "CapEff", &ids->effective);
}

static bool look(pid_t tid, const char *what, struct stat *status)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/%s", tid, what);
    return !stat(path, status);
}

bool identity_of(pid_t tid, struct identity *identity)
{
    struct stat user, mount;
    memset(identity, 0, sizeof *identity);
    if (!read_ids(tid, &identity->ids) || !look(tid, "root", &identity->root)) return false;
    if (!look(tid, "ns/user", &user) || !look(tid, "ns/mnt", &mount)) return false;
    identity->user_namespace = user.st_ino;
    identity->mount_namespace = mount.st_ino;
    return true;
}

bool identity_same_ids(const struct ids *one, const struct ids *other)
{
    return !memcmp(one->users, other->users, sizeof one->users) &&
           !memcmp(one->groups, other->groups, sizeof one->groups) &&
           one->other_count == other->other_count &&
           !memcmp(one->others, other->others, one->other_count * sizeof *one->others) &&
           one->permitted == other->permitted && one->effective == other->effective;
}

bool identity_same_place(const struct identity *one, const struct identity *other)
{
    return one->root.st_dev == other->root.st_dev && one->root.st_ino == other->root.st_ino &&
           one->user_namespace == other->user_namespace && one->mount_namespace == other->mount_namespace;
}
