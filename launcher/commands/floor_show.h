/* floor_show.h: what of a policy the kernel holds by itself, on standard output: what the floor grants, what
 * it leaves out and why, and for every rule that it cannot carry, who does.
 */
#ifndef ASKFIRST_FLOOR_SHOW_H
#define ASKFIRST_FLOOR_SHOW_H

#include "loaded.h"

void floor_show(const struct loaded *loaded);      /* for a person */
void floor_show_json(const struct loaded *loaded); /* one JSON object */

#endif
