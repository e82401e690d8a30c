/* identity.c: see identity.h. Capabilities count: a root without SYS_ADMIN is not the root that the launcher
 * is, and the launcher compares with what its child was when it started, not with itself. */
#include "identity.h"

#include <stdio.h>
#include <string.h>

#include "../plain/memory.h"

static const char *const telling[] = {"Uid:", "Gid:", "Groups:", "CapPrm:", "CapEff:"};

static bool read_ids(pid_t tid, char *ids, size_t size)
{
    char path[64], line[4096];
    snprintf(path, sizeof path, "/proc/%d/status", tid);
    FILE *file cleanup_file = fopen(path, "re");
    if (!file) return false;
    size_t length = 0, found = 0;
    while (fgets(line, sizeof line, file))
        for (size_t i = 0; i < sizeof telling / sizeof *telling; i++) {
            if (strncmp(line, telling[i], strlen(telling[i]))) continue;
            size_t add = strlen(line);
            if (length + add >= size) return false;
            memcpy(ids + length, line, add + 1);
            length += add;
            found++;
        }
    return found == sizeof telling / sizeof *telling;
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
    if (!read_ids(tid, identity->ids, sizeof identity->ids) || !look(tid, "root", &identity->root))
        return false;
    if (!look(tid, "ns/user", &user) || !look(tid, "ns/mnt", &mount)) return false;
    identity->user_namespace = user.st_ino;
    identity->mount_namespace = mount.st_ino;
    return true;
}

bool identity_same(const struct identity *one, const struct identity *other)
{
    return !strcmp(one->ids, other->ids) && one->root.st_dev == other->root.st_dev &&
           one->root.st_ino == other->root.st_ino && one->user_namespace == other->user_namespace &&
           one->mount_namespace == other->mount_namespace;
}
