/* shrinking.c: an ELF interpreter without any library: where nothing lies in the fast lane's place it lays
 * memory of its own there, and prints the file that it is given, by a name and demands from there.
 */
#include "../../shim/lane.h"

static long call(long number, long a, long b, long c, long d, long e)
{
    register long r10 __asm__("r10") = d;
    register long r8 __asm__("r8") = e;
    register long r9 __asm__("r9") = 0;
    long result;
    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
                     : "rcx", "r11", "memory");
    return result;
}

__attribute__((used)) static void begin(const long *stack)
{
    const long fixed = 0x100022; /* MAP_FIXED_NOREPLACE | MAP_ANONYMOUS | MAP_PRIVATE */
    const char *name = (const char *)stack[2];
    char *slot = (char *)LANE_AT + LANE_NAMES_AT, text[200];
    call(11, LANE_AT, LANE_SIZE, 0, 0, 0); /* it may not have been sealed yet */
    if (call(9, LANE_AT, LANE_SIZE, 3, fixed, -1) == (long)LANE_AT) {
        while ((*slot++ = *name++))
            ;
        long fd = call(437, -100, LANE_AT + LANE_NAMES_AT, LANE_AT + LANE_HOWS_AT, LANE_HOW_SIZE, 0);
        long got = fd < 0 ? 0 : call(0, fd, (long)text, sizeof text, 0, 0);
        if (got > 0) call(1, 1, (long)text, got, 0, 0);
    }
    call(60, 0, 0, 0, 0, 0);
}

__asm__(".globl _start\n_start: mov %rsp, %rdi\n call begin\n");
