/* stdio.c: the C library's own ways of opening files and directories: fopen, opendir and their like.
 *
 * Where there is a call that takes a descriptor, the file is opened here and handed to it. Where there is
 * none, the C library is given the name in /proc of what was judged. Walks (ftw, fts, glob) are judged where
 * they begin.
 */
#include "bytes.h"
#include "judge.h"
#include "open.h"
#include "python.h"
#include "wrap.h"

#define MODE_SIZE 96

/* The flags of open() that a mode of fopen() stands for; -1: it stands for nothing. */
static int mode_flags(const char *mode)
{
    int flags;
    switch (*mode) {
    case 'r': flags = O_RDONLY; break;
    case 'w': flags = O_WRONLY | O_CREAT | O_TRUNC; break;
    case 'a': flags = O_WRONLY | O_CREAT | O_APPEND; break;
    default: return -1;
    }
    while (*++mode && *mode != ',') {
        if (*mode == '+')
            flags = (flags & ~O_ACCMODE) | O_RDWR;
        else if (*mode == 'x')
            flags |= O_EXCL;
        else if (*mode == 'e')
            flags |= O_CLOEXEC;
    }
    return flags;
}

/* The mode without the x, for a file that has just been made. False: too long. */
static bool mode_again(char *to, const char *mode)
{
    size_t length = 0;
    bool options = true;
    for (; *mode; mode++) {
        options = options && *mode != ',';
        if (options && *mode == 'x') continue;
        if (length == MODE_SIZE - 1) return false;
        to[length++] = *mode;
    }
    to[length] = 0;
    return true;
}

static bool has_options(const char *mode)
{
    while (*mode && *mode != ',')
        mode++;
    return *mode;
}

/* Opens by the C library's NAME(path, mode) what was found and judged. */
static void *open_by_name(const char *name, const char *path, const char *mode, int flags)
{
    void *(*real)(const char *, const char *) = session_function(name);
    char again[MODE_SIZE], checked[FD_PATH];
    if (!real) return NULL;
    if (!mode_again(again, mode)) return give_error(EINVAL), NULL;
    long found = open_found(AT_FDCWD, path, flags, 0666);
    if (found < 0) return give_result(found), NULL;
    bytes_fd_path(checked, (int)found);
    void *stream = real(checked, again);
    raw_close((int)found);
    return stream;
}

/* fdopen, unlike fopen, does not count where the end is that will be appended to. */
extern int fseek(void *stream, long offset, int whence) __attribute__((weak));
#define SEEK_TO_END 2

static void *fopen_judged(const char *path, const char *mode)
{
    int flags = mode ? mode_flags(mode) : -1;
    if (flags < 0) return give_error(EINVAL), NULL;
    if (__builtin_expect(python_waits, 0)) python_attend();
    if (has_options(mode)) return open_by_name("fopen", path, mode, flags);
    void *(*real)(int, const char *) = session_function("fdopen");
    if (!real) return NULL;
    long fd = open_judged(AT_FDCWD, path, flags, 0666);
    if (fd < 0) return give_result(fd), NULL;
    void *stream = real((int)fd, mode);
    if (!stream) raw_close((int)fd);
    if (stream && libc_is_glibc() && (flags & (O_ACCMODE | O_APPEND)) == (O_WRONLY | O_APPEND) && fseek)
        fseek(stream, 0, SEEK_TO_END);
    return stream;
}

WRAP(void *, fopen, const char *path, const char *mode)
{
    return fopen_judged(path, mode);
}
SAME(fopen64, fopen);
SAME(_IO_fopen, fopen);

/* With no path the stream's own file is opened again in another mode. */
static long freopen_found(const char *path, int flags, void *stream)
{
    const struct session *session = session_get();
    int (*number)(void *);
    struct place place;
    if (path) return open_found(AT_FDCWD, path, flags, 0666);
    if (!(number = session_function("fileno"))) return -ENOSYS;
    unsigned deeds = (flags & O_ACCMODE) == O_RDONLY ? DEED_READ : DEED_READ | DEED_WRITE;
    long result = where_descriptor(&place, number(stream));
    if (!result) result = judge_place(session, deeds, WIRE_CHANGE_OPEN, &place, place.path.bytes);
    where_end(&place);
    return result;
}

typedef void *real_freopen(const char *, const char *, void *);

/* The stream's file is closed all the same: an empty path does that, and nothing else. */
static void *freopen_failed(real_freopen *real, void *stream, long error)
{
    real("", "r", stream);
    give_result(error);
    return NULL;
}

WRAP(void *, freopen, const char *path, const char *mode, void *stream)
{
    real_freopen *real = session_function("freopen");
    char again[MODE_SIZE], checked[FD_PATH];
    int flags = mode ? mode_flags(mode) : -1;
    if (!real) return NULL;
    if (!session_get() || flags < 0) return real(path, mode, stream);
    if (!mode_again(again, mode)) return give_error(EINVAL), NULL;
    long found = freopen_found(path, flags, stream);
    if (found < 0) return freopen_failed(real, stream, found);
    if (!path) return real(NULL, mode, stream);
    bytes_fd_path(checked, (int)found);
    void *opened = real(checked, again, stream);
    raw_close((int)found);
    return opened;
}
SAME(freopen64, freopen);

/* Both are what very old programs' own stdio calls. */
WRAP(void *, _IO_file_fopen, void *stream, const char *path, const char *mode, int narrow)
{
    void *(*real)(void *, const char *, const char *, int) = session_function("_IO_file_fopen");
    char again[MODE_SIZE], checked[FD_PATH];
    int flags = mode ? mode_flags(mode) : -1;
    if (!real) return NULL;
    if (flags < 0 || !mode_again(again, mode)) return give_error(EINVAL), NULL;
    long found = open_found(AT_FDCWD, path, flags, 0666);
    if (found < 0) return give_result(found), NULL;
    bytes_fd_path(checked, (int)found);
    void *opened = real(stream, checked, again, narrow);
    raw_close((int)found);
    return opened;
}

WRAP(void *, _IO_file_open, void *stream, const char *path, int flags, int mode, int kind, int narrow)
{
    void *(*real)(void *, const char *, int, int, int, int) = session_function("_IO_file_open");
    char checked[FD_PATH];
    if (!real) return NULL;
    long found = open_found(AT_FDCWD, path, flags, (unsigned)mode);
    if (found < 0) return give_result(found), NULL;
    bytes_fd_path(checked, (int)found);
    void *opened = real(stream, checked, flags & ~O_EXCL, mode, kind, narrow);
    raw_close((int)found);
    return opened;
}

/* Mount tables are read, and sometimes written, by way of stdio. */
WRAP(void *, setmntent, const char *path, const char *mode)
{
    char plain[MODE_SIZE];
    size_t length = mode ? strlen(mode) : 0;
    if (!length || length > sizeof plain - 2) return give_error(EINVAL), NULL;
    memcpy(plain, mode, length);
    memcpy(plain + length, "e", 2);
    return fopen_judged(path, plain);
}
SAME(__setmntent, setmntent);

WRAP(void *, opendir, const char *path)
{
    void *(*real)(int) = session_function("fdopendir");
    if (!real) return NULL;
    if (__builtin_expect(python_waits, 0)) python_attend();
    long fd = open_judged(AT_FDCWD, path, O_RDONLY | O_NONBLOCK | O_DIRECTORY | O_CLOEXEC, 0);
    if (fd < 0) return give_result(fd), NULL;
    void *stream = real((int)fd);
    if (!stream) raw_close((int)fd);
    return stream;
}

static int scan_judged(int dirfd, const char *path, void *list, void *filter, void *order)
{
    int (*real)(const char *, void *, void *, void *) = session_function("scandir");
    char checked[FD_PATH];
    if (!real) return -1;
    long found = open_found(dirfd, path, O_RDONLY | O_DIRECTORY, 0);
    if (found < 0) return (int)give_result(found);
    bytes_fd_path(checked, (int)found);
    int count = real(checked, list, filter, order);
    raw_close((int)found);
    return count;
}

WRAP(int, scandir, const char *path, void *list, void *filter, void *order)
{
    return scan_judged(AT_FDCWD, path, list, filter, order);
}
SAME(scandir64, scandir);

WRAP(int, scandirat, int dirfd, const char *path, void *list, void *filter, void *order)
{
    return scan_judged(dirfd, path, list, filter, order);
}
SAME(scandirat64, scandirat);

/* Whether a walk may begin there. What is not there, or cannot be looked at, the walk will say itself. */
static long walk_judged(const char *path)
{
    const struct session *session = session_get();
    struct place place;
    if (!session || !path) return 0;
    long result = where_file(&place, AT_FDCWD, path, 0, 0);
    result = result ? 0 : judge_place(session, DEED_READ, 0, &place, path);
    where_end(&place);
    return result;
}

static int tree_walk(const char *name, const char *path, void *each, int descriptors, int flags)
{
    int (*real)(const char *, void *, int, int) = session_function(name);
    if (!real) return -1;
    long judged = walk_judged(path);
    return judged ? (int)give_result(judged) : real(path, each, descriptors, flags);
}

WRAP(int, ftw, const char *path, void *each, int descriptors)
{
    return tree_walk("ftw", path, each, descriptors, 0);
}
WRAP(int, ftw64, const char *path, void *each, int descriptors)
{
    return tree_walk("ftw64", path, each, descriptors, 0);
}
WRAP(int, nftw, const char *path, void *each, int descriptors, int flags)
{
    return tree_walk("nftw", path, each, descriptors, flags);
}
WRAP(int, nftw64, const char *path, void *each, int descriptors, int flags)
{
    return tree_walk("nftw64", path, each, descriptors, flags);
}

static void *fts_judged(const char *name, char *const *paths, int options, void *compare)
{
    void *(*real)(char *const *, int, void *) = session_function(name);
    if (!real) return NULL;
    for (char *const *path = paths; path && *path; path++) {
        long judged = walk_judged(*path);
        if (judged) return give_result(judged), NULL;
    }
    return real(paths, options, compare);
}

WRAP(void *, fts_open, char *const *paths, int options, void *compare)
{
    return fts_judged("fts_open", paths, options, compare);
}
WRAP(void *, fts64_open, char *const *paths, int options, void *compare)
{
    return fts_judged("fts64_open", paths, options, compare);
}

#define GLOB_ABORTED_CODE 2 /* GLOB_ABORTED in glibc and musl */

/* The directory that the pattern's plain beginning names. */
static long glob_begins(const char *pattern)
{
    struct text text;
    size_t slash = 0;
    for (size_t i = 0; pattern[i] && pattern[i] != '*' && pattern[i] != '?' && pattern[i] != '[' &&
                       pattern[i] != '\\' && pattern[i] != '{' && pattern[i] != '~';
         i++)
        if (pattern[i] == '/') slash = i + 1;
    text_begin(&text);
    long result = -ENAMETOOLONG;
    if (text_add(&text, slash ? pattern : ".", slash ? slash : 1)) result = walk_judged(text.bytes);
    text_end(&text);
    return result;
}

static int glob_judged(const char *name, const char *pattern, int flags, void *error, void *found)
{
    int (*real)(const char *, int, void *, void *) = session_function(name);
    if (!real) return GLOB_ABORTED_CODE;
    long judged = pattern ? glob_begins(pattern) : 0;
    if (judged) return give_result(judged), GLOB_ABORTED_CODE;
    return real(pattern, flags, error, found);
}

WRAP(int, glob, const char *pattern, int flags, void *error, void *found)
{
    return glob_judged("glob", pattern, flags, error, found);
}
WRAP(int, glob64, const char *pattern, int flags, void *error, void *found)
{
    return glob_judged("glob64", pattern, flags, error, found);
}
