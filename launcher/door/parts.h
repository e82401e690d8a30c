/* parts.h: what the door's files share, and nobody else may know.
 *
 * entrance.c has the sockets, visitor.c knows who comes, door.c holds the connections and reads requests;
 * judge.c takes one act from its verdict to an answer; exec.c, file.c, move.c, names.c, net.c and others.c
 * turn requests into acts; hello.c sees that what was approved is what runs, guarded.
 */
#ifndef ASKFIRST_DOOR_PARTS_H
#define ASKFIRST_DOOR_PARTS_H

#include "../../shim/wire.h"
#include "../look/content.h"
#include "../look/facts.h"
#include "../look/here_document.h"
#include "../look/known.h"
#include "../look/origin.h"
#include "../questions/grants.h"
#include "../questions/likeness.h"
#include "../questions/question.h"
#include "door.h"
#include "lookup.h"

struct connection;
struct hellos;
struct names;
struct pending;

/* The last exec whose denial somebody was told of. */
struct said {
    struct caller caller;
    struct likeness likeness;
    struct likeness called;
    int64_t at;
};

struct door {
    struct session *session;
    struct hidden *hidden; /* hidden.h */
    int fd;
    struct loop_source *source;
    int hello; /* where the shim says that it is at work */
    struct loop_source *hello_source;
    int reserve; /* given up for a moment when descriptors run out, so that a caller can be told no */
    struct connection *connections;
    struct connection *read; /* the one that is being read, as long as it is there */
    struct known *known;
    struct contents *contents;
    struct origins *origins;
    struct documents *documents;
    size_t count, most;
    size_t body_bytes; /* of all connections */
    bool full;         /* nobody is let in until somebody leaves */
    unsigned events;   /* how many were recorded: a flood of them must not fill the disk */
    struct said said;
    struct lookups *lookups;
    struct hellos *hellos;
    struct names *names;       /* NULL: guard kernel */
    struct tree *command_tree; /* granted to the command, until the watch sees it begin */
    char packet[WIRE_PACKET + 1];
};

enum connection_state { CONNECTION_READING, CONNECTION_JUDGING, CONNECTION_ANSWERED };

/* One request, from its first packet to the end of its connection. It is in the loop only while it has to be
 * waited for: most requests are there when their connection is accepted, and are answered at once. */
struct connection {
    struct door *door;
    struct connection *next, **at;
    int fd;
    struct loop_source *source; /* NULL: nothing is waited for */
    struct loop_timer *timer;
    enum connection_state state;
    int64_t answered;
    uint64_t known_since; /* when who connected began, where it was known by then; 0: it was not */
    int pidfd;            /* else of who connected, until it is known; -1: the kernel has none */
    struct caller caller;
    struct process process; /* the caller's, when its request was whole */
    bool has_head;
    struct wire_request head;
    char *body;
    size_t length;         /* of the body, so far */
    const char **strings;  /* head.strings of them, into the body */
    struct matter *matter; /* what is being judged */
    struct lookup *lookup;
    /* Of hello.c: the hello of what was approved; NULL: none, and nothing is heard of it any more. */
    struct pending *expected;
    struct move *move; /* the acts that a move comes to */
};

/* ---- door.c ---- */

void door_event(struct door *door, const char *event, pid_t pid, const char *text);

/* Each sends the answer; the connection may be gone afterwards. `message` may be NULL. */
void door_go(struct connection *connection);
void door_no(struct connection *connection, int error, const char *message);
void door_answer(struct connection *connection, const struct wire_answer *answer, const void *body,
                 size_t length);

/* Closes it without an answer: denied. `why` is recorded; NULL: the other side left. */
void door_drop(struct connection *connection, const char *why);

/* Reads what those have to say that were answered: that it failed, or that they are gone. Only an exec is
 * heard of again after its answer, and nobody is in a hurry to hear it. */
void door_sweep(struct door *door);
void door_hear(struct connection *connection); /* one of them; it may be gone afterwards */

/* Takes a connection of `pid`: `known_since` and `pidfd` as in struct connection. */
void door_welcome(struct door *door, int fd, pid_t pid, uint64_t known_since, int pidfd);

/* ---- visitor.c ---- */

/* Guarded programs live below this process. */
pid_t door_top(const struct door *door);

/* Somebody wants to come in (loop_ready). */
void door_came(void *door, int listener, uint32_t events);

/* Finds out who asks, when its request is whole. NULL, or why it is not answered; and whether it is because
 * it has ended. */
const char *visitor_find(struct connection *connection);
bool visitor_ended(const struct connection *connection);

/* ---- entrance.c ---- */

bool entrance_open(struct door *door, char **why);
void entrance_close(struct door *door);
size_t entrance_room(void); /* for how many connections */

/* The hellos that have come. */
void entrance_hear(struct door *door);

/* ---- judge.c ---- */

/* How a matter ended that is not by itself a connection's answer. `error` and `message` as in
 * matter_refuse(); 0 and NULL: go. */
typedef void matter_replied(void *context, int error, const char *message);

/* One act on its way from its verdict to an answer, for a connection, for the watch, or for the command
 * itself. */
struct matter {
    struct door *door;
    /* One of the three hears how it ends, and the others are NULL: a connection that asked for this one
     * act, whoever asks more (a trapped call, an act of several, a look-up), or the start of the command
     * itself. */
    struct connection *connection;
    matter_replied *replied;
    door_decided *decided;
    void *context; /* of the latter two */
    struct caller caller;
    const struct process *process; /* the caller's, as it was when it asked; NULL: not looked at */
    struct question *question;     /* owned until it is put; valid until it is settled */
    const char *called;            /* an exec: the path that it was called by */
    char *cwd;                     /* the caller's, where it is known already; or NULL */
    struct python_note noted;      /* beside the question's line of Python */
    bool waits;                    /* it was put to somebody */
    bool approved_before;          /* it is the command itself, which was judged before it was started */
    bool recorded_always;          /* an exec: recorded even where the policy allows it */
    int64_t began;
    /* Looks again when somebody has said yes: what was judged may have changed meanwhile. NULL: nothing to
     * look at. `*why` is a constant. */
    bool (*unchanged)(struct matter *matter, const char **why);
    /* It was let go: `answer` is NULL where nobody was asked. NULL: nothing to do. */
    void (*went)(struct matter *matter, const struct answer *answer);
    void (*free_own)(void *own);
    void *own; /* of whoever judges it */
};

struct matter *matter_new(struct connection *connection);
struct matter *matter_replying(struct door *door, const struct caller *caller, matter_replied *replied,
                               void *context);
void matter_free(struct matter *matter);
void matter_cancel(struct matter *matter); /* its caller has gone */

/* What every act's question has: who, where from, which line. `act` says what; the strings of it are the
 * judge's. */
void matter_question(struct matter *matter, enum act_kind act, uint64_t python);
void matter_rule(struct matter *matter, const struct decision *decision);

/* The guard itself says no where the policy does not. */
void matter_unfit(struct matter *matter, const char *reason);

/* Goes by question->verdict. `act` is needed where it asks: for the choices. The matter ends here or later.
 */
void matter_decide(struct matter *matter, const struct act *act, const struct decision *decision);

/* The same where the shim may have said no by itself (WIRE_REFUSED): then that stands, and is recorded. */
void matter_refused_or_decided(struct matter *matter, const struct act *act, const struct decision *decision);

/* It cannot be judged at all: `why` goes to the program, and as an event to the record. */
void matter_refuse_unjudged(struct matter *matter, const char *event, const char *subject, int error,
                            const char *why);

void matter_refuse(struct matter *matter, int error,
                   const char *message); /* without a question or a record */

/* Decides, and finds out what the policy needs to know. `sum` has room for the digest; `found` may be NULL.
 */
struct needs {
    const struct caller *caller;
    const struct found *found;
    bool stdin_unknown;          /* the caller's standard input may not be the new program's */
    struct documents *documents; /* of an exec */
    char *cwd, *parent, *program;
    unsigned char sum[32];
};
void matter_judge(const struct session *session, struct act *act, struct needs *needs,
                  struct decision *decision);
void needs_free(struct needs *needs);

/* ---- the kinds of requests ---- */

void door_exec(struct connection *connection);

/* The same for a trapped exec. What the kernel is to come to, once it is allowed: the file of /proc/PID/exe
 * and the whole vector, each word with its NUL (malloc'd); and the tree that begins with it, which is then
 * the watch's. */
struct exec_outcome {
    dev_t device;
    ino_t inode;
    char *argv;
    size_t argv_length;
    unsigned char *sum; /* 32 bytes (malloc'd): of that file's content; NULL: it was not looked at */
    struct tree *tree;  /* or NULL */
};
/* `opened`: what lies there, which becomes the matter's; NULL: it was not opened yet. */
void exec_judge(struct matter *matter, const char *called, const struct found *opened, const char **argv,
                size_t argc);
const char *exec_path(const struct matter *matter,
                      size_t index); /* of each file that is read for it; NULL: no more */
void exec_outcome(struct matter *matter, struct exec_outcome *outcome);
void door_file(struct connection *connection);
void door_move(struct connection *connection);
struct move;
void move_free(struct move *move); /* NULL is fine */

/* For a connection that comes to several acts: what they are is added to these, and then they are judged. */
struct acts;
struct acts *move_begin(struct connection *connection);
void move_judge(struct connection *connection);

/* ---- names.c ---- */

/* `policy`, a descriptor of the file that begins with them, is theirs from then on. */
struct names *names_new(struct door *door, int policy);
void names_free(struct names *names); /* NULL is fine */
void door_names(struct connection *connection);
void door_connect(struct connection *connection);

/* The same for a trapped connect: the address was copied from the caller, the socket's kind asked of the
 * kernel. False: the address makes no sense. */
struct sockaddr;
bool address_judge(struct matter *matter, int domain, int type, const struct sockaddr *address, size_t size);
void socket_judge(struct matter *matter, int domain, int type);

/* Of what is sent, as matter->went: who said yes to one datagram has said yes to the next as well. */
void datagram_went(struct matter *matter, const struct answer *answer);
void door_socket(struct connection *connection);
void door_process(struct connection *connection);
void door_debug(struct connection *connection);

/* Looking into a process that runs `program`, by `call` (a constant). */
void debug_judge(struct matter *matter, const char *program, const char *call);
void door_lookup(struct connection *connection);

/* A name that is to be looked up, and for which service. The verdict; `act` and `decision` are filled. */
struct name {
    const char *node, *service;
    uint32_t hints; /* WIRE_LOOKUP_* */
};
enum verdict name_decide(const struct door *door, const struct name *name, struct act *act,
                         struct decision *decision);
/* Where that is not allow: puts the question. */
void name_judge(struct matter *matter, const struct name *name, const struct act *act,
                const struct decision *decision, uint64_t python);
struct lookup *name_look_up(const struct door *door, const struct name *name, lookup_done *done,
                            void *context);
/* What is answered to the shim (malloc'd). */
char *name_found(const struct name *name, int error, const struct wire_address *addresses, size_t count,
                 const char *canonical, size_t *size);

/* ---- hello.c ---- */

/* Where nothing but the preloaded shim guards, every program must say that the shim is at work. */
bool hellos_wanted(const struct session *session);
struct hellos *hellos_new(struct door *door);
void hellos_free(struct hellos *hellos);

/* An exec was approved: `image` is what /proc/PID/exe will be. `spawns`: in a child of `caller`. A tree that
 * was granted with it begins with the new program, when that says hello. */
struct approved {
    struct connection *connection; /* as long as it is open; NULL: the exec has happened */
    struct caller caller;
    bool spawns;
    bool silent; /* will never say hello, and need not: a loader by itself */
    dev_t device;
    ino_t inode;
    struct tree *tree; /* or NULL; becomes the hellos', as the rest */
    struct origin *origin;
    unsigned char *sum; /* 32 bytes (malloc'd): of its content; NULL: it was not looked at */
    char *words;        /* of a child that a tree begins with, each with its NUL; NULL: not known */
    size_t words_length;
    bool dashes; /* the C library may put `--` before the last of them */
};
void hellos_expect(struct hellos *hellos, const struct approved *approved);
bool hellos_awaited(const struct hellos *hellos);  /* whether one is expected */
void hellos_failed(struct connection *connection); /* the exec failed */
void hellos_closed(struct connection *connection); /* it happened, or its caller died */
void hellos_heard(struct hellos *hellos, const struct caller *caller, const struct process *process);
void hellos_started(struct hellos *hellos, pid_t pid); /* the command itself */

#endif
