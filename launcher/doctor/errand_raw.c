/* errand_raw.c: going on the errand by bare system calls (errand.h). Its C library is loaded, and not
 * asked. */
#include "../../shim/raw/raw.h"

#include "errand.h"

void errand_by_raw_calls(struct errand *errand)
{
    for (struct step *step = errand->steps;; step++)
        step->number = raw_call(step->number, step->args[0], step->args[1], step->args[2], step->args[3],
                                step->args[4], step->args[5]);
}
