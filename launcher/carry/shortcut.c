/* shortcut.c: see shortcut.h.
 *
 * What is looked at and then opened by name is the same file, as nobody in the run can change a name
 * meanwhile: that is done by this same thread. For all others it is made sure of afterwards, on the
 * descriptor. Where links are on the way, the file is opened by the real path to which they led before, if
 * that is still the file to which they lead: it lies under a path that was judged, like any other.
 */
#include "shortcut.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../../shim/wire.h"
#include "../plain/memory.h"

#define PLAIN_FLAGS ((uint64_t)(O_CLOEXEC | O_NONBLOCK | O_NOCTTY | O_DIRECTORY | O_NOFOLLOW))
#if defined(__x86_64__)
#define LARGE_FLAG 0100000u /* what some C libraries set, and all files are */
#else
#define LARGE_FLAG 0400000u
#endif
#define MAKING_FLAGS ((uint64_t)(O_CREAT | O_PATH | (O_TMPFILE & ~O_DIRECTORY)))

static bool ends_in(const char *path, size_t length, const char *end)
{
    size_t ending = strlen(end);
    return length >= ending && !memcmp(path + length - ending, end, ending);
}

/* The caller's path from the root on. False: it is not known, or too long. */
static bool from_root(pid_t tid, int directory, const char *path, char *full)
{
    char link[64];
    size_t length = strlen(path), at = 0;
    if (!length) return false;
    if (path[0] != '/') {
        if (directory == AT_FDCWD)
            snprintf(link, sizeof link, "/proc/%d/cwd", tid);
        else
            snprintf(link, sizeof link, "/proc/%d/fd/%d", tid, directory);
        ssize_t got = readlink(link, full, PATH_MAX);
        if (got <= 0 || got == PATH_MAX || full[0] != '/' || ends_in(full, (size_t)got, " (deleted)"))
            return false;
        at = (size_t)got;
        full[at++] = '/';
    }
    if (at + length >= PATH_MAX) return false;
    memcpy(full + at, path, length + 1);
    return true;
}

/* What the path comes to where no link is on the way. */
static size_t flatten(const char *full, char *flat)
{
    size_t length = 0;
    for (const char *at = full; *at;) {
        at += strspn(at, "/");
        size_t name = strcspn(at, "/");
        if (name == 2 && at[0] == '.' && at[1] == '.') {
            while (length && flat[--length] != '/') {
            }
        } else if (name && !(name == 1 && at[0] == '.')) {
            flat[length++] = '/';
            memcpy(flat + length, at, name);
            length += name;
        }
        at += name;
    }
    if (!length) flat[length++] = '/';
    flat[length] = 0;
    return length;
}

/* Means another thing to every process, or does something when it is opened. */
static bool is_special(const char *flat)
{
    static const char *const trees[] = {"/proc", "/sys", "/dev"};
    for (size_t i = 0; i < sizeof trees / sizeof *trees; i++) {
        size_t length = strlen(trees[i]);
        if (!strncmp(flat, trees[i], length) && (!flat[length] || flat[length] == '/')) return true;
    }
    return false;
}

bool shortcut_may_read(const struct image *image, const char *path, size_t length)
{
    struct act act = {.kind = ACT_READ, .path = path, .path_length = length};
    struct decision decision;
    policy_decide(image, &act, &decision, NULL);
    return decision.verdict == VERDICT_ALLOW;
}

static int open_how(const char *path, uint64_t flags, uint64_t how)
{
    struct open_how open_how = {.flags = flags, .resolve = RESOLVE_NO_MAGICLINKS | how};
    return (int)syscall(SYS_openat2, AT_FDCWD, path, &open_how, sizeof open_how);
}

/* There is nothing: for certain only where no link was met, because some lead elsewhere for the caller. */
static bool is_missing(const char *full, int *result)
{
    int fd = open_how(full, O_PATH | O_CLOEXEC, RESOLVE_NO_SYMLINKS);
    *result = -errno;
    if (fd >= 0) close(fd);
    return fd < 0 && (*result == -ENOENT || *result == -ENOTDIR);
}

static bool is_plain(int fd, const struct stat *status, const char *real, struct protected *protected)
{
    const struct protected_file *file;
    size_t at = 0;
    if (!S_ISREG(status->st_mode) && !S_ISDIR(status->st_mode)) return false;
    if (protected_may_miss(protected, real, status)) return false;
    while ((file = protected_next(protected, fd, status, &at)))
        if (!file->readable) return false;
    return !spot_is_kernels(fd, status);
}

static bool is_same(int fd, const struct stat *seen)
{
    struct stat status;
    return !fstat(fd, &status) && status.st_dev == seen->st_dev && status.st_ino == seen->st_ino;
}

static bool leads_to_allowed(const struct image *image, int fd, char real[PATH_MAX])
{
    char link[32];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, real, PATH_MAX);
    if (length <= 0 || length == PATH_MAX || real[0] != '/' || ends_in(real, (size_t)length, " (deleted)"))
        return false;
    real[length] = 0;
    return shortcut_may_read(image, real, (size_t)length);
}

/* Somebody may have a lease on the file: then this would wait. */
static uint64_t flags_of(const struct request *request)
{
    return (request->flags & PLAIN_FLAGS) | O_CLOEXEC | O_NOCTTY | O_NONBLOCK;
}

/* The descriptor, or -1 with errno; ELOOP: a link was met. */
static int open_straight(const struct image *image, const struct request *request, const char *full,
                         const char *flat, size_t length)
{
    errno = EACCES;
    return shortcut_may_read(image, flat, length) ? open_how(full, flags_of(request), RESOLVE_NO_SYMLINKS)
                                                  : -1;
}

static int open_through_links(const struct image *image, const struct request *request, const char *full,
                              char real[PATH_MAX])
{
    int fd = open_how(full, flags_of(request), 0);
    if (fd < 0 || leads_to_allowed(image, fd, real)) return fd;
    close(fd);
    return -1;
}

bool shortcut_to_program(pid_t tid, int directory, const char *path, struct shortcut_program *program,
                         int *result)
{
    char full[2 * PATH_MAX], flat[2 * PATH_MAX];
    *program = (struct shortcut_program){0};
    if (!from_root(tid, directory, path, full)) return false;
    if (path[0] != '/' && directory == AT_FDCWD)
        program->cwd = xstrndup(full, strlen(full) - strlen(path) - 1);
    flatten(full, flat);
    if (is_special(flat)) return false;
    int fd = open_how(full, O_PATH | O_CLOEXEC, RESOLVE_NO_SYMLINKS);
    *result = fd < 0 ? -errno : fd;
    if (fd >= 0) program->real = xstrdup(flat);
    return fd >= 0 || *result == -ENOENT || *result == -ENOTDIR;
}

/* By its real path, which is `name` where no link was met. -1: it is not plainly allowed, or there is no
 * slot. */
static int find_slot(const struct grounds *grounds, int fd, bool straight, const char *name)
{
    char real[PATH_MAX];
    struct stat status;
    const char *path = straight ? name : real;
    bool allowed = straight ? shortcut_may_read(grounds->image, name, strlen(name))
                            : leads_to_allowed(grounds->image, fd, real) && !is_special(real);
    bool plain = allowed && !fstat(fd, &status) && is_plain(fd, &status, path, grounds->protected);
    return plain ? lane_add(grounds->lane, path) : -1;
}

bool shortcut_by_lane(const struct grounds *grounds, const char *name, uint64_t flags, int *result)
{
    const uint64_t looking = O_PATH | O_CLOEXEC | (flags & O_NOFOLLOW);
    if (name[0] != '/' || is_special(name)) return false;
    int fd = open_how(name, looking, RESOLVE_NO_SYMLINKS);
    bool straight = fd >= 0, missing = !straight && errno == ENOENT;
    if (missing) {
        *result = -ENOENT;
        return shortcut_may_read(grounds->image, name, strlen(name)) && lane_add(grounds->lane, name) >= 0;
    }
    if (!straight && errno == ELOOP) fd = open_how(name, looking, 0);
    if (fd < 0) return false;
    int slot = find_slot(grounds, fd, straight, name);
    close(fd);
    if (slot >= 0 && !straight) lane_add_alias(grounds->lane, name, slot);
    *result = -(WIRE_SLOT + slot);
    return slot >= 0;
}

/* What is not there, `full` from the root on, need not be asked for again. */
static bool find_missing(const struct grounds *grounds, const char *full, const char *flat, int *result)
{
    struct stat seen;
    bool missing = (errno == ENOENT || errno == ENOTDIR) && is_missing(full, result);
    /* Without its dots, or a slash at the end, it may well be there. */
    bool flat_too = missing && (!strcmp(full, flat) || (lstat(flat, &seen) && errno == ENOENT));
    if (flat_too && grounds->lane && shortcut_may_read(grounds->image, flat, strlen(flat)))
        lane_add(grounds->lane, flat);
    return missing;
}

/* Where it led through links before, if that is straight to what it leads to now: `real` is the file's path
 * then, and judged like any other. */
static int open_as_before(const struct grounds *grounds, const struct request *request, const char *full,
                          const struct stat *seen, char real[PATH_MAX])
{
    const char *before = leads_recall(grounds->leads, full);
    int fd = before ? open_straight(grounds->image, request, before, before, strlen(before)) : -1;
    if (fd >= 0 && is_same(fd, seen)) {
        strcpy(real, before);
        return fd;
    }
    if (fd >= 0) close(fd);
    return -1;
}

/* By no link, or else through them. `real` is empty, or becomes the file's path in the latter case. */
static int open_anew(const struct grounds *grounds, const struct request *request, const char *full,
                     const char *flat, bool link, char real[PATH_MAX])
{
    int fd = link ? -1 : open_straight(grounds->image, request, full, flat, strlen(flat));
    if (link || (fd < 0 && errno == ELOOP)) fd = open_through_links(grounds->image, request, full, real);
    return fd;
}

bool shortcut(const struct grounds *grounds, const struct request *request, pid_t tid, int *result)
{
    char full[2 * PATH_MAX], flat[2 * PATH_MAX], real[PATH_MAX];
    struct stat seen;
    real[0] = 0;
    if (request->is_openat2 || request->flags & MAKING_FLAGS) return false;
    if (!from_root(tid, request->directory, request->path, full)) return false;
    flatten(full, flat);
    if (is_special(flat)) return false;
    if (lstat(full, &seen)) return find_missing(grounds, full, flat, result);

    if (request->flags & ~(PLAIN_FLAGS | LARGE_FLAG)) return false;
    bool link = S_ISLNK(seen.st_mode);
    if (link && (request->flags & O_NOFOLLOW || stat(full, &seen))) return false;
    if (!S_ISREG(seen.st_mode) && !S_ISDIR(seen.st_mode)) return false;
    int fd = open_as_before(grounds, request, full, &seen, real);
    bool as_before = fd >= 0;
    if (!as_before) fd = open_anew(grounds, request, full, flat, link, real);
    if (fd < 0) return false;
    if ((!as_before && !is_same(fd, &seen)) ||
        !is_plain(fd, &seen, *real ? real : flat, grounds->protected)) {
        close(fd);
        return false;
    }
    if (!(request->flags & O_NONBLOCK)) fcntl(fd, F_SETFL, 0);
    if (*real && !as_before && !is_special(real)) leads_remember(grounds->leads, full, real);
    if (!*real && grounds->lane) lane_add(grounds->lane, flat);
    *result = fd;
    return true;
}
