/* pack.c: a program of the build: reads the built-in YAML files as any policy is read, and writes them as C
 * (packed.h). A mistake in one of them ends the build. */
#include <stdlib.h>
#include <string.h>

#include "packed.h"
#include "sha256.h"

struct bytes {
    unsigned char *items;
    size_t count;
};

static void add(struct bytes *to, const void *from, size_t count)
{
    unsigned char *items = realloc(to->items, to->count + count + 1);
    if (!items) abort();
    memcpy(items + to->count, from, count);
    to->items = items;
    to->count += count;
}

static void add_number(struct bytes *to, size_t number)
{
    do {
        unsigned char byte = (unsigned char)((number & 0x7f) | (number > 0x7f ? 0x80 : 0));
        add(to, &byte, 1);
        number >>= 7;
    } while (number);
}

static void add_node(struct bytes *to, const struct node *node)
{
    size_t length = node->kind == NODE_SCALAR ? strlen(node->text) : node->count;
    struct bytes inner = {0};
    add_number(to, length << PACKED_KIND_BITS | (size_t)node->kind);
    add_number(to, node->place.line);
    add_number(to, node->place.column);
    if (node->kind == NODE_SCALAR) {
        add(to, node->text, length + 1);
        return;
    }
    for (size_t i = 0; i < node->count; i++) {
        if (node->kind == NODE_MAP) add_node(&inner, node->keys[i]);
        add_node(&inner, node->items[i]);
    }
    add_number(to, inner.count);
    if (inner.count) add(to, inner.items, inner.count);
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
        add(&bytes, part, got);
    fclose(file);
    return bytes;
}

static void print_bytes(const unsigned char *bytes, size_t count)
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

static void print_tree(struct arena *arena, const char *path, const struct bytes *source)
{
    struct diagnostics diagnostics = {0};
    struct bytes packed = {0};
    int length;
    const char *name = name_of(path, &length);
    const struct node *root =
        tree_read(arena, path, (const char *)source->items, source->count, &diagnostics);
    diagnostics_print(&diagnostics, stderr);
    if (!root || diagnostics.errors) exit(1);
    add_node(&packed, root);
    printf("static const unsigned char tree_of_%.*s[] = {", length, name);
    print_bytes(packed.items, packed.count);
    printf("\n};\n");
    free(packed.items);
    diagnostics_free(&diagnostics);
}

static void print_entry(const char *path, const struct bytes *source)
{
    int length;
    const char *name = name_of(path, &length);
    unsigned char digest[32];
    sha256(source->items, source->count, digest);
    printf("    {\"%.*s\", \"%s\", tree_of_%.*s, %zu, {", length, name, name, length, name, source->count);
    print_bytes(digest, sizeof digest);
    printf("}},\n");
}

static void print_all(struct arena *arena, int count, char **paths)
{
    struct bytes *sources = arena_take(arena, (size_t)count, sizeof *sources);
    printf("/* Made from the built-in YAML files. */\n#include \"policy/packed.h\"\n\n");
    printf("extern const struct packed packed_policies[];\n\n");
    for (int i = 0; i < count; i++) {
        sources[i] = read_whole(paths[i]);
        print_tree(arena, paths[i], &sources[i]);
    }
    printf("\nconst struct packed packed_policies[] = {\n");
    for (int i = 0; i < count; i++) {
        print_entry(paths[i], &sources[i]);
        free(sources[i].items);
    }
    printf("    {.name = NULL},\n};\n");
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
