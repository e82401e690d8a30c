/* map.h: how the lane's memory comes into a program (lane.h): by a few instructions that the launcher
 * lays at the program's first one while it is stopped at its exec, lets run, and takes away again.
 */
#ifndef ASKFIRST_LANE_MAP_H
#define ASKFIRST_LANE_MAP_H

#include <stdbool.h>
#include <sys/types.h>

struct lane_map; /* a program while this happens to it */

/* Whether these instructions are known for this processor. */
bool lane_map_is_known(void);

/* The program is stopped at its exec, and goes on to map the lane; then it stops with SIGTRAP. NULL: it could
 * not be begun. */
struct lane_map *lane_map_begin(pid_t pid, int segment);

/* At that stop: whether the lane is there, and nothing else has changed. Frees `map`, also without `pid` (0:
 * it is gone). */
bool lane_map_end(struct lane_map *map, pid_t pid);

#endif
