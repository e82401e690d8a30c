/* runtime.c: see runtime.h. Nothing here trusts a name twice: what was opened is what is looked at. */
#include "runtime.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "../plain/memory.h"

#define TRIES 16

struct runtime {
    char id[32];
    char *base, *path;
    int base_fd;
    int fd; /* of the directory, locked */
};

/* A socket's path has little room, and "/ID/door" comes behind the base. */
static bool leaves_room(const char *base)
{
    return strlen(base) + sizeof "/20261120-103549-4f2a9c/door" <= sizeof((struct sockaddr_un *)0)->sun_path;
}

/* Whether XDG_RUNTIME_DIR is what it should be: if not, it is as if it were not set. */
static char *usable_xdg(const char *xdg)
{
    struct stat status;
    if (!xdg || xdg[0] != '/') return NULL;
    char *real = realpath(xdg, NULL);
    if (!real) return NULL;
    if (real[1] && stat(real, &status) == 0 && S_ISDIR(status.st_mode) && status.st_uid == geteuid() &&
        !(status.st_mode & 022) && access(real, W_OK) == 0)
        return real;
    free(real);
    return NULL;
}

static char *choose_base(const char *xdg, const char *tmp, char **why)
{
    char *dir cleanup_free = usable_xdg(xdg);
    if (dir) {
        char *base = xasprintf("%s/askfirst", dir);
        if (leaves_room(base)) return base;
        free(base);
    }
    char *real cleanup_free = realpath(tmp, NULL);
    if (!real) {
        *why = xasprintf("%s: %s: set XDG_RUNTIME_DIR to a directory of your own", tmp, strerror(errno));
        return NULL;
    }
    return xasprintf("%s/askfirst-%u", real, (unsigned)geteuid());
}

/* The directory that holds all sessions of this user, made where it is missing. */
static int open_base(const char *base, char **why)
{
    struct stat status;
    if (mkdir(base, 0700) < 0 && errno != EEXIST) {
        *why = xasprintf("%s: %s: set XDG_RUNTIME_DIR to a directory of your own", base, strerror(errno));
        return -1;
    }
    int fd cleanup_fd = open(base, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &status) < 0)
        *why = xasprintf("%s: %s: it must be a directory and no link: remove it", base, strerror(errno));
    else if (status.st_uid != geteuid())
        *why = xasprintf(
            "%s: belongs to somebody else (user %u): set XDG_RUNTIME_DIR to a directory of your own", base,
            (unsigned)status.st_uid);
    else if (status.st_mode & 077)
        *why = xasprintf("%s: others may enter it (mode %03o): remove it", base,
                         (unsigned)status.st_mode & 0777);
    else
        return steal_fd(&fd);
    return -1;
}

/* Empties a directory of files (it has no others) and takes it away. */
static void remove_directory(int base_fd, const char *name, int fd)
{
    int listing = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *directory = listing < 0 ? NULL : fdopendir(listing);
    if (!directory) {
        if (listing >= 0) close(listing);
        return;
    }
    for (struct dirent *entry; (entry = readdir(directory));)
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            unlinkat(fd, entry->d_name, 0);
    closedir(directory);
    unlinkat(base_fd, name, AT_REMOVEDIR);
}

static void remove_if_dead(int base_fd, const char *name)
{
    int fd cleanup_fd = openat(base_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0 || flock(fd, LOCK_EX | LOCK_NB) < 0) return;
    remove_directory(base_fd, name, fd);
}

static void remove_dead(int base_fd)
{
    int listing = openat(base_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *directory = listing < 0 ? NULL : fdopendir(listing);
    if (!directory) {
        if (listing >= 0) close(listing);
        return;
    }
    for (struct dirent *entry; (entry = readdir(directory));)
        if (entry->d_name[0] != '.') remove_if_dead(base_fd, entry->d_name);
    closedir(directory);
}

static int name_session(char *id, size_t size)
{
    uint32_t chance;
    struct tm utc;
    time_t now = time(NULL);
    char moment[32];
    if (getrandom(&chance, sizeof chance, 0) != (ssize_t)sizeof chance) return -1;
    if (!gmtime_r(&now, &utc) || !strftime(moment, sizeof moment, "%Y%m%d-%H%M%S", &utc)) return -1;
    int length = snprintf(id, size, "%s-%06x", moment, chance & 0xffffff);
    if (length > 0 && (size_t)length < size) return 0;
    errno = EOVERFLOW;
    return -1;
}

/* Another session that cleans up may take a new directory for a dead one until it is locked: then EAGAIN. */
static int make_session(struct runtime *runtime)
{
    struct stat status;
    if (name_session(runtime->id, sizeof runtime->id) < 0) return -1;
    if (mkdirat(runtime->base_fd, runtime->id, 0700) < 0) {
        if (errno == EEXIST) errno = EAGAIN;
        return -1;
    }
    int fd cleanup_fd =
        openat(runtime->base_fd, runtime->id, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    bool mine =
        fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0 && fstat(fd, &status) == 0 && status.st_nlink > 0;
    if (mine) {
        runtime->fd = steal_fd(&fd);
        return 0;
    }
    if (fd >= 0 || errno == ENOENT) errno = EAGAIN;
    return -1;
}

struct runtime *runtime_make(const char *xdg, const char *tmp, char **why)
{
    char *base cleanup_free = choose_base(xdg, tmp, why);
    if (!base) return NULL;
    int base_fd = open_base(base, why);
    if (base_fd < 0) return NULL;
    remove_dead(base_fd);

    struct runtime *runtime = xcalloc(1, sizeof *runtime);
    *runtime = (struct runtime){.base_fd = base_fd, .fd = -1};
    int made = -1;
    for (int i = 0; i < TRIES && made < 0; i++) {
        made = make_session(runtime);
        if (made < 0 && errno != EAGAIN) break;
    }
    if (made < 0) {
        *why = xasprintf("%s: no directory for the session can be made there: %s", base, strerror(errno));
        close(base_fd);
        free(runtime);
        return NULL;
    }
    runtime->path = xasprintf("%s/%s", base, runtime->id);
    runtime->base = steal_pointer(&base);
    return runtime;
}

const char *runtime_id(const struct runtime *runtime)
{
    return runtime->id;
}

const char *runtime_path(const struct runtime *runtime)
{
    return runtime->path;
}

const char *runtime_base(const struct runtime *runtime)
{
    return runtime->base;
}

int runtime_lock(const struct runtime *runtime)
{
    return runtime->fd;
}

void runtime_remove(struct runtime *runtime)
{
    if (!runtime) return;
    remove_directory(runtime->base_fd, runtime->id, runtime->fd);
    close(runtime->fd);
    close(runtime->base_fd);
    free(runtime->path);
    free(runtime->base);
    free(runtime);
}
