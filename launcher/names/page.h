/* page.h: what every program under guard shim is told of files of several names (shim/wire.h). */
#ifndef ASKFIRST_NAMES_PAGE_H
#define ASKFIRST_NAMES_PAGE_H

#include "../../shim/wire.h"
#include "protected.h"

/* Marks for the readers, and for the writers, what is known by now: of which inodes there is something to ask
 * if a file has several names. `*told` counts those that were looked at, from 0. */
void page_mark(struct wire_names *page, const struct protected *protected, size_t *told);

bool page_has(const struct wire_names_of *names);

#endif
