/* page.c: see page.h. */
#include "page.h"

#include <string.h>

static void mark(struct wire_names_of *names, ino_t inode)
{
    size_t bit = inode % WIRE_NAMES_BITS;
    names->bits[bit / 8] |= (unsigned char)(1u << bit % 8);
}

static void mark_all(struct wire_names_of *names)
{
    memset(names->bits, 0xff, sizeof names->bits);
}

/* What may not be read counts for a writer, too: the launcher knows better. */
void page_mark(struct wire_names *page, const struct protected *protected, size_t *told)
{
    size_t count, imagined_count;
    const struct protected_file *files = protected_files(protected, &count),
                                *imagined = protected_imagined(protected, &imagined_count);
    for (; *told < count; ++*told) {
        const struct protected_file *file = &files[*told];
        if (!file->several) continue;
        if (!file->readable) mark(&page->reading, file->inode);
        mark(&page->writing, file->inode);
    }
    for (size_t i = 0; i < imagined_count; i++) {
        if (!imagined[i].readable) mark_all(&page->reading);
        mark_all(&page->writing);
    }
}

bool page_has(const struct wire_names_of *names)
{
    for (size_t i = 0; i < sizeof names->bits; i++)
        if (names->bits[i]) return true;
    return false;
}
