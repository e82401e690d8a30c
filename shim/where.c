/* where.c: which file a path really is (where.h). */
#include "where.h"

#include "../policy/plain.h"

#include "raw/raw.h"

#define UNSURE (-EAGAIN)
static const char deleted_mark[] = " (deleted)";
#define DELETED_LENGTH (sizeof deleted_mark - 1)

static bool ends(const char *bytes, size_t length, const char *ending, size_t ending_length)
{
    return length >= ending_length && !memcmp(bytes + length - ending_length, ending, ending_length);
}

/* Appends the target of a link in /proc that names a descriptor. */
static long descriptor_path(struct text *text, int fd)
{
    char link[FD_PATH];
    bytes_fd_path(link, fd);
    long size = raw_readlinkat(AT_FDCWD, link, text->bytes, text->room - 1);
    if (size == (long)text->room - 1) { /* perhaps cut */
        if (!text_widen(text)) return -ENOMEM;
        size = raw_readlinkat(AT_FDCWD, link, text->bytes, text->room - 1);
    }
    if (size < 0) return size;
    text->length = (size_t)size;
    text->bytes[size] = 0;
    return 0;
}

/* The kernel marks the path of a file that was removed; a file may also be called so. */
static APART void unmark_deleted(struct place *place)
{
    struct text *path = &place->path;
    struct stat named;
    if (!ends(path->bytes, path->length, deleted_mark, DELETED_LENGTH)) return;
    if (!raw_stat(AT_FDCWD, path->bytes, &named, AT_SYMLINK_NOFOLLOW) && named.st_dev == place->device &&
        named.st_ino == place->inode)
        return;
    if (bytes_begin(path->bytes, "/memfd:")) {
        place->nameless = true;
        return;
    }
    path->length -= DELETED_LENGTH;
    path->bytes[path->length] = 0;
}

bool where_has_several_names(const struct stat *status)
{
    return status->st_nlink > 1 && (status->st_mode & S_IFMT) != S_IFDIR;
}

/* Fills in what the descriptor says of the file. */
static APART long look(struct place *place)
{
    struct stat status;
    long result = raw_fstat(place->fd, &status);
    if (!result) result = descriptor_path(&place->path, place->fd);
    if (result) return result;
    place->mode = status.st_mode;
    place->several = where_has_several_names(&status);
    place->device = status.st_dev;
    place->inode = status.st_ino;
    if (place->path.bytes[0] == '/')
        unmark_deleted(place);
    else if (place->path.bytes[0] == '(')
        return -ENOENT; /* "(unreachable)": outside of this process' root */
    else
        place->nameless = true;
    place->length = place->path.length;
    return 0;
}

void where_begin(struct place *place)
{
    text_begin(&place->path);
    place->fd = -1;
    place->name = NULL;
    place->length = 0;
    place->nameless = place->several = false;
    place->mode = 0;
    place->device = place->inode = 0;
}

static long find(int dirfd, const char *path, int flags, uint64_t resolve)
{
    struct open_how how = {.flags = (unsigned)(O_PATH | O_CLOEXEC | flags), .resolve = resolve};
    return resolve ? raw_openat2(dirfd, path, &how) : raw_openat(dirfd, path, (int)how.flags, 0);
}

long where_file(struct place *place, int dirfd, const char *path, int flags, uint64_t resolve)
{
    where_begin(place);
    long fd = find(dirfd, path, flags, resolve);
    if (fd < 0) return fd;
    place->fd = (int)fd;
    return look(place);
}

long where_descriptor(struct place *place, int fd)
{
    where_begin(place);
    long copy = raw_fcntl(fd, F_DUPFD_CLOEXEC, 0);
    if (copy < 0) return copy;
    place->fd = (int)copy;
    return look(place);
}

long where_name(struct place *place, int dirfd, const char *path, uint64_t resolve)
{
    size_t length = strlen(path), name_length;
    char name[NAME_MAX + 2];
    where_begin(place);
    if (!length) return -ENOENT;
    if (length >= PATH_MAX) return -ENAMETOOLONG;
    size_t end = length;
    while (end && path[end - 1] == '/')
        end--;
    size_t start = (size_t)(last_part(path, end, &name_length) - path);
    if (name_length > NAME_MAX) return -ENAMETOOLONG;
    memcpy(name, path + start, name_length);
    name[name_length] = 0;
    if (!name_length || bytes_same(name, ".") || bytes_same(name, "..")) return WHERE_NO_NAME;

    if (!text_add(&place->path, start ? path : ".", start ? start : 1)) return -ENOMEM;
    long fd = find(dirfd, place->path.bytes, O_DIRECTORY, resolve);
    if (fd < 0) return fd;
    place->fd = (int)fd;
    long result = look(place);
    if (result) return result;
    place->mode = 0;
    place->several = false;
    place->device = place->inode = 0;

    if (place->length > 1 && !text_add(&place->path, "/", 1)) return -ENOMEM;
    place->length = place->path.length + name_length;
    bool slash = start + name_length < length;
    name[name_length] = '/';
    if (!text_add(&place->path, name, name_length + slash)) return -ENOMEM;
    place->name = place->path.bytes + place->length - name_length;
    return 0;
}

void where_end(struct place *place)
{
    if (place->fd >= 0) raw_close(place->fd);
    text_end(&place->path);
}

/* The directory that a relative path begins in. */
static long base(struct text *text, int dirfd)
{
    if (dirfd != AT_FDCWD) return descriptor_path(text, dirfd);
    long size = raw_call(__NR_getcwd, text->bytes, text->room);
    if (size <= 0) return UNSURE;
    text->length = (size_t)size - 1;
    return 0;
}

/* Copies the next part of the path, with a slash before it. False: there is no room. */
static bool copy_part(char **to, const char *end, const char **path)
{
    if (*to < end) *(*to)++ = '/';
    while (**path && **path != '/' && *to < end)
        *(*to)++ = *(*path)++;
    return *to < end;
}

long where_plainly(struct text *text, int dirfd, const char *path)
{
    if (!path[0]) return UNSURE;
    if (path[0] != '/') {
        if (base(text, dirfd) || text->bytes[0] != '/' ||
            ends(text->bytes, text->length, deleted_mark, DELETED_LENGTH))
            return UNSURE;
        if (text->length == 1) text->length = 0;
    }
    bool last_is_dot = true, goes_up = false;
    char *to = text->bytes + text->length;
    for (;;) {
        char *part = to;
        while (*path == '/')
            path++;
        if (!*path) break;
        if (!copy_part(&to, text->bytes + text->room - 1, &path)) return UNSURE;
        last_is_dot = to - part == 2 && part[1] == '.';
        goes_up = goes_up || (to - part == 3 && part[1] == '.' && part[2] == '.');
        if (last_is_dot) to = part;
    }
    *to = 0;
    text->length = (size_t)(to - text->bytes);
    if (goes_up) return WHERE_GOES_UP;
    /* A slash or a dot at its end demands a directory. */
    return last_is_dot || path[-1] == '/' ? WHERE_ONLY_DIRECTORY : 0;
}
