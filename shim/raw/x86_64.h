/* x86_64.h: all that is particular to this processor. */
#ifndef ASKFIRST_RAW_X86_64_H
#define ASKFIRST_RAW_X86_64_H

static inline long raw_call6(long number, long a, long b, long c, long d, long e, long f)
{
    long result;
    register long r10 __asm__("r10") = d;
    register long r8 __asm__("r8") = e;
    register long r9 __asm__("r9") = f;
    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
                     : "rcx", "r11", "memory");
    return result;
}

/* With fewer arguments the registers of the others need not be set up. */
static inline long raw_call4(long number, long a, long b, long c, long d)
{
    long result;
    register long r10 __asm__("r10") = d;
    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10)
                     : "rcx", "r11", "memory");
    return result;
}

/* Whether valgrind runs this program: to the processor these turns are nothing, and valgrind answers them. It
 * knows nothing of memory that it has not seen come. */
static inline bool raw_is_watched(void)
{
    const unsigned long request[6] = {0x1001};
    unsigned long answer = 0;
    __asm__ volatile("rolq $3, %%rdi; rolq $13, %%rdi; rolq $61, %%rdi; rolq $51, %%rdi; xchgq %%rbx, %%rbx"
                     : "+d"(answer)
                     : "a"(request)
                     : "cc", "memory");
    return answer != 0;
}

/* Puts `fresh` where NULL was; what was there before comes back. */
static inline const void *raw_publish(const void **place, const void *fresh)
{
    const void *before = 0;
    __atomic_compare_exchange_n(place, &before, fresh, 0, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE);
    return before;
}

/* syscall(2). It must be a leaf as the C library's is: clone and vfork through it return twice, on other
 * stacks. syscall_judged(words, &result) says whether it has dealt with the call; words[0] is the number. */
#define RAW_SYSCALL_ENTRY                                                                                    \
    __asm__(".text\n"                                                                                        \
            ".globl syscall\n"                                                                               \
            ".type syscall, @function\n"                                                                     \
            "syscall:\n"                                                                                     \
            "  push 8(%rsp)\n" /* the seventh word lies on the stack */                                      \
            "  push %r9\n"                                                                                   \
            "  push %r8\n"                                                                                   \
            "  push %rcx\n"                                                                                  \
            "  push %rdx\n"                                                                                  \
            "  push %rsi\n"                                                                                  \
            "  push %rdi\n"                                                                                  \
            "  mov %rsp, %rdi\n"                                                                             \
            "  sub $16, %rsp\n"                                                                              \
            "  mov %rsp, %rsi\n"                                                                             \
            "  call syscall_judged\n"                                                                        \
            "  pop %rdx\n" /* the result */                                                                  \
            "  pop %rcx\n"                                                                                   \
            "  test %eax, %eax\n"                                                                            \
            "  jnz 1f\n"                                                                                     \
            "  pop %rax\n"                                                                                   \
            "  pop %rdi\n"                                                                                   \
            "  pop %rsi\n"                                                                                   \
            "  pop %rdx\n"                                                                                   \
            "  pop %r10\n"                                                                                   \
            "  pop %r8\n"                                                                                    \
            "  pop %r9\n"                                                                                    \
            "  syscall\n"                                                                                    \
            "  cmp $-4095, %rax\n"                                                                           \
            "  jae 2f\n"                                                                                     \
            "  ret\n"                                                                                        \
            "1: add $56, %rsp\n"                                                                             \
            "  mov %rdx, %rax\n"                                                                             \
            "  ret\n"                                                                                        \
            "2: mov %rax, %rdi\n"                                                                            \
            "  jmp give_result\n"                                                                            \
            ".size syscall, .-syscall\n")

#endif
