/* builtin.c: the YAML files that are part of the program. */
#include <string.h>

#include "policy.h"

/* The assembler embeds them: the files stay plain YAML, and neither gcc nor clang needs a generator. */
#define EMBED(name)                                                                                          \
    __asm__(".pushsection .rodata\n"                                                                         \
            ".globl builtin_" #name "_yaml\n.globl builtin_" #name "_yaml_end\n"                             \
            "builtin_" #name "_yaml:\n.incbin \"policy/" #name ".yaml\"\n"                                   \
            "builtin_" #name "_yaml_end:\n.byte 0\n.popsection\n");                                          \
    extern const char builtin_##name##_yaml[] __attribute__((visibility("hidden")));                         \
    extern const char builtin_##name##_yaml_end[] __attribute__((visibility("hidden")))

EMBED(core);
EMBED(default);
EMBED(strict);
EMBED(commands);

const char *builtin_policy(const char *name, size_t *size)
{
    const struct {
        const char *name;
        const char *begin;
        const char *end;
    } files[] = {
        {"core", builtin_core_yaml, builtin_core_yaml_end},
        {"default", builtin_default_yaml, builtin_default_yaml_end},
        {"strict", builtin_strict_yaml, builtin_strict_yaml_end},
        {"commands", builtin_commands_yaml, builtin_commands_yaml_end},
    };
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        if (strcmp(files[i].name, name) != 0) continue;
        *size = (size_t)(files[i].end - files[i].begin);
        return files[i].begin;
    }
    return NULL;
}
