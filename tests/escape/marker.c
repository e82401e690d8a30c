/* marker.c: the program that may not run, without any library: makes `marker` in its working directory. As
 * the helper it does so only when one of its words is "evil". */
#define O_RDONLY 0
#define O_CREATING 0101

#ifdef __x86_64__
static long call(long number, long a, long b, long c)
{
    long result;
    __asm__ volatile("syscall" : "=a"(result) : "a"(number), "D"(a), "S"(b), "d"(c) : "rcx", "r11", "memory");
    return result;
}
enum { NUMBER_OPEN = 2, NUMBER_EXIT = 60 };
__asm__(".globl _start\n_start: mov %rsp, %rdi\n and $-16, %rsp\n call begin\n");
#else
static long call(long number, long a, long b, long c)
{
    long result;
    __asm__ volatile("int $0x80" : "=a"(result) : "a"(number), "b"(a), "c"(b), "d"(c) : "memory");
    return result;
}
enum { NUMBER_OPEN = 5, NUMBER_EXIT = 1 };
__asm__(".globl _start\n_start: mov %esp, %eax\n and $-16, %esp\n sub $12, %esp\n push %eax\n call begin\n");
#endif

/* Before Linux 6.8 a file without a writable segment did not load as an ELF interpreter. */
static volatile long written = 1;

static int is_evil(const char *word)
{
    return word[0] == 'e' && word[1] == 'v' && word[2] == 'i' && word[3] == 'l' && !word[4];
}

void begin(const long *stack)
{
    const char *const *words = (const char *const *)(stack + 1);
    int evil = !HELPER;
    written = stack[0];
    for (long i = 0; i < stack[0]; i++)
        evil |= is_evil(words[i]);
    if (evil) call(NUMBER_OPEN, (long)"marker", O_CREATING, 0600);
    call(NUMBER_EXIT, 0, 0, 0);
    __builtin_unreachable();
}
