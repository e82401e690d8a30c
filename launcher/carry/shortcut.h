/* shortcut.h: files that are there, are plainly allowed to be read, and lie where their path says: most of
 * all calls. They are opened with as few system calls as it takes. Whatever is not as plain as that goes the
 * long way (opening.h), which can all.
 */
#ifndef ASKFIRST_CARRY_SHORTCUT_H
#define ASKFIRST_CARRY_SHORTCUT_H

#include <stdint.h>
#include <sys/types.h>

#include "../../policy/policy.h"
#include "../lane/lane.h"
#include "../names/protected.h"
#include "leads.h"
#include "opening.h"

/* What it goes by. */
struct grounds {
    const struct image *image;
    struct protected *protected;
    struct lane *lane; /* NULL: there is none */
    struct leads *leads;
};

/* `result`: a descriptor, close-on-exec here, or the -errno that the caller gets: ENOENT or ENOTDIR. False:
 * the long way, and nothing has been done. Only for a caller that is what the launcher is. What was opened,
 * or is missing, under its real path need not trap another time: it is put into the lane. */
bool shortcut(const struct grounds *grounds, const struct request *request, pid_t tid, int *result);

/* The same for a caller that can open by itself what has a name in the lane. `name` is what it says its path
 * comes to where no link is on the way: nobody else is misled by a wrong one. `result`: -(WIRE_SLOT + slot),
 * or -ENOENT. */
bool shortcut_by_lane(const struct grounds *grounds, const char *name, uint64_t flags, int *result);

/* Whether the policy lets it be read by anybody, without asking. */
bool shortcut_may_read(const struct image *image, const char *path, size_t length);

/* A program that is called by this name: `result` is a descriptor that only looks (O_PATH), and `real` its
 * path, where no link is on the way; or why there is nothing of this name, as above. What was found out is
 * the receiver's (malloc'd), whatever is returned. */
struct shortcut_program {
    char *real; /* NULL: nothing was opened */
    char *cwd;  /* of the caller; NULL: the path does not begin there */
};
bool shortcut_to_program(pid_t tid, int directory, const char *path, struct shortcut_program *program,
                         int *result);

#endif
