/* load.c: a whole file of a policy: its top level. */
#include "load.h"

#include <string.h>

#include "sha256.h"

static void file_version(struct reader *reader, const struct node *value, void *into)
{
    (void)into;
    const char *text = read_text(reader, value, "\"askfirst\"");
    if (text && strcmp(text, "1") != 0)
        complain(reader, value, "version \"%.100s\" of the language is not known: write \"askfirst: 1\"",
                 text);
}

static void file_extends(struct reader *reader, const struct node *value, void *into)
{
    struct loaded *file = into;
    const char *text = read_text(reader, value, "\"extends\"");
    if (!text) return;
    file->extends = load_extended(reader, value, text);
    if (file->extends) file->variables.parent = &file->extends->variables;
}

static void file_variables(struct reader *reader, const struct node *value, void *into)
{
    read_variables(reader, value, &((struct loaded *)into)->variables);
}

#define RULES_OF(name, act)                                                                                  \
    static void file_##name(struct reader *reader, const struct node *value, void *into)                     \
    {                                                                                                        \
        (void)into;                                                                                          \
        read_rules(reader, value, act);                                                                      \
    }
RULES_OF(read, ACT_READ)
RULES_OF(write, ACT_WRITE)
RULES_OF(exec, ACT_EXEC)
RULES_OF(connect, ACT_CONNECT)
RULES_OF(debug, ACT_DEBUG)

/* In the order in which they are read: what the others need comes first. */
static const struct key FILE_KEYS[] = {
    {"askfirst", file_version},  {"extends", file_extends}, {"variables", file_variables},
    {"read", file_read},         {"write", file_write},     {"exec", file_exec},
    {"connect", file_connect},   {"debug", file_debug},     {"otherwise", read_otherwise},
    {"env", read_env},           {"limits", read_limits},   {"ask", read_ask},
    {"commands", read_commands}, {"tests", read_tests},
};

/* What may not stand in a file that only tightens, or only allows. */
static const char *const NOT_IN_PROJECT[] = {"extends", "commands"};
static const char *const NOT_IN_APPROVALS[] = {"extends", "otherwise", "env",  "limits",
                                               "ask",     "commands",  "tests"};

/* They are not even read: a project file must not make the loader open others. */
static void refuse_keys(struct reader *reader, struct node *root, const char *const *names, size_t count,
                        const char *why)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < root->count; i++) {
        size_t k = 0;
        while (k < count && strcmp(root->keys[i]->text, names[k]) != 0)
            k++;
        if (k < count) {
            complain(reader, root->keys[i], "%s: remove \"%s\"", why, names[k]);
            continue;
        }
        root->keys[kept] = root->keys[i];
        root->items[kept++] = root->items[i];
    }
    root->count = kept;
}

static void read_root(struct reader *reader, struct node *root)
{
    struct loaded *file = reader->file;
    if (root->kind != NODE_MAP) {
        complain(reader, root, "a policy has to be a map: begin it with \"askfirst: 1\"");
        return;
    }
    if (!tree_value(root, "askfirst"))
        complain(reader, root,
                 "the policy does not say which version of the language it is in: begin it with "
                 "\"askfirst: 1\"");
    if (file->kind == FILE_PROJECT)
        refuse_keys(reader, root, NOT_IN_PROJECT, sizeof NOT_IN_PROJECT / sizeof *NOT_IN_PROJECT,
                    "a project file can only tighten");
    if (file->kind == FILE_APPROVALS)
        refuse_keys(reader, root, NOT_IN_APPROVALS, sizeof NOT_IN_APPROVALS / sizeof *NOT_IN_APPROVALS,
                    "a file of approvals only allows");
    READ_MAP(reader, root, "a policy", FILE_KEYS, file);
}

void read_file(struct reader *reader, const char *bytes, size_t size)
{
    struct loaded *file = reader->file;
    file->size = size;
    sha256(bytes, size, file->sha256);
    struct node *root = tree_read(reader->arena, file->name, bytes, size, reader->diagnostics);
    if (root) read_root(reader, root);
    file->finished = true;
}

/* The tree is gone when it has been read: its texts are not in it. Its tests hold on any ordinary machine,
 * and have been run when it was built: they are read only for those who ask for them. */
void read_packed(struct reader *reader, const struct packed *packed)
{
    struct loaded *file = reader->file;
    file->size = packed->source_size;
    memcpy(file->sha256, packed->source_sha256, sizeof file->sha256);
    if (packed->reading && !reader->options->all_tests) {
        take_reading(reader, packed);
    } else {
        struct arena *tree = arena_below(reader->arena);
        read_root(reader, packed_tree(tree, packed, reader->options->all_tests ? NULL : "tests"));
        arena_end(tree);
    }
    file->finished = true;
}
