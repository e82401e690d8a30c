/* known.h: the processes that spoke last, and their ancestors: to look at one of them again costs a single
 * call, on a descriptor that never comes to mean another process.
 *
 * Only a process that is sure to be the one that is meant may be looked at in this way (door.c says how).
 */
#ifndef ASKFIRST_KNOWN_H
#define ASKFIRST_KNOWN_H

#include "process.h"

struct known;

/* Keeps as many as `most`, with two descriptors each: who was not looked at for longest makes room. */
struct known *known_new(size_t most);
void known_free(struct known *known);

/* When the process that is kept under this number began; 0: none is. */
uint64_t known_since(const struct known *known, pid_t pid);

/* As process_look(), process_is_below() and process_chain() of one that was looked at just now; and it is
 * kept, or what is kept is looked at. Whoever was below `top` once is taken to be for ever, so it has to be
 * the keeper, to which every orphan comes. */
bool known_look(struct known *known, pid_t pid, struct process *process);
bool known_is_below(struct known *known, const struct process *process, pid_t top);
size_t known_chain(struct known *known, const struct process *process, pid_t top, struct ancestor **chain);

/* Whether the parent of one that was looked at just now is kept, and was below: nobody is kept for this. */
bool known_parent_is_below(const struct known *known, const struct process *process);

/* Of one who proved to be another: nothing is kept of it. */
void known_forget(struct known *known, pid_t pid);

#endif
