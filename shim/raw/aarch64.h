/* aarch64.h: all that is particular to this processor. */
#ifndef ASKFIRST_RAW_AARCH64_H
#define ASKFIRST_RAW_AARCH64_H

static inline long raw_call6(long number, long a, long b, long c, long d, long e, long f)
{
    register long x8 __asm__("x8") = number;
    register long x0 __asm__("x0") = a;
    register long x1 __asm__("x1") = b;
    register long x2 __asm__("x2") = c;
    register long x3 __asm__("x3") = d;
    register long x4 __asm__("x4") = e;
    register long x5 __asm__("x5") = f;
    __asm__ volatile("svc 0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5) : "memory");
    return x0;
}

static inline long raw_call4(long number, long a, long b, long c, long d)
{
    register long x8 __asm__("x8") = number;
    register long x0 __asm__("x0") = a;
    register long x1 __asm__("x1") = b;
    register long x2 __asm__("x2") = c;
    register long x3 __asm__("x3") = d;
    __asm__ volatile("svc 0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3) : "memory");
    return x0;
}

/* Whether valgrind runs this program: to the processor these turns are nothing, and valgrind answers them. */
static inline bool raw_is_watched(void)
{
    const unsigned long request[6] = {0x1001};
    register unsigned long x3 __asm__("x3") = 0;
    register const unsigned long *x4 __asm__("x4") = request;
    __asm__ volatile(
        "ror x12, x12, #3; ror x12, x12, #13; ror x12, x12, #51; ror x12, x12, #61; orr x10, x10, x10"
        : "+r"(x3)
        : "r"(x4)
        : "cc", "memory");
    return x3 != 0;
}

/* Puts `fresh` where NULL was; what was there before comes back. Written out, because the compiler's own
 * would call into its run-time library. */
static inline const void *raw_publish(const void **place, const void *fresh)
{
    const void *before;
    int failed;
    __asm__ volatile("1: ldaxr %0, [%2]\n"
                     "   cbnz %0, 2f\n"
                     "   stlxr %w1, %3, [%2]\n"
                     "   cbnz %w1, 1b\n"
                     "2:"
                     : "=&r"(before), "=&r"(failed)
                     : "r"(place), "r"(fresh)
                     : "memory");
    return before;
}

/* syscall(2). It must be a leaf as the C library's is: clone through it returns twice, on another stack.
 * syscall_judged(words, &result) says whether it has dealt with the call; words[0] is the number. */
#define RAW_SYSCALL_ENTRY                                                                                    \
    __asm__(".text\n"                                                                                        \
            ".globl syscall\n"                                                                               \
            ".type syscall, %function\n"                                                                     \
            "syscall:\n"                                                                                     \
            "  stp x29, x30, [sp, #-96]!\n"                                                                  \
            "  stp x0, x1, [sp, #16]\n"                                                                      \
            "  stp x2, x3, [sp, #32]\n"                                                                      \
            "  stp x4, x5, [sp, #48]\n"                                                                      \
            "  stp x6, x7, [sp, #64]\n"                                                                      \
            "  add x0, sp, #16\n"                                                                            \
            "  add x1, sp, #80\n"                                                                            \
            "  bl syscall_judged\n"                                                                          \
            "  cbnz w0, 1f\n"                                                                                \
            "  ldp x8, x0, [sp, #16]\n"                                                                      \
            "  ldp x1, x2, [sp, #32]\n"                                                                      \
            "  ldp x3, x4, [sp, #48]\n"                                                                      \
            "  ldr x5, [sp, #64]\n"                                                                          \
            "  ldp x29, x30, [sp], #96\n"                                                                    \
            "  svc 0\n"                                                                                      \
            "  cmn x0, #4095\n"                                                                              \
            "  b.cs 2f\n"                                                                                    \
            "  ret\n"                                                                                        \
            "1: ldr x0, [sp, #80]\n"                                                                         \
            "  ldp x29, x30, [sp], #96\n"                                                                    \
            "  ret\n"                                                                                        \
            "2: b give_result\n"                                                                             \
            ".size syscall, .-syscall\n")

#endif
