/* Images that somebody bent. What image_check() lets through, the decider must be able to read without harm.
 *
 * The first byte says what the input is: an image of its own, or changes to a good one. Either is sealed
 * again, so that it is the walk through the structure that has to find what is wrong. What is left of the
 * input makes acts. */
#include <stdint.h>
#include <string.h>

#include "../../policy/layout.h"
#include "sample.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct input {
    const uint8_t *data;
    size_t size;
};

static uint32_t take(struct input *input, size_t count)
{
    uint32_t value = 0;
    for (; count && input->size; count--, input->size--)
        value = value << 8 | *input->data++;
    return value;
}

/* A few words of a good image get other values: near those they have, or any. */
static void bend(struct image *image, size_t size, struct input *input)
{
    uint32_t *words = (uint32_t *)(void *)image;
    for (uint32_t count = take(input, 1) % 8; count; count--) {
        size_t at = take(input, 2) % (size / 4);
        uint32_t how = take(input, 1);
        words[at] = how & 1 ? words[at] + (how >> 1) - 64 : take(input, 4);
    }
}

static struct image *make_image(struct input *input, size_t *size)
{
    static struct image *good;
    static size_t good_size;
    if (!good) good = sample_image(&good_size);
    struct image *image;
    if (take(input, 1) & 1) {
        *size = input->size / 8 * 8;
        if (*size < sizeof *image) return NULL;
        image = malloc(*size);
        memcpy(image, input->data, *size);
    } else {
        *size = good_size;
        image = malloc(*size);
        memcpy(image, good, *size);
        bend(image, *size, input);
    }
    image->magic = IMAGE_MAGIC;
    image->version = IMAGE_VERSION;
    image->size = (uint32_t)*size;
    image->checksum = image_checksum(image);
    return image;
}

/* The rest of the input as strings, each in memory of its own so that reading beyond one shows. */
static size_t strings_of(struct input *input, char **strings, size_t capacity)
{
    size_t count = 0;
    while (input->size && count < capacity) {
        const uint8_t *end = memchr(input->data, '\n', input->size);
        size_t length = end ? (size_t)(end - input->data) : input->size;
        strings[count++] = strndup((const char *)input->data, length);
        length += end != NULL;
        input->data += length;
        input->size -= length;
    }
    return count;
}

static void decide_all(const struct image *image, char **strings, size_t count)
{
    static const unsigned char digest[32] = {7};
    struct act act = {.argv = (const char *const *)strings, .argc = count, .sha256 = digest};
    struct runs runs;
    act.names = act.argv;
    act.name_count = count;
    act.path = count ? strings[0] : "/a/b";
    act.path_length = strlen(act.path);
    act.name = count > 1 ? strings[1] : "git";
    act.cwd = count > 2 ? strings[2] : NULL;
    act.parent = count > 3 ? strings[3] : NULL;
    act.program = count > 2 ? strings[2] : NULL;
    act.has_address = count & 1;
    act.unix_path = act.has_address ? NULL : act.path;
    act.unix_length = act.path_length;
    act.socket = (enum socket_kind)(count % SOCKET_KINDS);
    for (unsigned kind = 0; kind < ACT_KINDS; kind++) {
        act.kind = (enum act_kind)kind;
        sample_decide(image, &act);
    }
    act.kind = ACT_EXEC;
    command_runs(image, &act, &runs);
    command_script(image, &act);
    command_shell_text(image, &act);
    for (uint32_t i = 0; i < image_rule_count(image); i++) {
        struct image_rule rule;
        image_rule(image, i, &rule);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input input = {data, size};
    struct image *image = make_image(&input, &size);
    const char *why = NULL;
    char *strings[8];
    if (!image) return 0;
    size_t count = strings_of(&input, strings, 8);
    if (image_check(image, size, &why))
        decide_all(image, strings, count);
    else if (!why)
        abort();
    for (size_t i = 0; i < count; i++)
        free(strings[i]);
    free(image);
    return 0;
}
