/* quiet.h: write(2) without the signal that a closed pipe sends: nothing here relies on how the launcher
 * handles it. */
#ifndef ASKFIRST_QUIET_H
#define ASKFIRST_QUIET_H

#include <sys/types.h>

ssize_t write_quietly(int fd, const char *data, size_t length);

#endif
