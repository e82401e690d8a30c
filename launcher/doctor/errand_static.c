/* errand_static.c: a static program that goes on the errand (errand.h): an ELF file with two segments, a
 * dozen instructions and the list. The last step ends it.
 */
#include <elf.h>
#include <string.h>

#include "../plain/memory.h"
#include "errand.h"

#define CODE_AT 0x400000u /* of the file's beginning in memory */
#define DATA_AT 0x800000u /* the same of the list: another page, which may be written */

#if defined(__x86_64__)
#define MACHINE EM_X86_64
static size_t put_code(unsigned char *to, uint32_t list)
{
    static const unsigned char code[] = {
        0xbb, 0,    0,    0,    0, /* mov $list, %ebx */
        0x48, 0x8b, 0x03,          /* next: mov (%rbx), %rax */
        0x48, 0x8b, 0x7b, 0x08,    /* mov 8(%rbx), %rdi */
        0x48, 0x8b, 0x73, 0x10,    /* mov 16(%rbx), %rsi */
        0x48, 0x8b, 0x53, 0x18,    /* mov 24(%rbx), %rdx */
        0x4c, 0x8b, 0x53, 0x20,    /* mov 32(%rbx), %r10 */
        0x4c, 0x8b, 0x43, 0x28,    /* mov 40(%rbx), %r8 */
        0x4c, 0x8b, 0x4b, 0x30,    /* mov 48(%rbx), %r9 */
        0x0f, 0x05,                /* syscall */
        0x48, 0x89, 0x03,          /* mov %rax, (%rbx) */
        0x48, 0x83, 0xc3, 0x38,    /* add $56, %rbx */
        0xeb, 0xda,                /* jmp next */
    };
    memcpy(to, code, sizeof code);
    memcpy(to + 1, &list, sizeof list);
    return sizeof code;
}
#elif defined(__aarch64__)
#define MACHINE EM_AARCH64
static size_t put_code(unsigned char *to, uint32_t list)
{
    const uint32_t code[] = {
        0xd2800013 | (list & 0xffff) << 5, /* movz x19, #list */
        0xf2a00013 | (list >> 16) << 5,    /* movk x19, #list >> 16, lsl #16 */
        0xf9400268,                        /* next: ldr x8, [x19] */
        0xf9400660,                        /* ldr x0, [x19, #8] */
        0xf9400a61,                        /* ldr x1, [x19, #16] */
        0xf9400e62,                        /* ldr x2, [x19, #24] */
        0xf9401263,                        /* ldr x3, [x19, #32] */
        0xf9401664,                        /* ldr x4, [x19, #40] */
        0xf9401a65,                        /* ldr x5, [x19, #48] */
        0xd4000001,                        /* svc #0 */
        0xf8038660,                        /* str x0, [x19], #56 */
        0x17fffff7,                        /* b next */
    };
    memcpy(to, code, sizeof code);
    return sizeof code;
}
#else
#define MACHINE EM_NONE
static size_t put_code(unsigned char *to, uint32_t list)
{
    (void)to;
    (void)list;
    return 0;
}
#endif

_Static_assert(sizeof(struct step) == 56, "the code above goes on by 56 bytes");

struct image {
    Elf64_Ehdr header;
    Elf64_Phdr segments[3];
    unsigned char code[64];
    struct errand errand;
};

unsigned char *errand_program(const char *directory, size_t *size)
{
    const size_t list = offsetof(struct image, errand), code = offsetof(struct image, code);
    struct image *image = xcalloc(1, sizeof *image);
    if (!errand_make(&image->errand, DATA_AT + list, directory) ||
        !put_code(image->code, (uint32_t)(DATA_AT + list))) {
        free(image);
        return NULL;
    }
    image->header = (Elf64_Ehdr){
        .e_ident = {ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB, EV_CURRENT, ELFOSABI_NONE},
        .e_type = ET_EXEC,
        .e_machine = MACHINE,
        .e_version = EV_CURRENT,
        .e_entry = CODE_AT + code,
        .e_phoff = offsetof(struct image, segments),
        .e_ehsize = sizeof image->header,
        .e_phentsize = sizeof *image->segments,
        .e_phnum = 3,
    };
    image->segments[0] = (Elf64_Phdr){PT_LOAD, PF_R | PF_X, 0, CODE_AT, CODE_AT, list, list, 0x10000};
    image->segments[1] = (Elf64_Phdr){PT_LOAD,
                                      PF_R | PF_W,
                                      list,
                                      DATA_AT + list,
                                      DATA_AT + list,
                                      sizeof image->errand,
                                      sizeof image->errand,
                                      0x10000};
    image->segments[2] = (Elf64_Phdr){.p_type = PT_GNU_STACK, .p_flags = PF_R | PF_W};
    *size = sizeof *image;
    return (unsigned char *)image;
}
