/* laid.c: a program that is linked to lie where the fast lane is, without any library: prints the file that
 * it is given, by a name and demands that are its own data.
 */
#include "../../shim/lane.h"

static char memory[LANE_SIZE] __attribute__((section(".lane"))) = {1};

static long call(long number, long a, long b, long c, long d)
{
    register long r10 __asm__("r10") = d;
    long result;
    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10)
                     : "rcx", "r11", "memory");
    return result;
}

__attribute__((used)) static void begin(const long *stack)
{
    const char *name = (const char *)stack[2];
    char *slot = memory + LANE_NAMES_AT, text[200];
    while ((*slot++ = *name++))
        ;
    long fd =
        call(437, -100, (long)memory + LANE_NAMES_AT, (long)memory + LANE_HOWS_AT + LANE_HOW, LANE_HOW_SIZE);
    long got = fd < 0 ? 0 : call(0, fd, (long)text, sizeof text, 0);
    if (got > 0) call(1, 1, (long)text, got, 0);
    call(60, 0, 0, 0, 0);
}

__asm__(".globl _start\n_start: mov %rsp, %rdi\n call begin\n");
