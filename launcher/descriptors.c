/* descriptors.c: see descriptors.h. Everything that the launcher opens itself is CLOEXEC, and so is told
 * apart. */
#include "descriptors.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static void reserve(struct descriptors *descriptors, int fd)
{
    int flags = fcntl(fd, F_GETFD);
    if (flags < 0) return; /* not open: the approver will say so */
    fcntl(fd, F_SETFD, flags | FD_CLOEXEC);
    if (fd <= STDERR_FILENO) descriptors->reserved[fd] = true;
}

bool descriptors_take(struct descriptors *descriptors, const char *const *approve, size_t approve_count)
{
    *descriptors = (struct descriptors){0};
    for (int fd = 0; fd <= STDERR_FILENO; fd++)
        if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDWR | O_CLOEXEC) < 0) return false;
    for (size_t i = 0; i < approve_count; i++) {
        int in, out;
        if (sscanf(approve[i], "fd:%d,%d", &in, &out) != 2) continue;
        reserve(descriptors, in);
        reserve(descriptors, out);
    }
    return true;
}

static int put_null(int fd, int flags)
{
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (null < 0) return -1;
    int result = dup3(null, fd, flags);
    close(null);
    return result < 0 ? -1 : 0;
}

int descriptors_give(const struct descriptors *descriptors)
{
    for (int fd = 0; fd <= STDERR_FILENO; fd++)
        if (descriptors->reserved[fd] && put_null(fd, 0) < 0) return -1;
    return 0;
}

static void close_inherited(void)
{
    DIR *directory = opendir("/proc/self/fd");
    if (!directory) return;
    for (struct dirent *entry; (entry = readdir(directory));) {
        int fd = atoi(entry->d_name);
        int flags = fd > STDERR_FILENO ? fcntl(fd, F_GETFD) : -1;
        if (flags >= 0 && !(flags & FD_CLOEXEC)) close(fd);
    }
    closedir(directory);
}

void descriptors_release(const struct descriptors *descriptors)
{
    for (int fd = STDIN_FILENO; fd <= STDOUT_FILENO; fd++)
        if (!descriptors->reserved[fd]) put_null(fd, O_CLOEXEC);
    close_inherited();
}
