/* files.c: finds the files of a policy, sees that nobody else may write them, and reads each once. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "load.h"

static void complain_of_file(struct reader *reader, const char *path, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static void complain_of_file(struct reader *reader, const char *path, const char *format, ...)
{
    va_list values;
    va_start(values, format);
    diagnostics_add(reader->diagnostics, SEVERITY_ERROR, (struct place){path, 0, 0}, "%s",
                    arena_vformat(reader->arena, format, values));
    va_end(values);
}

/* Whether somebody else could change it. A directory with the sticky bit protects what others own in it. */
static bool others_may_write(const struct stat *status)
{
    if (status->st_uid != 0 && status->st_uid != geteuid()) return true;
    if (S_ISDIR(status->st_mode) && (status->st_mode & S_ISVTX)) return false;
    return (status->st_mode & (S_IWGRP | S_IWOTH)) != 0;
}

static bool check_ownership(struct reader *reader, const char *path, const struct stat *status,
                            const char *directory)
{
    struct stat above;
    if (others_may_write(status)) {
        complain_of_file(reader, path,
                         "others may write this file (owner %u, mode %04o): make it your own and take "
                         "their right away with \"chmod go-w\"",
                         (unsigned)status->st_uid, (unsigned)status->st_mode & 07777);
        return false;
    }
    if (stat(directory, &above) != 0 || others_may_write(&above)) {
        complain_of_file(reader, path,
                         "others may write the directory that it is in (%s): take their right away with "
                         "\"chmod go-w\", or move the file",
                         directory);
        return false;
    }
    return true;
}

/* Reads what fits into `room` bytes. Takes nothing from the arena: the descriptor must not be left behind. */
static bool read_bytes(const char *path, char *bytes, size_t room, struct stat *status, size_t *size)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    bool fine = fd >= 0 && fstat(fd, status) == 0;
    *size = 0;
    while (fine && S_ISREG(status->st_mode) && *size < room) {
        ssize_t got = read(fd, bytes + *size, room - *size);
        if (got < 0 && errno == EINTR) continue;
        fine = got >= 0;
        if (got <= 0) break;
        *size += (size_t)got;
    }
    int error = errno;
    if (fd >= 0) close(fd);
    errno = error;
    return fine;
}

static char *directory_of(struct arena *arena, const char *path)
{
    size_t length = (size_t)(strrchr(path, '/') - path);
    return arena_copy(arena, path, length ? length : 1);
}

static struct loaded *find_loaded(const struct reader *reader, const char *identity, enum file_kind kind)
{
    for (size_t i = 0; i < reader->so_far->file_count; i++) {
        struct loaded *file = reader->so_far->files[i];
        if (file->kind == kind && strcmp(file->identity, identity) == 0) return file;
    }
    return NULL;
}

/* A reader of a file whose name, identity, directory and kind are set. */
static struct reader begin_file(struct reader *reader, const struct loaded *made)
{
    struct so_far *so_far = reader->so_far;
    struct reader inner = *reader;
    inner.file = arena_take(reader->arena, 1, sizeof *inner.file);
    *inner.file = *made;
    so_far->files = arena_grow(reader->arena, so_far->files, so_far->file_count, sizeof *so_far->files);
    so_far->files[so_far->file_count++] = inner.file;
    return inner;
}

static char *real_path(struct reader *reader, const char *path)
{
    char *real = realpath(path, NULL);
    if (!real) return NULL;
    arena_defer(reader->arena, free, real);
    return real;
}

static char *take_contents(struct reader *reader, const char *path, const char *directory,
                           enum file_kind kind, size_t *size)
{
    struct stat status;
    /* One byte more than it should need: to see that it grew, or is too large, which who parses it says. */
    size_t room =
        stat(path, &status) == 0 && status.st_size <= TREE_SIZE_MAX ? (size_t)status.st_size : TREE_SIZE_MAX;
    char *bytes = arena_take(reader->arena, ++room, 1);
    if (!read_bytes(path, bytes, room, &status, size))
        complain_of_file(reader, path, "it cannot be read (%s): make it readable, or do without it",
                         strerror(errno));
    else if (!S_ISREG(status.st_mode))
        complain_of_file(reader, path, "it is no regular file: name a file");
    else if (*size == room && room <= TREE_SIZE_MAX)
        complain_of_file(reader, path, "it changed while it was read: try again");
    else if (kind == FILE_PROJECT || check_ownership(reader, path, &status, directory))
        return bytes;
    return NULL;
}

struct loaded *load_path(struct reader *reader, const char *path, enum file_kind kind, enum missing missing)
{
    const char *name = arena_string(reader->arena, path);
    char *real = real_path(reader, path);
    if (!real) {
        if (missing == MISSING_IS_ERROR || (errno != ENOENT && errno != ENOTDIR))
            complain_of_file(reader, name,
                             "it cannot be read (%s): write default, strict or the path of a file",
                             strerror(errno));
        return NULL;
    }
    struct loaded *file = find_loaded(reader, real, kind);
    if (file) return file;
    size_t size = 0;
    char *directory = directory_of(reader->arena, real);
    char *bytes = take_contents(reader, name, directory, kind, &size);
    if (!bytes) return NULL;
    struct loaded made = {.name = name, .directory = directory, .identity = real, .kind = kind};
    struct reader inner = begin_file(reader, &made);
    read_file(&inner, bytes, size);
    return inner.file;
}

struct loaded *load_builtin(struct reader *reader, const char *name)
{
    const struct packed *packed = packed_policy(name);
    struct loaded *file = find_loaded(reader, name, FILE_POLICY);
    if (file || !packed) return file;
    struct loaded made = {.name = packed->file, .identity = packed->name, .kind = FILE_POLICY};
    struct reader inner = begin_file(reader, &made);
    read_packed(&inner, packed);
    return inner.file;
}

static struct loaded *find_extended(struct reader *reader, const struct node *at, const char *name)
{
    struct strings values;
    if (strcmp(name, "default") == 0 || strcmp(name, "strict") == 0) return load_builtin(reader, name);
    if (!expand(reader, at, name, EXPAND_PLAIN, TILDE_IS_HOME, &values)) return NULL;
    if (values.count != 1 || (values.items[0][0] != '/' && !reader->file->directory)) {
        complain(reader, at, "\"%.200s\" names no file here: write default, strict or the path of a file",
                 name);
        return NULL;
    }
    const char *path = values.items[0];
    if (path[0] != '/') path = arena_format(reader->arena, "%s/%s", reader->file->directory, path);
    if (access(path, F_OK) != 0) {
        complain(reader, at,
                 "the file \"%.200s\" cannot be found (%s): write default, strict or the path of a file",
                 path, strerror(errno));
        return NULL;
    }
    return load_path(reader, path, FILE_POLICY, MISSING_IS_ERROR);
}

struct loaded *load_extended(struct reader *reader, const struct node *at, const char *name)
{
    struct loaded *file = find_extended(reader, at, name);
    if (!file || file->finished) return file;
    complain(reader, at,
             "\"%.200s\" extends this file in turn, so neither would ever be read: remove one \"extends\"",
             name);
    return NULL;
}
