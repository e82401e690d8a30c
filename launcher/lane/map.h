/* map.h: how the lane's memory comes into a program (lane.h): by a few instructions that the launcher lays
 * into it while it is stopped at its exec.
 *
 * They lie in the page of the kernel's own code that every program has (the vDSO), which is no file's.
 * Either at an end of it that is empty, from where the program goes on to its own first instruction by
 * itself; or, where nothing can be taken for granted, over what lies there: then it stops again, and they
 * are taken away.
 */
#ifndef ASKFIRST_LANE_MAP_H
#define ASKFIRST_LANE_MAP_H

#include <stdbool.h>
#include <sys/types.h>

#include "../look/begin.h"
#include "../look/maps.h"

struct lane_map; /* a program that stops again when it has happened to it */

/* Whether these instructions are known for this processor. */
bool lane_map_is_known(void);

/* How long the kernel's own code is in a program of the launcher's width; 0: its end is not empty. */
uint64_t lane_map_room(void);

/* The program is stopped at its exec, and has what `begin` and `maps` say; `room`: lane_map_room(). When it
 * is let go it maps the lane before it does anything else. Where that fails it says so, by prctl(WIRE_CALL,
 * WIRE_CALL_NO_LANE), and goes no further. Nobody else may come between: no filter of its own, no tracer.
 * False: there is no empty place, and nothing has been changed. */
bool lane_map_lay(pid_t pid, int segment, const struct begin *begin, const struct maps *maps, uint64_t room);

/* The program is stopped at its exec, and goes on to map the lane; then it stops with SIGTRAP. NULL: it could
 * not be begun. */
struct lane_map *lane_map_begin(pid_t pid, int segment, const struct maps *maps);

/* At that stop: whether the lane is there, and nothing else has changed. Frees `map`, also without `pid` (0:
 * it is gone). */
bool lane_map_end(struct lane_map *map, pid_t pid);

#endif
