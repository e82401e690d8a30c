/* map.c: see map.h. */
#include "map.h"

#include <elf.h>
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

enum { CODE_SIZE = 88, WORDS = CODE_SIZE / 8, MAPPED_AT = 54, ON_AT = 64 };

#define TRAP 0xcc

struct lane_map {
    struct user_regs_struct registers;
    uint64_t signals; /* its signal mask: nothing comes between */
    uint64_t at;
    uint64_t words[WORDS]; /* those that lay there */
};

/* shmat(segment, LANE_AT, SHM_RDONLY) must come to LANE_AT, and mseal(LANE_AT, LANE_SIZE, 0) to 0. Then on to
 * the program, with all registers at zero as the kernel gives them; else prctl(WIRE_CALL, WIRE_CALL_NO_LANE),
 * and a trap. `on` is how far it is to the program's first instruction. */
static void write_code(unsigned char code[CODE_SIZE], int segment, int32_t on)
{
    static const unsigned char with_gaps[CODE_SIZE] = {
        0xbf, 0,    0,    0, 0,                /*  0: mov edi, segment */
        0x48, 0xbe, 0,    0, 0, 0, 0, 0, 0, 0, /*  5: mov rsi, LANE_AT */
        0xba, 0,    0,    0, 0,                /* 15: mov edx, SHM_RDONLY */
        0xb8, 0,    0,    0, 0,                /* 20: mov eax, shmat */
        0x0f, 0x05,                            /* 25: syscall */
        0x48, 0x39, 0xf0,                      /* 27: cmp rax, rsi */
        0x75, 36,                              /* 30: jne 68 */
        0x48, 0x89, 0xf7,                      /* 32: mov rdi, rsi */
        0xbe, 0,    0,    0, 0,                /* 35: mov esi, LANE_SIZE */
        0x31, 0xd2,                            /* 40: xor edx, edx */
        0xb8, 0,    0,    0, 0,                /* 42: mov eax, mseal */
        0x0f, 0x05,                            /* 47: syscall */
        0x48, 0x85, 0xc0,                      /* 49: test rax, rax */
        0x75, 14,                              /* 52: jne 68 */
        0x31, 0xff,                            /* 54: xor edi, edi */
        0x31, 0xf6,                            /* 56: xor esi, esi */
        0x31, 0xc9,                            /* 58: xor ecx, ecx */
        0x45, 0x31, 0xdb,                      /* 60: xor r11d, r11d */
        0xe9, 0,    0,    0, 0,                /* 63: jmp on */
        0xbf, 0,    0,    0, 0,                /* 68: mov edi, WIRE_CALL */
        0xbe, 0,    0,    0, 0,                /* 73: mov esi, WIRE_CALL_NO_LANE */
        0xb8, 0,    0,    0, 0,                /* 78: mov eax, prctl */
        0x0f, 0x05,                            /* 83: syscall */
        TRAP,                                  /* 85: int3 */
    };
    const struct {
        size_t at;
        uint32_t value;
    } gaps[] = {
        {1, (uint32_t)segment},  {7, (uint32_t)LANE_AT}, {11, (uint32_t)(LANE_AT >> 32)},
        {16, SHM_RDONLY},        {21, __NR_shmat},       {36, LANE_SIZE},
        {43, __NR_mseal},        {ON_AT, (uint32_t)on},  {69, WIRE_CALL},
        {74, WIRE_CALL_NO_LANE}, {79, __NR_prctl},
    };
    memcpy(code, with_gaps, CODE_SIZE);
    for (size_t i = 0; i < sizeof gaps / sizeof *gaps; i++)
        memcpy(code + gaps[i].at, &gaps[i].value, sizeof gaps[i].value);
}

bool lane_map_is_known(void)
{
    return true;
}

/* Where the code of the file that is mapped from `first` on ends, when its entry lies at `entry`; 0: nobody
 * knows. */
static uint64_t end_of_code(pid_t pid, const struct mapping *first, uint64_t entry)
{
    _Alignas(8) unsigned char beginning[1024];
    Elf64_Ehdr ehdr;
    if (memory_copy(pid, first->from, beginning, sizeof beginning)) return 0;
    memcpy(&ehdr, beginning, sizeof ehdr);
    if (memcmp(ehdr.e_ident, ELFMAG, SELFMAG) || ehdr.e_phentsize != sizeof(Elf64_Phdr)) return 0;
    for (uint64_t i = 0, at = ehdr.e_phoff; i < ehdr.e_phnum; i++, at += sizeof(Elf64_Phdr)) {
        Elf64_Phdr part;
        if (at > sizeof beginning - sizeof part) return 0;
        memcpy(&part, beginning + at, sizeof part);
        if (part.p_type != PT_LOAD || ehdr.e_entry - part.p_vaddr >= part.p_filesz) continue;
        return part.p_memsz == part.p_filesz ? entry - ehdr.e_entry + part.p_vaddr + part.p_filesz : 0;
    }
    return 0;
}

/* What follows the code on its last page is nothing of the program's. 0: there is no room. */
static uint64_t room_behind_code(pid_t pid, const struct maps *maps, uint64_t entry)
{
    const struct mapping *code = maps_at(maps, entry), *first = code;
    if (!code || !code->inode) return 0;
    while (first > maps->of && first->offset && !strcmp(first[-1].file, code->file))
        first--;
    uint64_t end = first->offset ? 0 : end_of_code(pid, first, entry);
    return end && end >= code->from && end <= code->to && code->to - end >= CODE_SIZE ? code->to - CODE_SIZE
                                                                                      : 0;
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

bool lane_map_lay(pid_t pid, int segment, const struct maps *maps)
{
    struct user_regs_struct registers;
    unsigned char code[CODE_SIZE];
    if (ptrace(PTRACE_GETREGS, pid, 0, &registers)) return false;
    uint64_t at = room_behind_code(pid, maps, registers.rip);
    int64_t on = (int64_t)(registers.rip - (at + ON_AT + 4));
    if (!at || on != (int32_t)on) return false;
    write_code(code, segment, (int32_t)on);
    return lay_code(pid, code, at, &registers);
}

struct lane_map *lane_map_begin(pid_t pid, int segment)
{
    struct lane_map *map = xmalloc(sizeof *map);
    unsigned char code[CODE_SIZE];
    const uint64_t all = UINT64_MAX;
    write_code(code, segment, 0);
    code[MAPPED_AT] = TRAP;
    if (!ptrace(PTRACE_GETREGS, pid, 0, &map->registers) &&
        !ptrace(PTRACE_GETSIGMASK, pid, sizeof map->signals, &map->signals) &&
        !ptrace(PTRACE_SETSIGMASK, pid, sizeof all, &all)) {
        map->at = map->registers.rip;
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
