/* elf.h: reading a program's file before it runs: whether the preloaded shim will be at work in it.
 *
 * Knows the file format and nothing else: no policy, no process.
 */
#ifndef ASKFIRST_ELF_H
#define ASKFIRST_ELF_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

enum elf_kind {
    ELF_NONE,    /* not an ELF file */
    ELF_DYNAMIC, /* for this machine, with an interpreter */
    ELF_STATIC,  /* for this machine, without one: nothing is ever preloaded */
    ELF_NARROW,  /* 32-bit, or x32: another table of system calls, and no preload of ours */
    ELF_FOREIGN, /* for another processor */
    ELF_BROKEN   /* begins as one, but makes no sense, or cannot be read */
};

struct elf {
    enum elf_kind kind;
    char interpreter[256]; /* DYNAMIC: as the file says */
};

/* Reads what `fd` (readable) holds. */
void elf_look(int fd, struct elf *elf);

/* Whether `fd` (O_PATH will do) is one of this system's own dynamic loaders. */
bool elf_is_loader(int fd);
bool elf_loader_lies_at(const char *path);
bool elf_is_loaders(dev_t device, ino_t inode); /* of its file, as stat(2) has them */

/* Whether that is a path of one, as programs name it. */
bool elf_names_loader(const char *path);

/* Whether executing `fd` would raise privileges: set-user-id, set-group-id, file capabilities. */
bool elf_raises(int fd);

/* The first line of a script as the kernel reads it: the interpreter, and its one argument ("" when there is
 * none). False: `fd` holds no script that the kernel would run. */
struct hashbang {
    char interpreter[256];
    char argument[256];
};
bool elf_hashbang(int fd, struct hashbang *hashbang);

#endif
