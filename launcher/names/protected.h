/* protected.h: the files below a directory that the policy keeps from being read, known by device and inode:
 * a hard link that was there before the run, or a name that somebody else gives one meanwhile, does not help.
 * (The run itself gets no name for a file without the right to read it.)
 *
 * They are looked for while the run goes on, a little at a time, because no run should wait for it. Whoever
 * opens a file of several names before all was seen waits for the rest.
 */
#ifndef ASKFIRST_NAMES_PROTECTED_H
#define ASKFIRST_NAMES_PROTECTED_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

#include "../../policy/policy.h"

struct protected;

/* All that is given has to outlive it. */
struct protected *protected_new(const struct policy *policy, const struct image *image,
                                const char *directory);
void protected_free(struct protected *protected);

/* Looks at so many more entries. False: there is nothing more to look at. */
bool protected_look(struct protected *protected, size_t entries);

/* Whether this may be another name of a file that was not seen yet. */
bool protected_may_miss(const struct protected *protected, const char *path, const struct stat *status);

/* The rest at once, which somebody waits for once in a run: where this may be another name of a file not seen
 * yet. */
void protected_look_for(struct protected *protected, const char *path, const struct stat *status);

/* The next path by which that file is protected, beginning with `*at` = 0; NULL: there is none, or no
 * more. */
const char *protected_path(const struct protected *protected, const struct stat *status, size_t *at);

/* All of them, for show. */
struct protected_file {
    dev_t device;
    ino_t inode;
    char *path;
    size_t next; /* of those with the same last bits; 0: none */
};
const struct protected_file *protected_files(const struct protected *protected, size_t *count);

#endif
