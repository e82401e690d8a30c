/* split.h: a command written in one string, as `exec:` takes it, into words. */
#ifndef ASKFIRST_SPLIT_H
#define ASKFIRST_SPLIT_H

#include <stddef.h>

/* Words are separated by blanks; '…' keeps everything, "…" everything but \" and \\, and \ the next
 * character. Nothing is expanded: who wants a shell writes one. NULL-terminated and malloc'd, as its words
 * are; NULL with `*why`. */
char **split_command(const char *command, char **why);
void split_free(char **words); /* NULL is fine */

#endif
