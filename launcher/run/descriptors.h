/* descriptors.h: which descriptors are the command's, and which the launcher's own.
 *
 * The command gets what the launcher was started with, unchanged, but for those that --approve fd:R,W names:
 * they are the runner's, and a guarded program that could write there could answer for itself. Once the
 * command has them, the launcher lets go: a pipe must end when the command closes it.
 */
#ifndef ASKFIRST_DESCRIPTORS_H
#define ASKFIRST_DESCRIPTORS_H

#include <stdbool.h>
#include <stddef.h>

/* At the very start. A standard stream that is closed is held by /dev/null meanwhile, so that nothing else
 * gets its number; the command finds it closed. False with errno. */
bool descriptors_take(const char *const *approve, size_t approve_count);

/* The command has been started: the launcher closes its copies, all but standard error. */
void descriptors_release(void);

#endif
