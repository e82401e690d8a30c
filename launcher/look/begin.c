/* begin.c: see begin.h. */
#include "begin.h"

#include <stdint.h>
#include <string.h>
#include <sys/ptrace.h>

#include "../callers/memory_of.h"

#if defined(__x86_64__)

#define CODE_64 0x33u /* the segment of 64-bit code */

void begin_look(struct begin *begin, pid_t pid)
{
    begin->native = !ptrace(PTRACE_GETREGS, pid, 0, &begin->registers) && begin->registers.cs == CODE_64;
}

static uint64_t stack_of(const struct begin *begin)
{
    return begin->registers.rsp;
}

#else

void begin_look(struct begin *begin, pid_t pid)
{
    (void)pid;
    begin->native = false;
}

static uint64_t stack_of(const struct begin *begin)
{
    (void)begin;
    return 0;
}

#endif

static size_t count_words(const char *words, size_t length)
{
    size_t count = 0;
    for (const char *at = words; at < words + length; at += strlen(at) + 1)
        count++;
    return count;
}

/* How many there are lies at the end of the stack, then where the first of them is; they lie in a row. */
bool begin_has_words(const struct begin *begin, pid_t pid, const char *words, size_t length)
{
    char there[4096];
    struct {
        uint64_t count, first;
    } head;
    return begin->native && length && length <= sizeof there && !words[length - 1] &&
           !memory_copy(pid, stack_of(begin), &head, sizeof head) &&
           head.count == count_words(words, length) && !memory_copy(pid, head.first, there, length) &&
           !memcmp(there, words, length);
}
