/* complain.h: what a program is told on its standard error where the launcher has told it nothing: by the
 * shim itself. */
#ifndef ASKFIRST_SHIM_COMPLAIN_H
#define ASKFIRST_SHIM_COMPLAIN_H

#include "door.h"

/* Words for the program's standard error, where that harms nobody. */
void complain_say(const char *words, size_t length);

/* Nobody could be asked, with this negative errno. What the caller is to be told: without a descriptor or
 * memory the call would often have failed on its own account, and then the error says so. */
long complain_unanswered(const struct request *request, long error);

#endif
