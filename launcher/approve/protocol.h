/* protocol.h: the lines of the approval protocol, version 1 (askfirst-approval(7)): questions out, answers
 * in.
 *
 * It makes and reads lines; moving them is link.c's affair.
 */
#ifndef ASKFIRST_PROTOCOL_H
#define ASKFIRST_PROTOCOL_H

#include "approve.h"

#define PROTOCOL_VERSION 1
#define PROTOCOL_LINE (1u << 20) /* no line is longer, its newline included */
#define PROTOCOL_FOR_S 31536000u /* no grant for longer than a year */
#define PROTOCOL_NOTE 16384u     /* bytes of a note */
#define PROTOCOL_BY 256u         /* bytes of a name */

/* Lines for the other side, with their newline, malloc'd. Whatever the question holds, the line is not too
 * long. */
char *protocol_hello(const struct approve_session *session);
char *protocol_ask(const struct question *question);
char *protocol_waiting(uint64_t id, unsigned seconds);
char *protocol_settled(uint64_t id, enum outcome outcome);
char *protocol_bye(int status, uint64_t asked, uint64_t denied);

/* Reads an answer from a line without its newline. NULL, and `*id` and `*answer` are filled (its strings are
 * the caller's); else what is wrong with it, malloc'd, and nothing is filled. */
char *protocol_read(const char *line, size_t length, uint64_t *id, struct answer *answer);

#endif
