/* wire.h: what crosses between the shim and the launcher, and nothing else that both must agree on.
 *
 * A guarded program finds in its environment the directory of its session, in which lie three things, all
 * only for this user: `policy`, which is struct wire_names and then the compiled policy (image.h), and the
 * sockets `hello` (SOCK_DGRAM) and `door` (SOCK_SEQPACKET). To `hello` the shim sends a datagram, of any
 * bytes, when it is at work in a new program, and waits for nothing. At the door one connection carries
 * one request: the head and the first part of the body in one packet, the rest of the body in packets of
 * its own, then one answer comes back. Nothing that the shim says is believed without need: who it is, the
 * launcher takes from the socket; the program, the directory and the standard input it looks up itself.
 */
#ifndef ASKFIRST_WIRE_H
#define ASKFIRST_WIRE_H

#include <stdint.h>

#define WIRE_ENV "ASKFIRST_SESSION" /* the session's directory; under guard kernel it ends in a slash */
#define WIRE_DOOR "door"
#define WIRE_HELLO "hello"
#define WIRE_POLICY "policy"
#define WIRE_SHIM "libaskfirst.so"

#define WIRE_MAGIC UINT32_C(0x61736b31) /* "ask1" */

/* Under guard kernel nobody connects: connecting is itself a call that the launcher carries out. What is
 * asked there goes by a call that the filter knows by its first argument, prctl(WIRE_CALL, how, request,
 * answer, room): the launcher reads the request (its head and its whole body, one after the other) from the
 * caller's memory, writes the answer (head and body) into at most `room` bytes of it, and gives back how many
 * those were, or a negative errno for a no. It takes no descriptor, and who asks needs no telling. Where
 * there is no such guard the kernel knows no such call, and says EINVAL. */
#define WIRE_CALL 0x61736b31
enum wire_call {
    WIRE_CALL_THERE,  /* 0: this is guard kernel. The filter says so itself */
    WIRE_CALL_ASK,    /* kinds: LOOKUP */
    WIRE_CALL_NO_LANE /* said by the launcher's own instructions in a new program, which is then killed */
};

/* The third argument of a kill, which the kernel does not look at, where the floor holds signals by itself:
 * it need not trap. Refused, it is made again without, for the launcher to say why. Whoever says this without
 * being the shim is refused without a word. */
#define WIRE_SIGNAL UINT64_C(0x61736b7369676e00) /* "asksign" */

/* What an opening that the shim makes under guard kernel says beyond its own arguments, in the fifth and
 * sixth argument of openat, which the kernel does not look at. Nothing is believed: whoever says it without
 * being the shim gets an answer that it does not understand. */
#define WIRE_OPENING UINT64_C(0x61736b6f70656e00) /* "askopen", and which of these: */
enum wire_opening {
    /* The fifth is the path's text where no link is on its way. If the fast lane has, or gets, a name for
     * what is to be opened, the answer may be -(WIRE_SLOT + its slot), and the caller opens it from there. */
    WIRE_OPENING_BY_SLOT = 1,
    /* Descriptor 0 is taken: 0 is no answer, and the call is made again without this. */
    WIRE_OPENING_NEVER_ZERO = 2
};
#define WIRE_SLOT 65536 /* beyond all errnos */

#define WIRE_PACKET 32768u    /* no packet is larger */
#define WIRE_BODY (16u << 20) /* no body is larger; longer argument vectors are refused */

enum wire_kind {
    WIRE_EXEC = 1, /* strings: path as called, real path, argv... */
    WIRE_SHELL,    /* the same of the shell, with argv "sh", "-c", text; `detail` says by which call */
    WIRE_READ,     /* strings: real path, path as the program wrote it */
    WIRE_WRITE,    /* the same; `detail` says what kind of write */
    WIRE_CONNECT,  /* struct sockaddr as passed, a path as the real one; `detail` as for WIRE_SOCKET */
    WIRE_SEND,     /* struct sockaddr as passed: a datagram with an address */
    WIRE_SOCKET,   /* no body: `detail` is domain << 16 | type: a socket that is judged when it is made */
    WIRE_LOOKUP,   /* strings: node, service; `detail` the hints (WIRE_LOOKUP_*); addresses are answered */
    WIRE_FAILED,   /* on a connection that was answered "go": it failed all the same, with errno `detail` */
    /* Strings: real path of a directory, link or socket, the real path that is to be its name too; `detail`
     * as for WIRE_WRITE. The same twice: a link is made there. */
    WIRE_MOVE,
    /* `detail` is a pid as kill(2) has it: whether it is of the run. In the answer, `error` 1: only these
     * are, int32_t each. */
    WIRE_PROCESS,
    WIRE_DEBUG, /* strings: the call; `detail` is the pid of the process that is to be looked into */
    /* Strings: as for WIRE_READ; `detail` as for WIRE_WRITE; `flags` say which of both. A file of several
     * names was judged by this one, and may have to be judged by others. */
    WIRE_NAMES
};

/* Which files of several names are protected by another of them, from being read and from being written: the
 * launcher writes it, and looks for them when the run has begun. Not before it has seen all, and not for the
 * files of an inode whose bit is set, does the name decide by which a program found it. */
#define WIRE_NAMES_SIZE 4096u
#define WIRE_NAMES_BITS (WIRE_NAMES_SIZE * 8u / 2 - 32u)
enum wire_names_state { WIRE_NAMES_SOUGHT, WIRE_NAMES_NONE, WIRE_NAMES_SOME };
struct wire_names {
    struct wire_names_of {
        uint32_t state;
        unsigned char bits[WIRE_NAMES_BITS / 8];
    } reading, writing;
};

/* Why a file is to be written, for `detail` of WIRE_WRITE: what a person is told. */
enum wire_change {
    WIRE_CHANGE_OPEN = 1,
    WIRE_CHANGE_CREATE,
    WIRE_CHANGE_TRUNCATE,
    WIRE_CHANGE_REMOVE,
    WIRE_CHANGE_RENAME,
    WIRE_CHANGE_LINK,
    WIRE_CHANGE_MKDIR,
    WIRE_CHANGE_RMDIR,
    WIRE_CHANGE_MODE,
    WIRE_CHANGE_OWNER,
    WIRE_CHANGE_TIMES,
    WIRE_CHANGE_XATTR,
    WIRE_CHANGE_NODE,
    WIRE_CHANGE_MOUNT,
    WIRE_CHANGE_FLAGS,
    WIRE_CHANGE_SOCKET
};

/* A rule lets a device be written, /dev/null for one, by what is sent to it. To take its name away, or to
 * give it to something else, or to change who may use it, is a change of /dev, and judged as a write there
 * too. */
#define WIRE_DEVICES "/dev"
static inline int wire_changes_devices(const char *path, unsigned change)
{
    static const char devices[] = WIRE_DEVICES "/";
    /* where other things lie than devices, or where they come and go */
    static const char of_others[][12] = {"shm", "mqueue", "pts", "hugepages"};
    if (change != WIRE_CHANGE_REMOVE && change != WIRE_CHANGE_RENAME && change != WIRE_CHANGE_MODE &&
        change != WIRE_CHANGE_OWNER && change != WIRE_CHANGE_XATTR)
        return 0;
    for (const char *begin = devices; *begin; begin++, path++)
        if (*path != *begin) return 0;
    for (unsigned i = 0; i < sizeof of_others / sizeof *of_others; i++) {
        const char *begin = of_others[i], *at = path;
        while (*begin && *at == *begin)
            begin++, at++;
        if (!*begin && *at == '/') return 0;
    }
    return 1;
}

/* Which call runs the shell, for `detail` of WIRE_SHELL. */
enum wire_shell { WIRE_SHELL_SYSTEM = 1, WIRE_SHELL_POPEN, WIRE_SHELL_WORDEXP };

/* Whether a change of one of a file's names is one of the file, by whatever name. To take a name away, or to
 * give another, leaves it as it is. */
static inline int wire_changes_file(unsigned change)
{
    return change != WIRE_CHANGE_REMOVE && change != WIRE_CHANGE_RENAME && change != WIRE_CHANGE_LINK;
}

enum wire_flags {
    WIRE_SPAWN = 1,     /* EXEC: the new program will be a child of the caller (posix_spawn, system, popen) */
    WIRE_REFUSED = 2,   /* the shim has decided "deny" by itself, from the image: record it, ask nobody */
    WIRE_DIRECTORY = 4, /* READ: a directory is listed */
    WIRE_CUT = 8,       /* arguments were too many to carry: what came is the beginning. Always refused. */
    WIRE_EXCHANGES = 16, /* MOVE: the second is there, and gets the first one's name */
    WIRE_LOOKS = 32,     /* PROCESS: nothing is done to it */
    WIRE_READS = 64,     /* NAMES: it is to be read */
    WIRE_WRITES = 128    /* NAMES: it is to be written */
};

/* Followed by `body_length` bytes of body: `strings` strings, each with its NUL, or as the kind says. */
struct wire_request {
    uint32_t magic;
    uint32_t kind;
    uint32_t id; /* comes back in the answer */
    uint32_t flags;
    uint32_t detail;
    uint32_t strings;
    uint32_t body_length;
    int32_t tid;     /* the calling thread */
    uint64_t python; /* address of a struct wire_notes in the caller, 0: none */
    uint64_t device; /* EXEC, READ, WRITE: the file's identity as the shim found it, 0 where there is none */
    uint64_t inode;
};

enum wire_verdict { WIRE_GO = 1, WIRE_NO = 2 };

/* NO with this error, which is no errno: the policy hides the file, and who reads it sees it empty. Who would
 * do anything else to it is told EACCES. */
#define WIRE_HIDDEN 4094

/* Followed by `body_length` bytes: NO: what is to be printed on the program's standard error, lines with
 * their newlines, or nothing. LOOKUP: struct wire_address, as many as fit. */
struct wire_answer {
    uint32_t magic;
    uint32_t id;
    uint32_t verdict;
    int32_t error; /* NO: the errno for the caller. LOOKUP: the EAI_ code (0, or negative as in netdb.h) */
    uint32_t body_length;
    uint32_t reserved;
};

struct wire_address {
    uint32_t family;
    uint32_t scope;
    unsigned char address[16];
};

#define WIRE_LOOKUP_INET 1u
#define WIRE_LOOKUP_INET6 2u
#define WIRE_LOOKUP_NUMERIC 4u
#define WIRE_LOOKUP_CANON 8u /* the body begins with the canonical name and its NUL, padded to 8 bytes */

/* Where the Python hook notes what the interpreter is about to do; the launcher reads it from the caller's
 * memory when it asks or records. Each thread has one of its own, as long as there are enough; `tid` says
 * whose it is. `sequence` is odd while it is written, and the larger the later. What a note says is shown as
 * what the program says, and never decides anything.
 *
 * They lie at the same address in every program, out of the way of what is mapped by choice, so that under
 * guard kernel nobody has to be told where: they are there after a fork, and gone after an exec. Where that
 * is taken, they lie elsewhere, and only a request tells of it. */
#define WIRE_NOTES_PLACE UINT64_C(0x2e61736b0000)
#define WIRE_NOTES 8u
struct wire_python {
    uint32_t magic;
    uint32_t sequence;
    uint32_t line;
    uint32_t tid;
    char file[512];
    char function[128];
    char event[64];
    char subject[128]; /* the path, host, last word or shell's text that the event names, cut; "": none */
};
struct wire_notes {
    struct wire_python of[WIRE_NOTES];
};

#endif
