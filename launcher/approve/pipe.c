/* pipe.c: `--approve fd:R,W`: lines over two descriptors that the launcher was given. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../plain/memory.h"
#include "kinds.h"
#include "link.h"

/* "3,4". The standard streams belong to the command. */
static bool parse(const char *argument, int *in, int *out)
{
    int *const numbers[] = {in, out};

    for (int i = 0; i < 2; i++) {
        size_t digits = strspn(argument, "0123456789");
        if (!digits || digits > 7 || argument[digits] != (i == 0 ? ',' : '\0')) return false;
        *numbers[i] = atoi(argument);
        argument += digits + 1;
    }
    return true;
}

char *pipe_malformed(const char *argument)
{
    int in, out;

    if (!parse(argument, &in, &out))
        return xstrdup(
            "two descriptors are wanted: fd:R,W, where answers are read from R and questions written to W");
    if (in < 3 || out < 3) return xstrdup("descriptors 0, 1 and 2 belong to the command: give others");
    return NULL;
}

/* Whether it is open, of a kind that cannot block the launcher, and goes the right way. */
static char *unusable(int fd, int way)
{
    struct stat status;
    int flags = fcntl(fd, F_GETFL);

    if (flags < 0 || fstat(fd, &status) < 0) return xasprintf("descriptor %d is not open", fd);
    if (!S_ISFIFO(status.st_mode) && !S_ISSOCK(status.st_mode))
        return xasprintf("descriptor %d is neither a pipe nor a socket", fd);
    if ((flags & O_ACCMODE) != O_RDWR && (flags & O_ACCMODE) != way)
        return xasprintf("descriptor %d is not open for %s", fd, way == O_RDONLY ? "reading" : "writing");
    return NULL;
}

struct approver *pipe_open(const char *argument, struct loop *loop, const struct approve_session *session,
                           const struct approve_events *events, char **why)
{
    int in = -1, out = -1;

    parse(argument, &in, &out);
    if ((*why = unusable(in, O_RDONLY)) || (*why = unusable(out, O_WRONLY))) return NULL;
    return link_open("fd", in, out, loop, session, events, why);
}
