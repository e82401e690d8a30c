/* examine.h: what the doctor looks at, a file each: the parts of the kernel guard, what guarded programs
 * cannot do, and what lies around them.
 */
#ifndef ASKFIRST_DOCTOR_EXAMINE_H
#define ASKFIRST_DOCTOR_EXAMINE_H

#include "findings.h"

#define SECTION_PARTS "parts of the kernel guard"
#define SECTION_KERNEL "guard kernel"
#define SECTION_SHIM "guard shim"
#define SECTION_PLACES "places and policy"

void examine_parts(struct findings *all);  /* examine_parts.c */
void examine_guards(struct findings *all); /* examine_guards.c */
void examine_places(struct findings *all); /* examine_places.c */

#endif
