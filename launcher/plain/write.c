/* write.c: see write.h. */
#include "write.h"

#include <errno.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

/* The signals come to the thread that writes: they are held back, and taken. To ignore them would be
 * inherited by the command. */
ssize_t write_quietly(int fd, const void *data, size_t size)
{
    sigset_t held, before;
    sigemptyset(&held);
    sigaddset(&held, SIGXFSZ);
    sigaddset(&held, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &held, &before);
    ssize_t wrote = write(fd, data, size);
    int error = errno;
    if (wrote < 0 && (error == EFBIG || error == EPIPE)) sigtimedwait(&held, NULL, &(struct timespec){0});
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    errno = error;
    return wrote;
}

bool write_whole(int fd, const void *data, size_t size)
{
    const char *from = data;
    while (size) {
        ssize_t wrote = write_quietly(fd, from, size);
        if (wrote < 0 && errno == EINTR) continue;
        if (wrote == 0) errno = ENOSPC;
        if (wrote <= 0) return false;
        from += wrote;
        size -= (size_t)wrote;
    }
    return true;
}
