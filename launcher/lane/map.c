/* map.c: see map.h. */
#include "map.h"

#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/shm.h>
#include <sys/user.h>

#include "../../shim/lane.h"
#include "../filter/numbers.h"
#include "../plain/memory.h"

#if defined(__x86_64__)

enum { CODE_SIZE = 56, WORDS = CODE_SIZE / 8 };

struct lane_map {
    struct user_regs_struct registers;
    uint64_t signals; /* its signal mask: nothing comes between */
    uint64_t words[WORDS];
};

/* shmat(segment, LANE_AT, SHM_RDONLY), whose result goes to r12; mseal(LANE_AT, LANE_SIZE, 0); a trap. */
static void write_code(unsigned char code[CODE_SIZE], int segment)
{
    static const unsigned char with_gaps[CODE_SIZE] = {
        0xbf, 0,    0,    0, 0,                /*  0: mov edi, segment */
        0x48, 0xbe, 0,    0, 0, 0, 0, 0, 0, 0, /*  5: mov rsi, LANE_AT */
        0xba, 0,    0,    0, 0,                /* 15: mov edx, SHM_RDONLY */
        0xb8, 0,    0,    0, 0,                /* 20: mov eax, shmat */
        0x0f, 0x05,                            /* 25: syscall */
        0x49, 0x89, 0xc4,                      /* 27: mov r12, rax */
        0x48, 0x89, 0xf7,                      /* 30: mov rdi, rsi */
        0xbe, 0,    0,    0, 0,                /* 33: mov esi, LANE_SIZE */
        0x31, 0xd2,                            /* 38: xor edx, edx */
        0xb8, 0,    0,    0, 0,                /* 40: mov eax, mseal */
        0x0f, 0x05,                            /* 45: syscall */
        0xcc,                                  /* 47: int3 */
    };
    const struct {
        size_t at;
        uint32_t value;
    } gaps[] = {
        {1, (uint32_t)segment}, {7, (uint32_t)LANE_AT}, {11, (uint32_t)(LANE_AT >> 32)},
        {16, SHM_RDONLY},       {21, __NR_shmat},       {34, LANE_SIZE},
        {41, __NR_mseal},
    };
    memcpy(code, with_gaps, CODE_SIZE);
    for (size_t i = 0; i < sizeof gaps / sizeof *gaps; i++)
        memcpy(code + gaps[i].at, &gaps[i].value, sizeof gaps[i].value);
}

bool lane_map_is_known(void)
{
    return true;
}

/* Exchanges the words at its first instruction for `words`, and `words` for those that were there. */
static bool exchange_words(pid_t pid, uint64_t at, uint64_t words[WORDS])
{
    for (size_t i = 0; i < WORDS; i++, at += sizeof *words) {
        errno = 0;
        long before = ptrace(PTRACE_PEEKTEXT, pid, at, 0);
        if (errno || ptrace(PTRACE_POKETEXT, pid, at, words[i])) return false;
        words[i] = (uint64_t)before;
    }
    return true;
}

struct lane_map *lane_map_begin(pid_t pid, int segment)
{
    struct lane_map *map = xmalloc(sizeof *map);
    const uint64_t all = UINT64_MAX;
    write_code((unsigned char *)map->words, segment);
    if (!ptrace(PTRACE_GETREGS, pid, 0, &map->registers) &&
        !ptrace(PTRACE_GETSIGMASK, pid, sizeof map->signals, &map->signals) &&
        !ptrace(PTRACE_SETSIGMASK, pid, sizeof all, &all) &&
        exchange_words(pid, map->registers.rip, map->words) && !ptrace(PTRACE_CONT, pid, 0, 0))
        return map;
    free(map);
    return NULL;
}

bool lane_map_end(struct lane_map *map, pid_t pid)
{
    struct user_regs_struct now;
    bool mapped = pid && !ptrace(PTRACE_GETREGS, pid, 0, &now) && now.r12 == LANE_AT && !now.rax &&
                  exchange_words(pid, map->registers.rip, map->words);
    map->registers.rax = 0; /* what execve returns */
    map->registers.orig_rax = UINT64_MAX;
    mapped = mapped && !ptrace(PTRACE_SETREGS, pid, 0, &map->registers) &&
             !ptrace(PTRACE_SETSIGMASK, pid, sizeof map->signals, &map->signals);
    free(map);
    return mapped;
}

#else

bool lane_map_is_known(void)
{
    return false;
}

struct lane_map *lane_map_begin(pid_t pid, int segment)
{
    (void)pid;
    (void)segment;
    return NULL;
}

bool lane_map_end(struct lane_map *map, pid_t pid)
{
    (void)map;
    (void)pid;
    return false;
}

#endif
