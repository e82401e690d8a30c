/* guise.h: acting as somebody else. What a caller with other ids than the launcher's asks for is done with
 * that caller's ids and capabilities, so that the kernel judges it as if it had done it itself, and nobody is
 * lent anything. Only a root that may change its ids can; it is a thread that does, and the others remain
 * what they are.
 */
#ifndef ASKFIRST_CALLERS_GUISE_H
#define ASKFIRST_CALLERS_GUISE_H

#include <stdbool.h>

#include "identity.h"

/* Whether this process could be all of `ids`, and has all that they may. */
bool guise_fits(const struct ids *ids);

/* For files: until guise_off(), which must follow. False: nothing has changed. A thread that is started
 * meanwhile remains so. To everybody else this thread stays what it was: signals and debuggers look at other
 * ids. */
bool guise_on(const struct ids *ids);
void guise_off(void);

/* For good, in every respect: for a thread that ends soon, which others will see as who it is. */
bool guise_become(const struct ids *ids);

#endif
