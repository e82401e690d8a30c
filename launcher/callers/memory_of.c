/* memory_of.c: see memory_of.h. */
#include "memory_of.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "../plain/memory.h"

static size_t page_size(void)
{
    return (size_t)sysconf(_SC_PAGESIZE);
}

/* How many bytes could be read: at least one, or 0 with errno. A piece never crosses a page, which may not be
 * there. */
static size_t read_piece(pid_t tid, uint64_t address, void *to, size_t size)
{
    size_t page = page_size(), to_edge = page - (size_t)(address % page);
    struct iovec here = {to, size < to_edge ? size : to_edge};
    struct iovec there = {(void *)(uintptr_t)address, here.iov_len};
    ssize_t got = process_vm_readv(tid, &here, 1, &there, 1, 0);
    return got > 0 ? (size_t)got : 0;
}

int memory_copy(pid_t tid, uint64_t address, void *to, size_t size)
{
    for (size_t done = 0; done < size;) {
        size_t got = read_piece(tid, address + done, (char *)to + done, size - done);
        if (!got) return errno == EPERM ? EPERM : EFAULT;
        done += got;
    }
    return 0;
}

int memory_string(pid_t tid, uint64_t address, char *to, size_t size)
{
    for (size_t done = 0; done < size;) {
        size_t want = size - done < 256 ? size - done : 256; /* most paths are short */
        size_t got = read_piece(tid, address + done, to + done, want);
        if (!got) return errno == EPERM ? EPERM : EFAULT;
        if (memchr(to + done, 0, got)) return 0;
        done += got;
    }
    return ENAMETOOLONG;
}

/* Everything of one vector: where its strings begin in `text`, by offset while it may still move. */
struct gathering {
    char *text;
    size_t length, capacity;
    size_t *offsets;
    size_t count;
    size_t limit;
};

static int gather_string(struct gathering *all, pid_t tid, uint64_t address)
{
    if (!(all->count % 64)) all->offsets = xrealloc(all->offsets, all->count + 64, sizeof *all->offsets);
    all->offsets[all->count++] = all->length;
    for (;;) {
        if (all->length + all->count * sizeof(char *) > all->limit) return E2BIG;
        if (all->capacity - all->length < 4096)
            all->text = xrealloc(all->text, all->capacity = 2 * all->capacity + 8192, 1);
        size_t got = read_piece(tid, address, all->text + all->length, 4096);
        if (!got) return errno == EPERM ? EPERM : EFAULT;
        const char *end = memchr(all->text + all->length, 0, got);
        if (end) {
            all->length = (size_t)(end - all->text) + 1;
            return 0;
        }
        all->length += got;
        address += got;
    }
}

static int gather(struct gathering *all, pid_t tid, uint64_t address)
{
    uint64_t pointers[64];
    for (;;) {
        size_t page = page_size(), room = (page - (size_t)(address % page)) / sizeof *pointers,
               count = room < 64 ? room : 64;
        if (!count) count = 1; /* a pointer across two pages */
        int error = memory_copy(tid, address, pointers, count * sizeof *pointers);
        if (error) return error;
        for (size_t i = 0; i < count; i++) {
            if (!pointers[i]) return 0;
            error = gather_string(all, tid, pointers[i]);
            if (error) return error;
        }
        address += count * sizeof *pointers;
    }
}

int memory_vector(pid_t tid, uint64_t address, size_t limit, char ***vector, size_t *count)
{
    struct gathering all = {.limit = limit};
    int error = address ? gather(&all, tid, address) : 0;
    if (!error) {
        size_t head = (all.count + 1) * sizeof(char *);
        char **made = xmalloc(head + all.length);
        for (size_t i = 0; i < all.count; i++)
            made[i] = (char *)made + head + all.offsets[i];
        made[all.count] = NULL;
        if (all.length) memcpy((char *)made + head, all.text, all.length);
        *vector = made;
        *count = all.count;
    }
    free(all.text);
    free(all.offsets);
    return error;
}
