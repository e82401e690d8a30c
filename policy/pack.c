/* pack.c: a program of the build: reads the built-in YAML files as any policy is read, and writes them as C
 * (packed.h). A mistake in one of them ends the build. */
#include <stdlib.h>
#include <string.h>

#include "pack_reading.h"
#include "packed_tools.h"
#include "sha256.h"

void bytes_add(struct bytes *to, const void *from, size_t count)
{
    if (!count) return;
    unsigned char *items = realloc(to->items, to->count + count + 1);
    if (!items) abort();
    memcpy(items + to->count, from, count);
    to->items = items;
    to->count += count;
}

void bytes_number(struct bytes *to, size_t number)
{
    do {
        unsigned char byte = (unsigned char)((number & 0x7f) | (number > 0x7f ? 0x80 : 0));
        bytes_add(to, &byte, 1);
        number >>= 7;
    } while (number);
}

static void bytes_node(struct bytes *to, const struct node *node)
{
    size_t length = node->kind == NODE_SCALAR ? strlen(node->text) : node->count;
    struct bytes inner = {0};
    bytes_number(to, length << PACKED_KIND_BITS | (size_t)node->kind);
    bytes_number(to, node->place.line);
    bytes_number(to, node->place.column);
    if (node->kind == NODE_SCALAR) {
        bytes_add(to, node->text, length + 1);
        return;
    }
    for (size_t i = 0; i < node->count; i++) {
        if (node->kind == NODE_MAP) bytes_node(&inner, node->keys[i]);
        bytes_node(&inner, node->items[i]);
    }
    bytes_number(to, inner.count);
    bytes_add(to, inner.items, inner.count);
    free(inner.items);
}

static struct bytes read_whole(const char *path)
{
    struct bytes bytes = {0};
    char part[4096];
    size_t got;
    FILE *file = fopen(path, "r");
    if (!file) {
        perror(path);
        exit(1);
    }
    while ((got = fread(part, 1, sizeof part, file)) > 0)
        bytes_add(&bytes, part, got);
    fclose(file);
    return bytes;
}

void print_bytes(const unsigned char *bytes, size_t count)
{
    for (size_t i = 0; i < count; i++)
        printf("%s%u,", i % 24 ? "" : "\n    ", bytes[i]);
}

/* "policy/default.yaml" is "default". */
static const char *name_of(const char *path, int *length)
{
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
    *length = (int)strcspn(name, ".");
    return name;
}

/* What is packed already, for a file that extends another. */
#define FILES_MAX 8
static struct packed packed_files[FILES_MAX + 1];

const struct packed *packed_policy(const char *name)
{
    for (const struct packed *packed = packed_files; packed->name; packed++)
        if (strcmp(packed->name, name) == 0) return packed;
    return NULL;
}

const char *packed_programs(void)
{
    return "";
}

const struct packed_tools *packed_tools(void)
{
    return NULL;
}

static void stop_at_mistakes(struct diagnostics *diagnostics)
{
    diagnostics_print(diagnostics, stderr);
    if (diagnostics->count) exit(1);
    diagnostics_free(diagnostics);
}

/* What is on this machine must not come in: nothing that has to be looked for can be packed. */
static void refuse_machine(const char *path, const struct bytes *source)
{
    if (!memmem(source->items, source->count, "${python}", strlen("${python}"))) return;
    fprintf(stderr, "%s: ${python} cannot be packed\n", path);
    exit(1);
}

static void pack_tree(struct arena *arena, const char *path, struct packed *into)
{
    struct diagnostics diagnostics = {0};
    struct bytes source = read_whole(path), tree = {0};
    int length;
    const char *name = name_of(path, &length);
    refuse_machine(path, &source);
    into->name = arena_copy(arena, name, (size_t)length);
    into->file = name;
    const struct node *root = tree_read(arena, name, (const char *)source.items, source.count, &diagnostics);
    stop_at_mistakes(&diagnostics);
    bytes_node(&tree, root);
    into->bytes = tree.items;
    into->source_size = source.count;
    sha256(source.items, source.count, into->source_sha256);
    free(source.items);
    printf("static const unsigned char tree_of_%s[] = {", into->name);
    print_bytes(tree.items, tree.count);
    printf("\n};\n");
}

static void print_reading(struct arena *arena, const struct packed *packed)
{
    struct diagnostics diagnostics = {0};
    struct bytes reading = {0};
    put_reading(&reading, arena, packed->name, &diagnostics);
    stop_at_mistakes(&diagnostics);
    printf("static const unsigned char reading_of_%s[] = {", packed->name);
    print_bytes(reading.items, reading.count);
    printf("\n};\n");
    free(reading.items);
}

static void print_programs(struct arena *arena)
{
    struct diagnostics diagnostics = {0};
    struct bytes names = {0};
    for (const struct packed *packed = packed_files; packed->name; packed++)
        put_programs(&names, arena, packed->name, &diagnostics);
    stop_at_mistakes(&diagnostics);
    printf("\nextern const unsigned char packed_program_names[];\n");
    printf("const unsigned char packed_program_names[] = {");
    print_bytes(names.items, names.count);
    printf("0};\n");
    free(names.items);
}

static void print_entry(const struct packed *packed)
{
    printf("    {\"%s\", \"%s\", tree_of_%s, reading_of_%s, %zu, {", packed->name, packed->file, packed->name,
           packed->name, packed->source_size);
    print_bytes(packed->source_sha256, sizeof packed->source_sha256);
    printf("}},\n");
}

static void pack_tools(struct arena *arena)
{
    struct diagnostics diagnostics = {0};
    const struct policy policy = usual_commands(arena, &diagnostics);
    print_tools(&policy, &diagnostics);
    stop_at_mistakes(&diagnostics);
}

static void print_all(struct arena *arena, int count, char **paths)
{
    printf("/* Made from the built-in YAML files. */\n#include \"policy/packed.h\"\n#include "
           "\"policy/packed_tools.h\"\n\n");
    printf("extern const struct packed packed_policies[];\n\n");
    for (int i = 0; i < count && i < FILES_MAX; i++)
        pack_tree(arena, paths[i], &packed_files[i]);
    for (int i = 0; i < count && i < FILES_MAX; i++)
        print_reading(arena, &packed_files[i]);
    printf("\nconst struct packed packed_policies[] = {\n");
    for (int i = 0; i < count && i < FILES_MAX; i++)
        print_entry(&packed_files[i]);
    printf("    {.name = NULL},\n};\n");
    print_programs(arena);
    pack_tools(arena);
}

int main(int argc, char **argv)
{
    struct arena *arena = arena_new();
    jmp_buf no_memory;
    if (!arena || setjmp(no_memory)) return 1;
    arena_on_failure(arena, &no_memory);
    print_all(arena, argc - 1, argv + 1);
    arena_free(arena);
    return fflush(stdout) || ferror(stdout);
}
