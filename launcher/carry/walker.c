/* walker.c: see walker.h. Somebody waits meanwhile, so that it is little at a time. */
#include "walker.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../../shim/lane.h"
#include "../names/resolve.h"
#include "../plain/memory.h"
#include "shortcut.h"

enum { ROOM = 8192, AT_MOST = 64 }; /* bytes of a listing: some 250 names; directories among them */

static int open_listing(const char *path, struct stat *status)
{
    struct open_how how = {.flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC, .resolve = RESOLVE_NO_SYMLINKS};
    int fd = (int)syscall(SYS_openat2, AT_FDCWD, path, &how, sizeof how);
    if (fd < 0 || (!fstat(fd, status) && !spot_is_kernels(fd, status))) return fd;
    close(fd);
    return -1;
}

/* A directory of the same file system, which is nobody's other name. `path` ends in a slash. */
static bool add(const struct image *image, struct lane *lane, int parent, dev_t device, char path[LANE_SLOT],
                const char *name)
{
    struct stat status;
    size_t length = strlen(path), more = strlen(name);
    if (length + more >= LANE_SLOT) return false;
    memcpy(path + length, name, more + 1);
    bool added = shortcut_may_read(image, path, length + more) &&
                 !fstatat(parent, name, &status, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT) &&
                 S_ISDIR(status.st_mode) && status.st_dev == device && lane_add(lane, path) >= 0;
    path[length] = 0;
    return added;
}

static void add_all(const struct image *image, struct lane *lane, int parent, dev_t device,
                    char path[LANE_SLOT])
{
    _Alignas(struct dirent64) char listing[ROOM];
    long size = syscall(SYS_getdents64, parent, listing, sizeof listing);
    int left = AT_MOST;
    for (long at = 0; at < size && left;) {
        const struct dirent64 *entry = (const void *)(listing + at);
        at += entry->d_reclen;
        if (entry->d_type != DT_DIR || !strcmp(entry->d_name, ".") || !strcmp(entry->d_name, "..")) continue;
        if (add(image, lane, parent, device, path, entry->d_name)) left--;
    }
}

void walker_seen(const struct image *image, struct lane *lane, const char *directory)
{
    char parent[LANE_SLOT];
    struct stat status;
    size_t length = (size_t)(strrchr(directory, '/') - directory);
    if (!length || length + 1 >= LANE_SLOT) return;
    memcpy(parent, directory, length);
    parent[length] = 0;
    if (!lane_list_once(lane, parent)) return;
    cleanup_fd int fd = open_listing(parent, &status);
    if (fd < 0) return;
    strcpy(parent + length, "/");
    add_all(image, lane, fd, status.st_dev, parent);
}
