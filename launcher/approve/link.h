/* link.h: an approver that is spoken with in lines over two descriptors: what fd: and unix: have in common.
 */
#ifndef ASKFIRST_LINK_H
#define ASKFIRST_LINK_H

#include "approve.h"

/* What waits to be read by the other side: more than this, and it is taken for one that does not read. It
 * holds the longest lines of as many questions as may wait. */
#define LINK_QUEUE (34u << 20)

/* Greets the other side. Takes both descriptors over (they may be the same), also on failure, which is NULL
 * with
 * `*why`. `name` lives as long as the link. */
struct approver *link_open(const char *name, int in, int out, struct loop *loop,
                           const struct approve_session *session, const struct approve_events *events,
                           char **why);

#endif
