/* decide.h: the decider, one pure function over a compiled image (image.h).
 *
 * It is compiled into the launcher and into the shim, so it is freestanding: it allocates nothing, calls
 * nothing, keeps nothing, and uses little stack (a wrapper may run on 8 KiB). Everything it knows of the
 * world is in `struct act`; what it would have liked to know and was not told, it says in `needs`.
 */
#ifndef ASKFIRST_DECIDE_H
#define ASKFIRST_DECIDE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Ordered: of two verdicts the larger is the tighter. HIDE is for reading: the file is shown empty, and
 * nobody is asked. */
enum verdict { VERDICT_ALLOW, VERDICT_ASK, VERDICT_HIDE, VERDICT_DENY, VERDICTS };

enum act_kind { ACT_READ, ACT_WRITE, ACT_EXEC, ACT_CONNECT, ACT_DEBUG, ACT_KINDS };

/* Where a command's standard input comes from. PIPE stands for sockets as well. */
enum stdin_kind { STDIN_UNKNOWN, STDIN_PIPE, STDIN_FILE, STDIN_TTY, STDIN_OTHER };

/* What is being connected or made. STREAM is judged by address; the others by their kind first, and where
 * the kind is allowed and an address is known, by the address too. */
enum socket_kind {
    SOCKET_STREAM,
    SOCKET_UDP,
    SOCKET_RAW,
    SOCKET_PACKET,
    SOCKET_UNIX_DATAGRAM,
    SOCKET_NETLINK,
    SOCKET_VSOCK,
    SOCKET_OTHER,
    SOCKET_KINDS
};

/* One act, as it is really done. Strings are bytes; nothing here is owned. A pointer that is NULL is unknown.
 */
struct act {
    enum act_kind kind;

    /* READ, WRITE: the real path. EXEC: the program's real path. DEBUG: the real path of the program
     * debugged. */
    const char *path;
    size_t path_length;

    /* READ, WRITE */
    const char *program; /* real path of the program that acts: /proc/PID/exe */
    bool by_any; /* asked is whether some program may: an allow for certain programs counts, an ask or a deny
                            for certain programs does not */

    /* EXEC */
    const char *name; /* the last part of the path it was called by, before links; or the applet's name */
    const char *const *argv;
    size_t argc;
    enum stdin_kind stdin_kind;
    bool script_is_pipe;         /* the script that its words name is a FIFO */
    const unsigned char *sha256; /* 32 bytes: of the program's content */
    const char *cwd;             /* real path */
    const char *parent;          /* real path of the program that starts it */

    /* CONNECT */
    enum socket_kind socket;
    bool has_address;          /* `address` and `port` are known */
    bool has_port;             /* `port` is known (a name with a port has this without an address) */
    unsigned char address[16]; /* IPv6 form; IPv4 as ::ffff:a.b.c.d */
    uint16_t port;             /* in host order */
    const char *const *names;  /* names that stand for this address, by who may say so */
    size_t name_count;
    const char *unix_path; /* real path of a UNIX socket, or an abstract name without its leading NUL */
    size_t unix_length;
    bool unix_abstract;
};

/* What would have to be known for a rule that was met to be judged exactly. While it is unknown, an allow
 * that depends on it does not fit, and an ask or deny that depends on it does. */
enum need { NEED_STDIN = 1, NEED_SHA256 = 2, NEED_CWD = 4, NEED_PARENT = 8, NEED_PROGRAM = 16 };
#define NEED_KINDS 5

/* NEED_PROGRAM comes with an ask or a deny only: an allow of a file holds whoever acts. */

#define RULE_NONE UINT32_MAX

struct decision {
    enum verdict verdict;
    uint32_t rule;  /* index into the image's rules; RULE_NONE: no rule fitted and `otherwise` decided */
    unsigned needs; /* enum need, or'd together */
};

/* Why a rule that was looked at does not fit, or that it does. */
enum fit {
    FIT_YES,
    FIT_WORDS,   /* the words are not there */
    FIT_OPTIONS, /* none of its options is there */
    FIT_WITHOUT, /* an option that must be absent is there */
    FIT_SHELL,   /* the shell's text does not match */
    FIT_STDIN,
    FIT_SHA256,
    FIT_CWD,
    FIT_PARENT,
    FIT_PROGRAM,  /* a file, and another program acts */
    FIT_WRITABLE, /* an allow by bare name, and the program lies where the guarded code may write */
    FIT_PORT,
    FIT_LATER /* it fits, but an earlier rule decides */
};

/* Filled by policy_decide() where the caller passes one: the rules whose program, path or host fits the act,
 * in no particular order. `count` may exceed `capacity`: what did not fit in is counted, not kept. */
struct trace {
    struct {
        uint32_t rule;
        enum fit fit;
    } * steps;
    size_t capacity;
    size_t count;
};

struct image; /* image.h */

/* The verdict on one act. `image` passed image_check(). `trace` may be NULL, and is for people: it costs. */
void policy_decide(const struct image *image, const struct act *act, struct decision *decision,
                   struct trace *trace);

/* Whether a socket that is judged by what it sends is made without more ado: a rule allows its kind, or none
 * speaks of it. */
bool policy_makes(const struct image *image, enum socket_kind kind);

#endif
