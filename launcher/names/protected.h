/* protected.h: files that the policy keeps from being read or written, known by device and inode: a hard link
 * that was there before the run, or a name that somebody else gives one meanwhile, does not help. (The run
 * itself gets no name for a file without the right to read it.)
 *
 * They are looked for in the workspace, and where the policy's rules point to: what a rule names up to its
 * first star, and all that is below where its double star comes next. Of files elsewhere only those that have
 * other names count. What a rule names by its last part alone is not looked for outside of the workspace, and
 * no home is walked as a whole.
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

/* All that is given has to outlive it. Nothing is looked at yet; and no more entries than `at_most` will be
 * in the workspace, and as many wherever a rule's pattern leads. */
enum { PROTECTED_AT_MOST = 500000 }; /* some hundred milliseconds */
struct protected *protected_new(const struct policy *policy, const struct image *image,
                                const struct places *places, size_t at_most);
void protected_free(struct protected *protected);

enum {
    PROTECTED_BEGINS_MS = 50, /* the command's own beginning comes first */
    PROTECTED_EVERY_MS = 1,   /* so that nobody has to wait all the time */
    PROTECTED_AT_ONCE = 16    /* entries, between other things: some thirty microseconds */
};

/* Looks at so many more entries. False: there is nothing more to look at. */
bool protected_look(struct protected *protected, size_t entries);

/* What was too much to look at, as a path; NULL: nothing. */
const char *protected_unseen(const struct protected *protected);

/* Whether this may be another name of a file that was not seen yet. */
bool protected_may_miss(const struct protected *protected, const char *path, const struct stat *status);

/* The rest at once, which somebody waits for once in a run: where this may be another name of a file not seen
 * yet. */
void protected_look_for(struct protected *protected, const char *path, const struct stat *status);

struct protected_file {
    dev_t device;
    ino_t inode;
    struct statx_timestamp born; /* inodes are used again; 0: the file system does not say */
    bool readable;               /* by this path: it is kept from being written alone */
    bool several;                /* it had other names when it was seen */
    char *path;                  /* by which it is protected */
    size_t next;                 /* of those with the same last bits; 0: none */
};

/* The next of them that the file of a descriptor is, beginning with `*at` = 0; NULL: it is none, or no more.
 * Where there was too much to look at in the workspace, a file of several names may be any that was not
 * seen: it is what is imagined there, too. */
const struct protected_file *protected_next(struct protected *protected, int fd, const struct stat *status,
                                            size_t *at);

/* Most of what is protected and has other names is not known before somebody asks for one of them. When all
 * was looked at, this finds out about so many more: for ACT_READ about those that are kept from being read,
 * for ACT_WRITE about those that are kept from being written alone. False: there are no more. */
bool protected_settle(struct protected *protected, enum act_kind kind, size_t entries);

/* What stands for all that was not seen in the workspace: what a rule would hold back if it were there. It
 * has no inode, and mostly two stars for a name in its path. */
const struct protected_file *protected_imagined(const struct protected *protected, size_t *count);

/* All of them, for show, and for whoever keeps a table of those that have several names. */
const struct protected_file *protected_files(const struct protected *protected, size_t *count);

#endif
