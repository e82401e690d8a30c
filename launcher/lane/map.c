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
#include "../../shim/wire.h"
#include "../callers/memory_of.h"
#include "../filter/numbers.h"
#include "../plain/memory.h"

#if defined(__x86_64__)

enum { CODE_SIZE = 96, WORDS = CODE_SIZE / 8, MAPPED_AT = 54, ON_AT = 88 };

#define TRAP 0xcc

struct lane_map {
    struct user_regs_struct registers;
    uint64_t signals; /* its signal mask: nothing comes between */
    uint64_t at;
    uint64_t words[WORDS]; /* those that lay there */
};

/* shmat(segment, LANE_AT, SHM_RDONLY) must come to LANE_AT, and mseal(LANE_AT, LANE_SIZE, 0) to 0. Then on to
 * the program, with all registers at zero as the kernel gives them; else prctl(WIRE_CALL, WIRE_CALL_NO_LANE),
 * and a trap. `on` is the program's first instruction. */
static void write_code(unsigned char code[CODE_SIZE], int segment, uint64_t on)
{
    static const unsigned char with_gaps[CODE_SIZE] = {
        0xbf, 0,    0,    0, 0,                /*  0: mov edi, segment */
        0x48, 0xbe, 0,    0, 0, 0, 0, 0, 0, 0, /*  5: mov rsi, LANE_AT */
        0xba, 0,    0,    0, 0,                /* 15: mov edx, SHM_RDONLY */
        0xb8, 0,    0,    0, 0,                /* 20: mov eax, shmat */
        0x0f, 0x05,                            /* 25: syscall */
        0x48, 0x39, 0xf0,                      /* 27: cmp rax, rsi */
        0x75, 37,                              /* 30: jne 69 */
        0x48, 0x89, 0xf7,                      /* 32: mov rdi, rsi */
        0xbe, 0,    0,    0, 0,                /* 35: mov esi, LANE_SIZE */
        0x31, 0xd2,                            /* 40: xor edx, edx */
        0xb8, 0,    0,    0, 0,                /* 42: mov eax, mseal */
        0x0f, 0x05,                            /* 47: syscall */
        0x48, 0x85, 0xc0,                      /* 49: test rax, rax */
        0x75, 15,                              /* 52: jne 69 */
        0x31, 0xff,                            /* 54: xor edi, edi */
        0x31, 0xf6,                            /* 56: xor esi, esi */
        0x31, 0xc9,                            /* 58: xor ecx, ecx */
        0x45, 0x31, 0xdb,                      /* 60: xor r11d, r11d */
        0xff, 0x25, 19,   0, 0, 0,             /* 63: jmp [88] */
        0xbf, 0,    0,    0, 0,                /* 69: mov edi, WIRE_CALL */
        0xbe, 0,    0,    0, 0,                /* 74: mov esi, WIRE_CALL_NO_LANE */
        0xb8, 0,    0,    0, 0,                /* 79: mov eax, prctl */
        0x0f, 0x05,                            /* 84: syscall */
        TRAP, TRAP,                            /* 86: int3 */
        0,    0,    0,    0, 0, 0, 0, 0,       /* 88: on */
    };
    const struct {
        size_t at;
        uint32_t value;
    } gaps[] = {
        {1, (uint32_t)segment}, {7, (uint32_t)LANE_AT}, {11, (uint32_t)(LANE_AT >> 32)},
        {16, SHM_RDONLY},       {21, __NR_shmat},       {36, LANE_SIZE},
        {43, __NR_mseal},       {70, WIRE_CALL},        {75, WIRE_CALL_NO_LANE},
        {80, __NR_prctl},
    };
    memcpy(code, with_gaps, CODE_SIZE);
    for (size_t i = 0; i < sizeof gaps / sizeof *gaps; i++)
        memcpy(code + gaps[i].at, &gaps[i].value, sizeof gaps[i].value);
    memcpy(code + ON_AT, &on, sizeof on);
}

bool lane_map_is_known(void)
{
    return true;
}

/* The end of the kernel's own code in it, which is nobody else's: a page of a file would be taken away
 * together with what was written there, and come back with other instructions, when somebody shortens the
 * file meanwhile. 0: it is not there. */
static uint64_t place(const struct maps *maps)
{
    for (size_t i = 0; i < maps->count; i++)
        if (!maps->of[i].inode && !strcmp(maps->of[i].file, "[vdso]")) return maps->of[i].to - CODE_SIZE;
    return 0;
}

static bool write_words(pid_t pid, uint64_t at, const uint64_t words[WORDS])
{
    for (size_t i = 0; i < WORDS; i++, at += sizeof *words)
        if (ptrace(PTRACE_POKETEXT, pid, at, words[i])) return false;
    return true;
}

static bool read_words(pid_t pid, uint64_t at, uint64_t words[WORDS])
{
    for (size_t i = 0; i < WORDS; i++, at += sizeof *words) {
        errno = 0;
        words[i] = (uint64_t)ptrace(PTRACE_PEEKTEXT, pid, at, 0);
        if (errno) return false;
    }
    return true;
}

/* The instructions are there, and are what it goes on with. */
static bool lay_code(pid_t pid, const unsigned char code[CODE_SIZE], uint64_t at,
                     const struct user_regs_struct *registers)
{
    uint64_t words[WORDS];
    struct user_regs_struct there = *registers;
    memcpy(words, code, sizeof words);
    there.rip = at;
    there.rax = 0; /* what execve returns */
    there.orig_rax = UINT64_MAX;
    return write_words(pid, at, words) && !ptrace(PTRACE_SETREGS, pid, 0, &there);
}

static bool is_empty(const uint64_t words[WORDS])
{
    for (size_t i = 0; i < WORDS; i++)
        if (words[i]) return false;
    return true;
}

bool lane_map_lay(pid_t pid, int segment, const struct maps *maps)
{
    struct user_regs_struct registers;
    unsigned char code[CODE_SIZE];
    uint64_t words[WORDS], at = place(maps);
    if (!at || memory_copy(pid, at, words, sizeof words) || !is_empty(words)) return false;
    if (ptrace(PTRACE_GETREGS, pid, 0, &registers)) return false;
    write_code(code, segment, registers.rip);
    return lay_code(pid, code, at, &registers);
}

struct lane_map *lane_map_begin(pid_t pid, int segment, const struct maps *maps)
{
    struct lane_map *map = xmalloc(sizeof *map);
    unsigned char code[CODE_SIZE];
    const uint64_t all = UINT64_MAX;
    write_code(code, segment, 0);
    code[MAPPED_AT] = TRAP;
    map->at = place(maps);
    if (map->at && !ptrace(PTRACE_GETREGS, pid, 0, &map->registers) &&
        !ptrace(PTRACE_GETSIGMASK, pid, sizeof map->signals, &map->signals) &&
        !ptrace(PTRACE_SETSIGMASK, pid, sizeof all, &all)) {
        if (read_words(pid, map->at, map->words) && lay_code(pid, code, map->at, &map->registers) &&
            !ptrace(PTRACE_CONT, pid, 0, 0))
            return map;
    }
    free(map);
    return NULL;
}

bool lane_map_end(struct lane_map *map, pid_t pid)
{
    struct user_regs_struct now;
    bool mapped = pid && !ptrace(PTRACE_GETREGS, pid, 0, &now) && now.rip == map->at + MAPPED_AT + 1 &&
                  write_words(pid, map->at, map->words);
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

bool lane_map_lay(pid_t pid, int segment, const struct maps *maps)
{
    (void)pid;
    (void)segment;
    (void)maps;
    return false;
}

struct lane_map *lane_map_begin(pid_t pid, int segment, const struct maps *maps)
{
    (void)pid;
    (void)segment;
    (void)maps;
    return NULL;
}

bool lane_map_end(struct lane_map *map, pid_t pid)
{
    (void)map;
    (void)pid;
    return false;
}

#endif
