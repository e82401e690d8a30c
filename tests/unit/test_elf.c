/* What a program's file says of itself before it runs. */
#include <elf.h>
#include <fcntl.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "../../launcher/look/elf.h"

static int file_of(const void *data, size_t size)
{
    int fd = memfd_create("elf", MFD_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, data, size), (ssize_t)size);
    return fd;
}

static enum elf_kind kind_of(const void *data, size_t size)
{
    struct elf elf;
    int fd = file_of(data, size);
    elf_look(fd, &elf);
    close(fd);
    return elf.kind;
}

/* The smallest file that names an interpreter. */
struct small {
    Elf64_Ehdr header;
    Elf64_Phdr load, interpreter;
    char name[32];
};

static struct small small_program(void)
{
    struct small small = {.header = {.e_type = ET_DYN,
                                     .e_machine = EM_X86_64,
                                     .e_phoff = offsetof(struct small, load),
                                     .e_phentsize = sizeof(Elf64_Phdr),
                                     .e_phnum = 2},
                          .load = {.p_type = PT_LOAD},
                          .interpreter = {.p_type = PT_INTERP,
                                          .p_offset = offsetof(struct small, name),
                                          .p_filesz = sizeof "/lib/loader"},
                          .name = "/lib/loader"};
#if defined(__aarch64__)
    small.header.e_machine = EM_AARCH64;
#endif
    memcpy(small.header.e_ident, ELFMAG, SELFMAG);
    small.header.e_ident[EI_CLASS] = ELFCLASS64;
    small.header.e_ident[EI_DATA] = ELFDATA2LSB;
    return small;
}

static void names_the_interpreter_of_a_dynamic_program(void **state)
{
    (void)state;
    struct small small = small_program();
    struct elf elf;
    int fd = file_of(&small, sizeof small);
    elf_look(fd, &elf);
    assert_int_equal(elf.kind, ELF_DYNAMIC);
    assert_string_equal(elf.interpreter, "/lib/loader");
    close(fd);
}

static void knows_this_very_program(void **state)
{
    (void)state;
    struct elf elf;
    int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
    elf_look(fd, &elf);
    assert_int_equal(elf.kind, ELF_DYNAMIC);
    int loader = open(elf.interpreter, O_PATH | O_CLOEXEC);
    assert_true(elf_is_loader(loader));
    assert_false(elf_is_loader(fd));
    close(loader);
    close(fd);
}

static void tells_kinds_apart(void **state)
{
    (void)state;
    struct small small = small_program(), changed = small;
    changed.interpreter.p_type = PT_NOTE;
    assert_int_equal(kind_of(&changed, sizeof changed), ELF_STATIC);
    changed = small;
    changed.header.e_ident[EI_CLASS] = ELFCLASS32;
    assert_int_equal(kind_of(&changed, sizeof changed), ELF_NARROW);
    changed = small;
    changed.header.e_machine = EM_RISCV;
    assert_int_equal(kind_of(&changed, sizeof changed), ELF_FOREIGN);
    changed = small;
    changed.header.e_ident[EI_DATA] = ELFDATA2MSB;
    assert_int_equal(kind_of(&changed, sizeof changed), ELF_FOREIGN);
    assert_int_equal(kind_of("#!/bin/sh\n", 10), ELF_NONE);
    assert_int_equal(kind_of("", 0), ELF_NONE);
}

static void refuses_what_makes_no_sense(void **state)
{
    (void)state;
    struct small small = small_program(), changed = small;
    changed.header.e_type = ET_REL;
    assert_int_equal(kind_of(&changed, sizeof changed), ELF_BROKEN);
    changed = small;
    changed.header.e_phnum = 0;
    assert_int_equal(kind_of(&changed, sizeof changed), ELF_BROKEN);
    changed = small;
    changed.header.e_phnum = UINT16_MAX;
    assert_int_equal(kind_of(&changed, sizeof changed), ELF_BROKEN);
    changed = small;
    changed.header.e_phoff = UINT64_MAX;
    assert_int_equal(kind_of(&changed, sizeof changed), ELF_BROKEN);
    changed = small;
    changed.interpreter.p_offset = UINT64_MAX - 4;
    assert_int_equal(kind_of(&changed, sizeof changed), ELF_BROKEN);
    changed = small;
    changed.interpreter.p_filesz = UINT64_MAX;
    assert_int_equal(kind_of(&changed, sizeof changed), ELF_BROKEN);
    changed = small;
    changed.interpreter.p_filesz = 5; /* without its NUL */
    assert_int_equal(kind_of(&changed, sizeof changed), ELF_BROKEN);
    changed = small;
    changed.interpreter.p_filesz = 1;
    assert_int_equal(kind_of(&changed, sizeof changed), ELF_BROKEN);
}

static void no_beginning_of_a_program_is_taken_for_the_whole(void **state)
{
    (void)state;
    struct small small = small_program();
    size_t needed = offsetof(struct small, name) + sizeof "/lib/loader";
    for (size_t size = SELFMAG; size < needed; size++)
        assert_true(kind_of(&small, size) == ELF_BROKEN || kind_of(&small, size) == ELF_NONE);
    assert_int_equal(kind_of(&small, needed), ELF_DYNAMIC);
}

/* The first PT_INTERP is the one that the kernel takes. */
static void a_second_interpreter_does_not_count(void **state)
{
    (void)state;
    struct small small = small_program();
    small.load = small.interpreter;
    small.interpreter.p_offset = 0;
    small.interpreter.p_filesz = 2;
    assert_int_equal(kind_of(&small, sizeof small), ELF_DYNAMIC);
}

static void set_id_programs_raise(void **state)
{
    (void)state;
    int fd = file_of("x", 1);
    static const struct {
        mode_t mode;
        bool raises;
    } cases[] = {{0755, false}, {04755, true}, {02755, true}, {02745, false}, {01755, false}, {04644, true}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_int_equal(fchmod(fd, cases[i].mode), 0);
        assert_int_equal(elf_raises(fd), cases[i].raises);
    }
    close(fd);
}

static bool line(const char *text, struct hashbang *hashbang)
{
    int fd = file_of(text, strlen(text));
    bool script = elf_hashbang(fd, hashbang);
    close(fd);
    return script;
}

static void reads_first_lines_as_the_kernel_does(void **state)
{
    (void)state;
    static const struct {
        const char *text, *interpreter, *argument;
    } cases[] = {
        {"#!/bin/sh\n", "/bin/sh", ""},
        {"#!/bin/sh", "/bin/sh", ""},
        {"#! \t/bin/sh  \t\nx", "/bin/sh", ""},
        {"#!/usr/bin/env -S python3 -u\n", "/usr/bin/env", "-S python3 -u"},
        {"#!/bin/sh -e \n", "/bin/sh", "-e"},
        {"#!sh\n", "sh", ""},
        {"#!/bin/sh\r\n", "/bin/sh\r", ""},
    };
    struct hashbang hashbang;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_true(line(cases[i].text, &hashbang));
        assert_string_equal(hashbang.interpreter, cases[i].interpreter);
        assert_string_equal(hashbang.argument, cases[i].argument);
    }
    assert_false(line("#!", &hashbang));
    assert_false(line("#!\n/bin/sh\n", &hashbang));
    assert_false(line("#!   \n", &hashbang));
    assert_false(line("# !/bin/sh\n", &hashbang));
    assert_false(line("", &hashbang));
}

static void a_name_that_may_have_been_cut_is_none(void **state)
{
    (void)state;
    struct hashbang hashbang;
    char text[400];
    memset(text, 'a', sizeof text);
    memcpy(text, "#!/", 3);
    text[sizeof text - 1] = '\0';
    assert_false(line(text, &hashbang));
    text[200] = ' '; /* the name is whole, its argument is cut at 256 bytes as by the kernel */
    assert_true(line(text, &hashbang));
    assert_int_equal(strlen(hashbang.interpreter), 198);
    assert_int_equal(strlen(hashbang.argument), 55);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_the_interpreter_of_a_dynamic_program),
        cmocka_unit_test(knows_this_very_program),
        cmocka_unit_test(tells_kinds_apart),
        cmocka_unit_test(refuses_what_makes_no_sense),
        cmocka_unit_test(no_beginning_of_a_program_is_taken_for_the_whole),
        cmocka_unit_test(a_second_interpreter_does_not_count),
        cmocka_unit_test(set_id_programs_raise),
        cmocka_unit_test(reads_first_lines_as_the_kernel_does),
        cmocka_unit_test(a_name_that_may_have_been_cut_is_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
