/* walker.h: somebody goes through a tree: who has listed a directory and opens one that lies in it is going
 * to open the others too. Their names are put into the lane before they are asked for.
 */
#ifndef ASKFIRST_CARRY_WALKER_H
#define ASKFIRST_CARRY_WALKER_H

#include "../../policy/policy.h"
#include "../lane/lane.h"

/* `directory`, a real path, has just got a slot. */
void walker_seen(const struct image *image, struct lane *lane, const char *directory);

#endif
