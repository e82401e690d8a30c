/* write.h: writing, where a limit on a file's size, or a pipe that nobody reads any more, is an error like
 * any other and not the launcher's end.
 */
#ifndef ASKFIRST_WRITE_H
#define ASKFIRST_WRITE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* write(2), without SIGXFSZ and SIGPIPE. */
ssize_t write_quietly(int fd, const void *data, size_t size);

/* All of it; false with errno. */
bool write_whole(int fd, const void *data, size_t size);

#endif
