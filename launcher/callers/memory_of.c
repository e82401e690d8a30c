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

/* The words of a command lie beside each other, mostly: what was read for one has the next in it. */
enum { BLOCK = 4096, BLOCKS = 4 };

struct blocks {
    pid_t tid;
    unsigned next;
    uint64_t at[BLOCKS]; /* 0: nothing was read */
    char data[BLOCKS][BLOCK];
};

/* What lies there, up to the end of its block: at least one byte. NULL with errno. */
static const char *block_look(struct blocks *blocks, uint64_t address, size_t *length)
{
    size_t inside = (size_t)(address % BLOCK);
    uint64_t at = address - inside;
    *length = BLOCK - inside;
    for (unsigned i = 0; i < BLOCKS; i++)
        if (at && blocks->at[i] == at) return blocks->data[i] + inside;
    unsigned i = blocks->next++ % BLOCKS;
    blocks->at[i] = read_piece(blocks->tid, at, blocks->data[i], BLOCK) == BLOCK ? at : 0;
    return blocks->at[i] ? blocks->data[i] + inside : NULL;
}

/* Everything of one vector: where its strings begin in `text`, by offset while it may still move. */
struct gathering {
    struct blocks *blocks;
    char *text;
    size_t length, capacity;
    size_t *offsets;
    size_t count;
    size_t limit;
};

static void gather_bytes(struct gathering *all, const char *bytes, size_t length)
{
    if (all->capacity - all->length < length)
        all->text = xrealloc(all->text, all->capacity = 2 * all->capacity + length + BLOCK, 1);
    memcpy(all->text + all->length, bytes, length);
    all->length += length;
}

static int gather_string(struct gathering *all, uint64_t address)
{
    if (!(all->count % 64)) all->offsets = xrealloc(all->offsets, all->count + 64, sizeof *all->offsets);
    all->offsets[all->count++] = all->length;
    for (;;) {
        if (all->length + all->count * sizeof(char *) > all->limit) return E2BIG;
        size_t length;
        const char *bytes = block_look(all->blocks, address, &length);
        if (!bytes) return errno == EPERM ? EPERM : EFAULT;
        const char *end = memchr(bytes, 0, length);
        if (end) length = (size_t)(end - bytes) + 1;
        gather_bytes(all, bytes, length);
        if (end) return 0;
        address += length;
    }
}

static int read_pointer(struct blocks *blocks, uint64_t address, uint64_t *pointer)
{
    size_t length;
    const char *bytes = block_look(blocks, address, &length);
    if (!bytes) return errno == EPERM ? EPERM : EFAULT;
    if (length < sizeof *pointer) return memory_copy(blocks->tid, address, pointer, sizeof *pointer);
    memcpy(pointer, bytes, sizeof *pointer);
    return 0;
}

static int gather(struct gathering *all, uint64_t address)
{
    for (;; address += sizeof(uint64_t)) {
        uint64_t pointer;
        int error = read_pointer(all->blocks, address, &pointer);
        if (!error && pointer) error = gather_string(all, pointer);
        if (error || !pointer) return error;
    }
}

int memory_vector(pid_t tid, uint64_t address, size_t limit, char ***vector, size_t *count)
{
    struct blocks blocks;
    struct gathering all = {.limit = limit, .blocks = &blocks};
    blocks.tid = tid;
    blocks.next = 0;
    memset(blocks.at, 0, sizeof blocks.at);
    int error = address ? gather(&all, address) : 0;
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
