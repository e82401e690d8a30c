/* seen.h: paths that the policy was found to allow, so that opening a file again costs no second decision.
 *
 * A decision on a path hangs on nothing but the policy's image and the path, neither of which changes.
 * So it does not matter who writes here or when: a vfork child, a signal handler and another thread would
 * all write the same. What is kept of a path is one word, under a key of this process' own, so that no
 * file name can be made to look like another.
 */
#ifndef ASKFIRST_SHIM_SEEN_H
#define ASKFIRST_SHIM_SEEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "session.h"

/* The word that stands for these deeds on this path; 0: this process has no key, and nothing is kept. */
uint64_t seen_word(const struct session *session, unsigned deeds, const char *path, size_t length);

bool seen_allowed(uint64_t word);
void seen_allow(uint64_t word);
void seen_forget(uint64_t word);

#endif
