/* turns.c: whether a link may have any name (image.h); freestanding. */
#include "glob.h"
#include "image.h"
#include "layout.h"

static bool same(const char *a, const char *b, size_t length)
{
    while (length && *a == *b)
        a++, b++, length--;
    return !length;
}

bool image_turns_on(const struct image *image, const char *name, size_t length)
{
    static const char neutral[] = "\x01"; /* a glob that fits it as well says nothing of the name */
    const struct node *nodes = image_nodes(image);
    for (uint32_t i = 1; i < image->sections[SECTION_NODES].count; i++) {
        const struct node *node = &nodes[i];
        const char *label = image_string(image, node->label);
        if (!node->label_length || !(node->literals.count || node->fan || node->star)) continue;
        if (node->label_length == length && same(label, name, length)) return true;
        if (glob_match(label, node->label_length, name, length) &&
            !glob_match(label, node->label_length, neutral, 1))
            return true;
    }
    return false;
}
