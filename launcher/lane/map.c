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
#include <unistd.h>

#include "../../shim/lane.h"
#include "../../shim/wire.h"
#include "../callers/memory_of.h"
#include "../filter/numbers.h"
#include "../plain/memory.h"

#if defined(__x86_64__)

enum { CODE_SIZE = 64, WORDS = CODE_SIZE / 8, MAPPED_AT = 22, ON_AT = 56 };

#define TRAP 0xcc

struct lane_map {
    struct user_regs_struct registers;
    uint64_t signals; /* its signal mask: nothing comes between */
    uint64_t at;
    uint64_t words[WORDS]; /* those that lay there */
};

/* What it takes comes in the registers (set_registers()): the fewer words have to be laid there. Where two
 * are exchanged, one of them is left at zero: so is half of LANE_AT.
 *
 * shmat(segment, LANE_AT, SHM_RDONLY) must come to LANE_AT, and mseal(LANE_AT, LANE_SIZE, 0) to 0. Then on to
 * the program, with all registers at zero as the kernel gives them; else prctl(WIRE_CALL, WIRE_CALL_NO_LANE),
 * and a trap. `on` is the program's first instruction. */
static void write_code(unsigned char code[CODE_SIZE], uint64_t on)
{
    static const unsigned char with_gaps[CODE_SIZE] = {
        0x91,                            /*  0: xchg eax, ecx */
        0x0f, 0x05,                      /*  1: syscall */
        0x48, 0x39, 0xf0,                /*  3: cmp rax, rsi */
        0x75, 29,                        /*  6: jne 37 */
        0x48, 0x89, 0xf7,                /*  8: mov rdi, rsi */
        0x87, 0xde,                      /* 11: xchg esi, ebx */
        0x31, 0xd2,                      /* 13: xor edx, edx */
        0x95,                            /* 15: xchg eax, ebp */
        0x0f, 0x05,                      /* 16: syscall */
        0x85, 0xc0,                      /* 18: test eax, eax */
        0x75, 15,                        /* 20: jne 37 */
        0x31, 0xff,                      /* 22: xor edi, edi */
        0x31, 0xf6,                      /* 24: xor esi, esi */
        0x31, 0xc9,                      /* 26: xor ecx, ecx */
        0x45, 0x31, 0xdb,                /* 28: xor r11d, r11d */
        0xff, 0x25, 19,   0, 0, 0,       /* 31: jmp [56] */
        0xbf, 0,    0,    0, 0,          /* 37: mov edi, WIRE_CALL */
        0xbe, 0,    0,    0, 0,          /* 42: mov esi, WIRE_CALL_NO_LANE */
        0xb8, 0,    0,    0, 0,          /* 47: mov eax, prctl */
        0x0f, 0x05,                      /* 52: syscall */
        TRAP, TRAP,                      /* 54: int3 */
        0,    0,    0,    0, 0, 0, 0, 0, /* 56: on */
    };
    const struct {
        size_t at;
        uint32_t value;
    } gaps[] = {{38, WIRE_CALL}, {43, WIRE_CALL_NO_LANE}, {48, __NR_prctl}};
    memcpy(code, with_gaps, CODE_SIZE);
    for (size_t i = 0; i < sizeof gaps / sizeof *gaps; i++)
        memcpy(code + gaps[i].at, &gaps[i].value, sizeof gaps[i].value);
    memcpy(code + ON_AT, &on, sizeof on);
}

/* rax is what execve returns, whatever is set here. */
static void set_registers(struct user_regs_struct *registers, int segment, uint64_t at)
{
    registers->rip = at;
    registers->rcx = __NR_shmat;
    registers->rdi = (unsigned)segment;
    registers->rsi = LANE_AT;
    registers->rdx = SHM_RDONLY;
    registers->rbx = LANE_SIZE;
    registers->rbp = __NR_mseal;
    registers->rax = 0;
    registers->orig_rax = UINT64_MAX;
}

bool lane_map_is_known(void)
{
    return true;
}

/* The end of the kernel's own code in it, which is nobody else's: a page of a file would be taken away
 * together with what was written there, and come back with other instructions, when somebody shortens the
 * file meanwhile. 0: it is not there. */
static const struct mapping *kernels_code(const struct maps *maps)
{
    for (size_t i = 0; i < maps->count; i++)
        if (!maps->of[i].inode && !strcmp(maps->of[i].file, "[vdso]")) return &maps->of[i];
    return NULL;
}

static uint64_t place(const struct maps *maps)
{
    const struct mapping *code = kernels_code(maps);
    return code ? code->to - CODE_SIZE : 0;
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
static bool lay_code(pid_t pid, int segment, const unsigned char code[CODE_SIZE], uint64_t at,
                     const struct user_regs_struct *registers)
{
    uint64_t words[WORDS];
    struct user_regs_struct there = *registers;
    memcpy(words, code, sizeof words);
    set_registers(&there, segment, at);
    return write_words(pid, at, words) && !ptrace(PTRACE_SETREGS, pid, 0, &there);
}

static bool is_empty(const uint64_t words[WORDS])
{
    for (size_t i = 0; i < WORDS; i++)
        if (words[i]) return false;
    return true;
}

uint64_t lane_map_room(void)
{
    struct maps maps;
    uint64_t words[WORDS], room = 0;
    const struct mapping *code = maps_look(&maps, getpid()) ? kernels_code(&maps) : NULL;
    if (code && !memory_copy(getpid(), code->to - CODE_SIZE, words, sizeof words) && is_empty(words))
        room = code->to - code->from;
    maps_free(&maps);
    return room;
}

bool lane_map_lay(pid_t pid, int segment, const struct begin *begin, const struct maps *maps, uint64_t room)
{
    unsigned char code[CODE_SIZE];
    const struct mapping *there = kernels_code(maps);
    if (!begin->native || !there || there->to - there->from != room) return false;
    write_code(code, begin->registers.rip);
    return lay_code(pid, segment, code, there->to - CODE_SIZE, &begin->registers);
}

struct lane_map *lane_map_begin(pid_t pid, int segment, const struct maps *maps)
{
    struct lane_map *map = xmalloc(sizeof *map);
    unsigned char code[CODE_SIZE];
    const uint64_t all = UINT64_MAX;
    write_code(code, 0);
    code[MAPPED_AT] = TRAP;
    map->at = place(maps);
    if (map->at && !ptrace(PTRACE_GETREGS, pid, 0, &map->registers) &&
        !ptrace(PTRACE_GETSIGMASK, pid, sizeof map->signals, &map->signals) &&
        !ptrace(PTRACE_SETSIGMASK, pid, sizeof all, &all)) {
        if (read_words(pid, map->at, map->words) && lay_code(pid, segment, code, map->at, &map->registers) &&
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

uint64_t lane_map_room(void)
{
    return 0;
}

bool lane_map_lay(pid_t pid, int segment, const struct begin *begin, const struct maps *maps, uint64_t room)
{
    (void)pid;
    (void)segment;
    (void)begin;
    (void)maps;
    (void)room;
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
