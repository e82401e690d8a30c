/* elf.c: see elf.h. */
#include "elf.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#if defined(__x86_64__)
#define THIS_MACHINE EM_X86_64
#elif defined(__aarch64__)
#define THIS_MACHINE EM_AARCH64
#else
#error "no machine known here: add its EM_ number and its loaders"
#endif

static const char *const loaders[] = {
#if defined(__x86_64__)
    "/lib64/ld-linux-x86-64.so.2",
    "/lib/ld-musl-x86_64.so.1",
#else
    "/lib/ld-linux-aarch64.so.1",
    "/lib/ld-musl-aarch64.so.1",
#endif
};

/* The kernel takes no larger table of program headers. */
#define LARGEST_TABLE 65536u

/* A file, and its beginning, where nearly always all lies that is looked at. */
struct file {
    int fd;
    size_t length;
    _Alignas(8) char beginning[1024];
};

static bool read_at(const struct file *file, void *to, size_t size, uint64_t offset)
{
    if (offset > INT64_MAX) return false;
    if (offset <= file->length && size <= file->length - offset) {
        memcpy(to, file->beginning + offset, size);
        return true;
    }
    ssize_t got = pread(file->fd, to, size, (off_t)offset);
    return got >= 0 && (size_t)got == size;
}

/* The interpreter of the first PT_INTERP, which is the one that the kernel takes. */
static enum elf_kind read_interpreter(const struct file *file, const Elf64_Phdr *header, struct elf *elf)
{
    if (header->p_filesz < 2 || header->p_filesz > sizeof elf->interpreter) return ELF_BROKEN;
    if (!read_at(file, elf->interpreter, header->p_filesz, header->p_offset)) return ELF_BROKEN;
    return elf->interpreter[header->p_filesz - 1] == '\0' ? ELF_DYNAMIC : ELF_BROKEN;
}

static enum elf_kind read_headers(const struct file *file, const Elf64_Ehdr *ehdr, struct elf *elf)
{
    if (ehdr->e_phentsize != sizeof(Elf64_Phdr)) return ELF_BROKEN;
    if (!ehdr->e_phnum || ehdr->e_phnum * sizeof(Elf64_Phdr) > LARGEST_TABLE) return ELF_BROKEN;
    for (unsigned i = 0; i < ehdr->e_phnum; i++) {
        Elf64_Phdr header;
        if (!read_at(file, &header, sizeof header, ehdr->e_phoff + i * sizeof header)) return ELF_BROKEN;
        if (header.p_type == PT_INTERP) return read_interpreter(file, &header, elf);
    }
    return ELF_STATIC;
}

static enum elf_kind classify(int fd, struct elf *elf)
{
    struct file file = {.fd = fd};
    Elf64_Ehdr header = {0};
    ssize_t got = pread(fd, file.beginning, sizeof file.beginning, 0);
    if (got < 0) return ELF_BROKEN;
    file.length = (size_t)got;
    memcpy(&header, file.beginning, sizeof header);
    if (got < SELFMAG || memcmp(header.e_ident, ELFMAG, SELFMAG) != 0) return ELF_NONE;
    if (header.e_ident[EI_CLASS] == ELFCLASS32) return ELF_NARROW;
    if (got < (ssize_t)sizeof header || header.e_ident[EI_CLASS] != ELFCLASS64) return ELF_BROKEN;
    if (header.e_ident[EI_DATA] != ELFDATA2LSB || header.e_machine != THIS_MACHINE) return ELF_FOREIGN;
    if (header.e_type != ET_EXEC && header.e_type != ET_DYN) return ELF_BROKEN;
    return read_headers(&file, &header, elf);
}

void elf_look(int fd, struct elf *elf)
{
    memset(elf, 0, sizeof *elf);
    elf->kind = classify(fd, elf);
}

bool elf_names_loader(const char *path)
{
    for (size_t i = 0; i < sizeof loaders / sizeof *loaders; i++)
        if (strcmp(path, loaders[i]) == 0) return true;
    return false;
}

bool elf_is_loaders(dev_t device, ino_t inode)
{
    for (size_t i = 0; i < sizeof loaders / sizeof *loaders; i++) {
        struct stat loader;
        if (stat(loaders[i], &loader) != 0) continue;
        if (loader.st_dev == device && loader.st_ino == inode) return true;
    }
    return false;
}

bool elf_is_loader(int fd)
{
    struct stat file;
    return fstat(fd, &file) == 0 && elf_is_loaders(file.st_dev, file.st_ino);
}

bool elf_loader_lies_at(const char *path)
{
    struct stat file;
    return stat(path, &file) == 0 && elf_is_loaders(file.st_dev, file.st_ino);
}

bool elf_raises(int fd)
{
    struct stat file;
    if (fstat(fd, &file) != 0) return true;
    if (file.st_mode & S_ISUID) return true;
    if ((file.st_mode & (S_ISGID | S_IXGRP)) == (S_ISGID | S_IXGRP)) return true;
    static const char capabilities[] = "security.capability";
    ssize_t size = fgetxattr(fd, capabilities, NULL, 0);
    if (size < 0 && errno == EBADF) { /* O_PATH */
        char path[32];
        snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
        size = getxattr(path, capabilities, NULL, 0);
    }
    if (size >= 0) return true;
    return errno != ENODATA && errno != ENOTSUP && errno != ENOSYS;
}

static bool blank(char c)
{
    return c == ' ' || c == '\t';
}

/* As the kernel does it (binfmt_script): the first 256 bytes count, one argument, blanks around it cut off; a
 * name of an interpreter that may have been cut is refused. */
bool elf_hashbang(int fd, struct hashbang *hashbang)
{
    char line[257] = {0};
    memset(hashbang, 0, sizeof *hashbang);
    ssize_t got = pread(fd, line, 256, 0);
    if (got < 2 || line[0] != '#' || line[1] != '!') return false;
    char *end = strchr(line, '\n');
    bool whole = end != NULL || got < 256;
    if (!end) end = line + strlen(line);
    while (end > line + 2 && blank(end[-1]))
        end--;
    *end = '\0';
    const char *name = line + 2;
    while (blank(*name))
        name++;
    size_t length = strcspn(name, " \t");
    const char *rest = name + length;
    if (!length || (!whole && !*rest)) return false;
    while (blank(*rest))
        rest++;
    memcpy(hashbang->interpreter, name, length);
    memcpy(hashbang->argument, rest, strlen(rest));
    return true;
}
