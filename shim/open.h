/* open.h: opening a file after it was judged. */
#ifndef ASKFIRST_SHIM_OPEN_H
#define ASKFIRST_SHIM_OPEN_H

#include <stdint.h>

/* As openat(2): a descriptor or a negative errno. */
long open_judged(int dirfd, const char *path, int flags, unsigned mode);
long open_resolved(int dirfd, const char *path, int flags, unsigned mode, uint64_t resolve);
long open_handle(int mount, void *handle, int flags);

/* Only finds and judges, makes the file if it has to be made, and gives a descriptor through whose name in
 * /proc it can be opened. */
long open_found(int dirfd, const char *path, int flags, unsigned mode);

/* Only judges: for a file that somebody else is going to open. 0 or a negative errno. */
long open_may(int dirfd, const char *path, int flags);

#endif
