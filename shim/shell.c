/* shell.c: system, popen and wordexp: the shell's words are judged first, then the C library does what it
 * does. Under guard kernel the shell's start is judged, with the same words.
 *
 * They are more than a spawned shell (signals, cancellation, earlier streams), and their own calls cannot be
 * seen; the shell that they start is guarded in its turn, so the environment that they will hand to it is put
 * right before.
 */
#include "bytes.h"
#include "door.h"
#include "environ.h"
#include "where.h"
#include "wire.h"
#include "wrap.h"

#define SHELL "/bin/sh"
#define WORDEXP_REFUSED 4     /* WRDE_CMDSUB in glibc and musl: command substitution is not wanted */
#define WORDEXP_NO_COMMANDS 4 /* WRDE_NOCMD */

/* 0, or a negative errno: whether the shell may run this text. */
static long shell_may(enum wire_shell call, const char *text)
{
    const struct session *session = session_any();
    const char *const argv[] = {"sh", "-c", text};
    struct place shell;
    if (!session) return 0;
    if (!session->judges) return environ_repair(session), 0;
    long result = where_file(&shell, AT_FDCWD, SHELL, 0, 0);
    if (!result) {
        struct request request = {
            .kind = WIRE_SHELL,
            .flags = WIRE_SPAWN,
            .detail = call,
            .device = shell.device,
            .inode = shell.inode,
            .strings = {SHELL, shell.path.bytes},
            .string_count = 2,
            .argv = argv,
            .argc = 3,
        };
        result = door_ask(session, &request);
    }
    where_end(&shell);
    if (!result) environ_repair(session);
    return result;
}

/* Of a shell that was refused when it was started the C library only says what a shell would say that did not
 * find its command, and why in errno. */
static int run_shell(int (*real)(const char *), const char *text)
{
    const struct session *session = session_any();
    const int no_shell = 127 << 8;
    if (!text || !session || session->judges) return real(text);
    int before = last_error();
    give_error(0);
    int status = real(text);
    if (status == no_shell && last_error() == EACCES) return -1;
    if (!last_error()) give_error(before);
    return status;
}

WRAP(int, system, const char *text)
{
    int (*real)(const char *) = session_function("system");
    if (!real) return -1;
    long result = text ? shell_may(WIRE_SHELL_SYSTEM, text) : 0;
    return result ? (int)give_result(result) : run_shell(real, text);
}
SAME(__libc_system, system);

static void *popen_judged(const char *name, const char *text, const char *mode)
{
    void *(*real)(const char *, const char *) = session_function(name);
    if (!real) return NULL;
    long result = text ? shell_may(WIRE_SHELL_POPEN, text) : 0;
    return result ? give_result(result), NULL : real(text, mode);
}

WRAP(void *, popen, const char *text, const char *mode)
{
    return popen_judged("popen", text, mode);
}
WRAP(void *, _IO_popen, const char *text, const char *mode)
{
    return popen_judged("_IO_popen", text, mode);
}

WRAP(void *, _IO_proc_open, void *stream, const char *text, const char *mode)
{
    void *(*real)(void *, const char *, const char *) = session_function("_IO_proc_open");
    if (!real) return NULL;
    long result = text ? shell_may(WIRE_SHELL_POPEN, text) : 0;
    return result ? give_result(result), NULL : real(stream, text, mode);
}

/* glibc runs a shell for substituted commands only, musl for everything. */
static bool runs_shell(const char *words, int flags)
{
    if (!libc_is_glibc()) return true;
    if (flags & WORDEXP_NO_COMMANDS) return false;
    for (; *words; words++)
        if (*words == '`' || (words[0] == '$' && words[1] == '(')) return true;
    return false;
}

WRAP(int, wordexp, const char *words, void *expanded, int flags)
{
    int (*real)(const char *, void *, int) = session_function("wordexp");
    if (!real) return WORDEXP_REFUSED;
    long result = words && runs_shell(words, flags) ? shell_may(WIRE_SHELL_WORDEXP, words) : 0;
    if (!result) return real(words, expanded, flags);
    give_result(result);
    return WORDEXP_REFUSED;
}
