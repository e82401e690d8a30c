/* packed_tools.h: what is known of the usual commands, as the compiler left it behind when askfirst was built
 * (builder.h): every image begins with it.
 */
#ifndef ASKFIRST_PACKED_TOOLS_H
#define ASKFIRST_PACKED_TOOLS_H

#include <stddef.h>
#include <stdint.h>

#include "policy.h"

enum { PACKED_BUFFERS = 13 };

struct packed_tools {
    const unsigned char *bytes[PACKED_BUFFERS];
    size_t sizes[PACKED_BUFFERS];
    size_t interned_count;
    uint32_t tool_names;
};

const struct packed_tools *packed_tools(void); /* NULL: while it is packed */

/* For the build's program: writes it as C. `print_bytes` is pack.c's. */
void print_tools(const struct policy *policy, struct diagnostics *diagnostics);
void print_bytes(const unsigned char *bytes, size_t count);

#endif
