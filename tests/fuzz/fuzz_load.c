/* fuzz_load.c: any bytes as a policy file: read, or refused with a reason; nothing else. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "../../policy/image.h"
#include "../../policy/load.h"

static const struct places places = {
    .home = "/home/ada",
    .user = "ada",
    .workspace = "/home/ada/work [1]",
    .tmp = "/tmp",
    .config_dir = "/home/ada/.config",
    .cache_dir = "/home/ada/.cache",
    .data_dir = "/home/ada/.local/share",
    .state_dir = "/home/ada/.local/state",
    .search_path = "/nowhere",
};

/* One file alone, which no other extends: the rest of policy_load() looks at the file system, not at bytes.
 */
static void read_bytes(struct arena *arena, struct diagnostics *diagnostics, const char *bytes, size_t size)
{
    const struct policy_options options = {.places = &places, .no_files = true, .no_links = true};
    struct so_far so_far = {0};
    struct loaded *file = arena_take(arena, 1, sizeof *file);
    struct reader reader = {
        .arena = arena, .diagnostics = diagnostics, .options = &options, .file = file, .so_far = &so_far};
    *file = (struct loaded){.name = "fuzz.yaml",
                            .identity = "fuzz",
                            .kind = size > 0 ? (enum file_kind)(bytes[0] & 1) : FILE_POLICY};
    read_file(&reader, bytes, size);
    if (diagnostics->errors > 0) return;

    /* What was read without an error can be compiled, tested and looked at. */
    struct policy policy = {
        .rules = file->rules,
        .rule_count = file->rule_count,
        .commands = file->commands,
        .command_count = file->command_count,
        .tests = file->tests,
        .test_count = file->test_count,
        .env = &file->env,
        .env_count = 1,
    };
    struct image *image = NULL;
    size_t image_size = 0;
    const char *why = NULL;
    if (policy_compile(&policy, &image, &image_size, diagnostics) != 0) abort();
    if (!image_check(image, image_size, &why)) abort();
    policy_run_tests(&policy, image, &places, diagnostics);
    if (policy.rule_count < 200) policy_lint(&policy, image, diagnostics);
    policy_env_keeps(&policy, "HOME");
    free(image);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct diagnostics diagnostics = {0};
    struct arena *arena = arena_new();
    jmp_buf no_memory;
    if (!arena) return 0;
    if (setjmp(no_memory) == 0) {
        arena_on_failure(arena, &no_memory);
        read_bytes(arena, &diagnostics, (const char *)bytes, size);
    }
    arena_free(arena);
    diagnostics_free(&diagnostics);
    return 0;
}
