/* leads.h: where paths through links were found to lead, so that opening a file by such a path again need not
 * find it first.
 *
 * Nothing is believed: what is remembered is judged by its own name, opened through no link, and then it has
 * to be the file that the path leads to now. So it does not matter who writes here or when: a vfork child, a
 * signal handler and another thread may, and leave half of what they meant; and it need not end at a NUL.
 */
#ifndef ASKFIRST_SHIM_LEADS_H
#define ASKFIRST_SHIM_LEADS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LEADS_PATH 232 /* longer ones are not remembered */

struct lead {
    uint64_t word;          /* the path's, as of seen_word(); 0: none */
    uint64_t device, inode; /* of what it led to */
    char path[LEADS_PATH];  /* the real one */
};

/* A copy, whose path ends in a NUL. */
bool leads_recall(uint64_t word, struct lead *lead);
void leads_remember(uint64_t word, uint64_t device, uint64_t inode, const char *path, size_t length);

#endif
