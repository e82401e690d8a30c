/* opening.c: see opening.h. */
#include "opening.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../shim/wire.h"
#include "../callers/memory_of.h"
#include "../filter/numbers.h"
#include "../questions/question.h"

/* openat2 grows: what this does not know must be zero, or the kernel would refuse it too. */
static int read_how(const struct seccomp_notif *call, struct request *request)
{
    unsigned char bytes[256] = {0};
    struct open_how how;
    uint64_t size = call->data.args[3];
    if (size < sizeof how) return EINVAL;
    if (size > sizeof bytes) return E2BIG;
    int error = memory_copy((pid_t)call->pid, call->data.args[2], bytes, (size_t)size);
    if (error) return error;
    for (size_t i = sizeof how; i < size; i++)
        if (bytes[i]) return E2BIG;
    memcpy(&how, bytes, sizeof how);
    request->flags = how.flags;
    request->mode = how.mode;
    request->how = how.resolve;
    return 0;
}

unsigned opening_more(const struct seccomp_notif *call)
{
    uint64_t more = call->data.nr == __NR_openat ? call->data.args[5] ^ WIRE_OPENING : 0;
    return more > UINT8_MAX ? 0 : (unsigned)more;
}

int opening_request(const struct seccomp_notif *call, struct request *request)
{
    const uint64_t *args = (const uint64_t *)call->data.args;
    request->is_openat2 = call->data.nr == __NR_openat2;
    request->how = 0;
    bool has_directory = call->data.nr == __NR_openat || request->is_openat2;
    request->directory = has_directory ? (int)args[0] : AT_FDCWD;
    int error = memory_string((pid_t)call->pid, args[has_directory], request->path, sizeof request->path);
    if (error) return error;
    if (request->is_openat2) return read_how(call, request);
    request->flags = (uint32_t)args[1 + has_directory];
    request->mode = args[2 + has_directory];
    if (call->data.nr == __NR_creat) {
        request->flags = O_CREAT | O_WRONLY | O_TRUNC;
        request->mode = args[1];
    }
    return 0;
}

static bool is_tmpfile(uint64_t flags)
{
    return (flags & O_TMPFILE) == O_TMPFILE;
}

/* A name that is still to be made is a write; so is a truncation, also by whoever only reads. */
static void classify(struct opening *opening)
{
    uint64_t flags = opening->flags, access = flags & O_ACCMODE;
    if (flags & O_PATH) {
        opening->look_only = true;
        return;
    }
    opening->reads = access == O_RDONLY || access == O_RDWR || access == O_ACCMODE;
    opening->writes = access != O_RDONLY || flags & O_TRUNC || is_tmpfile(flags);
    if (opening->spot.target < 0) {
        opening->reads = access == O_RDWR;
        opening->writes = true;
        opening->detail = change_name(WIRE_CHANGE_CREATE);
    } else if (flags & O_TRUNC) {
        opening->detail = change_name(WIRE_CHANGE_TRUNCATE);
    } else if (is_tmpfile(flags)) {
        opening->detail = change_name(WIRE_CHANGE_CREATE);
        opening->reads = false;
    } else if (opening->writes) {
        opening->detail = change_name(WIRE_CHANGE_OPEN);
    }
}

int opening_find(const struct request *request, struct viewer viewer, struct opening *opening)
{
    *opening = (struct opening){.spot = {.parent = -1, .target = -1}};
    bool creates = request->flags & O_CREAT && !(request->flags & O_PATH);
    bool stays = request->flags & O_NOFOLLOW || (creates && request->flags & O_EXCL);
    unsigned how = (creates ? RESOLVE_MAY_MISS : 0) | (stays ? 0 : RESOLVE_FOLLOW);
    int error = resolve(viewer, request->directory, request->path, how, request->how, &opening->spot);
    if (error) return error;
    opening->flags = request->flags;
    opening->mode = (mode_t)request->mode & 07777;
    classify(opening);
    return 0;
}

static int open_new(const struct opening *opening, mode_t mask)
{
    mode_t own = umask(mask);
    int fd = openat(opening->spot.parent, opening->spot.name,
                    (int)(opening->flags | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY), opening->mode);
    int error = errno;
    umask(own);
    return fd < 0 ? -error : fd;
}

/* What is there already is opened through its descriptor, so it is the object that was judged. */
static int open_again(const struct opening *opening, mode_t mask, enum opening_patience patience)
{
    char link[32];
    uint64_t flags = opening->flags;
    mode_t type = opening->spot.status.st_mode & S_IFMT;
    if (flags & O_CREAT && flags & O_EXCL) return -EEXIST;
    bool at_once = patience == OPENING_NEVER_WAITS && !(flags & O_NONBLOCK);
    if (type == S_IFLNK) return flags & O_DIRECTORY ? -ENOTDIR : -ELOOP;
    if (type == S_IFDIR && flags & O_CREAT && !is_tmpfile(flags)) return -EISDIR;
    flags &= ~(uint64_t)(O_CREAT | O_EXCL | O_NOFOLLOW);
    if (is_tmpfile(opening->flags)) flags |= opening->flags & O_EXCL;
    /* Without a writer a FIFO's reader would not wait, but find it empty. */
    if (type == S_IFIFO && at_once) return -EWOULDBLOCK;
    if (type == S_IFREG && at_once) flags |= O_NONBLOCK;
    snprintf(link, sizeof link, "/proc/self/fd/%d", opening->spot.target);
    mode_t own = is_tmpfile(flags) ? umask(mask) : 0;
    int fd = open(link, (int)(flags | O_CLOEXEC | O_NOCTTY), opening->mode);
    int error = errno;
    if (is_tmpfile(flags)) umask(own);
    if (fd >= 0 && type == S_IFREG && at_once) fcntl(fd, F_SETFL, (int)opening->flags & ~O_NONBLOCK);
    return fd < 0 ? -error : fd;
}

bool opening_makes(const struct opening *opening)
{
    return opening->spot.target < 0 || is_tmpfile(opening->flags);
}

int opening_do(const struct opening *opening, mode_t mask, enum opening_patience patience)
{
    return opening->spot.target < 0 ? open_new(opening, mask) : open_again(opening, mask, patience);
}

void opening_free(struct opening *opening)
{
    spot_close(&opening->spot);
}
