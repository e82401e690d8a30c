/* write.h: writing to files, where a limit on their size is an error like any other and not the launcher's
 * end.
 */
#ifndef ASKFIRST_WRITE_H
#define ASKFIRST_WRITE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* write(2), without SIGXFSZ. */
ssize_t write_quietly(int fd, const void *data, size_t size);

/* All of it; false with errno. */
bool write_whole(int fd, const void *data, size_t size);

#endif
