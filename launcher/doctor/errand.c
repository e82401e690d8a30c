/* errand.c: the list itself, and going through it by the C library's functions (errand.h). */
#include "errand.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../../shim/wire.h"
#include "../plain/memory.h"
#include "../run/nested.h"

static bool put_path(char to[ERRAND_PATH], const char *directory, const char *where, const char *name)
{
    int length = snprintf(to, ERRAND_PATH, "%s/%s/%s", directory, where, name);
    return length > 0 && length < ERRAND_PATH;
}

static bool put_names(struct errand *errand, const char *directory)
{
    errand->connect.family = errand->connect_denied.family = AF_UNIX;
    return put_path(errand->read, directory, ERRAND_OPEN, "read") &&
           put_path(errand->read_denied, directory, ERRAND_DENIED, "read") &&
           put_path(errand->write, directory, ERRAND_OPEN, "write") &&
           put_path(errand->write_denied, directory, ERRAND_DENIED, "write") &&
           put_path(errand->exec_denied, directory, ERRAND_DENIED, "program") &&
           put_path(errand->connect.path, directory, ERRAND_OPEN, "socket") &&
           put_path(errand->connect_denied.path, directory, ERRAND_DENIED, "socket");
}

bool errand_make(struct errand *errand, uint64_t at, const char *directory)
{
    enum { FIRST = 3 }; /* the first descriptor that is free */
#define AT(member) (int64_t)(at + offsetof(struct errand, member))
    const struct step steps[STEPS] = {
        [STEP_SOCKET] = {SYS_socket, {AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0}},
        [STEP_OTHER_SOCKET] = {SYS_socket, {AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0}},
        [STEP_READ] = {SYS_openat, {AT_FDCWD, AT(read), O_RDONLY | O_CLOEXEC}},
        [STEP_READ_DENIED] = {SYS_openat, {AT_FDCWD, AT(read_denied), O_RDONLY | O_CLOEXEC}},
        [STEP_WRITE] = {SYS_openat, {AT_FDCWD, AT(write), O_WRONLY | O_CREAT | O_CLOEXEC, 0600}},
        [STEP_WRITE_DENIED] = {SYS_openat,
                               {AT_FDCWD, AT(write_denied), O_WRONLY | O_CREAT | O_CLOEXEC, 0600}},
        [STEP_CONNECT] = {SYS_connect, {FIRST, AT(connect), sizeof errand->connect}},
        [STEP_CONNECT_DENIED] = {SYS_connect, {FIRST + 1, AT(connect_denied), sizeof errand->connect_denied}},
        [STEP_CAPABILITIES] = {SYS_capget, {AT(capability_header), AT(capability_sets)}},
        [STEP_REPORT] = {SYS_write, {STDOUT_FILENO, (int64_t)at, sizeof *errand}},
        [STEP_EXEC_DENIED] = {SYS_execve, {AT(exec_denied), AT(argv), AT(argv[1])}},
        [STEP_REPORT_AGAIN] = {SYS_write, {STDOUT_FILENO, (int64_t)at, sizeof *errand}},
        [STEP_EXIT] = {SYS_exit_group, {0}},
    };
    *errand = (struct errand){.capability_header = {_LINUX_CAPABILITY_VERSION_3, 0},
                              .argv = {(uint64_t)AT(exec_denied), 0}};
#undef AT
    memcpy(errand->steps, steps, sizeof steps);
    return put_names(errand, directory);
}

/* ---- by the C library ---- */

static void *pointer(int64_t address)
{
    return (void *)(uintptr_t)address; // NOLINT(performance-no-int-to-ptr)
}

static int64_t do_step(const struct step *step)
{
    const int64_t *args = step->args;
    switch (step->number) {
    case SYS_socket: return socket((int)args[0], (int)args[1], (int)args[2]);
    case SYS_openat: return open(pointer(args[1]), (int)args[2], (mode_t)args[3]);
    case SYS_connect: return connect((int)args[0], pointer(args[1]), (socklen_t)args[2]);
    case SYS_write: return write((int)args[0], pointer(args[1]), (size_t)args[2]);
    case SYS_execve: return execve(pointer(args[0]), pointer(args[1]), pointer(args[2]));
    case SYS_exit_group: _exit((int)args[0]);
    default: return syscall(step->number, args[0], args[1], args[2]);
    }
}

static bool policy_is_mapped(void)
{
    const char *session = getenv(WIRE_ENV);
    char line[512];
    if (!session) return false;
    cleanup_free char *policy = xasprintf("%s/" WIRE_POLICY "\n", session);
    cleanup_file FILE *maps = fopen("/proc/self/maps", "re");
    while (maps && fgets(line, sizeof line, maps)) {
        const char *path = strchr(line, '/');
        if (path && !strcmp(path, policy)) return true;
    }
    return false;
}

void errand_by_libc(struct errand *errand)
{
    errand->shim_is_loaded = nested_has_shim();
    errand->policy_is_mapped = policy_is_mapped();
    for (size_t i = 0; i < STEPS; i++) {
        int64_t result = do_step(&errand->steps[i]);
        errand->steps[i].number = result < 0 ? -errno : result;
    }
    _exit(1);
}
