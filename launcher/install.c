/* install.c: see install.h. */
#include "install.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../shim/wire.h"

char *install_dir(void)
{
    char path[PATH_MAX];
    ssize_t length = readlink("/proc/self/exe", path, sizeof path - 1);
    if (length < 0) return NULL;
    path[length] = '\0';
    char *slash = strrchr(path, '/');
    if (!slash) {
        errno = ENOENT;
        return NULL;
    }
    slash[slash == path] = '\0';
    return strdup(path);
}

char *install_find_shim(void)
{
    static const char *const places[] = {"", "/../lib/askfirst"};
    char *dir = install_dir();
    if (!dir) return NULL;
    char *found = NULL;
    for (size_t i = 0; !found && i < sizeof places / sizeof *places; i++) {
        char *path;
        if (asprintf(&path, "%s%s/" WIRE_SHIM, dir, places[i]) < 0) break;
        found = realpath(path, NULL);
        int error = errno;
        free(path);
        errno = error;
    }
    int error = errno;
    free(dir);
    errno = error;
    return found;
}
