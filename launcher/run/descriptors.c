/* descriptors.c: see descriptors.h. What the launcher opens itself is CLOEXEC, and so is told apart. */
#include "descriptors.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* One that is not open is left for the approver to complain of. */
static void keep_from_command(int fd)
{
    int flags = fcntl(fd, F_GETFD);
    if (flags >= 0) fcntl(fd, F_SETFD, flags | FD_CLOEXEC);
}

bool descriptors_take(const char *const *approve, size_t approve_count)
{
    for (int fd = 0; fd <= STDERR_FILENO; fd++)
        if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDWR | O_CLOEXEC) < 0) return false;
    for (size_t i = 0; i < approve_count; i++) {
        int in, out;
        if (sscanf(approve[i], "fd:%d,%d", &in, &out) != 2) continue;
        keep_from_command(in);
        keep_from_command(out);
    }
    return true;
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

void descriptors_release(void)
{
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (null >= 0) {
        dup3(null, STDIN_FILENO, O_CLOEXEC);
        dup3(null, STDOUT_FILENO, O_CLOEXEC);
        close(null);
    }
    close_inherited();
}
