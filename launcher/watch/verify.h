/* verify.h: what was judged is what runs. An exec that the kernel was told to go on with is stopped before
 * the new program's first instruction, and its file and arguments are held against the copy that was judged.
 *
 * Done with ptrace: seized at the exec, let go right after it. A program that somebody else of the run traces
 * cannot be stopped this way: it is looked at when it makes its first trapped call, which is its loader's.
 * Its tracer may do what it likes to it in any case.
 */
#ifndef ASKFIRST_WATCH_VERIFY_H
#define ASKFIRST_WATCH_VERIFY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "../plain/loop.h"

struct lane; /* lane.h */
struct verifier;

/* What the new program must be. */
struct expected {
    dev_t device; /* of /proc/PID/exe: for a script, its interpreter */
    ino_t inode;
    /* malloc'd, and handed over: the whole vector, each string with its NUL, as /proc/PID/cmdline has it; the
     * paths of all files that were judged for it, each with its NUL and one more; and, where it was judged by
     * the file's content, the 32 bytes of that one's sum. */
    char *argv;
    size_t argv_length;
    char *paths;
    unsigned char *sum; /* or NULL */
    void *own;          /* handed over, and given on when the program is there */
    void (*free_own)(void *own);
};

/* `same`: the exec has happened and is what was judged, and `own` is the receiver's. False: the process was
 * killed, and `why` says what differed. Not called when the exec failed. */
typedef void verify_done(void *context, pid_t pid, bool same, const char *why, void *own);

/* NULL with errno. `lane` (NULL: none) is put into every program on that occasion, or it is killed. */
struct verifier *verifier_new(struct loop *loop, const struct lane *lane, verify_done *done, void *context);
void verifier_free(struct verifier *verifier);

/* From now on a program may have a filter of its own, which answers in the kernel's place what it is made to
 * do at its exec, or be traced by another of the run while it does that: it is held until it has the lane,
 * and whether that is so for good is looked at from outside. */
void verifier_beware(struct verifier *verifier);

/* Why a program is killed that has no lane. */
#define VERIFY_NO_LANE "the lane could not be put into it: askfirst run --no-lane does without"

/* Whether another thread of the process is in the middle of an exec. Nothing may be seized in it then: the
 * kernel would wait for the end of that exec, which waits for all other threads to be gone, and to be
 * waited for. */
bool verifier_is_busy(struct verifier *verifier, pid_t pid);

/* Before the exec of `tid` (of process `pid`) continues. False with errno: it must be refused. */
bool verifier_seize(struct verifier *verifier, pid_t pid, pid_t tid, const struct expected *expected);

/* The same for one that is traced already. There is no lane: whoever has none in it might put its own in the
 * place. */
bool verifier_expect(struct verifier *verifier, pid_t pid, pid_t tid, const struct expected *expected);

/* Before each trapped call is looked at. False: the caller was another program than was expected, and has
 * been killed. */
bool verifier_called(struct verifier *verifier, pid_t tid);

/* Right after it was told to continue. */
void verifier_let(pid_t tid);

#endif
