/* temporary.c: files whose name or place the C library chooses: temporary ones, shared memory, queues, login
 * records. */
#include "../policy/plain.h"
#include "bytes.h"
#include "change.h"
#include "judge.h"
#include "open.h"
#include "wrap.h"

#define LETTERS 6       /* how many X a template has */
#define ATTEMPTS 238328 /* as many as the C library makes */

static bool is_template(const char *letters)
{
    return bytes_begin(letters, "XXXXXX");
}

static long make_letters(char *letters)
{
    static const char alphabet[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
    uint64_t random;
    long got = raw_call(__NR_getrandom, &random, sizeof random, 0);
    if (got != (long)sizeof random) return got < 0 ? got : -EIO;
    for (int i = 0; i < LETTERS; i++, random /= sizeof alphabet - 1)
        letters[i] = alphabet[random % (sizeof alphabet - 1)];
    return 0;
}

/* mkstemp and mkdtemp: `make` is tried with one name after the other until one is free. */
typedef long make_named(const char *path, int flags);

static long make_temporary(char *template, int suffix, int flags, make_named *make)
{
    size_t length = strlen(template);
    if (suffix < 0 || length < LETTERS + (size_t)suffix) return -EINVAL;
    char *letters = template + length - (size_t)suffix - LETTERS;
    if (!is_template(letters)) return -EINVAL;
    for (int i = 0; i < ATTEMPTS; i++) {
        long result = make_letters(letters);
        if (!result) result = make(template, flags);
        if (result != -EEXIST) return result;
    }
    return -EEXIST;
}

static long make_file(const char *path, int flags)
{
    return open_judged(AT_FDCWD, path, (flags & ~O_ACCMODE) | O_RDWR | O_CREAT | O_EXCL, 0600);
}

static long make_directory(const char *path, int flags)
{
    (void)flags;
    return change_mkdir(AT_FDCWD, path, 0700);
}

WRAP(int, mkstemp, char *template)
{
    return (int)give_result(make_temporary(template, 0, 0, make_file));
}
SAME(mkstemp64, mkstemp);

WRAP(int, mkostemp, char *template, int flags)
{
    return (int)give_result(make_temporary(template, 0, flags, make_file));
}
SAME(mkostemp64, mkostemp);

WRAP(int, mkstemps, char *template, int suffix)
{
    return (int)give_result(make_temporary(template, suffix, 0, make_file));
}
SAME(mkstemps64, mkstemps);

WRAP(int, mkostemps, char *template, int suffix, int flags)
{
    return (int)give_result(make_temporary(template, suffix, flags, make_file));
}
SAME(mkostemps64, mkostemps);

WRAP(char *, mkdtemp, char *template)
{
    return give_result(make_temporary(template, 0, 0, make_directory)) < 0 ? NULL : template;
}

WRAP(void *, tmpfile, void)
{
    void *(*real)(int, const char *) = session_function("fdopen");
    char name[] = "/tmp/tmpfXXXXXX";
    if (!real) return NULL;
    long fd =
        libc_is_glibc() ? open_judged(AT_FDCWD, "/tmp", O_RDWR | O_EXCL | O_TMPFILE, 0600) : -EOPNOTSUPP;
    if (fd == -EOPNOTSUPP || fd == -EISDIR) {
        fd = make_temporary(name, 0, 0, make_file);
        if (fd >= 0) change_unlink(AT_FDCWD, name, 0);
    }
    if (fd < 0) return give_result(fd), NULL;
    void *stream = real((int)fd, "w+");
    if (!stream) raw_close((int)fd);
    return stream;
}
SAME(tmpfile64, tmpfile);

/* The path of a named object in a file system of its own; false: no such name is possible. */
static bool object_path(struct text *path, const char *folder, const char *name)
{
    text_begin(path);
    while (*name == '/')
        name++;
    size_t length = strlen(name);
    return length && length < NAME_MAX && last_name(name) == name && text_add(path, folder, strlen(folder)) &&
           text_add(path, name, length);
}

WRAP(int, shm_open, const char *name, int flags, unsigned mode)
{
    struct text path;
    int more = O_NOFOLLOW | O_CLOEXEC | (libc_is_glibc() ? 0 : O_NONBLOCK);
    long fd = object_path(&path, "/dev/shm/", name) ? open_judged(AT_FDCWD, path.bytes, flags | more, mode)
                                                    : -EINVAL;
    text_end(&path);
    return (int)give_result(fd);
}

WRAP(int, shm_unlink, const char *name)
{
    struct text path;
    long result = object_path(&path, "/dev/shm/", name) ? change_unlink(AT_FDCWD, path.bytes, 0) : -ENOENT;
    text_end(&path);
    return (int)give_result(result);
}

/* Whether such an object may be used or changed. A name that is impossible is left for the C library to say.
 */
static long object_may(const char *folder, const char *name, enum wire_change change)
{
    const struct session *session = session_get();
    struct text path;
    long result = 0;
    if (session && name && object_path(&path, folder, name)) {
        result = judge_text(session, DEED_READ | DEED_WRITE, change, path.bytes);
        text_end(&path);
    }
    return result;
}

WRAP(void *, sem_open, const char *name, int flags, ...)
{
    void *(*real)(const char *, int, ...) = session_function("sem_open");
    va_list list;
    va_start(list, flags);
    unsigned mode = flags & O_CREAT ? va_arg(list, unsigned) : 0;
    unsigned value = flags & O_CREAT ? va_arg(list, unsigned) : 0;
    va_end(list);
    if (!real) return NULL;
    long result = object_may("/dev/shm/sem.", name, WIRE_CHANGE_OPEN);
    return result ? give_result(result), NULL : real(name, flags, mode, value);
}

WRAP(int, sem_unlink, const char *name)
{
    int (*real)(const char *) = session_function("sem_unlink");
    if (!real) return -1;
    long result = object_may("/dev/shm/sem.", name, WIRE_CHANGE_REMOVE);
    return result ? (int)give_result(result) : real(name);
}

static int open_queue(const char *name, int flags, unsigned mode, void *attributes)
{
    int (*real)(const char *, int, ...) = session_function("mq_open");
    if (!real) return -1;
    long result = object_may("/dev/mqueue/", name, WIRE_CHANGE_OPEN);
    return result ? (int)give_result(result) : real(name, flags, mode, attributes);
}

WRAP(int, mq_open, const char *name, int flags, ...)
{
    va_list list;
    va_start(list, flags);
    unsigned mode = flags & O_CREAT ? va_arg(list, unsigned) : 0;
    void *attributes = flags & O_CREAT ? va_arg(list, void *) : NULL;
    va_end(list);
    return open_queue(name, flags, mode, attributes);
}

WRAP(int, __mq_open_2, const char *name, int flags)
{
    return open_queue(name, flags & ~O_CREAT, 0, NULL);
}

WRAP(int, mq_unlink, const char *name)
{
    int (*real)(const char *) = session_function("mq_unlink");
    if (!real) return -1;
    long result = object_may("/dev/mqueue/", name, WIRE_CHANGE_REMOVE);
    return result ? (int)give_result(result) : real(name);
}

/* Login records: the C library opens the files by itself, the one named with utmpname() among them. */
static const char utmp_file[] = "/var/run/utmp";
static const char wtmp_file[] = "/var/log/wtmp";

static long record_may(const char *path, unsigned deeds)
{
    const struct session *session = session_get();
    struct place place;
    if (!session || !path) return 0;
    long result = where_file(&place, AT_FDCWD, path, 0, 0);
    result = result ? 0 : judge_place(session, deeds, WIRE_CHANGE_OPEN, &place, path);
    where_end(&place);
    return result;
}

/* Reading is all that is asked for the system's own files, which pututline() is judged for; of any other file
 * there is no telling afterwards that it was meant. */
WRAP(int, utmpname, const char *path)
{
    int (*real)(const char *) = session_function("utmpname");
    if (!real) return -1;
    bool usual = path && (bytes_begin(path, "/var/run/") || bytes_begin(path, "/run/") ||
                          bytes_begin(path, "/var/log/"));
    long result = record_may(path, usual ? DEED_READ : DEED_READ | DEED_WRITE);
    return result ? (int)give_result(result) : real(path);
}
SAME(utmpxname, utmpname);

static void *put_record(const char *name, const void *record)
{
    void *(*real)(const void *) = session_function(name);
    if (!real) return NULL;
    long result = record_may(utmp_file, DEED_WRITE);
    return result ? give_result(result), NULL : real(record);
}

WRAP(void *, pututline, const void *record)
{
    return put_record("pututline", record);
}
WRAP(void *, pututxline, const void *record)
{
    return put_record("pututxline", record);
}

WRAP(void, updwtmp, const char *path, const void *record)
{
    void (*real)(const char *, const void *) = session_function("updwtmp");
    if (real && !record_may(path, DEED_WRITE)) real(path, record);
}
SAME(updwtmpx, updwtmp);

WRAP(void, logwtmp, const char *line, const char *name, const char *host)
{
    void (*real)(const char *, const char *, const char *) = session_function("logwtmp");
    if (real && !record_may(wtmp_file, DEED_WRITE)) real(line, name, host);
}

WRAP(void, login, const void *record)
{
    void (*real)(const void *) = session_function("login");
    if (real && !record_may(utmp_file, DEED_WRITE) && !record_may(wtmp_file, DEED_WRITE)) real(record);
}
