/* scout.h: looks ahead: which of the programs that the built-in policies name are links somewhere in PATH,
 * while another process reads the policy. Nobody waits for it: what it has not seen, who reads looks for
 * himself.
 */
#ifndef ASKFIRST_SCOUT_H
#define ASKFIRST_SCOUT_H

#include <stdbool.h>
#include <stddef.h>

struct scout;

/* How much memory it takes: zero at first, and shared by the two processes. */
size_t scout_size(void);

/* The one: returns when there is nothing more to look for. */
void scout_look(struct scout *scout, const char *search_path);

/* The other. Whether a program is known to be no link, nor any other of its name in PATH. */
bool scout_saw_no_link(struct scout *scout, const char *name);
void scout_recall(struct scout *scout); /* nobody will ask any more */

#endif
