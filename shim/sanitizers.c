/* sanitizers.c: what AddressSanitizer's run time is told. It refuses to start in a program that loads
 * another library before it, as the shim is, because that library could have taken its malloc; the shim
 * takes nothing that has to do with memory. What ASAN_OPTIONS says, and a program that exports this
 * function, counts more. */
#include "wrap.h"

WRAP(const char *, __asan_default_options, void)
{
    return "verify_asan_link_order=0";
}
