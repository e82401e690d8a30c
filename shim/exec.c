/* exec.c: a program that is about to be executed (exec.h), and the functions that execute one.
 *
 * PATH is searched first and one question asked, instead of one for every place where the program is not.
 */
#include "exec.h"

#include "door.h"
#include "environ.h"
#include "where.h"
#include "wrap.h"

#define CAN_EXECUTE 1 /* X_OK */
#define FEW_ARGUMENTS 16
#define SHELL "/bin/sh"

static size_t count_strings(const char *const *vector)
{
    size_t count = 0;
    while (vector && vector[count])
        count++;
    return count;
}

/* By the descriptor's own number where the kernel can (5.8), and nothing stands before it that does not know
 * the call; else by its name. */
static long may_execute(int fd)
{
    char name[FD_PATH];
    long result = raw_call(__NR_faccessat2, fd, "", CAN_EXECUTE, AT_EMPTY_PATH);
    if (!result || result == -EACCES) return result;
    bytes_fd_path(name, fd);
    return raw_call(__NR_faccessat, AT_FDCWD, name, CAN_EXECUTE);
}

static long find_program(struct place *place, int dirfd, const char *path, int flags)
{
    bool of_descriptor = flags & AT_EMPTY_PATH && !*path;
    long result = of_descriptor
                      ? where_descriptor(place, dirfd)
                      : where_file(place, dirfd, path, flags & AT_SYMLINK_NOFOLLOW ? O_NOFOLLOW : 0, 0);
    if (result) return result;
    if ((place->mode & S_IFMT) == S_IFLNK) return -ELOOP;
    if ((place->mode & S_IFMT) != S_IFREG) return -EACCES;
    return may_execute(place->fd);
}

static long ask(struct approved *approved, const struct session *session, const struct place *place,
                const char *called, unsigned wire, const char *const *argv)
{
    struct request request = {
        .kind = WIRE_EXEC,
        .flags = wire,
        .device = place->device,
        .inode = place->inode,
        .strings = {called, place->path.bytes},
        .string_count = 2,
        .argv = argv,
        .argc = count_strings(argv),
    };
    return door_ask_open(session, &request, &approved->door);
}

/* What is relative to a descriptor is called by that one's name, so that the launcher can look it up. */
static APART long ask_relative(struct approved *approved, const struct session *session,
                               const struct place *place, int dirfd, const char *path, unsigned wire,
                               const char *const *argv)
{
    size_t length = strlen(path), size = FD_PATH + length + 2;
    char *called = raw_map(size);
    if (!called) return -ENOMEM;
    char *end = bytes_fd_path(called, dirfd);
    if (length) *end++ = '/';
    memcpy(end, path, length + 1);
    long result = ask(approved, session, place, called, wire, argv);
    raw_unmap(called, size);
    return result;
}

APART long exec_ask(struct approved *approved, const struct session *session, int dirfd, const char *path,
                    int flags, unsigned wire, const char *const *argv, bool *refused)
{
    struct place place;
    long result = find_program(&place, dirfd, path, flags);
    approved->door = -1;
    approved->device = place.device;
    approved->inode = place.inode;
    *refused = false;
    if (!result) {
        result = *path == '/' || dirfd == AT_FDCWD
                     ? ask(approved, session, &place, path, wire, argv)
                     : ask_relative(approved, session, &place, dirfd, path, wire, argv);
        *refused = result < 0;
    }
    where_end(&place);
    return result;
}

long exec_same(const struct approved *approved, int dirfd, const char *path, int flags)
{
    struct stat status;
    long result = raw_stat(dirfd, path, &status, flags & (AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW));
    if (result) return result;
    if (status.st_dev == approved->device && status.st_ino == approved->inode) return 0;
    door_complain("the program is another one than was asked about");
    return -EACCES;
}

/* Without flags it is plain execve, which names the program as it was called. */
static long execute(int dirfd, const char *path, const char *const *argv, const char *const *envp, int flags)
{
    if (dirfd == AT_FDCWD && !flags) return raw_call(__NR_execve, path, argv, envp);
    return raw_call(__NR_execveat, dirfd, path, argv, envp, flags);
}

static APART long execute_kept(const struct approved *approved, const struct session *session, int dirfd,
                               const char *path, const char *const *argv, const char *const *envp, int flags)
{
    struct environ_kept kept;
    const char *const *right = environ_keep(&kept, session, envp);
    if (envp && !right) return -ENOMEM;
    long result = exec_same(approved, dirfd, path, flags);
    if (!result) result = execute(dirfd, path, argv, right, flags);
    environ_end(&kept);
    return result;
}

/* Under guard kernel the call itself is judged. What is not there is not worth a trip to the launcher:
 * programs try one directory of PATH after the other. */
static APART long execute_watched(const struct session *session, int dirfd, const char *path,
                                  const char *const *argv, const char *const *envp, int flags)
{
    struct environ_kept kept;
    struct stat status;
    long there = flags ? 0 : raw_stat(dirfd, path, &status, 0);
    if (there == -ENOENT || there == -ENOTDIR) return there;
    const char *const *right = environ_keep(&kept, session, envp);
    if (envp && !right) return -ENOMEM;
    long result = execute(dirfd, path, argv, right, flags);
    environ_end(&kept);
    return result;
}

long exec_judged(int dirfd, const char *path, const char *const *argv, const char *const *envp, int flags,
                 bool *refused)
{
    const struct session *session = session_any();
    struct approved approved;
    *refused = false;
    if (!session || !path) return execute(dirfd, path, argv, envp, flags);
    if (!session->judges) {
        long result = execute_watched(session, dirfd, path, argv, envp, flags);
        *refused = result == -EACCES; /* of a file that may be executed */
        return result;
    }
    long result = exec_ask(&approved, session, dirfd, path, flags, 0, argv, refused);
    if (result) return result;
    result = execute_kept(&approved, session, dirfd, path, argv, envp, flags);
    door_done(approved.door, result);
    return result;
}

static const char *search_path(void)
{
    const char *value;
    for (const char *const *entry = environ_own(); entry && *entry; entry++)
        if ((value = bytes_value(*entry, "PATH"))) return value;
    return libc_is_glibc() ? "/bin:/usr/bin" : "/usr/local/bin:/bin:/usr/bin";
}

void search_begin(struct search *search, int dirfd, const char *name)
{
    search->rest = search_path();
    search->dirfd = dirfd;
    search->name = name;
    search->error = -ENOENT;
    text_begin(&search->path);
}

/* The next place's own path to the name; false: PATH is at its end. */
static bool next_candidate(struct search *search)
{
    size_t length = 0;
    if (!search->rest) return false;
    while (search->rest[length] && search->rest[length] != ':')
        length++;
    search->path.length = 0;
    bool fits = text_add(&search->path, search->rest, length) &&
                (!length || text_add(&search->path, "/", 1)) &&
                text_add(&search->path, search->name, strlen(search->name));
    search->rest = search->rest[length] ? search->rest + length + 1 : NULL;
    if (!fits) search->path.bytes[search->path.length = 0] = 0;
    return true;
}

bool search_next(struct search *search)
{
    struct stat status;
    if (!*search->name) return false;
    while (next_candidate(search)) {
        long result = raw_stat(search->dirfd, search->path.bytes, &status, 0);
        if (!result && (status.st_mode & S_IFMT) != S_IFREG) result = -EACCES;
        if (!result) result = raw_call(__NR_faccessat, search->dirfd, search->path.bytes, CAN_EXECUTE);
        if (!result) return true;
        if (result == -EACCES) search->error = -EACCES;
    }
    return false;
}

void search_end(struct search *search)
{
    text_end(&search->path);
}

static bool has_slash(const char *name)
{
    while (*name && *name != '/')
        name++;
    return *name;
}

/* A text without a #! line is the shell's to run, where the C library does so. */
static APART long execute_script(const char *path, const char *const *argv, const char *const *envp)
{
    const char *few[FEW_ARGUMENTS], **words = few;
    size_t count = count_strings(argv), size = (count + 3) * sizeof *words;
    bool refused;
    if (count + 3 > FEW_ARGUMENTS && !(words = raw_map(size))) return -ENOMEM;
    words[0] = SHELL;
    words[1] = path;
    words[2] = NULL;
    for (size_t i = 1; i < count; i++)
        words[i + 1] = argv[i];
    words[count > 1 ? count + 1 : 2] = NULL;
    long result = exec_judged(AT_FDCWD, SHELL, words, envp, 0, &refused);
    if (words != few) raw_unmap(words, size);
    return result;
}

static long exec_or_script(const char *path, const char *const *argv, const char *const *envp, bool *refused)
{
    long result = exec_judged(AT_FDCWD, path, argv, envp, 0, refused);
    if (result == -ENOEXEC && libc_is_glibc()) result = execute_script(path, argv, envp);
    return result;
}

/* What makes the C library go on to the next place. */
static bool goes_on(long result)
{
    return result == -EACCES || result == -ENOENT || result == -ESTALE || result == -ENOTDIR ||
           result == -ENODEV || result == -ETIMEDOUT;
}

static long exec_searched(const char *name, const char *const *argv, const char *const *envp)
{
    struct search search;
    bool refused;
    if (!name) return -EFAULT;
    if (has_slash(name)) return exec_or_script(name, argv, envp, &refused);
    search_begin(&search, AT_FDCWD, name);
    long result = -ENOENT;
    bool denied = false;
    while (search_next(&search)) {
        result = exec_or_script(search.path.bytes, argv, envp, &refused);
        if (refused || !goes_on(result)) {
            search_end(&search);
            return result;
        }
        denied = denied || result == -EACCES;
    }
    search_end(&search);
    return denied ? -EACCES : search.error;
}

WRAP(int, execve, const char *path, const char *const *argv, const char *const *envp)
{
    bool refused;
    return (int)give_result(exec_judged(AT_FDCWD, path, argv, envp, 0, &refused));
}

WRAP(int, execveat, int dirfd, const char *path, const char *const *argv, const char *const *envp, int flags)
{
    bool refused;
    return (int)give_result(exec_judged(dirfd, path, argv, envp, flags, &refused));
}

WRAP(int, fexecve, int fd, const char *const *argv, const char *const *envp)
{
    bool refused;
    if (libc_is_glibc() && (fd < 0 || !argv || !envp)) return (int)give_result(-EINVAL);
    return (int)give_result(exec_judged(fd, "", argv, envp, AT_EMPTY_PATH, &refused));
}

WRAP(int, execv, const char *path, const char *const *argv)
{
    bool refused;
    return (int)give_result(exec_judged(AT_FDCWD, path, argv, environ_own(), 0, &refused));
}

WRAP(int, execvp, const char *name, const char *const *argv)
{
    return (int)give_result(exec_searched(name, argv, environ_own()));
}

WRAP(int, execvpe, const char *name, const char *const *argv, const char *const *envp)
{
    return (int)give_result(exec_searched(name, argv, envp));
}
SAME(__execvpe, execvpe);

/* The three that take their arguments one by one differ in what they do with them at the end. A list of
 * arguments cannot be handed on to another function, so the counting and copying is written into each. */
#define EXEC_LIST(name, EXECUTE)                                                                             \
    WRAP(int, name, const char *path, const char *first, ...)                                                \
    {                                                                                                        \
        const char *few[FEW_ARGUMENTS], **words = few;                                                       \
        size_t count = 0, size = 0;                                                                          \
        va_list list;                                                                                        \
        va_start(list, first);                                                                               \
        for (const char *word = first; word; word = va_arg(list, const char *))                              \
            count++;                                                                                         \
        va_end(list);                                                                                        \
        if (count >= FEW_ARGUMENTS && !(words = raw_map(size = (count + 1) * sizeof *words)))                \
            return (int)give_result(-ENOMEM);                                                                \
        va_start(list, first);                                                                               \
        words[0] = first;                                                                                    \
        for (size_t i = 1; i <= count; i++)                                                                  \
            words[i] = va_arg(list, const char *);                                                           \
        long result = EXECUTE;                                                                               \
        va_end(list);                                                                                        \
        if (size) raw_unmap(words, size);                                                                    \
        return (int)give_result(result);                                                                     \
    }

static long exec_own(const char *path, const char *const *argv, const char *const *envp)
{
    bool refused;
    return exec_judged(AT_FDCWD, path, argv, envp, 0, &refused);
}

EXEC_LIST(execl, exec_own(path, words, environ_own()))
EXEC_LIST(execle, exec_own(path, words, va_arg(list, const char *const *)))
EXEC_LIST(execlp, exec_searched(path, words, environ_own()))
