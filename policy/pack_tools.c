/* pack_tools.c: a part of the build's program (pack.c): what is known of the usual commands, compiled
 * (packed_tools.h). */
#include <stdio.h>

#include "builder.h"
#include "packed_tools.h"

static void print(void *context, struct builder *builder)
{
    const struct buffer *const buffers[PACKED_BUFFERS] = BUILDER_OF_TOOLS(builder);
    (void)context;
    for (unsigned i = 0; i < PACKED_BUFFERS; i++) {
        printf("static const unsigned char tools_%u[] = {", i);
        print_bytes((const unsigned char *)buffers[i]->bytes, buffers[i]->size);
        printf("0};\n");
    }
    printf("\nextern const struct packed_tools packed_usual_tools;\n");
    printf("const struct packed_tools packed_usual_tools = {\n    {");
    for (unsigned i = 0; i < PACKED_BUFFERS; i++)
        printf("tools_%u, ", i);
    printf("},\n    {");
    for (unsigned i = 0; i < PACKED_BUFFERS; i++)
        printf("%zu, ", buffers[i]->size);
    printf("},\n    %zu,\n    %u};\n", builder->interned_count, builder->head.tool_names);
}

void print_tools(const struct policy *policy, struct diagnostics *diagnostics)
{
    compile_tools(policy, diagnostics, print, NULL);
}
