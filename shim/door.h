/* door.h: asking the launcher: one connection for each request, or under guard kernel one call. Whatever goes
 * wrong with it is a no. */
#ifndef ASKFIRST_SHIM_DOOR_H
#define ASKFIRST_SHIM_DOOR_H

#include <stddef.h>
#include <stdint.h>

#include "session.h"
#include "wire.h"

/* Where descriptors of the shim's own go while they are open: programs count on the low numbers. */
#define HIGH_DESCRIPTOR 200

/* One request. Its body is `bytes`, or the strings and then the arguments. */
struct request {
    enum wire_kind kind;
    uint32_t flags; /* enum wire_flags */
    uint32_t detail;
    uint64_t device, inode;
    const char *strings[3];
    size_t string_count;
    const char *const *argv; /* or NULL */
    size_t argc;
    const void *bytes;
    size_t size;
};

/* Whether this is guard kernel, where only names are asked about. `directory`: of the session. */
bool door_is_a_call(const char *directory);

/* Says that the shim is at work in a new program, and does not wait for an answer. A negative errno: nobody
 * is there. */
long door_hello(const struct session *session);

/* Tells the program's standard error that things are denied without anybody having been asked, and why. */
void door_complain(const char *why);

/* Asks and waits. 0: go. Else a negative errno for the caller, and what the launcher had to say has been
 * printed. */
long door_ask(const struct session *session, const struct request *request);

/* The same for an act that may still fail: `*door` is open after a go, until door_done(). It closes by itself
 * when the calling process executes another program. */
long door_ask_open(const struct session *session, const struct request *request, int *door);
void door_done(int door,
               long result); /* an error in `result` is reported: it was approved and did not happen */

/* Asks for a name; the answer's body goes to `body`, its length to `*size`. 0 or a negative errno; `*code` is
 * getaddrinfo's. */
long door_lookup(const struct session *session, const struct request *request, void *body, size_t *size,
                 int *code);

#endif
