/* resolve.h: where a path really leads on this system, whether or not all of it exists. */
#ifndef ASKFIRST_RESOLVE_H
#define ASKFIRST_RESOLVE_H

#include <limits.h>
#include <stdbool.h>

/* What was looked at already, so that hundreds of patterns ask the kernel once for each name (seen.h). NULL:
 * nothing is remembered. */
struct seen;

/* How the last name of a path is taken. */
enum last_name { LAST_FOLLOW, LAST_AS_WRITTEN };

/* Follows the links in an absolute path, also where what they point to does not exist (a file made through
 * such a link lands there). What does not exist is kept as written. False: a loop, too long, or not absolute.
 */
bool resolve_path(const char *path, enum last_name last, char out[PATH_MAX]);
bool resolve_path_seen(struct seen *seen, const char *path, enum last_name last, char out[PATH_MAX]);

/* As it is written, and whether the last name is a link: if not, LAST_FOLLOW leads to the same. Not for the
 * root. */
bool resolve_path_look(struct seen *seen, const char *path, char out[PATH_MAX], bool *last_is_link);

/* Finds a program in a PATH; `out` is its path as found, links not followed. */
bool resolve_program(const char *name, const char *search_path, char out[PATH_MAX]);

/* Whether it is a file that may be executed. */
bool resolve_is_program(const char *path);

#endif
