/* Whatever a file holds, reading it as a program or as a script stays within it. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../../launcher/look/elf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct elf elf;
    struct hashbang hashbang;
    int fd = memfd_create("elf", MFD_CLOEXEC);
    if (fd < 0 || write(fd, data, size) != (ssize_t)size) abort();
    elf_look(fd, &elf);
    if (elf.kind == ELF_DYNAMIC && !memchr(elf.interpreter, '\0', sizeof elf.interpreter)) abort();
    if (elf_hashbang(fd, &hashbang) && !*hashbang.interpreter) abort();
    close(fd);
    return 0;
}
