/* approve.h: who answers. Each way of answering (`--approve tty`, `fd:R,W`, …) is a file of its own in this
 * folder, behind this one interface; approve.c has the table of them.
 *
 * Everything happens in the launcher's event loop and nothing here may block it. An approver that breaks says
 * so once through `broken`, and everything that it still owes is failed by the caller. No event comes from
 * within an operation; operations, destroy() too, may be called from within an event.
 */
#ifndef ASKFIRST_APPROVE_H
#define ASKFIRST_APPROVE_H

#include "../plain/loop.h"
#include "../questions/question.h"

/* What an approver tells the session. */
struct approve_events {
    /* An answer to question `id`. The answer's strings become the receiver's. False: no such question is
     * open, which is a breach of the protocol. */
    bool (*answered)(void *context, uint64_t id, struct answer *answer);
    /* It is gone or talks nonsense: `why`, which goes with it. It has closed itself; only destroy() follows.
     */
    void (*broken)(void *context, const char *why);
    /* The person at the prompt wants the whole run to end (Ctrl-C). */
    void (*interrupted)(void *context);
    void *context;
    /* A prompt takes the run's terminal, or has given it back. In between the guarded processes on that
     * terminal are stopped, so that they neither draw over the prompt nor take its keys: a stop of the
     * command is then not a job's. May be NULL. The only event that also comes from within an operation. */
    void (*prompting)(void *context, bool begins);
};

/* What an approver is told at its start (the protocol's hello). */
struct approve_session {
    const char *session;
    char *const *command;
    const char *cwd;
    const char *guard;
    const char *policy;
    char *const *environment; /* the launcher's own: for exec: and for NO_COLOR, TERM */
};

struct approver;

struct approver_kind {
    const char *name;   /* "tty", "fd", "unix", "exec", "deny", "allow" */
    const char *syntax; /* for the manual and for errors: "fd:R,W" */
    /* Opens it, or returns NULL with `*why` set (malloc'd): not reachable, so the next one is tried. */
    struct approver *(*open)(const char *argument, struct loop *loop, const struct approve_session *session,
                             const struct approve_events *events, char **why);
    /* What is wrong with an argument (malloc'd), or NULL. A kind without this takes no argument. */
    char *(*malformed)(const char *argument);
};

struct approver_operations {
    void (*ask)(struct approver *,
                const struct question *); /* the question lives until answered or withdrawn */
    void (*withdraw)(struct approver *, uint64_t id, enum outcome outcome); /* it ended without an answer */
    void (*settled)(struct approver *, uint64_t id, enum outcome outcome);  /* after an answer was taken */
    void (*waiting)(struct approver *, uint64_t id, unsigned seconds);      /* every ten seconds */
    void (*bye)(struct approver *, int status, uint64_t asked, uint64_t denied);
    void (*destroy)(struct approver *);
};

/* An approver begins with this; the rest is its own. */
struct approver {
    const struct approver_operations *operations;
    const char *name;
};

/* Opens what SPEC ("fd:3,4") names. NULL with `*why` (malloc'd) when it cannot be reached or means nothing;
 * then
 * `*malformed` says which of the two. */
struct approver *approve_open(const char *spec, struct loop *loop, const struct approve_session *session,
                              const struct approve_events *events, bool *malformed, char **why);

#endif
